"""Means over sets and networks, with the intervals that follow from what was repeated."""

from __future__ import annotations

import numpy as np
from scipy import stats

from steelyard.evaluation.estimate import Estimate

_RESAMPLES = 2000  # ours


def pooled_estimate(values: np.ndarray) -> Estimate | None:
    """Return the mean over ratios that stand fixed and sets that were drawn; None of single sets.

    Networks of one set share its split and are averaged first: they are no independent evidence
    of what another set would give. With s_r^2 the variance over the S_r sets of ratio r,

        mean = 1/R sum_r mean_r,    error^2 = 1/R^2 sum_r s_r^2 / S_r,

    with sum_r (S_r - 1) degrees of freedom.

    Parameters
    ----------
    values : ndarray of shape (R, S, I)
        One value a ratio, set and network; NaN where a set has none. A ratio has one at least.
    """
    of_ratios = [row[np.isfinite(row)] for row in values.mean(axis=2)]
    if min(len(sets) for sets in of_ratios) < 2:
        return None
    means = [float(sets.mean()) for sets in of_ratios]
    variance = sum(float(sets.var(ddof=1)) / len(sets) for sets in of_ratios)
    freedom = sum(len(sets) - 1 for sets in of_ratios)
    return Estimate(float(np.mean(means)), float(np.sqrt(variance)) / len(means), float(freedom))


def difference_estimate(left: np.ndarray, right: np.ndarray) -> Estimate | None:
    """Return by how much one group of sets lies above another that was drawn apart from it.

    Parameters
    ----------
    left, right : ndarray of shape (1, S, I)
        As in `pooled_estimate`, of one ratio each.
    """
    # a mean of two ratios with opposite signs, twice
    half = pooled_estimate(np.concatenate([left, -right]))
    return None if half is None else Estimate(2 * half.mean, 2 * half.error, half.freedom)


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
