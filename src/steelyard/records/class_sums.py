"""`ClassSums`: all that a radius of a class needs to know of its samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard._support.arrays import frozen_array, require_finite
from steelyard._support.errors import DataError, MismatchError


@dataclass(frozen=True, eq=False)
class ClassSums:
    """Counts and sums of the representations of each class; streams of samples add up.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples of each class.
    sums : ndarray of shape (..., K, d)
        Sum of their representations.
    squares : ndarray of shape (..., K)
        Sum of the squared norms of their representations.

    Raises
    ------
    DataError
        If shapes do not fit, a count is negative, or a sum is not finite.
    """

    counts: np.ndarray
    sums: np.ndarray
    squares: np.ndarray

    def __post_init__(self) -> None:
        counts = frozen_array(self.counts, np.int64)
        sums, squares = (frozen_array(value, np.float64) for value in (self.sums, self.squares))
        if sums.ndim < 2 or squares.shape != sums.shape[:-1] or sums.shape[-2:-1] != counts.shape:
            raise DataError(
                "ClassSums needs counts (K,), sums (..., K, d) and squares (..., K). "
                f"Got {counts.shape}, {sums.shape} and {squares.shape}."
            )
        if (counts < 0).any():
            raise DataError(f"The counts of ClassSums must be at least 0. Got {counts.min()}.")
        for name, value in (("sums", sums), ("squares", squares)):
            require_finite(value, name, "ClassSums")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "counts", counts)

    @property
    def squared_radii(self) -> np.ndarray:
        """Squared gyration radius of each class, shape (..., K); NaN of a class without samples.

        R^2 = 1/(2 n^2) sum_x sum_y |x - y|^2 = mean |x|^2 - |mean x|^2: no pair is looked at.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            means = self.sums / self.counts[:, None]
            # rounding may leave a class of equal points a little below zero
            return np.maximum(self.squares / self.counts - (means**2).sum(axis=-1), 0.0)

    def radii(self, formula: str) -> np.ndarray:
        """Return the radius of each class, R or R^2 as the formula says, shape (..., K).

        Parameters
        ----------
        formula : str
            One of `steelyard.records.manifold_history.FORMULAS`; that the representations were put
            on the sphere, or not, is the summer's to see to (`on_sphere`).
        """
        squared = self.squared_radii
        return np.sqrt(squared) if formula.endswith("root") else squared

    def __add__(self, other: ClassSums) -> ClassSums:
        """Return the sums of the samples of both.

        Raises
        ------
        MismatchError
            If they are of other classes or representations.
        """
        if self.sums.shape != other.sums.shape:
            raise MismatchError(
                f"ClassSums of shapes {self.sums.shape} and {other.sums.shape} cannot be added."
            )
        return ClassSums(
            self.counts + other.counts, self.sums + other.sums, self.squares + other.squares
        )


def on_sphere(formula: str) -> bool:
    """Whether a formula divides each representation by its norm."""
    return formula.startswith("sphere")
