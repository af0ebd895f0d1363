"""`Hardness`: one score a sample, higher is always harder, with its spread over runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from steelyard._support.arrays import frozen_array, frozen_ids, require_finite
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_parquet, write_parquet
from steelyard._support.validation import check_integer
from steelyard.records.classes import check_class_names, check_codes

THRESHOLDS = tuple(tenth / 10 for tenth in range(1, 10))  # shares of all samples, for curves
_SPREAD = "_spread"
_CLASS_VIEW = ["class", "count", "mean", "median", "q10", "q90", "mean_rank"]


@dataclass(frozen=True, eq=False)
class Hardness:
    """How hard each sample is by one score.

    Parameters
    ----------
    name : str
        The score's name, for instance "aum".
    ids : ndarray of shape (n,)
        Sample ids, in data-set order.
    labels : ndarray of shape (n,)
        Class codes.
    class_names : tuple of str
        One name a class.
    values : ndarray of shape (n,)
        Mean over runs; higher is harder.
    spread : ndarray of shape (n,)
        Standard deviation over runs (n_runs - 1 in the denominator), in the score's unit;
        all NaN when there is one run, because one run shows no spread.
    n_runs : int
        Runs averaged.
    data_fingerprint : str
        Fingerprint of the `Labelled` that was scored.

    Raises
    ------
    DataError
        If lengths differ or a value is NaN.
    """

    name: str
    ids: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    values: np.ndarray
    spread: np.ndarray
    n_runs: int
    data_fingerprint: str

    def __post_init__(self) -> None:
        values = frozen_array(self.values, np.float64)
        spread = frozen_array(self.spread, np.float64)
        names = check_class_names(self.class_names, "Hardness")
        labels = check_codes(self.labels, names, "labels", "Hardness")
        check_integer(self.n_runs, "n_runs", "Hardness", 1)
        require_finite(values, "values", f"Hardness {self.name!r}")
        if self.n_runs > 1:
            require_finite(spread, "spread", f"Hardness {self.name!r}")
        if not values.shape == spread.shape == labels.shape:
            raise DataError(
                f"Hardness needs one value, spread and label a sample. Got shapes "
                f"{values.shape}, {spread.shape}, {labels.shape}."
            )
        object.__setattr__(self, "ids", frozen_ids(self.ids, len(values), "Hardness"))
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "spread", spread)

    @cached_property
    def ranks(self) -> np.ndarray:
        """Mid-rank of each sample over the data set, in (0, 1); 1 is hardest, ties share."""
        return frozen_array((rankdata(self.values) - 0.5) / len(self.values))

    def hardest(self, n: int) -> np.ndarray:
        """Return the positions of the n hardest samples (all, if fewer), hardest first.

        Ties go by id, so that the same samples come first in any order of the rows.
        """
        check_integer(n, "n", "Hardness.hardest", 0)
        return np.lexsort((self.ids, -self.values))[:n]

    def by_class(self) -> pd.DataFrame:
        """Return the class-level view: one row a class that has samples.

        Returns
        -------
        pandas.DataFrame
            Columns ``class``, ``count``, ``mean``, ``median``, ``q10``, ``q90`` (score units)
            and ``mean_rank`` (0 to 1, comparable between scores).
        """
        rows = []
        for code, name in enumerate(self.class_names):
            mine = self.labels == code
            if not mine.any():
                continue
            values = self.values[mine]
            q10, median, q90 = np.quantile(values, [0.1, 0.5, 0.9])
            rows.append(
                {
                    "class": name,
                    "count": int(mine.sum()),
                    "mean": float(values.mean()),
                    "median": float(median),
                    "q10": float(q10),
                    "q90": float(q90),
                    "mean_rank": float(self.ranks[mine].mean()),
                }
            )
        return pd.DataFrame(rows, columns=_CLASS_VIEW)


def require_same_samples(one: Hardness, other: Hardness) -> None:
    """Raise unless two scores are of the same samples in one order.

    Raises
    ------
    MismatchError
        Naming both scores.
    """
    same = one.data_fingerprint == other.data_fingerprint
    if not same or not np.array_equal(one.ids, other.ids):
        raise MismatchError(
            f"The scores {one.name!r} and {other.name!r} are of other samples, or of the same in "
            "another order."
        )


def size_of_share(share: float, n: int) -> int:
    """Return how many of n samples are a share of them: rounded down, never none and never all.

    Parameters
    ----------
    share : float
        In (0, 1).
    n : int
        Samples in all; of a single one it is that one.
    """
    # 0.29 * 100 is 28.999999999999996
    return min(max(int(share * n + 1e-9), 1), max(n - 1, 1))


def save_scores(scores: Mapping[str, Hardness], path: str | Path) -> None:
    """Write scores of the same samples as one table.

    The columns are ``id``, ``label`` (the class name), and for each score its name and
    ``<name>_spread``.

    Raises
    ------
    DataError
        If there is no score, or two of them ask for one column.
    MismatchError
        If the scores are of other data, or of the same in another order.
    """
    if not scores:
        raise DataError("There are no scores to save.")
    first = next(iter(scores.values()))
    columns = {"id": first.ids, "label": np.asarray(first.class_names, dtype=object)[first.labels]}
    for name, score in scores.items():
        same = score.data_fingerprint == first.data_fingerprint
        if not same or not np.array_equal(score.ids, first.ids):
            raise MismatchError("Scores of other data cannot stand in one table.")
        for column, values in ((name, score.values), (f"{name}{_SPREAD}", score.spread)):
            if column in columns:
                raise DataError(
                    f"The score {name!r} asks for the column {column!r}, which is taken."
                )
            columns[column] = values
    metadata = header(
        "Hardness",
        scores={name: score.n_runs for name, score in scores.items()},
        class_names=list(first.class_names),
        data_fingerprint=first.data_fingerprint,
    )
    write_parquet(pd.DataFrame(columns), path, metadata)


def holds_scores(path: str | Path) -> bool:
    """Return whether a file is a table that `save_scores` wrote."""
    if Path(path).suffix != ".parquet":
        return False
    return read_parquet(path)[1].get("record") == "Hardness"


def load_scores(path: str | Path) -> dict[str, Hardness]:
    """Read the scores that `save_scores` wrote, by name."""
    frame, metadata = read_parquet(path, "Hardness")
    names = metadata["class_names"]
    labels = frame["label"].map({name: code for code, name in enumerate(names)})
    return {
        name: Hardness(
            name,
            frame["id"],
            labels,
            names,
            frame[name],
            frame[f"{name}{_SPREAD}"],
            metadata["scores"][name],
            metadata["data_fingerprint"],
        )
        for name in frame.columns  # JSON sorts its keys: the columns hold the order
        if name in metadata["scores"]
    }
