"""Raw target values to class codes: encoded once, here, so that nothing inside sees a raw label."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, SteelyardWarning

MOST_CLASSES = 1000  # ours: beyond this a target is almost surely a quantity or an identifier


@dataclass(frozen=True)
class EncodedLabels:
    """Class codes of the rows that have a target.

    Parameters
    ----------
    codes : ndarray of shape (n_kept,), or of bool and shape (n_kept, K)
        Class codes 0..K-1 of the kept rows, or which labels they have.
    class_names : tuple of str
        One name a class, in code order.
    kept : ndarray of bool, shape (n,)
        Which of the rows that came have a target.
    """

    codes: np.ndarray
    class_names: tuple[str, ...]
    kept: np.ndarray


def encode_labels(raw: Any, *, drop_missing: bool = False) -> EncodedLabels:
    """Encode raw target values as 0..K-1 in their natural order.

    Booleans come first, then numbers by size (-1 before 1, 2 before 10), then text by its
    characters. A class is named by its text: ``1.0`` is "1".

    Parameters
    ----------
    raw : array_like of shape (n,) or (n, 1)
        Numbers, text or booleans; None, NaN and empty text are missing.
    drop_missing : bool
        Leave out rows without a target, with a warning, instead of refusing them.

    Raises
    ------
    DataError
        For missing targets, none at all, more than 1000 classes, two values that read the
        same, or values of another kind.
    """
    if isinstance(raw, np.ndarray) and raw.ndim == 1 and raw.dtype.kind in "iu" and len(raw):
        numbers, codes = np.unique(raw, return_inverse=True)  # the same, for millions of rows
        _check_distinct([(1, number, str(number)) for number in numbers.tolist()])
        names = tuple(str(number) for number in numbers.tolist())
        return EncodedLabels(codes.astype(np.int64), names, np.ones(len(raw), bool))
    values = _one_dimensional(raw)
    kept = _present(values, drop_missing)
    keys = [_natural_key(value) for value, keep in zip(values, kept, strict=True) if keep]
    distinct = sorted(set(keys))
    _check_distinct(distinct)
    code_of = {key: code for code, key in enumerate(distinct)}
    codes = np.fromiter((code_of[key] for key in keys), np.int64, len(keys))
    return EncodedLabels(codes, tuple(name for *_, name in distinct), kept)


def named_labels(codes: Any, class_names: Any) -> EncodedLabels:
    """Take labels that are codes 0..K-1 already, with the names of the K classes.

    Raises
    ------
    DataError
        If the codes are no integers of that range.
    """
    names = tuple(str(name) for name in class_names)
    codes = np.asarray(codes)
    inside = codes.dtype.kind in "iu" and codes.ndim == 1 and codes.size > 0
    if not inside or codes.min() < 0 or codes.max() >= len(names):
        raise DataError(
            f"With class names the target must hold codes from 0 to {len(names) - 1}. "
            f"Got {codes.dtype} of shape {codes.shape}"
            + (f", from {codes.min()} to {codes.max()}." if inside else "."),
            hint="leave the class names out to name the classes by their raw labels.",
        )
    return EncodedLabels(codes.astype(np.int64), names, np.ones(len(codes), bool))


def _one_dimensional(raw: Any) -> list[Any]:
    if isinstance(raw, (pd.Series, pd.Index, pd.Categorical)):
        return pd.Series(raw).tolist()
    # a list of mixed types must stay so: numpy alone would turn 1 and "1" into one text
    array = np.asarray(raw, dtype=object) if isinstance(raw, (list, tuple)) else np.asarray(raw)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            f"The target must hold one label a sample. Got shape {array.shape}.",
            hint="pass a vector; or, for several labels a sample, a matrix of shape (n, K).",
        )
    return list(array)


def _present(values: list[Any], drop_missing: bool) -> np.ndarray:
    return kept_rows(
        np.fromiter((_is_missing(value) for value in values), bool, len(values)), drop_missing
    )


def kept_rows(missing: np.ndarray, drop_missing: bool) -> np.ndarray:
    """Return which rows have a target: all, or those left when the others may be dropped.

    Raises
    ------
    DataError
        If a target is missing and must not be.
    """
    if not missing.any():
        return ~missing
    if drop_missing:
        warnings.warn(
            f"{missing.sum()} of {len(missing)} rows have no target and are left out.",
            SteelyardWarning,
            stacklevel=3,
        )
        return ~missing
    rows = ", ".join(str(row) for row in np.flatnonzero(missing)[:5])
    raise DataError(
        f"The target is missing in {missing.sum()} of {len(missing)} rows (counted from 0: {rows}"
        f"{', ...' if missing.sum() > 5 else ''}).",
        hint="fill them in, or leave those rows out: --drop-missing-target "
        "(drop_missing_target=True). A class written NA, None, null or ? reads as missing.",
    )


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, (float, np.floating)):
        return math.isnan(value)
    return value is None or value is pd.NA or value is pd.NaT


def _natural_key(value: Any) -> tuple[int, Any, str]:
    """Return a key that sorts naturally and ends in the name of the class."""
    if isinstance(value, (bool, np.bool_)):
        return 0, bool(value), str(bool(value))
    if isinstance(value, Integral):
        return 1, int(value), str(int(value))
    if isinstance(value, (Real, Decimal)):
        number = float(value)
        if not math.isfinite(number):
            raise DataError("The target holds infinity.", hint="a class needs a finite label.")
        if number.is_integer():
            return 1, int(number), str(int(number))
        return 1, number, str(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return 2, str(value), str(value)
    raise DataError(
        f"The target must hold numbers, text or booleans. Got {type(value).__name__}.",
        hint="turn it into text first, or choose another target.",
    )


def _check_distinct(distinct: list[tuple[int, Any, str]]) -> None:
    names = [name for *_, name in distinct]
    if len(names) > MOST_CLASSES:
        raise DataError(
            f"The target has {len(names):,} distinct values; a class target has at most "
            f"{MOST_CLASSES:,}.",
            hint="is it a number to predict or an identifier? Choose another target, or bin it "
            "first (pandas.cut).",
        )
    read = Counter(name.strip() for name in names)
    if names and read.most_common(1)[0][1] > 1:
        raise DataError(
            f"Two different target values read {read.most_common(1)[0][0]!r}: they differ only "
            "in kind (a number, a text) or in the spaces around them.",
            hint="write each class in one way.",
        )
