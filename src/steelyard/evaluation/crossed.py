"""What resampled figures of several seeds say together: errors, and intervals of bounded figures.

Seeds and samples are crossed random effects, as in `stratified_interval`: all seeds are judged on
the same samples. Of figures that are no means of samples, the bootstrap gives the spread by
samples, seed by seed on shared draws; the seeds' own figures give the spread by seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from steelyard._support.errors import DataError
from steelyard.evaluation.estimate import LEVEL, Estimate, seeds_part
from steelyard.records.interval import Interval

_NOISE = 1e-24  # of a variance of figures around 1: what rounding leaves


@dataclass(frozen=True, eq=False)
class Estimates:
    """Many `Estimate`, as arrays of one shape.

    Parameters
    ----------
    mean, error, freedom : ndarray of shape (...,)
        As in `Estimate`; NaN means and errors are "no data".
    """

    mean: np.ndarray
    error: np.ndarray
    freedom: np.ndarray

    def at(self, *index: int) -> Estimate:
        """Return one of them."""
        return Estimate(*(float(one[index]) for one in (self.mean, self.error, self.freedom)))

    def ends(self, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
        """Return low and high ends, mean -+ t(level) * error."""
        half = special.stdtrit(self.freedom, 0.5 + level / 2) * self.error
        return self.mean - half, self.mean + half


def crossed_estimate(estimates: Any, resampled: Any, sample_freedom: Any = np.inf) -> Estimates:
    """Return the seeds' mean figure with its error over other seeds and other samples.

    ::

        A = variance, over resamples, of the seeds' mean figure     holds R already
        B = variance, over seeds, of the figure / S                 holds R too
        R = residual variance of the table of seeds x resamples / S
        error^2 = max(A, B, A + B - R)

    with the degrees of freedom of `stratified_estimate`: those of A as given, and what `seeds_part`
    tells for B. With one seed B is
    unknown, and the error speaks of that one model on other samples.

    Parameters
    ----------
    estimates : array_like of shape (S, ...)
        The figure of each seed; NaN is no data, and left out.
    resampled : array_like of shape (S, B, ...)
        The same in resamples that the seeds share.
    sample_freedom : array_like, broadcastable to (...)
        Degrees of freedom of A. Infinite by default, which few samples a stratum do not warrant.

    Raises
    ------
    DataError
        If the shapes do not belong together.
    """
    by_seed, table = np.asarray(estimates, np.float64), np.asarray(resampled, np.float64)
    if table.ndim < 2 or by_seed.shape != (len(table), *table.shape[2:]) or not by_seed.size:
        raise DataError(
            "crossed_estimate needs figures of shape (S, ...) and resampled ones of (S, B, ...). "
            f"Got {by_seed.shape} and {table.shape}."
        )
    mean, n_seeds = _mean(by_seed)
    samples = _variance(_mean(table)[0])
    seeds = residual = np.zeros(mean.shape)
    if len(table) > 1:
        several = np.maximum(n_seeds, 1)
        seeds = _variance(by_seed) / several
        residual = _residual(table) / several
    samples, seeds, residual = (np.where(one < _NOISE, 0.0, one) for one in
                                (samples, seeds, residual))  # fmt: skip
    variance = np.maximum(np.maximum(samples, seeds), samples + seeds - residual)
    cancels = (variance <= 0) & (residual > 0)  # one by one they differ, and in no mean
    variance = np.where(cancels, residual, variance)
    certain = variance <= 0
    whole = np.where(certain, 1.0, variance)
    by_seeds = np.where(cancels, residual, seeds)
    spent = (samples / whole) ** 2 / sample_freedom
    spent = spent + seeds_part(by_seeds, whole, np.maximum(n_seeds, 2))
    unlimited = np.full(mean.shape, np.inf)
    freedom = np.divide(1.0, spent, out=unlimited, where=(spent > 0) & ~certain)
    known = ~np.isnan(mean)
    return Estimates(mean, np.where(known, np.sqrt(variance), np.nan), freedom)


def freedom_of_strata(influence: np.ndarray, weights: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Return the degrees of freedom of a figure's variance over samples.

    Each stratum's part of the variance is known as well as its influence values let it: at most
    n - 1 degrees of freedom (of n samples and a pseudo-sample n), and ``2 n / (kurtosis - 1)``
    where few values make up all of it (two arms that differ on m of many samples have about 2 m).
    Satterthwaite's formula joins them.

    Parameters
    ----------
    influence : ndarray of shape (P, ...)
        What the figure gains by one more sample of each pattern.
    weights, strata : ndarray of shape (P,)
        Samples, or parts of one, and stratum of each pattern.

    Returns
    -------
    ndarray of shape (...)
        Infinite where nothing varies.

    References
    ----------
    Satterthwaite (1946), Biometrics Bulletin 2(6); the variance of a sample variance is in Cramér
    (1946), Mathematical Methods of Statistics, 27.4.
    """
    n_strata = int(strata.max()) + 1
    shape = (-1, *[1] * (influence.ndim - 1))
    n = np.bincount(strata, weights=weights, minlength=n_strata).reshape(shape)
    each = weights.reshape(shape)

    def sums(values: np.ndarray) -> np.ndarray:
        found = np.zeros((n_strata, *values.shape[1:]))
        np.add.at(found, strata, values * each)
        return found

    off = influence - (sums(influence) / np.maximum(n, 1))[strata]
    squares, fourths = sums(off**2), sums(off**4)
    varied = squares > _NOISE * squares.sum(axis=0)
    squares = np.where(varied, squares, 0.0)
    kurtosis = np.divide(fourths * n, squares**2, out=np.ones(squares.shape), where=varied)
    freedom = np.minimum(np.maximum(n - 1, 1), 2 * n / np.maximum(kurtosis - 1, 1e-12))
    whole, spent = squares.sum(axis=0), (squares**2 / np.maximum(freedom, 1)).sum(axis=0)
    return np.divide(whole**2, spent, out=np.full(whole.shape, np.inf), where=spent > 0)


def share_ends(
    estimates: Estimates,
    worth: Any,
    ends: tuple[float, float],
    level: float = LEVEL,
    around: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return low and high ends of figures that lie between two ends, as Wilson's interval.

    The error is read as that of a share of n' samples: ``n' = p (1 - p) / error^2 * (z / t)^2``
    with p the figure's place between the ends. Where nothing varied n' is ``worth``, so that a
    precision of ten right calls of ten does not claim to be certain.

    Parameters
    ----------
    estimates : Estimates
        Of shape (...).
    worth : array_like, broadcastable to (...)
        Samples that the figure rests on.
    ends : tuple of float
        The least and the most that the figure can be.
    level : float
        Confidence level.
    around : array_like of shape (...), optional
        The figure that the error is of: that of the counts about which the resamples scatter. The
        mean by default.

    References
    ----------
    Wilson (1927), JASA 22(158); Korn and Graubard (1998), Survey Methodology 24(2), the effective
    sample size.
    """
    least, most = ends
    p = np.clip((estimates.mean - least) / (most - least), 0.0, 1.0)
    spread = p * (1 - p)
    whole = spread
    if around is not None:
        near = np.clip((np.asarray(around) - least) / (most - least), 0.0, 1.0)
        whole = near * (1 - near)
    tail = 0.5 + level / 2
    z = special.ndtri(tail)
    error = estimates.error / (most - least) * special.stdtrit(estimates.freedom, tail) / z
    varied = (error > 0) & (whole > 0)
    n = np.divide(whole, error**2, out=np.array(np.broadcast_to(worth, p.shape), np.float64),
                  where=varied)  # fmt: skip
    n = np.maximum(n, np.finfo(np.float64).tiny)
    z2 = z**2
    centre = (n * p + z2 / 2) / (n + z2)
    half = z * np.sqrt(n * spread + z2 / 4) / (n + z2)
    low = np.minimum(np.maximum(centre - half, 0.0), p)
    high = np.maximum(np.minimum(centre + half, 1.0), p)
    scale = most - least
    return (
        np.minimum(least + scale * low, estimates.mean),
        np.maximum(least + scale * high, estimates.mean),
    )


def share_interval(
    estimate: Estimate, worth: float, ends: tuple[float, float] = (0.0, 1.0), level: float = LEVEL
) -> Interval:
    """Return Wilson's interval of one bounded figure; see `share_ends`."""
    parts = (np.array(one) for one in (estimate.mean, estimate.error, estimate.freedom))
    low, high = share_ends(Estimates(*parts), worth, ends, level)
    return Interval(estimate.mean, float(low), float(high))


def reflected_ends(
    estimates: Estimates, resampled: Any, level: float = LEVEL, around: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return low and high ends of a gap, 0 or above: what noise adds is taken off its low end.

    A gap between classes grows with noise: resampled gaps lie above the one they scatter about,
    as the measured one lies above the truth. Noise adds to a gap in squares (exactly so to a
    standard deviation), and is taken off so: ``low = sqrt(figure^2 - (mean of resampled^2 -
    around^2)) - (quantile - middle)``. What noise added depends on how
    nearly equal the classes truly are, which nobody knows: the high end keeps it, ``figure + t *
    error`` or that of the basic bootstrap, whichever is higher. Both ends lie beyond
    the figure: an interval that leaves out what was measured reads as a mistake. The resampled
    spread is widened about its middle to the error and the degrees of freedom of ``estimates``,
    which know of the seeds.

    Parameters
    ----------
    estimates : Estimates
        Of shape (...), from `crossed_estimate`.
    resampled : array_like of shape (S, B, ...)
        The resampled figures.
    level : float
        Confidence level.
    around : array_like of shape (...), optional
        The figure about which they scatter; the mean by default.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap Methods and their Application, section 5.2. The high end
    is ours.
    """
    means = _mean(np.asarray(resampled, np.float64))[0]
    middle = _mean(means)[0]
    spread = np.sqrt(_variance(means))
    tail = 0.5 + level / 2
    wider = estimates.error * special.stdtrit(estimates.freedom, tail) / special.ndtri(tail)
    factor = np.divide(wider, spread, out=np.ones(spread.shape), where=spread > 0)
    moved = middle + (means - middle) * factor
    gone = np.isnan(moved).all(axis=0)
    bottom, top = np.nanquantile(np.where(gone, 0.0, moved), (1 - tail, tail), axis=0)
    about = estimates.mean if around is None else np.asarray(around)
    added = np.maximum(_mean(moved**2)[0] - about**2, 0.0)
    truer = np.sqrt(np.maximum(estimates.mean**2 - added, 0.0))
    low = np.maximum(truer - (top - middle), 0.0)
    above = np.maximum(about - bottom, estimates.ends(level)[1] - estimates.mean)
    return np.where(gone, np.nan, low), np.where(gone, np.nan, estimates.mean + above)


def seeds_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over the first axis of what has data; NaN where nothing has."""
    return _mean(values)[0]


def _mean(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and number of what has data, over the first axis."""
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    sums = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(sums, n, out=np.full(n.shape, np.nan), where=n > 0), n


def _variance(values: np.ndarray) -> np.ndarray:
    """Return the sample variance over the first axis of what has data; 0 of fewer than two."""
    mean, n = _mean(values)
    squares = np.where(np.isnan(values), 0.0, (values - mean) ** 2).sum(axis=0)
    return squares / np.maximum(n - 1, 1)


def _residual(table: np.ndarray) -> np.ndarray:
    """Return the variance of a table (S, B, ...) that neither its rows nor its columns explain."""
    known = ~np.isnan(table)
    by_resample = _mean(table)[0]
    by_seed = _mean(np.moveaxis(table, 1, 0))[0]
    grand = _mean(by_resample)[0]
    rest = table - by_resample - by_seed[:, np.newaxis] + grand
    rows, columns = known.any(axis=1).sum(axis=0), known.any(axis=0).sum(axis=0)
    left = known.sum(axis=(0, 1)) - rows - columns + 1
    return np.where(known, rest**2, 0.0).sum(axis=(0, 1)) / np.maximum(left, 1)
