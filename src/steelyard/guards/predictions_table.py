"""A table of anybody's predictions as plain arrays, before anything about it is believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError
from steelyard.records.predictions_table import CLASS_COLUMN, TRUTH_COLUMN


@dataclass(frozen=True)
class Table:
    """A table of predictions as plain arrays; nothing about it has been checked.

    Parameters
    ----------
    ids, split, model : ndarray of text, shape (n,)
        Sample, part, and arm with seed; the part is "" where the table does not say.
    arm : ndarray of text, shape (n,)
        The arm alone.
    truth : ndarray of shape (n,) of text, or of shape (n, K), or None
        Class names; of several labels a sample 0 and 1.
    probabilities : ndarray of shape (n, K)
        NaN where a cell holds no number.
    class_names : tuple of str
        The K classes or labels.
    """

    ids: np.ndarray
    split: np.ndarray
    model: np.ndarray
    arm: np.ndarray
    truth: np.ndarray | None
    probabilities: np.ndarray
    class_names: tuple[str, ...]

    def of(self, part: str) -> Table:
        """Return the rows of one part; of a table that names no parts, all."""
        rows = (self.split == part) | (self.split == "")
        return Table(
            self.ids[rows],
            self.split[rows],
            self.model[rows],
            self.arm[rows],
            None if self.truth is None else self.truth[rows],
            self.probabilities[rows],
            self.class_names,
        )


def read_table(frame: pd.DataFrame) -> Table:
    """Return a table of predictions as plain arrays.

    Parameters
    ----------
    frame : pandas.DataFrame
        With ``id`` (a column or the index) and one ``p_<class>`` column a class; perhaps
        ``truth`` (or ``t_<label>``), ``split``, ``arm`` and ``seed``.

    Raises
    ------
    DataError
        If there is no ``id``, no ``p_`` column or no row.
    """
    frame = frame.reset_index(drop=frame.index.name is None)
    frame.columns = pd.Index([str(column) for column in frame.columns], dtype=object)
    columns = [column for column in frame.columns if column.startswith(CLASS_COLUMN)]
    if "id" not in frame or not columns or frame.empty or frame.columns.has_duplicates:
        raise DataError(
            "Predictions to audit must have the column 'id', one 'p_<class>' column a class, each "
            f"once, and at least one row. Got {list(frame.columns)[:12]}, {len(frame)} rows.",
            hint="a weighing writes such a table as predictions.parquet.",
        )
    names = tuple(column.removeprefix(CLASS_COLUMN) for column in columns)
    numbers = frame[columns].apply(pd.to_numeric, errors="coerce")
    truth = None
    if "truth" in frame:
        truth = _texts(frame["truth"])
    elif all(f"{TRUTH_COLUMN}{name}" in frame for name in names):
        several = frame[[f"{TRUTH_COLUMN}{name}" for name in names]]
        truth = several.astype(object).apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    arm = _texts(frame["arm"]) if "arm" in frame else np.full(len(frame), "model", dtype=object)
    seed = _texts(frame["seed"]) if "seed" in frame else np.full(len(frame), "0", dtype=object)
    return Table(
        _texts(frame["id"]),
        _texts(frame["split"]) if "split" in frame else np.full(len(frame), "", dtype=object),
        np.array([f"{one}, seed {other}" for one, other in zip(arm, seed, strict=True)], object),
        arm,
        truth,
        numbers.to_numpy(np.float64, na_value=np.nan),
        names,
    )


def _texts(column: pd.Series) -> np.ndarray:
    return column.astype(object).map(str).to_numpy(dtype=object)
