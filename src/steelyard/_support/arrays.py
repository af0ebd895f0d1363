"""Read-only arrays: what a record holds cannot change under its reader."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError
from steelyard._support.validation import require_text


def frozen_array(values: Any, dtype: Any = None) -> np.ndarray:
    """Return a read-only, contiguous copy; the caller's own array is never locked.

    Parameters
    ----------
    values : array_like
        Any shape.
    dtype : dtype, optional
        Type to convert to.
    """
    array = np.array(values, dtype=dtype, order="C", copy=True)
    array.flags.writeable = False
    return array


def frozen_integers(values: Any, what: str, owner: str) -> np.ndarray:
    """Return whole numbers as a read-only int64 array; nothing is rounded on the way.

    Raises
    ------
    DataError
        If a value is no whole number (NaN included).
    """
    array = np.asarray(values)
    if array.size == 0:
        return frozen_array(array, np.int64)
    whole = array.dtype.kind in "biu"
    if array.dtype.kind == "f":
        whole = bool((np.isfinite(array) & (array == np.rint(array))).all())
    if not whole:
        raise DataError(
            f"The {what} of {owner} must be whole numbers. "
            f"Got {array.dtype} values such as {array.flat[0]!r}."
        )
    return frozen_array(array, np.int64)


def frozen_ids(ids: Any, n: int, owner: str) -> np.ndarray:
    """Return sample ids as a read-only array of int64 or of text, unique and of length n.

    Raises
    ------
    DataError
        If there are not n ids, some are missing, or one occurs twice.
    """
    array = np.asarray(ids)
    if array.shape != (n,):
        raise DataError(f"{owner} needs one id a sample: {n} of them. Got shape {array.shape}.")
    missing = pd.isna(array)
    if missing.any():
        raise DataError(
            f"The ids of {owner} must not be missing. Row {int(missing.argmax())} has none.",
            hint="choose another id column, or leave it out to number the rows.",
        )
    array = array.astype(np.int64 if _are_int64(array) else np.str_)
    if array.dtype.kind == "U":
        require_text(array.tolist(), "ids", owner)
    values, counts = np.unique(array, return_counts=True)
    if len(values) != n:
        twice = values[counts > 1]
        raise DataError(
            f"The ids of {owner} must be unique. {len(twice)} occur more than once, "
            f"first {str(twice[0])!r}.",
            hint="choose another id column, or leave it out to number the rows.",
        )
    return frozen_array(array)


def frozen_categories(column: pd.Series) -> pd.Categorical:
    """Return a category column in its one canonical form, read-only.

    Its levels are text, in sorted order, and only those that occur: equal values give equal
    levels and codes, however the column was read, taken or stored.
    """
    used = column.cat.remove_unused_categories()
    names = [str(level) for level in used.cat.categories]
    levels = sorted(set(names))
    code_of = {level: code for code, level in enumerate(levels)}
    codes = used.cat.codes.to_numpy()
    # a missing value has code -1, which picks the last entry: -1 again; codes of another type
    # than pandas' own would be copied, and the copy could be written to
    recoded = np.array([*(code_of[name] for name in names), -1], dtype=codes.dtype)
    return pd.Categorical.from_codes(frozen_array(recoded[codes]), categories=levels)


def require_finite(array: np.ndarray, what: str, owner: str) -> None:
    """Raise if a float array holds NaN or infinity.

    Raises
    ------
    DataError
        Naming how many values and the first row.
    """
    if array.dtype.kind not in "fc":
        return
    bad = ~np.isfinite(array)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise DataError(
            f"The {what} of {owner} must be finite. Got {int(bad.sum())} NaN or infinite "
            f"values, the first in row {row}."
        )


def _are_int64(array: np.ndarray) -> bool:
    # pandas hands out integers as objects when their column once held something else
    if pd.api.types.infer_dtype(array, skipna=False) != "integer":
        return False
    limits = np.iinfo(np.int64)
    return not array.size or bool(limits.min <= array.min() and array.max() <= limits.max)
