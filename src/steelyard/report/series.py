"""How series are drawn that have no style of their own: told apart by more than colour."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.report.identifier_styles import KeyItem, Style
from steelyard.report.names import shortened

# colours are names of page.css, each with a band beside it
STYLES = (
    Style("first", "circle", "solid"),
    Style("second", "square", "dash"),
    Style("third", "diamond", "dashdot"),
    Style("fourth", "triangle-up", "dot"),
    Style("fifth", "triangle-down", "longdash"),
    Style("sixth", "cross-thin", "longdashdot"),
)
ONE = STYLES[0]


def style_at(place: int) -> Style:
    """Return the style of the series at a place; after the sixth, colours come with other signs."""
    lap, at = divmod(place, len(STYLES))
    moved = STYLES[(at + lap) % len(STYLES)]
    return Style(STYLES[at].colour, moved.symbol, moved.dash)


def key_of(words: Sequence[str]) -> tuple[KeyItem, ...]:
    """Return the key to series in their order; none where there is a single one."""
    if len(words) < 2:
        return ()
    return tuple(KeyItem(shortened(one, 40), style_at(at)) for at, one in enumerate(words))
