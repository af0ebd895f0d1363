"""Pruning the easiest: over the whole data set (dlp) against class by class (clp), by rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.records.hardness_arm import BASELINE
from steelyard.report.charts import Chart
from steelyard.report.class_rows import Panel
from steelyard.report.gap_tables import GAPS
from steelyard.report.hardness_cells import (
    change_and_p_cell,
    change_cell,
    least_cell,
    level_cell,
    p_cell,
)
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.identifier_styles import KeyItem
from steelyard.report.names import shortened
from steelyard.report.quantities import Quantity
from steelyard.report.rate_lines import Line, ends_of, lines_chart
from steelyard.report.series import key_of, style_at
from steelyard.report.tables import Cell, Column, Table, absent_cell

LEVELS = {"dlp": "over the data set", "clp": "class by class"}
MEASURES = {
    "accuracy": "Accuracy",
    "recall": "Recall, mean over classes",
    **{f"recall/{gap}": f"Recall, {words}" for gap, words in GAPS.items()},
}
_DRAWN = ("accuracy", "recall/easy_hard", "recall/max_min")
RATE = "pruned, %"
_MOST_CLASSES = 20


@dataclass(frozen=True)
class ClassPanel:
    """The chart of a class."""

    name: str
    chart: Chart


@dataclass(frozen=True)
class PruningCurves:
    """A data set's curves and tables."""

    name: str
    key: tuple[KeyItem, ...]
    words: str
    shares: tuple[ClassPanel, ...]
    recalls: tuple[ClassPanel, ...]
    classes: Table
    overall: tuple[Panel, ...]
    measures: Table


def pruning_curves(quantities: HardnessQuantities) -> tuple[PruningCurves, ...]:
    """Return one section a data set that was pruned by hardness."""
    found = []
    for number, data in enumerate(quantities.data):
        rates = rates_of(quantities, data, tuple(LEVELS))
        if rates:
            found.append(_section(quantities, data, number, rates))
    return tuple(found)


def rates_of(quantities: HardnessQuantities, data: str, families: Sequence[str]) -> tuple[str, ...]:
    """Return the rates at which arms of the families ran, as their names have them."""
    pattern = rf"(?:{'|'.join(families)})/rate=([0-9.]+)/accuracy"
    found = dict.fromkeys(match[1] for match, _ in quantities.matching(data, "arm", pattern))
    return tuple(sorted(found, key=float))


def by_rate(
    quantities: HardnessQuantities, data: str, rates: Sequence[str], key: str, *, whole: str = ""
) -> dict[float, Quantity]:
    """Return a quantity by rate, in percent; ``key`` has "{rate}", ``whole`` is that of rate 0."""
    found = {0.0: quantities.get(data, whole)} if whole else {}
    found |= {percent_of(rate): quantities.get(data, key.format(rate=rate)) for rate in rates}
    return {rate: one for rate, one in found.items() if one.value is not None}


def percent_of(rate: str) -> float:
    """Return a rate in percent."""
    return round(100 * float(rate), 6)


def _section(
    quantities: HardnessQuantities, data: str, number: int, rates: tuple[str, ...]
) -> PruningCurves:
    classes = quantities.classes(data)
    drawn = classes
    words = ""
    if len(classes) > _MOST_CLASSES:
        half = _MOST_CLASSES // 2
        drawn = (*classes[:half], *classes[-half:])
        words = (
            f"Drawn are the {half} hardest and the {half} easiest of {len(classes)} classes; the "
            f"table has all."
        )
    return PruningCurves(
        data_title(data),
        key_of([f"pruned {words}" for words in LEVELS.values()]),
        words,
        _class_panels(quantities, data, number, rates, drawn, "share"),
        _class_panels(quantities, data, number, rates, drawn, "recall"),
        _class_table(quantities, data, rates, classes),
        _overall(quantities, data, number, rates),
        _measure_table(quantities, data, rates),
    )


def _class_panels(
    quantities: HardnessQuantities,
    data: str,
    number: int,
    rates: tuple[str, ...],
    classes: Sequence[int],
    what: str,
) -> tuple[ClassPanel, ...]:
    """Draw every class on one axis, so that panels compare."""
    lines = {
        code: [
            Line(
                f"pruned {words}",
                style_at(at),
                by_rate(
                    quantities,
                    data,
                    rates,
                    f"arm/{level}/rate={{rate}}/class={code}/{what}",
                    whole=f"arm/{BASELINE}/class={code}/{what}",
                ),
            )
            for at, (level, words) in enumerate(LEVELS.items())
        ]
        for code in classes
    }
    lines = {code: [line for line in mine if line.points] for code, mine in lines.items()}
    ends = ends_of([line for mine in lines.values() for line in mine])
    title = "share pruned, %" if what == "share" else "recall, %"
    return tuple(
        ClassPanel(
            shortened(quantities.class_name(data, code), 24),
            lines_chart(
                f"pruning-{number}-{what}-{code}",
                f"{title} of class {shortened(quantities.class_name(data, code), 24)} of "
                f"{data_title(data)} against the share of all samples pruned, with 95 % intervals.",
                mine,
                RATE,
                title,
                ends,
                small=True,
            ),
        )
        for code, mine in lines.items()
        if mine
    )


def _class_table(
    quantities: HardnessQuantities, data: str, rates: tuple[str, ...], classes: Sequence[int]
) -> Table:
    """Return a row a class and measure, a column a rate."""
    rows = []
    for code in classes:
        name = Cell(shortened(quantities.class_name(data, code), 30))
        for level, words in LEVELS.items():
            for what in ("share", "recall"):
                keys = [f"arm/{level}/rate={rate}/class={code}/{what}" for rate in rates]
                found = [quantities.get(data, key) for key in keys]
                if any(one.value is not None for one in found):
                    title = "share pruned" if what == "share" else "recall"
                    rows.append((name, Cell(f"{title}, {words}"), *map(level_cell, found)))
        keys = [f"change/dlp/rate={rate}/class={code}/recall" for rate in rates]
        found = [quantities.get(data, key) for key in keys]
        if any(one.value is not None for one in found):
            tests = [quantities.get(data, f"{key}/p-holm") for key in keys]
            cells = map(change_and_p_cell, found, tests)
            rows.append((name, Cell("recall, first less second, points"), *cells))
    columns = (
        Column("Class", numeric=False),
        Column("Quantity, %", numeric=False),
        *(Column(f"{percent_of(rate):g} % pruned") for rate in rates),
    )
    return Table(
        "Share of each class that was pruned and recall of what trained on the rest, with 95 % "
        "intervals; differences are of pruning over the data set less class by class, paired, with "
        "p after Holm's correction",
        columns,
        tuple(rows),
    )


def _overall(
    quantities: HardnessQuantities, data: str, number: int, rates: tuple[str, ...]
) -> tuple[Panel, ...]:
    """Draw both levels of each measure, and under them their paired difference."""
    panels = []
    for measure in _DRAWN:
        both = [
            Line(
                f"pruned {words}",
                style_at(at),
                by_rate(
                    quantities,
                    data,
                    rates,
                    f"arm/{level}/rate={{rate}}/{measure}",
                    whole=f"arm/{BASELINE}/{measure}",
                ),
            )
            for at, (level, words) in enumerate(LEVELS.items())
        ]
        unit = "points" if "/" in measure else "%"
        panels.append(
            _panel(MEASURES[measure], f"pruning-{number}-{measure}", data, both, unit, zero=False)
        )
    for measure in _DRAWN:
        difference = Line(
            "over the data set less class by class",
            style_at(2),
            by_rate(quantities, data, rates, f"change/dlp/rate={{rate}}/{measure}"),
        )
        if difference.points:
            title = f"{MEASURES[measure]}: over the data set less class by class"
            key = f"pruning-{number}-{measure}-paired"
            panels.append(_panel(title, key, data, [difference], "points", zero=True))
    return tuple(panels)


def _panel(
    title: str, key: str, data: str, lines: Sequence[Line], unit: str, *, zero: bool
) -> Panel:
    return Panel(
        title,
        lines_chart(
            key.replace("/", "-"),
            f"{title}, of {data_title(data)}, against the share pruned, with 95 % intervals.",
            lines,
            RATE,
            f"{'difference' if zero else 'measure'}, {unit}",
            ends_of(lines, (0.0,) if zero else ()),
            zero=zero,
        ),
    )


def _measure_table(quantities: HardnessQuantities, data: str, rates: tuple[str, ...]) -> Table:
    """Return a row a measure and rate: both levels, their difference, p, least change."""
    rows = []
    for measure, words in MEASURES.items():
        whole = quantities.get(data, f"arm/{BASELINE}/{measure}")
        if whole.value is not None:
            cells = (level_cell(whole), level_cell(whole), *[absent_cell("")] * 3)
            rows.append((Cell(words), Cell("0"), *cells))
        for rate in rates:
            key = f"change/dlp/rate={rate}/{measure}"
            change, p_holm = quantities.get(data, key), quantities.get(data, f"{key}/p-holm")
            levels = [quantities.get(data, f"arm/{one}/rate={rate}/{measure}") for one in LEVELS]
            if any(one.value is not None for one in (change, *levels)):
                rows.append(
                    (
                        Cell(words),
                        Cell(f"{percent_of(rate):g}"),
                        *map(level_cell, levels),
                        change_cell(change, p_holm),
                        p_cell(p_holm),
                        least_cell(quantities.get(data, f"{key}/detectable")),
                    )
                )
    columns = (
        Column("Measure, % (gaps: points)", numeric=False),
        Column(f"{RATE[0].upper()}{RATE[1:]}"),
        *(Column(words[0].upper() + words[1:]) for words in LEVELS.values()),
        Column("First less second, points"),
        Column("p, Holm"),
        Column("Least change seen, points"),
    )
    return Table(
        "Accuracy, recall and its gaps after pruning the easiest, over the data set and class by "
        "class, and their paired difference, with 95 % intervals; bold where it is clear of zero "
        "after Holm's correction. Least change seen: with probability 0.8",
        columns,
        tuple(rows),
    )
