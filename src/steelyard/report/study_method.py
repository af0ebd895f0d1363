"""How a study was done: what to repeat it by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from steelyard.records.study_results import StudyResults
from steelyard.report.digits import count, duration, plain
from steelyard.report.methods import NOT_RECORDED, Fact
from steelyard.report.names import one_line

# what everybody looks for, in this order; whatever else was recorded follows by name
_FIRST = ("command", "seed", "seeds", "seconds", "versions")
_TITLES = {"seconds": "Time", "seeds": "Seeds", "seed": "Seed"}


def facts(results: StudyResults) -> tuple[Fact, ...]:
    """Return the study, its paper and scale, and every fact that its figures carry."""
    recorded = dict(results.figures.facts)
    first = [name for name in _FIRST if name in recorded]
    missing = [name for name in ("command", "versions") if name not in recorded]
    others = sorted(set(recorded) - set(first))
    return (
        Fact("Study", one_line(results.figures.study)),
        Fact("Paper", one_line(results.paper) if results.paper else "none: data of your own"),
        Fact("Scale", one_line(results.figures.scale)),
        Fact("Quantities measured", count(len(results.figures.table))),
        *(
            Fact(_title(name), _value(name, recorded[name]), code=name == "command")
            for name in (*first, *others)
        ),
        *(Fact(_title(name), NOT_RECORDED) for name in missing),
    )


def fact_of(name: str, value: Any) -> Fact:
    """Return any plain value under its name."""
    return Fact(_title(name), _value(name, value))


def _title(name: str) -> str:
    words = one_line(name).replace("_", " ").replace("-", " ")
    return _TITLES.get(name, words[0].upper() + words[1:])


def _value(name: str, value: Any) -> str:
    if name == "seconds" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return duration(float(value))
    return ", ".join(_said(value)) or "none"


def _said(value: Any) -> Iterator[str]:
    """Yield plain data as phrases: "name value" of a mapping, each item of a list."""
    if isinstance(value, Mapping):
        for name in sorted(value):
            phrases = [*_said(value[name])]
            yield f"{one_line(name)} {', '.join(phrases)}" if phrases else one_line(name)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _said(one)
    elif value is None:
        yield "none"
    elif isinstance(value, float):
        yield plain(value)
    else:
        yield one_line(value)
