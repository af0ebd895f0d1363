"""Accuracy on hard and on easy samples against the share of either kept in training (figure 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.report.charts import Chart, axis, layout
from steelyard.report.digits import THIN_SPACE, plain
from steelyard.report.identifier_styles import (
    KeyItem,
    key_items,
    marker,
    points_of,
    style_of,
    told_published,
)
from steelyard.report.names import chart_text, shortened
from steelyard.report.quantities import (
    Quantities,
    Quantity,
    are_claimed,
    comparison_cells,
    comparison_columns,
    identifier_words,
    place_of,
    title_of,
)
from steelyard.report.tables import Cell, Column, Table

_HEIGHT = 300
_PANELS = (("hard", "easy"), ("hard", "hard"), ("easy", "easy"), ("easy", "hard"))  # tested, kept
_NOT_DRAWN = "Not run: this part of the figure was neither measured nor claimed."


@dataclass(frozen=True)
class Panel:
    """One chart with its title; ``words`` instead where there is nothing to draw."""

    title: str
    chart: Chart | None
    words: str = ""


@dataclass(frozen=True)
class KeptShares:
    """The four panels of a data set and the table under them."""

    name: str
    panels: tuple[Panel, ...]
    key: tuple[KeyItem, ...]
    table: Table


@dataclass(frozen=True)
class _Point:
    identifier: str
    kept: str
    share: float
    tested: str
    quantity: Quantity


def kept_shares(quantities: Quantities) -> tuple[KeptShares, ...]:
    """Return one section a data set in which shares were kept."""
    found = []
    for number, data in enumerate(quantities.data):
        points = _points(quantities, data)
        if points:
            panels = tuple(_panel(points, tested, kept, number, data) for tested, kept in _PANELS)
            key = key_items([point.identifier for point in points])
            found.append(KeptShares(shortened(title_of(data), 40), panels, key, _table(points)))
    return tuple(found)


def _points(quantities: Quantities, data: str) -> list[_Point]:
    """Return every point of the figure under the main protocol, ours or published."""
    protocols = quantities.protocols(data)
    if not protocols:
        return []
    pattern = rf"{protocols[0]}/([^/]+)/keep-(easy|hard)=([0-9.]+)/(hard|easy)/accuracy"
    return sorted(
        (
            _Point(match[1], match[2], float(match[3]), match[4], quantity)
            for match, quantity in quantities.matching(data, pattern)
        ),
        key=lambda point: (point.kept, point.share),
    )


def _panel(points: Sequence[_Point], tested: str, kept: str, number: int, data: str) -> Panel:
    title = f"Tested on {tested} samples, trained with fewer {kept} ones"
    mine = [point for point in points if point.tested == tested and point.kept == kept]
    if not mine:
        return Panel(title, None, _NOT_DRAWN)
    by_identifier: dict[str, list[_Point]] = {}
    for point in mine:
        by_identifier.setdefault(point.identifier, []).append(point)
    traces = [
        *(trace for name, line in by_identifier.items() for trace in _published(name, line)),
        *(_ours(name, line) for name, line in by_identifier.items()),
    ]
    chart = Chart(
        f"kept-{number}-{tested}-{kept}",
        f"Accuracy on {tested} test samples of {shortened(title_of(data), 40)} against the share "
        f"of {kept} training samples kept, a line for each way to pick hard samples. The numbers "
        f"are in the table below.",
        traces,
        layout(
            _HEIGHT,
            xaxis=axis(
                f"{kept} training samples kept, %",
                range=[-4, 104], tickvals=[0, 25, 50, 75, 100], showgrid=False,
            ),
            yaxis=axis(
                f"accuracy on {tested} samples, %",
                range=_range([point for point in points if point.tested == tested]), nticks=7,
            ),
        ),
    )  # fmt: skip
    return Panel(title, chart)


def _range(points: Sequence[_Point]) -> list[float]:
    """Return the axis that both panels of a row share."""
    ends: list[float] = []
    for point in points:
        one = point.quantity
        if one.value is not None:
            ends += [one.value]
        if one.interval is not None:
            ends += [one.interval.low, one.interval.high]
        if one.published is not None:
            spread = one.published_spread or 0.0
            ends += [one.published - spread, one.published + spread]
    low, high = min(ends, default=0.0), max(ends, default=100.0)
    room = 0.04 * max(high - low, 1.0)
    return [max(low - room, -2.0), min(high + room, 102.0)]


def _ours(identifier: str, line: Sequence[_Point]) -> dict[str, Any]:
    style = style_of(identifier)
    return points_of(
        style,
        [100 * point.share for point in line],
        [point.quantity for point in line],
        [_name(point) for point in line],
        mode="lines+markers",
        line={"color": style.solid, "width": 1.75, "dash": style.dash},
        marker=marker(style, 7),
    )


def _published(identifier: str, line: Sequence[_Point]) -> list[dict[str, Any]]:
    """Return the band of the published means and standard deviations, and the means in it."""
    style = style_of(identifier)
    known = [
        (100 * point.share, point.quantity.published, point.quantity.published_spread or 0.0, point)
        for point in line
        if point.quantity.published is not None
    ]
    if not known:
        return []
    places = [place for place, _, _, _ in known]
    low = [round(mean - spread, 4) for _, mean, spread, _ in known]
    high = [round(mean + spread, 4) for _, mean, spread, _ in known]
    band = {
        "type": "scatter", "mode": "lines", "hoverinfo": "skip", "fill": "toself",
        "x": places + places[::-1], "y": low + high[::-1],
        "line": {"width": 0}, "fillcolor": style.band,
    }  # fmt: skip
    means = {
        "type": "scatter", "mode": "markers", "x": places, "y": [mean for _, mean, _, _ in known],
        "marker": {
            "symbol": "line-ew-open", "size": 10, "color": style.solid, "line": {"width": 1},
        },
        "text": [
            f"{_name(point)}<br>{told_published(point.quantity)} %" for _, _, _, point in known
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip
    return [band, means]


def _name(point: _Point) -> str:
    words = chart_text(identifier_words(point.identifier), 40)
    return f"{words}, {plain(round(100 * point.share, 4))}{THIN_SPACE}% of {point.kept} kept"


def _table(points: Sequence[_Point]) -> Table:
    """Return a row for each identifier and kept share: accuracy on hard and on easy samples."""
    rows: dict[tuple[str, str, float], dict[str, Quantity]] = {}
    for point in points:
        rows.setdefault((point.identifier, point.kept, point.share), {})[point.tested] = (
            point.quantity
        )
    ordered = sorted(rows.items(), key=lambda row: place_of(row[0][0]))  # keeps the shares
    every = [point.quantity for point in points]
    columns = (
        Column("Hard samples", numeric=False),
        Column("Kept", numeric=False),
        Column("of them, %"),
        *comparison_columns("Hard, %", every),
        *comparison_columns("Easy, %", every),
    )
    cells = tuple(
        (
            Cell(shortened(identifier_words(identifier), 40)),
            Cell(kept),
            Cell(plain(round(100 * share, 4))),
            *comparison_cells(tested.get("hard", Quantity()), every),
            *comparison_cells(tested.get("easy", Quantity()), every),
        )
        for (identifier, kept, share), tested in ordered
    )
    caption = (
        f"Accuracy on hard and on easy test samples, %. Ours: mean over networks with its "
        f"95{THIN_SPACE}% interval."
    )
    if are_claimed(every):
        caption += " Published: mean and standard deviation over networks."
    return Table(caption, columns, cells)
