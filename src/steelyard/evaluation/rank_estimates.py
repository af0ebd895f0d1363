"""AUROC, average precision and d' of one arm's models, by class and overall, with their errors.

Every metric is to first order a weighted mean of values of the samples (`rank_values`), so that
`stratified_estimate` gives its error over samples and seeds: of one class, of the mean over
classes (whose errors on the same samples go together), and of differences between arms.

The samples are strata of fixed shares: classes, or of a label those with and without it. So the
intervals speak of other samples of each class, in the same shares or in those of a deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from steelyard._support.errors import MismatchError
from steelyard.evaluation.d_prime import (
    d_prime_at,
    d_prime_interval,
    d_prime_slope,
    least_auroc,
)
from steelyard.evaluation.estimate import Estimate
from steelyard.evaluation.fixed_prior import REFERENCE, check_reference
from steelyard.evaluation.intervals import stratified_estimate, within
from steelyard.evaluation.one_vs_rest import OneVsRest, against_the_rest, checked_prior, one_arm
from steelyard.evaluation.rank_values import rank_values
from steelyard.evaluation.reliability import log_odds
from steelyard.evaluation.share_intervals import share_interval
from steelyard.records.interval import Interval
from steelyard.records.predictions import Predictions

AUROC, AP, FIXED = "auroc", "average_precision", "fixed_prior_average_precision"
MEAN_D_PRIME, D_PRIME_OF_MEAN = "mean_d_prime", "d_prime_of_mean_auroc"
RANK_METRICS = (AUROC, AP, FIXED, MEAN_D_PRIME, D_PRIME_OF_MEAN)
_SHARES = RANK_METRICS[:3]
_BY_CLASS = RANK_METRICS[:4]  # of one class the two d' are the same


@dataclass(frozen=True, eq=False)
class RankMetric:
    """One rank metric of one arm, or its difference between two arms.

    Parameters
    ----------
    name : str
        One of `RANK_METRICS`. The two d' are the same by class and differ in the mean over classes.
    by_seed : ndarray of shape (S, K)
        By seed and class; NaN is no data.
    estimates : tuple of Estimate or None, of length K
        Of each class; None is no data.
    intervals : tuple of Interval or None, of length K
        95 % intervals of each class. Those of shares lie within [0, 1] and are never a point.
    macro : Estimate or None
        Of the mean over the classes that have data; None if none has.
    macro_interval : Interval or None
        Its interval.
    values : ndarray of shape (S, n)
        ``macro`` is ``stratified_estimate(values, strata, shares)``; the deployment's weights are
        in the values. Those of two arms, subtracted, give the difference of their macro metrics.
    strata : ndarray of shape (n,)
        Codes of strata.
    shares : ndarray
        Samples of each stratum.
    """

    name: str
    by_seed: np.ndarray
    estimates: tuple[Estimate | None, ...]
    intervals: tuple[Interval | None, ...]
    macro: Estimate | None
    macro_interval: Interval | None
    values: np.ndarray
    strata: np.ndarray
    shares: np.ndarray

    @property
    def counted(self) -> np.ndarray:
        """Which classes have data, and so are in the mean, bool of shape (K,)."""
        return np.array([one is not None for one in self.estimates])


def rank_estimates(
    predictions: Predictions | Sequence[Predictions],
    prior: Mapping[str, float] | np.ndarray | None = None,
    reference: float = REFERENCE,
) -> dict[str, RankMetric]:
    """Return every rank metric of one arm, by class and overall, with its errors.

    Parameters
    ----------
    predictions : Predictions or sequence of them
        Of one arm, one a seed, on the same samples. Classes are ranked by their log-odds.
    prior : mapping of class name to weight, or ndarray of shape (K,), optional
        Where the model is deployed: class shares, or the share of samples with each label. None
        takes the held-out part as it is. AUROC depends on it through the other classes alone.
    reference : float
        The share that every class has in ``fixed_prior_average_precision``.

    Returns
    -------
    dict of str to RankMetric
        By the names in `RANK_METRICS`. A class without positives or without negatives, or that
        the prior excludes or makes certain, has no data.

    Raises
    ------
    DataError
        If there are no predictions or those of several arms, or the prior does not fit.
    MismatchError
        If the predictions are not of the same samples, or a seed occurs twice.
    ParameterError
        If the reference lies outside (0, 1).
    """
    models = one_arm(predictions, "rank_estimates")
    classes = _classes(models, checked_prior(prior, models[0]), check_reference(reference))
    means = _Means(models)
    estimates: dict[str, list[Estimate | None]] = {name: [] for name in _BY_CLASS}
    intervals: dict[str, list[Interval | None]] = {name: [] for name in _BY_CLASS}
    for k, one in enumerate(classes):
        if one is not None:
            means.add(k, one)
        for name in _BY_CLASS:
            estimates[name].append(None if one is None else one.estimate(name))
            intervals[name].append(None if one is None else one.interval(name))
    found = {}
    for name in RANK_METRICS:
        values = means.values(name)
        macro = means.estimate(values)
        found[name] = RankMetric(
            name,
            means.by_seed[_by_class(name)],
            tuple(estimates[_by_class(name)]),
            tuple(intervals[_by_class(name)]),
            macro,
            means.interval(name, macro),
            values,
            means.strata,
            means.shares,
        )
    return found


def rank_differences(
    predictions: Predictions | Sequence[Predictions],
    base: Predictions | Sequence[Predictions],
    prior: Mapping[str, float] | np.ndarray | None = None,
    reference: float = REFERENCE,
) -> dict[str, RankMetric]:
    """Return every rank metric of one arm minus that of another, paired by seed and sample.

    Parameters
    ----------
    predictions, base : Predictions or sequence of them
        Each of one arm; the same samples and seeds.
    prior, reference
        As in `rank_estimates`.

    Returns
    -------
    dict of str to RankMetric
        As from `rank_estimates`, of differences; their intervals are Student's t. A class that is
        ranked without a fault by both differs by exactly nothing, and of one positive alone the
        error is that of the negatives: no spread of positives was seen.

    Raises
    ------
    DataError, ParameterError
        As for `rank_estimates`.
    MismatchError
        Also if the two are not of the same samples and seeds.
    """
    models, others = one_arm(predictions, "rank_estimates"), one_arm(base, "rank_differences")
    _require_pairs(models, others)
    weighing = checked_prior(prior, models[0]), check_reference(reference)
    means, base_means = _Means(models), _Means(others)
    estimates: dict[str, list[Estimate | None]] = {name: [] for name in _BY_CLASS}
    pairs = zip(_classes(models, *weighing), _classes(others, *weighing), strict=True)
    for k, (one, other) in enumerate(pairs):
        if one is None or other is None:
            for name in _BY_CLASS:
                estimates[name].append(None)
            continue
        means.add(k, one)
        base_means.add(k, other)
        for name in _BY_CLASS:
            estimates[name].append(one.estimate(name, minus=other))
    found = {}
    for name in RANK_METRICS:
        mine = tuple(estimates[_by_class(name)])
        values = means.values(name) - base_means.values(name)
        macro = means.estimate(values)
        found[name] = RankMetric(
            name,
            means.by_seed[_by_class(name)] - base_means.by_seed[_by_class(name)],
            mine,
            tuple(_of_difference(name, one) for one in mine),
            macro,
            _of_difference(name, macro),
            values,
            means.strata,
            means.shares,
        )
    return found


@dataclass(frozen=True, eq=False)
class _OneClass:
    """A class's metrics: by seed (S,), and values (S, n) that are 0 in their weighted mean."""

    rest: OneVsRest
    fixed: OneVsRest
    least: float
    found: dict[str, tuple[np.ndarray, np.ndarray]]

    def weighed(self, name: str) -> OneVsRest:
        return self.fixed if name == FIXED else self.rest

    def estimate(self, name: str, minus: _OneClass | None = None) -> Estimate:
        levels, offsets = self.found[name]
        if minus is not None:
            levels, offsets = levels - minus.found[name][0], offsets - minus.found[name][1]
        # weighted, not uneven shares: strata borrow spread from one another, on one scale then
        weighed = self.weighed(name)
        values = levels[:, np.newaxis] + _weighted(offsets, weighed)
        return stratified_estimate(values, weighed.strata, np.bincount(weighed.strata))

    def interval(self, name: str) -> Interval:
        if name == MEAN_D_PRIME:
            mean = self.estimate(name).mean
            ends = d_prime_interval(self.interval(AUROC), self.least)
            # the mean of the seeds' d' is not the d' of their mean
            return Interval(mean, min(ends.low, mean), max(ends.high, mean))
        return share_interval(self.estimate(name), self.weighed(name).worth)


class _Means:
    """Means over classes while these go by, one at a time: their values are never all in memory."""

    def __init__(self, models: list[Predictions]) -> None:
        first = models[0]
        shape = len(models), len(first.class_names)
        self.by_seed = {name: np.full(shape, np.nan) for name in _BY_CLASS}
        self.least = np.full(shape[1], np.nan)
        self.worth = np.full(shape[1], np.nan)
        self.offsets = {name: np.zeros((len(models), len(first))) for name in _BY_CLASS}
        # of labels a sample is one stratum's here and another's there
        self.strata = np.zeros(len(first), np.int64) if first.multi_label else first.truth
        self.shares = np.bincount(self.strata).astype(np.float64)

    def add(self, code: int, one: _OneClass) -> None:
        self.least[code], self.worth[code] = one.least, one.rest.worth
        for name, (levels, offsets) in one.found.items():
            self.by_seed[name][:, code] = levels
            self.offsets[name] += _weighted(offsets, one.weighed(name))

    def values(self, name: str) -> np.ndarray:
        """Return (S, n), whose plain mean over the samples is the mean over classes; or NaN."""
        by_class = _by_class(AUROC if name == D_PRIME_OF_MEAN else name)
        counted = ~np.isnan(self.worth)
        if not counted.any():
            return np.full(self.offsets[by_class].shape, np.nan)
        levels = self.by_seed[by_class][:, counted].mean(axis=1, keepdims=True)
        offsets = self.offsets[by_class] / counted.sum()
        if name == D_PRIME_OF_MEAN:
            least = self.mean_least
            offsets = d_prime_slope(levels, least) * offsets
            levels = d_prime_at(levels, least)
        return levels + offsets

    @property
    def mean_least(self) -> float:
        return float(np.nanmean(self.least))

    def estimate(self, values: np.ndarray) -> Estimate | None:
        if np.isnan(values).any():
            return None
        return stratified_estimate(values, self.strata, self.shares)

    def interval(self, name: str, macro: Estimate | None) -> Interval | None:
        if macro is None or name == MEAN_D_PRIME:
            return None if macro is None else macro.interval()
        # K classes that are independent and worth w_k each are together worth K^2 / sum 1/w_k
        worth = self.worth[~np.isnan(self.worth)]
        size = len(worth) ** 2 / (1 / worth).sum()
        if name != D_PRIME_OF_MEAN:
            return share_interval(macro, size)
        auroc = self.estimate(self.values(AUROC))
        assert auroc is not None  # there is a d' of it
        ends = d_prime_interval(share_interval(auroc, size), self.mean_least)
        return Interval(macro.mean, min(ends.low, macro.mean), max(ends.high, macro.mean))


def _classes(
    models: list[Predictions], prior: np.ndarray | None, reference: float
) -> Iterator[_OneClass | None]:
    """Yield what each class's ranks are; None for one without data."""
    truth, n_classes = models[0].truth, len(models[0].class_names)
    odds = [log_odds(one) for one in models]
    for code in range(n_classes):
        rest = against_the_rest(truth, code, n_classes, prior)
        if rest is None:
            yield None
            continue
        fixed = rest.at(reference)
        scores = np.stack([one[:, code] for one in odds])
        plain = rank_values(scores, rest.positive, rest.weights)
        again = rank_values(scores, rest.positive, fixed.weights)
        n_positive = rest.n_positive
        least = float(least_auroc(n_positive, len(truth) - n_positive))
        auroc = plain.auroc, plain.auroc_values - plain.auroc[:, np.newaxis]
        found = {
            AUROC: auroc,
            AP: _around(plain.average_precision, plain.average_precision_values),
            FIXED: _around(again.average_precision, again.average_precision_values),
            MEAN_D_PRIME: (
                d_prime_at(auroc[0], least),
                d_prime_slope(auroc[0], least)[:, np.newaxis] * auroc[1],
            ),
        }
        yield _OneClass(rest, fixed, least, found)


def _around(levels: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return levels, values - levels[:, np.newaxis]


def _weighted(offsets: np.ndarray, weighed: OneVsRest) -> np.ndarray:
    """Return offsets times weights, around their stratum's mean: the shares of strata are fixed."""
    n_strata = len(weighed.shares)
    counts = np.maximum(np.bincount(weighed.strata, minlength=n_strata), 1)
    sums = [np.bincount(weighed.strata, row, n_strata) for row in offsets]
    return (offsets - (np.stack(sums) / counts)[:, weighed.strata]) * weighed.weights


def _of_difference(name: str, estimate: Estimate | None) -> Interval | None:
    if estimate is None:
        return None
    return within(estimate.interval(), (-1.0, 1.0) if name in _SHARES else (-np.inf, np.inf))


def _by_class(name: str) -> str:
    return MEAN_D_PRIME if name == D_PRIME_OF_MEAN else name


def _require_pairs(models: list[Predictions], others: list[Predictions]) -> None:
    first, other = models[0], others[0]
    if (
        [one.seed for one in models] != [one.seed for one in others]
        or first.class_names != other.class_names
        or not np.array_equal(first.ids, other.ids)
        or not np.array_equal(first.truth, other.truth)
    ):
        raise MismatchError(
            f"Arms {first.arm!r} and {other.arm!r} were not predicted on the same samples with "
            "the same seeds, so their ranks are not paired.",
            hint="compare arms on one held-out part, with the same seeds in one order.",
        )
