"""Means over sets and networks, with the intervals that follow from what was repeated."""

from __future__ import annotations

import numpy as np
from scipy import stats

from steelyard.evaluation.estimate import Estimate

_RESAMPLES = 2000  # ours


def pooled_estimate(values: np.ndarray) -> Estimate | None:
    """Return the mean over ratios that stand fixed and sets that were drawn; None of single sets.

    Networks of one set share its split and are averaged first: they are no independent evidence
    of what another set would give. With s_r^2 the variance over the S sets of ratio r,

        mean = 1/R sum_r mean_r,    error^2 = 1/R^2 sum_r s_r^2 / S,

    with R (S - 1) degrees of freedom.

    Parameters
    ----------
    values : ndarray of shape (R, S, I)
        One value a ratio, set and network.
    """
    of_sets = values.mean(axis=2)
    n_ratios, n_sets = of_sets.shape
    if n_sets < 2:
        return None
    error = np.sqrt((of_sets.var(axis=1, ddof=1) / n_sets).sum()) / n_ratios
    return Estimate(float(of_sets.mean()), float(error), float(n_ratios * (n_sets - 1)))


def correlation_ends(
    left: np.ndarray, right: np.ndarray, generator: np.random.Generator
) -> tuple[float, float, float]:
    """Return Pearson's correlation of two mean profiles over classes, with a bootstrap interval.

    Parameters
    ----------
    left : ndarray of shape (m, K)
        A profile a repetition, for instance the hard samples of each class in each set.
    right : ndarray of shape (p, K)
        Another, repeated apart from the first; p = 1 where it is given.
    generator : Generator
        Draws the resamples: repetitions of both, with replacement.

    Returns
    -------
    mean, low, high : float
        NaN where a profile does not vary.
    """
    found = np.empty(_RESAMPLES)
    for number in range(_RESAMPLES):
        one = left[generator.integers(len(left), size=len(left))].mean(axis=0)
        other = right[generator.integers(len(right), size=len(right))].mean(axis=0)
        found[number] = pearson(one, other)
    low, high = np.nanquantile(found, [0.025, 0.975]) if np.isfinite(found).any() else [np.nan] * 2
    return pearson(left.mean(axis=0), right.mean(axis=0)), float(low), float(high)


def pearson(left: np.ndarray, right: np.ndarray) -> float:
    """Return Pearson's correlation, NaN where one does not vary."""
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return float("nan")
    return float(stats.pearsonr(left, right).statistic)
