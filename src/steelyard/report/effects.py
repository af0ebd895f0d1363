"""What keeping samples changes, what carries over, and what counts go with: a table each."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.report.names import shortened
from steelyard.report.quantities import (
    Quantities,
    Quantity,
    comparison_cells,
    comparison_columns,
    identifier_words,
    place_of,
    title_of,
)
from steelyard.report.tables import Cell, Column, Table

_EFFECTS = {  # the end of a key: what it is, with its unit
    "change/keep-easy/hard": "Hard accuracy: all easy samples kept minus none, points",
    "change/keep-easy/easy": "Easy accuracy: all easy samples kept minus none, points",
    "change/keep-hard/hard": "Hard accuracy: all hard samples kept minus none, points",
    "change/keep-hard/easy": "Easy accuracy: all hard samples kept minus none, points",
    "transfer": "Easy accuracy from hard alone minus hard accuracy from easy alone, points",
    "change/ratio/hard": "Hard accuracy: 90:10 minus 50:50 for training and test, points",
    "change/ratio/easy": "Easy accuracy: 90:10 minus 50:50 for training and test, points",
    "correlation/count~error": "Correlation of counts by class with class errors",
}


@dataclass(frozen=True)
class Effects:
    """A data set's table."""

    name: str
    table: Table


def effects(quantities: Quantities) -> tuple[Effects, ...]:
    """Return one table a data set under its main protocol."""
    found = []
    for data in quantities.data:
        for protocol in quantities.protocols(data)[:1]:
            rows = _rows(quantities, data, protocol)
            if rows:
                found.append(Effects(shortened(title_of(data), 40), _table(rows)))
    return tuple(found)


def _rows(quantities: Quantities, data: str, protocol: str) -> list[tuple[str, str, Quantity]]:
    rows = []
    for end, words in _EFFECTS.items():
        matching = quantities.matching(data, rf"{protocol}/([^/]+)/{end}")
        mine = sorted(
            ((match[1], one) for match, one in matching), key=lambda row: place_of(row[0])
        )
        rows += [(words, identifier, one) for identifier, one in mine]
    return rows


def _table(rows: list[tuple[str, str, Quantity]]) -> Table:
    every = [one for _, _, one in rows]
    columns = (
        Column("What", numeric=False),
        Column("Hard samples", numeric=False),
        *comparison_columns("Value", every),
    )
    cells = tuple(
        (
            Cell(words, mark="words"),
            Cell(shortened(identifier_words(identifier), 40)),
            *comparison_cells(one, every),
        )
        for words, identifier, one in rows
    )
    return Table("Differences and correlations, with 95 % intervals", columns, cells)
