"""Metrics of scores: how well they rank, and how far their probabilities are to be believed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from steelyard.evaluation.calibration import parts_of_classes, parts_of_labels
from steelyard.evaluation.catalogue import CALIBRATION, CLASS_RANKS, MEANS, RANKS
from steelyard.evaluation.deployments import Deployment
from steelyard.evaluation.estimate import Estimate
from steelyard.evaluation.evidence import OfSamples, OfSeeds
from steelyard.evaluation.figure import Ends, Figure, ends_of
from steelyard.evaluation.judged import Models
from steelyard.evaluation.rank_estimates import RankMetric, rank_estimates
from steelyard.evaluation.reliability import BINNINGS
from steelyard.records.interval import Interval
from steelyard.records.predictions import Predictions

N_BINS = 15


def scored(
    models: Models,
    deployment: Deployment,
    metrics: Collection[str],
    class_metrics: Collection[str],
) -> tuple[dict[str, Figure], dict[str, list[Ends]]]:
    """Return the metrics of scores, overall and of each class, of one arm's models.

    Parameters
    ----------
    models : callable
        Yields the models, one a seed, as decided.
    deployment : Deployment
        Of classes: ranks are not judged under a mix of groups.
    metrics, class_metrics : collection of str
        What is wanted, of which others are left to others.
    """
    overall: dict[str, Figure] = {}
    by_class: dict[str, list[Ends]] = {}
    ranks = [name for name in metrics if name in RANKS]
    class_ranks = [name for name in class_metrics if name in CLASS_RANKS]
    if (ranks or class_ranks) and deployment.by_class:
        found = rank_estimates(list(models()), deployment.prior)
        overall |= {name: _rank_figure(found[RANKS[name]]) for name in ranks}
        for name in class_ranks:
            one = found[CLASS_RANKS[name]]
            by_class[name] = list(map(_ends, one.estimates, one.intervals))
    errors = [name for name in metrics if name in BINNINGS]
    means = [name for name in metrics if name in MEANS]  # left here of several labels alone
    measures = [name for name in class_metrics if name in CALIBRATION]
    if errors or measures or means:
        # copies, which take what they work out along when they go
        *each, whole = _parts([replace(one) for one in models()], deployment)
        n_classes = sum(1 for one in each if one.values)
        for name in errors:
            evidence = OfSeeds(whole.errors[name])
            overall[name] = Figure(evidence, whole.level(name), n_classes)
        for name in means:
            mean = OfSamples(whole.values[name], whole.strata, whole.shares)
            overall[name] = Figure(mean, whole.level(name), n_classes)
        by_class |= {name: [one.level(name) for one in each] for name in measures}
    return overall, by_class


def _rank_figure(found: RankMetric) -> Figure:
    ends = _ends(found.macro, found.macro_interval)
    return Figure(found.evidence, ends, int(found.counted.sum()))


def _ends(estimate: Estimate | None, interval: Interval | None) -> Ends:
    """Return mean and ends, these NaN where there is data and no interval."""
    if estimate is not None and interval is None:
        return estimate.mean, np.nan, np.nan
    return ends_of(interval)


def _parts(models: list[Predictions], deployment: Deployment) -> list:
    if models[0].multi_label:
        return list(parts_of_labels(models, deployment.prior, N_BINS))
    return list(parts_of_classes(models, deployment.strata, deployment.tested_shares, N_BINS))
