"""How hard each class is by every estimator, beside what the baseline recalls of it."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.records.hardness_arm import BASELINE
from steelyard.report.class_rows import (
    Panel,
    Series,
    ends_of,
    left_out,
    rows_chart,
    shown_rows,
)
from steelyard.report.hardness_cells import level_cell
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.names import listed, shortened
from steelyard.report.quantities import Quantity
from steelyard.report.series import ONE
from steelyard.report.tables import Cell, Column, Table, name_cell

_RANKED = "rank of hardness, 1 hardest"


@dataclass(frozen=True)
class Classes:
    """The panels of a data set, what to know of them, and the table under them."""

    name: str
    words: str
    panels: tuple[Panel, ...]
    table: Table


def hardness_classes(quantities: HardnessQuantities) -> tuple[Classes, ...]:
    """Return one section a data set whose classes have a recall or a rank of hardness."""
    found = []
    for number, data in enumerate(quantities.data):
        columns = _columns(quantities, data)
        if columns:
            found.append(_section(quantities, data, number, columns))
    return tuple(found)


def _columns(quantities: HardnessQuantities, data: str) -> dict[str, list[Quantity]]:
    """Return recall, and ranks by estimator, of each class, hardest class first."""
    classes = quantities.classes(data)
    columns = {
        "": [quantities.get(data, f"arm/{BASELINE}/class={one}/recall") for one in classes],
        **{
            name: [quantities.get(data, f"score/{name}/rank/class={one}") for one in classes]
            for name in quantities.estimators(data)
        },
    }
    return {
        name: column
        for name, column in columns.items()
        if any(one.value is not None for one in column)
    }


def _section(
    quantities: HardnessQuantities, data: str, number: int, columns: dict[str, list[Quantity]]
) -> Classes:
    classes = quantities.classes(data)
    names = [quantities.class_name(data, one) for one in classes]
    rows = shown_rows(len(classes))
    panels = []
    for at, (name, column) in enumerate(columns.items()):
        series = [Series("", ONE, tuple(column[row] for row in rows))]
        title = f"By {shortened(name, 30)}" if name else "Recall, as trained"
        panels.append(
            Panel(
                title,
                rows_chart(
                    f"classes-{number}-{at}",
                    f"{title} of each class of {data_title(data)}, hardest class first, with "
                    f"95 % intervals.",
                    [names[row] for row in rows],
                    series,
                    _RANKED if name else "recall, %",
                    "class, hardest first",
                    (0, len(classes) + 1) if name else ends_of(series),
                    None,
                ),
            )
        )
    return Classes(
        data_title(data),
        f"{_words(quantities, data)} {left_out(len(classes))}".strip(),
        tuple(panels),
        _table(quantities, data, columns, names),
    )


def _words(quantities: HardnessQuantities, data: str) -> str:
    """Return which classes are called hard and easy, and by what."""
    facts = quantities.facts(data)
    sides = {
        side: [quantities.class_name(data, int(code)) for code in facts.get(side, ())]
        for side in ("hard", "easy")
    }
    by = quantities.estimators(data)
    words = [f"Called {side}: {listed(names, 8)}." for side, names in sides.items() if names]
    if by:
        words.append(f"Classes are ordered by their mean score of {shortened(by[0], 30)}.")
    return " ".join(words)


def _table(
    quantities: HardnessQuantities,
    data: str,
    columns: dict[str, list[Quantity]],
    names: list[str],
) -> Table:
    classes = quantities.classes(data)
    estimators = [name for name in columns if name]
    headings = [Column("Class", numeric=False)]
    if "" in columns:
        headings.append(Column("Recall, %"))
    for name in estimators:
        headings += [Column(f"Rank by {shortened(name, 24)}"), Column("mean score")]
    rows = []
    for at, code in enumerate(classes):
        cells: list[Cell] = [name_cell(names[at])]
        if "" in columns:
            cells.append(level_cell(columns[""][at]))
        for name in estimators:
            cells.append(level_cell(columns[name][at]))
            cells.append(level_cell(quantities.get(data, f"score/{name}/class={code}")))
        rows.append(tuple(cells))
    caption = (
        "Recall of the baseline and hardness of each class, hardest first, with 95 % intervals. "
        "Scores: higher is harder"
    )
    return Table(caption, tuple(headings), tuple(rows))
