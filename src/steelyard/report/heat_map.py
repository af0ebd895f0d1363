"""Cells coloured by a number, light for little: sizes of ensembles across, shares pruned up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from steelyard.report.charts import Chart, axis, layout
from steelyard.report.names import chart_text
from steelyard.report.quantities import Quantity

_HEIGHT = 210
_CELL = 30
_SCALE = [[0, "@low"], [1, "@most"]]


def heat_map(
    key: str,
    alternative: str,
    cells: Mapping[tuple[float, float], Quantity],
    across: str,
    up: str,
    most: float,
) -> Chart:
    """Draw cells by (place across, place up); what was not measured stays empty.

    Parameters
    ----------
    key, alternative : str
        Of the `Chart`.
    cells : mapping of (float, float) to Quantity
        What is drawn.
    across, up : str
        Titles of the axes, with units.
    most : float
        What has the darkest colour; 0 has the lightest.
    """
    columns, rows = (sorted({place[at] for place in cells}) for at in (0, 1))
    unit = next((f" {one.unit}" for one in cells.values() if one.unit), "")
    data = {
        "type": "heatmap", "zmin": 0, "zmax": most or 1.0, "colorscale": _SCALE,
        "x": list(range(len(columns))), "y": list(range(len(rows))),
        "z": [[_short(cells.get((x, y), Quantity()).value) for x in columns] for y in rows],
        "hoverongaps": False, "xgap": 1, "ygap": 1,
        "hovertemplate": f"%{{z:.3g}}{chart_text(unit, 12) if unit else ''}<extra></extra>",
        "colorbar": {
            "thickness": 8, "len": 1, "outlinewidth": 0, "nticks": 5, "x": 1.01,
            "tickfont": {"size": 11, "color": "@quiet"},
        },
    }  # fmt: skip
    return Chart(
        key,
        f"{alternative} The numbers are in the table below.",
        [data],
        layout(
            _HEIGHT,
            xaxis=axis(across, **_ticks(columns), showgrid=False, ticks=""),
            yaxis=axis(up, **_ticks(rows), showgrid=False, ticks=""),
        ),
    )


def matrix(
    key: str, alternative: str, names: Sequence[str], cells: Mapping[tuple[str, str], Quantity]
) -> Chart:
    """Draw the rank correlation of every two of several, in hundredths; each pair stands once."""
    n = len(names)
    data = {
        "type": "heatmap", "zmin": 0, "zmax": 100, "colorscale": [[0, "@low"], [1, "@high"]],
        "x": list(range(n)), "y": list(range(n)),
        "z": [[_hundredths(cells, one, other) for other in names] for one in names],
        "showscale": False, "hoverongaps": False, "xgap": 1, "ygap": 1,
        "texttemplate": "%{z}", "textfont": {"size": 11, "color": "@ink"},
        "hovertemplate": "%{z} hundredths<extra></extra>",
    }  # fmt: skip
    labels = [f"{chart_text(name, 18)} {at}" for at, name in enumerate(names, 1)]
    return Chart(
        key,
        f"{alternative} The numbers are in the table below.",
        [data],
        layout(
            _CELL * n + 60,
            xaxis=axis(
                "estimator, by number", range=[-0.5, n - 0.5], tickvals=list(range(n)),
                ticktext=[str(at + 1) for at in range(n)], showgrid=False, ticks="", tickangle=0,
            ),
            yaxis=axis(
                "estimator, number", range=[n - 0.5, -0.5], tickvals=list(range(n)),
                ticktext=labels, showgrid=False, ticks="",
            ),
        ),
    )  # fmt: skip


def _hundredths(cells: Mapping[tuple[str, str], Quantity], one: str, other: str) -> int | None:
    found = cells.get((one, other)) or cells.get((other, one)) or Quantity()
    return None if found.value is None else round(100 * found.value)


def _ticks(places: Sequence[float]) -> dict[str, list[float] | list[str]]:
    """Name about six places; the cells stand at their numbers."""
    step = max(1, -(-len(places) // 6))
    kept = list(range(0, len(places), step))
    return {"tickvals": [float(at) for at in kept], "ticktext": [f"{places[at]:g}" for at in kept]}


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
