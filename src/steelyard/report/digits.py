"""Numbers with the digits that their interval supports, and no more.

Shares are shown in percent, differences of shares in percentage points, log losses in nats. The
interval decides the decimals; see `steelyard.records.interval.supported_decimals`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from steelyard.records.interval import Interval, decimals_of_difference, supported_decimals

MINUS = "\N{MINUS SIGN}"
THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
_MOST_PERCENT = 2  # a hundredth of a percent is the finest that a page needs
_MOST_NATS = 4
_MOST_OF_UNIT = {"%": 2, "points": 2, "samples": 1, "epochs": 1, "epoch": 1}
_MOST_COST = 6  # a unit of cost may be large


@dataclass(frozen=True)
class Figure:
    """A number and its interval, as text without unit.

    Parameters
    ----------
    value : str
        The estimate.
    low, high : str
        The ends, with as many decimals.
    """

    value: str
    low: str
    high: str

    @property
    def range(self) -> str:
        """The interval in brackets."""
        return f"[{self.low}, {self.high}]"

    def __str__(self) -> str:
        return f"{self.value} {self.range}"


def percent(share: Interval) -> Figure:
    """Return a share in percent."""
    return _figure(share, 100, _MOST_PERCENT)


def points(difference: Interval) -> Figure:
    """Return a difference of shares in percentage points, signed."""
    return _figure(difference, 100, _MOST_PERCENT, signed=True)


def nats(loss: Interval) -> Figure:
    """Return a log loss in nats."""
    return _figure(loss, 1, _MOST_NATS)


def nats_difference(difference: Interval) -> Figure:
    """Return a difference of log losses in nats, signed."""
    return _figure(difference, 1, _MOST_NATS, signed=True)


def per_thousand(cost: Interval) -> Figure:
    """Return the cost of a thousand samples, of an interval of the cost of one."""
    return _of_thousand(cost, supported_decimals(1000 * cost.half_width, _MOST_COST))


def per_thousand_saved(saved: Interval) -> Figure:
    """Return what a thousand samples save; below zero they cost more."""
    ends = 1000 * saved.low, 1000 * saved.high
    return _of_thousand(saved, decimals_of_difference(*ends, _MOST_COST))


def _of_thousand(interval: Interval, places: int) -> Figure:
    ends = (interval.mean, interval.low, interval.high)
    return Figure(
        *(f"{round(1000 * e, places) + 0.0:,.{places}f}".replace("-", MINUS) for e in ends)
    )


def in_unit(value: Interval, unit: str) -> Figure:
    """Return a value that is told in the unit it was measured in, for instance "%"."""
    return _figure(value, 1, _MOST_OF_UNIT.get(unit, _MOST_NATS))


def difference_in(value: Interval, unit: str) -> Figure:
    """Return a difference that is told in the unit it was measured in, signed."""
    return _figure(value, 1, _MOST_OF_UNIT.get(unit, _MOST_NATS), signed=True)


def count(number: int) -> str:
    """Return a whole number with separated thousands."""
    return f"{number:,}"


def exact_percent(share: float) -> str:
    """Return a share that was counted, not estimated: percent with unit, three digits at most."""
    value = 100 * share
    places = 0 if value == 0 else min(max(2 - math.floor(math.log10(value)), 0), 2)
    text = f"{value:.{places}f}"
    if value > 0 and float(text) == 0:
        return f"<0.01{THIN_SPACE}%"
    return f"{text}{THIN_SPACE}%"


def plain(number: float) -> str:
    """Return a number that a person typed, for instance a degree."""
    return f"{number:g}".replace("-", MINUS)


def rank(number: float) -> str:
    """Return a mean rank between 0 and 1."""
    return f"{number:.2f}"


def measured(value: float, spread: float) -> tuple[str, str]:
    """Return a score and its standard deviation over runs; the second is empty without one."""
    if not math.isfinite(spread):
        return f"{value:.3g}".replace("-", MINUS), ""
    places = supported_decimals(spread, 3)
    return _unsigned(value, places), f"{spread:.{places}f}"


def duration(seconds: float) -> str:
    """Return a time that passed, in the two units that matter."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _figure(interval: Interval, scale: float, most: int, signed: bool = False) -> Figure:
    mean, low, high = (scale * part for part in (interval.mean, interval.low, interval.high))
    if not signed:
        places = supported_decimals((high - low) / 2, most)
        return Figure(*(_unsigned(part, places) for part in (mean, low, high)))
    places = decimals_of_difference(low, high, most)
    # where even one more decimal does not tell, the end keeps its sign
    clear = interval.above_zero or interval.below_zero
    return Figure(*(_signed(part, places, keep=clear) for part in (mean, low, high)))


def _unsigned(value: float, places: int) -> str:
    text = f"{value:,.{places}f}"
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", MINUS)


def _signed(value: float, places: int, keep: bool) -> str:
    text = f"{abs(value):,.{places}f}"
    if value == 0 or (not text.strip("0.") and not keep):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"
