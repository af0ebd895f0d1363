"""From two evaluations to an answer: chosen on validation, stated from test with its interval."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from steelyard.records.evaluation import AS_TRAINED, CORRECTED, Evaluation
from steelyard.records.interval import Interval, decimals_of_difference, supported_decimals
from steelyard.records.study import Arm, Study
from steelyard.records.verdict import OtherWay, PriorVerdict

_NOTHING = Interval(0.0, 0.0, 0.0)


def decide(study: Study, validation: Evaluation, test: Evaluation) -> tuple[PriorVerdict, ...]:
    """Return the answer for each deployment prior.

    Parameters
    ----------
    study : Study
        Its first arm is natural training; the others by its recipe rebalance, by count or by
        hardness.
    validation, test : Evaluation
        Way and degree are chosen on the first; every stated number comes from the second.
    """
    return tuple(_decide_one(study, validation, test, prior) for prior in test.priors)


def _decide_one(study: Study, validation: Evaluation, test: Evaluation, prior: str) -> PriorVerdict:
    natural = study.arms[0]
    ways = _ways(study, test)
    best = [_best(arms, validation, prior) for arms in ways]
    # one arm goes to the test, however many there are; of equals it is by count
    chosen = _best(best, validation, prior)
    (way,) = (arms for arms in ways if chosen in arms)
    fullest = max(way, key=lambda arm: arm.degree)
    other = next(
        (
            OtherWay(arm.by, arm.degree, test.difference(arm.name, natural.name, prior))
            for arm in best
            if arm != chosen
        ),
        None,
    )
    as_is = test.figure(natural.name, prior)
    rebalanced = test.difference(chosen.name, natural.name, prior)
    corrected = test.difference(natural.name, natural.name, prior, decision=CORRECTED)
    over_corrected = test.difference(
        chosen.name, natural.name, prior, decision=AS_TRAINED, base_decision=CORRECTED
    )
    fully = test.difference(fullest.name, natural.name, prior)
    outcome = choose_outcome(rebalanced, corrected, over_corrected, fully)
    return PriorVerdict(
        prior,
        tuple(float(share) for share in test.priors[prior]),
        outcome,
        chosen.degree,
        _sentence(
            outcome,
            prior,
            chosen,
            fullest,
            rebalanced,
            corrected,
            over_corrected,
            fully,
            _verbs(chosen, both=other is not None),
            nothing_to_do=chosen.by == "count" and _is_balanced(test),
        )
        + _beside(other),
        as_is,
        rebalanced,
        corrected,
        over_corrected,
        fully,
        chosen.by,
        other,
    )


def _ways(study: Study, test: Evaluation) -> list[list[Arm]]:
    """Return the arms of each way to rebalance: by count, by hardness.

    Where classes come equally often, all arms by count are natural training; they are a way only
    where there is no other.
    """
    counted = [arm for arm in study.by_degree if arm != study.arms[0]]
    hard = list(study.by_hardness)
    if _is_balanced(test) and hard:
        return [hard]
    return [arms for arms in (counted, hard) if arms]


def _is_balanced(test: Evaluation) -> bool:
    shares = test.priors["train"]
    return bool(np.ptp(shares[shares > 0]) == 0)


def _best(arms: Iterable[Arm], validation: Evaluation, prior: str) -> Arm:
    """Return the arm that did best; of equals the smallest degree, of these the first."""
    return max(
        sorted(arms, key=lambda arm: (arm.by, arm.degree)),
        # rounded: equally many right in other classes is a tie, whatever the order of the sum
        key=lambda arm: round(validation.figure(arm.name, prior).mean, 12),
    )


def choose_outcome(
    rebalanced: Interval, corrected: Interval, over_corrected: Interval, fully: Interval
) -> str:
    """Return the outcome that four paired differences support.

    Correcting the prior costs nothing and is reversible, so rebalancing must beat it, or help
    where the correction was not shown to. A correction that beats what helps, helps.

    Parameters
    ----------
    rebalanced : Interval
        Chosen degree minus natural training.
    corrected : Interval
        Corrected natural training minus natural training.
    over_corrected : Interval
        Chosen degree minus corrected natural training.
    fully : Interval
        Largest degree of the same way minus natural training.
    """
    if rebalanced.above_zero and over_corrected.above_zero:
        return "rebalance"
    if corrected.above_zero or (rebalanced.above_zero and over_corrected.below_zero):
        return "correct"
    if rebalanced.above_zero:
        return "rebalance"
    if rebalanced.below_zero or fully.below_zero:
        return "leave"
    return "no evidence"


def points(interval: Interval) -> str:
    """Return a difference of accuracies in percentage points with its interval.

    The decimals are those that the interval supports, and one more where an end would round to
    the zero that the interval excludes.
    """
    decimals = decimals_of_difference(100 * interval.low, 100 * interval.high, most=2)
    mean, low, high = (
        f"{round(100 * end, decimals) + 0.0:+.{decimals}f}".replace("-", "\N{MINUS SIGN}")
        for end in (interval.mean, interval.low, interval.high)
    )
    return f"{mean} points [{low}, {high}]"


def where(prior: str) -> str:
    """Return how a sentence about a deployment prior begins."""
    names = {"train": "the training distribution", "uniform": "equal class shares"}
    return f"Under {names.get(prior, f'the prior {prior!r}')}: "


def _decimals(interval: Interval) -> int:
    return supported_decimals(100 * interval.half_width, most=2)


def _sentence(
    outcome: str,
    prior: str,
    chosen: Arm,
    fullest: Arm,
    rebalanced: Interval,
    corrected: Interval,
    over_corrected: Interval,
    fully: Interval,
    verbs: tuple[str, str],
    *,
    nothing_to_do: bool,
) -> str:
    under = where(prior)
    degree = f"degree {chosen.degree:g}, chosen on validation,"
    largest = f"degree {fullest.degree:g}"
    rebalance, rebalancing = verbs
    if outcome == "rebalance":
        control = ""
        if over_corrected.above_zero and corrected != _NOTHING:
            control = f", and {points(over_corrected)} over correcting the prior after training"
        elif corrected != _NOTHING:
            control = (
                "; whether correcting the prior after training would do as well is open "
                f"({points(corrected)})"
            )
        return (
            f"{under}{rebalance} to degree {chosen.degree:g}, chosen on validation. Accuracy "
            f"changes by {points(rebalanced)} against the data as they are{control}."
        )
    if outcome == "correct":
        return (
            f"{under}leave the data as they are and correct the prior after training: "
            f"{points(corrected)} of accuracy. {rebalancing} to {degree} gives "
            f"{points(rebalanced)}; against the correction that is {points(over_corrected)}."
        )
    if outcome == "leave":
        full = "" if fullest == chosen else f"; {largest} changes it by {points(fully)}"
        return (
            f"{under}leave the data as they are. {rebalancing} to {degree} changes accuracy by "
            f"{points(rebalanced)}{full}."
        )
    if rebalanced == _NOTHING and nothing_to_do:
        seen = (
            "All classes have as many training samples, so that by count there is nothing to "
            "rebalance. Whether hard classes should get more of them, --hardness-degrees tells."
        )
    elif rebalanced == _NOTHING:
        seen = (
            f"{rebalancing} to {degree} made no test sample right or wrong that was not so before."
        )
    else:
        smallest = f"{100 * rebalanced.half_width:.{_decimals(rebalanced)}f}"
        seen = (
            f"{rebalancing} to {degree} changes accuracy by {points(rebalanced)}; effects below "
            f"about {smallest} points could not be seen with this many test samples and seeds."
        )
    if fully.above_zero and fullest != chosen:
        seen += (
            f" On test {largest} looks better ({points(fully)}), but validation did not choose "
            "it: weigh again with more data or seeds."
        )
    return f"{under}no evidence either way. {seen}"


def _beside(other: OtherWay | None) -> str:
    if other is None:
        return ""
    return f" By {other.by} (degree {other.degree:g}): {points(other.rebalanced)}."


def _verbs(chosen: Arm, both: bool) -> tuple[str, str]:
    """Return what to do, and doing it; by count it is named where there are both ways."""
    if chosen.by == "hardness":
        return "resample by hardness", "Resampling by hardness"
    if both:
        return "rebalance by count", "Rebalancing by count"
    return "rebalance", "Rebalancing"
