"""How many samples of each class every mode asks for, and which arms could not run."""

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
from steelyard.report.digits import plain
from steelyard.report.hardness_cells import level_cell
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.identifier_styles import KeyItem
from steelyard.report.names import one_line
from steelyard.report.quantities import Quantity
from steelyard.report.series import key_of, style_at
from steelyard.report.tables import Cell, Column, Table, name_cell

MODES = {
    "paper-v1": "As version 1 has it (paper-v1)",
    "paper-v2": "As version 2 has it (paper-v2)",
    "safe": "Ours (safe)",
}


@dataclass(frozen=True)
class Allocations:
    """The panels of a data set and the tables under them; ``not_run`` None where all ran."""

    name: str
    words: str
    key: tuple[KeyItem, ...]
    panels: tuple[Panel, ...]
    table: Table | None
    not_run: Table | None


def allocations(quantities: HardnessQuantities) -> tuple[Allocations, ...]:
    """Return one section a data set that has allocations, or arms that could not run."""
    found = []
    for number, data in enumerate(quantities.data):
        modes = [mode for mode in MODES if _degrees(quantities, data, mode)]
        not_run = _not_run(quantities, data)
        if modes or not_run:
            found.append(_section(quantities, data, number, modes, not_run))
    return tuple(found)


def _degrees(quantities: HardnessQuantities, data: str, mode: str) -> tuple[str, ...]:
    pattern = rf"{mode}/degree=([^/]+)/class=\d+"
    found = dict.fromkeys(match[1] for match, _ in quantities.matching(data, "allocation", pattern))
    return tuple(sorted(found, key=float))


def _section(
    quantities: HardnessQuantities,
    data: str,
    number: int,
    modes: list[str],
    not_run: Table | None,
) -> Allocations:
    degrees = sorted({one for mode in modes for one in _degrees(quantities, data, mode)}, key=float)
    classes = _sorted_classes(quantities, data, modes)
    rows = shown_rows(len(classes))
    names = [quantities.class_name(data, classes[row]) for row in rows]
    equal = _equal_share(quantities, data)
    panels = []
    for mode in modes:
        series = [
            Series(
                f"degree {degree}",
                style_at(at),
                tuple(_asked(quantities, data, mode, degree, classes[row]) for row in rows),
            )
            for at, degree in enumerate(degrees)
        ]
        panels.append(
            Panel(
                MODES[mode],
                rows_chart(
                    f"allocation-{number}-{mode}",
                    f"Samples of each class of {data_title(data)} that {mode} asks for, by degree.",
                    names,
                    series,
                    "samples asked for",
                    "class, most samples first",
                    ends_of(series, () if equal is None else (equal,)),
                    equal,
                ),
            )
        )
    return Allocations(
        data_title(data),
        f"{_words(quantities, data, modes)} {left_out(len(classes))}".strip(),
        key_of([f"degree {degree}" for degree in degrees]),
        tuple(panels),
        _table(quantities, data, modes, classes) if modes else None,
        not_run,
    )


def _asked(
    quantities: HardnessQuantities, data: str, mode: str, degree: str, code: int
) -> Quantity:
    return quantities.get(data, f"allocation/{mode}/degree={degree}/class={code}")


def _sorted_classes(quantities: HardnessQuantities, data: str, modes: list[str]) -> tuple[int, ...]:
    """Return class codes by what the first mode asks for at its lowest degree, most first."""
    classes = quantities.classes(data)
    if not modes:
        return classes
    degree = _degrees(quantities, data, modes[0])[0]
    asked = {one: _asked(quantities, data, modes[0], degree, one).value for one in classes}
    return tuple(sorted(classes, key=lambda one: -(asked[one] or 0.0)))


def _equal_share(quantities: HardnessQuantities, data: str) -> float | None:
    facts = quantities.facts(data)
    if not facts.get("n_train") or not facts.get("class_names"):
        return None
    return float(facts["n_train"]) / len(facts["class_names"])


def _words(quantities: HardnessQuantities, data: str, modes: list[str]) -> str:
    most = {mode: quantities.get(data, f"allocation/{mode}/most-degree") for mode in modes}
    said = [f"{one.short} in {mode}" for mode, one in most.items() if one.value is not None]
    if not said:
        return ""
    return f"The largest degree that leaves every class a sample is {', '.join(said)}."


def _table(
    quantities: HardnessQuantities, data: str, modes: list[str], classes: tuple[int, ...]
) -> Table:
    settings = [(mode, degree) for mode in modes for degree in _degrees(quantities, data, mode)]
    rows = [
        (
            name_cell(quantities.class_name(data, code)),
            *(level_cell(_asked(quantities, data, *setting, code)) for setting in settings),
        )
        for code in classes
    ]
    totals = [
        quantities.get(data, f"allocation/{mode}/degree={degree}/total")
        for mode, degree in settings
    ]
    if any(one.value is not None for one in totals):
        rows.append((Cell("All classes"), *map(level_cell, totals)))
    most = [quantities.get(data, f"allocation/{mode}/most-degree") for mode, _ in settings]
    if any(one.value is not None for one in most):
        rows.append((Cell("Largest feasible degree"), *map(level_cell, most)))
    columns = (
        Column("Class", numeric=False),
        *(Column(f"{mode}, degree {plain(float(degree))}") for mode, degree in settings),
    )
    return Table("Samples that each mode asks for", columns, tuple(rows))


def _not_run(quantities: HardnessQuantities, data: str) -> Table | None:
    found = quantities.not_run_arms(data)
    if not found:
        return None
    alike: dict[tuple[str, str, float | None, str], list[Arm]] = {}
    for mine in by_family(sorted(found)).values():
        for arm in mine:
            why = one_line(found[arm.name])
            alike.setdefault((arm.family, arm.knob, arm.strength, why), []).append(arm)
    rows = tuple(
        (name_cell(_together(arms), 90), Cell(why, mark="words"))
        for (*_, why), arms in alike.items()
    )
    columns = (Column("Arm", numeric=False), Column("Why it could not run", numeric=False))
    return Table("Arms that could not run", columns, rows)


def _together(arms: Sequence[Arm]) -> str:
    """Return arms that lack the same for the same reason: the one, or how many."""
    first = arms[0]
    if len(arms) == 1:
        return first.full
    strength = "" if first.strength is None else f", {first.knob} {plain(first.strength)}"
    return f"{FAMILIES[first.family]}{strength}: {len(arms)} arms"
