"""The mean over strata that come in given shares, and its error, from sums by stratum alone.

`stratified_estimate` has the sums from values that are all there, `evaluate_in_chunks` from rows
that went by. What follows from them is here, once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard._support.errors import DataError
from steelyard.evaluation.estimate import Estimate, seeds_part


@dataclass(frozen=True, eq=False)
class StrataSums:
    """A mean over strata, and what each stratum adds to its variance between samples.

    Parameters
    ----------
    mean : float
        ``sum_c weight_c mean_c``.
    weights : ndarray of shape (K,)
        Shares of the strata with samples, of sum 1.
    n : ndarray of shape (K,)
        Samples of each stratum, 1 where there is none.
    by_stratum : ndarray of shape (K,)
        Each stratum's part of the variance, with the sample that it borrows.
    """

    mean: float
    weights: np.ndarray
    n: np.ndarray
    by_stratum: np.ndarray

    @classmethod
    def of(
        cls, counts: np.ndarray, means: np.ndarray, squares: np.ndarray, shares: np.ndarray
    ) -> StrataSums:
        """Return them of samples, means and sums of squares about the means, each (K,).

        Raises
        ------
        DataError
            If no stratum with a positive share has samples.
        """
        weights = shares_of_present(counts, shares)
        n = np.where(counts > 0, counts, 1)
        mean = float(means @ weights)
        n_present, n_samples = int((counts > 0).sum()), int(counts.sum())
        pooled = squares.sum() / max(n_present, n_samples - n_present)
        offset = np.round(means - mean, 12)  # beyond lies the noise of the arithmetic
        borrowed = pooled + n / (n + 1) * offset**2
        return cls(mean, weights, n, weights**2 * (squares + borrowed) / n**2)

    def estimate(
        self, between_seeds: float = 0.0, residual: float = 0.0, n_seeds: int = 1
    ) -> Estimate:
        """Return the mean with its error over samples and seeds; see `stratified_estimate`."""
        between_samples = float(self.by_stratum.sum())
        both = between_samples + between_seeds - residual
        variance = max(between_samples, between_seeds, both)
        if max(variance, residual) <= 0:
            return Estimate(self.mean, 0.0)
        if variance <= 0:  # seeds and samples differ one by one and cancel in every mean
            return Estimate(self.mean, float(np.sqrt(residual)), n_seeds - 1.0)
        spent = float((self.by_stratum**2 / self.n).sum())
        if n_seeds > 1:
            spent += variance**2 * seeds_part(between_seeds, variance, n_seeds)
        return Estimate(self.mean, float(np.sqrt(variance)), variance**2 / spent)


def shares_of_present(counts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the shares of the strata with samples, of sum 1, and 0 of the others.

    Raises
    ------
    DataError
        If no stratum with a positive share has samples.
    """
    weights = np.where(counts > 0, shares, 0.0)
    if weights.sum() <= 0:
        raise DataError("No class with a positive deployment share has held-out samples.")
    return weights / weights.sum()


def samples_worth(counts: np.ndarray, shares: np.ndarray) -> float:
    """Return how many samples of equal weight strata of given shares are worth.

    ``1 / sum_c share_c^2 / n_c``.

    References
    ----------
    Kish (1965), Survey Sampling, the effective sample size.
    """
    weights = shares_of_present(counts, shares)
    used = weights > 0
    return float(1 / (weights[used] ** 2 / counts[used]).sum())
