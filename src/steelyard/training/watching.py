"""Hands the logits of a stack to the recorders of its members, many steps at a time.

A call a step and member would cost a recorded stack of small networks more than its training.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from steelyard.training.recorder import Recorder

# Ours: numbers of one member that are held before they are handed over.
_HELD = 2**16


class Watch:
    """Holds what recorders are to see.

    Parameters
    ----------
    recorders : sequence of Recorder or None
        One a member.
    """

    def __init__(self, recorders: Sequence[Recorder | None]) -> None:
        self._recorders = recorders
        self._watched = any(recorder is not None for recorder in recorders)
        self._rows: list[torch.Tensor] = []
        self._logits: list[torch.Tensor] = []
        self._held = 0

    def add(self, members: torch.Tensor | None, rows: torch.Tensor, logits: torch.Tensor) -> None:
        """Take one batch.

        Parameters
        ----------
        members : Tensor of int, optional
            Positions in the stack; None for all.
        rows : Tensor of shape (batch,) or (M, batch)
            Training rows.
        logits : Tensor of shape (M, K, batch)
            As they were before the step.
        """
        if not self._watched:
            return
        if members is not None:  # rare: the end of an epoch; to a recorder no order matters
            chosen = [self._recorders[member] for member in members.tolist()]
            _hand_over(chosen, rows, logits)
            return
        self._rows.append(rows)
        self._logits.append(logits)
        self._held += logits[0].numel()
        if self._held >= _HELD:
            self.flush()

    def flush(self) -> None:
        """Hand over what is held."""
        if self._rows:
            _hand_over(self._recorders, torch.cat(self._rows, -1), torch.cat(self._logits, -1))
        self._rows, self._logits, self._held = [], [], 0


def _hand_over(
    recorders: Sequence[Recorder | None], rows: torch.Tensor, logits: torch.Tensor
) -> None:
    each = rows.expand(len(recorders), -1)
    for recorder, own, member_logits in zip(recorders, each, logits, strict=True):
        if recorder is not None:
            recorder.update_columns(own, member_logits)
