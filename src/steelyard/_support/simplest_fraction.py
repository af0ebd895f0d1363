"""The fraction that a user meant by a float: 0.1 is one tenth, not 3602879701896397 / 2**55."""

from __future__ import annotations

from fractions import Fraction

_LARGEST_DENOMINATOR = 1_000_000


def simplest_fraction(value: float) -> Fraction:
    """Return the fraction of small denominator that rounds to this float, or its exact value.

    Counts computed with it cannot slip by one: 5000 times 0.001 is 5, and 300 times 1/3 is 100.
    """
    simple = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    return simple if float(simple) == value else Fraction(value)
