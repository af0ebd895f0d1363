"""Batches on their way into the recorder: held until a block of them can be computed as one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
import torch

from steelyard._support.errors import DataError

# Ours: numbers that are held before they are folded, half a megabyte of float32. Smaller blocks
# spend their time on calls, larger ones leave the cache.
BLOCK = 2**17


def copied(logits: Any) -> Any:
    """Return an own class-first copy of a batch of logits, in 32 bits at least.

    Parameters
    ----------
    logits : Tensor or array of shape (batch, K)
        Of any framework, device and precision.

    Returns
    -------
    ndarray or Tensor of shape (K, batch)
        A tensor only where the logits are on a device of their own.

    Raises
    ------
    DataError
        If it is no matrix of numbers.
    """
    if isinstance(logits, torch.Tensor):
        if logits.dtype not in (torch.float32, torch.float64):
            logits = logits.float()
        if not logits.is_cpu and logits.ndim == 2:
            return logits.detach().T.clone(memory_format=torch.contiguous_format)
        logits = logits.numpy(force=True)
    array = np.asarray(logits)
    if array.dtype.char not in "fd":
        if array.dtype.kind in "OSUcmM":
            raise DataError(f"Logits must be real numbers. Got {array.dtype}.")
        array = array.astype(np.float64 if array.dtype.itemsize > 2 else np.float32)
    if array.ndim != 2:
        raise DataError(
            f"The logits of a batch must be of shape (batch, K). Got {array.shape}.",
            hint="keep the first axis for a batch of one; give a model of one output two logits, "
            "0 and its own.",
        )
    return np.array(array.T, order="C")


class Batches:
    """Rows of samples with their class-first logits, until there are enough to compute."""

    def __init__(self) -> None:
        self._held: list[tuple[Any, Any]] = []
        self._numbers = 0

    def hold(self, rows: Any, columns: Any, numbers: int) -> bool:
        """Keep a batch by reference; return whether a block is complete."""
        self._held.append((rows, columns))
        self._numbers += numbers
        return self._numbers >= BLOCK

    def clear(self) -> None:
        """Forget what is held."""
        self._held = []
        self._numbers = 0

    def joined(self) -> Iterator[tuple[np.ndarray, Any]]:
        """Yield rows (m,) with logits (K, m) of all batches held, in pieces that fit a cache.

        The logits are copies, float32 or float64, contiguous; on the device they came from.

        Raises
        ------
        DataError
            If their shapes do not fit one another.
        """
        held = self._held
        if len({columns.dtype for _, columns in held}) <= 1:
            groups = [held] if held else []
        else:  # each precision is computed in its own, whatever came beside it
            groups = [list(group) for _, group in groupby(held, lambda batch: batch[1].dtype)]
        for group in groups:
            try:
                rows, columns = _joined(group)
            except (RuntimeError, ValueError) as error:
                shapes = sorted({tuple(columns.shape[::-1]) for _, columns in group})[:3]
                raise DataError(
                    f"Logits of shapes such as {shapes} cannot stand in one epoch: {error}."
                ) from error
            if columns.shape[1] != len(rows):
                raise DataError(f"{len(rows)} rows came with {columns.shape[1]} logits.")
            width = max(1, 2 * BLOCK // len(columns))
            for start in range(0, len(rows), width):
                here = slice(start, start + width)
                yield rows[here], _own(columns[:, here], is_copy=len(group) > 1)


def _joined(held: list[tuple[Any, Any]]) -> tuple[np.ndarray, Any]:
    rows, columns = held[0]
    alone = len(held) == 1
    if isinstance(columns, np.ndarray):
        if alone:
            return rows, columns
        return (
            np.concatenate([rows for rows, _ in held]),
            np.concatenate([columns for _, columns in held], axis=1),
        )
    if not alone:
        rows = torch.cat([rows for rows, _ in held])
        columns = torch.cat([columns for _, columns in held], dim=1)
    if columns.dtype not in (torch.float32, torch.float64):
        columns = columns.float()
    return rows.cpu().numpy(), columns.numpy() if columns.is_cpu else columns


def _own(columns: Any, is_copy: bool) -> Any:
    if isinstance(columns, np.ndarray):
        whole = is_copy and columns.flags.c_contiguous
        return columns if whole else np.array(columns, order="C")
    whole = is_copy and columns.is_contiguous()
    return columns if whole else columns.clone(memory_format=torch.contiguous_format)
