"""What a column holds: numbers, categories, or what no model here can take (dates, objects)."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, SteelyardWarning

_TIME = r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*(Z|UTC|AM|PM|[+-]\d{2}:?\d{2})?"
_YEAR_FIRST = r"\d{4}(?P<first>[-/.])\d{1,2}(?P=first)\d{1,2}"
_YEAR_LAST = r"\d{1,2}(?P<last>[-/.])\d{1,2}(?P=last)\d{4}"
_DATE_OR_TIME = re.compile(
    rf"\s*(({_YEAR_FIRST}|{_YEAR_LAST})((T|\s+){_TIME})?|{_TIME})\s*", re.IGNORECASE
)
_NEARLY_ALL = 0.95  # ours: a few dirty cells do not change what a column is about
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")
_DATES = ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period")
_CATEGORIES = ("string", "boolean")
_MIXED = ("mixed-integer", "mixed")


def feature_column(column: pd.Series) -> pd.Series:
    """Return a column as float64 (NaN where missing) or as categories named by their text.

    Numbers are floats; text, booleans and categories are categories. The kind of an object
    column is that of its cells.

    Raises
    ------
    DataError
        For dates and times, also written as text, and for cells that are neither numbers nor
        text.
    """
    kind = _kind(column)
    if kind == "string":
        _warn_of_nearly_numbers(column)
    if kind in _DATES or (kind == "string" and _reads_as_dates(column)):
        raise DataError(
            f"Column {column.name!r} holds dates or times.",
            hint="turn them into numbers first (year, month, age in days), or leave the column "
            f"out: --drop {column.name} (drop=[{column.name!r}]).",
        )
    if kind in _NUMBERS:
        numbers = (
            column.astype("Float64") if kind != "decimal" else column.map(float, na_action="ignore")
        )
        return pd.Series(numbers.to_numpy(np.float64, na_value=np.nan), column.index)
    if kind in _CATEGORIES or (kind in _MIXED and _all_plain(column)):
        return column.astype(object).map(str, na_action="ignore").astype("category")
    if kind == "empty":
        return pd.Series(np.nan, column.index)
    raise DataError(
        f"Column {column.name!r} holds neither numbers nor text, but {kind} values.",
        hint=f"turn it into columns of numbers, or leave it out: --drop {column.name}.",
    )


def _kind(column: pd.Series) -> str:
    """Return pandas' word for what the cells are, missing ones aside."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.categories.to_series()
        kind = pd.api.types.infer_dtype(column, skipna=True)
        return kind if kind in _DATES else "mixed"  # categories of numbers stay categories
    return pd.api.types.infer_dtype(column, skipna=True)


def _reads_as_dates(column: pd.Series) -> bool:
    distinct = column.dropna().unique()
    # most columns are told apart by a few values; only a candidate is read whole
    if not any(_DATE_OR_TIME.fullmatch(text) for text in distinct[:20]):
        return False
    dates = sum(_DATE_OR_TIME.fullmatch(text) is not None for text in distinct)
    return dates >= _NEARLY_ALL * len(distinct)


def _warn_of_nearly_numbers(column: pd.Series) -> None:
    """Warn of numbers that a few words have turned into text, and so into categories."""
    distinct = pd.Series(column.dropna().unique(), dtype=object)
    strange = distinct[pd.to_numeric(distinct, errors="coerce").isna()]
    if 0 < len(strange) <= (1 - _NEARLY_ALL) * len(distinct):
        warnings.warn(
            f"Column {column.name!r} is read as text because of {strange.iloc[0]!r}, though "
            "nearly all its values are numbers; empty the cells that mean a missing value.",
            SteelyardWarning,
            stacklevel=5,
        )


def _all_plain(column: pd.Series) -> bool:
    """Tell whether every cell is one value: no lists, mappings or arrays."""
    distinct = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
    return all(pd.api.types.is_scalar(cell) for cell in distinct.astype(object))
