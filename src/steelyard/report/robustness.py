"""How far hardness depends on which networks, and how many, it is the mean of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steelyard.report.class_rows import Panel
from steelyard.report.hardness_cells import change_cell, level_cell
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.heat_map import heat_map
from steelyard.report.identifier_styles import KeyItem
from steelyard.report.names import shortened
from steelyard.report.quantities import Quantity
from steelyard.report.rate_lines import Line, ends_of, lines_chart
from steelyard.report.series import key_of, style_at
from steelyard.report.tables import Cell, Column, Table

_Cells = dict[tuple[float, float], Quantity]
KINDS = {  # one model more, or other models
    "nested": "one model more",
    "disjoint": "other models",
}
_SIZE = "models in the ensemble"
_PRUNED = "easiest pruned, %"
_MOST_SIZES = 6  # in a table; a page of two data sets has hundreds of such numbers
_TOLD = (1, 2, 3, 5, 10, 15, 19)


@dataclass(frozen=True)
class Stability:
    """The heat maps of one estimator and the tables under them."""

    estimator: str
    panels: tuple[Panel, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class AllocationChange:
    """By how much class counts move when a model is added."""

    key: tuple[KeyItem, ...]
    panels: tuple[Panel, ...]
    table: Table


@dataclass(frozen=True)
class Robustness:
    """A data set's estimators and allocations; None for what was not run."""

    name: str
    estimators: tuple[Stability, ...]
    compared: Table | None
    allocation: AllocationChange | None


def robustness(quantities: HardnessQuantities) -> tuple[Robustness, ...]:
    """Return one section a data set of which ensembles of several sizes were compared."""
    found = []
    for number, data in enumerate(quantities.data):
        estimators = _estimators(quantities, data, number)
        compared = _compared(quantities, data)
        allocation = _allocation(quantities, data, number)
        if estimators or compared or allocation:
            found.append(Robustness(data_title(data), estimators, compared, allocation))
    return tuple(found)


def _estimators(quantities: HardnessQuantities, data: str, number: int) -> tuple[Stability, ...]:
    pattern = r"([^/]+)/(nested|disjoint)/runs=(\d+)/pruned=([0-9.]+)/(change|by-chance)"
    found: dict[str, dict[tuple[str, str], _Cells]] = {}
    for match, one in quantities.matching(data, "stability", pattern):
        cells = found.setdefault(match[1], {}).setdefault((match[2], match[5]), {})
        cells[float(match[3]), _percent_of(match[4])] = one
    # one scale of colours a measure, so that estimators compare
    most = {
        what: max(
            (
                one.value or 0.0
                for maps in found.values()
                for (_, which), cells in maps.items()
                if which == what
                for one in cells.values()
            ),
            default=0.0,
        )
        for what in ("change", "by-chance")
    }
    return tuple(
        Stability(
            shortened(name, 40),
            tuple(_maps(maps, most, f"stability-{number}-{at}", f"{name}, {data_title(data)}")),
            tuple(
                one
                for kind in KINDS
                for one in (_map_table(maps, kind), _correlations(quantities, data, name, kind))
                if one is not None
            ),
        )
        for at, (name, maps) in enumerate(found.items())
    )


def _percent_of(share: str) -> float:
    return round(100 * float(share), 6)


def _maps(
    maps: Mapping[tuple[str, str], _Cells], most: Mapping[str, float], key: str, of: str
) -> list[Panel]:
    titles = {"change": "change, %", "by-chance": "change, 1 is that of random sets"}
    return [
        Panel(
            f"{words[0].upper()}{words[1:]}: {titles[what]}",
            heat_map(
                f"{key}-{kind}-{what}",
                f"{titles[what]} of the pruned set with {words}, by size of the ensemble and "
                f"share pruned, {shortened(of, 80)}.",
                maps[kind, what],
                _SIZE,
                _PRUNED,
                most[what],
            ),
        )
        for what in titles
        for kind, words in KINDS.items()
        if (kind, what) in maps and (kind, what) != ("disjoint", "by-chance")
    ]


def _map_table(maps: Mapping[tuple[str, str], _Cells], kind: str) -> Table | None:
    """Return a row a share pruned, a column a size: the change, its interval, that over chance."""
    changes = maps.get((kind, "change"), {})
    if not changes:
        return None
    by_chance = maps.get((kind, "by-chance"), {})
    every = sorted({size for size, _ in changes})
    sizes = told_sizes(every)
    rows = []
    for share in sorted({share for _, share in changes}):
        cells = [Cell(f"{share:g}")]
        for size in sizes:
            cell = level_cell(changes.get((size, share), Quantity()))
            over = by_chance.get((size, share), Quantity())
            note = cell.note if over.value is None else f"{cell.note} {over.value:.2f}".strip()
            cells.append(Cell(cell.text, note, mark=cell.mark))
        rows.append(tuple(cells))
    columns = (Column(_PRUNED, numeric=False), *(Column(f"{size:g}") for size in sizes))
    caption = (
        f"Share of the pruned set that changes with {KINDS[kind]}, %, by models in the ensemble, "
        f"with 95 % intervals; last, the same over what random sets change"
    )
    if len(sizes) < len(every):
        caption += ". Some sizes; the figures of the run have every one"
    return Table(caption, columns, tuple(rows))


def told_sizes(sizes: list[float]) -> list[float]:
    """Return the sizes that a table tells: the small ones, where most changes, then few."""
    kept = [size for size in sizes if size in _TOLD]
    return kept if len(sizes) > _MOST_SIZES else sizes


def _correlations(
    quantities: HardnessQuantities, data: str, estimator: str, kind: str
) -> Table | None:
    sizes: dict[int, dict[str, Quantity]] = {}
    pattern = r"([^/]+)/(nested|disjoint)/runs=(\d+)/(samples|classes)"
    for match, one in quantities.matching(data, "stability", pattern):
        if (match[1], match[2]) == (estimator, kind):
            sizes.setdefault(int(match[3]), {})[match[4]] = one
    if not sizes:
        return None
    rows = tuple(
        (
            Cell(f"{size}"),
            level_cell(found.get("samples", Quantity())),
            level_cell(found.get("classes", Quantity())),
        )
        for size, found in sorted(sizes.items())
    )
    columns = (Column("Models", numeric=False), Column("Of samples"), Column("Of classes"))
    return Table(f"Rank correlation with {KINDS[kind]}", columns, rows)


def _compared(quantities: HardnessQuantities, data: str) -> Table | None:
    rows = [
        (Cell(shortened(f"{match[1]} less {match[2]}", 60)), change_cell(one))
        for match, one in quantities.matching(data, "stability", r"([^/]+)-minus-([^/]+)/change")
    ]
    if not rows:
        return None
    columns = (Column("Estimators", numeric=False), Column("Difference, points"))
    return Table(
        "Which estimator is the more robust: mean change of pruned sets when a model is added, "
        "over sizes and shares, of one estimator less that of another; bold where it is clear of "
        "zero",
        columns,
        tuple(rows),
    )


def _allocation(quantities: HardnessQuantities, data: str, number: int) -> AllocationChange | None:
    found: dict[str, dict[str, dict[float, Quantity]]] = {}
    pattern = r"([^/]+)/runs=(\d+)/(largest|mean)"
    for match, one in quantities.matching(data, "allocation-change", pattern):
        found.setdefault(match[3], {}).setdefault(match[1], {})[float(match[2])] = one
    if not found:
        return None
    modes = list(dict.fromkeys(mode for lines in found.values() for mode in lines))
    panels = []
    for which in ("largest", "mean"):
        lines = [
            Line(mode, style_at(modes.index(mode)), points)
            for mode, points in found.get(which, {}).items()
        ]
        if lines:
            title = "Class that moves most" if which == "largest" else "Mean over classes"
            panels.append(
                Panel(
                    title,
                    lines_chart(
                        f"allocation-change-{number}-{which}",
                        f"Change of class counts of {data_title(data)} when a model is added, "
                        f"{title.lower()}, by models in the ensemble and mode.",
                        lines,
                        _SIZE,
                        "change of class counts, %",
                        ends_of(lines, (0.0,)),
                    ),
                )
            )
    sizes = sorted({s for lines in found.values() for points in lines.values() for s in points})
    settings = [(mode, which) for mode in modes for which in ("largest", "mean")]
    rows = tuple(
        (
            Cell(f"{size:g}"),
            *(
                level_cell(found.get(which, {}).get(mode, {}).get(size, Quantity()))
                for mode, which in settings
            ),
        )
        for size in sizes
    )
    columns = (
        Column("Models", numeric=False),
        *(Column(f"{mode}, {which}") for mode, which in settings),
    )
    table = Table("Change of class counts when a model is added, %", columns, rows)
    return AllocationChange(key_of(modes), tuple(panels), table)
