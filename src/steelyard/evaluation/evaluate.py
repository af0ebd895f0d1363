"""From the predictions of every arm and seed to an `Evaluation` under several deployments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.progress import Progress, silent
from steelyard._support.validation import check_integer, did_you_mean
from steelyard.evaluation.arms import by_arm
from steelyard.evaluation.catalogue import BY_CLASS, OVERALL, chosen
from steelyard.evaluation.compared import class_differences, differences, rarity_of
from steelyard.evaluation.cost_report import cost_report
from steelyard.evaluation.crossed import Estimates
from steelyard.evaluation.deployments import Deployment, of_labels, of_mixes, of_priors
from steelyard.evaluation.evidence import OfClasses
from steelyard.evaluation.from_counts import Redrawn
from steelyard.evaluation.gap_metrics import EASY_HARD_METRICS, codes_of
from steelyard.evaluation.group_figures import WORST_GROUP, group_rows, redrawn_groups, worst_group
from steelyard.evaluation.groups import check_groupings
from steelyard.evaluation.judged import Judged, judge
from steelyard.evaluation.measured import Measured, Wanted, chance_rows, measure
from steelyard.evaluation.priors import deployment_priors
from steelyard.records.costs import Costs
from steelyard.records.evaluation import AS_TRAINED, COLUMNS, CORRECTED, Evaluation
from steelyard.records.predictions import Predictions

N_RESAMPLES = 1000
Cell = tuple[str, str]  # arm and decision


def evaluate(
    predictions: Predictions | Sequence[Predictions],
    priors: Mapping[str, Any] | None = None,
    base_arm: str | None = None,
    *,
    metrics: Sequence[str] | None = None,
    class_metrics: Sequence[str] | None = None,
    groups: Mapping[str, Any] | None = None,
    mixes: Mapping[str, Mapping[str, Mapping[Any, float]]] | None = None,
    easy: Sequence[str] = (),
    hard: Sequence[str] = (),
    costs: Any = None,
    validation: Sequence[Predictions] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    progress: Progress = silent,
) -> Evaluation:
    """Judge every arm on one held-out part under every deployment.

    Each arm is judged as trained and, where the prior that training saw is known, with its
    predictions corrected to the deployment prior. Differences are paired by seed and sample:
    every arm and decision against the base arm as trained, and every arm as trained against
    the base arm corrected (the control).

    Parameters
    ----------
    predictions : Predictions or sequence of them
        One for each arm and seed, all of one part.
    priors : mapping of str to (mapping of class name to weight, array, or None), optional
        Deployment priors by name, the most important first; see `deployment_priors`. "train"
        (what the base arm saw; where that is unknown, "test", the part as it is) and "uniform"
        are always judged; of several labels a sample, "test".
    base_arm : str, optional
        What the others are compared with; the first arm by default.
    metrics, class_metrics : sequence of str, optional
        Which metrics, overall and of each class; all by default (docs/metrics.md lists them).
    groups : mapping of str to array_like of shape (n,), optional
        Groupings of the samples by name, each judged group by group; see `hardness_groups` for
        groups of equal hardness.
    mixes : mapping of name to {grouping: {group: weight}}, optional
        Deployments as mixes of groups, judged after the priors.
    easy, hard : sequence of str
        Names of the classes that ``recall_easy_hard`` and ``precision_easy_hard`` compare.
    costs : Costs, or what `Costs.of` takes, optional
        What decisions cost: adds the table ``costs``, see `cost_report`.
    validation : sequence of Predictions, optional
        The same arms and seeds on another part, on which thresholds are moved for the costs.
    n_resamples : int
        Bootstrap redraws, for metrics that are functions of counts.
    seed : int
        Of the redraws.
    progress : callable
        Told after each arm and decision.

    Raises
    ------
    DataError
        If there are no predictions, the base arm is not among them, or a prior, a grouping or a
        mix does not fit.
    MismatchError
        If samples, truth, classes or part differ between predictions, or an arm lacks a seed.
    ParameterError
        If a metric is unknown, or a number lies outside its range.
    """
    models = [predictions] if isinstance(predictions, Predictions) else list(predictions)
    arms = by_arm(models)
    first = models[0]
    base = next(iter(arms)) if base_arm is None else base_arm
    if base not in arms:
        raise DataError(f"There is no arm {base!r} to compare with.", hint=did_you_mean(base, arms))
    if bool(easy) != bool(hard):
        raise ParameterError("Easy and hard classes are compared: name both, or neither.")
    sides = [codes_of(easy, first.class_names), codes_of(hard, first.class_names)]
    without = () if all(sides) else EASY_HARD_METRICS
    labels = first.multi_label
    wanted = Wanted(
        chosen(metrics, OVERALL, "metrics", multi_label=labels, without=without),
        chosen(class_metrics, BY_CLASS, "class_metrics", multi_label=labels),
        sides[0],
        sides[1],
        check_integer(n_resamples, "n_resamples", "evaluate", 2),
        check_integer(seed, "seed", "evaluate", 0),
    )
    groupings = check_groupings(groups or {}, len(first))
    stated = None if costs is None else Costs.of(costs, first.class_names)
    checked = deployment_priors(
        priors or {},
        first.class_names,
        arms[base][0].prior,
        test_prior=_own_shares(first),
        multi_label=labels,
    )
    deployments = _deployments(checked, mixes or {}, groupings, first)
    as_trained = {arm: judge(partial(iter, mine), wanted.metrics) for arm, mine in arms.items()}
    tables: dict[str, list[dict]] = {name: [] for name in COLUMNS}
    total, done = 2 * len(arms) * len(deployments), 0  # arms, as trained and corrected
    for deployment in deployments:
        cells = dict(_cells(arms, as_trained, deployment, wanted))
        measured, changes = {}, {}
        for cell, found, change in _measured(cells, base, first, deployment, wanted, groupings):
            measured[cell], changes[cell] = found, change
            done += 1
            progress(done, total, f"judging under {deployment.name}")
        measured = {cell: measured[cell] for cell in cells}
        pairs = _pairs(list(cells), base)
        for (arm, decision), found in measured.items():
            key = {"arm": arm, "decision": decision, "prior": deployment.name}
            _add_levels(tables, key, found, [one.seed for one in arms[arm]], first)
            judged = cells[arm, decision]
            tables["by_group"] += group_rows(key, judged, first, deployment, groupings)
            tables["chance"] += chance_rows(key, found, judged, first, deployment, wanted)
        tables["differences"] += differences(deployment, cells, measured, pairs)
        of_classes = class_differences(first, deployment, cells, changes, pairs, wanted)
        tables["class_differences"] += of_classes
        tables["rarity"] += rarity_of(of_classes, arms[base][0].prior, first.class_names)
    frames = {
        name: pd.DataFrame(tables[name], columns=columns) for name, columns in COLUMNS.items()
    }
    if stated is not None:
        frames["costs"] = cost_report(models, stated, priors, validation, base)
    absent = _own_shares(first) == 0
    no_data = tuple(first.class_names[code] for code in np.flatnonzero(absent))
    shares = {one.name: one.prior for one in deployments}
    return Evaluation(first.split, first.class_names, shares, **frames, no_data=no_data)


def _own_shares(first: Predictions) -> np.ndarray:
    if first.multi_label:
        return first.truth.mean(axis=0)
    return np.bincount(first.truth, minlength=len(first.class_names)) / max(len(first), 1)


def _deployments(
    priors: Mapping[str, np.ndarray],
    mixes: Mapping[str, Any],
    groupings: Mapping[str, np.ndarray],
    first: Predictions,
) -> list[Deployment]:
    taken = [name for name in mixes if name in priors]
    if taken:
        raise DataError(f"The name {taken[0]!r} is a prior's already.", hint="rename the mix.")
    if first.multi_label:
        if mixes:
            raise DataError(
                "Mixes of groups are of one class a sample; these predictions are of any number "
                "of labels.",
                hint="groups alone are judged of labels, too.",
            )
        return of_labels(priors, len(first))
    mixed = of_mixes(mixes, groupings, first.truth, len(first.class_names))
    return [*of_priors(priors, first.truth), *mixed]


def _cells(
    arms: Mapping[str, list[Predictions]],
    as_trained: Mapping[str, Judged],
    deployment: Deployment,
    wanted: Wanted,
) -> Iterable[tuple[Cell, Judged]]:
    for arm, models in arms.items():
        yield (arm, AS_TRAINED), as_trained[arm]
        # a mix of groups is no shift of classes alone: nothing is corrected to it
        if deployment.by_class and all(model.prior is not None for model in models):
            corrected = partial(_corrected, models, deployment.prior)
            yield (arm, CORRECTED), judge(corrected, wanted.metrics)


def _corrected(models: list[Predictions], prior: np.ndarray) -> Iterable[Predictions]:
    return (one.corrected(prior) for one in models)


def _measured(
    cells: Mapping[Cell, Judged],
    base: str,
    first: Predictions,
    deployment: Deployment,
    wanted: Wanted,
    groupings: Mapping[str, np.ndarray],
) -> Iterable[tuple[Cell, Measured, dict[str, Estimates]]]:
    """Yield what is measured, and by how much classes differ from the base arm as trained.

    That arm comes first: the redraws of a class are held of two arms at a time.
    """
    predicted = [row for judged in cells.values() for row in judged.predicted]
    n_classes = len(first.class_names)
    of_cell = [cell for cell, judged in enumerate(cells.values()) for _ in judged.predicted]
    draws = deployment, wanted.n_resamples, wanted.seed, of_cell
    # made where a metric of counts asks for it, and then once
    redrawn = cache(lambda: Redrawn.of(first.truth, predicted, n_classes, *draws))
    by_group = {} if first.multi_label else groupings
    of_groups = {
        name: redrawn_groups(groups, first.truth, predicted, *draws)
        for name, groups in by_group.items()
    }
    stops = np.cumsum([len(judged.predicted) for judged in cells.values()])
    reference: dict[str, OfClasses] = {}
    for place, cell in sorted(enumerate(cells), key=lambda one: one[1] != (base, AS_TRAINED)):
        judged = cells[cell]
        rows = slice(int(stops[place]) - len(judged.predicted), int(stops[place]))
        found = measure(judged, first, deployment, wanted, redrawn, rows)
        for name, mine in of_groups.items():
            found.overall[f"{WORST_GROUP}:{name}"] = worst_group(mine, rows)
        changes = {
            name: (found.of_classes[name] - one).estimates() for name, one in reference.items()
        }
        reference = reference or found.of_classes
        yield cell, replace(found, of_classes={}), changes


def _pairs(cells: list[Cell], base: str) -> list[tuple[Cell, Cell]]:
    plain, control = (base, AS_TRAINED), (base, CORRECTED)
    return [
        (cell, reference)
        for cell, reference in product(cells, (plain, control))
        if reference in cells
        and cell != reference
        and (reference == plain or (cell[1] == AS_TRAINED and cell != plain))
    ]


def _add_levels(
    tables: dict[str, list[dict]],
    key: dict[str, str],
    found: Measured,
    seeds: list[int],
    first: Predictions,
) -> None:
    for metric, figure in found.overall.items():
        mean, low, high = figure.ends
        row: dict[str, Any] = {**key, "metric": metric}
        ends = {"mean": mean, "low": low, "high": high}
        counts = {"n_seeds": len(seeds), "n_classes": figure.n_classes}
        tables["overall"].append({**row, **ends, **counts})
        tables["by_seed"] += [
            {**row, "seed": seed, "value": value}
            for seed, value in zip(seeds, figure.evidence.by_seed, strict=True)
        ]
    for metric, of_classes in found.by_class.items():
        for name, n, (mean, low, high) in zip(first.class_names, found.n, of_classes, strict=True):
            row = {**key, "metric": metric, "class": name, "n": int(n)}
            tables["by_class"].append({**row, "mean": mean, "low": low, "high": high})
