"""How the manifold of each class shrinks and grows while networks train (figures 2 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from steelyard.report.charts import Chart, axis, layout
from steelyard.report.digits import THIN_SPACE
from steelyard.report.names import chart_text, shortened
from steelyard.report.quantities import (
    Quantities,
    Quantity,
    brief_cells,
    brief_columns,
    title_of,
)
from steelyard.report.tables import Column, Table, name_cell

LANDMARKS = ("start", "minimum", "minimum-epoch", "end")
_TITLES = ("Start", "Minimum", "At epoch", "End")
_HEIGHT = 150
_MOST_POINTS = 120  # of a curve; a panel is about as many pixels wide
_MOST_DRAWN = 20  # classes


@dataclass(frozen=True)
class RadiusPanel:
    """The curve of one class."""

    name: str
    chart: Chart


@dataclass(frozen=True)
class Radii:
    """The panels of a data set and the table of their landmarks."""

    name: str
    panels: tuple[RadiusPanel, ...]
    words: str
    table: Table | None


def radii(quantities: Quantities, curves: pd.DataFrame) -> tuple[Radii, ...]:
    """Return one section a data set whose radii were watched or claimed."""
    found = []
    for number, data in enumerate(quantities.data):
        landmarks = _landmarks(quantities, data)
        mine = curves[curves["data"] == data]
        if mine.empty and not landmarks:
            continue
        name = shortened(title_of(data), 40)
        panels = _panels(mine, landmarks, number, name)
        found.append(
            Radii(
                name, panels, _words(mine, panels), _table(landmarks) if landmarks else None
            )
        )  # fmt: skip
    return tuple(found)


def _landmarks(quantities: Quantities, data: str) -> dict[str, dict[str, Quantity]]:
    found: dict[str, dict[str, Quantity]] = {}
    pattern = rf"radius/class=(.+)/({'|'.join(LANDMARKS)})"
    for match, one in quantities.matching(data, pattern):
        found.setdefault(match[1], {})[match[2]] = one
    return found


def _panels(
    curves: pd.DataFrame, landmarks: dict[str, dict[str, Quantity]], number: int, name: str
) -> tuple[RadiusPanel, ...]:
    """Draw every class. All panels span as many units, so that equal heights are equal changes."""
    # the first epoch is that of the first check: nothing counts as an inversion before the next
    late = curves[curves["epoch"] > curves["epoch"].min()]
    curves = curves if late.empty else late
    by_class = [
        (str(one), _thinned(mine.sort_values("epoch")))
        for one, mine in curves.groupby("class", sort=False)
    ][:_MOST_DRAWN]
    if not by_class:
        return ()
    ends = [_ends(curve, landmarks.get(one, {})) for one, curve in by_class]
    span = max(high - low for low, high in ends) or 0.1
    epochs = int(curves["epoch"].min()), int(curves["epoch"].max())
    return tuple(
        RadiusPanel(
            shortened(one, 24),
            Chart(
                f"radius-{number}-{at}",
                f"Mean radius of class {shortened(one, 24)} of {name} by epoch, with the "
                f"standard deviation over runs.",
                _traces(curve, landmarks.get(one, {}), epochs, one),
                _layout(epochs, (low + high) / 2, span),
            ),
        )
        for at, ((one, curve), (low, high)) in enumerate(zip(by_class, ends, strict=True))
    )


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """Keep every so many epochs, and the last."""
    step = -(-len(curve) // _MOST_POINTS)
    kept = np.unique([*range(0, len(curve), step), len(curve) - 1])
    return curve.iloc[kept]


def _ends(curve: pd.DataFrame, landmarks: dict[str, Quantity]) -> tuple[float, float]:
    spread = curve["spread"].fillna(0)
    published = [
        one.published
        for key, one in landmarks.items()
        if key != "minimum-epoch" and one.published is not None
    ]
    low = min([*(curve["mean"] - spread), *published])
    high = max([*(curve["mean"] + spread), *published])
    return float(low), float(high)


def _traces(
    curve: pd.DataFrame, landmarks: dict[str, Quantity], epochs: tuple[int, int], name: str
) -> list[dict[str, Any]]:
    x = curve["epoch"].tolist()
    mean = curve["mean"].to_numpy()
    spread = curve["spread"].fillna(0).to_numpy()
    lower, upper = _rounded(mean - spread), _rounded(mean + spread)
    lowest = int(np.argmin(mean))
    words = chart_text(name, 30)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines", "hoverinfo": "skip", "fill": "toself",
            "x": x + x[::-1], "y": lower + upper[::-1],
            "line": {"width": 0}, "fillcolor": "@straggler-band",
        },
        {
            "type": "scatter", "mode": "lines", "x": x, "y": _rounded(mean),
            "line": {"color": "@straggler", "width": 1.75},
            "hovertemplate": f"class {words}<br>epoch %{{x}}: %{{y}}<extra></extra>",
        },
    ]  # fmt: skip
    published = _published(landmarks, epochs)
    if published:
        traces.append(
            {
                "type": "scatter", "mode": "markers",
                "x": [epoch for epoch, _ in published], "y": [value for _, value in published],
                "marker": {
                    "symbol": "circle-open", "size": 8, "color": "@ink", "line": {"width": 1.25},
                },
                "hovertemplate": "published, epoch %{x}: %{y}<extra></extra>",
            }
        )  # fmt: skip
    value, epoch = (landmarks.get(key, Quantity()).value for key in ("minimum", "minimum-epoch"))
    if value is None or epoch is None:
        epoch, value = x[lowest], float(mean[lowest])
    traces.append(
        {
            "type": "scatter", "mode": "markers", "hoverinfo": "skip",
            "x": [epoch], "y": [value],
            "marker": {"symbol": "circle", "size": 6, "color": "@straggler"},
        }
    )  # fmt: skip
    return traces


def _published(
    landmarks: dict[str, Quantity], epochs: tuple[int, int]
) -> list[tuple[float, float]]:
    """Return the published landmarks that have a place in the chart."""
    values = {key: one.published for key, one in landmarks.items() if one.published is not None}
    places = {"start": epochs[0], "minimum": values.get("minimum-epoch"), "end": epochs[1]}
    return [
        (place, values[key])
        for key, place in places.items()
        if key in values and place is not None and epochs[0] <= place <= epochs[1]
    ]


def _layout(epochs: tuple[int, int], centre: float, span: float) -> dict[str, Any]:
    room = 0.04 * max(epochs[1] - epochs[0], 1)
    return layout(
        _HEIGHT,
        xaxis=axis("epoch", range=[epochs[0] - room, epochs[1] + room], nticks=4, showgrid=False),
        yaxis=axis(
            "radius",
            range=[centre - 0.56 * span, centre + 0.56 * span], nticks=4,
        ),
    )  # fmt: skip


def _words(curves: pd.DataFrame, panels: Sequence[RadiusPanel]) -> str:
    if not panels:
        return "Curves: not run."
    runs = sorted(set(curves["n_runs"]))
    of = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    classes = curves["class"].nunique()
    more = f" Drawn: the first {len(panels)} of {classes} classes." if classes > len(panels) else ""
    return f"Mean over {of} {'run' if of == '1' else 'runs'}.{more}"


def _table(landmarks: dict[str, dict[str, Quantity]]) -> Table:
    every = [one for by_name in landmarks.values() for one in by_name.values()]
    columns = [Column("Class", numeric=False)]
    for title in _TITLES:
        columns += brief_columns(title, every)
    rows = []
    for name, by_name in landmarks.items():
        cells = [name_cell(name)]
        for key in LANDMARKS:
            cells += brief_cells(by_name.get(key, Quantity()), every)
        rows.append(tuple(cells))
    caption = (
        f"Landmarks of the mean radius of each class, with 95{THIN_SPACE}% intervals where there "
        "are any. Start: the epoch after the first check."
    )
    return Table(caption, tuple(columns), tuple(rows))


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]
