"""Cells of the tables of the hardness studies: levels, changes and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable

from steelyard.report.digits import MINUS, in_unit
from steelyard.report.quantities import Quantity, ours_cell
from steelyard.report.tables import Cell, absent_cell

NONE = "\N{EN DASH}"
_SHOWN_P = 0.001
LEVEL = 0.05  # of Holm's test, as the intervals have it


def level_cell(one: Quantity) -> Cell:
    """Return a level with its interval; a gap between classes has no sign of its own."""
    if one.value is None:
        return absent_cell(NONE)
    if one.interval is None:
        return ours_cell(one)
    figure = in_unit(one.interval, one.unit)
    return Cell(figure.value, note=figure.range)


def change_cell(one: Quantity, p_holm: Quantity | None = None) -> Cell:
    """Return a change with its interval; bold where it is clear after Holm's correction."""
    if one.value is None:
        return absent_cell(NONE)
    cell = ours_cell(one)
    return Cell(cell.text, cell.note, mark="clear" if is_clear(one, p_holm) else "")


def change_and_p_cell(one: Quantity, p_holm: Quantity, least: Quantity | None = None) -> Cell:
    """Return a change with its interval and, in the same cell, Holm's p and the least change."""
    cell = change_cell(one, p_holm)
    note = cell.note
    if p_holm.value is not None:
        note += f" p {p_text(p_holm)}"
    if least is not None and least.value is not None:
        note += f", {least_text(least)}"
    return Cell(cell.text, note.strip(), mark=cell.mark)


def p_cell(p_holm: Quantity) -> Cell:
    """Return Holm's p."""
    return absent_cell(NONE) if p_holm.value is None else Cell(p_text(p_holm))


def p_text(p_holm: Quantity) -> str:
    """Return p to three digits after the point, never as zero."""
    if p_holm.value is None:
        return NONE
    return f"<{_SHOWN_P:g}" if p_holm.value < _SHOWN_P else f"{p_holm.value:.3f}"


def least_cell(detectable: Quantity) -> Cell:
    """Return the least change that would have been seen."""
    return absent_cell(NONE) if detectable.value is None else Cell(least_text(detectable))


def least_text(detectable: Quantity) -> str:
    """Return the least change to two significant digits."""
    return f"{detectable.value or 0.0:.2g}".replace("-", MINUS)


def is_clear(one: Quantity, p_holm: Quantity | None) -> bool:
    """Whether a change lies clear of zero, after Holm's correction where one was made."""
    if one.interval is None or not (one.interval.above_zero or one.interval.below_zero):
        return False
    return p_holm is None or p_holm.value is None or p_holm.value < LEVEL


def runs_of(quantities: Iterable[Quantity]) -> int:
    """Return how many networks most of the quantities are means of; 0 for none."""
    found = [one.n_runs for one in quantities if one.value is not None]
    return max(set(found), key=lambda n: (found.count(n), n)) if found else 0
