"""Intervals of figures that are functions of counts: F1, MCC, macro means, gaps, the worst class.

`bootstrap` is the default: it redraws samples within classes, the same draws for every arm and
seed, and adds what the seeds differ by (`crossed_estimate`), with Student's t. The other,
`hierarchical_bootstrap`, redraws samples and seeds both and takes percentiles, as is often
published. With few seeds that comes out too narrow: S seeds drawn from S have (S - 1) / S of their
variance, and percentiles know no t. docs/metrics.md says by how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_choice, check_integer, check_real
from steelyard.evaluation.arms import by_arm, require_pairs
from steelyard.evaluation.count_ends import count_ends, with_data
from steelyard.evaluation.count_metrics import AVERAGES, CLASS_METRICS, Metric
from steelyard.evaluation.counts import under_prevalence
from steelyard.evaluation.crossed import (
    Estimates,
    crossed_estimate,
    freedom_of_strata,
    seeds_mean,
)
from steelyard.evaluation.estimate import LEVEL, Estimate
from steelyard.evaluation.gap_metrics import GAP_METRICS
from steelyard.evaluation.influence import influences
from steelyard.evaluation.resamples import Patterns
from steelyard.records.predictions import Predictions
from steelyard.records.priors import check_prevalence, check_prior

N_RESAMPLES = 1000
METRICS: MappingProxyType[str, Metric] = MappingProxyType(
    {**CLASS_METRICS, **AVERAGES, **GAP_METRICS}
)


@dataclass(frozen=True, eq=False)
class Bootstrapped:
    """A figure of one arm over its seeds, or the difference of two arms, with its interval.

    Parameters
    ----------
    estimates : Estimates
        Mean over seeds, error and degrees of freedom, each of shape (), or (K,) for a metric of
        each class. NaN is no data.
    low, high : ndarray of shape () or (K,)
        The ends of the interval.
    by_seed : ndarray of shape (S,) or (S, K)
        The figure of each seed.
    resampled : ndarray of shape (S, B) or (S, B, K)
        In each resample, which the seeds (and arms) share.
    """

    estimates: Estimates
    low: np.ndarray
    high: np.ndarray
    by_seed: np.ndarray
    resampled: np.ndarray

    def at(self, *index: int) -> Estimate:
        """Return one estimate, for its p-value and what it could detect."""
        return self.estimates.at(*index)


def bootstrap(
    left: Predictions | Sequence[Predictions],
    right: Predictions | Sequence[Predictions] | None = None,
    metric: str | Metric = "macro_f1",
    *,
    prior: np.ndarray | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    level: float = LEVEL,
) -> Bootstrapped:
    """Return a metric of one arm, or by how much two arms differ, with its interval.

    Parameters
    ----------
    left : Predictions or sequence of them
        Of one arm, each seed once.
    right : Predictions or sequence of them, optional
        Of another arm, with the same seeds and samples. The difference is left minus right.
    metric : str or callable
        A name of `METRICS`, or a function from `Counts` (..., K) to (...,) or (..., K).
    prior : ndarray of shape (K,), optional
        Shares where the model is deployed (of several labels, the share of samples with each);
        the samples are re-weighted to it. None takes the part as it is.
    n_resamples : int
        Resamples B.
    seed : int
        Of the draws.
    level : float
        Confidence level.

    Returns
    -------
    Bootstrapped
        A metric between two ends has Wilson's interval (`share_ends`), a gap one whose bias is
        taken off its low end (`gap_ends`), a difference and a callable mean -+ t * error.

    Raises
    ------
    DataError
        If there are no predictions or several arms on one side, or the prior does not fit.
    MismatchError
        If seeds, samples or classes differ.
    ParameterError
        If the metric is none of ours, or a number lies outside its range.

    Notes
    -----
    Samples are drawn within classes, which have as many in every resample; of several labels, all
    together. Each class has a pseudo-sample beside its own (`pseudo_samples`), so that one of a
    single sample is not certain, nor arms that decide alike. The error has the degrees of freedom
    that few unlike samples warrant (`freedom_of_strata`): where a difference leans on a class of
    three samples, so does its interval.
    """
    level = check_real(level, "level", "bootstrap", 0, 1, "()")
    figures = _figures(left, right, metric, prior, n_resamples, seed)
    patterns, of_two = figures.patterns, figures.n_arms == 2
    of_models = influences(
        patterns,
        {"figure": figures.measure},
        lambda counts: counts,
        lambda gained: seeds_mean(_contrast(gained, figures.n_arms)),
    )
    freedom = freedom_of_strata(of_models["figure"], patterns.weights, patterns.strata)
    estimates = crossed_estimate(figures.by_seed, figures.resampled, freedom)
    low, high = estimates.ends(level)
    if isinstance(metric, str) and not of_two:
        expected = figures.measure(patterns.expected())
        low, high = count_ends(metric, figures.by_seed, figures.resampled, expected, freedom, level)
    return Bootstrapped(estimates, low, high, figures.by_seed, figures.resampled)


def hierarchical_bootstrap(
    left: Predictions | Sequence[Predictions],
    right: Predictions | Sequence[Predictions] | None = None,
    metric: str | Metric = "macro_f1",
    *,
    prior: np.ndarray | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    level: float = LEVEL,
) -> Bootstrapped:
    """Return what `bootstrap` does by redrawing seeds and samples both, with percentiles.

    Published practice, and too narrow with few seeds: prefer `bootstrap`.

    Parameters
    ----------
    left, right, metric, prior, n_resamples, seed, level
        As in `bootstrap`.

    Returns
    -------
    Bootstrapped
        ``low`` and ``high`` are percentiles of the means of redrawn seeds in redrawn samples,
        drawn out to the figure where they leave it out; the error is their standard deviation.
    """
    level = check_real(level, "level", "hierarchical_bootstrap", 0, 1, "()")
    figures = _figures(left, right, metric, prior, n_resamples, seed, pseudo=False)
    table = figures.resampled
    random = generator(seed, purpose="bootstrap of seeds")
    drawn = random.integers(0, len(table), (len(table), table.shape[1]))
    redrawn = table[drawn, np.arange(table.shape[1])]
    mean = crossed_estimate(figures.by_seed, table).mean
    # the mean of redrawn seeds, as of one seed: its spread over resamples is all there is
    estimates = crossed_estimate(mean[np.newaxis], seeds_mean(redrawn)[np.newaxis])
    means = np.where(np.isnan(mean), 0.0, seeds_mean(redrawn))
    low, high = np.nanquantile(means, (0.5 - level / 2, 0.5 + level / 2), axis=0)
    low = np.where(np.isnan(mean), np.nan, np.minimum(low, mean))
    high = np.where(np.isnan(mean), np.nan, np.maximum(high, mean))
    return Bootstrapped(estimates, low, high, figures.by_seed, table)


@dataclass(frozen=True, eq=False)
class _Figures:
    """A metric of every seed, measured and resampled, and what it came from."""

    by_seed: np.ndarray
    resampled: np.ndarray
    measure: Metric  # of counts with a first axis of models
    patterns: Patterns
    n_arms: int


def _figures(
    left: Predictions | Sequence[Predictions],
    right: Predictions | Sequence[Predictions] | None,
    metric: str | Metric,
    prior: np.ndarray | None,
    n_resamples: int,
    seed: int,
    pseudo: bool = True,
) -> _Figures:
    n_resamples = check_integer(n_resamples, "n_resamples", "bootstrap", 2)
    if isinstance(metric, str):
        check_choice(metric, "metric", "bootstrap", METRICS)
    measure = METRICS[metric] if isinstance(metric, str) else metric
    arms = [_one_arm(models) for models in (left, right) if models is not None]
    first = arms[0][0]
    for arm in arms[1:]:
        require_pairs(arms[0], arm)
    models = [model for arm in arms for model in arm]
    shares = prevalence = None
    if prior is not None and first.multi_label:
        prevalence = check_prevalence(prior, first.class_names, "bootstrap")
    elif prior is not None:
        shares = check_prior(prior, first.class_names, "bootstrap")
    predicted = [model.predicted for model in models]
    n_classes = len(first.class_names)
    cells = [cell for cell, arm in enumerate(arms) for _ in arm] if pseudo else None
    patterns = Patterns.of(first.truth, predicted, n_classes, shares=shares, cells=cells)
    weighed = _weighed(measure, prevalence)
    by_seed = _contrast(weighed(patterns.counts()), len(arms))
    blocks = [
        _contrast(weighed(counts), len(arms)) for counts in patterns.resampled(n_resamples, seed)
    ]
    resampled = with_data(by_seed, np.concatenate(blocks, axis=1))
    return _Figures(by_seed, resampled, weighed, patterns, len(arms))


def _weighed(measure: Metric, prevalence: np.ndarray | None) -> Metric:
    if prevalence is None:
        return measure
    return lambda counts: measure(under_prevalence(counts, prevalence))


def _contrast(values: np.ndarray, n_arms: int) -> np.ndarray:
    """Return the values of an arm's seeds, or the differences of two arms, seed by seed."""
    if n_arms == 1:
        return values
    half = len(values) // 2
    return values[:half] - values[half:]


def _one_arm(models: Predictions | Sequence[Predictions]) -> list[Predictions]:
    arms = by_arm([models] if isinstance(models, Predictions) else list(models))
    if len(arms) > 1:
        raise DataError(
            f"bootstrap takes the seeds of one arm. Got those of {list(arms)[:5]}.",
            hint="give the arms that are compared as left and right.",
        )
    return next(iter(arms.values()))
