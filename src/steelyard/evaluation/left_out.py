"""Why figures of a study are not there: the arms that it had to leave out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from steelyard.records.figures import Figures

_OF_ONE_ARM = ("arm", "change", "relative")
# Figures of two arms. A part of a pool is held against a random part of it, and what was put back
# against what was repeated: without the second there is none of either.
_POOLED = re.compile(r"v2/(alpha=[^/]+)/pool-(random|hardest|average)\+easiest")
_REFILLED = re.compile(r"pruned/(rate=[^/]+)/(?:random|held-out)\+easiest")
_PICKS = ("hardest", "average")
_FAMILIES = ("v1", "v2")  # of which the best arm is told


def left_out(measured: Iterable[Figures]) -> dict[str, str]:
    """Return why figures are not there, by how their keys begin.

    Parameters
    ----------
    measured : iterable of Figures
        ``facts[data]["not_run"]`` has the reason of each arm that was left out of a data set, by
        its name (`steelyard.studies.hardness_arms`); other facts are passed over.
    """
    found: dict[str, str] = {}
    for one in measured:
        for data, facts in one.facts.items():
            if isinstance(facts, Mapping) and isinstance(facts.get("not_run"), Mapping):
                for start, reason in (*_of_arms(facts["not_run"]), *_of_families(facts)):
                    found.setdefault(f"{data}/{start}/", reason)
    return found


def _of_arms(not_run: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for arm, reason in not_run.items():
        for kind in _OF_ONE_ARM:
            yield f"{kind}/{arm}", reason
        if pooled := _POOLED.fullmatch(arm):
            alpha, pick = pooled.groups()
            for one in _PICKS if pick == "random" else (pick,):
                yield f"pool/{one}-minus-random/{alpha}", reason
        if refilled := _REFILLED.fullmatch(arm):
            yield f"refill/held-out-minus-random/{refilled[1]}", reason


def _of_families(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield why there is no best arm: all of a family were left out."""
    protocol = facts.get("protocol")
    arms = protocol.get("arms", ()) if isinstance(protocol, Mapping) else ()
    not_run = facts["not_run"]
    for family in _FAMILIES:
        mine = [
            arm
            for arm in arms
            if arm.startswith(f"{family}/alpha=") and not arm.endswith("/logits")
        ]
        if mine and all(arm in not_run for arm in mine):
            yield f"best/{family}", f"No arm of {family} could run. {not_run[mine[0]]}"
