"""`Hardness`: one score a sample, higher is always harder, with its spread over runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from steelyard._support.arrays import frozen_array, frozen_ids, require_finite
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_parquet, write_parquet


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
        labels = frozen_array(self.labels, np.int64)
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
        object.__setattr__(self, "class_names", tuple(self.class_names))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "spread", spread)

    @property
    def ranks(self) -> np.ndarray:
        """Mid-rank of each sample over the data set, in (0, 1); 1 is hardest, ties share."""
        return (rankdata(self.values) - 0.5) / len(self.values)

    def hardest(self, n: int) -> np.ndarray:
        """Return the positions of the n hardest samples, hardest first, ties by id."""
        by_id = np.argsort(np.argsort(self.ids, kind="stable"), kind="stable")
        return np.lexsort((by_id, -self.values))[:n]

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
        return pd.DataFrame(rows)


def save_scores(scores: Mapping[str, Hardness], path: str | Path) -> None:
    """Write scores of the same samples as one table.

    The columns are ``id``, ``label`` (the class name), and for each score its name and
    ``<name>_spread``.

    Raises
    ------
    MismatchError
        If the scores are of other data.
    """
    first = next(iter(scores.values()))
    frame = pd.DataFrame(
        {"id": first.ids, "label": np.asarray(first.class_names, dtype=object)[first.labels]}
    )
    for name, score in scores.items():
        if score.data_fingerprint != first.data_fingerprint:
            raise MismatchError("Scores of other data cannot stand in one table.")
        frame[name] = score.values
        frame[f"{name}_spread"] = score.spread
    metadata = header(
        "Hardness",
        scores={name: score.n_runs for name, score in scores.items()},
        class_names=list(first.class_names),
        data_fingerprint=first.data_fingerprint,
    )
    write_parquet(frame, path, metadata)


def load_scores(path: str | Path) -> dict[str, Hardness]:
    """Read the scores that `save_scores` wrote, by name."""
    frame, metadata = read_parquet(path, "Hardness")
    names = metadata["class_names"]
    codes = {name: code for code, name in enumerate(names)}
    labels = frame["label"].map(codes).to_numpy()
    ids = frame["id"].to_numpy()
    in_order = [column for column in frame.columns if column in metadata["scores"]]
    return {
        name: Hardness(
            name,
            ids.astype(np.str_) if ids.dtype == object else ids,
            labels,
            tuple(names),
            frame[name].to_numpy(),
            frame[f"{name}_spread"].to_numpy(),
            metadata["scores"][name],
            metadata["data_fingerprint"],
        )
        for name in in_order  # the metadata are sorted by name, the columns are not
    }
