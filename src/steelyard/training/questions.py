"""What a network is asked as its epochs end; the answers are part of a training's state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch

from steelyard.training.gradient_norms import gradient_norms, rows_at_once
from steelyard.training.inputs import Inputs
from steelyard.training.memory import rows_to_predict
from steelyard.training.stack import Stack


class Question(Protocol):
    """Something to ask one network after each of its epochs."""

    def ask(self, epoch: int, network: Stack) -> None:
        """Ask a network whose epoch, from 0, has ended."""

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the answers so far as plain arrays."""

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned."""


class EarlyGradient:
    """The norm of every training sample's gradient, of the weights at the end of one epoch.

    Parameters
    ----------
    inputs : Inputs
        The training part on its device.
    early_epoch : int
        The epoch, from 0.

    Attributes
    ----------
    norms : ndarray of shape (n,)
        The answer; empty until that epoch has ended.
    """

    def __init__(self, inputs: Inputs, early_epoch: int) -> None:
        self._inputs, self._early_epoch = inputs, early_epoch
        self.norms = np.zeros(0, dtype=np.float32)

    def ask(self, epoch: int, network: Stack) -> None:
        """Ask in the early epoch alone."""
        if epoch != self._early_epoch:
            return
        rows = torch.arange(len(self._inputs.labels))
        norms = [
            gradient_norms(network, self._inputs.batch(block), self._inputs.labels[block])
            for block in rows.split(rows_at_once(network))
        ]
        self.norms = torch.cat(norms).cpu().numpy()

    def finish(self, network: Stack) -> None:
        """Ask the trained network, where a training that lost patience had no early epoch."""
        if not len(self.norms):
            self.ask(self._early_epoch, network)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the answer."""
        return {"norms": self.norms}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned."""
        self.norms = arrays["norms"]


class Unlearning:
    """For how many epochs, counted from the last, samples that no longer come have been wrong.

    Parameters
    ----------
    inputs : Inputs
        The training part on its device.
    rows : ndarray of shape (m,)
        The samples.
    begin : int
        The first epoch, from 0, in which they do not come.
    """

    def __init__(self, inputs: Inputs, rows: np.ndarray, begin: int) -> None:
        self._inputs, self._begin = inputs, begin
        self.rows = rows
        self._wrong = np.zeros(len(rows), dtype=np.int64)
        self._n_asked = 0

    @property
    def unlearned(self) -> np.ndarray:
        """Share of the epochs asked from which on the label was wrong to the end, shape (m,)."""
        return self._wrong / max(1, self._n_asked)

    def ask(self, epoch: int, network: Stack) -> None:
        """Ask after each epoch in which they did not come."""
        if epoch < self._begin:
            return
        rows = torch.from_numpy(self.rows)
        right = torch.cat(
            [
                is_right(logits[0], self._inputs.labels[block])
                for block, logits in evaluated(network, self._inputs, rows)
            ]
        )
        self._wrong = np.where(right.cpu().numpy(), 0, self._wrong + 1)
        self._n_asked += 1

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the answers so far."""
        return {"wrong": self._wrong, "n_asked": np.array(self._n_asked)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned."""
        self._wrong, self._n_asked = arrays["wrong"], int(arrays["n_asked"])


@torch.no_grad()
def evaluated(
    stack: Stack, inputs: Inputs, rows: torch.Tensor
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield training rows in blocks, with logits (M, K, rows) in evaluation mode."""
    for block in rows.split(rows_to_predict(stack, inputs.shape)):
        yield block, stack.logits(inputs.batch(block), training=False)


def is_right(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return whether the label has the largest logit alone; logits are (..., K, rows)."""
    chosen = labels.expand(*logits.shape[:-2], 1, len(labels))
    own = logits.gather(-2, chosen)
    rival = logits.scatter(-2, chosen, -torch.inf).amax(dim=-2)
    return own.squeeze(-2) > rival
