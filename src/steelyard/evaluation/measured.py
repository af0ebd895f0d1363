"""Every metric of one arm and decision under one deployment, with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.evaluation.catalogue import BY_CLASS
from steelyard.evaluation.deployments import Deployment
from steelyard.evaluation.evidence import OfClasses, OfSamples
from steelyard.evaluation.figure import NO_DATA, Ends, Figure, ends_of
from steelyard.evaluation.from_counts import Redrawn, counted
from steelyard.evaluation.from_scores import scored
from steelyard.evaluation.gaps import equal_classes_null
from steelyard.evaluation.intervals import accuracy_interval, recall_intervals, within
from steelyard.evaluation.judged import Judged
from steelyard.evaluation.quantities import RANGES
from steelyard.records.predictions import Predictions


@dataclass(frozen=True)
class Wanted:
    """What is to be judged: see `evaluate`."""

    metrics: tuple[str, ...]
    class_metrics: tuple[str, ...]
    easy: tuple[int, ...]
    hard: tuple[int, ...]
    n_resamples: int
    seed: int


@dataclass(frozen=True, eq=False)
class Measured:
    """The figures of one arm and decision.

    Parameters
    ----------
    overall : mapping of metric to Figure
    by_class : mapping of metric to list of (mean, low, high), of length K
    n : ndarray of int64, shape (K,)
        Samples of each class in the part.
    of_classes : mapping of metric to OfClasses
        What the metrics of a class rest on that are compared by redraws.
    """

    overall: dict[str, Figure]
    by_class: dict[str, list[Ends]]
    n: np.ndarray
    of_classes: dict[str, OfClasses]


def measure(
    judged: Judged,
    first: Predictions,
    deployment: Deployment,
    wanted: Wanted,
    redrawn: Callable[[], Redrawn],
    rows: slice,
) -> Measured:
    """Return every metric that is wanted; ``rows`` are this arm's models among those redrawn."""
    n_classes = len(first.class_names)
    overall = _means(judged, first, deployment, wanted)
    by_class: dict[str, list[Ends]] = {}
    plain = deployment.by_class and not first.multi_label
    if "recall" in wanted.class_metrics and plain:
        right = judged.values.get("accuracy")
        if right is None:
            right = (judged.predicted == first.truth).astype(np.float64)
        intervals = recall_intervals(right, first.truth, n_classes)
        deployed = deployment.prior > 0  # a class of share 0 is absent there
        by_class["recall"] = [
            ends_of(one) if there else NO_DATA
            for one, there in zip(intervals, deployed, strict=True)
        ]
    left = [name for name in wanted.metrics if name not in overall]
    left_of_class = [name for name in wanted.class_metrics if name not in by_class]
    figures, of_class, of_classes = counted(
        redrawn, rows, left, left_of_class, wanted.easy, wanted.hard
    )
    for others in ((figures, of_class), scored(judged.models, deployment, left, left_of_class)):
        overall |= others[0]
        by_class |= others[1]
    return Measured(
        {name: overall[name] for name in wanted.metrics if name in overall},
        {name: by_class[name] for name in BY_CLASS if name in by_class},
        _sizes(first),
        of_classes,
    )


def _means(
    judged: Judged, first: Predictions, deployment: Deployment, wanted: Wanted
) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    if first.multi_label:  # each label has weights of its own: its counts tell
        return figures
    strata, shares = deployment.strata, deployment.shares
    tested = (_sizes(first) > 0) & (deployment.prior > 0)
    for metric, values in judged.values.items():
        if metric not in wanted.metrics:
            continue
        evidence = OfSamples(values, strata, shares)
        interval = evidence.estimate().interval()
        if metric == "accuracy":
            interval = accuracy_interval(values, strata, shares)
        ends = ends_of(within(interval, RANGES[metric]))
        figures[metric] = Figure(evidence, ends, int(tested.sum()))
    return figures


def chance_rows(
    key: Mapping[str, str],
    found: Measured,
    judged: Judged,
    first: Predictions,
    deployment: Deployment,
    wanted: Wanted,
) -> list[dict]:
    """Return what each gap between recalls would come to by chance, were all classes alike.

    Of the classes that are deployed and have samples, at their mean recall.
    """
    gaps = [name for name in found.overall if name.startswith("recall_")]
    if not gaps or first.multi_label or not deployment.by_class:
        return []
    sizes = np.where(deployment.prior > 0, found.n, 0)
    here = sizes > 0
    right = (judged.predicted == first.truth).mean(axis=0)
    recalls = np.bincount(first.truth, weights=right, minlength=len(sizes))[here] / sizes[here]
    sides: dict[str, Any] = {}
    if wanted.easy and wanted.hard:
        sides = {"easy": wanted.easy, "hard": wanted.hard}
    null = equal_classes_null(
        sizes, float(recalls.mean()), wanted.n_resamples, wanted.seed, **sides
    )
    return [
        {**key, "metric": name, "mean": chance.mean, "end": chance.end}
        for name in gaps
        for chance in [null[name.removeprefix("recall_")]]
    ]


def _sizes(first: Predictions) -> np.ndarray:
    if first.multi_label:
        return first.truth.sum(axis=0)
    return np.bincount(first.truth, minlength=len(first.class_names))
