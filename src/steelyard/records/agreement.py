"""`Agreement`: how much scores of the same samples say the same."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array
from steelyard._support.errors import DataError, ParameterError
from steelyard._support.storage import header, read_json, write_json
from steelyard._support.validation import check_choice, check_integer

MEASURES = {
    "spearman": "rank correlation of all samples",
    "kendall": "Kendall's tau-b, of the samples drawn for it",
    "pearson": "correlation of the class means",
    "jaccard": "hardest samples of both over those of either",
}


@dataclass(frozen=True, eq=False)
class Agreement:
    """Every pair of scores, by several measures.

    Parameters
    ----------
    names : tuple of str
        The scores, S of them, so ordered that like stands beside like.
    thresholds : tuple of float
        The shares of all samples whose hardest sets were compared, T of them.
    spearman, kendall, pearson : ndarray of shape (S, S)
        Symmetric; NaN where there is none: a score that is constant, fewer than three classes.
    jaccard : ndarray of shape (T, S, S)
        Two random sets of a share t have t / (2 - t), and so have those of two scores that leave
        open which of equal values they hold; two scores of one order have 1.
    n, n_kendall : int
        Samples, and those of them that Kendall's tau was computed from.
    data_fingerprint : str
        Fingerprint of the data that were scored.

    Raises
    ------
    DataError
        If shapes contradict one another.
    """

    names: tuple[str, ...]
    thresholds: tuple[float, ...]
    spearman: np.ndarray
    kendall: np.ndarray
    pearson: np.ndarray
    jaccard: np.ndarray
    n: int
    n_kendall: int
    data_fingerprint: str

    def __post_init__(self) -> None:
        names, thresholds = tuple(self.names), tuple(self.thresholds)
        check_integer(self.n, "n", "Agreement", 1)
        check_integer(self.n_kendall, "n_kendall", "Agreement", 1, self.n)
        square = (len(names), len(names))
        for measure in MEASURES:
            values = frozen_array(getattr(self, measure), np.float64)
            shape = (len(thresholds), *square) if measure == "jaccard" else square
            if values.shape != shape:
                raise DataError(f"{measure!r} must have shape {shape}. Got {values.shape}.")
            object.__setattr__(self, measure, values)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "thresholds", thresholds)

    def hardest_shared(self, threshold: float = 0.1) -> np.ndarray:
        """Return the Jaccard indices of the hardest sets at one threshold, shape (S, S).

        Raises
        ------
        ParameterError
            If it is none of ``thresholds``.
        """
        found = np.flatnonzero(np.isclose(self.thresholds, threshold, atol=1e-9))
        if not len(found):
            raise ParameterError(
                f"The hardest sets were compared at {list(self.thresholds)}. "
                f"Got {threshold!r} instead."
            )
        return self.jaccard[found[0]]

    def between(self, one: str, other: str, measure: str = "spearman") -> float:
        """Return a measure of two scores; Jaccard's at the first threshold."""
        for name in (one, other):
            check_choice(name, "one", "Agreement.between", self.names)
        check_choice(measure, "measure", "Agreement.between", MEASURES)
        values = self.jaccard[0] if measure == "jaccard" else getattr(self, measure)
        return float(values[self.names.index(one), self.names.index(other)])

    def table(self) -> pd.DataFrame:
        """Return one row a pair.

        Returns
        -------
        pandas.DataFrame
            Columns ``one``, ``other``, ``spearman``, ``kendall``, ``pearson`` and, for each
            threshold, ``jaccard_<percent>``; NaN where there is none.
        """
        columns = ["one", "other", "spearman", "kendall", "pearson"]
        columns += [f"jaccard_{100 * threshold:g}" for threshold in self.thresholds]
        rows = [
            (
                self.names[a],
                self.names[b],
                *(float(one[a, b]) for one in (self.spearman, self.kendall, self.pearson)),
                *(float(one[a, b]) for one in self.jaccard),
            )
            for a, b in itertools.combinations(range(len(self.names)), 2)
        ]
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data; null where there is no data."""
        fields = [name for name in self.__dataclass_fields__ if name not in MEASURES]
        plain = {measure: _nulls(getattr(self, measure).tolist()) for measure in MEASURES}
        return header("Agreement", **{name: getattr(self, name) for name in fields}, **plain)

    def save(self, path: str | Path) -> None:
        """Write the record as one JSON document."""
        write_json(self.to_dict(), path)

    @classmethod
    def load(cls, path: str | Path) -> Agreement:
        """Read what `save` wrote."""
        document = read_json(path, "Agreement")
        fields = cls.__dataclass_fields__
        return cls(**{key: value for key, value in document.items() if key in fields})


def _nulls(values: Any) -> Any:
    # JSON has no NaN: "no data" is null there
    if isinstance(values, list):
        return [_nulls(value) for value in values]
    return None if values != values else values
