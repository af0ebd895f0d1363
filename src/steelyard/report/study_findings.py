"""What a study found, in sentences: claims first, then the gap of each data set and its controls.

Hard samples are picked by networks, and networks like them are then tested on them: part of the
gap is there by construction. So beside it always stands that of a random set, and that of the
errors of a network stopped early, with no inversion point in sight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.records.claim import OUTCOMES, Outcome
from steelyard.records.interval import Interval
from steelyard.report.answers import Scale, Strip
from steelyard.report.digits import THIN_SPACE, Figure, count, plain
from steelyard.report.names import listed, shortened
from steelyard.report.quantities import (
    CONTROLS,
    Quantities,
    Quantity,
    identifier_words,
    published_parts,
    title_of,
)

FAMILIES = ("mlp", "cnn", "trees")
FAMILY_WORDS = {
    "mlp": "perceptrons", "cnn": "convolutional networks", "trees": "gradient-boosted trees",
}  # fmt: skip
_NEARLY_ALL, _MOST = 0.9, 0.5  # ours: shares of a gap that these words stand for
_MARGIN = 0.04  # of the widest interval, so that no strip ends at the edge


@dataclass(frozen=True)
class Gap:
    """One line of evidence: the gap of one way to pick hard samples."""

    title: str
    figure: Figure
    unit: str
    meaning: str
    strip: Strip
    clear: bool


@dataclass(frozen=True)
class Finding:
    """What stands under the headline for one data set."""

    name: str
    protocol: str
    sentences: tuple[str, ...]
    evidence: tuple[Gap, ...]


def headline(outcomes: Sequence[Outcome]) -> str:
    """Return what came of the claims, in a sentence."""
    if not outcomes:
        return "No claims were published for these data; this is what was measured."
    counts = Counter(outcome.outcome for outcome in outcomes)
    n = len(outcomes)
    found = [word for word in OUTCOMES if counts[word]]
    if len(found) == 1:
        return f"{'The one claim was' if n == 1 else f'All {count(n)} claims were'} {found[0]}."
    first, *rest = (f"{count(counts[word])} {word}" for word in found)
    first = first.replace(" ", " was " if counts[found[0]] == 1 else " were ", 1)
    return f"Of {count(n)} published claims, {', '.join([first, *rest[:-1]])} and {rest[-1]}."


def not_run(quantities: Quantities) -> str:
    """Return which data sets are claimed about but were not run, or nothing."""
    if not quantities.not_run:
        return ""
    return f"Not run: {listed([title_of(one) for one in quantities.not_run])}."


def findings(quantities: Quantities) -> tuple[Finding, ...]:
    """Return the finding of each data set."""
    scale = _scale(quantities)
    return tuple(_finding(quantities, data, scale) for data in quantities.data)


def scale_ends(quantities: Quantities) -> tuple[str, str]:
    """Return the ends of the scale that all strips share, in points."""
    scale = _scale(quantities)
    return plain(round(scale.low)), plain(round(scale.high))


def _finding(quantities: Quantities, data: str, scale: Scale) -> Finding:
    protocols = quantities.protocols(data)
    name = shortened(title_of(data), 40)
    if not protocols:
        return Finding(name, "", ("No hard samples were looked for in these data.",), ())
    protocol = protocols[0]
    sentences = [
        accuracies(quantities, data, protocol),
        circularity(quantities, data, protocol),
        other_judges(quantities, data),
    ]
    evidence = []
    for identifier in quantities.identifiers(data, protocol):
        gap = quantities[f"{data}/{protocol}/{identifier}/gap"]
        if gap.interval is not None and gap.figure is not None:
            words = identifier_words(identifier)
            evidence.append(
                Gap(
                    f"{words[0].upper()}{words[1:]}",
                    gap.figure,
                    gap.unit,
                    _beside(gap),
                    scale.place(gap.interval),
                    gap.interval.above_zero or gap.interval.below_zero,
                )
            )
    return Finding(name, protocol, tuple(one for one in sentences if one), tuple(evidence))


def accuracies(quantities: Quantities, data: str, protocol: str) -> str:
    """Return how well networks that saw all their data do on hard and on easy samples."""
    identifier = _first(quantities, data, protocol)
    hard, easy = (full(quantities, data, protocol, identifier, part) for part in ("hard", "easy"))
    gap = quantities[f"{data}/{protocol}/{identifier}/gap"]
    if hard.value is None or easy.value is None:
        return "Accuracy on hard and on easy samples after training on all data was not run."
    of = identifier_words(identifier)
    words = (
        f"Networks trained on all their data get {_percent(easy)} of easy test samples right and "
        f"{_percent(hard)} of hard ones ({of})"
    )
    return f"{words}: a gap of {gap.text} points." if gap.value is not None else f"{words}."


def circularity(quantities: Quantities, data: str, protocol: str) -> str:
    """Return how much of the gap the controls have, which know of no inversion point."""
    identifier = _first(quantities, data, protocol)
    # a control says nothing of itself
    key = f"{data}/{protocol}/{identifier}/gap"
    gap = Quantity() if identifier in CONTROLS else quantities[key]
    random, stopped = (
        quantities[f"{data}/{protocol}/{control}/gap"] for control in ("random", "early-stopped")
    )
    sentences = []
    if random.value is not None:
        sentences.append(
            f"A random set of the same size has a gap of {random.text} points: none was shown that "
            f"the method makes by itself."
            if random.interval is not None and random.interval.low <= 0 <= random.interval.high
            else f"A random set of the same size has a gap of {random.text} points."
        )
    if stopped.value is None:
        sentences.append(
            "Errors of an early-stopped network, the control for a gap that is there by "
            "construction, were not run."
        )
    elif gap.value is None:
        sentences.append(f"Errors of an early-stopped network have a gap of {stopped.text} points.")
    elif gap.interval is None or not gap.interval.above_zero:
        sentences.append(
            f"As many errors of a network that was merely stopped early have a gap of "
            f"{stopped.text} points; of {identifier_words(identifier)} none was shown."
        )
    else:
        sentences.append(_share_of_gap(gap, stopped, identifier))
        paired = quantities[f"{data}/{protocol}/gap/{identifier}-minus-early-stopped"]
        if paired.interval is not None:
            sentences.append(_paired(paired, paired.interval, identifier))
    return " ".join(sentences)


def other_judges(quantities: Quantities, data: str) -> str:
    """Return the gap that other kinds of model see, none of which trained on what it judges."""
    judged = {
        family: [
            quantity
            for match, quantity in quantities.matching(data, rf"family/{family}/([^/]+)/gap")
            if match[1] == "straggler" and quantity.value is not None
        ]
        for family in FAMILIES
    }
    said = [f"{one[0].text} by {FAMILY_WORDS[family]}" for family, one in judged.items() if one]
    if not said:
        return "Other kinds of model, which did not train on the samples they judge: not run."
    return (
        f"Judged by models that did not train on the samples they judge, the gap of stragglers "
        f"is, in points: {', '.join(said)}."
    )


def full(quantities: Quantities, data: str, protocol: str, identifier: str, part: str) -> Quantity:
    """Return the accuracy on a part after training on all data."""
    for kept in ("easy", "hard"):
        found = quantities[f"{data}/{protocol}/{identifier}/keep-{kept}=1/{part}/accuracy"]
        if found.value is not None:
            return found
    return Quantity()


def _share_of_gap(gap: Quantity, stopped: Quantity, identifier: str) -> str:
    of = identifier_words(identifier)
    share = (stopped.value or 0.0) / (gap.value or 1.0)
    words = (
        f"As many errors of a network that was merely stopped early have a gap of {stopped.text} "
        f"points, {100 * share:.0f}{THIN_SPACE}% of that of {of}"
    )
    for least, amount in ((_NEARLY_ALL, "nearly all"), (_MOST, "most")):
        if share >= least:
            return (
                f"{words}: {amount} of it is had without an inversion point, by testing networks "
                f"on what another of their kind got wrong."
            )
    return f"{words}: most of it is not had by testing networks on what another got wrong."


def _paired(difference: Quantity, interval: Interval, identifier: str) -> str:
    of = identifier_words(identifier)
    if interval.above_zero:
        return f"In pairs, {of} have a gap wider by {difference.text} points."
    if interval.below_zero:
        return f"In pairs, the gap of {of} is not even wider: {difference.text} points."
    return f"In pairs, no difference between the two was shown ({difference.text} points)."


def _first(quantities: Quantities, data: str, protocol: str) -> str:
    """Return the identifier that the sentences speak of: stragglers where they were looked for."""
    identifiers = quantities.identifiers(data, protocol)
    return identifiers[0] if identifiers else "straggler"


def _percent(one: Quantity) -> str:
    if one.figure is None:
        return f"{one.text}{THIN_SPACE}%"
    return f"{one.figure.value}{THIN_SPACE}% {one.figure.range}"


def _beside(gap: Quantity) -> str:
    if gap.published is None:
        return gap.outcome
    return " ".join(f"published {' '.join(published_parts(gap.published, None))}".split())


def _scale(quantities: Quantities) -> Scale:
    """Return a scale that holds every gap of the page, and zero."""
    every = [
        gap.interval
        for data in quantities.data
        for protocol in quantities.protocols(data)[:1]
        for identifier in quantities.identifiers(data, protocol)
        if (gap := quantities[f"{data}/{protocol}/{identifier}/gap"]).interval is not None
    ]
    low = min([0.0, *(one.low for one in every if one)])
    high = max([1.0, *(one.high for one in every if one)])
    room = _MARGIN * (high - low)
    return Scale(low - room, high + room)
