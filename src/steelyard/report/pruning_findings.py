"""What the pruning study found of each data set, in sentences that need no statistics.

Is it better to prune the easiest samples of the whole data set than of each class, and does
resampling what a random pruning left help?
"""

from __future__ import annotations

from collections import Counter

from steelyard.report.arm_words import Arm, arm_of
from steelyard.report.gap_evidence import Change, Told
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.names import listed
from steelyard.report.paper_versions import not_the_papers
from steelyard.report.pruning_curves import percent_of, rates_of

_MAIN, _WIDEST, _ACCURACY = "recall/easy_hard", "recall/max_min", "accuracy"


def headline(quantities: HardnessQuantities) -> str:
    """Return at how many rates the one pruning beat the other, by data set."""
    said = []
    for data in quantities.data:
        found = outcomes(quantities, data, _MAIN)
        if found:
            said.append(f"at {found['narrower']} of {found.total()} rates on {data_title(data)}")
    if not said:
        return "Pruning over the data set and class by class was not run."
    return (
        f"Pruning the easiest samples of the whole data set, not of each class, leaves a narrower "
        f"gap between easy and hard classes {listed(said)}."
    )


def told(quantities: HardnessQuantities, *, claimed: bool) -> tuple[Told, ...]:
    """Return what is said of each data set; ``claimed``: departures from the paper are named."""
    found = []
    for data in quantities.data:
        rates = rates_of(quantities, data, ("dlp",))
        sentences = [levels_words(quantities, data), refill_words(quantities, data)]
        changes = []
        if rates:
            rate = min(rates, key=lambda one: abs(float(one) - 0.5))
            titles = {
                _ACCURACY: "Accuracy", _MAIN: "Easy less hard classes",
                _WIDEST: "Best less worst class",
            }  # fmt: skip
            changes = [
                paired(quantities, data, rate, measure, f"{words}, {percent_of(rate):g} % pruned")
                for measure, words in titles.items()
            ]
        found.append(
            Told(
                data_title(data),
                not_the_papers(quantities, data) if claimed else "",
                tuple(one for one in sentences if one),
                tuple(changes),
            )
        )
    return tuple(found)


def paired(
    quantities: HardnessQuantities, data: str, rate: str, measure: str, title: str = ""
) -> Change:
    """Return pruning over the data set less pruning class by class, at a rate."""
    return _change(quantities, data, f"dlp/rate={rate}", f"clp/rate={rate}", measure, title)


def outcomes(quantities: HardnessQuantities, data: str, measure: str) -> Counter[str]:
    """Return at how many rates the paired difference came to what."""
    rates = rates_of(quantities, data, ("dlp",))
    found = [paired(quantities, data, rate, measure).outcome for rate in rates]
    return Counter(one for one in found if one != "not run")


def levels_words(quantities: HardnessQuantities, data: str) -> str:
    """Return at how many rates one way to prune is the better."""
    accuracy, gap = (outcomes(quantities, data, one) for one in (_ACCURACY, _MAIN))
    if not accuracy and not gap:
        return "Pruning over the data set and class by class was not run."
    said = []
    if accuracy:
        said.append(f"accuracy is {_tally(accuracy, ('better', 'worse'))}")
    if gap:
        said.append(
            f"the recall gap between easy and hard classes is "
            f"{_tally(gap, ('narrower', 'wider', 'reversed'))}"
        )
    return (
        f"When the easiest samples of the whole data set are pruned, not those of each class, "
        f"{' and '.join(said)}."
    )


def refill_words(quantities: HardnessQuantities, data: str) -> str:
    """Return at how many rates resampling what is left narrows the gap, by source."""
    by_scheme: dict[str, list[Arm]] = {}
    for name in quantities.arms(data):
        arm = arm_of(name)
        if arm.family == "refilled":
            by_scheme.setdefault(arm.scheme, []).append(arm)
    said = []
    for scheme, arms in by_scheme.items():
        found = Counter(
            _change(quantities, data, arm.name, arm.name.rsplit("/", 1)[0], _MAIN).outcome
            for arm in arms
        )
        del found["not run"]
        if found:
            said.append(f"{_tally(found, ('narrower', 'wider', 'reversed'))} with {scheme}")
    if not said:
        return "Resampling what a random pruning left was not run."
    return (
        f"When samples are pruned at random and what is left is resampled by hardness, the gap is "
        f"{'; '.join(said)}."
    )


def _change(
    quantities: HardnessQuantities, data: str, arm: str, base: str, measure: str, title: str = ""
) -> Change:
    key = f"change/{arm}/{measure}"
    return Change(
        title,
        quantities.get(data, key),
        quantities.get(data, f"{key}/p-holm"),
        quantities.get(data, f"{key}/detectable"),
        quantities.get(data, f"arm/{base}/{measure}"),
        quantities.get(data, f"arm/{arm}/{measure}"),
        "/" in measure,
    )


def _tally(found: Counter[str], words: tuple[str, ...]) -> str:
    """Return "narrower at 3 of 8 rates, wider at 1"; what never came is left out."""
    came = [word for word in words if found[word]]
    if not came:
        return f"not shown to differ at any of {found.total()} rates"
    first, *rest = came
    tail = "".join(f", {word} at {found[word]}" for word in rest)
    return f"{first} at {found[first]} of {found.total()} rates{tail}"
