"""A table of mixed columns to `Labelled`: which columns are features, and of what kind."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard._support.validation import did_you_mean
from steelyard.datasets.column_kinds import feature_column
from steelyard.datasets.labels import encode_labels
from steelyard.datasets.multi_hot import encode_multi_hot, label_columns
from steelyard.records.labelled import Labelled


def labelled_from_table(
    table: pd.DataFrame,
    target: Any = None,
    *,
    targets: str | Iterable[str] | None = None,
    id_column: str | int | None = None,
    drop: str | int | Iterable[str | int] = (),
    drop_missing_target: bool = False,
    name: str = "data",
) -> Labelled:
    """Tell target, ids and features apart and encode them.

    Constant columns, columns without a value and text columns that differ in every row are left
    out with a warning.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a sample.
    target : str, int or array_like of shape (n,)
        A column by its name or, where no column has that name, by its position (-1 the last);
        or the labels themselves, of shape (n, K) where a sample may have several of K.
    targets : str or iterable of str, optional
        In place of the target: columns of 0 and 1, one a label, where a sample may have several;
        names, or patterns such as "label_*".
    id_column : str or int, optional
        A column, or a named index, of unique ids; None numbers the rows from 0.
    drop : iterable of str or int
        Columns to leave out.
    drop_missing_target : bool
        Leave out rows without a target, with a warning, instead of refusing them.
    name : str
        What to call the data.

    Raises
    ------
    ParameterError
        If no such column exists or one column is asked to be two things.
    DataError
        If the target cannot be encoded, ids are missing or repeat, a column holds dates or
        other unusable values, or no feature is left.
    """
    table = _with_text_names(table)
    if targets is not None:
        if target is not None:
            raise ParameterError(
                "The 'target' and 'targets' parameters of load exclude one another.",
                hint="target names one column of classes, targets columns of 0 and 1.",
            )
        target = label_columns(table.columns, targets)
    if target is None:
        raise ParameterError(
            "The 'target' parameter of load must name the column of labels. Got None instead.",
            hint=f"name it with --target (target=); {did_you_mean('', table.columns)}",
        )
    if targets is None and not isinstance(target, (str, Integral)):
        _check_beside(table, target)
    if id_column is not None and id_column in table.index.names:
        table = table.reset_index(level=str(id_column))
    table = table.reset_index(drop=True)
    roles: dict[str, str] = {}
    if targets is not None:
        raw_labels: Any = table[[_claim(table, one, "targets", roles) for one in target]]
    elif isinstance(target, (str, Integral)):
        raw_labels = table[_claim(table, target, "target", roles)]
    else:
        raw_labels = target
    ids = np.arange(len(table))
    if id_column is not None:
        ids = _ids(table[_claim(table, id_column, "id_column", roles)])
    for column in [drop] if isinstance(drop, (str, int)) else drop:
        _claim(table, column, "drop", roles)
    several = np.ndim(raw_labels) == 2 and np.shape(raw_labels)[1] > 1
    encode = encode_multi_hot if several else encode_labels
    encoded = encode(raw_labels, drop_missing=drop_missing_target)
    features = usable_features(table.drop(columns=list(roles)).loc[encoded.kept])
    return Labelled(features, encoded.codes, encoded.class_names, ids[encoded.kept], name=name)


def _with_text_names(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy(deep=False)
    table.columns = pd.Index([str(column) for column in table.columns], dtype=object)
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()][0]
        raise DataError(
            f"The table has more than one column {twice!r}.", hint="give each its own name."
        )
    return table


def _claim(table: pd.DataFrame, column: Any, role: str, roles: dict[str, str]) -> str:
    """Return the name of the column asked for, and note its one role."""
    found = _column_name(table.columns, column, role)
    if roles.get(found, role) != role:
        raise ParameterError(
            f"The {role!r} parameter of load names column {found!r}, which is the "
            f"{roles[found]!r} already.",
            hint="a column has one role.",
        )
    roles[found] = role
    return found


def _column_name(columns: pd.Index, column: Any, role: str) -> str:
    if str(column) in columns:
        return str(column)
    try:
        position = int(column)
    except ValueError:
        raise ParameterError(
            f"The {role!r} parameter of load names no column: {column!r}.",
            hint=did_you_mean(column, columns),
        ) from None
    if not -len(columns) <= position < len(columns):
        raise ParameterError(
            f"The {role!r} parameter of load names no column: {column!r}.",
            hint=f"there are {len(columns)} columns: 0 to {len(columns) - 1}, -1 the last.",
        )
    return str(columns[position])


def _check_beside(table: pd.DataFrame, labels: Any) -> None:
    """Raise unless labels pair with the rows by position."""
    if len(labels) != len(table):
        raise DataError(f"The target must hold one label a row: {len(table)}. Got {len(labels)}.")
    if not isinstance(labels, pd.Series) or labels.index.equals(table.index):
        return
    if labels.index.sort_values().equals(table.index.sort_values()):
        raise DataError(
            "The index of the target holds the rows of the table in another order.",
            hint="align them first: y.loc[X.index]; or pass y.to_numpy() to pair by position.",
        )


def _ids(column: pd.Series) -> np.ndarray:
    if column.isna().any():
        raise DataError(
            f"The id column {column.name!r} is empty in {int(column.isna().sum())} rows.",
            hint="choose another id column, or leave it out to number the rows.",
        )
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.to_numpy(np.int64)
    return column.map(str).to_numpy(np.str_)


def usable_features(table: pd.DataFrame) -> pd.DataFrame:
    """Return the feature columns, each of float or of categories, without the useless ones.

    Constant columns, columns without a value and text columns that differ in every row are left
    out with a warning.

    Raises
    ------
    DataError
        If a column holds dates or other unusable values, or no feature is left.
    """
    features = {column: feature_column(table[column]) for column in table.columns}
    constant = [column for column, values in features.items() if values.nunique(dropna=False) <= 1]
    different = [
        column
        for column, values in features.items()
        if column not in constant and _differs_in_every_row(values)
    ]
    _warn_of_columns(constant, "hold one value, or none, in every row")
    _warn_of_columns(different, "hold a different text in every row (identifiers?)")
    left_out = {*constant, *different}
    kept = {column: values for column, values in features.items() if column not in left_out}
    if not kept:
        raise DataError(
            "No feature column is left beside the target"
            + (f": {_named(sorted(left_out))} cannot tell samples apart." if left_out else "."),
            hint="check the target, the id column and the dropped columns.",
        )
    return pd.DataFrame(kept)


def _differs_in_every_row(values: pd.Series) -> bool:
    text = isinstance(values.dtype, pd.CategoricalDtype)
    return text and values.nunique(dropna=False) == len(values)


def _warn_of_columns(columns: Sequence[str], why: str) -> None:
    if columns:
        warnings.warn(
            f"Left out {len(columns)} columns that {why}: {_named(columns)}.",
            SteelyardWarning,
            stacklevel=4,
        )


def _named(columns: Sequence[str]) -> str:
    more = f", and {len(columns) - 8} more" if len(columns) > 8 else ""
    return ", ".join(repr(column) for column in columns[:8]) + more
