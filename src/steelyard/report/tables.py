"""A table as the template draws it: a caption, columns with units, cells of text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from steelyard.records.interval import Interval
from steelyard.report.digits import Figure
from steelyard.report.names import one_line, shortened

_NAME_LIMIT = 40


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    title : str
        What it holds, with the unit.
    numeric : bool
        Whether its cells are set flush right.
    """

    title: str
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    text : str
        What stands in it.
    note : str
        What stands beside it, smaller: an interval or a spread.
    title : str
        The whole text, where it was shortened.
    mark : str
        Name of the style that sets it apart, for instance "absent".
    """

    text: str
    note: str = ""
    title: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row is its heading.

    Parameters
    ----------
    caption : str
        What it shows.
    columns : tuple of Column
        The columns.
    rows : tuple of tuple of Cell
        The rows.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def name_cell(name: object, limit: int = _NAME_LIMIT) -> Cell:
    """Return a cell for a name from the data, whole in its title where it is cut."""
    short, whole = shortened(name, limit), one_line(name)
    return Cell(short, title=whole if whole != short else "")


def figure_cell(figure: Figure) -> Cell:
    """Return a cell for a number and its interval."""
    return Cell(figure.value, note=figure.range)


def absent_cell(text: str = "no data") -> Cell:
    """Return a cell for what is not there."""
    return Cell(text, mark="absent")


def interval_cell(interval: Interval | None, write: Callable[[Interval], Figure]) -> Cell:
    """Return a cell for an interval written by one of `digits`' functions, or "no data"."""
    return absent_cell() if interval is None else figure_cell(write(interval))
