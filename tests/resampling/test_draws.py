import numpy as np
import pytest

from steelyard._support.errors import ParameterError
from steelyard.resampling.draws import cumulative, draw_rows


class At:
    """A generator whose points are known."""

    def __init__(self, *points):
        self.points = points

    def random(self, n):
        assert n == len(self.points)
        return np.array(self.points)

    def shuffle(self, rows):
        rows[:] = rows[::-1]


def test_every_point_falls_on_the_row_that_covers_it():
    sums = cumulative(np.array([0, 1, 2, 0, 1]), "case")
    rows = draw_rows(sums, 6, At(0.3, 0.0, 0.25, 0.74, 0.75, 0.999))
    assert rows.tolist() == [4, 4, 2, 2, 2, 1]  # from the last point to the first


def test_a_point_rounded_up_to_the_very_end_falls_on_the_last_row_that_has_a_weight():
    sums = cumulative(np.array([1.0, 2.0, 0.0, 0.0]), "case")
    assert draw_rows(sums, 2, At(0.1, 1.0)).tolist() == [1, 0]


def test_sums_count_on_beyond_two_to_the_24():
    n = 2**24 + 5
    assert cumulative(np.ones(n, np.float32), "case")[-1] == n


def test_there_must_be_something_to_draw():
    for weights in (np.zeros(3), np.zeros(0)):
        with pytest.raises(ParameterError, match="case needs a weight above 0"):
            cumulative(weights, "case")
