"""How a hardness study was done: what its data, networks and arms were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from steelyard.records.study_results import StudyResults
from steelyard.report.digits import count, duration
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.methods import Fact
from steelyard.report.names import one_line, shortened
from steelyard.report.study_method import fact_of, facts
from steelyard.report.tables import Cell, Column, Table, name_cell

_NUMBERS = {
    "n_train": "Training samples", "n_test": "Test samples", "n_pool": "Samples of the pool",
}  # fmt: skip
_ELSEWHERE = ("class_names", "easy", "hard", "not_run", "arms", "protocol", "seconds", "name")


@dataclass(frozen=True)
class DataMethod:
    """What is recorded of a data set, and its arms in words."""

    name: str
    facts: tuple[Fact, ...]
    arms: Table | None


def study_facts(results: StudyResults) -> tuple[Fact, ...]:
    """Return what is recorded of the study as a whole."""
    figures = results.figures
    whole = {
        name: value
        for name, value in figures.facts.items()
        if not (isinstance(value, Mapping) and "class_names" in value)
    }
    return facts(replace(results, figures=replace(figures, facts=whole)))


def data_facts(quantities: HardnessQuantities) -> tuple[DataMethod, ...]:
    """Return what is recorded of each data set."""
    return tuple(
        DataMethod(data_title(data), tuple(_facts(quantities.facts(data))), _arms(quantities, data))
        for data in quantities.data
        if quantities.facts(data)
    )


def _facts(recorded: Mapping[str, object]) -> list[Fact]:
    found = []
    if recorded.get("name"):
        found.append(Fact("Data", one_line(recorded["name"])))
    for name, title in _NUMBERS.items():
        value = recorded.get(name)
        if isinstance(value, int):
            found.append(Fact(title, count(value)))
    names = recorded.get("class_names")
    if isinstance(names, (list, tuple)):
        found.append(Fact("Classes", count(len(names))))
    protocol = recorded.get("protocol")
    if isinstance(protocol, Mapping):
        found += [fact_of(one, protocol[one]) for one in sorted(protocol) if one != "arms"]
    elif protocol is not None:
        found.append(fact_of("protocol", protocol))
    if isinstance(seconds := recorded.get("seconds"), (int, float)):
        found.append(Fact("Time", duration(float(seconds))))
    others = sorted({*recorded} - {*_ELSEWHERE, *_NUMBERS})
    return [*found, *(fact_of(name, recorded[name]) for name in others)]


def _arms(quantities: HardnessQuantities, data: str) -> Table | None:
    arms = quantities.facts(data).get("arms")
    if not isinstance(arms, Mapping) or not arms:
        return None
    rows = tuple(
        (name_cell(name, 60), Cell(shortened(words, 300), mark="words"))
        for name, words in sorted(arms.items())
    )
    columns = (Column("Arm, as keys name it", numeric=False), Column("What it is", numeric=False))
    return Table("Every arm that was declared", columns, rows)
