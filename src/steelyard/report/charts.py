"""What every chart shares: Plotly's own notation, with named colours instead of colours.

A colour is written "@name" and stands for the custom property ``--name`` of page.css; page.js puts
the value in when it draws, so that one place holds the palette, light, dark and on paper.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Chart:
    """One drawing.

    Parameters
    ----------
    key : str
        Unique on the page.
    alternative : str
        What it shows, for those who do not see it.
    data : list of dict
        Plotly's traces.
    layout : dict
        Plotly's layout.
    labels : tuple of dict
        Labels for page.js to place where they cover nothing: ``x``, ``y`` (axis values), ``text``
        and ``rank`` (0: shown even where it is crowded; 1: shown where there is room, if need be
        with a line to its point; 2: shown beside its point or not at all).
    """

    key: str
    alternative: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    labels: tuple[dict[str, Any], ...] = ()

    @property
    def spec(self) -> dict[str, Any]:
        """What page.js reads: all but what the template says of every chart."""
        return {
            "data": self.data,
            "layout": _beyond(self.layout, TEMPLATE["layout"]),
            "labels": list(self.labels),
        }


_LAYOUT: dict[str, Any] = {
    "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    "paper_bgcolor": "@clear",
    "plot_bgcolor": "@clear",
    "font": {"family": "system-ui, sans-serif", "size": 12, "color": "@ink"},
    "showlegend": False,
    "dragmode": False,  # a finger that scrolls the page must not zoom the chart
    "hovermode": "closest",
    "hoverlabel": {
        "bgcolor": "@paper",
        "bordercolor": "@rule",
        "font": {"color": "@ink", "size": 12},
        "align": "left",
    },
}
_AXIS: dict[str, Any] = {
    "title": {"font": {"size": 12, "color": "@quiet"}},
    "automargin": True,
    "fixedrange": True,
    "zeroline": False,
    "gridcolor": "@grid",
    "linecolor": "@rule",
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": "@rule",
    "tickfont": {"color": "@quiet"},
}
# Plotly's template: what charts do not say for themselves, once a page
TEMPLATE: dict[str, Any] = {"layout": {**_LAYOUT, "xaxis": _AXIS, "yaxis": _AXIS}}


def layout(height: int, **more: Any) -> dict[str, Any]:
    """Return the layout that every chart begins with; heights are CSS pixels."""
    return {**deepcopy(_LAYOUT), "height": height, **more}


def axis(title: str, **more: Any) -> dict[str, Any]:
    """Return an axis with its title, which states the unit."""
    common = deepcopy(_AXIS)
    return {**common, "title": {"text": title, **common["title"]}, **more}


def _beyond(own: dict[str, Any], template: dict[str, Any]) -> dict[str, Any]:
    """Return what a layout says that the template does not."""
    found = {}
    for name, value in own.items():
        common = template.get(name)
        if isinstance(value, dict) and isinstance(common, dict):
            value = _beyond(value, common)
            if not value:
                continue
        elif name in template and value == common:
            continue
        found[name] = value
    return found
