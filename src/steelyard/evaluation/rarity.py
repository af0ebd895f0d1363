"""Does a change help rare classes? Per-class change against how rare each class is in training.

What rebalancing promises is a slope: the rarer the class, the more it gains. A mean over classes
cannot show it, and rare classes are noisier, so that the test must not take noise for a slope.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
import pandas as pd
from scipy import special

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_integer, check_real
from steelyard.evaluation.estimate import LEVEL, Estimate
from steelyard.evaluation.weighted_correlation import (
    bootstrap_counts,
    centred,
    correlation,
    mid_ranks,
    percentile_interval,
)
from steelyard.records.interval import Interval

FEWEST_CLASSES = 4  # of three classes any order is too likely to tell anything (ours)
_MOST_FOR_ALL_ORDERS = 8  # of 8 classes there are 40,320


@dataclass(frozen=True, eq=False)
class Rarity:
    """How the change of classes goes with their training counts.

    Parameters
    ----------
    pearson, spearman : Interval or None
        Correlation of change and log count; negative where rare classes gain more. None where the
        classes tell no interval: all changes are equal, or all are on one line (in one order).
    correlations : mapping of str to float
        ``pearson`` and ``spearman`` themselves; NaN where all changes are equal.
    spearman_p : float
        Of "the ranks of changes do not go with those of counts"; NaN without a correlation.
    slope : Estimate
        Change for ten times as many training samples; ``slope.p_value()`` tests Pearson's too.
    bins : pandas.DataFrame
        Classes in equal numbers from rare to common: ``n_classes``, ``count_low``, ``count_high``,
        ``mean`` change with ``low`` and ``high`` (Student's over the bin's classes; NaN of one).
    n_classes : int
        Classes that count.
    n_excluded : int
        Classes without a change, or without training samples (whose logarithm does not exist).
    """

    pearson: Interval | None
    spearman: Interval | None
    correlations: Mapping[str, float]
    spearman_p: float
    slope: Estimate
    bins: pd.DataFrame
    n_classes: int
    n_excluded: int


def rarity_test(
    changes: np.ndarray,
    counts: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    n_bins: int = 5,
    n_draws: int = 2000,
    seed: int = 0,
    level: float = LEVEL,
) -> Rarity:
    """Return how the change of each class goes with the logarithm of its training count.

    With x = log10 count and y = change, over classes::

        slope = sum w x~ y~ / sum w x~^2                    x~, y~: less their weighted means
        error^2 = sum (w x~ e / (1 - h))^2 / (sum w x~^2)^2
        h = w (1 / sum w + x~^2 / sum w x~^2)               e: residuals

    with K - 2 degrees of freedom. This error (HC3) lets each class have a noise of its own, since
    rare classes change more by chance: the classical test, and a permutation of the classes, take
    that for a correlation. Intervals of the correlations are percentiles of a bootstrap over
    classes; all speak of other classes of this kind. Spearman's p is the larger of that of the
    slope of ranks and the share of all orders of the classes whose ranks correlate as much, because
    few classes can lie in one order by chance and leave no residual to tell an error by: four do in
    2 of 24 orders. For the same reason the slope's error is never so small that its p falls below
    ``2 / K!``.

    In simulation (noise that is equal, three or ten times larger in the rarest class than in the
    commonest; 5 to 100 classes) the slope's test finds what is not there in 3 to 7 % of cases at
    5 %, that of ranks in 1 to 7 %; at .1 % both do in .5 % at most. Four classes are never a
    finding. The classical test of the slope does in 5 to 11 %.

    Parameters
    ----------
    changes : ndarray of shape (K,)
        A metric of each class minus that of the base arm, on the same held-out part. NaN where a
        class has no data. The conclusion depends on the metric: average precision depends on the
        held-out prior, d' and recall do not.
    counts : ndarray of shape (K,)
        Training samples of each class, or its training prior.
    weights : ndarray of shape (K,), optional
        How much each class counts, 0 or above. Equal by default: each class is one observation of
        what rarity does. One over the squared error of each change is more precise where that error
        is most of the spread between classes, but then common classes decide.
    n_bins : int
        Bins of the table, of equal numbers of classes, as far as there are two classes a bin.
    n_draws : int
        Bootstrap draws; and orders of the classes, where these are more than 8 (else all orders).
    seed : int
        Of the draws.
    level : float
        Confidence level.

    Raises
    ------
    MismatchError
        If the shapes differ.
    DataError
        If fewer than four classes have data, all of these have one count, or a value is infinite or
        a count or weight negative.

    References
    ----------
    MacKinnon and White (1985), Journal of Econometrics 29(3), 305-325; Long and Ervin (2000), The
    American Statistician 54(3), HC3 in small samples; Efron and Tibshirani (1993), An Introduction
    to the Bootstrap, ch. 13.
    """
    changes, counts, w = _checked(changes, counts, weights)
    n_bins = check_integer(n_bins, "n_bins", "rarity_test", 1)
    n_draws = check_integer(n_draws, "n_draws", "rarity_test", 100)
    level = check_real(level, "level", "rarity_test", 0, 1, "()")
    kept = ~np.isnan(changes) & (counts > 0) & (w > 0)
    n_excluded = int((~kept).sum())
    x, y, w = np.log10(counts[kept]), changes[kept], w[kept] / w[kept].max(initial=1e-300)
    if len(x) < FEWEST_CLASSES or x.min() == x.max():
        few = len(x) < FEWEST_CLASSES
        raise DataError(
            f"Change against rarity needs {FEWEST_CLASSES} classes or more of different counts. "
            f"Got {len(x)} with data" + ("." if few else f", all of {counts[kept][0]:g}."),
            hint="compare the classes one by one with class_estimates.",
        )
    rng = generator(seed, purpose="rarity")
    drawn = bootstrap_counts(len(x), n_draws, rng)
    weights = w * np.vstack([np.ones(len(x)), drawn])  # the first row is the classes themselves
    pearson = correlation(x, y, weights)
    spearman = correlation(mid_ranks(x, weights), mid_ranks(y, weights), weights)
    spearman_p = np.nan
    if not np.isnan(spearman[0]):
        of_ranks = _never_certain(_slope(mid_ranks(x, w), mid_ranks(y, w), w))
        spearman_p = max(of_ranks.p_value(), _orders_p_value(x, y, w, n_draws, rng))
    return Rarity(
        percentile_interval(float(pearson[0]), pearson[1:], level),
        percentile_interval(float(spearman[0]), spearman[1:], level),
        {"pearson": float(pearson[0]), "spearman": float(spearman[0])},
        spearman_p,
        _never_certain(_slope(x, y, w)),
        _bins(counts[kept], y, w, n_bins, level),
        len(x),
        n_excluded,
    )


def _orders_p_value(
    x: np.ndarray, y: np.ndarray, w: np.ndarray, n_draws: int, rng: np.random.Generator
) -> float:
    """Return the share of orders of the classes whose ranks correlate as much, this one included.

    Every order of up to 8 classes, else ``n_draws`` of them and this one.

    References
    ----------
    Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9(1), 39.
    """
    n = len(x)
    if n <= _MOST_FOR_ALL_ORDERS:
        orders = np.array(list(permutations(range(n))))
    else:
        drawn = rng.permuted(np.tile(np.arange(n), (n_draws, 1)), axis=1)
        orders = np.vstack([np.arange(n), drawn])
    weights = w[orders]
    found = np.abs(correlation(mid_ranks(x, w)[orders], mid_ranks(y, weights), weights))
    # the first order is the classes as they are; what differs by rounding alone is as far
    return float((found >= found[0] - 1e-12).mean())


def _never_certain(slope: Estimate) -> Estimate:
    """Return the slope with an error by which p is not below 2 / K!, the share of regular orders.

    Of changes that are all equal nothing varied: a slope of 0 with an error of 0, which is no test.
    """
    n_orders = special.gamma(slope.freedom + 3)  # K!
    least_p = max(2 / n_orders, np.finfo(np.float64).eps)
    error = abs(slope.mean) / -special.stdtrit(slope.freedom, least_p / 2)
    return replace(slope, error=max(slope.error, float(error)))


def _slope(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> Estimate:
    x, y = centred(x, w), centred(y, w)
    spread = float((w * x**2).sum())
    slope = float((w * x * y).sum()) / spread
    left = 1 - w * (1 / w.sum() + x**2 / spread)
    if left.min() < 1e-9:  # one class alone decides: it has no residual to tell its noise by
        return Estimate(slope, np.inf, len(x) - 2.0)
    error = np.sqrt(((w * x * (y - slope * x) / left) ** 2).sum()) / spread
    return Estimate(slope, float(error), len(x) - 2.0)


def _bins(
    counts: np.ndarray, changes: np.ndarray, w: np.ndarray, n_bins: int, level: float
) -> pd.DataFrame:
    rare_first = np.argsort(counts, kind="stable")
    rows = []
    for mine in np.array_split(rare_first, max(1, min(n_bins, len(counts) // 2))):
        share = w[mine] / w[mine].sum()
        mean = float(share @ changes[mine])
        n = len(mine)
        error = np.sqrt((share**2 * (changes[mine] - mean) ** 2).sum() * n / (n - 1))
        half = float(special.stdtrit(n - 1, 0.5 + level / 2) * error)
        ends = {"mean": mean, "low": mean - half, "high": mean + half}
        span = {"count_low": float(counts[mine].min()), "count_high": float(counts[mine].max())}
        rows.append({"n_classes": n, **span, **ends})
    return pd.DataFrame(rows)


def _checked(
    changes: np.ndarray, counts: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    changes, counts = np.asarray(changes, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    given = np.ones(changes.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    if changes.ndim != 1 or counts.shape != changes.shape or given.shape != changes.shape:
        raise MismatchError(
            "rarity_test needs one change, one count and one weight a class. "
            f"Got shapes {changes.shape}, {counts.shape} and {given.shape}."
        )
    if np.isinf(changes).any():
        raise DataError("The changes of classes must be finite, or NaN for no data.")
    for what, values in (("counts", counts), ("weights", given)):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise DataError(f"The {what} of classes must be finite and 0 or above.")
    return changes, counts, given
