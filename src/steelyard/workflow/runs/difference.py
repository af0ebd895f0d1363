"""What changed between two runs: data, split, study, recipe, seeds, versions, cells, verdict."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.records.interval import Interval
from steelyard.records.verdict import PriorVerdict, Verdict
from steelyard.workflow.runs.state import RunState

UNUSED = "not in use"  # of a value of a recipe; None may be one
QUANTITIES = ("as_is", "rebalanced", "corrected")
_SECTIONS = ("data", "split", "study", "recipe", "seeds", "versions", "command")


@dataclass(frozen=True)
class Change:
    """A value that is not the same in two runs.

    Parameters
    ----------
    section, name : str
        What it is, for instance "recipe" and "epochs".
    left, right : object
        Plain values; None where the run has none, `UNUSED` where a recipe does not use it.
    """

    section: str
    name: str
    left: Any
    right: Any


@dataclass(frozen=True)
class SideBySide:
    """An interval of two verdicts under one prior; None where the run does not judge it."""

    prior: str
    quantity: str
    left: Interval | None
    right: Interval | None


@dataclass(frozen=True)
class Difference:
    """What changed from one run to another.

    Parameters
    ----------
    left, right : RunState
        The runs.
    changes : tuple of Change
        By section; what is not known of a run that has not finished is not compared.
    not_compared : tuple of str
        The sections left out for that reason.
    shared, only_left, only_right : tuple of str
        Addresses of cells that are there.
    same_verdict : bool, optional
        Whether the verdict files are the same to the byte; None where one is not there.
    intervals : tuple of SideBySide
        Accuracy of natural training, and what rebalancing and correcting change, by prior.
    """

    left: RunState
    right: RunState
    changes: tuple[Change, ...]
    not_compared: tuple[str, ...]
    shared: tuple[str, ...]
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]
    same_verdict: bool | None
    intervals: tuple[SideBySide, ...]


def compare(left: RunState, right: RunState) -> Difference:
    """Return what changed from one run to another.

    Parameters
    ----------
    left, right : RunState
        What `read_run` returned.
    """
    changes: list[Change] = []
    not_compared = []
    for section in _SECTIONS:
        if (section in left.facts) != (section in right.facts):
            not_compared.append(section)
        elif section in left.facts:
            changes += _changes(section, left, right)
    same = None
    if left.verdict and right.verdict:
        same = left.verdict_digest == right.verdict_digest
        changes += _changed("verdict", _answers(left.verdict), _answers(right.verdict))
        changes += _changed("classes", _classes(left.verdict), _classes(right.verdict))
    elif left.verdict or right.verdict:
        not_compared.append("verdict")
    mine, theirs = ({cell.address for cell in run.cells} for run in (left, right))
    return Difference(
        left,
        right,
        tuple(changes),
        tuple(not_compared),
        tuple(sorted(mine & theirs)),
        tuple(sorted(mine - theirs)),
        tuple(sorted(theirs - mine)),
        same,
        tuple(_side_by_side(left.verdict, right.verdict)),
    )


def _changes(section: str, left: RunState, right: RunState) -> Iterator[Change]:
    mine, theirs = left.facts[section], right.facts[section]
    if section == "command":
        if _asked(mine["command"]) != _asked(theirs["command"]):
            yield Change(section, "command", mine["command"], theirs["command"])
        return
    if section == "data":  # of a run that has not finished less is known
        known = [name for name in mine if name in theirs]
        mine, theirs = ({name: one[name] for name in known} for one in (mine, theirs))
    if section == "recipe":
        names = dict.fromkeys([*mine, *theirs], UNUSED)
        mine, theirs = {**names, **mine}, {**names, **theirs}
    yield from _changed(section, mine, theirs)


def _changed(section: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*left, *right]):
        if left.get(name) != right.get(name):
            yield Change(section, name, left.get(name), right.get(name))


def _asked(command: str | None) -> list[str] | None:
    """Return the words of a command without those that say where to write."""
    if command is None:
        return None
    try:
        words = iter(shlex.split(command))
    except ValueError:  # not written by us
        return [command]
    return [
        word
        for word in words
        if not word.startswith("--out=") and not (word == "--out" and next(words, True))
    ]


def _answers(verdict: Verdict) -> dict[str, Any]:
    answers: dict[str, Any] = {"headline": verdict.headline}
    for one in verdict.priors:
        answers |= {f"{one.prior}: outcome": one.outcome, f"{one.prior}: degree": one.degree}
        answers[f"{one.prior}: way"] = f"by {one.by}"
    return answers


def _classes(verdict: Verdict) -> dict[str, Any]:
    return {
        "rare": [one.name for one in verdict.classes if one.rare],
        "hard": [one.name for one in verdict.classes if one.hard],
        "look_mislabelled": verdict.n_suspect,
    }


def _side_by_side(left: Verdict | None, right: Verdict | None) -> Iterator[SideBySide]:
    mine, theirs = _by_prior(left), _by_prior(right)
    for prior in dict.fromkeys([*mine, *theirs]):
        for quantity in QUANTITIES:
            yield SideBySide(
                prior,
                quantity,
                getattr(mine.get(prior), quantity, None),
                getattr(theirs.get(prior), quantity, None),
            )


def _by_prior(verdict: Verdict | None) -> dict[str, PriorVerdict]:
    return {} if verdict is None else {one.prior: one for one in verdict.priors}
