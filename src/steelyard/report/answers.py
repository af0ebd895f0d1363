"""The answer for each deployment prior: a word, a sentence, and the figures it rests on.

Beside each difference stands a strip, its interval drawn on a scale that all strips of the page
share, so that one glance tells what helps, what hurts, and what could not be told from nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from steelyard.records.interval import Interval
from steelyard.records.verdict import PriorVerdict, Verdict
from steelyard.records.weighing import Weighing
from steelyard.report.digits import MINUS, Figure, percent, plain, points
from steelyard.report.names import one_line, shortened
from steelyard.report.priors import described, is_training_prior

OUTCOME_WORDS = {
    "rebalance": "Rebalance",
    "correct": "Correct the prior",
    "leave": "Leave as is",
    "no evidence": "No evidence",
}
_MARGIN = 1.08  # of the widest interval, so that no strip ends at the edge


@dataclass(frozen=True)
class Strip:
    """Where an interval lies on the common scale, in percent of the strip's width."""

    low: float
    mean: float
    high: float
    zero: float


@dataclass(frozen=True)
class Evidence:
    """One figure under an answer.

    Parameters
    ----------
    title : str
        What is compared with what.
    figure : Figure
        The number and its interval.
    unit : str
        Its unit.
    meaning : str
        The difference in a word: "better", "worse" or "unclear"; "" for no comparison.
    strip : Strip or None
        None for a figure that is no difference.
    """

    title: str
    figure: Figure
    unit: str
    meaning: str = ""
    strip: Strip | None = None

    @property
    def clear(self) -> bool:
        """Whether its interval lies clear of zero."""
        return self.meaning in ("better", "worse")


@dataclass(frozen=True)
class Answer:
    """What stands on the page for one prior."""

    name: str
    where: str
    outcome: str
    word: str
    sentence: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Scale:
    """The common scale of the strips, in shares."""

    low: float
    high: float

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends in percentage points."""
        written = points(Interval((self.low + self.high) / 2, self.low, self.high))
        return written.low, written.high

    def place(self, interval: Interval) -> Strip:
        """Return where an interval lies."""
        low, mean, high, zero = (
            round(100 * (value - self.low) / (self.high - self.low), 2)
            for value in (interval.low, interval.mean, interval.high, 0.0)
        )
        return Strip(low, mean, high, zero)


def answers(weighing: Weighing) -> tuple[Answer, ...]:
    """Return the answer for each prior, in the verdict's order."""
    verdict = weighing.verdict
    scale = common_scale(verdict)
    largest = {
        "count": max(arm.degree for arm in weighing.study.by_degree),
        "hardness": max((arm.degree for arm in weighing.study.by_hardness), default=0.0),
    }
    return tuple(_answer(one, verdict, scale, largest[one.by]) for one in verdict.priors)


def common_scale(verdict: Verdict) -> Scale:
    """Return a scale that holds every difference of the verdict, and zero."""
    every = [
        interval
        for one in verdict.priors
        for interval in (
            one.rebalanced, one.corrected, one.rebalanced_over_corrected, one.fully_balanced,
            *([one.other.rebalanced] if one.other else []),
        )
    ]  # fmt: skip
    low = min(0.0, *(interval.low for interval in every))
    high = max(0.0, *(interval.high for interval in every))
    room = max((high - low) * (_MARGIN - 1), 1e-4)
    return Scale(low - room, high + room)


def _answer(one: PriorVerdict, verdict: Verdict, scale: Scale, largest: float) -> Answer:
    way = _way(one)
    chosen, largest_degree = plain(one.degree), plain(largest)
    evidence = [
        Evidence("Accuracy as is", percent(one.as_is), "%"),
        _difference(f"{way} (degree {chosen}) {MINUS} as is", one.rebalanced, scale),
        _difference(f"Prior corrected {MINUS} as is", one.corrected, scale),
        _difference(f"{way} {MINUS} prior corrected", one.rebalanced_over_corrected, scale),
        _difference(f"Largest degree ({largest_degree}) {MINUS} as is", one.fully_balanced, scale),
    ]
    if is_training_prior(one, verdict):  # the correction is the identity: no strip, no judgement
        evidence[2] = replace(evidence[2], meaning="nothing to correct", strip=None)
    if one.other is not None:
        title = f"By {one.other.by} (degree {plain(one.other.degree)}) {MINUS} as is"
        evidence.append(_difference(title, one.other.rebalanced, scale))
    return Answer(
        shortened(one.prior, 40),
        described(one, verdict),
        one.outcome,
        OUTCOME_WORDS[one.outcome],
        one_line(one.sentence),
        tuple(evidence),
    )


def _way(one: PriorVerdict) -> str:
    """Return how the chosen way is called; by count it is named where there are both."""
    return f"By {one.by}" if one.other or one.by != "count" else "Rebalanced"


def _difference(title: str, interval: Interval, scale: Scale) -> Evidence:
    return Evidence(title, points(interval), "points", meaning(interval), scale.place(interval))


def meaning(difference: Interval) -> str:
    """Return a difference, of which more is better, in a word."""
    if difference.above_zero:
        return "better"
    return "worse" if difference.below_zero else "unclear"
