"""Read-only arrays: what a record holds cannot change under its reader."""

from __future__ import annotations

from typing import Any

import numpy as np

from steelyard._support.errors import DataError


def frozen_array(values: Any, dtype: Any = None) -> np.ndarray:
    """Return a read-only, contiguous array; the caller's own array is never locked.

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


def frozen_ids(ids: Any, n: int, owner: str) -> np.ndarray:
    """Return sample ids as a read-only array of int64 or of text, unique and of length n.

    Raises
    ------
    DataError
        If there are not n ids, some are missing, or one occurs twice.
    """
    array = np.asarray(ids)
    if array.ndim != 1 or len(array) != n:
        raise DataError(f"{owner} needs one id a sample: {n} of them. Got shape {array.shape}.")
    array = array.astype(np.int64 if array.dtype.kind in "iu" else np.str_)
    values, counts = np.unique(array, return_counts=True)
    if len(values) != n:
        twice = values[counts > 1]
        raise DataError(
            f"The ids of {owner} must be unique. {len(twice)} occur more than once, "
            f"first {str(twice[0])!r}.",
            hint="choose another id column, or leave it out to number the rows.",
        )
    return frozen_array(array)


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
