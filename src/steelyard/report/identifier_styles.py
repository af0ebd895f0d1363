"""How each way to pick hard samples is drawn, ours and published, the same in every chart.

Ours: a sign in full colour, with a thin line for the 95 % interval of the mean. Published: the
mean and standard deviation, in the same colour but light: a band in a curve, else a broad bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.report.names import chart_text, shortened
from steelyard.report.quantities import (
    IDENTIFIERS,
    Quantity,
    identifier_words,
    place_of,
    published_parts,
)


@dataclass(frozen=True)
class Style:
    """Colour (a name of page.css, whose band is beside it), Plotly's sign and dash."""

    colour: str
    symbol: str
    dash: str

    @property
    def solid(self) -> str:
        """The colour as charts name it."""
        return f"@{self.colour}"

    @property
    def band(self) -> str:
        """The light colour as charts name it."""
        return f"@{self.colour}-band"


@dataclass(frozen=True)
class KeyItem:
    """One entry of the key beside a chart."""

    words: str
    style: Style


STYLES = dict(
    zip(
        IDENTIFIERS,
        (
            Style("straggler", "circle", "solid"),
            Style("max-logit", "square", "dash"),
            Style("energy", "diamond", "dashdot"),
            Style("early-stopped", "triangle-up", "dot"),
            Style("random", "cross-thin", "dot"),
        ),
        strict=True,
    )
)
_OTHER = Style("other", "triangle-down", "longdash")


def style_of(identifier: str) -> Style:
    """Return how an identifier is drawn; those that have no name of their own share one style."""
    return STYLES.get(identifier, _OTHER)


def key_items(identifiers: Sequence[str]) -> tuple[KeyItem, ...]:
    """Return the key to the identifiers, each once, in the order of the page."""
    ordered = sorted(dict.fromkeys(identifiers), key=place_of)
    return tuple(KeyItem(shortened(identifier_words(one), 40), style_of(one)) for one in ordered)


def points_of(
    style: Style,
    places: Sequence[float],
    quantities: Sequence[Quantity],
    names: Sequence[str],
    **more: Any,
) -> dict[str, Any]:
    """Return our points with their intervals; ``names`` are what a pointer over them shows."""
    shown = [
        (place, one, name)
        for place, one, name in zip(places, quantities, names, strict=True)
        if one.value is not None
    ]
    return {
        "type": "scatter", "mode": "markers",
        "x": [place for place, _, _ in shown],
        "y": [one.value for _, one, _ in shown],
        "error_y": {
            "type": "data", "symmetric": False, "thickness": 1.5, "width": 0,
            "color": style.solid,
            "array": [one.interval.high - one.interval.mean if one.interval else 0
                      for _, one, _ in shown],
            "arrayminus": [one.interval.mean - one.interval.low if one.interval else 0
                           for _, one, _ in shown],
        },
        "marker": marker(style),
        "text": [f"{name}<br>{told(one)}" for _, one, name in shown],
        "hovertemplate": "%{text}<extra></extra>",
        **more,
    }  # fmt: skip


def bars_of(
    style: Style, places: Sequence[float], quantities: Sequence[Quantity], names: Sequence[str]
) -> dict[str, Any]:
    """Return the published means, each with a broad bar of its standard deviation."""
    shown = [
        (place, one, name)
        for place, one, name in zip(places, quantities, names, strict=True)
        if one.published is not None
    ]
    return {
        "type": "scatter", "mode": "markers",
        "x": [place for place, _, _ in shown],
        "y": [one.published for _, one, _ in shown],
        "error_y": {
            "type": "data", "thickness": 8, "width": 0, "color": style.band,
            "array": [one.published_spread or 0 for _, one, _ in shown],
        },
        "marker": {
            "symbol": "line-ew-open", "size": 9, "color": style.solid, "line": {"width": 1},
        },
        "text": [f"{name}<br>{told_published(one)}" for _, one, name in shown],
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def marker(style: Style, size: int = 9) -> dict[str, Any]:
    """Return the sign of a style; thin ones are drawn by their line, triangles look smaller."""
    size += 2 * style.symbol.startswith("triangle")
    thin = style.symbol.endswith("-thin")
    line = {"width": 1.5, "color": style.solid} if thin else {"width": 1, "color": "@paper"}
    return {"symbol": style.symbol, "size": size, "color": style.solid, "line": line}


def told(one: Quantity) -> str:
    """Return ours as a pointer over it shows it."""
    runs = f", {one.n_runs} runs" if one.n_runs else ""
    return f"ours {one.text} {chart_text(one.unit, 12)}{runs}" if one.unit else f"ours {one.text}"


def told_published(one: Quantity) -> str:
    """Return the published one as a pointer over it shows it."""
    if one.published is None:
        return ""
    return f"published {' '.join(published_parts(one.published, one.published_spread))}".strip()
