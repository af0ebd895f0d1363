"""Paired comparisons of arms and decisions: overall, class by class, and against rarity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

import numpy as np

from steelyard._support.errors import DataError
from steelyard.evaluation.catalogue import CLASS_RANKS
from steelyard.evaluation.class_differences import class_estimates
from steelyard.evaluation.deployments import Deployment
from steelyard.evaluation.estimate import Estimate
from steelyard.evaluation.figure import ends_of
from steelyard.evaluation.judged import Judged
from steelyard.evaluation.many_tests import holm
from steelyard.evaluation.measured import Measured, Wanted
from steelyard.evaluation.rank_estimates import rank_differences
from steelyard.evaluation.rarity import rarity_test
from steelyard.records.evaluation import AS_TRAINED
from steelyard.records.predictions import Predictions

Cell = tuple[str, str]  # arm and decision
Pair = tuple[Cell, Cell]  # what is compared, and what with
# Of each class, the changes that are compared: rank metrics where they are judged at all.
_RANKS = ("auroc", "average_precision", "d_prime")


def differences(
    deployment: Deployment, measured: Mapping[Cell, Measured], pairs: Iterable[Pair]
) -> list[dict]:
    """Return the rows of the table of differences under one deployment.

    p-values are adjusted by Holm over all comparisons of one metric.
    """
    rows: list[dict] = []
    pairs = list(pairs)
    for metric in next(iter(measured.values())).overall:
        mine = []
        for left, right in pairs:
            one, other = measured[left].overall[metric], measured[right].overall[metric]
            difference = one.evidence - other.evidence
            estimate = difference.estimate()
            level = {"mean": float(np.mean(difference.by_seed)), **_of(estimate)}
            key = {"prior": deployment.name, "metric": metric, **_named(left, right)}
            mine.append({**key, **level, "n_seeds": len(difference.by_seed)})
        rows += _adjusted(mine)
    return rows


def class_differences(
    first: Predictions,
    deployment: Deployment,
    cells: Mapping[Cell, Judged],
    pairs: Iterable[Pair],
    wanted: Wanted,
) -> list[dict]:
    """Return the rows of the changes of each class, against the base arm as trained.

    p-values are adjusted by Holm over all classes and comparisons of one metric.
    """
    if not deployment.by_class:
        return []
    against = [pair for pair in pairs if pair[1][1] == AS_TRAINED]
    found: dict[str, list[dict]] = {}
    for left, right in against:
        for metric, estimates in _class_changes(
            first, deployment, cells[left], cells[right], wanted
        ).items():
            key = {"prior": deployment.name, "metric": metric, **_named(left, right)}
            for name, n, one in zip(first.class_names, _sizes(first), estimates, strict=True):
                level = {"mean": np.nan if one is None else one.mean, **_of(one)}
                row = {**key, "class": name, "n": int(n), **level}
                found.setdefault(metric, []).append(row)
    return [row for rows in found.values() for row in _adjusted(rows)]


def rarity_of(
    rows: Iterable[dict], train_prior: np.ndarray | None, class_names: tuple[str, ...]
) -> list[dict]:
    """Return how the changes of classes go with the logarithm of their training shares.

    Nothing where the training prior is unknown or even, or fewer than four classes have data.
    """
    if train_prior is None:
        return []

    def comparison(row: dict) -> tuple[str, ...]:
        return tuple(row[key] for key in ("prior", "metric", *_KEYS))

    found = []
    for values, mine in groupby(sorted(rows, key=comparison), comparison):
        changes = {row["class"]: row["mean"] for row in mine}
        try:
            test = rarity_test(np.array([changes[name] for name in class_names]), train_prior)
        except DataError:  # too few classes, or all equally frequent: nothing to tell
            continue
        slope = test.slope.interval()
        key = dict(zip(("prior", "metric", *_KEYS), values, strict=True))
        for statistic, interval, p in (
            ("pearson", test.pearson, test.slope.p_value()),
            ("spearman", test.spearman, test.spearman_p),
            ("slope", slope, test.slope.p_value()),
        ):
            mean, low, high = ends_of(interval)
            row = {**key, "statistic": statistic, "mean": mean, "low": low, "high": high}
            found.append({**row, "p": p, "n_classes": test.n_classes})
    return found


_KEYS = ("arm", "decision", "base_arm", "base_decision")


def _named(left: Cell, right: Cell) -> dict[str, str]:
    return dict(zip(_KEYS, (*left, *right), strict=True))


def _of(estimate: Estimate | None) -> dict[str, float]:
    """Return the ends, p-value and least detectable difference; NaN where no error is known."""
    if estimate is None or np.isnan([estimate.mean, estimate.error]).any():
        return dict.fromkeys(("low", "high", "p", "detectable"), np.nan)
    interval = estimate.interval()
    return {
        "low": interval.low,
        "high": interval.high,
        "p": estimate.p_value(),
        "detectable": estimate.detectable(),
    }


def _adjusted(rows: list[dict]) -> list[dict]:
    adjusted = holm(np.array([row["p"] for row in rows]))
    return [{**row, "p_holm": float(p)} for row, p in zip(rows, adjusted, strict=True)]


def _class_changes(
    first: Predictions, deployment: Deployment, left: Judged, right: Judged, wanted: Wanted
) -> dict[str, list[Estimate | None] | tuple[Estimate | None, ...]]:
    changes: dict[str, list[Estimate | None] | tuple[Estimate | None, ...]] = {}
    if "recall" in wanted.class_metrics and not first.multi_label:
        one, other = (judged.predicted == first.truth for judged in (left, right))
        change = one.astype(np.float64) - other
        changes["recall"] = class_estimates(change, first.truth, len(first.class_names))
    ranks = [name for name in _RANKS if name in wanted.class_metrics]
    if ranks:
        models, base = ([*judged.models()] for judged in (left, right))
        found = rank_differences(models, base, deployment.prior)
        changes |= {name: found[CLASS_RANKS[name]].estimates for name in ranks}
    return changes


def _sizes(first: Predictions) -> np.ndarray:
    if first.multi_label:
        return first.truth.sum(axis=0)
    return np.bincount(first.truth, minlength=len(first.class_names))
