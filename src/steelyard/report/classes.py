"""Rare and hard as the two axes of one picture, and the table of classes under it."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np

from steelyard.records.verdict import ClassVerdict, Verdict
from steelyard.report.charts import Chart, axis, layout
from steelyard.report.digits import count, exact_percent, percent, rank
from steelyard.report.names import chart_text, listed
from steelyard.report.tables import Cell, Column, Table, absent_cell, interval_cell, name_cell

_ALL_LABELLED = 20  # above, only rare or hard classes are labelled
_WITHIN_SIGHT = 30  # above, only the first rows of the table are open
_NEAR = 0.015  # of the axis: counts closer than this are drawn side by side
_STYLES = {
    "neither": {"symbol": "circle", "color": "@neither", "size": 10},
    "rare": {"symbol": "triangle-up", "color": "@rare", "size": 14},
    "hard": {"symbol": "square", "color": "@hard", "size": 11},
    "rare and hard": {"symbol": "diamond", "color": "@both", "size": 14},
}


def kind(one: ClassVerdict) -> str:
    """Return "neither", "rare", "hard" or "rare and hard"."""
    said = [word for word, flag in (("rare", one.rare), ("hard", one.hard)) if flag]
    return " and ".join(said) or "neither"


def lead(verdict: Verdict) -> str:
    """Return which classes are rare, hard or both, in a sentence or two."""
    groups = defaultdict(list)
    for one in verdict.classes:
        groups[kind(one)].append(one.name)
    total = len(verdict.classes)
    parts: list[str] = []
    for title, words in (
        ("rare and hard", "both rare and hard"), ("hard", "hard though not rare"),
        ("rare", "rare but not shown to be hard"),
    ):  # fmt: skip
        if n := len(groups[title]):
            of = f" of {total} classes" if not parts else ""
            verb = "is" if n == 1 else "are"
            parts.append(f"{n}{of} {verb} {words} ({listed(groups[title])})")
    if not parts:
        return f"None of the {total} classes is rare, and none was shown to be hard."
    return f"{'; '.join(parts)}."


def worst_first(verdict: Verdict) -> list[ClassVerdict]:
    """Return the classes: marked ones first, then by recall at equal shares, worst first."""

    def place(one: ClassVerdict) -> tuple:
        recall = one.recall_even.mean if one.recall_even else -1.0
        return kind(one) == "neither", recall, one.name

    return sorted(verdict.classes, key=place)


def tables(verdict: Verdict) -> tuple[Table, Table | None]:
    """Return the table in sight, and the one with the remaining classes where they are many."""
    ordered = worst_first(verdict)
    if len(ordered) <= _WITHIN_SIGHT:
        return _table(ordered, "Every class, marked and worst first"), None
    seen, rest = ordered[:_WITHIN_SIGHT], ordered[_WITHIN_SIGHT:]
    return (
        _table(seen, f"The first {len(seen)} of {len(ordered)} classes, marked and worst first"),
        _table(rest, f"The other {len(rest)} classes"),
    )


def chart(verdict: Verdict) -> Chart:
    """Draw training samples against recall at equal shares."""
    drawn = [one for one in verdict.classes if one.recall_even and one.count > 0]
    sizes = [one.count for one in drawn]
    horizontal = _side_by_side(np.array(sizes))
    recalls = [one.recall_even for one in drawn if one.recall_even]
    low = min((100 * recall.low for recall in recalls), default=0.0)
    high = max((100 * recall.high for recall in recalls), default=100.0)
    room = 0.06 * max(high - low, 1.0)
    ends = _ends(horizontal)
    ticks = _ticks(ends, [min(sizes), max(sizes)] if sizes else [])
    rare_below = sum(one.count for one in verdict.classes) / len(verdict.classes) / 2
    average = 100 * float(np.mean([recall.mean for recall in recalls])) if recalls else 50.0

    marked_only = len(drawn) > _ALL_LABELLED
    thickness = 1.0 if marked_only else 1.5
    data = []
    for title, style in _STYLES.items():
        mine = [at for at, one in enumerate(drawn) if kind(one) == title]
        if mine:
            data.append(_points([drawn[at] for at in mine], horizontal[mine], style, thickness))
    labels = tuple(
        {
            "x": math.log10(horizontal[at]),
            "y": 100 * one.recall_even.mean,
            "text": chart_text(one.name, 22),
            "rank": 0 if one.hard else 2 if marked_only else 1,
        }
        for at, one in enumerate(drawn)
        if one.recall_even and (not marked_only or kind(one) != "neither")
    )
    return Chart(
        "classes",
        f"Recall at equal shares against training samples for {len(drawn)} classes. The numbers "
        f"are in the table below.",
        data,
        layout(
            440,
            xaxis=axis("training samples (logarithmic)", type="log", range=list(ends), **ticks),
            yaxis=axis(
                "recall at equal shares, %",
                range=[max(low - room, -3), min(high + room, 103)],
                nticks=8,
            ),
            shapes=_regions(ends, rare_below, average),
        ),
        labels,
    )


def _points(
    classes: list[ClassVerdict], x: np.ndarray, style: dict[str, Any], thickness: float
) -> dict[str, Any]:
    recalls = [one.recall_even for one in classes if one.recall_even]
    text = [
        f"{chart_text(one.name, 60)}<br>{count(one.count)} training samples<br>"
        f"recall at equal shares {percent(recall)} %<br>{kind(one)}"
        for one, recall in zip(classes, recalls, strict=True)
    ]
    return {
        "type": "scatter", "mode": "markers", "x": x.tolist(),
        "y": [100 * recall.mean for recall in recalls],
        "error_y": {
            "type": "data", "symmetric": False, "thickness": thickness, "width": 0,
            "color": style["color"],
            "array": [100 * (recall.high - recall.mean) for recall in recalls],
            "arrayminus": [100 * (recall.mean - recall.low) for recall in recalls],
        },
        "marker": {**style, "line": {"width": 1, "color": "@paper"}},
        "text": text, "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def _regions(ends: tuple[float, float], rare_below: float, average: float) -> list[dict[str, Any]]:
    """Shade where classes are rare, and draw the recall of the average class."""
    shapes: list[dict[str, Any]] = [
        {
            "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": average, "y1": average,
            "line": {"color": "@quiet", "width": 1, "dash": "dot"}, "layer": "below",
        },
    ]  # fmt: skip
    edge = min(math.log10(rare_below), ends[1])
    if edge > ends[0]:
        shapes.append(
            {
                "type": "rect", "yref": "paper", "y0": 0, "y1": 1, "x0": 10 ** ends[0],
                "x1": 10**edge, "fillcolor": "@shade", "line": {"width": 0}, "layer": "below",
            }
        )  # fmt: skip
    return shapes


def _ends(counts: np.ndarray) -> tuple[float, float]:
    """Return the ends of the logarithmic axis, with room for the labels."""
    if not len(counts):
        return 0.0, 1.0
    low, high = math.log10(counts.min()), math.log10(counts.max())
    room = max(0.07 * (high - low), 0.08)
    return low - room, high + room


def _ticks(ends: tuple[float, float], fallback: list[int]) -> dict[str, Any]:
    """Return ticks at 1, 2 and 5 times powers of ten, or at the powers alone if they are many.

    An axis too short to hold two of them has its ticks at the fallback.
    """
    low, high = ends
    digits = (1,) if high - low > 4 else (1, 2, 5)
    powers = range(math.floor(low), math.ceil(high) + 1)
    values = [digit * 10**power for power in powers if power >= 0 for digit in digits]
    inside = [value for value in values if low <= math.log10(value) <= high]
    if len(inside) < 2:
        inside = sorted(set(fallback))
    return {"tickvals": inside, "ticktext": [count(value) for value in inside]}


def _side_by_side(counts: np.ndarray) -> np.ndarray:
    """Move classes of nearly one count apart, by a little, around their common place."""
    if not len(counts):
        return counts.astype(float)
    places = np.log10(counts)
    left, right = _ends(counts)
    step = _NEAR * (right - left)
    moved = places.copy()
    order = np.argsort(places, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(places[order]) > step) + 1)
    for group in groups:
        if np.ptp(places[group]) <= step * len(group):
            offsets = np.arange(len(group)) - (len(group) - 1) / 2
            moved[group] = places[group].mean() + offsets * step
    return 10**moved


def _table(classes: list[ClassVerdict], caption: str) -> Table:
    columns = (
        Column("Class", numeric=False),
        Column("Training samples"),
        Column("Share"),
        Column("Test samples"),
        Column("Recall as trained, %"),
        Column("Recall at equal shares, %"),
        Column("Hardness rank, 0 to 1"),
        Column("Rare", numeric=False),
        Column("Hard", numeric=False),
        Column("Suspects"),
    )
    return Table(caption, columns, tuple(_row(one) for one in classes))


def _row(one: ClassVerdict) -> tuple[Cell, ...]:
    dash = absent_cell("\N{EN DASH}")
    hard = absent_cell() if one.hard is None else Cell("hard", mark="hard") if one.hard else dash
    return (
        name_cell(one.name),
        Cell(count(one.count)),
        Cell(exact_percent(one.share)),
        Cell(count(one.n_test)),
        interval_cell(one.recall, percent),
        interval_cell(one.recall_even, percent),
        Cell(rank(one.hardness)) if one.count else absent_cell(),
        Cell("rare", mark="rare") if one.rare else dash,
        hard,
        Cell(count(one.n_suspect)),
    )


def not_drawn(verdict: Verdict) -> str:
    """Return a sentence on classes that the picture leaves out, or nothing."""
    left_out = [one.name for one in verdict.classes if not one.recall_even or one.count == 0]
    if not left_out:
        return ""
    return f"Not drawn, for want of training or test samples: {listed(left_out)}."


def label_limit_note(verdict: Verdict) -> str:
    """Return a sentence on classes without a label, or nothing."""
    if len(verdict.classes) <= _ALL_LABELLED:
        return ""
    return "Of so many classes only the hard are labelled, and the rare where there is room."
