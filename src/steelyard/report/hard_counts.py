"""Hard samples of each class, and how often networks err on it (figure 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.report.charts import Chart, axis, layout
from steelyard.report.digits import THIN_SPACE
from steelyard.report.identifier_styles import (
    KeyItem,
    Style,
    bars_of,
    key_items,
    points_of,
    style_of,
)
from steelyard.report.names import chart_text, shortened
from steelyard.report.quantities import (
    Quantities,
    Quantity,
    are_claimed,
    brief_cells,
    brief_columns,
    identifier_words,
    title_of,
)
from steelyard.report.tables import Column, Table, name_cell

_HEIGHT = 300
_APART = 0.2  # of a class: between the signs of two identifiers
_MOST_DRAWN = 20  # classes
_ERROR = Style("error", "circle", "solid")


@dataclass(frozen=True)
class HardCounts:
    """Two charts of a data set, either of which may be missing, and the table under them."""

    name: str
    counts: Chart | None
    errors: Chart | None
    key: tuple[KeyItem, ...]
    table: Table
    words: str


def hard_counts(quantities: Quantities) -> tuple[HardCounts, ...]:
    """Return one section a data set whose hard samples were counted by class."""
    found = [_section(quantities, data, number) for number, data in enumerate(quantities.data)]
    return tuple(one for one in found if one is not None)


def _section(quantities: Quantities, data: str, number: int) -> HardCounts | None:
    counts: dict[str, dict[str, Quantity]] = {}
    for protocol in quantities.protocols(data)[:1]:
        for match, one in quantities.matching(data, rf"{protocol}/([^/]+)/count/class=(.+)"):
            counts.setdefault(match[1], {})[match[2]] = one
    errors = {match[1]: one for match, one in quantities.matching(data, r"error/class=(.+)")}
    if not counts and not errors:
        return None
    classes = [*dict.fromkeys(name for one in (*counts.values(), errors) for name in one)]
    name = shortened(title_of(data), 40)
    drawn = classes[:_MOST_DRAWN]
    words = (
        f"Drawn: the first {_MOST_DRAWN} of {len(classes)} classes."
        if len(classes) > _MOST_DRAWN
        else ""
    )
    return HardCounts(
        name,
        _counts_chart(counts, drawn, number, name) if counts else None,
        _errors_chart(errors, drawn, number, name) if errors else None,
        key_items([*counts]),
        _table(counts, errors, classes),
        words,
    )


def _counts_chart(
    counts: dict[str, dict[str, Quantity]], classes: Sequence[str], number: int, name: str
) -> Chart:
    published, ours = [], []
    for at, (identifier, by_class) in enumerate(counts.items()):
        shift = _APART * (at - (len(counts) - 1) / 2)
        places = [place + shift for place in range(len(classes))]
        values = [by_class.get(one, Quantity()) for one in classes]
        words = chart_text(identifier_words(identifier), 40)
        names = [f"{words}, class {chart_text(one, 30)}" for one in classes]
        style = style_of(identifier)
        published.append(bars_of(style, places, values, names))
        ours.append(points_of(style, places, values, names))
    return Chart(
        f"hard-counts-{number}",
        f"Hard samples of each class of {name}. The numbers are in the table below.",
        [*published, *ours],
        layout(_HEIGHT, xaxis=_classes(classes), yaxis=_from_zero("hard samples, number")),
    )


def _errors_chart(
    errors: dict[str, Quantity], classes: Sequence[str], number: int, name: str
) -> Chart:
    values = [errors.get(one, Quantity()) for one in classes]
    names = [f"class {chart_text(one, 30)}" for one in classes]
    places = [float(place) for place in range(len(classes))]
    return Chart(
        f"class-errors-{number}",
        f"Test error of each class of {name}. The numbers are in the table below.",
        [bars_of(_ERROR, places, values, names), points_of(_ERROR, places, values, names)],
        layout(_HEIGHT, xaxis=_classes(classes), yaxis=_from_zero("test error, share")),
    )


def _classes(classes: Sequence[str]) -> dict[str, Any]:
    return axis(
        "class", range=[-0.6, len(classes) - 0.4], tickvals=[*range(len(classes))],
        ticktext=[chart_text(one, 12) for one in classes], showgrid=False,
    )  # fmt: skip


def _from_zero(title: str) -> dict[str, Any]:
    return axis(title, rangemode="tozero", nticks=6)


def _table(
    counts: dict[str, dict[str, Quantity]], errors: dict[str, Quantity], classes: Sequence[str]
) -> Table:
    every = [*(one for by_class in counts.values() for one in by_class.values()), *errors.values()]
    columns = [Column("Class", numeric=False)]
    for identifier in counts:
        columns += brief_columns(shortened(identifier_words(identifier), 40), every)
    if errors:
        columns += brief_columns("Test error, share", every)
    rows = []
    for one in classes:
        cells = [name_cell(one)]
        for by_class in counts.values():
            cells += brief_cells(by_class.get(one, Quantity()), every)
        if errors:
            cells += brief_cells(errors.get(one, Quantity()), every)
        rows.append(tuple(cells))
    caption = (
        f"Hard samples of each class, mean over sets, and test error, mean over networks, with "
        f"95{THIN_SPACE}% intervals."
    )
    if are_claimed(every):
        caption += " Published: mean and standard deviation."
    return Table(caption, tuple(columns), tuple(rows))
