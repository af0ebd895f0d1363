"""Do the scores agree: a heat map of every two of them, and the table under it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from steelyard.hardness import agreement
from steelyard.records.agreement import Agreement
from steelyard.records.weighing import Weighing
from steelyard.report.charts import Chart, axis, layout
from steelyard.report.digits import MINUS, THIN_SPACE, count
from steelyard.report.names import chart_text, shortened
from steelyard.report.tables import Cell, Column, Table, absent_cell, name_cell

HARDEST = 0.1  # the share whose sets the picture and the words compare
_SHOWN = (0.1, 0.3, 0.5)  # in the table
_MANY = 8  # scores; above, the picture is wider than a phone and scrolls
_WITHIN_SIGHT = 15  # pairs; above, the table is folded
_CELL = 27  # CSS pixels: the height of a row


@dataclass(frozen=True)
class Section:
    """What the page shows of the agreement; ``wide`` and ``folded`` where the scores are many."""

    lead: str
    chart: Chart
    table: Table
    wide: bool
    folded: bool


def section(weighing: Weighing) -> Section | None:
    """Return the section; None where the weighing holds one score alone."""
    if len(weighing.hardness) < 2:
        return None
    found = agreement(weighing.hardness, thresholds=_SHOWN)
    pairs = table(found)
    many = len(found.names) > _MANY, len(pairs.rows) > _WITHIN_SIGHT
    return Section(lead(found), chart(found), pairs, *many)


def lead(found: Agreement) -> str:
    """Return which scores agree most and least, in two sentences."""
    jaccard = found.hardest_shared(HARDEST)
    pairs = [*itertools.combinations(range(len(found.names)), 2)]
    shared = [jaccard[pair] for pair in pairs]
    least, most = (pairs[int(one(shared))] for one in (np.argmin, np.argmax))
    if len(pairs) == 1:
        words = f"{_pair(found, least)} have {_percent(min(shared))} in common."
    elif least == most:
        words = f"every two have {_percent(min(shared))} in common."
    else:
        words = (
            f"{_pair(found, most)} have most in common ({_percent(max(shared))}), "
            f"{_pair(found, least)} least ({_percent(min(shared))})."
        )
    return (
        f"Of the samples that either of two scores has among its hardest tenth, {words} "
        f"Two scores that know nothing of one another would have "
        f"{_percent(HARDEST / (2 - HARDEST))}."
    )


def chart(found: Agreement) -> Chart:
    """Draw every pair: sets of the hardest below the diagonal, ranks of all samples above it."""
    size = len(found.names)
    cells = np.full((size, size), np.nan)
    below, above = np.tril_indices(size, -1), np.triu_indices(size, 1)
    cells[below] = 100 * found.hardest_shared(HARDEST)[below]
    cells[above] = 100 * found.spearman[above]
    numbers = list(range(1, size + 1))
    names = [f"{chart_text(name, 14)} {number}" for number, name in enumerate(found.names, 1)]
    places = [(at, other) for at in range(size) for other in range(size) if at != other]
    data = {
        "type": "heatmap", "zmin": 0, "zmax": 100, "colorscale": [[0, "@low"], [1, "@high"]],
        "x": [other + 1 for _, other in places], "y": [at + 1 for at, _ in places],
        "z": [_whole(cells[place]) for place in places],
        "text": [_hover(found, place, cells[place]) for place in places],
        "showscale": False, "xgap": 1, "ygap": 1, "hoverongaps": False,
        "texttemplate": "%{z}", "textfont": {"size": 11, "color": "@ink"},
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip
    ends = [0.5, size + 0.5]
    return Chart(
        "agreement",
        f"Agreement of every two of {size} scores: hardest tenths in common below the diagonal, "
        f"rank correlations above it, two measures in one scale of colours; negative ones are as "
        f"light as 0. The numbers are in the table below.",
        [data],
        layout(
            _CELL * size + 70,
            xaxis=axis(
                "score, by number",
                range=ends, tickvals=numbers, ticktext=[str(one) for one in numbers],
                showgrid=False, ticks="", tickangle=0,
            ),
            yaxis=axis(
                "score, number",
                range=ends[::-1], tickvals=numbers, ticktext=names, showgrid=False, ticks="",
            ),
        ),
    )  # fmt: skip


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else round(float(value))


def _hover(found: Agreement, place: tuple[int, int], value: float) -> str:
    one, other = (chart_text(found.names[at], 30) for at in place)
    what = "hardest tenth in common" if place[1] < place[0] else "rank correlation"
    return f"{one} and {other}<br>{what}: {_percent(value / 100)}"


def table(found: Agreement) -> Table:
    """Return every pair with every measure, those that share most of the hardest tenth first."""
    columns = (
        Column("Scores", numeric=False),
        *(Column(f"Hardest {100 * one:g} % in common, %") for one in _SHOWN),
        Column("Rank correlation of samples"),
        Column("Kendall\N{RIGHT SINGLE QUOTATION MARK}s tau-b of samples"),
        Column("Correlation of class means"),
    )
    rows = found.table().sort_values("jaccard_10", ascending=False, kind="stable")
    names = [f"{shortened(one, 24)}, {shortened(two, 24)}" for one, two in zip(
        rows["one"], rows["other"], strict=True
    )]  # fmt: skip
    cells = tuple(
        (
            name_cell(name, 60),
            *(_cell(row[f"jaccard_{100 * one:g}"], _hundredths) for one in _SHOWN),
            *(_cell(row[one], _correlation) for one in ("spearman", "kendall", "pearson")),
        )
        for name, (_, row) in zip(names, rows.iterrows(), strict=True)
    )
    drawn = "" if found.n_kendall == found.n else f", tau of {count(found.n_kendall)} drawn of them"
    return Table(f"Agreement of scores on {count(found.n)} training samples{drawn}", columns, cells)


def _pair(found: Agreement, pair: tuple[int, int]) -> str:
    one, other = (shortened(found.names[at], 30) for at in pair)
    return f"{one} and {other}"


def _cell(value: float, write: Callable[[float], str]) -> Cell:
    return absent_cell() if math.isnan(value) else Cell(write(value))


def _percent(share: float) -> str:
    return f"{_hundredths(share)}{THIN_SPACE}%"


def _hundredths(share: float) -> str:
    return "no data" if math.isnan(share) else f"{100 * share:.0f}".replace("-", MINUS)


def _correlation(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)
