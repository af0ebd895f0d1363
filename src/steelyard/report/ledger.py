"""Every claim of the paper and what came of it, grouped by where it stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.records.claim import OUTCOMES, Claim, Outcome
from steelyard.records.interval import Interval
from steelyard.report.digits import MINUS, count, plain
from steelyard.report.names import one_line, shortened
from steelyard.report.quantities import (
    NOT_RUN,
    PLUS_MINUS,
    Quantity,
    ours_cell,
    outcome_cell,
    published_parts,
)
from steelyard.report.tables import Cell, Column, Table, absent_cell

_COLUMNS = (
    Column("Outcome", numeric=False),
    Column("Claim", numeric=False),
    Column("Published"),
    Column("Held against", numeric=False),
    Column("Ours"),
    Column("Unit", numeric=False),
    Column("Runs"),
    Column("Why", numeric=False),
)


@dataclass(frozen=True)
class Group:
    """The claims of one place of the paper; ``summary`` counts them by outcome."""

    where: str
    summary: str
    table: Table


def ledger(outcomes: Sequence[Outcome]) -> tuple[Group, ...]:
    """Return every claim, in the order of the paper's places as they first come."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.claim.where, []).append(outcome)
    return tuple(
        Group(
            shortened(where, 60),
            summary(mine),
            Table(f"Claims of {shortened(where, 60)}", _COLUMNS, tuple(map(_row, mine))),
        )
        for where, mine in groups.items()
    )


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return how many claims there are, and how many came to each outcome."""
    counts = Counter(outcome.outcome for outcome in outcomes)
    n = len(outcomes)
    parts = [f"{count(counts[word])} {word}" for word in OUTCOMES if counts[word]]
    return f"{count(n)} {'claim' if n == 1 else 'claims'}: {', '.join(parts)}"


def _row(outcome: Outcome) -> tuple[Cell, ...]:
    claim = outcome.claim
    return (
        outcome_cell(outcome.outcome),
        Cell(one_line(claim.sentence), mark="words"),
        _published(claim),
        Cell(bound(claim)),
        _ours(outcome),
        Cell(shortened(claim.unit, 16)) if claim.unit else absent_cell("\N{EN DASH}"),
        Cell(count(outcome.n_runs)) if outcome.n_runs else absent_cell("\N{EN DASH}"),
        Cell(one_line(outcome.why), mark="words"),
    )


def bound(claim: Claim) -> str:
    """Return what a figure had to keep to."""
    tolerance = f"{claim.tolerance:.4g}".replace("-", MINUS)
    if claim.relation == "=":
        return f"{plain(claim.published or 0.0)} {PLUS_MINUS} {tolerance}"
    return f"{claim.relation} {tolerance}"


def _published(claim: Claim) -> Cell:
    if claim.published is None:
        return absent_cell("in words")
    return Cell(*published_parts(claim.published, claim.spread))


def _ours(outcome: Outcome) -> Cell:
    if outcome.value is None:
        return absent_cell(NOT_RUN)
    interval = None
    if outcome.low is not None and outcome.high is not None:
        interval = Interval(outcome.value, outcome.low, outcome.high)
    return ours_cell(Quantity(outcome.value, interval=interval, unit=outcome.claim.unit))
