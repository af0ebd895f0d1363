"""`Finding` and `Audit`: what speaks against believing figures, by codes that never change.

A code is for ever: one that is given up stays in `RETIRED`, and is not given to anything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steelyard._support.errors import DataError
from steelyard._support.validation import check_choice

SEVERITIES = ("error", "warning", "note")  # the worst first
PAGE = "docs/guards.md"
RETIRED: tuple[str, ...] = ()


@dataclass(frozen=True)
class Code:
    """What one code stands for.

    Parameters
    ----------
    code : str
        For instance "G101"; the section of `PAGE` has its name.
    severity : str
        The worst that a finding of this code can be.
    title : str
        What was found, in a few words.
    """

    code: str
    severity: str
    title: str

    @property
    def anchor(self) -> str:
        """Where the docs speak of it."""
        return f"{PAGE}#{self.code.lower()}"


_CODES = (
    Code("G101", "error", "Held-out rows are copies of training rows"),
    Code("G102", "error", "The same ids in training and held out"),
    Code("G103", "warning", "Held-out rows nearly equal to training rows"),
    Code("G104", "error", "Training rows made from held-out rows"),
    Code("G105", "error", "Made-up rows in a held-out part"),
    Code("G106", "error", "Validation and evaluation share samples"),
    Code("G201", "warning", "The class shares are not those of the raw data"),
    Code("G202", "warning", "A held-out part is balanced exactly"),
    Code("G203", "warning", "Copies within a held-out part"),
    Code("G301", "error", "Thresholds chosen on the samples they are judged on"),
    Code("G302", "warning", "The best of several arms chosen on the part that judges"),
    Code("G401", "error", "Samples without a prediction"),
    Code("G402", "error", "Predictions of unknown samples"),
    Code("G403", "error", "A sample predicted more than once by one model"),
    Code("G404", "error", "The truth beside predictions is not that of the data"),
    Code("G405", "error", "Numbers that are no probabilities"),
    Code("G406", "error", "Probabilities that do not sum to one"),
    Code("G407", "warning", "Decisions in place of probabilities"),
    Code("G408", "warning", "Every sample has the same prediction"),
    Code("G409", "warning", "Classes that training never saw"),
    Code("G410", "error", "Classes of the data without a column"),
)
CODES: Mapping[str, Code] = {one.code: one for one in _CODES}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or may be.

    Parameters
    ----------
    code : str
        One of `CODES`.
    severity : {"error", "warning", "note"}
        Figures are worthless; they may flatter; good to know. Not worse than its code's.
    message : str
        What was found, in a sentence or a few.
    count, n : int
        How many, of how many looked at.
    examples : tuple of str
        The first few samples, classes or arms.
    hint : str
        What to do.

    Raises
    ------
    ParameterError, DataError
        If there is no such code or severity, the severity is worse than the code's, or the count
        is no number from 1 to n.
    """

    code: str
    severity: str
    message: str
    count: int
    n: int
    examples: tuple[str, ...]
    hint: str

    def __post_init__(self) -> None:
        check_choice(self.code, "code", "Finding", CODES)
        worst = SEVERITIES.index(CODES[self.code].severity)
        check_choice(self.severity, "severity", "Finding", SEVERITIES[worst:])
        if not (isinstance(self.count, int) and isinstance(self.n, int)):
            raise DataError(f"A finding counts whole numbers. Got {self.count!r} of {self.n!r}.")
        if not 1 <= self.count <= self.n:
            raise DataError(f"A finding counts from 1 to n. Got {self.count} of {self.n}.")
        object.__setattr__(self, "examples", tuple(map(str, self.examples)))

    @property
    def title(self) -> str:
        """What was found, in a few words."""
        return CODES[self.code].title

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain values for JSON, with its title and where to read on."""
        return {
            "code": self.code,
            "severity": self.severity,
            "title": self.title,
            "message": self.message,
            "count": self.count,
            "n": self.n,
            "examples": list(self.examples),
            "hint": self.hint,
            "page": CODES[self.code].anchor,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Finding:
        """Return the finding that `to_dict` wrote.

        Raises
        ------
        SteelyardError, TypeError, KeyError
            If it is another document.
        """
        keys = ("code", "severity", "message", "count", "n", "examples", "hint")
        values = {key: document[key] for key in keys}
        for key in ("message", "hint"):
            if not isinstance(values[key], str):
                raise DataError(f"The {key} of a finding must be text. Got {values[key]!r}.")
        return cls(**{**values, "examples": tuple(values["examples"])})


@dataclass(frozen=True)
class Audit:
    """What the guards found, and which of them could not look.

    Parameters
    ----------
    findings : tuple of Finding
        The worst first, those equally bad by code.
    ran : tuple of str
        What was looked for.
    not_run : tuple of (str, str)
        What was not looked for, and why.
    """

    findings: tuple[Finding, ...]
    ran: tuple[str, ...]
    not_run: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        order = sorted(self.findings, key=lambda one: (SEVERITIES.index(one.severity), one.code))
        object.__setattr__(self, "findings", tuple(order))

    @property
    def worst(self) -> str | None:
        """The worst severity among the findings; None where nothing was found."""
        return self.findings[0].severity if self.findings else None

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings, each once."""
        return tuple(dict.fromkeys(one.code for one in self.findings))

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain values for JSON."""
        return {
            "worst": self.worst,
            "findings": [one.to_dict() for one in self.findings],
            "ran": list(self.ran),
            "not_run": [{"guard": guard, "why": why} for guard, why in self.not_run],
        }

    def __str__(self) -> str:
        counts = Counter(one.severity for one in self.findings)
        found = ", ".join(
            f"{counts[one]} {one}{'s' if counts[one] > 1 else ''}"
            for one in SEVERITIES
            if counts[one]
        )
        lines = [
            f"{found or 'nothing found'}; {len(self.ran)} guards ran, {len(self.not_run)} could not"
        ]
        lines += [f"{one.code} {one.severity}: {one.message}" for one in self.findings]
        return "\n".join([*lines, *(f"not run, {why}: {what}" for why, what in self.silent)])

    @property
    def silent(self) -> tuple[tuple[str, str], ...]:
        """Each reason why guards did not run, with their codes in words."""
        reasons: dict[str, list[str]] = {}
        for guard, why in self.not_run:
            reasons.setdefault(why, []).append(guard.split()[0] if guard[:1] == "G" else guard)
        return tuple((why, ", ".join(guards)) for why, guards in reasons.items())
