import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.records import check_prior


def test_weights_become_shares():
    mine = np.array([1, 3])
    prior = check_prior(mine, ("a", "b"), "X")
    assert prior.tolist() == [0.25, 0.75]
    assert not prior.flags.writeable
    assert mine.flags.writeable
    assert check_prior([0.0, 2.0], ("a", "b"), "X").tolist() == [0.0, 1.0]


def test_shares_stay_as_they_are():
    draw = np.random.default_rng(0)
    for _ in range(50):
        prior = check_prior(draw.random(7), "abcdefg", "X")
        np.testing.assert_array_equal(check_prior(prior, "abcdefg", "X"), prior)


@pytest.mark.parametrize(
    "weights",
    [[1.0], [[1.0, 2.0]], 1.0, [1, -1], [0, 0], [np.nan, 1], [np.inf, 1], [1e308] * 2, ["x", 1]],
)
def test_what_is_no_prior_is_refused(weights):
    with np.errstate(over="ignore"), pytest.raises(DataError, match="The prior of X"):
        check_prior(weights, ("a", "b"), "X")
