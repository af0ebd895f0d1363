"""What the resampling study found of each data set, in sentences that need no statistics.

Does giving hard classes more data narrow the gap, at what cost, and does the control that trains
nothing do as well?
"""

from __future__ import annotations

from collections.abc import Mapping

from steelyard.records.hardness_arm import BASELINE
from steelyard.report.arm_words import Arm, arm_of
from steelyard.report.gap_evidence import Change, Told
from steelyard.report.hardness_cells import least_text, level_cell, p_text
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.names import listed, one_line
from steelyard.report.paper_versions import not_the_papers

REFERENCE = "v1/alpha=1/random+easiest"
CONTROL = "v1/alpha=1/logits"
_MAIN, _WIDEST, _ACCURACY = "recall/easy_hard", "recall/max_min", "accuracy"
_TRIED = ("v1", "v2", "safe")
_VERBS = {
    "narrower": "narrowed",
    "wider": "widened",
    "reversed": "turned over",
    "not shown": "was not shown to change",
}


def headline(quantities: HardnessQuantities) -> str:
    """Return whether more data for hard classes narrowed the gap, by data set."""
    by_outcome: dict[str, list[str]] = {}
    for data in quantities.data:
        outcome = change_of(quantities, data, REFERENCE, _MAIN).outcome
        by_outcome.setdefault(outcome, []).append(data_title(data))
    if not by_outcome:
        return "Nothing was measured."
    parts: list[str] = []
    for outcome, verb in _VERBS.items():
        if outcome in by_outcome:
            what = "it" if parts else "the gap between easy and hard classes"
            parts.append(f"{verb} {what} on {listed(by_outcome[outcome])}")
    if "not run" in by_outcome:
        parts.append(f"was not run on {listed(by_outcome['not run'])}")
    return f"Giving hard classes more data, as version 1 does at alpha 1, {', and '.join(parts)}."


def told(quantities: HardnessQuantities, *, claimed: bool) -> tuple[Told, ...]:
    """Return what is said of each data set.

    Parameters
    ----------
    quantities : HardnessQuantities
        What was measured.
    claimed : bool
        Whether a paper is repeated, so that departures from it are named.
    """
    return tuple(_told(quantities, data, claimed) for data in quantities.data)


def change_of(quantities: HardnessQuantities, data: str, arm: str, measure: str) -> Change:
    """Return what an arm changes in a measure, against the baseline."""
    key = f"change/{arm}/{measure}"
    return Change(
        "",
        quantities.get(data, key),
        quantities.get(data, f"{key}/p-holm"),
        quantities.get(data, f"{key}/detectable"),
        quantities.get(data, f"arm/{BASELINE}/{measure}"),
        quantities.get(data, f"arm/{arm}/{measure}"),
        "/" in measure,
    )


def _told(quantities: HardnessQuantities, data: str, claimed: bool) -> Told:
    best = best_other(quantities, data)
    sentences = [
        reference_words(quantities, data),
        best_words(quantities, data, best),
        control_words(quantities, data),
    ]
    rows = {REFERENCE: "version 1, alpha 1", CONTROL: "control, no training"}
    if best is not None:
        rows = {REFERENCE: rows[REFERENCE], best.name: "best other", CONTROL: rows[CONTROL]}
    measures = {
        _MAIN: "Easy less hard classes", _WIDEST: "Best less worst class", _ACCURACY: "Accuracy",
    }  # fmt: skip
    return Told(
        data_title(data),
        not_the_papers(quantities, data) if claimed else "",
        tuple(one for one in sentences if one),
        tuple(_titled(quantities, data, rows, measures)),
    )


def _titled(
    quantities: HardnessQuantities, data: str, rows: Mapping[str, str], measures: Mapping[str, str]
) -> list[Change]:
    found = []
    for measure, words in measures.items():
        for arm, which in rows.items():
            one = change_of(quantities, data, arm, measure)
            found.append(
                Change(f"{words}: {which}", one.change, one.p_holm, one.least, one.before,
                       one.after, one.is_gap)
            )  # fmt: skip
    return found


def reference_words(quantities: HardnessQuantities, data: str) -> str:
    """Return what resampling as version 1 has it at alpha 1 does."""
    main = change_of(quantities, data, REFERENCE, _MAIN)
    if main.outcome == "not run":
        why = quantities.not_run_arms(data).get(REFERENCE)
        reason = f": {one_line(why).rstrip('.')}" if why else ""
        return f"Resampling as version 1 has it at alpha 1 was not run{reason}."
    sentences = [
        f"Giving hard classes more data {_VERBS[main.outcome]} the recall gap between easy and "
        f"hard classes ({_levels(main)}{_numbers(main)})."
    ]
    widest = change_of(quantities, data, REFERENCE, _WIDEST)
    if widest.outcome == "not shown":
        sentences.append(
            f"Of the gap between the best and the worst class no change was shown "
            f"({_numbers(widest)})."
        )
    elif widest.outcome != "not run":
        sentences.append(
            f"The gap between the best and the worst class was {_VERBS[widest.outcome]} "
            f"({_numbers(widest)})."
        )
    sentences.append(cost_words(quantities, data, REFERENCE))
    return " ".join(one for one in sentences if one)


def cost_words(quantities: HardnessQuantities, data: str, arm: str) -> str:
    """Return what an arm costs or gains in accuracy."""
    one = change_of(quantities, data, arm, _ACCURACY)
    if one.outcome == "not run":
        return ""
    words = {
        "worse": "It costs accuracy",
        "better": "Accuracy rises with it",
        "not shown": "No change of accuracy was shown",
    }
    return f"{words[one.outcome]} ({_numbers(one)})."


def best_other(quantities: HardnessQuantities, data: str) -> Arm | None:
    """Return the arm with training, the reference aside, that leaves the smallest gap."""
    others = _others(quantities, data)
    return min(others, key=lambda arm: (others[arm], arm.name)) if others else None


def _others(quantities: HardnessQuantities, data: str) -> dict[Arm, float]:
    found = {}
    for name in quantities.arms(data):
        arm = arm_of(name)
        gap = quantities.get(data, f"arm/{name}/{_MAIN}").value
        compared = quantities.get(data, f"change/{name}/{_MAIN}").value is not None
        trained = name != REFERENCE and arm.family in _TRIED and not arm.logits_alone
        if trained and compared and gap is not None:
            found[arm] = abs(gap)
    return found


def best_words(quantities: HardnessQuantities, data: str, best: Arm | None) -> str:
    """Return what the best of the other arms does, and the cut that is not flattered."""
    if best is None:
        return "No other way to resample was run."
    one = change_of(quantities, data, best.name, _MAIN)
    n = len(_others(quantities, data))
    first = (
        f"The one other way that was run, {best.full}," if n == 1
        else f"Of {n} other ways, {best.full} leaves the smallest gap: it"
    )  # fmt: skip
    sentences = [f"{first} {_VERBS[one.outcome]} it ({_levels(one)}{_numbers(one)})."]
    sentences.append(cost_words(quantities, data, best.name))
    if n > 1:
        sentences.append("It was picked by the test samples that it is told on, which flatters it.")
    cuts = {
        version: quantities.get(data, f"best/{version}/recall/max_min") for version in ("v1", "v2")
    }
    said = [
        f"{' '.join(part for part in (cell.text, cell.note) if part)} % in version {version[1]}"
        for version, cut in cuts.items()
        if cut.value is not None and (cell := level_cell(cut))
    ]
    if said:
        sentences.append(
            f"Picked on one half of the test samples and told on the other, the best arm changes "
            f"the gap between best and worst class by {' and '.join(said)}."
        )
    return " ".join(one for one in sentences if one)


def control_words(quantities: HardnessQuantities, data: str) -> str:
    """Return whether the control, which trains nothing, does as well as resampling."""
    control = change_of(quantities, data, CONTROL, _MAIN)
    if control.change.value is None:
        return "The cheap control, logits moved without any training, was not run."
    told = _numbers(control)
    lead = "The cheap control, which trains nothing and moves logits as the counts would,"
    cost = cost_words(quantities, data, CONTROL)
    return f"{lead} {_beside(quantities, data, control, told)} {cost}".strip()


def _beside(quantities: HardnessQuantities, data: str, control: Change, told: str) -> str:
    reference = change_of(quantities, data, REFERENCE, _MAIN)
    one, other = control.change, reference.change
    if control.outcome == "not shown":
        return f"was not shown to change the gap ({told})."
    if control.outcome != "narrower":
        return f"{_VERBS[control.outcome]} it ({told})."
    if reference.outcome != "narrower" or one.interval is None or other.interval is None:
        return f"narrowed it ({told}), which resampling was not shown to do."
    if one.interval.low > other.interval.high:
        return f"narrowed it less ({told})."
    if one.interval.high < other.interval.low:
        return f"narrowed it more ({told})."
    return f"narrowed it too ({told}); the two were not told apart."


def _levels(one: Change) -> str:
    """Return "from 12.3 to 10.1: " where both levels were measured."""
    if one.before.value is None or one.after.value is None:
        return ""
    before, after = level_cell(one.before).text, level_cell(one.after).text
    return f"from {before} to {after}: "


def _numbers(one: Change) -> str:
    """Return a change with its interval, p, and what would have been seen where nothing was."""
    parts = [f"{one.change.text} points"]
    if one.p_holm.value is not None:
        parts.append(f"Holm\N{RIGHT SINGLE QUOTATION MARK}s p {p_text(one.p_holm)}")
    if one.outcome == "not shown" and one.least.value is not None:
        parts.append(f"{least_text(one.least)} would have been seen")
    return ", ".join(parts)
