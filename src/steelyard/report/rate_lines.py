"""Lines over numbers: a quantity against a pruning rate or the size of an ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steelyard.report.charts import Chart, axis, layout
from steelyard.report.identifier_styles import Style, marker, points_of
from steelyard.report.names import chart_text
from steelyard.report.quantities import Quantity

_HEIGHT = 240
_SMALL = 150
_MARGIN = 0.06
_APART = 0.014  # of the axis


@dataclass(frozen=True)
class Line:
    """One quantity by place on the axis; what was not measured is left out."""

    words: str
    style: Style
    points: Mapping[float, Quantity]


def ends_of(lines: Sequence[Line], also: Sequence[float] = ()) -> tuple[float, float]:
    """Return an axis that holds every interval of the lines, and what else it must."""
    ends = list(also)
    for line in lines:
        for one in line.points.values():
            if one.interval is not None:
                ends += [one.interval.low, one.interval.high]
            elif one.value is not None:
                ends.append(one.value)
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = _MARGIN * ((high - low) or 1.0)
    return low - room, high + room


def lines_chart(
    key: str,
    alternative: str,
    lines: Sequence[Line],
    across: str,
    up: str,
    ends: tuple[float, float],
    *,
    small: bool = False,
    zero: bool = False,
) -> Chart:
    """Draw lines with their intervals.

    Parameters
    ----------
    key, alternative : str
        Of the `Chart`.
    lines : sequence of Line
        What is drawn.
    across, up : str
        Titles of the axes, with units.
    ends : tuple of float
        Of the upright axis; see `ends_of`.
    small : bool
        Whether the chart is one of many.
    zero : bool
        Whether a line marks zero.
    """
    places = sorted({place for line in lines for place in line.points})
    first, last = (places[0], places[-1]) if places else (0.0, 1.0)
    room = _MARGIN * ((last - first) or 1.0)
    shapes = []
    if zero and ends[0] <= 0 <= ends[1]:
        shapes.append(
            {
                "type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 0, "y1": 0,
                "layer": "between", "line": {"color": "@quiet", "width": 1},
            }
        )  # fmt: skip
    return Chart(
        key,
        f"{alternative} The numbers are in the table below.",
        [
            points_of(
                line.style,
                [place + _beside(at, len(lines), last - first) for place in line.points],
                [*line.points.values()],
                [f"{chart_text(line.words, 40)}, {place:g}" for place in line.points],
                mode="lines+markers",
                line={"color": line.style.solid, "width": 1.75, "dash": line.style.dash},
                marker=marker(line.style, 5 if small else 7),
            )
            for at, line in enumerate(lines)
        ],
        layout(
            _SMALL if small else _HEIGHT,
            shapes=shapes,
            xaxis=axis(across, range=[first - room, last + room], nticks=4 if small else 7,
                       showgrid=False),
            yaxis=axis(up, range=[float(f"{end:.5g}") for end in ends], nticks=4 if small else 6),
        ),
    )  # fmt: skip


def _beside(at: int, n: int, span: float) -> float:
    """Return how far a line stands from its places, so that intervals do not hide each other."""
    return round((at - (n - 1) / 2) * _APART * span, 4)
