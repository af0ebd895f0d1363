"""From the predictions of every arm and seed to an `Evaluation` under several priors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError
from steelyard._support.validation import did_you_mean
from steelyard.evaluation.arms import by_arm
from steelyard.evaluation.confusion import class_precision, confusion_matrix
from steelyard.evaluation.intervals import (
    accuracy_interval,
    recall_intervals,
    stratified_interval,
    within,
)
from steelyard.evaluation.priors import deployment_priors
from steelyard.evaluation.quantities import QUANTITIES, RANGES
from steelyard.records.evaluation import AS_TRAINED, COLUMNS, CORRECTED, Evaluation
from steelyard.records.interval import Interval
from steelyard.records.predictions import Predictions


def evaluate(
    predictions: Sequence[Predictions],
    priors: Mapping[str, Any] | None = None,
    base_arm: str | None = None,
) -> Evaluation:
    """Judge every arm on one held-out part under every deployment prior.

    Each arm is judged as trained and, where the prior that training saw is known, with its
    predictions corrected to the deployment prior. Differences are paired by seed and sample:
    every arm and decision against the base arm as trained, and every arm as trained against
    the base arm corrected (the control).

    Parameters
    ----------
    predictions : sequence of Predictions
        One for each arm and seed, all of one part.
    priors : mapping of str to (mapping of class name to weight, array, or None), optional
        Deployment priors by name, the most important first; see `deployment_priors`. "train"
        (what the base arm saw, where that is known) and "uniform" are always judged.
    base_arm : str, optional
        What the others are compared with; the first arm by default.

    Raises
    ------
    DataError
        If there are no predictions, they are multi-label, the base arm is not among them, or a
        prior does not fit.
    MismatchError
        If samples, truth, classes or part differ between predictions, or an arm lacks a seed.
    """
    if any(one.multi_label for one in predictions):
        raise DataError(
            "evaluate judges one class a sample; these predictions are of any number of labels.",
            hint="how calibrated they are: steelyard.evaluation.calibration, or steelyard correct.",
        )
    arms = by_arm(predictions)
    first = predictions[0]
    base = next(iter(arms)) if base_arm is None else base_arm
    if base not in arms:
        raise DataError(f"There is no arm {base!r} to compare with.", hint=did_you_mean(base, arms))
    names = first.class_names
    checked = deployment_priors(priors or {}, names, arms[base][0].prior)
    as_trained = {arm: _judge(models) for arm, models in arms.items()}
    tables: dict[str, list[dict]] = {name: [] for name in COLUMNS}
    for prior_name, prior in checked.items():
        cells = {}
        for arm, models in arms.items():
            cells[arm, AS_TRAINED] = as_trained[arm]
            if all(model.prior is not None for model in models):
                cells[arm, CORRECTED] = _judge(model.corrected(prior) for model in models)
        for (arm, decision), cell in cells.items():
            key = {"arm": arm, "decision": decision, "prior": prior_name}
            tables["by_class"] += [key | row for row in _class_rows(cell, first, prior)]
        for metric in QUANTITIES:
            for (arm, decision), cell in cells.items():
                key = {"arm": arm, "decision": decision, "prior": prior_name, "metric": metric}
                rows = cell.values[metric]
                level = accuracy_interval if metric == "accuracy" else stratified_interval
                interval = within(level(rows, first.truth, prior), RANGES[metric])
                tables["overall"].append({**key, **_ends(interval), "n_seeds": len(rows)})
                for model, row in zip(arms[arm], rows, strict=True):
                    value = stratified_interval(row[np.newaxis], first.truth, prior).mean
                    tables["by_seed"].append({**key, "seed": model.seed, "value": value})
            for left, right in _pairs(list(cells), base):
                difference = cells[left].values[metric] - cells[right].values[metric]
                interval = stratified_interval(difference, first.truth, prior)
                tables["differences"].append(
                    {
                        "prior": prior_name,
                        "metric": metric,
                        "arm": left[0],
                        "decision": left[1],
                        "base_arm": right[0],
                        "base_decision": right[1],
                        **_ends(interval),
                        "n_seeds": len(difference),
                    }
                )
    frames = {
        name: pd.DataFrame(tables[name], columns=columns) for name, columns in COLUMNS.items()
    }
    absent = np.bincount(first.truth, minlength=len(names)) == 0
    no_data = tuple(names[code] for code in np.flatnonzero(absent))
    return Evaluation(first.split, names, checked, **frames, no_data=no_data)


@dataclass(frozen=True)
class _Cell:
    """What is kept of the models of one arm and decision; their logits, K a sample, are not."""

    values: dict[str, np.ndarray]  # of each metric's quantity, shape (seeds, n)
    confusion: np.ndarray  # summed over seeds


def _judge(models: Iterable[Predictions]) -> _Cell:
    values: dict[str, list[np.ndarray]] = {metric: [] for metric in QUANTITIES}
    confusion: Any = 0
    for model in models:
        for metric, quantity in QUANTITIES.items():
            values[metric].append(quantity(model))
        confusion = confusion + confusion_matrix(
            model.truth, model.predicted, len(model.class_names)
        )
    return _Cell({metric: np.stack(rows) for metric, rows in values.items()}, confusion)


def _pairs(
    cells: list[tuple[str, str]], base: str
) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    plain, control = (base, AS_TRAINED), (base, CORRECTED)
    return [
        (cell, reference)
        for cell, reference in product(cells, (plain, control))
        if reference in cells
        and cell != reference
        and (reference == plain or (cell[1] == AS_TRAINED and cell != plain))
    ]


def _class_rows(cell: _Cell, first: Predictions, prior: np.ndarray) -> list[dict]:
    counts = np.bincount(first.truth, minlength=len(first.class_names))
    recalls = recall_intervals(cell.values["accuracy"], first.truth, len(counts))
    # precision from the seeds' summed counts: a seed that never predicts a class adds nothing
    precision = class_precision(cell.confusion, prior)
    rows = []
    for code, (name, recall) in enumerate(zip(first.class_names, recalls, strict=True)):
        ends = {"recall": np.nan, "low": np.nan, "high": np.nan}
        if recall is not None:
            ends = {"recall": recall.mean, "low": recall.low, "high": recall.high}
        row = {"class": name, "n": int(counts[code]), **ends}
        rows.append({**row, "precision": float(precision[code])})
    return rows


def _ends(interval: Interval) -> dict[str, float]:
    return {"mean": interval.mean, "low": interval.low, "high": interval.high}
