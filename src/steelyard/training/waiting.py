"""Batches whose checks wait until there is a block of them.

Checking ids and labels batch by batch costs more than measuring the logits does. The mistakes that
loops make (other ids, labels of another encoding, arrays in another order) show in the first
batches: those are checked as they come, and later ones a block at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from steelyard.training.batches import BLOCK

# Ours: batches that a recorder checks as they come before it lets others wait.
CHECKED_AT_ONCE = 16
_TENSORS = (torch.Tensor,) * 3
_ARRAYS = (np.ndarray,) * 3
_DTYPES = (np.dtype(np.int64), np.dtype(np.int64), np.dtype(np.float32))


class Waiting:
    """Integer ids, float32 logits on the processor and labels, copied side by side."""

    def __init__(self) -> None:
        self._n_seen = self._n = self._room = self._n_classes = 0
        self._ids = self._labels = self._logits = np.empty(0)

    def take(self, ids: Any, logits: Any, labels: Any) -> bool:
        """Copy a batch; return False if it has to be checked at once.

        That is one of the first, of kinds that cannot wait, or one for which there is no room.
        """
        self._n_seen += 1
        if self._n_seen <= CHECKED_AT_ONCE:
            return False
        kinds = (type(ids), type(logits), type(labels))
        if kinds == _TENSORS:
            if not (ids.is_cpu and logits.is_cpu and labels.is_cpu):
                return False
            if logits.dtype is not torch.float32:  # numpy has no bfloat16
                return False
            ids, logits, labels = ids.numpy(), logits.detach().numpy(), labels.numpy()
        elif kinds != _ARRAYS:
            return False
        if not self._room:
            self._make_room(logits.shape)
        n = self._n
        end = n + ids.size
        if (
            end > self._room
            or (ids.dtype, labels.dtype, logits.dtype) != _DTYPES
            or logits.shape != (ids.size, self._n_classes)
            or ids.ndim != 1
            or labels.shape != ids.shape
        ):
            return False
        self._ids[n:end] = ids
        self._labels[n:end] = labels
        self._logits[n:end] = logits
        self._n = end
        return True

    def emptied(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Return what waits as one batch, if anything does; it no longer waits."""
        n, self._n = self._n, 0
        return (self._ids[:n], self._logits[:n], self._labels[:n]) if n else None

    def _make_room(self, shape: tuple[int, ...]) -> None:
        self._n_classes = shape[-1] if shape else 1
        self._room = max(1, BLOCK // max(1, self._n_classes))
        self._ids = np.empty(self._room, dtype=np.int64)
        self._labels = np.empty(self._room, dtype=np.int64)
        self._logits = np.empty((self._room, self._n_classes), dtype=np.float32)
