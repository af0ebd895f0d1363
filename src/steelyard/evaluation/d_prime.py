"""d', the sensitivity index: how far apart positives and negatives lie, in standard deviations.

``d' = sqrt(2) * Phi^-1(AUROC)``: of two normal distributions of one width, by how many widths their
means differ. It does not depend on how rare the class is, and it tells AUROCs of .99 and .999
apart.

Two conventions are published for several classes, and they differ (by .2 to .3 on AudioSet): the
d' *of the mean* AUROC, and the *mean of the* classes' d'. Each has its own function here, and none
is called plain d'.

An AUROC of 1 would be infinite. It is taken as if half a pair were ranked wrong,
``1 - 1 / (2 n_positive n_negative)`` (ours); an AUROC of 0 likewise. One positive and one negative
are a single pair, half of which tells nothing apart: no data.

References
----------
Green and Swets (1966), Signal Detection Theory and Psychophysics; Hershey and others (2017),
ICASSP, on AudioSet.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from steelyard.records.interval import Interval


def d_prime(auroc: np.ndarray, n_positive: np.ndarray, n_negative: np.ndarray) -> np.ndarray:
    """Return the d' of each class, shape (K,), of the shape of ``auroc``.

    Parameters
    ----------
    auroc : ndarray of shape (K,) or (S, K)
        AUROCs in [0, 1]; NaN is no data, and stays. A single pair is no data either.
    n_positive, n_negative : ndarray of shape (K,)
        Samples of the class, and of the rest.
    """
    return d_prime_at(auroc, least_auroc(n_positive, n_negative))


def mean_d_prime(auroc: np.ndarray, n_positive: np.ndarray, n_negative: np.ndarray) -> float:
    """Return the mean of the classes' d', over those that have data; NaN if none has.

    Parameters
    ----------
    auroc, n_positive, n_negative : ndarray of shape (K,)
        As in `d_prime`.
    """
    found = d_prime(auroc, n_positive, n_negative)
    counted = ~np.isnan(found)
    return float(found[counted].mean()) if counted.any() else np.nan


def d_prime_of_mean_auroc(
    auroc: np.ndarray, n_positive: np.ndarray, n_negative: np.ndarray
) -> float:
    """Return the d' of the mean AUROC, over the classes that have data; NaN if none has.

    Parameters
    ----------
    auroc, n_positive, n_negative : ndarray of shape (K,)
        As in `d_prime`.
    """
    counted = ~np.isnan(auroc)
    if not counted.any():
        return np.nan
    # where every class is at its end, so is the mean
    least = least_auroc(n_positive, n_negative)[counted].mean()
    return float(d_prime_at(auroc[counted].mean(), least))


def d_prime_interval(interval: Interval, least: float) -> Interval:
    """Return the interval of a d' from that of its AUROC: the ends, transformed.

    Parameters
    ----------
    interval : Interval
        Of an AUROC.
    least : float
        How close to 0 and 1 an AUROC is told apart from them; see `least_auroc`.
    """
    ends = np.array([interval.mean, interval.low, interval.high])
    return Interval(*d_prime_at(ends, least))


def d_prime_at(auroc: np.ndarray, least: np.ndarray | float) -> np.ndarray:
    """Return the d' of AUROCs, told apart from 0 and 1 by ``least``; see `least_auroc`.

    NaN where ``least`` is one half: there 0 and 1 are one and the same.
    """
    found = np.sqrt(2) * special.ndtri(np.clip(auroc, least, 1 - np.asarray(least)))
    return np.where(np.asarray(least) < 0.5, found, np.nan)


def d_prime_slope(auroc: np.ndarray, least: np.ndarray | float) -> np.ndarray:
    """Return the derivative of `d_prime_at` by the AUROC."""
    height = special.ndtri(np.clip(auroc, least, 1 - np.asarray(least)))
    return 2 * np.sqrt(np.pi) * np.exp(height**2 / 2)


def least_auroc(n_positive: np.ndarray | int, n_negative: np.ndarray | int) -> np.ndarray:
    """Return half a wrongly ranked pair of each class as a share of its pairs, shape (K,)."""
    pairs = np.asarray(n_positive, dtype=np.float64) * np.asarray(n_negative)
    return 1 / (2 * np.maximum(pairs, 1.0))
