"""The degree curves: what each degree of rebalancing does, a panel for each deployment prior.

Where resampling by hardness was weighed too, its degrees make a curve of their own, which begins at
the same point: the data as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from steelyard._support.errors import DataError
from steelyard.records.evaluation import AS_TRAINED, CORRECTED, Evaluation
from steelyard.records.interval import Interval
from steelyard.records.study import Arm
from steelyard.records.verdict import PriorVerdict, Verdict
from steelyard.records.weighing import Weighing
from steelyard.report.charts import Chart, axis, layout
from steelyard.report.digits import (
    THIN_SPACE,
    Figure,
    nats,
    nats_difference,
    percent,
    plain,
    points,
)
from steelyard.report.names import listed, shortened
from steelyard.report.priors import described
from steelyard.report.tables import Cell, Column, Table, absent_cell, interval_cell, name_cell

_HEIGHT = 270
BY_HARDNESS = "by hardness, as trained"


@dataclass(frozen=True)
class Metric:
    """How one metric is shown."""

    key: str
    title: str
    unit: str
    difference_unit: str
    scale: float
    better: str
    write: Callable[[Interval], Figure]
    write_difference: Callable[[Interval], Figure]


ACCURACY = Metric("accuracy", "Accuracy", "%", "points", 100, "higher", percent, points)
LOG_LOSS = Metric("log_loss", "Log loss", "nats", "nats", 1, "lower", nats, nats_difference)


@dataclass(frozen=True)
class Panel:
    """One prior's curves."""

    prior: str
    where: str
    words: str
    chart: Chart


@dataclass(frozen=True)
class Curves:
    """One metric under every prior."""

    metric: Metric
    panels: tuple[Panel, ...]
    table: Table


def curves(weighing: Weighing, metric: Metric) -> Curves:
    """Return the panels and the table of one metric."""
    arms, hard = _ordered(weighing), _by_hardness(weighing)
    spans = [
        _extremes(weighing.test, arms, hard, one.prior, metric) for one in weighing.verdict.priors
    ]
    span = max(high - low for low, high in spans) or 1.0
    panels = tuple(
        Panel(
            shortened(one.prior, 40),
            described(one, weighing.verdict),
            _in_words(weighing.test, arms, hard, one.prior, metric),
            _chart(weighing.test, arms, hard, one, metric, number, (sum(ends) / 2, span)),
        )
        for number, (one, ends) in enumerate(zip(weighing.verdict.priors, spans, strict=True))
    )
    return Curves(metric, panels, _table(weighing, [*arms, *hard[1:]], metric))


def lead(verdict: Verdict) -> str:
    """Return what rebalancing does, against both comparisons, in two or three sentences."""
    better = [one.prior for one in verdict.priors if one.rebalanced.above_zero]
    best = [one.prior for one in verdict.priors if one.rebalanced_over_corrected.above_zero]
    worse = [one.prior for one in verdict.priors if one.fully_balanced.below_zero]
    sentences = [
        f"Rebalancing to the chosen degree was shown to beat the data as they are "
        f"{_under(better)}.",
        f"It was shown to beat the control, which corrects the prior afterwards, {_under(best)}.",
    ]
    if worse:
        sentences.append(f"The largest degree was shown to hurt {_under(worse)}.")
    if any(one.by == "hardness" or one.other for one in verdict.priors):
        hard = [one.prior for one in verdict.priors if one.by == "hardness"]
        sentences.append(f"Validation chose to resample by hardness {_under(hard)}.")
    return " ".join(sentences)


def _under(priors: list[str]) -> str:
    return f"under {listed(priors)}" if priors else "under no prior"


def _ordered(weighing: Weighing) -> list[Arm]:
    return sorted(weighing.study.by_degree, key=lambda arm: arm.degree)


def _by_hardness(weighing: Weighing) -> list[Arm]:
    """Return the arms of the curve by hardness, natural training first; none if there is none."""
    arms = sorted(weighing.study.by_hardness, key=lambda arm: arm.degree)
    return [weighing.study.arms[0], *arms] if arms else []


def _in_words(
    test: Evaluation, arms: list[Arm], hard: list[Arm], prior: str, metric: Metric
) -> str:
    start, end, control = (
        metric.write(test.figure(arm.name, prior, metric.key, decision)).value
        for arm, decision in (
            (arms[0], AS_TRAINED), (arms[-1], AS_TRAINED), (arms[0], CORRECTED),
        )
    )  # fmt: skip
    first, last = plain(arms[0].degree), plain(arms[-1].degree)
    unit = f"{THIN_SPACE}{metric.unit}"
    ends = f"{start}{unit} at degree {first}"
    if len(arms) > 1:
        ends += f", {end}{unit} at degree {last}"
    if hard:
        resampled = metric.write(test.figure(hard[-1].name, prior, metric.key)).value
        ends += f", {resampled}{unit} by hardness at degree {plain(hard[-1].degree)}"
    return f"{ends}; control {control}{unit}."


def _extremes(
    test: Evaluation, arms: list[Arm], hard: list[Arm], prior: str, metric: Metric
) -> tuple[float, float]:
    intervals = [
        test.figure(arm.name, prior, metric.key, decision)
        for arm in arms
        for decision in (AS_TRAINED, CORRECTED)
    ]
    intervals += [test.figure(arm.name, prior, metric.key) for arm in hard]
    low = min(interval.low for interval in intervals)
    high = max(interval.high for interval in intervals)
    return metric.scale * low, metric.scale * high


def _chart(
    test: Evaluation,
    arms: list[Arm],
    hard: list[Arm],
    answer: PriorVerdict,
    metric: Metric,
    number: int,
    window: tuple[float, float],
) -> Chart:
    """Draw one prior. All panels span as many units, so that equal heights are equal changes."""
    degrees = [arm.degree for arm in arms]
    trained, corrected = (
        [test.figure(arm.name, answer.prior, metric.key, decision) for arm in arms]
        for decision in (AS_TRAINED, CORRECTED)
    )
    control = metric.scale * corrected[0].mean
    hard_degrees = [arm.degree for arm in hard]
    resampled = [test.figure(arm.name, answer.prior, metric.key) for arm in hard]
    of_way = [*zip(degrees, trained, strict=True)]
    if answer.by == "hardness":
        of_way = [*zip(hard_degrees, resampled, strict=True)]
    chosen, at_chosen = min(of_way, key=lambda point: abs(point[0] - answer.degree))
    centre, span = window
    ticks = sorted({*degrees, *hard_degrees})
    room = 0.05 * (ticks[-1] - ticks[0] or 1.0)
    data = [
        _band(degrees, trained, metric, "@as-trained-band"),
        _band(degrees, corrected, metric, "@corrected-band"),
        {
            "type": "scatter", "mode": "lines", "hoverinfo": "skip",
            "x": [ticks[0] - room, ticks[-1] + room], "y": [control, control],
            "line": {"color": "@ink", "width": 1.25, "dash": "dot"},
        },
        _curve(degrees, corrected, metric, CORRECTED, "@corrected", "dash", "square-open"),
        _curve(degrees, trained, metric, AS_TRAINED, "@as-trained", "solid", "circle"),
        *(
            [
                _band(hard_degrees, resampled, metric, "@by-hardness-band"),
                _curve(
                    hard_degrees, resampled, metric, BY_HARDNESS, "@by-hardness", "dashdot",
                    "diamond",
                ),
            ]
            if hard else []
        ),
        {
            "type": "scatter", "mode": "markers", "hoverinfo": "skip",
            "x": [chosen], "y": [metric.scale * at_chosen.mean],
            "marker": {
                "symbol": "circle-open", "size": 17, "color": "@ink", "line": {"width": 1.75},
            },
        },
    ]  # fmt: skip
    horizontal = axis(
        "degree of rebalancing", range=[ticks[0] - room, ticks[-1] + room],
        tickvals=ticks, ticktext=[plain(degree) for degree in ticks], showgrid=False,
    )  # fmt: skip
    vertical = axis(
        f"{metric.title.lower()}, {metric.unit}",
        range=[centre - 0.55 * span, centre + 0.55 * span], nticks=6,
    )  # fmt: skip
    where = shortened(answer.prior, 40)
    alternative = (
        f"{metric.title} on test data by degree of rebalancing under the prior {where}, as "
        f"trained and with the prior corrected{', and by hardness' if hard else ''}. The numbers "
        f"are in the table below."
    )
    return Chart(
        f"{metric.key.replace('_', '-')}-{number}",
        alternative,
        data,
        layout(_HEIGHT, xaxis=horizontal, yaxis=vertical),
    )


def _band(degrees: list[float], intervals: list[Interval], metric: Metric, colour: str) -> dict:
    lower = [metric.scale * interval.low for interval in intervals]
    upper = [metric.scale * interval.high for interval in intervals]
    return {
        "type": "scatter", "mode": "lines", "hoverinfo": "skip", "fill": "toself",
        "x": degrees + degrees[::-1], "y": lower + upper[::-1],
        "line": {"width": 0}, "fillcolor": colour,
    }  # fmt: skip


def _curve(
    degrees: list[float],
    intervals: list[Interval],
    metric: Metric,
    title: str,
    colour: str,
    dash: str,
    symbol: str,
) -> dict:
    text = [
        f"degree {plain(degree)}, {title}<br>{metric.write(interval)} {metric.unit}"
        for degree, interval in zip(degrees, intervals, strict=True)
    ]
    line = {"color": colour, "width": 2}
    return {
        "type": "scatter", "mode": "lines+markers", "x": degrees,
        "y": [metric.scale * interval.mean for interval in intervals],
        "line": {**line, "dash": dash},
        "marker": {"symbol": symbol, "size": 8, "color": colour, "line": line},
        "text": text, "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def _table(weighing: Weighing, arms: list[Arm], metric: Metric) -> Table:
    ways = bool(weighing.study.by_hardness)
    columns = (
        Column("Prior", numeric=False),
        *([Column("Way", numeric=False)] if ways else []),
        Column("Degree"),
        Column(f"As trained, {metric.unit}"),
        Column(f"minus as is, {metric.difference_unit}"),
        Column(f"Prior corrected, {metric.unit}"),
        Column(f"minus as is, {metric.difference_unit}"),
        Column(f"As trained on validation, {metric.unit}"),
    )
    rows = tuple(
        _row(weighing, arm, arms[0], answer, metric)
        for answer in weighing.verdict.priors
        for arm in arms
    )
    caption = (
        f"{metric.title} on test data with 95{THIN_SPACE}% intervals; {metric.better} is better. "
        f"Differences are paired: minus natural data (degree {plain(arms[0].degree)}) as trained."
    )
    return Table(caption, columns, rows)


def _row(
    weighing: Weighing, arm: Arm, natural: Arm, answer: PriorVerdict, metric: Metric
) -> tuple[Cell, ...]:
    cells = []
    for decision in (AS_TRAINED, CORRECTED):
        figure = weighing.test.figure(arm.name, answer.prior, metric.key, decision)
        cells.append(interval_cell(figure, metric.write))
        cells.append(_difference_cell(weighing.test, arm, natural, answer.prior, metric, decision))
    validation = weighing.validation.figure(arm.name, answer.prior, metric.key)
    marked = "chosen" if (arm.by, arm.degree) == (answer.by, answer.degree) else ""
    way = f"by {arm.by}" if arm is not natural else "as is"
    return (
        name_cell(answer.prior),
        *([Cell(way)] if weighing.study.by_hardness else []),
        Cell(plain(arm.degree), note=marked),
        *cells,
        interval_cell(validation, metric.write),
    )


def _difference_cell(
    test: Evaluation, arm: Arm, natural: Arm, prior: str, metric: Metric, decision: str
) -> Cell:
    if arm is natural and decision == AS_TRAINED:
        return absent_cell("\N{EN DASH}")
    try:
        paired = test.difference(arm.name, natural.name, prior, metric.key, decision)
    except DataError:  # the judge compared fewer pairs than there are
        return absent_cell("not compared")
    return interval_cell(paired, metric.write_difference)
