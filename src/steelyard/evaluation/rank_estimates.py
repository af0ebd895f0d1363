"""AUROC, average precision and d' of one arm's models, by class and overall, with their errors.

Every metric is to first order a weighted mean of values of the samples (`rank_values`), so that
`stratified_estimate` gives its error over samples and seeds: of one class, of the mean over
classes (whose errors on the same samples go together), and of differences between arms.

The samples are strata of fixed shares: classes, or of a label those with and without it. So the
intervals speak of other samples of each class, in the same shares or in those of a deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from steelyard._support.errors import MismatchError
from steelyard.evaluation.borrowed import with_borrowed
from steelyard.evaluation.crossed import seeds_mean
from steelyard.evaluation.d_prime import (
    d_prime_at,
    d_prime_interval,
    d_prime_slope,
    least_auroc,
)
from steelyard.evaluation.estimate import Estimate
from steelyard.evaluation.evidence import Evidence, OfSamples, OfSeeds
from steelyard.evaluation.fixed_prior import REFERENCE, check_reference, has_error
from steelyard.evaluation.intervals import stratified_estimate, within
from steelyard.evaluation.one_vs_rest import OneVsRest, against_the_rest, checked_prior, one_arm
from steelyard.evaluation.rank_intervals import rank_interval
from steelyard.evaluation.rank_values import rank_values
from steelyard.evaluation.reliability import rank_scores
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
        Of each class; None is no data. The error is NaN where none is known that holds.
    intervals : tuple of Interval or None, of length K
        95 % intervals of each class, None also where no error is known. Those of shares lie
        within [0, 1]; none is a point.
    macro : Estimate or None
        Of the mean over the classes that have data; None if none has, its error as of a class.
    macro_interval : Interval or None
        Its interval.
    evidence : Evidence
        What ``macro`` rests on: that of two arms, subtracted, gives the difference of their means.
    """

    name: str
    by_seed: np.ndarray
    estimates: tuple[Estimate | None, ...]
    intervals: tuple[Interval | None, ...]
    macro: Estimate | None
    macro_interval: Interval | None
    evidence: Evidence

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
    return {
        name: RankMetric(
            name,
            means.by_seed[_by_class(name)],
            tuple(estimates[_by_class(name)]),
            tuple(intervals[_by_class(name)]),
            means.estimate(name),
            means.interval(name),
            means.evidence(name),
        )
        for name in RANK_METRICS
    }


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
        As from `rank_estimates`, of differences; their intervals are Student's t. Each stratum
        borrows a sample that both arms rank at random (`steelyard.evaluation.borrowed`), so that
        one positive shows nothing and two arms that rank alike are not certain to. Differences
        of a class's d' and of ``mean_d_prime`` have no error: those of AUROC are to be tested.

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
        evidence = means.evidence(name) - base_means.evidence(name)
        macro = _mean_of(evidence)
        found[name] = RankMetric(
            name,
            means.by_seed[_by_class(name)] - base_means.by_seed[_by_class(name)],
            mine,
            tuple(_of_difference(name, one) for one in mine),
            macro,
            _of_difference(name, macro),
            evidence,
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

    def has_error(self, name: str) -> bool:
        return name in (AUROC, AP) or (name == FIXED and has_error(self.fixed))

    def estimate(self, name: str, minus: _OneClass | None = None) -> Estimate | None:
        levels, offsets = self.found[name]
        if minus is not None:
            levels, offsets = levels - minus.found[name][0], offsets - minus.found[name][1]
        if np.isnan(levels).any():
            return None
        if not self.has_error(name):
            return Estimate(float(levels.mean()), np.nan)
        # weighted, not uneven shares: strata borrow spread from one another, on one scale then
        weighed = self.weighed(name)
        values = levels[:, np.newaxis] + _weighted(offsets, weighed)
        found = stratified_estimate(values, weighed.strata, np.bincount(weighed.strata))
        if minus is None:
            return found
        return with_borrowed(found, weighed.borrowed + minus.weighed(name).borrowed)

    def interval(self, name: str) -> Interval | None:
        estimate = self.estimate(name)
        if estimate is None:
            return None
        if name == MEAN_D_PRIME:
            auroc = self.interval(AUROC)
            assert auroc is not None  # there is a d' of it
            return _d_prime_around(estimate.mean, auroc, self.least)
        return rank_interval(estimate, self.weighed(name).worth) if self.has_error(name) else None


class _Means:
    """Means over classes while these go by, one at a time: their values are never all in memory."""

    def __init__(self, models: list[Predictions]) -> None:
        first = models[0]
        shape = len(models), len(first.class_names)
        self.by_seed = {name: np.full(shape, np.nan) for name in _BY_CLASS}
        self.least = np.full(shape[1], np.nan)
        self.worth = np.full(shape[1], np.nan)
        self.borrowed = 0.0
        self.known = dict.fromkeys(_SHARES, True)
        self.offsets = {name: np.zeros((len(models), len(first))) for name in _SHARES}
        # of labels a sample is one stratum's here and another's there
        self.multi_label = first.multi_label
        self.strata = np.zeros(len(first), np.int64) if first.multi_label else first.truth
        self.shares = np.bincount(self.strata).astype(np.float64)

    def add(self, code: int, one: _OneClass) -> None:
        self.least[code], self.worth[code] = one.least, one.rest.worth
        self.borrowed += one.rest.borrowed  # within its kind a class is as at a fixed prior
        for name, (levels, offsets) in one.found.items():
            self.by_seed[name][:, code] = levels
            if name in _SHARES:
                self.offsets[name] += _weighted(offsets, one.weighed(name))
                self.known[name] &= one.has_error(name)

    def evidence(self, name: str) -> Evidence:
        """Return what the mean over classes rests on; NaN of each seed without data."""
        share = AUROC if name == D_PRIME_OF_MEAN else name
        levels = seeds_mean(self.by_seed[share].T)
        if np.isnan(levels).any() or not self.known.get(share, False):
            return OfSeeds(levels)
        n_counted = int((~np.isnan(self.worth)).sum())
        offsets, borrowed = self.offsets[share] / n_counted, self.borrowed / n_counted**2
        if not self.multi_label:  # K log-odds at random go together by -1 / (K - 1)
            borrowed *= n_counted / max(n_counted - 1, 1)
        if name == D_PRIME_OF_MEAN:
            if self.mean_least >= 0.5:
                return OfSeeds(np.full(len(levels), np.nan))
            slopes = d_prime_slope(levels, self.mean_least)
            offsets, borrowed = slopes[:, np.newaxis] * offsets, slopes.mean() ** 2 * borrowed
            levels = d_prime_at(levels, self.mean_least)
        values = levels[:, np.newaxis] + offsets
        return OfSamples(values, self.strata, self.shares, float(borrowed))

    @property
    def mean_least(self) -> float:
        return float(np.nanmean(self.least))

    def estimate(self, name: str) -> Estimate | None:
        evidence = self.evidence(name)
        if isinstance(evidence, OfSamples):
            # places of mean p have a variance of about p (1 - p) / 3: 1/12 where they are random
            p = float(seeds_mean(self.by_seed[AUROC if name == D_PRIME_OF_MEAN else name].T).mean())
            borrowed = evidence.borrowed * max(4 * p * (1 - p), 0.0)
            evidence = replace(evidence, borrowed=borrowed)
        return _mean_of(evidence)

    def interval(self, name: str) -> Interval | None:
        macro = self.estimate(name)
        if macro is None or np.isnan(macro.error):
            return None
        # K classes that are independent and worth w_k each are together worth K^2 / sum 1/w_k
        worth = self.worth[~np.isnan(self.worth)]
        size = len(worth) ** 2 / (1 / worth).sum()
        if name != D_PRIME_OF_MEAN:
            return rank_interval(macro, size)
        auroc = self.interval(AUROC)
        assert auroc is not None  # there is a d' of it
        return _d_prime_around(macro.mean, auroc, self.mean_least)


def _classes(
    models: list[Predictions], prior: np.ndarray | None, reference: float
) -> Iterator[_OneClass | None]:
    """Yield what each class's ranks are; None for one without data."""
    truth, n_classes = models[0].truth, len(models[0].class_names)
    odds = [rank_scores(one) for one in models]
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
            MEAN_D_PRIME: (d_prime_at(auroc[0], least), np.zeros_like(auroc[1])),
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
    if estimate is None or np.isnan(estimate.error):
        return None
    return within(estimate.interval(), (-1.0, 1.0) if name in _SHARES else (-np.inf, np.inf))


def _mean_of(evidence: Evidence) -> Estimate | None:
    """Return the mean over classes and seeds, with an error of NaN where none is known."""
    mean = float(evidence.by_seed.mean())
    return None if np.isnan(mean) else evidence.estimate() or Estimate(mean, np.nan)


def _d_prime_around(mean: float, auroc: Interval, least: float) -> Interval:
    """Return the ends, transformed; the mean of the seeds' d' is not the d' of their mean."""
    ends = d_prime_interval(auroc, least)
    return Interval(mean, min(ends.low, mean), max(ends.high, mean))


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
