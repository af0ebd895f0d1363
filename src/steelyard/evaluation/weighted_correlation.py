"""Correlations of the same values under many weights: what a bootstrap asks for, all at once."""

from __future__ import annotations

import numpy as np

from steelyard.records.interval import Interval

MIN_DRAWS = 20  # fewer defined draws have no tails to speak of (ours)


def bootstrap_counts(n: int, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return how often each of n units is drawn in each of ``n_draws`` resamples, as floats."""
    return rng.multinomial(n, np.full(n, 1 / n), size=n_draws).astype(np.float64)


def mid_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the ranks of values of which each occurs as often as its weight says.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Ties share the mean of their ranks.
    weights : ndarray of shape (..., n)
        0 or above.

    Returns
    -------
    ndarray of shape (..., n)
        Weight below a value and half of that on it: the rank less one half.
    """
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    on = np.add.reduceat(weights[..., order], starts, axis=-1)
    return (np.cumsum(on, axis=-1) - on / 2)[..., group]


def correlation(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return weighted Pearson correlations over the last axis; NaN where x or y is constant.

    Parameters
    ----------
    x, y, weights : ndarray, of shapes that broadcast to (..., n)
    """
    x, y = centred(x, weights), centred(y, weights)
    together = (weights * x * y).sum(axis=-1)
    scale = np.sqrt((weights * x**2).sum(axis=-1) * (weights * y**2).sum(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(scale > 0, np.clip(together / scale, -1, 1), np.nan)


def centred(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return x less its weighted mean over the last axis, exactly 0 where x is constant."""
    mean = (weights * x).sum(axis=-1, keepdims=True) / weights.sum(axis=-1, keepdims=True)
    offset = x - mean
    noise = 1e-12 * np.abs(x).max(axis=-1, keepdims=True)
    return np.where(np.abs(offset) > noise, offset, 0.0)


def percentile_interval(estimate: float, draws: np.ndarray, level: float) -> Interval | None:
    """Return the bootstrap's percentile interval, widened to enclose the estimate if it must.

    Draws that are NaN (of constant values) are left out; None if hardly any is left, if all that
    are say the same (units all in one order, which tell nothing of others), or the estimate is NaN.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 13.
    """
    draws = draws[~np.isnan(draws)]
    if np.isnan(estimate) or len(draws) < MIN_DRAWS:
        return None
    if np.ptp(draws) <= 1e-12 * np.abs(draws).max():
        return None
    low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2])
    return Interval(estimate, min(float(low), estimate), max(float(high), estimate))
