"""The gap between easy and hard samples beside its controls, and by who judges; and overlaps."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.report.charts import Chart, axis, layout
from steelyard.report.digits import THIN_SPACE
from steelyard.report.identifier_styles import KeyItem, bars_of, key_items, points_of, style_of
from steelyard.report.names import chart_text, shortened
from steelyard.report.quantities import (
    Quantities,
    Quantity,
    comparison_cells,
    comparison_columns,
    identifier_words,
    ours_cell,
    title_of,
)
from steelyard.report.study_findings import FAMILIES, FAMILY_WORDS
from steelyard.report.tables import Cell, Column, Table

_HEIGHT = 300
_APART = 0.15  # of a judge: between the signs of two identifiers
_SAME_KIND = "networks of the study"
_SHORT = {"": "study", "mlp": "MLP", "cnn": "CNN"}  # an axis on a phone has no room for more


@dataclass(frozen=True)
class Controls:
    """A data set's gaps by identifier and by judge, and the overlaps of hard sets."""

    name: str
    chart: Chart | None
    key: tuple[KeyItem, ...]
    gaps: Table | None
    overlaps: Table | None


def controls(quantities: Quantities) -> tuple[Controls, ...]:
    """Return one section a data set whose gaps or overlaps were measured or claimed."""
    found = [_section(quantities, data, number) for number, data in enumerate(quantities.data)]
    return tuple(one for one in found if one is not None)


def _section(quantities: Quantities, data: str, number: int) -> Controls | None:
    gaps = _gaps(quantities, data)
    overlaps = _overlaps(quantities, data)
    if not gaps and not overlaps:
        return None
    name = shortened(title_of(data), 40)
    return Controls(
        name,
        _chart(gaps, number, name) if gaps else None,
        key_items([*gaps]),
        _gap_table(gaps) if gaps else None,
        _overlap_table(overlaps) if overlaps else None,
    )


def _gaps(quantities: Quantities, data: str) -> dict[str, dict[str, Quantity]]:
    """Return the gap of each identifier by judge; the judge "" is the study's own networks."""
    found: dict[str, dict[str, Quantity]] = {}
    for protocol in quantities.protocols(data)[:1]:
        for match, one in quantities.matching(data, rf"{protocol}/([^/]+)/gap"):
            found.setdefault(match[1], {})[""] = one
    for match, one in quantities.matching(data, r"family/([^/]+)/([^/]+)/gap"):
        found.setdefault(match[2], {})[match[1]] = one
    order = [item.words for item in key_items([*found])]
    return dict(
        sorted(
            found.items(), key=lambda item: order.index(shortened(identifier_words(item[0]), 40))
        )
    )


def _overlaps(quantities: Quantities, data: str) -> dict[str, Quantity]:
    return {
        match[1]: one
        for protocol in quantities.protocols(data)[:1]
        for match, one in quantities.matching(data, rf"{protocol}/overlap/(.+)")
    }


def _chart(gaps: dict[str, dict[str, Quantity]], number: int, name: str) -> Chart:
    judges = _judges(gaps)
    published, ours = [], []
    for at, (identifier, by_judge) in enumerate(gaps.items()):
        shift = _APART * (at - (len(gaps) - 1) / 2)
        places = [place + shift for place in range(len(judges))]
        values = [by_judge.get(judge, Quantity()) for judge in judges]
        words = chart_text(identifier_words(identifier), 40)
        names = [f"{words}<br>judged by {_judge_words(judge)}" for judge in judges]
        style = style_of(identifier)
        published.append(bars_of(style, places, values, names))
        ours.append(points_of(style, places, values, names))
    return Chart(
        f"gaps-{number}",
        f"Gap between easy and hard samples of {name} for each way to pick hard samples, by who "
        f"judges. The numbers are in the table below.",
        [*published, *ours],
        layout(
            _HEIGHT,
            xaxis=axis(
                "judge", range=[-0.5, len(judges) - 0.5], tickvals=[*range(len(judges))],
                ticktext=[chart_text(_SHORT.get(judge, judge), 8) for judge in judges],
                showgrid=False, tickangle=0,
            ),
            yaxis=axis("gap, easy minus hard, points", nticks=7, zeroline=True,
                       zerolinecolor="@rule"),
        ),
    )  # fmt: skip


def _gap_table(gaps: dict[str, dict[str, Quantity]]) -> Table:
    every = [one for by_judge in gaps.values() for one in by_judge.values()]
    judges = _judges(gaps)
    columns = [
        Column("Hard samples", numeric=False),
        *comparison_columns("Gap, points", every),
        *(
            Column(f"by {shortened(FAMILY_WORDS.get(judge, judge), 40)}")
            for judge in judges
            if judge
        ),
    ]
    rows = tuple(
        (
            Cell(shortened(identifier_words(identifier), 40)),
            *comparison_cells(by_judge.get("", Quantity()), every),
            *(ours_cell(by_judge.get(judge, Quantity())) for judge in judges if judge),
        )
        for identifier, by_judge in gaps.items()
    )
    caption = (
        f"Accuracy on easy minus accuracy on hard test samples after training on all data, in "
        f"points, with 95{THIN_SPACE}% intervals"
    )
    return Table(caption, tuple(columns), rows)


def _overlap_table(overlaps: dict[str, Quantity]) -> Table:
    every = [*overlaps.values()]
    columns = (
        Column("First set", numeric=False),
        Column("Second set", numeric=False),
        *comparison_columns("In common, %", every),
    )
    rows = tuple(
        (
            *(Cell(shortened(_set_words(name), 40)) for name in (pair.partition("~")[::2])),
            *comparison_cells(one, every),
        )
        for pair, one in overlaps.items()
    )
    return Table("Of the first set, how many samples are in the second as well", columns, rows)


def _set_words(name: str) -> str:
    return "stragglers of another network" if name == "other-straggler" else identifier_words(name)


def _judges(gaps: dict[str, dict[str, Quantity]]) -> list[str]:
    seen = {judge for by_judge in gaps.values() for judge in by_judge}
    return ["", *(one for one in FAMILIES if one in seen), *sorted(seen - {"", *FAMILIES})]


def _judge_words(judge: str) -> str:
    return chart_text(FAMILY_WORDS.get(judge, judge) if judge else _SAME_KIND, 40)
