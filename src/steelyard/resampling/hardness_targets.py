"""Targets by hardness: how many samples a class its hardness asks for, before rounding.

Two ways. The published one takes ratios of class means of a score, which need not be positive and
have no natural zero; the safe one takes ratios of class means of ranks (or of a softplus), which
are always above 0. Their degrees are not interchangeable: rank ratios are compressed.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import rankdata

from steelyard._support.errors import DataError, ParameterError
from steelyard.resampling.targets import MOST_DRAWS

RATIOS = ("rank", "softplus")
_SHIFT = 0.0001  # of the published second version, added where a class mean is negative
_SLACK = 1e-9  # of the total: the noise of the arithmetic, forgiven at a bound


def class_means(
    values: np.ndarray, labels: np.ndarray, ids: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return the mean value of each class, shape (K,); NaN for a class without samples.

    Sums run in the order of the ids, so that permuted rows give the same last digit.
    """
    order = np.argsort(ids, kind="stable")
    n = np.bincount(labels, minlength=n_classes)
    sums = np.bincount(labels[order], weights=values[order], minlength=n_classes)
    return np.where(n > 0, sums / np.maximum(n, 1), np.nan)


def positive_hardness(values: np.ndarray, ratio: str) -> np.ndarray:
    """Return each sample's hardness on a scale above 0, shape (n,).

    Parameters
    ----------
    values : ndarray of shape (n,)
        Higher is harder.
    ratio : {"rank", "softplus"}
        Mid-rank over all samples, (rank - 0.5) / n, which no increasing map of the score changes;
        or log(1 + exp(z)), z the score less its median, in units of its median absolute
        deviation, which no shift or scaling changes.

    Raises
    ------
    DataError
        If softplus finds no unit: more than half of the samples share one value.
    """
    if ratio == "rank":
        return (rankdata(values) - 0.5) / len(values)
    centred = values - np.median(values)
    unit = np.median(np.abs(centred))
    if unit == 0 and centred.any():
        raise DataError(
            "The ratio 'softplus' measures a score in its median absolute deviation, which is 0: "
            "half of the samples share one value.",
            hint="choose ratio='rank'.",
        )
    return np.logaddexp(0.0, centred / unit if unit else centred)


def safe_targets(counts: np.ndarray, hardness: np.ndarray, degree: float) -> np.ndarray:
    """Return b_c + degree (N U_c / sum_j U_j - b_c), shape (K,); sums to N at every degree.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        b_c, samples a class; a class without samples is asked for none.
    hardness : ndarray of shape (K,)
        U_c, above 0; what stands for a class without samples is not read.
    degree : float
        0 as it is, 1 the raw ratios; a target may be negative above 1 (see `feasible_degrees`).
    """
    pull = _pull(counts, hardness)
    return counts + degree * pull


def feasible_degrees(
    counts: np.ndarray, hardness: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[float, float]:
    """Return the smallest and the largest degree whose targets lie between low and high.

    The first exceeds the second where no degree does.

    Parameters
    ----------
    counts, hardness : ndarray of shape (K,)
        As in `safe_targets`.
    low, high : ndarray of shape (K,)
        Bounds of each class's target.
    """
    pull = _pull(counts, hardness)
    moves = np.abs(pull) > _SLACK * counts.sum()
    stuck = ~moves & ((counts < low) | (counts > high))
    if stuck.any():
        return math.inf, -math.inf
    # where a class reaches its floor and its cap; a shrinking class comes to its cap first
    ends = np.stack([(low - counts)[moves] / pull[moves], (high - counts)[moves] / pull[moves]])
    first, last = ends.min(axis=0), ends.max(axis=0)
    return float(first.max(initial=-math.inf)), float(last.min(initial=math.inf))


def published_targets(
    class_hardness: np.ndarray, n: int, degree: float, version: int, low_is_hard: bool
) -> np.ndarray:
    """Return the targets of the published code, shape (K,), whole numbers as float64.

    With H_c the class mean as published, R_c = 1 / H_c where low means hard and H_c otherwise,
    S_c = round(n R_c / sum R), half to even; m = the mean of S_c, truncated. Then each S_c becomes
    m plus or minus the truncated degree |S_c - m|. Version 1 always takes this last step; version
    2 for degrees above 1 only, and where an H_c is negative it first adds 0.0001 - min H to all.
    Nothing keeps a target above 0 or the sum at n: `require_countable` looks.

    Parameters
    ----------
    class_hardness : ndarray of shape (K,)
        H_c; NaN for a class without samples, whose target is 0.
    n : int
        Samples in all.
    degree : float
        Imbalance factor.
    version : {1, 2}
        Of the published code.
    low_is_hard : bool
        Whether a low H_c means a hard class, as for a margin.

    Raises
    ------
    ParameterError
        If a ratio is infinite.
    """
    present = ~np.isnan(class_hardness)
    mean = class_hardness[present]
    if version == 2 and (mean < 0).any():
        mean = mean + (-mean.min() + _SHIFT)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = 1.0 / mean if low_is_hard else mean
        shares = np.rint(n * ratios / math.fsum(ratios)) if np.isfinite(ratios).all() else ratios
    if not np.isfinite(shares).all():
        raise ParameterError(
            "The published ratios are not finite: a class mean of the score, or their sum, is 0.",
            hint="choose mode='safe'.",
        )
    middle = int(shares.sum() / len(shares))
    if version == 1 or degree > 1:
        moved = np.trunc(degree * np.abs(shares - middle))
        shares = np.where(shares > middle, middle + moved, middle - moved)
    targets = np.zeros(len(class_hardness))
    targets[present] = shares
    return targets


def require_countable(targets: np.ndarray, counts: np.ndarray, names: tuple[str, ...]) -> None:
    """Raise if a class with samples is asked for none, fewer than none, or too many to count.

    Raises
    ------
    ParameterError
        Naming the class.
    """
    bad = (counts > 0) & ~((targets >= 1) & (targets < MOST_DRAWS))
    if bad.any():
        code, others = int(bad.argmax()), int(bad.sum()) - 1
        also = f", and of {others} others no countable number either" if others else ""
        raise ParameterError(
            f"The published allocation asks for {targets[code]:,.0f} samples of class "
            f"{names[code]!r}{also}.",
            hint="choose mode='safe', or a smaller degree; slicing by such a number goes wrong "
            "without a word.",
        )


def _pull(counts: np.ndarray, hardness: np.ndarray) -> np.ndarray:
    """Return how far degree 1 moves each class, shape (K,)."""
    present = counts > 0
    shares = np.where(present, hardness, 0.0)
    return np.where(present, counts.sum() * (shares / math.fsum(shares)) - counts, 0.0)
