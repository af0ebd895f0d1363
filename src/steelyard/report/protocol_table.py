"""Where the paper's text and its code part: both were run, and stand side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steelyard.report.digits import THIN_SPACE
from steelyard.report.names import shortened
from steelyard.report.quantities import (
    PROTOCOLS,
    Quantities,
    Quantity,
    ours_cell,
    outcome_cell,
    published_cell,
    title_of,
)
from steelyard.report.tables import Cell, Column, Table

TEXT, CODE = "snapshot", "shared"
PROTOCOL_WORDS = {
    "shared": "As the code (shared)",
    "snapshot": "As the text (snapshot)",
    "argmin": "At the lowest radius (argmin)",
}
_ROWS = {  # what follows the protocol in a key: what it is, with its unit
    "count/total": "Hard samples",
    "easy-per-hard": "Easy samples for each hard one",
    "straggler/keep-easy=1/hard/accuracy": "Accuracy on hard samples, %",
    "straggler/keep-easy=1/easy/accuracy": "Accuracy on easy samples, %",
    "straggler/gap": "Gap, points",
    "early-stopped/gap": "Gap of early-stopped errors, points",
    "overlap/straggler~other-straggler": "In common with stragglers of another network, %",
    "overlap/straggler~early-stopped": "In common with early-stopped errors, %",
    "overlap/straggler~energy": "In common with energy, %",
    "overlap/straggler~max-logit": "In common with max logit, %",
    "straggler/correlation/count~error": "Correlation of counts with class errors",
    "correlation/count~published-count": "Correlation of counts with published counts",
    "inversion/epoch=last": "Epoch of the last inversion",
}


@dataclass(frozen=True)
class Protocols:
    """A data set's table, and what it says."""

    name: str
    sentence: str
    table: Table


def protocols(quantities: Quantities) -> tuple[Protocols, ...]:
    """Return one section a data set that was run under several protocols."""
    found = []
    for data in quantities.data:
        ran = [one for one in PROTOCOLS if one in quantities.protocols(data)]
        if len(ran) > 1:
            name = shortened(title_of(data), 40)
            found.append(Protocols(name, sentence(quantities, data), _table(quantities, data, ran)))
    return tuple(found)


def sentence(quantities: Quantities, data: str) -> str:
    """Return how many hard samples text and code find, and which is nearer to the published."""
    text, code = (quantities[f"{data}/{protocol}/count/total"] for protocol in (TEXT, CODE))
    if text.value is None or code.value is None:
        return "How many hard samples text and code find was not measured for both."
    words = (
        f"As the text has it, the network of each class\N{RIGHT SINGLE QUOTATION MARK}s own "
        f"inversion is looked at, and {text.text} samples are hard; as the code has it, one "
        f"network is looked at for all classes, at the last inversion, and {code.text} are."
    )
    said = _claimed({one: quantities[f"{data}/{one}/count/total"] for one in (CODE, TEXT)})
    if not said.published:
        return words
    off = {
        "text": abs(text.value - said.published) / said.published,
        "code": abs(code.value - said.published) / said.published,
    }
    near, far = sorted(off, key=lambda one: off[one])
    return (
        f"{words} Published are {said.published:,.6g}: the {near} comes nearer, "
        f"{_percent(off[near])} off, the {far} {_percent(off[far])}."
    )


def _table(quantities: Quantities, data: str, ran: list[str]) -> Table:
    every = {
        words: {protocol: quantities[f"{data}/{protocol}/{key}"] for protocol in ran}
        for key, words in _ROWS.items()
    }
    is_claimed = any(_claimed(ours).outcome for ours in every.values())
    columns = [
        Column("Quantity", numeric=False),
        *(Column(PROTOCOL_WORDS[protocol]) for protocol in ran),
    ]
    if is_claimed:
        columns += [Column("Published"), Column("Outcome", numeric=False)]
    rows = []
    for words, ours in every.items():
        claimed = _claimed(ours)
        if claimed.outcome or any(one.value is not None for one in ours.values()):
            cells = [Cell(words), *(ours_cell(one) for one in ours.values())]
            if is_claimed:
                cells += [published_cell(claimed), outcome_cell(claimed.outcome)]
            rows.append(tuple(cells))
    caption = f"The same quantities under each protocol, with 95{THIN_SPACE}% intervals"
    return Table(caption, tuple(columns), tuple(rows))


def _claimed(by_protocol: Mapping[str, Quantity]) -> Quantity:
    """Return the one that a claim speaks of; what is published belongs to one protocol."""
    return next((one for one in by_protocol.values() if one.outcome), Quantity())


def _percent(share: float) -> str:
    return f"{100 * share:.0f}{THIN_SPACE}%"
