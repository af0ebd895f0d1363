"""What every arm does to the gaps between classes: drawn for the main ones, told for all.

Five gaps and the mean, of recall; the same of precision and F1 in short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.records.hardness_arm import BASELINE
from steelyard.report.arm_words import FAMILIES, Arm, by_family
from steelyard.report.class_rows import Panel, Series, ends_of, rows_chart
from steelyard.report.hardness_cells import (
    change_and_p_cell,
    change_cell,
    level_cell,
)
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.quantities import Quantity
from steelyard.report.series import ONE
from steelyard.report.tables import Cell, Column, Table

GAPS = {  # the end of a key: the gap in words
    "easy_hard": "easy less hard classes",
    "max_min": "best less worst class",
    "top_bottom": "best less worst few classes",
    "standard_deviation": "standard deviation over classes",
    "mad": "median absolute deviation over classes",
}
DRAWN = {
    "recall/easy_hard": "Gap of easy and hard classes",
    "recall/max_min": "Gap of best and worst class",
    "accuracy": "Accuracy",
}
_METRICS = {"recall": "recall", "precision": "precision", "f1": "F1"}
_RELATIVE = ("recall/easy_hard", "recall/max_min")


@dataclass(frozen=True)
class FamilyGaps:
    """The panels of a family."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class NamedTable:
    """A table and what opens it."""

    title: str
    table: Table


@dataclass(frozen=True)
class Gaps:
    """The families of a data set, the tables under them, and what else bears on gaps."""

    name: str
    families: tuple[FamilyGaps, ...]
    tables: tuple[NamedTable, ...]
    best: Table | None
    pool: Table | None


def gaps(quantities: HardnessQuantities) -> tuple[Gaps, ...]:
    """Return one section a data set whose arms were compared."""
    found = []
    for number, data in enumerate(quantities.data):
        arms = compared(quantities, data)
        if arms:
            found.append(_section(quantities, data, number, arms))
    return tuple(found)


def compared(quantities: HardnessQuantities, data: str) -> tuple[Arm, ...]:
    """Return the arms whose recall or accuracy was compared with their base, by family."""
    pattern = r"(.+)/(?:accuracy|recall|recall/[a-z_]+)"
    changed = {match[1] for match, _ in quantities.matching(data, "change", pattern)}
    families = by_family([one for one in quantities.arms(data) if one in changed])
    return tuple(arm for arms in families.values() for arm in arms)


def _section(quantities: HardnessQuantities, data: str, number: int, arms: Sequence[Arm]) -> Gaps:
    # one axis a measure, so that families compare
    ends = {
        measure: ends_of([_series(quantities, data, arms, measure)], (0.0,)) for measure in DRAWN
    }
    families = []
    for family, title in FAMILIES.items():
        mine = [arm for arm in arms if arm.family == family]
        panels = tuple(
            Panel(
                words,
                rows_chart(
                    f"gaps-{number}-{family}-{measure.replace('/', '-')}",
                    f"{words} of {data_title(data)}, {title}: change of each arm against its base, "
                    f"with 95 % intervals.",
                    [_brief(arm) for arm in mine],
                    [_series(quantities, data, mine, measure)],
                    "change, points",
                    "arm",
                    ends[measure],
                ),
            )
            for measure, words in DRAWN.items()
            if any(one.value is not None for one in _changes(quantities, data, mine, measure))
        )
        if panels:
            families.append(FamilyGaps(title, panels))
    tables = [
        _levels_table(quantities, data, arms),
        *(_changes_table(quantities, data, arms, metric) for metric in _METRICS),
    ]
    return Gaps(
        data_title(data),
        tuple(families),
        tuple(one for one in tables if one is not None),
        _best(quantities, data),
        _pool(quantities, data),
    )


def _brief(arm: Arm) -> str:
    """Return an arm as short as an axis has room for."""
    knob = {"alpha": "\N{GREEK SMALL LETTER ALPHA} ", "degree": "", "rate": ""}.get(arm.knob, "")
    setting = "" if arm.strength is None else f"{knob}{arm.strength:g} "
    what = "logits" if arm.logits_alone else arm.name.rsplit("/", 1)[-1]
    if arm.family == "v1-estimators":
        what = arm.name.split("/")[1]
    if arm.family in ("v2", "safe"):  # all of them leave out the easiest
        what = what.removesuffix("+easiest")
    return f"{setting}{what}"


def _changes(
    quantities: HardnessQuantities, data: str, arms: Sequence[Arm], measure: str
) -> list[Quantity]:
    return [quantities.get(data, f"change/{arm.name}/{measure}") for arm in arms]


def _series(quantities: HardnessQuantities, data: str, arms: Sequence[Arm], measure: str) -> Series:
    return Series("", ONE, tuple(_changes(quantities, data, arms, measure)))


def _levels_table(quantities: HardnessQuantities, data: str, arms: Sequence[Arm]) -> NamedTable:
    """Return a row an arm: its accuracy, mean recall and gaps, and how much of two gaps it cuts."""
    measures = {"accuracy": "Accuracy, %", **_measures("recall", ", points")}
    names = {BASELINE: "Baseline", **{arm.name: arm.full for arm in arms}}
    rows = tuple(
        (
            Cell(words),
            *(level_cell(quantities.get(data, f"arm/{name}/{one}")) for one in measures),
            *(level_cell(quantities.get(data, f"relative/{name}/{one}")) for one in _RELATIVE),
        )
        for name, words in names.items()
    )
    columns = (
        Column("Arm", numeric=False),
        *(Column(words) for words in measures.values()),
        *(Column(f"{GAPS[one.rsplit('/', 1)[-1]]}, change in % of it") for one in _RELATIVE),
    )
    caption = "Accuracy, recall and its gaps of every arm, with 95 % intervals"
    return NamedTable("accuracy, recall and gaps of every arm", Table(caption, columns, rows))


def _changes_table(
    quantities: HardnessQuantities, data: str, arms: Sequence[Arm], metric: str
) -> NamedTable | None:
    """Return a row an arm, a column a measure: change, interval, p and least change in a cell."""
    measures = _measures(metric, "")
    if metric == "recall":
        measures = {"accuracy": "Accuracy", **measures}
    rows = []
    for arm in arms:
        keys = [f"change/{arm.name}/{one}" for one in measures]
        changes = [quantities.get(data, key) for key in keys]
        if any(one.value is not None for one in changes):
            tests = [quantities.get(data, f"{key}/p-holm") for key in keys]
            least = [quantities.get(data, f"{key}/detectable") for key in keys]
            if metric != "recall":  # in short
                least = [Quantity()] * len(keys)
            rows.append((Cell(arm.full), *map(change_and_p_cell, changes, tests, least)))
    if not rows:
        return None
    columns = (Column("Arm", numeric=False), *(Column(words) for words in measures.values()))
    caption = (
        f"Change of mean {_METRICS[metric]} and its gaps against the arm's base, points, paired, "
        f"with 95 % interval and p after Holm's correction; bold where it is clear of zero after it"
    )
    if metric == "recall":
        caption += ". Last, the least change that would have been seen with probability 0.8"
    return NamedTable(f"changes of {_METRICS[metric]}", Table(caption, columns, tuple(rows)))


def _measures(metric: str, unit: str) -> dict[str, str]:
    """Return mean and gaps of a metric, by the end of their keys."""
    mean = f"Mean {_METRICS[metric]}{', %' if unit else ''}"
    return {metric: mean, **{f"{metric}/{gap}": f"{words}{unit}" for gap, words in GAPS.items()}}


def _best(quantities: HardnessQuantities, data: str) -> Table | None:
    rows = tuple(
        (Cell(FAMILIES[family]), level_cell(one))
        for family in ("v1", "v2")
        if (one := quantities.get(data, f"best/{family}/recall/max_min")).value is not None
    )
    if not rows:
        return None
    columns = (Column("Family", numeric=False), Column("Change of the gap, %"))
    return Table(
        "Largest relative cut of the recall gap of best and worst class by any arm of a family. "
        "The arm is chosen on one half of the test samples and its cut told on the other; below "
        "0 is narrower",
        columns,
        rows,
    )


def _pool(quantities: HardnessQuantities, data: str) -> Table | None:
    pattern = r"(hardest|average)-minus-random/alpha=([^/]+)/recall/([a-z_]+)"
    rows = []
    for match, one in quantities.matching(data, "pool", pattern):
        which = f"{match[1]} less random of the pool, alpha {match[2]}"
        rows.append((Cell(which), Cell(GAPS.get(match[3], match[3])), change_cell(one)))
    if not rows:
        return None
    columns = (
        Column("Arms", numeric=False),
        Column("Recall gap", numeric=False),
        Column("Difference, points"),
    )
    return Table("Does it matter which samples of a pool are added?", columns, tuple(rows))
