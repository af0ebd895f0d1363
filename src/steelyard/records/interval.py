"""`Interval`: a number and the range that its evidence supports."""

from __future__ import annotations

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
