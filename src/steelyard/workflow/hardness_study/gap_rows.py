"""Figures that the paper's summary speaks of: gaps in per cent, the best arm, pools compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from steelyard.evaluation import best_arm, evaluate, relative_gaps
from steelyard.records.hardness_arm import BASELINE, HardnessArm
from steelyard.records.interval import Interval
from steelyard.workflow.hardness_study.change_rows import GAPS, PART, Judged, Sides
from steelyard.workflow.rows import Rows

_RESAMPLES = 500  # ours
_BEST_OF = "recall_max_min"
_FAMILIES = ("v1", "v2")
_RANDOM = "pool-random"
_PICKS = ("hardest", "average")


def add_relative(
    rows: Rows, arms: Iterable[HardnessArm], judged: Judged, sides: Sides, seed: int
) -> None:
    """Add by how many per cent each arm narrows or widens each gap of recalls of its base."""
    gaps = [f"recall_{gap}" for gap in GAPS if sides.easy or gap != "easy_hard"]
    for arm in arms:
        if arm.name not in judged or arm.base not in judged:
            continue
        found = relative_gaps(
            judged[arm.name], judged[arm.base], gaps, easy=sides.easy, hard=sides.hard,
            n_resamples=_RESAMPLES, seed=seed,
        )  # fmt: skip
        for name, change in found.items():
            key = f"relative/{arm.name}/{name.replace('_', '/', 1)}"
            _add(rows, key, change, len(judged[arm.name]), "%")


def add_best(rows: Rows, arms: Iterable[HardnessArm], judged: Judged, seed: int) -> None:
    """Add the largest relative cut of a gap by any arm of a family that trains.

    The arm is chosen on one half of samples and models, and its cut told on the other
    (`steelyard.evaluation.best_arm`).
    """
    there = [arm for arm in arms if arm.name in judged and not arm.logits_alone]
    for family in _FAMILIES:
        mine = [arm.name for arm in there if arm.family == family and arm.base == BASELINE]
        if not mine or np.bincount(judged[BASELINE][0].truth).min(initial=2) < 2:
            continue
        found = best_arm(
            [one for name in (BASELINE, *mine) for one in judged[name]], BASELINE, _BEST_OF,
            n_resamples=_RESAMPLES, seed=seed,
        )  # fmt: skip
        key = f"best/{family}/recall/max_min"
        _add(rows, key, found.change, len(judged[BASELINE]), "%")


def add_pools(
    rows: Rows, arms: Iterable[HardnessArm], judged: Judged, sides: Sides, seed: int
) -> None:
    """Add how picking the hardest of a pool, or average ones, differs from picking any."""
    names: dict[str, dict[float, str]] = defaultdict(dict)
    for arm in arms:
        if arm.needs_pool and arm.name in judged:
            names[arm.over][arm.degree] = arm.name
    for degree, base in names[_RANDOM].items():
        for pick in _PICKS:
            other = names[f"pool-{pick}"].get(degree)
            if other is None:
                continue
            gaps = {f"recall_{gap}": gap for gap in GAPS if sides.easy or gap != "easy_hard"}
            found = evaluate(
                [*judged[base], *judged[other]], base_arm=base, metrics=list(gaps),
                class_metrics=["recall"], easy=sides.easy, hard=sides.hard,
                n_resamples=_RESAMPLES, seed=seed,
            ).differences  # fmt: skip
            for row in found[found["prior"] == PART].itertuples(index=False):
                key = f"pool/{pick}-minus-random/alpha={degree:g}/recall/{gaps[row.metric]}"
                n = len(judged[base])
                ends = 100 * row.low, 100 * row.high
                rows.add(key, 100 * row.mean, np.nan, *ends, n, "points")
                rows.add(f"{key}/detectable", 100 * row.detectable, n_runs=n, unit="points")


def _add(rows: Rows, key: str, change: Interval | None, n_runs: int, unit: str) -> None:
    if change is not None:
        rows.add(key, change.mean, np.nan, change.low, change.high, n_runs, unit)
