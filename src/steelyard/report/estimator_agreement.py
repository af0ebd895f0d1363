"""Whether estimators of hardness agree on the order of samples and classes, and what to prune."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.report.class_rows import Panel
from steelyard.report.hardness_cells import level_cell
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.heat_map import matrix
from steelyard.report.names import shortened
from steelyard.report.quantities import Quantity
from steelyard.report.tables import Cell, Column, Table

_LEVELS = {"samples": "Order of samples", "classes": "Order of classes"}


@dataclass(frozen=True)
class EstimatorAgreement:
    """The matrices of a data set and the tables under them; None for what was not run."""

    name: str
    words: str
    panels: tuple[Panel, ...]
    table: Table | None
    overlaps: Table | None


def estimator_agreement(quantities: HardnessQuantities) -> tuple[EstimatorAgreement, ...]:
    """Return one section a data set of which estimators were compared."""
    found = []
    for number, data in enumerate(quantities.data):
        pairs = _pairs(quantities, data)
        overlaps = _overlaps(quantities, data)
        published = quantities.get(data, "agreement/published/classes")
        if not pairs and overlaps is None and published.value is None:
            continue
        found.append(
            EstimatorAgreement(
                data_title(data),
                _published(published),
                _panels(pairs, number, data),
                _table(pairs) if pairs else None,
                overlaps,
            )
        )
    return tuple(found)


def _pairs(quantities: HardnessQuantities, data: str) -> dict[str, dict[tuple[str, str], Quantity]]:
    """Return correlations by level and pair."""
    found: dict[str, dict[tuple[str, str], Quantity]] = {}
    pattern = r"([^/~]+)~([^/~]+)/(samples|classes)"
    for match, one in quantities.matching(data, "agreement", pattern):
        found.setdefault(match[3], {})[match[1], match[2]] = one
    return found


def _panels(
    pairs: dict[str, dict[tuple[str, str], Quantity]], number: int, data: str
) -> tuple[Panel, ...]:
    names = list(dict.fromkeys(name for cells in pairs.values() for pair in cells for name in pair))
    return tuple(
        Panel(
            f"{title}: rank correlation, hundredths",
            matrix(
                f"estimators-{number}-{level}",
                f"{title} of {data_title(data)}: rank correlation of every two estimators.",
                names,
                pairs[level],
            ),
        )
        for level, title in _LEVELS.items()
        if level in pairs
    )


def _table(pairs: dict[str, dict[tuple[str, str], Quantity]]) -> Table:
    every = dict.fromkeys(pair for cells in pairs.values() for pair in cells)
    rows = tuple(
        (
            Cell(", ".join(shortened(name, 30) for name in pair)),
            *(level_cell(pairs.get(level, {}).get(pair, Quantity())) for level in _LEVELS),
        )
        for pair in every
    )
    columns = (
        Column("Estimators", numeric=False),
        *(Column(title) for title in _LEVELS.values()),
    )
    return Table("Rank correlation of every two estimators, with 95 % intervals", columns, rows)


def _overlaps(quantities: HardnessQuantities, data: str) -> Table | None:
    found: dict[tuple[str, str], dict[float, Quantity]] = {}
    pattern = r"([^/~]+)~([^/~]+)/pruned=([0-9.]+)"
    for match, one in quantities.matching(data, "overlap", pattern):
        found.setdefault((match[1], match[2]), {})[round(100 * float(match[3]), 6)] = one
    if not found:
        return None
    shares = sorted({share for cells in found.values() for share in cells})
    rows = tuple(
        (
            Cell(", ".join(shortened(name, 30) for name in pair)),
            *(level_cell(cells.get(share, Quantity())) for share in shares),
        )
        for pair, cells in found.items()
    )
    columns = (Column("Estimators", numeric=False), *(Column(f"{share:g} %") for share in shares))
    return Table(
        "Of the samples that either of two estimators prunes, how many both do (Jaccard), %, by "
        "share pruned, easiest first",
        columns,
        rows,
    )


def _published(one: Quantity) -> str:
    if one.value is None:
        return ""
    cell = level_cell(one)
    return (
        f"Our order of classes and that of the shares that the authors found safe to prune have a "
        f"rank correlation of {' '.join(part for part in (cell.text, cell.note) if part)}."
    )
