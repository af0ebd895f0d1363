"""What every chart shares: Plotly's own notation, with named colours instead of colours.

A colour is written "@name" and stands for the custom property ``--name`` of page.css; page.js puts
the value in when it draws, so that one place holds the palette, light, dark and on paper.
"""

from __future__ import annotations

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
        """What page.js reads."""
        return {"data": self.data, "layout": self.layout, "labels": list(self.labels)}


def layout(height: int, **more: Any) -> dict[str, Any]:
    """Return the layout that every chart begins with; heights are CSS pixels."""
    return {
        "height": height,
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
        **more,
    }


def axis(title: str, **more: Any) -> dict[str, Any]:
    """Return an axis with its title, which states the unit."""
    return {
        "title": {"text": title, "font": {"size": 12, "color": "@quiet"}},
        "automargin": True,
        "fixedrange": True,
        "zeroline": False,
        "gridcolor": "@grid",
        "linecolor": "@rule",
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "@rule",
        "tickfont": {"color": "@quiet"},
        **more,
    }
