"""Figures that the paper's summary speaks of: gaps in per cent, the best arm, pools compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from steelyard.evaluation import best_arm, evaluate, relative_gaps
from steelyard.records.hardness_arm import BASELINE, HardnessArm
from steelyard.records.interval import Interval
from steelyard.records.predictions import Predictions
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
    for degree, mine in _by(arms, "degree", judged).items():
        for pick in _PICKS:
            base, other = mine.get(_RANDOM), mine.get(f"pool-{pick}")
            if base and other:
                key = f"pool/{pick}-minus-random/alpha={degree:g}"
                _add_difference(rows, key, judged[other], judged[base], sides, seed)


def add_refills(
    rows: Rows, arms: Iterable[HardnessArm], judged: Judged, sides: Sides, seed: int
) -> None:
    """Add how real samples put back differ from repeating those that a pruning left."""
    refilled = [arm for arm in arms if arm.pruning == "random" and arm.mode != "none"]
    for rate, mine in _by(refilled, "rate", judged).items():
        base, other = mine.get("random"), mine.get("held-out")
        if base and other:
            key = f"refill/held-out-minus-random/rate={rate:g}"
            _add_difference(rows, key, judged[other], judged[base], sides, seed)


def _by(arms: Iterable[HardnessArm], what: str, judged: Judged) -> dict[float, dict[str, str]]:
    """Return the names of arms that were judged, by a number of theirs and how they grow."""
    found: dict[float, dict[str, str]] = defaultdict(dict)
    for arm in arms:
        if arm.name in judged and (arm.needs_pool or arm.pruning == "random"):
            found[getattr(arm, what)][arm.over] = arm.name
    return found


def _add_difference(
    rows: Rows,
    key: str,
    left: tuple[Predictions, ...],
    right: tuple[Predictions, ...],
    sides: Sides,
    seed: int,
) -> None:
    """Add by how much one arm's mean recall and gaps of recall lie above another's."""
    tails = {"balanced_accuracy": "recall"}
    tails |= {f"recall_{gap}": f"recall/{gap}" for gap in GAPS}
    if not sides.easy:
        del tails["recall_easy_hard"]
    found = evaluate(
        [*right, *left], base_arm=right[0].arm, metrics=list(tails), class_metrics=["recall"],
        easy=sides.easy, hard=sides.hard, n_resamples=_RESAMPLES, seed=seed,
    ).differences  # fmt: skip
    for row in found[found["prior"] == PART].itertuples(index=False):
        own, n = f"{key}/{tails[row.metric]}", len(left)
        rows.add(own, 100 * row.mean, np.nan, 100 * row.low, 100 * row.high, n, "points")
        rows.add(f"{own}/detectable", 100 * row.detectable, n_runs=n, unit="points")


def _add(rows: Rows, key: str, change: Interval | None, n_runs: int, unit: str) -> None:
    if change is not None:
        rows.add(key, change.mean, np.nan, change.low, change.high, n_runs, unit)
