"""Batches on their way into a recorder: checked, held, and folded a block at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from steelyard.training.batches import Batches, copied
from steelyard.training.declared import Declared
from steelyard.training.epochs import Appearances
from steelyard.training.folding import fold
from steelyard.training.waiting import Waiting


class Intake:
    """What came and is not yet computed.

    Parameters
    ----------
    declared : Declared
        What batches are checked against.
    """

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._held = Batches()
        self._waiting = Waiting()

    def take(self, ids: Any, logits: Any, labels: Any) -> bool:
        """Take a batch by ids, now or in a block; return whether a block is complete."""
        if self._waiting.take(ids, logits, labels):
            return False
        complete = self._check_waiting()
        return self._check(ids, logits, labels) or complete

    def hold(self, rows: Any, columns: Any) -> bool:
        """Hold a batch by rows, logits class-first; return whether a block is complete."""
        return self._held.hold(rows, columns, columns.numel())

    def emptied(self, when: str, wants_logits: bool) -> list[Appearances]:
        """Return all that is held as appearances, and forget it; if one is refused, keep it.

        Parameters
        ----------
        when, wants_logits
            As in `fold`.
        """
        self._check_waiting()
        folded = [
            fold(self._declared, rows, columns, when, wants_logits)
            for rows, columns in self._held.joined()
        ]
        self._held.clear()
        return folded

    def _check(self, ids: Any, logits: Any, labels: Any) -> bool:
        """Check a batch against what was declared, and hold it."""
        rows = self._declared.positions.of(ids)
        columns = copied(logits)
        shape = columns.shape
        self._declared.check_shape(len(rows), (shape[1], shape[0]))
        self._declared.check_labels(rows, labels)
        held_rows = rows if isinstance(columns, np.ndarray) else torch.from_numpy(rows)
        return self._held.hold(held_rows, columns, shape[0] * shape[1])

    def _check_waiting(self) -> bool:
        waiting = self._waiting.emptied()
        return waiting is not None and self._check(*waiting)
