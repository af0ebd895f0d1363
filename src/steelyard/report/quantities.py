"""What a study measured beside what was published of it, by key; and both as cells of a table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from steelyard.records.claim import Outcome
from steelyard.records.interval import Interval
from steelyard.records.study_results import StudyResults
from steelyard.report.digits import MINUS, Figure, difference_in, in_unit, measured
from steelyard.report.tables import Cell, Column, absent_cell, figure_cell

NOT_RUN = "not run"
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
PROTOCOLS = ("shared", "snapshot", "argmin")
# in the order of the page; controls last
IDENTIFIERS = ("straggler", "max-logit", "energy", "early-stopped", "random")
CONTROLS = ("early-stopped", "random")
_DATA = re.compile(
    rf"(.+?)/(?:{'|'.join(PROTOCOLS)}|radius|error|inversion|family|agreement)/", re.DOTALL
)
_SIGNED = "points"
_TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "kmnist": "KMNIST, test part"}


@dataclass(frozen=True)
class Quantity:
    """One quantity: ours where it was measured, the published one where a claim speaks of it.

    Parameters
    ----------
    value, spread : float or None
        Our mean, and the standard deviation over what was repeated.
    interval : Interval or None
        Of our mean, 95 %.
    n_runs : int
        Runs behind it.
    unit : str
        Its unit.
    published, published_spread : float or None
        The published mean and standard deviation.
    outcome : str
        What came of the claim; "" where there is none.
    """

    value: float | None = None
    spread: float | None = None
    interval: Interval | None = None
    n_runs: int = 0
    unit: str = ""
    published: float | None = None
    published_spread: float | None = None
    outcome: str = ""

    @property
    def figure(self) -> Figure | None:
        """Our interval with the digits that it supports; differences carry their sign."""
        if self.interval is None:
            return None
        write = difference_in if self.unit == _SIGNED else in_unit
        return write(self.interval, self.unit)

    @property
    def text(self) -> str:
        """Our value with its interval, else with its spread, else alone; or "not run"."""
        if self.figure is not None:
            return str(self.figure)
        if self.value is None:
            return NOT_RUN
        return " ".join(part for part in _plain(self.value, self.spread) if part)

    @property
    def short(self) -> str:
        """Our value alone; or "not run"."""
        if self.figure is not None:
            return self.figure.value
        return NOT_RUN if self.value is None else _plain(self.value, self.spread)[0]


class Quantities:
    """Every quantity of a study, its own and its claims', in their order."""

    def __init__(self, results: StudyResults) -> None:
        self._all = {
            str(row.key): quantity_of(row) for row in results.figures.table.itertuples(index=False)
        }
        measured_data = [*_data_of(self._all), *results.curves["data"]]
        for key, outcome in _spoken_of(results.outcomes).items():
            ours = self._all.get(key, Quantity(unit=outcome.claim.unit))
            self._all[key] = replace(
                ours,
                published=outcome.claim.published,
                published_spread=outcome.claim.spread,
                outcome=outcome.outcome,
            )
        self.data: tuple[str, ...] = tuple(dict.fromkeys(measured_data))
        claimed = dict.fromkeys(_data_of(self._all))
        self.not_run: tuple[str, ...] = tuple(one for one in claimed if one not in self.data)

    def __getitem__(self, key: str) -> Quantity:
        """Return a quantity; one that was neither measured nor claimed is empty."""
        return self._all.get(key, Quantity())

    def matching(self, data: str, pattern: str) -> Iterator[tuple[re.Match[str], Quantity]]:
        """Yield the quantities of a data set whose keys, after its name, match as a whole."""
        compiled = re.compile(pattern, re.DOTALL)
        start = len(data) + 1
        for key, quantity in self._all.items():
            if key.startswith(f"{data}/") and (match := compiled.fullmatch(key[start:])):
                yield match, quantity

    def protocols(self, data: str) -> tuple[str, ...]:
        """Return the protocols of a data set, the one with the most measured quantities first."""
        found = dict.fromkeys(PROTOCOLS, 0)
        for match, quantity in self.matching(data, rf"({'|'.join(PROTOCOLS)})/.*"):
            found[match[1]] += quantity.value is not None
        ran = [protocol for protocol in PROTOCOLS if found[protocol]]
        return tuple(sorted(ran, key=lambda protocol: -found[protocol]))

    def identifiers(self, data: str, protocol: str) -> tuple[str, ...]:
        """Return the identifiers of hard samples that were measured, controls last."""
        pattern = rf"{protocol}/([^/]+)/(?:gap|keep-.*|count/.*)"
        seen = {
            match[1]
            for match, quantity in self.matching(data, pattern)
            if quantity.value is not None
        }
        return tuple(sorted(seen, key=place_of))


def quantity_of(row: Any) -> Quantity:
    """Return the quantity in a row of the table of `Figures`."""
    return Quantity(
        float(row.value),
        None if math.isnan(row.spread) else float(row.spread),
        None
        if math.isnan(row.low) or math.isnan(row.high)
        else Interval(row.value, row.low, row.high),
        int(row.n_runs),
        str(row.unit),
    )


def place_of(identifier: str) -> tuple[float, str]:
    """Return where an identifier stands among others: those without a name of ours before last."""
    if identifier in IDENTIFIERS:
        return IDENTIFIERS.index(identifier), identifier
    return IDENTIFIERS.index(CONTROLS[0]) - 0.5, identifier


def title_of(data: str) -> str:
    """Return a data set's name as it is written."""
    return _TITLES.get(data, data)


def identifier_words(identifier: str) -> str:
    """Return what picks the hard samples, in words."""
    return {
        "straggler": "stragglers",
        "max-logit": "max logit",
        "early-stopped": "early-stopped errors",
        "random": "a random set",
    }.get(identifier, identifier)


def comparison_columns(title: str, quantities: Iterable[Quantity]) -> tuple[Column, ...]:
    """Return the columns of `comparison_cells`."""
    ours = Column(f"{title}, ours" if are_claimed(quantities) else title)
    if not are_claimed(quantities):
        return (ours,)
    return ours, Column("published"), Column("outcome", numeric=False)


def comparison_cells(one: Quantity, quantities: Iterable[Quantity]) -> tuple[Cell, ...]:
    """Return ours with its interval, the published one with its spread, and the outcome.

    Where none of the quantities of the table was claimed, ours alone.
    """
    if not are_claimed(quantities):
        return (ours_cell(one),)
    return ours_cell(one), published_cell(one), outcome_cell(one.outcome)


def brief_columns(title: str, quantities: Iterable[Quantity]) -> tuple[Column, ...]:
    """Return the columns of `brief_cells`."""
    if not are_claimed(quantities):
        return (Column(title),)
    return Column(f"{title}, ours"), Column("published")


def brief_cells(one: Quantity, quantities: Iterable[Quantity]) -> tuple[Cell, ...]:
    """Return `comparison_cells` with the outcome beside the published value, for wide tables."""
    if not are_claimed(quantities):
        return (ours_cell(one),)
    published = published_cell(one)
    if one.outcome:
        note = f"{published.note}, {one.outcome}" if published.note else one.outcome
        published = replace(published, note=note, mark=_mark(one.outcome))
    return ours_cell(one), published


def ours_cell(one: Quantity) -> Cell:
    """Return our value with its interval, else with its spread; or "not run"."""
    if one.figure is not None:
        return figure_cell(one.figure)
    if one.value is None:
        return absent_cell(NOT_RUN)
    text, note = _plain(one.value, one.spread)
    return Cell(text, note=note)


def published_cell(one: Quantity) -> Cell:
    """Return the published value with its standard deviation."""
    if one.published is None:
        return absent_cell("\N{EN DASH}")
    return Cell(*published_parts(one.published, one.published_spread))


def published_parts(value: float, spread: float | None) -> tuple[str, str]:
    """Return a published value and its standard deviation, with the digits they were given."""
    text = f"{value:,.6g}".replace("-", MINUS)
    return text, "" if spread is None else f"{PLUS_MINUS} {spread:.6g}"


def outcome_cell(outcome: str) -> Cell:
    """Return an outcome in its word, the ones to look at marked."""
    return Cell(outcome, mark=_mark(outcome)) if outcome else absent_cell("\N{EN DASH}")


def _mark(outcome: str) -> str:
    return outcome.replace(" ", "-")


def are_claimed(quantities: Iterable[Quantity]) -> bool:
    """Whether a claim speaks of any of them, so that the page shows what was published."""
    return any(one.outcome for one in quantities)


def _plain(value: float, spread: float | None) -> tuple[str, str]:
    if spread is None:
        text = f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
        return text.replace("-", MINUS), ""
    text, note = measured(value, spread)
    return text, f"{PLUS_MINUS} {note}"


def _data_of(keys: Iterable[str]) -> list[str]:
    return [match[1] for key in keys if (match := _DATA.match(key))]


def _spoken_of(outcomes: Iterable[Outcome]) -> dict[str, Outcome]:
    """Return the claim that speaks most exactly of each quantity: a value before a bound."""
    found: dict[str, Outcome] = {}
    for outcome in outcomes:
        other = found.get(outcome.claim.figure)
        if other is None or _exactness(outcome) > _exactness(other):
            found[outcome.claim.figure] = outcome
    return found


def _exactness(outcome: Outcome) -> tuple[bool, bool]:
    return outcome.claim.published is not None, outcome.claim.relation == "="
