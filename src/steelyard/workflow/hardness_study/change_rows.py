"""Figures of the arms: what each reaches, and by how much it differs from its base, in pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from steelyard._support.seeding import generator
from steelyard.evaluation import equal_classes_null, evaluate, holm
from steelyard.records.evaluation import Evaluation
from steelyard.records.hardness_arm import BASELINE, HardnessArm
from steelyard.records.predictions import Predictions
from steelyard.workflow.rows import Rows

GAPS = ("max_min", "top_bottom", "easy_hard", "standard_deviation", "mad")
# a metric of `evaluate`, the tail of its keys, and the unit of its level
METRICS = {
    "accuracy": ("accuracy", "%"),
    "balanced_accuracy": ("recall", "%"),
    "macro_precision": ("precision", "%"),
    "macro_f1": ("f1", "%"),
    **{f"{of}_{gap}": (f"{of}/{gap}", "points") for of in ("recall", "precision", "f1")
       for gap in GAPS},
}  # fmt: skip
CLASS_METRICS = ("recall", "precision", "f1")
PART = "test"  # the shares of the test part as it is
_RESAMPLES = 500  # ours
_FEWEST_CLASSES = 4  # of which a correlation with hardness says anything


@dataclass(frozen=True)
class Sides:
    """Which classes are called easy and hard, and how hard each is.

    Parameters
    ----------
    easy, hard : tuple of str
        Names of classes; both empty where one side would be.
    hardness : ndarray of shape (K,)
        Mean hardness of each class; NaN of a class without samples.
    """

    easy: tuple[str, ...]
    hard: tuple[str, ...]
    hardness: np.ndarray


Judged = Mapping[str, tuple[Predictions, ...]]  # by arm, "baseline" among them


def add_levels(rows: Rows, judged: Judged, sides: Sides, seed: int) -> None:
    """Add what every arm reaches, overall and class by class."""
    for name, predictions in judged.items():
        found = _evaluated({name: predictions}, name, sides, seed)
        n = len(predictions)
        for row in found.overall.itertuples(index=False):
            tail, unit = METRICS[row.metric]
            ends = 100 * row.low, 100 * row.high
            spread = _spread(found, row.metric)
            rows.add(f"arm/{name}/{tail}", 100 * row.mean, spread, *ends, n, unit)
        codes = {one: code for code, one in enumerate(found.class_names)}
        for row in found.by_class.rename(columns={"class": "name"}).itertuples(index=False):
            key = f"arm/{name}/class={codes[row.name]}/{row.metric}"
            rows.add(key, 100 * row.mean, np.nan, 100 * row.low, 100 * row.high, n, "%")


def add_chance(rows: Rows, judged: Judged, seed: int) -> None:
    """Add what each gap of the baseline's recalls would come to, were all classes equally easy.

    The value is its mean; ``high`` is what it stays below in 95 of 100 such test parts, ``low`` 0.
    """
    baseline = judged[BASELINE]
    truth, n_classes = baseline[0].truth, len(baseline[0].class_names)
    recall = float(np.mean([one.predicted == truth for one in baseline]))
    counts = np.bincount(truth, minlength=n_classes)
    found = equal_classes_null(counts, recall, seed=seed)
    for gap, chance in found.items():
        if gap in GAPS:  # of the gap between easy and hard, which has a sign, it is 0
            key = f"chance/recall/{gap}"
            rows.add(key, 100 * chance.mean, np.nan, 0.0, 100 * chance.end, 1, "points")


def add_changes(
    rows: Rows, arms: Iterable[HardnessArm], judged: Judged, sides: Sides, seed: int
) -> None:
    """Add by how much each arm differs from its base, tested together family by family.

    Pairs share the initial weights, repetition by repetition, and the test samples; intervals are
    over both. p-values are Holm's, over the arms of a family for each metric, over arms and
    classes for each metric of classes.
    """
    there = [arm for arm in arms if arm.name in judged and arm.base in judged]
    for _, family in groupby(sorted(there, key=_family), _family):
        mine = list(family)
        tests: dict[str, list[tuple[str, pd.Series]]] = defaultdict(list)
        for base, of_base in groupby(sorted(mine, key=_base), _base):
            names = [arm.name for arm in of_base]
            found = _evaluated({name: judged[name] for name in (base, *names)}, base, sides, seed)
            _collect(tests, found)
        for compared in tests.values():
            adjusted = holm(np.array([row["p"] for _, row in compared]))
            for (key, row), p_holm in zip(compared, adjusted, strict=True):
                n = len(judged[str(row["arm"])])
                ends = 100 * row["low"], 100 * row["high"]
                rows.add(f"change/{key}", 100 * row["mean"], np.nan, *ends, n, "points")
                rows.add(f"change/{key}/p-holm", p_holm, n_runs=n)
                detectable = 100 * row["detectable"]
                rows.add(f"change/{key}/detectable", detectable, n_runs=n, unit="points")
        for arm in mine:
            _add_systematic(rows, arm, judged, sides, seed)


def _collect(tests: dict[str, list[tuple[str, pd.Series]]], found: Evaluation) -> None:
    """Put every paired difference of an evaluation with those of its metric."""
    codes = {one: code for code, one in enumerate(found.class_names)}
    for _, row in found.differences.iterrows():
        tail, _ = METRICS[row["metric"]]
        tests[tail].append((f"{row['arm']}/{tail}", row))
    for _, row in found.class_differences.iterrows():
        key = f"{row['arm']}/class={codes[row['class']]}/{row['metric']}"
        tests[f"class {row['metric']}"].append((key, row))


def _evaluated(
    judged: Mapping[str, tuple[Predictions, ...]], base: str, sides: Sides, seed: int
) -> Evaluation:
    """Judge arms on the test part as it is."""
    names = [name for name in METRICS if sides.easy or not name.endswith("easy_hard")]
    return _as_it_is(
        evaluate(
            [one for mine in judged.values() for one in mine], base_arm=base, metrics=names,
            class_metrics=CLASS_METRICS, easy=sides.easy, hard=sides.hard,
            n_resamples=_RESAMPLES, seed=seed,
        )
    )  # fmt: skip


def _as_it_is(found: Evaluation) -> Evaluation:
    tables = {}
    for name in ("overall", "by_seed", "by_class", "differences", "class_differences"):
        table = getattr(found, name)
        tables[name] = table[table["prior"] == PART]
    return Evaluation(found.split, found.class_names, found.priors, **tables)


def _spread(found: Evaluation, metric: str) -> float:
    """Return the standard deviation over models."""
    values = found.by_seed.loc[found.by_seed["metric"] == metric, "value"]
    return 100 * float(values.std(ddof=0))


def _add_systematic(rows: Rows, arm: HardnessArm, judged: Judged, sides: Sides, seed: int) -> None:
    """Add the rank correlation of a class's hardness with the change of its recall.

    The interval draws models and, within each class, test samples anew.
    """
    left, right = judged[arm.name], judged[arm.base]
    truth = left[0].truth
    change = np.stack([
        (one.predicted == truth).astype(np.float64) - (other.predicted == truth)
        for one, other in zip(left, right, strict=True)
    ])  # fmt: skip
    members = [np.flatnonzero(truth == code) for code in range(len(sides.hardness))]
    there = [c for c, mine in enumerate(members) if len(mine) and np.isfinite(sides.hardness[c])]
    if len(there) < _FEWEST_CLASSES:
        return
    hardness = sides.hardness[there]
    value = _correlations(hardness, np.array([[change[:, members[c]].mean() for c in there]]))[0]
    random = generator(seed, purpose="systematic", arm=arm.name)
    redrawn = np.empty((_RESAMPLES, len(there)))
    for changes in redrawn:
        mean = change[random.integers(len(change), size=len(change))].mean(axis=0)
        for place, code in enumerate(there):
            mine = members[code]
            changes[place] = mean[mine[random.integers(len(mine), size=len(mine))]].mean()
    found = _correlations(hardness, redrawn)
    found = found[np.isfinite(found)]
    low, high = np.quantile(found, [0.025, 0.975]) if len(found) else (np.nan, np.nan)
    rows.add(f"change/{arm.name}/systematic", value, np.nan, low, high, len(change))


def _correlations(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of one profile (K,) with each of many (B, K); NaN of none."""
    ranks = [rankdata(one, axis=-1) for one in (left, right)]
    one, other = (ranked - ranked.mean(axis=-1, keepdims=True) for ranked in ranks)
    length = np.sqrt((one**2).sum() * (other**2).sum(axis=1))
    return np.divide(other @ one, length, out=np.full(len(other), np.nan), where=length > 0)


def _family(arm: HardnessArm) -> str:
    return arm.family


def _base(arm: HardnessArm) -> str:
    return arm.base
