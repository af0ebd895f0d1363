"""Pruned at random, then resampled by hardness: what each source changes, by rate."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.report.arm_words import Arm, arm_of
from steelyard.report.class_rows import Panel
from steelyard.report.hardness_cells import change_cell, least_cell, level_cell, p_cell
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.identifier_styles import KeyItem
from steelyard.report.pruning_curves import MEASURES, RATE, by_rate, percent_of, rates_of
from steelyard.report.rate_lines import Line, ends_of, lines_chart
from steelyard.report.series import key_of, style_at
from steelyard.report.tables import Cell, Column, Table

_DRAWN = ("accuracy", "recall/easy_hard", "recall/max_min")
_LEFT = "nothing (what is left)"


@dataclass(frozen=True)
class RefillCurves:
    """A data set's curves and their table."""

    name: str
    key: tuple[KeyItem, ...]
    panels: tuple[Panel, ...]
    table: Table


def refill_curves(quantities: HardnessQuantities) -> tuple[RefillCurves, ...]:
    """Return one section a data set that was pruned at random."""
    found = []
    for number, data in enumerate(quantities.data):
        rates = rates_of(quantities, data, ("pruned",))
        if rates:
            found.append(_section(quantities, data, number, rates))
    return tuple(found)


def _section(
    quantities: HardnessQuantities, data: str, number: int, rates: tuple[str, ...]
) -> RefillCurves:
    refilled = [arm for name in quantities.arms(data) if (arm := arm_of(name)).family == "refilled"]
    sources = {"": _LEFT}
    sources |= {f"/{arm.name.rsplit('/', 1)[-1]}": arm.scheme for arm in refilled}
    panels = []
    for measure in _DRAWN:
        lines = [
            Line(
                words,
                style_at(at),
                by_rate(quantities, data, rates, f"arm/pruned/rate={{rate}}{source}/{measure}"),
            )
            for at, (source, words) in enumerate(sources.items())
        ]
        lines = [line for line in lines if line.points]
        if lines:
            panels.append(
                Panel(
                    MEASURES[measure],
                    lines_chart(
                        f"refill-{number}-{measure.replace('/', '-')}",
                        f"{MEASURES[measure]} of {data_title(data)} after random pruning, by what "
                        f"was filled up with, against the share pruned, with 95 % intervals.",
                        lines,
                        RATE,
                        f"measure, {'points' if '/' in measure else '%'}",
                        ends_of(lines),
                    ),
                )
            )
    return RefillCurves(
        data_title(data),
        key_of([*sources.values()]),
        tuple(panels),
        _table(quantities, data, refilled),
    )


def _table(quantities: HardnessQuantities, data: str, refilled: list[Arm]) -> Table:
    """Return a row a measure, rate and source: value, change against what is left, p, least."""
    rows = []
    for measure, words in MEASURES.items():
        for arm in refilled:
            key = f"change/{arm.name}/{measure}"
            change, p_holm = quantities.get(data, key), quantities.get(data, f"{key}/p-holm")
            value = quantities.get(data, f"arm/{arm.name}/{measure}")
            left = quantities.get(data, f"arm/{arm.name.rsplit('/', 1)[0]}/{measure}")
            if value.value is None and change.value is None:
                continue
            rows.append(
                (
                    Cell(words),
                    Cell(f"{percent_of(str(arm.strength or 0.0)):g}"),
                    Cell(arm.scheme),
                    level_cell(left),
                    level_cell(value),
                    change_cell(change, p_holm),
                    p_cell(p_holm),
                    least_cell(quantities.get(data, f"{key}/detectable")),
                )
            )
    columns = (
        Column("Measure, % (gaps: points)", numeric=False),
        Column(f"{RATE[0].upper()}{RATE[1:]}"),
        Column("Filled up with", numeric=False),
        Column("What is left"),
        Column("Filled up"),
        Column("Change, points"),
        Column("p, Holm"),
        Column("Least change seen, points"),
    )
    return Table(
        "Resampling what a random pruning left, by hardness and to the same size: change against "
        "what was left, paired, with 95 % intervals; bold where it is clear of zero after Holm's "
        "correction",
        columns,
        tuple(rows),
    )
