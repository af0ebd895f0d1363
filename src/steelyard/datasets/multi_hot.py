"""Several labels a sample: columns or a matrix of 0 and 1 to multi-hot labels."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.validation import did_you_mean
from steelyard.datasets.labels import EncodedLabels, kept_rows

_YES, _NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


def encode_multi_hot(
    raw: Any, *, class_names: Any = None, drop_missing: bool = False
) -> EncodedLabels:
    """Take labels of which a sample may have any number, none included.

    Parameters
    ----------
    raw : array_like or DataFrame of shape (n, K)
        1 or True where a sample has a label, 0 or False where not (yes and no as text will do);
        None and NaN are missing.
    class_names : sequence of str, optional
        One name a label; by default the columns of a DataFrame, else 0..K-1.
    drop_missing : bool
        Leave out rows of which a label is missing, with a warning, instead of refusing them.

    Raises
    ------
    DataError
        For missing labels, anything else than 0 and 1, or names that are not one a column.
    """
    table = raw if isinstance(raw, pd.DataFrame) else pd.DataFrame(np.asarray(raw), copy=False)
    names = tuple(map(str, table.columns if class_names is None else class_names))
    if len(names) != table.shape[1]:
        raise DataError(
            f"The targets have {table.shape[1]} columns. Got {len(names)} names for them.",
            hint="name every label, in the order of the columns.",
        )
    if isinstance(raw, np.ndarray) and raw.dtype == bool:  # nothing to check, for millions of rows
        return EncodedLabels(raw, names, np.ones(len(raw), bool))
    hot = np.empty(table.shape, dtype=bool)
    missing = np.zeros(len(table), dtype=bool)
    for k, name in enumerate(names):  # one at a time: as numbers all would take eight times this
        column = _zeros_and_ones(table.iloc[:, k], name)
        hot[:, k] = column == 1
        missing |= np.isnan(column)
    kept = kept_rows(missing, drop_missing)
    return EncodedLabels(hot if kept.all() else hot[kept], names, kept)


def label_columns(columns: pd.Index, wanted: Iterable[str]) -> list[str]:
    """Return the columns that names or patterns such as "label_*" ask for, in the table's order.

    Raises
    ------
    ParameterError
        If a name or pattern finds no column, or fewer than two are found.
    """
    wanted = [wanted] if isinstance(wanted, str) else [str(one) for one in wanted]
    found: set[str] = set()
    for one in wanted:
        # a column of that very name first: it may hold a star itself
        matches = {one} if one in columns else set(fnmatch.filter(columns, one))
        if not matches:
            raise ParameterError(
                f"The 'targets' parameter of load names no column: {one!r}.",
                hint=did_you_mean(one, columns),
            )
        found |= matches
    if len(found) < 2:
        raise ParameterError(
            f"The 'targets' parameter of load must name two columns or more. Got {sorted(found)}.",
            hint="name one column of classes with --target (target=).",
        )
    return [column for column in columns if column in found]


def _zeros_and_ones(column: pd.Series, name: str) -> np.ndarray:
    """Return a column as float64: 1, 0, or NaN where missing."""
    if column.dtype.kind in "biuf":
        values = column.to_numpy(np.float64, na_value=np.nan)
    else:
        texts = column.astype(object).map(lambda one: str(one).strip().lower(), na_action="ignore")
        values = np.where(texts.isin(_YES), 1.0, np.where(texts.isin(_NO), 0.0, 2.0))
        values[column.isna() | (texts == "")] = np.nan
    strange = ~(np.isnan(values) | (values == 0) | (values == 1))
    if strange.any():
        row = int(strange.argmax())
        raise DataError(
            f"The label {name!r} must be 0 or 1. Got {str(column.iloc[row])!r} in row {row}.",
            hint="a matrix of targets says which labels a sample has; a column of classes is "
            "named with --target (target=).",
        )
    return values
