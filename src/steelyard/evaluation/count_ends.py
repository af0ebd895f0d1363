"""The interval of a figure that is a function of counts: the same wherever it is judged."""

from __future__ import annotations

import numpy as np

from steelyard.evaluation.count_metrics import RANGES
from steelyard.evaluation.crossed import crossed_estimate, seeds_mean, share_ends
from steelyard.evaluation.estimate import LEVEL
from steelyard.evaluation.gap_metrics import gap_ends

WORST = "worst_recall"


def with_data(by_seed: np.ndarray, resampled: np.ndarray) -> np.ndarray:
    """Return the resampled figures (S, B, ...) of seeds with a figure (S, ...); the rest NaN."""
    return np.where(np.isnan(by_seed)[:, np.newaxis], np.nan, resampled)


def count_ends(
    metric: str,
    by_seed: np.ndarray,
    resampled: np.ndarray,
    expected: np.ndarray,
    freedom: np.ndarray | float = np.inf,
    level: float = LEVEL,
) -> tuple[np.ndarray, np.ndarray]:
    """Return low and high ends of a metric between two ends, or of a gap between classes.

    The figure itself tells how much it scatters, as a binomial share does: the pseudo-samples
    leave no class certain, and Student's t is for the seeds alone; but of gaps and the worst class,
    which lean on a class or two, for the samples, too.

    Parameters
    ----------
    metric : str
        A name of ours.
    by_seed : ndarray of shape (S, ...)
        The figure of each seed.
    resampled : ndarray of shape (S, B, ...)
        In resamples.
    expected : ndarray of shape (S, ...)
        Of the counts about which the resamples scatter.
    freedom : ndarray of shape (...)
        Degrees of freedom of the spread by samples (`freedom_of_strata`).
    level : float
        Confidence level.
    """
    leans = metric == WORST or metric not in RANGES
    estimates = crossed_estimate(by_seed, resampled, freedom if leans else np.inf)
    around = seeds_mean(with_data(by_seed, expected[:, np.newaxis])[:, 0])
    if metric == WORST:  # resamples lie as much too low as the measured one does
        low, high = share_ends(estimates, 0.0, RANGES[metric], level, around)
        short = around - np.mean(seeds_mean(resampled), axis=0)
        return low, np.minimum(high + np.maximum(short, 0.0), 1.0)
    if metric in RANGES:
        return share_ends(estimates, 0.0, RANGES[metric], level, around)
    return gap_ends(metric, estimates, resampled, around, level)
