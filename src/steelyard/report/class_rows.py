"""Rows of points with their intervals: a row a class or an arm, several series side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.report.charts import Chart, axis, layout
from steelyard.report.identifier_styles import Style, marker
from steelyard.report.names import chart_text
from steelyard.report.quantities import Quantity

_ROW, _SERIES = 17, 8  # pixels of a row, and of each series in one that has several
_AROUND = 62  # axis and its title
_LEAST = 140
_NAME = 22  # characters beside the axis
MOST_ROWS = 50
_MARGIN = 0.05


@dataclass(frozen=True)
class Series:
    """One quantity a row, drawn alike; an empty one leaves its place empty."""

    words: str
    style: Style
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True)
class Panel:
    """A chart with its title."""

    title: str
    chart: Chart


def ends_of(series: Sequence[Series], also: Sequence[float] = ()) -> tuple[float, float]:
    """Return an axis that holds every interval of the series, and what else it must."""
    ends = list(also)
    for one in series:
        for quantity in one.quantities:
            if quantity.interval is not None:
                ends += [quantity.interval.low, quantity.interval.high]
            elif quantity.value is not None:
                ends.append(quantity.value)
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = _MARGIN * ((high - low) or 1.0)
    return low - room, high + room


def rows_chart(
    key: str,
    alternative: str,
    names: Sequence[str],
    series: Sequence[Series],
    what: str,
    rows_are: str,
    ends: tuple[float, float],
    line: float | None = 0.0,
) -> Chart:
    """Draw a row a name, from the top.

    Parameters
    ----------
    key, alternative : str
        Of the `Chart`.
    names : sequence of str
        One a row, from the data: escaped here.
    series : sequence of Series
        Each with one quantity a row.
    what, rows_are : str
        Titles of the axes; ``what`` states the unit.
    ends : tuple of float
        Of the axis; see `ends_of`.
    line : float or None
        Where an upright line stands.
    """
    n = len(names)
    pitch = max(_ROW, _SERIES * len(series) + 6)
    shapes = []
    if line is not None and ends[0] <= line <= ends[1]:
        shapes.append(
            {
                "type": "line", "x0": line, "x1": line, "y0": 0, "y1": 1, "yref": "paper",
                "layer": "between", "line": {"color": "@quiet", "width": 1.5},
            }
        )  # fmt: skip
    return Chart(
        key,
        f"{alternative} The numbers are in the table below.",
        [
            _trace(one, at, len(series), ends[1] - ends[0])
            for at, one in enumerate(series)
            if any(quantity.value is not None for quantity in one.quantities)
        ],
        layout(
            max(pitch * n + _AROUND, _LEAST),
            shapes=shapes,
            xaxis=axis(what, range=[float(f"{end:.5g}") for end in ends], nticks=6),
            yaxis=axis(
                rows_are, range=[n - 0.4, -0.6], tickvals=list(range(n)), ticks="",
                ticktext=[chart_text(name, _NAME) for name in names], gridcolor="@grid",
            ),
        ),
    )  # fmt: skip


def shown_rows(n: int) -> list[int]:
    """Return which of many rows are drawn: the first and the last, as many as are legible."""
    if n <= MOST_ROWS:
        return list(range(n))
    half = MOST_ROWS // 2
    return [*range(half), *range(n - half, n)]


def left_out(n: int) -> str:
    """Return what `shown_rows` leaves out of classes, as a sentence; "" for nothing."""
    if n <= MOST_ROWS:
        return ""
    half = MOST_ROWS // 2
    return f"Drawn are the {half} hardest and the {half} easiest of {n} classes; the table has all."


def _trace(one: Series, at: int, n: int, span: float) -> dict[str, Any]:
    """Return a series; a pointer over a point shows its value and its ends."""
    offset = round((at - (n - 1) / 2) * 0.72 / n, 3)
    there = [row for row, quantity in enumerate(one.quantities) if quantity.value is not None]
    shown = [one.quantities[row] for row in there]
    intervals = [quantity.interval for quantity in shown]
    unit = next((chart_text(quantity.unit, 12) for quantity in shown if quantity.unit), "")
    words = chart_text(one.words, 40) if one.words else ""
    name = ", ".join(part for part in (words, unit) if part)
    # most series have every row: a page has thousands of points and must stay small
    has_all = len(there) == len(one.quantities)
    rows = {"y0": offset, "dy": 1} if has_all else {"y": [round(row + offset, 3) for row in there]}
    return {
        "type": "scatter", "mode": "markers", "name": name, "hoverinfo": "x+name" if name else "x",
        "x": [_drawn(quantity.value or 0.0, span) for quantity in shown],
        **rows,
        "error_x": {
            "type": "data", "symmetric": False, "thickness": 1.5, "width": 0,
            "color": one.style.solid,
            "array": [_drawn(i.high - i.mean, span) if i else 0 for i in intervals],
            "arrayminus": [_drawn(i.mean - i.low, span) if i else 0 for i in intervals],
        },
        "marker": marker(one.style, 6),
    }  # fmt: skip


def _drawn(value: float, span: float) -> float:
    """Return as many decimals as a drawing of the span can show."""
    return round(value, 3 - math.floor(math.log10(span)))
