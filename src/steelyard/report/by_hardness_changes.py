"""What resampling by hardness does to each class: its share of the draws, and its recall."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from steelyard.records.evaluation import AS_TRAINED
from steelyard.records.interval import Interval
from steelyard.records.study import Arm
from steelyard.records.verdict import ClassVerdict, PriorVerdict
from steelyard.records.weighing import Weighing
from steelyard.report.digits import THIN_SPACE, exact_percent, percent, plain, points, rank
from steelyard.report.names import listed, one_line, shortened
from steelyard.report.tables import Cell, Column, Table, absent_cell, interval_cell, name_cell

_LEVEL = 0.05


@dataclass(frozen=True)
class ClassChanges:
    """What was shown of the hardest class and of all, and a table of the classes."""

    lead: str
    table: Table


def section(weighing: Weighing) -> ClassChanges | None:
    """Return the section for the first prior, or None where nothing was resampled by hardness."""
    arm = _best_arm(weighing, weighing.verdict.priors[0])
    if arm is None:
        return None
    changes = _changes(weighing, arm)
    hardest_first = sorted(
        (one for one in weighing.verdict.classes if one.count),
        key=lambda one: (-one.hardness, one.name),
    )
    return ClassChanges(
        _lead(weighing, arm, hardest_first[0], changes),
        _table(weighing, arm, hardest_first, changes),
    )


def _best_arm(weighing: Weighing, answer: PriorVerdict) -> Arm | None:
    """Return the arm by hardness that was best on validation, whether or not it was chosen."""
    degree = answer.degree
    if answer.by != "hardness":
        if answer.other is None:
            return None
        degree = answer.other.degree
    return next((arm for arm in weighing.study.by_hardness if arm.degree == degree), None)


def _changes(weighing: Weighing, arm: Arm) -> pd.DataFrame:
    """Return the paired change of each class's recall, by class."""
    rows = weighing.test.class_differences
    natural = weighing.study.arms[0].name
    wanted = {
        "prior": weighing.verdict.priors[0].prior,
        "metric": "recall",
        "arm": arm.name,
        "decision": AS_TRAINED,
        "base_arm": natural,
        "base_decision": AS_TRAINED,
    }
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows.set_index("class")


def _lead(weighing: Weighing, arm: Arm, hardest: ClassVerdict, changes: pd.DataFrame) -> str:
    what = f"Degree {plain(arm.degree)} by hardness, the best of its way on validation"
    change = _change(changes, hardest.name)
    first = (
        f"{what}, was not judged on the hardest class, {shortened(hardest.name, 40)}."
        if change is None
        else f"{what}, changes the recall of the hardest class, {shortened(hardest.name, 40)}, by "
        f"{points(change)}{THIN_SPACE}points."
    )
    names = [one.name for one in weighing.verdict.classes]
    shown = changes[changes["p_holm"] < _LEVEL]
    sides = [
        f"{_recall_of([name for name in names if name in side.index])} was shown to {verb}"
        for side, verb in ((shown[shown["mean"] > 0], "rise"), (shown[shown["mean"] < 0], "fall"))
        if len(side)
    ]
    second = "; ".join(sides) or "recall of no class was shown to change"
    return f"{first} With all classes and arms taken into account, {second}."


def _recall_of(names: list[str]) -> str:
    return f"recall of {one_line(listed(names, 12))}"


def _table(
    weighing: Weighing, arm: Arm, classes: list[ClassVerdict], changes: pd.DataFrame
) -> Table:
    drawn = next(one.prior for one in weighing.predictions if one.arm == arm.name)
    names = [one.name for one in weighing.verdict.classes]
    shares = {} if drawn is None else dict(zip(names, drawn.tolist(), strict=True))
    columns = (
        Column("Class", numeric=False),
        Column("Hardness rank, 0 to 1"),
        Column("Share as is"),
        Column(f"Share by hardness, degree {plain(arm.degree)}"),
        Column("Recall as is, %"),
        Column("minus as is, points"),
        Column("p, by Holm"),
    )
    rows = []
    for one in classes:
        share = shares.get(one.name)
        p = changes["p_holm"].get(one.name)
        rows.append(
            (
                name_cell(one.name),
                Cell(rank(one.hardness)),
                Cell(exact_percent(one.share)),
                absent_cell() if share is None else Cell(exact_percent(share)),
                interval_cell(one.recall, percent),
                interval_cell(_change(changes, one.name), points),
                absent_cell() if p is None or pd.isna(p) else Cell(f"{p:.3f}"),
            )
        )
    caption = (
        f"Every class, the hardest first. Recall on test data as trained, with 95{THIN_SPACE}% "
        "intervals of each class by itself; differences are paired. p-values are adjusted over "
        "all classes and arms."
    )
    return Table(caption, columns, tuple(rows))


def _change(changes: pd.DataFrame, name: str) -> Interval | None:
    if name not in changes.index or pd.isna(changes.loc[name, "mean"]):
        return None
    row = changes.loc[name]
    return Interval(float(row["mean"]), float(row["low"]), float(row["high"]))
