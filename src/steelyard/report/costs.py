"""The answer in cost for each deployment prior: what each measure saves, side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard.records.cost_verdict import CostOption, CostVerdict, PriorCosts
from steelyard.records.costs import Costs
from steelyard.records.interval import Interval
from steelyard.records.study import Study
from steelyard.records.verdict import Verdict
from steelyard.records.weighing import Weighing
from steelyard.report.answers import Evidence, Scale, meaning
from steelyard.report.digits import MINUS, THIN_SPACE, per_thousand, per_thousand_saved, plain
from steelyard.report.names import listed, one_line, shortened
from steelyard.report.priors import described
from steelyard.report.tables import Cell, Column, Table, absent_cell, interval_cell, name_cell

_CLASSES_SHOWN = 12  # a matrix of more is no table to read
_MARGIN = 1.08  # of the widest interval, so that no strip ends at the edge


@dataclass(frozen=True)
class CostAnswer:
    """What stands on the page for one prior."""

    name: str
    where: str
    sentence: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class CostSection:
    """The whole section.

    Parameters
    ----------
    lead : str
        What was shown, and no more.
    unit : str
        What figures are in, for a thousand samples.
    answers : tuple of CostAnswer
        One for each prior.
    ends : tuple of str
        The ends of the scale that all strips share.
    table : Table
        Every option under every prior.
    matrix : Table or None
        What each decision costs; None where that is too large to read.
    """

    lead: str
    unit: str
    answers: tuple[CostAnswer, ...]
    ends: tuple[str, str]
    table: Table
    matrix: Table | None


def section(weighing: Weighing) -> CostSection | None:
    """Return the section, or None where no costs were stated."""
    verdict = weighing.verdict
    in_cost = verdict.costs
    if in_cost is None:
        return None
    unit = shortened(in_cost.costs.unit, 24)
    scale = common_scale(in_cost)
    ends = per_thousand_saved(Interval(0.0, scale.low, scale.high))
    return CostSection(
        _lead(in_cost),
        unit,
        tuple(
            CostAnswer(
                shortened(one.prior, 40),
                described(answer, verdict),
                one_line(one.sentence),
                _evidence(one, weighing.study, scale, unit),
            )
            for one, answer in zip(in_cost.priors, verdict.priors, strict=True)
        ),
        (ends.low, ends.high),
        _table(in_cost, weighing.study, unit),
        _matrix(in_cost.costs),
    )


def common_scale(in_cost: CostVerdict) -> Scale:
    """Return a scale that holds every saving that is drawn, and zero."""
    drawn = [
        interval
        for one in in_cost.priors
        for interval in (
            *(one.options[number].saved for number in (*one.alone.values(), one.chosen)),
            one.over_natural,
        )
    ]
    low = min(0.0, *(interval.low for interval in drawn))
    high = max(0.0, *(interval.high for interval in drawn))
    room = (high - low) * (_MARGIN - 1) or 1e-4
    return Scale(low - room, high + room)


def _lead(in_cost: CostVerdict) -> str:
    otherwise = [
        one.prior
        for one in in_cost.priors
        if one.natural != one.base and one.options[one.natural].saved.above_zero
    ]
    beyond = [one.prior for one in in_cost.priors if one.over_natural.above_zero]
    return (
        "Deciding otherwise, by a model of the data as they are, was shown to save "
        f"{_under(otherwise)}. Training otherwise (rebalanced, or with class weights) was shown to "
        f"save more than the best of that {_under(beyond)}."
    )


def _under(priors: list[str]) -> str:
    return f"under {listed(priors)}" if priors else "under no prior"


def _evidence(one: PriorCosts, study: Study, scale: Scale, unit: str) -> tuple[Evidence, ...]:
    base, chosen = one.options[one.base], one.best
    rows = [Evidence("Cost as is, decided as trained", per_thousand(base.cost), unit)]
    for measure, number in one.alone.items():
        option = one.options[number]
        degree = {arm.name: arm.degree for arm in study.arms}.get(option.arm, 0.0)
        rows.append(_saving(_title(measure, degree), option.saved, scale, unit))
    name = "Cheapest on validation"
    if one.chosen == one.base:
        rows.append(Evidence(f"{name}: as is", per_thousand(base.cost), unit))
        return tuple(rows)
    rows.append(_saving(f"{name}: {_option_words(chosen, study)}", chosen.saved, scale, unit))
    if chosen.arm != base.arm:
        natural = _option_words(one.options[one.natural], study)
        rows.append(_saving(f"The same {MINUS} {natural}", one.over_natural, scale, unit))
    return tuple(rows)


def _title(measure: str, degree: float) -> str:
    return {
        "rebalancing": f"Rebalanced (degree {plain(degree)})",
        "resampling by hardness": f"By hardness (degree {plain(degree)})",
        "class weights": "Class weights",
        "prior correction": "Prior corrected",
        "threshold": "Threshold moved",
        "least cost": "Decided at least cost",
    }[measure]


def _saving(title: str, saved: Interval, scale: Scale, unit: str) -> Evidence:
    figure = per_thousand_saved(saved)
    if saved == Interval(0.0, 0.0, 0.0):  # the same decisions: nothing to judge
        return Evidence(title, figure, unit, "changes nothing")
    return Evidence(title, figure, unit, meaning(saved), scale.place(saved))


def _arm_words(arm: str, study: Study) -> str:
    if arm == study.arms[0].name:
        return "data as they are"
    degrees = {one.name: f"degree {plain(one.degree)}" for one in study.by_degree}
    degrees |= {one.name: f"by hardness, degree {plain(one.degree)}" for one in study.by_hardness}
    return degrees.get(arm) or shortened(arm, 40)


def _option_words(option: CostOption, study: Study) -> str:
    return f"{_arm_words(option.arm, study)}, {shortened(option.rule, 40)}"


def _table(in_cost: CostVerdict, study: Study, unit: str) -> Table:
    columns = (
        Column("Prior", numeric=False),
        Column("Trained", numeric=False),
        Column("Decided", numeric=False),
        Column(f"Cost, {unit} per 1,000"),
        Column(f"Saved, {unit} per 1,000"),
        Column("Relative cost"),
        Column(f"On validation, {unit} per 1,000"),
    )
    rows = tuple(
        _row(option, number, one, study)
        for one in in_cost.priors
        for number, option in sorted(
            enumerate(one.options), key=lambda numbered: numbered[1].cost.mean
        )
    )
    return Table(
        f"Cost of every way to train and to decide, on test data with 95{THIN_SPACE}% intervals, "
        "the cheapest first. Saved: paired, against the data as they are decided as trained. "
        "Relative cost: 0 is knowing the classes, 1 the best decision that is the same for all.",
        columns,
        rows,
    )


def _row(option: CostOption, number: int, one: PriorCosts, study: Study) -> tuple[Cell, ...]:
    dash = absent_cell("\N{EN DASH}")
    validation = per_thousand(Interval(option.validation, option.validation, option.validation))
    relative = absent_cell() if option.relative is None else Cell(f"{option.relative:.3f}")
    return (
        name_cell(one.prior),
        Cell(_arm_words(option.arm, study), note="chosen" if number == one.chosen else ""),
        name_cell(option.rule),
        interval_cell(option.cost, per_thousand),
        dash if number == one.base else interval_cell(option.saved, per_thousand_saved),
        relative,
        Cell(validation.value),
    )


def _matrix(costs: Costs) -> Table | None:
    if len(costs.class_names) > _CLASSES_SHOWN:
        return None
    columns = (
        Column("True class", numeric=False),
        *(Column(f"decided {shortened(name, 24)}") for name in costs.class_names),
    )
    rows = tuple(
        (name_cell(name), *(Cell(plain(cost)) for cost in row.tolist()))
        for name, row in zip(costs.class_names, np.asarray(costs.matrix), strict=True)
    )
    return Table(f"What each decision costs, {shortened(costs.unit, 24)} a sample", columns, rows)


def facts(verdict: Verdict) -> tuple[str, ...]:
    """Return how costs were judged, for the method."""
    if verdict.costs is None:
        return ()
    rules = {option.rule for one in verdict.costs.priors for option in one.options}
    sentences = [
        "As trained: the most probable class. Prior corrected: the most probable class where the "
        "model is used. Least cost: the decision of least expected cost, by probabilities "
        "corrected to the deployment prior (Elkan 2001).",
        "Costs are means of what each sample costs, weighed by the class shares of the prior.",
        "Arm and rule were chosen together on the validation part, for each prior by itself.",
    ]
    if "threshold moved" in rules:
        sentences.insert(
            1,
            "Threshold moved: the second class is decided above the threshold that costs least on "
            "validation, for each prior, arm and seed; on validation itself each fifth of the "
            "samples is decided by a threshold tuned on the others.",
        )
    else:
        sentences.insert(1, "With more than two classes there is no threshold to move.")
    return tuple(sentences)
