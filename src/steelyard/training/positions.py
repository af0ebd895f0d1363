"""Ids looked up: from the ids of a batch, in whatever type a loop holds them, to row numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from steelyard._support.errors import DataError
from steelyard._support.validation import nearest

# Ours: a table from id to row may be this many times as long as there are ids; sparser ids are
# searched in sorted order, which takes 128 ids five times as long.
_TABLE = 8
_COMPARED = 20_000  # ids whose spelling a hint compares: a second at most


class Positions:
    """Rows of declared ids.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Unique: int64, or text.
    """

    def __init__(self, ids: np.ndarray) -> None:
        self._ids = ids
        self._look_up = (_by_text if ids.dtype.kind == "U" else _by_number)(ids)

    def of(self, given: Any) -> np.ndarray:
        """Return the row of each id, int64.

        Parameters
        ----------
        given : sequence, ndarray or Tensor of shape (batch,)
            Integers or text, as declared.

        Raises
        ------
        DataError
            If an id was never declared, or they are no vector.
        """
        if isinstance(given, torch.Tensor):
            given = given.detach().cpu().numpy()
        if not (isinstance(given, (list, tuple)) and self._ids.dtype.kind == "U"):
            given = np.asarray(given)
            if given.ndim != 1:
                raise DataError(
                    f"The ids of a batch must be a vector. Got shape {given.shape}.",
                    hint="for a batch of one, pass [id].",
                )
        rows = self._look_up(given)
        if rows is None:
            raise self._error(given)
        return rows

    def _error(self, given: Any) -> DataError:
        declared = set(self._ids.tolist())
        asked = given.tolist() if isinstance(given, np.ndarray) else list(given)
        unknown = [one for one in asked if one not in declared] or asked  # 1.0 for 1
        first = unknown[0]
        text = self._ids.dtype.kind == "U"
        near = nearest(first, self._ids[:_COMPARED].tolist()) if text else []
        if near:
            hint = "did you mean " + " or ".join(repr(one) for one in near) + "?"
        elif text:
            hint = f"declare it with the others; the first declared is {str(self._ids[0])!r}."
        else:
            hint = (
                f"declared are {len(self._ids)} integers from {self._ids.min()} to "
                f"{self._ids.max()}."
            )
        return DataError(
            f"{len(unknown)} of {len(asked)} ids were never declared, first {first!r}.", hint=hint
        )


LookUp = Callable[[Any], "np.ndarray | None"]  # None if an id was never declared


def _by_text(ids: np.ndarray) -> LookUp:
    row_of = {text: row for row, text in enumerate(ids.tolist())}

    def look_up(asked: Any) -> np.ndarray | None:
        texts = asked.tolist() if isinstance(asked, np.ndarray) else asked
        try:
            return np.fromiter(map(row_of.__getitem__, texts), np.int64, len(texts))
        except KeyError:
            return None

    return look_up


def _by_number(ids: np.ndarray) -> LookUp:
    low, high = int(ids.min()), int(ids.max())
    span = high - low + 1
    in_table = span <= _TABLE * len(ids)
    order = np.argsort(ids)
    ascending = ids[order]
    table = np.full(span if in_table else 0, -1)
    if in_table:
        table[ids - low] = np.arange(len(ids))
    gaps = span > len(ids)

    def look_up(asked: np.ndarray) -> np.ndarray | None:
        if len(asked) == 0:
            return np.zeros(0, dtype=np.int64)
        if asked.dtype.kind not in "iu":
            return None  # text or fractions: none of them was declared
        if asked.min() < low or asked.max() > high:
            return None
        asked = asked.astype(np.int64, copy=False)
        if in_table:
            rows = table[asked - low]
            return None if gaps and rows.min() < 0 else rows
        place = np.searchsorted(ascending, asked)
        return order[place] if np.array_equal(ascending[place], asked) else None

    return look_up
