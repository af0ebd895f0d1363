import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.records import check_prevalence, check_prior, prior_shift


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


def test_shares_of_labels_stay_as_they_are():
    mine = np.array([0.0, 1.0, 0.9])
    prevalence = check_prevalence(mine, ("a", "b", "c"), "X")
    assert prevalence.tolist() == [0.0, 1.0, 0.9]
    assert not prevalence.flags.writeable


@pytest.mark.parametrize("shares", [[1.0], 1.0, [1, -0.1], [0, 1.1], [np.nan, 1], ["x", 1], [3, 7]])
def test_what_is_no_share_of_labels_is_refused(shares):
    with pytest.raises(DataError, match="The prior of X"):
        check_prevalence(shares, ("a", "b"), "X")


def test_shifts_of_classes_and_of_labels():
    trained, deployed = np.array([0.5, 0.25, 0.25, 0.0]), np.array([0.2, 0.0, 0.4, 0.4])
    found = prior_shift(trained, deployed)
    np.testing.assert_allclose(found, [np.log(0.4), -np.inf, np.log(1.6), 0], rtol=1e-12)
    trained = np.array([0.5, 0.5, 0.5, 0.0, 1.0, 0.0, 1.0])
    deployed = np.array([0.2, 0.0, 1.0, 0.4, 0.4, 0.0, 1.0])
    found = prior_shift(trained, deployed, multi_label=True)
    expected = [np.log(0.25), -np.inf, np.inf, 0, 0, -np.inf, np.inf]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
