"""Each group of samples by itself, and the worst of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from steelyard.evaluation.deployments import Deployment
from steelyard.evaluation.evidence import OfSamples
from steelyard.evaluation.figure import Ends, Figure, ends_of
from steelyard.evaluation.from_counts import Redrawn, counted
from steelyard.evaluation.intervals import accuracy_interval, within
from steelyard.evaluation.judged import Judged
from steelyard.evaluation.priors import TEST
from steelyard.evaluation.quantities import RANGES
from steelyard.records.predictions import Predictions

WORST_GROUP = "worst_group_accuracy"


def group_rows(
    key: Mapping[str, str],
    judged: Judged,
    first: Predictions,
    deployment: Deployment,
    groupings: Mapping[str, np.ndarray],
) -> list[dict]:
    """Return the rows of the table by group: means over each group's samples, classes re-weighted.

    A group that lacks a class is judged on the others: ``n_classes`` tells.
    """
    rows: list[dict] = []
    # of labels each is re-weighted by itself, which leaves the samples of a group no one weight
    if not deployment.by_class or (first.multi_label and deployment.name != TEST):
        return rows
    for grouping, groups in groupings.items():
        for group in sorted(set(groups)):
            mine = groups == group
            strata = deployment.strata[mine]
            counts = np.bincount(strata, minlength=len(deployment.shares))
            tested = (counts > 0) & (deployment.shares > 0)
            for metric, values in judged.values.items():
                ends: Ends = (np.nan, np.nan, np.nan)
                if tested.any():
                    level = OfSamples(values[:, mine], strata, deployment.shares)
                    interval = level.estimate().interval()
                    if metric == "accuracy":
                        interval = accuracy_interval(values[:, mine], strata, deployment.shares)
                    ends = ends_of(within(interval, RANGES[metric]))
                rows.append(
                    {
                        **key,
                        "metric": metric,
                        "grouping": grouping,
                        "group": group,
                        "n": int(mine.sum()),
                        "n_classes": int(tested.sum()),
                        **dict(zip(("mean", "low", "high"), ends, strict=True)),
                    }
                )
    return rows


def redrawn_groups(
    groups: np.ndarray,
    truth: np.ndarray,
    predicted: Sequence[np.ndarray],
    deployment: Deployment,
    n_resamples: int,
    seed: int,
    cells: Sequence[int],
) -> Redrawn:
    """Return the redraws by which the worst group is judged.

    A group's accuracy is the recall of a class that the group would be: each sample that is right
    is called its group, each other one no group.
    """
    names, codes = np.unique(groups, return_inverse=True)
    called = [np.where(row == truth, codes, len(names)) for row in predicted]
    return Redrawn.of(codes, called, len(names) + 1, deployment, n_resamples, seed, cells)


def worst_group(redrawn: Redrawn, rows: slice) -> Figure:
    """Return the lowest accuracy of a group; of noisy accuracies the lowest lies low."""
    return counted(lambda: redrawn, rows, ("worst_recall",), ())[0]["worst_recall"]
