"""`ClassHardness`: how hard each class is by one score, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array, frozen_integers
from steelyard._support.errors import DataError
from steelyard._support.storage import header, read_json, write_json
from steelyard._support.validation import check_choice, check_integer, check_real
from steelyard.records.classes import check_class_names
from steelyard.records.interval import Interval

FIGURES = {
    "mean": "mean over the samples of the class",
    "q10": "the value that a tenth of them lie below",
    "median": "the value that half of them lie below",
    "q90": "the value that nine tenths of them lie below",
    "tail": "share of them among the hardest samples of all",
}


@dataclass(frozen=True, eq=False)
class ClassHardness:
    """Figures of every class by one score, each with its 95 % interval.

    Parameters
    ----------
    name : str
        The score's name.
    class_names : tuple of str
        One name a class.
    counts : ndarray of shape (K,)
        Samples a class.
    figures : mapping of str to ndarray of shape (K, 3)
        For each of `FIGURES` the estimate and the low and high end of its interval, in the score's
        unit, the tail a share. All NaN where a class has no samples; the ends alone are NaN where
        nothing tells them, as for the mean of one sample.
    share : float
        The share of all samples that is the tail.
    n_runs : int
        Runs averaged. With one the intervals are over samples alone.
    n_draws : int
        How often runs and samples were drawn again for the intervals.
    data_fingerprint : str
        Fingerprint of the data that were scored.

    Raises
    ------
    DataError
        If shapes contradict one another, a figure is missing, or an interval leaves its estimate
        outside.
    """

    name: str
    class_names: tuple[str, ...]
    counts: np.ndarray
    figures: Mapping[str, np.ndarray]
    share: float
    n_runs: int
    n_draws: int
    data_fingerprint: str

    def __post_init__(self) -> None:
        names = check_class_names(self.class_names, "ClassHardness")
        counts = frozen_integers(self.counts, "counts", "ClassHardness")
        check_integer(self.n_runs, "n_runs", "ClassHardness", 1)
        check_integer(self.n_draws, "n_draws", "ClassHardness", 2)
        check_real(self.share, "share", "ClassHardness", 0, 1, "()")
        if counts.shape != (len(names),) or (counts < 0).any():
            raise DataError(f"ClassHardness needs a count for each of {len(names)} classes.")
        if set(self.figures) != set(FIGURES):
            raise DataError(f"ClassHardness needs {list(FIGURES)}. Got {sorted(self.figures)}.")
        figures = {name: frozen_array(self.figures[name], np.float64) for name in FIGURES}
        for name, one in figures.items():
            if one.shape != (len(names), 3):
                raise DataError(f"{name!r} must have shape ({len(names)}, 3). Got {one.shape}.")
            if (np.isnan(one[:, 0]) != (counts == 0)).any() or np.isinf(one).any():
                raise DataError(f"{name!r} must be a number for each class that has samples.")
            if (one[:, 0] < one[:, 1]).any() or (one[:, 0] > one[:, 2]).any():
                raise DataError(f"The intervals of {name!r} must enclose their estimates.")
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "counts", counts)
        object.__setattr__(self, "figures", MappingProxyType(figures))

    @property
    def counted(self) -> str:
        """What the intervals are over: "runs and samples", or "samples alone"."""
        return "runs and samples" if self.n_runs > 1 else "samples alone"

    def interval(self, class_name: str, figure: str = "mean") -> Interval | None:
        """Return a figure of one class with its interval; None where there is none to state.

        Raises
        ------
        ParameterError
            If there is no such class or figure.
        """
        check_choice(class_name, "class_name", "ClassHardness.interval", self.class_names)
        check_choice(figure, "figure", "ClassHardness.interval", FIGURES)
        ends = self.figures[figure][self.class_names.index(class_name)]
        return None if np.isnan(ends).any() else Interval(*ends)

    def table(self) -> pd.DataFrame:
        """Return one row a class, in class order.

        Returns
        -------
        pandas.DataFrame
            Columns ``class``, ``count``, and for each figure its name, ``<name>_low`` and
            ``<name>_high``; NaN where there is no data.
        """
        columns: dict[str, Any] = {"class": self.class_names, "count": self.counts}
        for name, one in self.figures.items():
            columns |= {name: one[:, 0], f"{name}_low": one[:, 1], f"{name}_high": one[:, 2]}
        return pd.DataFrame(columns)

    def hardest_first(self) -> list[str]:
        """Return the names of the classes that have samples, by mean, hardest first."""
        mean = self.figures["mean"][:, 0]
        order = np.lexsort((np.asarray(self.class_names), -mean))  # NaN stands last
        return [self.class_names[code] for code in order if self.counts[code]]

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data; null where there is no data."""
        return header(
            "ClassHardness",
            name=self.name,
            class_names=list(self.class_names),
            counts=self.counts.tolist(),
            figures={
                name: [[None if end != end else end for end in row] for row in one.tolist()]
                for name, one in self.figures.items()
            },
            share=self.share,
            n_runs=self.n_runs,
            n_draws=self.n_draws,
            data_fingerprint=self.data_fingerprint,
        )

    def save(self, path: str | Path) -> None:
        """Write the record as one JSON document."""
        write_json(self.to_dict(), path)

    @classmethod
    def load(cls, path: str | Path) -> ClassHardness:
        """Read what `save` wrote."""
        document = read_json(path, "ClassHardness")
        fields = cls.__dataclass_fields__
        return cls(**{key: value for key, value in document.items() if key in fields})
