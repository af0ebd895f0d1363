"""Scores that others computed, from their tables: csv or parquet, an id and a number a sample.

Which way such a number points is not to be seen from it: the caller says so. Here higher is always
harder, so that the sign of the others is turned on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, DataNotFoundError, MismatchError, ParameterError
from steelyard._support.storage import read_parquet
from steelyard._support.validation import check_choice, did_you_mean
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled

_DIRECTIONS = ("high", "low")


def read_scores(
    path: str | Path,
    data: Labelled | None = None,
    *,
    columns: Sequence[str] | Mapping[str, str],
    harder: str,
    id_column: str = "id",
) -> dict[str, Hardness]:
    """Read scores from a table that steelyard did not write.

    Parameters
    ----------
    path : path
        A ``.parquet`` file, or else a csv with a line of column names.
    data : Labelled, optional
        Gives order, labels and classes; its ids are looked up as text. The table may hold further
        samples. Without data, samples stand as in the table, in one class named "unknown".
    columns : sequence of str, or mapping of str to str
        The columns to read; of a mapping the values say what to call them.
    harder : {"high", "low"}
        Which end of these columns is hard: "low" turns the sign, so that higher is harder.
    id_column : str
        The column of the ids.

    Returns
    -------
    dict of str to Hardness
        By name, in the order of the columns; each of one run, for a table tells no spread.

    Raises
    ------
    DataNotFoundError, DataError
        If there is no file, it cannot be read, an id is missing or comes twice, or a value is no
        finite number.
    MismatchError
        If a sample of the data is not in the table.
    ParameterError
        If there is no such column (with the nearest), or the direction is neither.
    """
    check_choice(harder, "harder", "read_scores", _DIRECTIONS)
    if isinstance(columns, str):
        raise ParameterError(
            "The 'columns' parameter of read_scores must be a sequence of names. "
            f"Got {columns!r} instead.",
            hint=f"write ({columns!r},).",
        )
    names = dict(columns) if isinstance(columns, Mapping) else {name: name for name in columns}
    frame = _table(path)
    for name in (id_column, *names):
        if name not in frame:
            raise ParameterError(
                f"{str(path)!r} has no column {name!r}.", hint=did_you_mean(name, list(frame))
            )
    if frame[id_column].isna().any():
        raise DataError(f"{str(path)!r} has rows without an id in {id_column!r}.")
    sign = 1.0 if harder == "high" else -1.0
    found = frame[id_column].astype(str)
    return {
        name: scored(name, found, sign * _numbers(frame[column]), data, path)
        for column, name in names.items()
    }


def scored(
    name: str, found: pd.Series, values: np.ndarray, data: Labelled | None, path: str | Path
) -> Hardness:
    """Return values that stand beside ids in a file as hardness, in the order of the data.

    Parameters
    ----------
    name : str
        The score's.
    found : Series of str, of length m
        The ids in the file.
    values : ndarray of shape (m,)
        Higher is harder.
    data : Labelled or None
        Without it samples stand as in the file, in one class named "unknown".
    path : path
        The file, for messages.
    """
    names: tuple[str, ...]
    if data is None:
        ids = as_written(found)
        labels, names, fingerprint = np.zeros(len(ids), dtype=np.int64), ("unknown",), ""
    else:
        ids, labels, fingerprint = data.ids, data.labels, data.fingerprint
        names = data.class_names
        values = _in_order(values, found, ids, path)
    return Hardness(name, ids, labels, names, values, np.full(len(ids), np.nan), 1, fingerprint)


def as_written(column: pd.Series) -> np.ndarray:
    """Return ids as integers if that is how all of them were written, else as text."""
    texts = column.to_numpy(dtype=np.str_)
    try:
        numbers = texts.astype(np.int64)
    except (ValueError, OverflowError):
        return texts
    return numbers if (numbers.astype(np.str_) == texts).all() else texts


def read_csv(path: str | Path) -> pd.DataFrame:
    """Read a csv whose every cell is text.

    Raises
    ------
    DataNotFoundError, DataError
        If there is no file, or it is no csv.
    """
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise DataNotFoundError(f"There is no file {str(path)!r}.") from error
    except (ValueError, OSError) as error:
        raise DataError(f"{str(path)!r} is no readable csv: {error}.") from error


def _table(path: str | Path) -> pd.DataFrame:
    return read_parquet(path)[0] if Path(path).suffix == ".parquet" else read_csv(path)


def _numbers(column: pd.Series) -> np.ndarray:
    """Return the numbers of a column, NaN where there is none: `Hardness` refuses it."""
    return pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _in_order(
    values: np.ndarray, found: pd.Series, ids: np.ndarray, path: str | Path
) -> np.ndarray:
    index = pd.Index(found)
    if not index.is_unique:
        first = index[index.duplicated()][0]
        raise DataError(f"{str(path)!r} holds the sample {first!r} more than once.")
    rows = index.get_indexer(pd.Index(ids.astype(str)))
    if rows.min() < 0:
        absent = ids[rows < 0]
        raise MismatchError(
            f"{len(absent)} of {len(ids)} samples are not in {str(path)!r}, first id "
            f"{str(absent[0])!r}."
        )
    return values[rows]
