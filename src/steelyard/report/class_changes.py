"""What every arm of the resampling study changes in the recall of each class, family by family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.report.arm_words import FAMILIES, Arm, by_family
from steelyard.report.class_rows import (
    Panel,
    Series,
    ends_of,
    left_out,
    rows_chart,
    shown_rows,
)
from steelyard.report.hardness_cells import change_and_p_cell, level_cell, runs_of
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.identifier_styles import KeyItem
from steelyard.report.names import shortened
from steelyard.report.quantities import Quantity
from steelyard.report.series import key_of, style_at
from steelyard.report.tables import Cell, Column, Table

RESAMPLING = ("v1", "v1-estimators", "v1-noise", "v2", "safe", "other")


@dataclass(frozen=True)
class FamilyChanges:
    """The panels of a family, one a scheme, and its tables."""

    title: str
    key: tuple[KeyItem, ...]
    panels: tuple[Panel, ...]
    table: Table
    systematic: Table | None


@dataclass(frozen=True)
class ClassChanges:
    """The families of a data set."""

    name: str
    words: str
    families: tuple[FamilyChanges, ...]


def class_changes(quantities: HardnessQuantities) -> tuple[ClassChanges, ...]:
    """Return one section a data set in which arms changed the recall of classes."""
    found = []
    for number, data in enumerate(quantities.data):
        families = tuple(
            _family(quantities, data, number, family, arms)
            for family, arms in by_family(quantities.arms(data)).items()
            if family in RESAMPLING and _any_change(quantities, data, arms)
        )
        if families:
            words = left_out(len(quantities.classes(data)))
            found.append(ClassChanges(data_title(data), words, families))
    return tuple(found)


def _key(arm: Arm, code: int) -> str:
    return f"change/{arm.name}/class={code}/recall"


def _any_change(quantities: HardnessQuantities, data: str, arms: Sequence[Arm]) -> bool:
    classes = quantities.classes(data)
    return any(
        quantities.get(data, _key(arm, code)).value is not None for arm in arms for code in classes
    )


def _family(
    quantities: HardnessQuantities, data: str, number: int, family: str, arms: Sequence[Arm]
) -> FamilyChanges:
    settings = list(dict.fromkeys(arm.setting for arm in arms))
    schemes = list(dict.fromkeys(arm.scheme for arm in arms))
    by_place = {(arm.scheme, arm.setting): arm for arm in arms}
    classes = quantities.classes(data)
    rows = shown_rows(len(classes))
    names = [quantities.class_name(data, classes[row]) for row in rows]
    drawn = {
        scheme: [
            Series(
                setting,
                style_at(settings.index(setting)),
                tuple(
                    quantities.get(data, _key(by_place[scheme, setting], classes[row]))
                    if (scheme, setting) in by_place
                    else Quantity()
                    for row in rows
                ),
            )
            for setting in settings
        ]
        for scheme in schemes
    }
    # one axis a family, so that panels compare
    ends = ends_of([one for series in drawn.values() for one in series], (0.0,))
    panels = tuple(
        Panel(
            scheme[0].upper() + scheme[1:],
            rows_chart(
                f"changes-{number}-{family}-{at}",
                f"Change of the recall of each class of {data_title(data)}, {FAMILIES[family]}, "
                f"{scheme}, hardest class first, with 95 % intervals.",
                names,
                series,
                "change of recall, points",
                "class, hardest first",
                ends,
            ),
        )
        for at, (scheme, series) in enumerate(drawn.items())
    )
    return FamilyChanges(
        FAMILIES[family],
        key_of([one or "no resampling" for one in settings]),
        panels,
        _table(quantities, data, schemes, settings, by_place),
        _systematic(quantities, data, arms),
    )


def _table(
    quantities: HardnessQuantities,
    data: str,
    schemes: Sequence[str],
    settings: Sequence[str],
    by_place: dict[tuple[str, str], Arm],
) -> Table:
    """Return a row a scheme and class, a column a setting: many classes make it long, not wide."""
    classes = quantities.classes(data)
    rows = []
    every: list[Quantity] = []
    for scheme in schemes:
        for code in classes:
            cells = [Cell(scheme), Cell(shortened(quantities.class_name(data, code), 30))]
            for setting in settings:
                arm = by_place.get((scheme, setting))
                change, p_holm = Quantity(), Quantity()
                if arm is not None:
                    change = quantities.get(data, _key(arm, code))
                    p_holm = quantities.get(data, f"{_key(arm, code)}/p-holm")
                every.append(change)
                cells.append(change_and_p_cell(change, p_holm))
            rows.append(tuple(cells))
    columns = (
        Column("Scheme", numeric=False),
        Column("Class", numeric=False),
        *(Column(f"{setting or 'change'}, points") for setting in settings),
    )
    n_runs = runs_of(every)
    caption = (
        "Change of recall of each class against the arm's base, hardest class first, with its "
        "95 % interval and p after Holm's correction; bold where it is clear of zero after it"
    )
    if n_runs:
        caption += f". {n_runs} networks an arm"
    return Table(caption, columns, tuple(rows))


def _systematic(quantities: HardnessQuantities, data: str, arms: Sequence[Arm]) -> Table | None:
    found = [(arm, quantities.get(data, f"change/{arm.name}/systematic")) for arm in arms]
    rows = tuple((Cell(arm.words), level_cell(one)) for arm, one in found if one.value is not None)
    if not rows:
        return None
    columns = (Column("Arm", numeric=False), Column("Rank correlation"))
    return Table(
        "Rank correlation of the hardness of classes with their change of recall. 1: the harder "
        "the class, the more it gains; 0: changes do not follow hardness",
        columns,
        rows,
    )
