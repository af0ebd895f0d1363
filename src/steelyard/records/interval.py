"""`Interval`: a number and the range that its evidence supports."""

from __future__ import annotations

import math
from dataclasses import dataclass

from steelyard._support.errors import DataError


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % confidence interval.

    Parameters
    ----------
    mean : float
        The estimate.
    low, high : float
        The ends; low <= mean <= high.

    Raises
    ------
    DataError
        If the ends do not enclose the estimate (NaN included).
    """

    mean: float
    low: float
    high: float

    def __post_init__(self) -> None:
        for end in ("mean", "low", "high"):
            object.__setattr__(self, end, float(getattr(self, end)))
        if not self.low <= self.mean <= self.high:
            raise DataError(f"An interval must enclose its mean. Got {self}.")

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval is positive."""
        return self.low > 0

    @property
    def below_zero(self) -> bool:
        """Whether the whole interval is negative."""
        return self.high < 0

    @property
    def half_width(self) -> float:
        """Half of the interval's length: how small a difference the evidence could show."""
        return (self.high - self.low) / 2


def supported_decimals(half_width: float, most: int) -> int:
    """Return how many decimals an interval's half width supports, from 0 to ``most``.

    The rule of the Particle Data Group: the half width keeps two significant digits when they
    are 10 to 35, else one. A half width of zero (a number known exactly) gets one decimal.

    References
    ----------
    Particle Data Group, Review of Particle Physics, section 5.3.
    """
    if half_width <= 0:
        return min(1, most)
    exponent = math.floor(math.log10(half_width))
    leading = half_width / 10**exponent
    significant = 2 if leading < 3.55 else 1
    if leading >= 9.5:  # rounds up to 10, which already has two digits
        exponent, significant = exponent + 1, 2
    return min(max(significant - 1 - exponent, 0), most)


def decimals_of_difference(low: float, high: float, most: int) -> int:
    """Return how many decimals a difference is told with, given its interval.

    An interval that excludes zero must not read as one that touches it: where an end would round
    to zero it gets one decimal more, which may tell.

    Parameters
    ----------
    low, high : float
        The ends, in the unit in which they are told.
    most : int
        As in `supported_decimals`.
    """
    decimals = supported_decimals((high - low) / 2, most)
    clear = low > 0 or high < 0
    touches = min(abs(round(low, decimals)), abs(round(high, decimals))) == 0
    return decimals + int(clear and touches)
