"""The recommended plan: what it does to each class, and the correction where one is advised."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from steelyard.records.verdict import PriorVerdict
from steelyard.records.weighing import Weighing
from steelyard.report.digits import MINUS, count, exact_percent
from steelyard.report.names import one_line, shortened
from steelyard.report.tables import Cell, Column, Table, absent_cell, name_cell

_WITHIN_SIGHT = 30


@dataclass(frozen=True)
class Advice:
    """What to do with the training data.

    Parameters
    ----------
    prior : str
        The deployment prior it is for.
    words : str
        The plan in a sentence or two.
    correction : str
        What to do after training; empty where nothing is.
    table : Table
        One row a class.
    folded : bool
        Whether the table stays folded: it is long, or every class stays as it is.
    """

    prior: str
    words: str
    correction: str
    table: Table
    folded: bool


def advice(weighing: Weighing) -> Advice:
    """Return the plan for the verdict's first prior."""
    answer = weighing.verdict.priors[0]
    correction = ""
    if answer.outcome == "correct":
        correction = (
            "After training, add each class's correction from the table to its logit, or "
            "multiply its probability by the exponential and divide by the sum."
        )
    return Advice(
        shortened(answer.prior, 40),
        _words(weighing),
        correction,
        _table(weighing, answer),
        len(weighing.plan.class_names) > _WITHIN_SIGHT
        or (weighing.plan.is_identity and not correction),
    )


def _words(weighing: Weighing) -> str:
    plan = weighing.plan
    total = count(plan.total)
    if plan.is_identity:
        return (
            f"Use each of the {total} training samples once in an epoch: nothing is repeated, "
            f"nothing is left out."
        )
    repeated, unused = int((plan.counts > 1).sum()), int((plan.counts == 0).sum())
    return (
        f"Rebalance {one_line(plan.scheme)}: {total} draws in an epoch from "
        f"{count(len(plan.ids))} training samples; {count(repeated)} used more than once, "
        f"{count(unused)} not at all."
    )


def _table(weighing: Weighing, answer: PriorVerdict) -> Table:
    table = weighing.plan.table()
    corrected = answer.outcome == "correct"
    columns = [
        Column("Class", numeric=False),
        Column("Samples before"),
        Column("Requested"),
        Column("Achieved"),
        Column("Share achieved"),
        Column("Uses a sample"),
    ]
    if corrected:
        columns.append(Column("Correction, nats"))
    rows = []
    for share, (_, row) in zip(answer.shares, table.iterrows(), strict=True):
        cells = [
            name_cell(row["class"]),
            Cell(count(int(row["before"]))),
            Cell(_requested(float(row["requested"]))),
            Cell(count(int(row["achieved"]))),
            Cell(exact_percent(float(row["share"]))),
            absent_cell() if np.isnan(row["repeat"]) else Cell(f"{row['repeat']:.2f}"),
        ]
        if corrected:
            cells.append(_shift(share, float(row["share"])))
        rows.append(tuple(cells))
    return Table("Training samples a class under the plan", tuple(columns), tuple(rows))


def _requested(number: float) -> str:
    # a scheme asks for fractions of samples; the plan holds whole ones
    nearest = round(number)
    return count(nearest) if abs(number - nearest) < 0.05 else f"{number:,.1f}"


def _shift(deployed: float, trained: float) -> Cell:
    if trained == 0:
        return absent_cell("never seen")
    if deployed == 0:
        return absent_cell("never predict")
    shift = math.log(deployed / trained)
    sign = "+" if shift > 0 else MINUS if shift < 0 else ""
    return Cell(f"{sign}{abs(shift):.3f}")
