"""`Achieved`: the distribution that a plan reaches, which may not be the one it asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array, frozen_integers, require_finite
from steelyard._support.errors import DataError
from steelyard.records.classes import check_class_names


@dataclass(frozen=True, eq=False)
class Achieved:
    """What training by a plan sees, in expectation over epochs.

    Parameters
    ----------
    class_names : tuple of str
        One name a class or label.
    before : ndarray of shape (K,)
        Samples with each class or label.
    after : ndarray of shape (K,)
        Expected draws with each in an epoch.
    n_samples : int
        Samples of the data.
    draws : float
        Expected draws in an epoch.
    effective_samples : float
        (sum of uses)^2 / (sum of squared uses): so many samples, used alike, would make a mean as
        steady.
    largest_repeat : float
        Expected uses of the sample that is used most.
    distinct_samples : float
        Expected number of samples that an epoch uses at all, added rows included.

    Raises
    ------
    DataError
        If lengths differ, or a number is negative, NaN or infinite.
    """

    class_names: tuple[str, ...]
    before: np.ndarray
    after: np.ndarray
    n_samples: int
    draws: float
    effective_samples: float
    largest_repeat: float
    distinct_samples: float

    def __post_init__(self) -> None:
        names = check_class_names(self.class_names, "Achieved")
        before = frozen_integers(self.before, "samples before", "Achieved")
        after = frozen_array(self.after, np.float64)
        require_finite(after, "draws after", "Achieved")
        if not before.shape == after.shape == (len(names),):
            raise DataError(f"Achieved needs its counts for each of {len(names)} classes.")
        figures = [self.draws, self.effective_samples, self.largest_repeat, self.distinct_samples]
        negative = (before < 0).any() or (after < 0).any() or min(figures) < 0
        if negative or not all(map(math.isfinite, figures)) or self.n_samples < 1:
            raise DataError("The figures of Achieved must be finite, and none negative.")
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "before", before)
        object.__setattr__(self, "after", after)

    @property
    def epoch_ratio(self) -> float:
        """Length of an epoch over that of one without a plan."""
        return self.draws / self.n_samples

    @property
    def rho_before(self) -> float:
        """Largest over smallest count of the classes that have samples; NaN without any."""
        return _rho(self.before)

    @property
    def rho_after(self) -> float:
        """The same of the expected draws, over the classes that are drawn at all."""
        return _rho(self.after)

    @property
    def cardinality_before(self) -> float:
        """Labels a sample; 1 for single-label data."""
        return float(self.before.sum()) / self.n_samples

    @property
    def cardinality_after(self) -> float:
        """Labels a draw."""
        return float(self.after.sum()) / self.draws

    @property
    def effective_share(self) -> float:
        """Effective samples over the samples of the data."""
        return self.effective_samples / self.n_samples

    @property
    def left_out(self) -> tuple[str, ...]:
        """The classes that have samples of which none is drawn."""
        gone = (self.before > 0) & (self.after == 0)
        return tuple(self.class_names[code] for code in np.flatnonzero(gone))

    def table(self) -> pd.DataFrame:
        """Return one row a class or label.

        Returns
        -------
        pandas.DataFrame
            Columns ``class``, ``before``, ``after`` (expected draws), ``share`` (of the draws that
            have it) and ``repeat`` (after / before; NaN for a class without samples).
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            repeat = np.where(self.before > 0, self.after / self.before, np.nan)
        return pd.DataFrame(
            {
                "class": self.class_names,
                "before": self.before,
                "after": self.after,
                "share": self.after / self.draws,
                "repeat": repeat,
            }
        )

    def figures(self) -> dict[str, float]:
        """Return the figures that are not of one class, by name."""
        return {
            "n_samples": self.n_samples,
            "draws": self.draws,
            "epoch_ratio": self.epoch_ratio,
            "rho_before": self.rho_before,
            "rho_after": self.rho_after,
            "cardinality_before": self.cardinality_before,
            "cardinality_after": self.cardinality_after,
            "effective_samples": self.effective_samples,
            "effective_share": self.effective_share,
            "largest_repeat": self.largest_repeat,
            "distinct_samples": self.distinct_samples,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values that JSON holds; what is undefined is None."""
        plain = {name: value if value == value else None for name, value in self.figures().items()}
        rows = self.table().to_dict("records")
        for row in rows:
            row["repeat"] = row["repeat"] if row["repeat"] == row["repeat"] else None
        return {**plain, "left_out": list(self.left_out), "classes": rows}


def _rho(counts: np.ndarray) -> float:
    there = counts[counts > 0]
    return float(there.max() / there.min()) if len(there) else math.nan
