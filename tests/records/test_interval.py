import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.records import Interval


def test_an_interval_tells_sign_and_width():
    assert Interval(0.5, 0.25, 1.0).above_zero
    assert not Interval(0.5, 0.0, 1.0).above_zero
    assert Interval(-0.5, -1.0, -0.25).below_zero
    assert not Interval(-0.5, -1.0, 0.0).below_zero
    assert Interval(0.5, 0.25, 1.0).half_width == 0.375


def test_ends_are_plain_numbers():
    one = Interval(np.float32(0.5), np.float64(0.25), 1)
    assert repr(one) == "Interval(mean=0.5, low=0.25, high=1.0)"


@pytest.mark.parametrize(
    "ends", [(0.0, 0.1, 0.2), (0.3, 0.1, 0.2), (np.nan, 0, 1), (0, np.nan, 1), (0, 0, np.nan)]
)
def test_ends_must_enclose_the_mean(ends):
    with pytest.raises(DataError, match="An interval must enclose its mean"):
        Interval(*ends)
