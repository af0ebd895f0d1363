"""Names and values from the data, made fit to be shown: one line, short, never markup.

The template escapes for HTML. Plotly reads a few tags and entities inside its own labels, so what
goes into a chart is escaped once more, by `chart_text`.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
EMPTY = "(empty)"
# marks that turn the reading direction of whatever follows them, the page included
_TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)}


def one_line(text: object) -> str:
    """Return text on one line, without control and direction marks; "(empty)" for none."""
    kept = "".join(_shown(sign) for sign in str(text))
    return " ".join(kept.split()) or EMPTY


def shortened(text: object, limit: int) -> str:
    """Return at most ``limit`` characters of one line of text, cut with an ellipsis."""
    line = one_line(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def chart_text(text: object, limit: int) -> str:
    """Return shortened text that Plotly shows as it stands: no tags, no formulas, no colours."""
    escaped = html.escape(shortened(text, limit), quote=False)  # it does not know &quot;
    return escaped.replace("$", "&#36;").replace("@", "&#64;")  # "@ink" names a colour to page.js


def listed(names: Sequence[object], limit: int = 5) -> str:
    """Return names as a phrase: "a, b and c", or "a, b and 7 more"."""
    shown = [shortened(name, 40) for name in names]
    if len(shown) > limit:
        shown = [*shown[: limit - 1], f"{len(shown) - limit + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _shown(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cs":  # half a character: no UTF-8 holds it
        return "\N{REPLACEMENT CHARACTER}"
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if sign in _TURNING else sign
