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
        self._is_text = ids.dtype.kind == "U"
        self._look_up = (_by_text if self._is_text else _by_number)(ids)

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
            given = given.numpy(force=True)
        elif self._is_text and isinstance(given, (list, tuple)):
            return self._checked(given, self._look_up(given))
        else:
            given = np.asarray(given)
        if given.ndim != 1:
            raise DataError(
                f"The ids of a batch must be a vector. Got shape {given.shape}.",
                hint="for a batch of one, pass [id].",
            )
        return self._checked(given, self._look_up(given))

    def _checked(self, given: Any, rows: np.ndarray | None) -> np.ndarray:
        if rows is None:
            raise self._error(given)
        return rows

    def _error(self, given: Any) -> DataError:
        declared = set(self._ids.tolist())
        asked = given.tolist() if isinstance(given, np.ndarray) else list(given)
        unknown = [one for one in asked if one not in declared] or asked  # 1.0 for 1
        first = unknown[0]
        near = nearest(first, self._ids[:_COMPARED].tolist()) if self._is_text else []
        if near:
            hint = "did you mean " + " or ".join(repr(one) for one in near) + "?"
        elif self._is_text:
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


def _as_it_is(n: int) -> LookUp:
    """Return the look-up of ids that are row numbers."""

    def look_up(asked: np.ndarray) -> np.ndarray | None:
        if not len(asked):
            return np.zeros(0, dtype=np.int64)
        if asked.dtype.kind not in "iu" or asked.min() < 0 or asked.max() >= n:
            return None
        return asked.astype(np.int64)  # a copy: the caller's array may change

    return look_up


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
    if np.array_equal(ids, np.arange(len(ids))):
        return _as_it_is(len(ids))
    low, high = int(ids.min()), int(ids.max())
    # a table that begins at 0 saves a subtraction
    first = 0 if low >= 0 and high < _TABLE * len(ids) else low
    if high - first < _TABLE * len(ids):
        table = np.zeros(high - first + 1, dtype=np.int64)
        table[ids - first] = np.arange(len(ids))

        def guess(asked: np.ndarray) -> np.ndarray:
            return table[asked - first] if first else table[asked]

    else:
        order = np.argsort(ids)
        ascending = ids[order]

        def guess(asked: np.ndarray) -> np.ndarray:
            return order[np.searchsorted(ascending, asked)]

    def look_up(asked: np.ndarray) -> np.ndarray | None:
        if asked.dtype.kind not in "iu":
            # text or fractions: none of them was declared; numpy makes floats of an empty list
            return None if len(asked) else np.zeros(0, dtype=np.int64)
        asked = asked.astype(np.int64, copy=False)
        try:
            rows = guess(asked)
        except IndexError:
            return None
        # a guess for an id that was never declared is the row of another one; bytes are compared
        # because in the midst of a training loop numpy's arithmetic costs ten times as much
        return rows if ids[rows].tobytes() == asked.tobytes() else None

    return look_up
