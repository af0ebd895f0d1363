"""A float is read as the fraction that was meant."""

from fractions import Fraction

import pytest

from steelyard._support.simplest_fraction import simplest_fraction


@pytest.mark.parametrize(
    ("value", "fraction"),
    [
        (0.1, Fraction(1, 10)),
        (0.001, Fraction(1, 1000)),
        (1 / 3, Fraction(1, 3)),
        (1.0, Fraction(1)),
        (10**-2.5, Fraction(10**-2.5)),  # no simple fraction rounds to it: its exact value
    ],
)
def test_fraction(value, fraction):
    assert simplest_fraction(value) == fraction
