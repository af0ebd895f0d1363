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
        self._look_up = _by_text(ids) if ids.dtype.kind == "U" else _by_number(ids)

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
        if isinstance(given, (list, tuple, range)) and self._ids.dtype.kind == "U":
            asked: Any = given
        else:
            asked = np.asarray(given)
            if asked.ndim != 1:
                raise DataError(
                    f"The ids of a batch must be a vector. Got shape {asked.shape}.",
                    hint="for a batch of one, pass [id].",
                )
        if len(asked) == 0:
            return np.zeros(0, dtype=np.int64)
        rows = self._look_up(asked)
        if rows.min() < 0:
            self._refuse(asked, rows < 0)
        return rows

    def _refuse(self, asked: Any, unknown: np.ndarray) -> None:
        first = asked[int(unknown.argmax())]
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
        shown = first.item() if isinstance(first, np.generic) else first
        raise DataError(
            f"{int(unknown.sum())} of {len(asked)} ids were never declared, first {shown!r}.",
            hint=hint,
        )


def _by_text(ids: np.ndarray) -> Callable[[Any], np.ndarray]:
    row_of = {text: row for row, text in enumerate(ids.tolist())}

    def look_up(asked: Any) -> np.ndarray:
        texts = asked.tolist() if isinstance(asked, np.ndarray) else asked
        return np.array([row_of.get(text, -1) for text in texts], dtype=np.int64)

    return look_up


def _by_number(ids: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    low, high = int(ids.min()), int(ids.max())
    if high - low < _TABLE * len(ids):
        table = np.full(high - low + 1, -1)
        table[ids - low] = np.arange(len(ids))

        def look_up(asked: np.ndarray) -> np.ndarray:
            if asked.min() < low or asked.max() > high:
                asked = np.where((asked < low) | (asked > high), -1, asked - low)
                return np.where(asked < 0, -1, table[asked])
            return table[asked - low]

    else:
        order = np.argsort(ids)
        ascending = ids[order]

        def look_up(asked: np.ndarray) -> np.ndarray:
            place = np.minimum(np.searchsorted(ascending, asked), len(ids) - 1)
            return np.where(ascending[place] == asked, order[place], -1)

    def checked(asked: np.ndarray) -> np.ndarray:
        if asked.dtype.kind not in "iu":
            return np.full(len(asked), -1)  # text or fractions: none of them was declared
        return look_up(asked.astype(np.int64, copy=False))

    return checked
