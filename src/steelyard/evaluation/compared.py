"""Paired comparisons of arms and decisions: overall, class by class, and against rarity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

import numpy as np

from steelyard._support.errors import DataError
from steelyard.evaluation.catalogue import CLASS_RANKS
from steelyard.evaluation.class_differences import class_estimates
from steelyard.evaluation.crossed import Estimates
from steelyard.evaluation.deployments import Deployment
from steelyard.evaluation.estimate import Estimate, in_doubt
from steelyard.evaluation.evidence import Evidence, OfResamples, OfSamples
from steelyard.evaluation.figure import ends_of
from steelyard.evaluation.judged import Judged
from steelyard.evaluation.many_tests import holm
from steelyard.evaluation.measured import Measured, Wanted
from steelyard.evaluation.rank_estimates import RankMetric, rank_differences
from steelyard.evaluation.rarity import rarity_test
from steelyard.evaluation.strata_sums import samples_worth
from steelyard.records.evaluation import AS_TRAINED
from steelyard.records.predictions import Predictions

Cell = tuple[str, str]  # arm and decision
Pair = tuple[Cell, Cell]  # what is compared, and what with
_NOISE = 1e-12  # of a figure: what lies below is rounding
# Of each class, the changes that are compared: rank metrics where they are judged at all.
_RANKS = ("auroc", "average_precision", "d_prime")


def differences(
    deployment: Deployment,
    cells: Mapping[Cell, Judged],
    measured: Mapping[Cell, Measured],
    pairs: Iterable[Pair],
) -> list[dict]:
    """Return the rows of the table of differences under one deployment.

    p-values are adjusted by Holm over all comparisons of one metric. One in which nothing differs
    is no test, and not counted.
    """
    rows: list[dict] = []
    pairs = list(pairs)
    worth = _worth(deployment)
    for metric in next(iter(measured.values())).overall:
        mine = []
        for left, right in pairs:
            one, other = measured[left].overall[metric], measured[right].overall[metric]
            difference = one.evidence - other.evidence
            scale = np.abs([one.evidence.by_seed, other.evidence.by_seed]).max()
            estimate = difference.estimate()
            if estimate is not None and not _differs(difference, cells[left], cells[right], scale):
                estimate = _NOTHING
            tested = _of(estimate, worth, scale)
            level = {"mean": float(np.mean(difference.by_seed)), **tested}
            key = {"prior": deployment.name, "metric": metric, **_named(left, right)}
            mine.append({**key, **level, "n_seeds": len(difference.by_seed)})
        rows += _adjusted(mine)
    return rows


def class_differences(
    first: Predictions,
    deployment: Deployment,
    cells: Mapping[Cell, Judged],
    changes: Mapping[Cell, Mapping[str, Estimates]],
    pairs: Iterable[Pair],
    wanted: Wanted,
) -> list[dict]:
    """Return the rows of the changes of each class, against the base arm as trained.

    ``changes`` holds those of metrics that are compared by redraws: what each cell has that the
    base arm as trained has not.

    p-values are adjusted by Holm over all classes and comparisons of one metric. A class that the
    deployment does not have (share 0) has no data; one in which nothing differs is no test.
    """
    if not deployment.by_class:
        return []
    against = [pair for pair in pairs if pair[1][1] == AS_TRAINED]
    found: dict[str, list[dict]] = {}
    n = _sizes(first)
    for left, right in against:
        both = cells[left], cells[right]
        found_here = _class_changes(first, deployment, *both, wanted)
        found_here |= {name: _redrawn_changes(one, *both) for name, one in changes[left].items()}
        for metric, estimates in found_here.items():
            key = {"prior": deployment.name, "metric": metric, **_named(left, right)}
            for code, one in enumerate(estimates):
                mine = None if deployment.prior[code] == 0 else one
                tested = _of(mine, _rests_on(metric, n[code], len(first)))
                level = {"mean": np.nan if mine is None else mine.mean, **tested}
                row = {**key, "class": first.class_names[code], "n": int(n[code]), **level}
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
        together = test.correlations
        key = dict(zip(("prior", "metric", *_KEYS), values, strict=True))
        for statistic, mean, interval, p in (
            ("pearson", together["pearson"], test.pearson, test.slope.p_value()),
            ("spearman", together["spearman"], test.spearman, test.spearman_p),
            ("slope", slope.mean, slope, test.slope.p_value()),
        ):
            _, low, high = ends_of(interval)
            row = {**key, "statistic": statistic, "mean": mean, "low": low, "high": high}
            found.append({**row, "p": p, "n_classes": test.n_classes})
    return found


_NOTHING = Estimate(0.0, 0.0)  # nothing differs: there is nothing to test
_KEYS = ("arm", "decision", "base_arm", "base_decision")


def _named(left: Cell, right: Cell) -> dict[str, str]:
    return dict(zip(_KEYS, (*left, *right), strict=True))


def _of(estimate: Estimate | None, worth: float, scale: float = 1.0) -> dict[str, float]:
    """Return the ends, p-value and least detectable difference; NaN where no error is known.

    A difference that did not vary is in doubt, of as many samples as it is worth. Where nothing
    differs, but by the rounding of figures of that scale, it is 0 and there is no test.
    """
    if estimate is None or np.isnan([estimate.mean, estimate.error]).any():
        return dict.fromkeys(("low", "high", "p", "detectable"), np.nan)
    if max(abs(estimate.mean), estimate.error) <= _NOISE * scale:
        return {"mean": 0.0, "low": 0.0, "high": 0.0, "p": np.nan, "detectable": np.nan}
    known = in_doubt(estimate, worth)
    interval = known.interval()
    return {
        "low": interval.low,
        "high": interval.high,
        "p": known.p_value(),
        "detectable": known.detectable(),
    }


def _differs(difference: Evidence, left: Judged, right: Judged, scale: float) -> bool:
    """Tell whether anything differs on any sample; what is borrowed for few samples does not."""
    if isinstance(difference, OfResamples):
        return not np.array_equal(left.predicted, right.predicted)
    if isinstance(difference, OfSamples):
        return bool((np.abs(difference.values) > _NOISE * scale).any())
    return bool(difference.by_seed.any())


def _worth(deployment: Deployment) -> float:
    counts = np.bincount(deployment.strata, minlength=len(deployment.shares))
    return samples_worth(counts, deployment.shares)


def _rests_on(metric: str, n: int, n_all: int) -> float:
    """Return the samples that a change of a class rests on: of recall its own, else the fewer."""
    return max(n if metric == "recall" else min(n, n_all - n), 1)


def _adjusted(rows: list[dict]) -> list[dict]:
    adjusted = holm(np.array([row["p"] for row in rows]))
    return [{**row, "p_holm": float(p)} for row, p in zip(rows, adjusted, strict=True)]


def _class_changes(
    first: Predictions, deployment: Deployment, left: Judged, right: Judged, wanted: Wanted
) -> dict[str, list[Estimate | None] | tuple[Estimate | None, ...]]:
    changes: dict[str, list[Estimate | None] | tuple[Estimate | None, ...]] = {}
    if "recall" in wanted.class_metrics:
        changes["recall"] = _recall_changes(first, left, right)
    ranks = [name for name in _RANKS if name in wanted.class_metrics]
    if ranks:
        models, base = ([*judged.models()] for judged in (left, right))
        found = rank_differences(models, base, deployment.prior)
        changes |= {name: _rank_changes(found[CLASS_RANKS[name]]) for name in ranks}
    return changes


def _rank_changes(found: RankMetric) -> list[Estimate | None]:
    return [
        _NOTHING if one is not None and not differences.any() else one
        for one, differences in zip(found.estimates, np.round(found.by_seed.T, 12), strict=True)
    ]


def _redrawn_changes(found: Estimates, left: Judged, right: Judged) -> list[Estimate | None]:
    """Return the changes of the classes; arms that decide alike on all samples have none."""
    each = [found.at(code) for code in range(len(found.mean))]
    same = np.array_equal(left.predicted, right.predicted)
    return [None if np.isnan(one.mean) else _NOTHING if same else one for one in each]


def _recall_changes(first: Predictions, left: Judged, right: Judged) -> list[Estimate | None]:
    """Return the change of each class's recall, of labels on the samples that have them."""
    n_classes = len(first.class_names)
    if not first.multi_label:
        one, other = (judged.predicted == first.truth for judged in (left, right))
        change = one.astype(np.float64) - other
        found = class_estimates(change, first.truth, n_classes)
    else:
        changes = [
            left.predicted[:, has, code].astype(np.float64) - right.predicted[:, has, code]
            for code, has in enumerate(first.truth.T)
        ]
        found = [class_estimates(one, np.zeros(one.shape[1], np.int64), 1)[0] for one in changes]
        change = np.concatenate(changes, axis=1)
    if change.any():
        return found
    # the pseudo-samples stand for what few samples could not show, not for arms that are the same
    return [None if one is None else _NOTHING for one in found]


def _sizes(first: Predictions) -> np.ndarray:
    if first.multi_label:
        return first.truth.sum(axis=0)
    return np.bincount(first.truth, minlength=len(first.class_names))
