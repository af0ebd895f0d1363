"""Evidence of the hardness studies: changes of gaps and of accuracy, each with its strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.report.answers import Scale
from steelyard.report.hardness_cells import is_clear
from steelyard.report.quantities import Quantity
from steelyard.report.study_findings import Finding, Gap

_MARGIN = 0.04  # of the widest interval, so that no strip ends at the edge


@dataclass(frozen=True)
class Change:
    """A change, what it is of, and what the level was before and is after.

    Parameters
    ----------
    title : str
        What changes.
    change, p_holm, least : Quantity
        By how much, Holm's p, and the least change that would have been seen.
    before, after : Quantity
        The levels.
    is_gap : bool
        Whether less is better.
    """

    title: str
    change: Quantity
    p_holm: Quantity
    least: Quantity
    before: Quantity
    after: Quantity
    is_gap: bool

    @property
    def outcome(self) -> str:
        """Return "not run", "not shown", or what came: a gap may turn over."""
        if self.change.value is None:
            return "not run"
        if not is_clear(self.change, self.p_holm):
            return "not shown"
        rose = self.change.value > 0
        if not self.is_gap:
            return "better" if rose else "worse"
        before, after = self.before.value, self.after.value
        if before is None or after is None:
            return "wider" if rose else "narrower"
        end = self.after.interval
        if end is not None and ((before > 0 and end.below_zero) or (before < 0 and end.above_zero)):
            return "reversed"
        if before >= 0 and after >= 0:
            return "wider" if rose else "narrower"
        return "narrower" if abs(after) < abs(before) else "wider"


@dataclass(frozen=True)
class Told:
    """What is said of a data set: sentences, and the changes that they rest on."""

    name: str
    protocol: str
    sentences: tuple[str, ...]
    changes: tuple[Change, ...]


def findings(told: Sequence[Told]) -> tuple[tuple[Finding, ...], tuple[float, float]]:
    """Return the finding of each data set, and the ends of the scale that all strips share."""
    every = [
        change.change.interval
        for one in told
        for change in one.changes
        if change.change.interval is not None
    ]
    low = min([0.0, *(one.low for one in every)])
    high = max([0.0, *(one.high for one in every)])
    room = _MARGIN * ((high - low) or 1.0)
    scale = Scale(low - room, high + room)
    found = tuple(
        Finding(
            one.name,
            one.protocol,
            one.sentences,
            tuple(gap for change in one.changes if (gap := _gap(change, scale)) is not None),
        )
        for one in told
    )
    return found, (low, high)


def _gap(one: Change, scale: Scale) -> Gap | None:
    if one.change.interval is None or one.change.figure is None:
        return None
    outcome = one.outcome
    return Gap(
        one.title,
        one.change.figure,
        one.change.unit,
        "unclear" if outcome == "not shown" else outcome,
        scale.place(one.change.interval),
        outcome != "not shown",
    )
