import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from steelyard._support.errors import DataError, ParameterError
from steelyard.resampling.hardness_targets import (
    class_means,
    feasible_degrees,
    positive_hardness,
    published_targets,
    require_countable,
    safe_targets,
)

TOY = np.array([-0.2, 0.5, 1, 2, 3, 4, 5, 6, 7, 8])  # class means of a margin: low is hard
NAMES = tuple("abcdefghij")


def test_the_toy_of_the_digest_under_the_second_version():
    targets = published_targets(TOY, 50_000, 1, 2, low_is_hard=True)
    assert targets.tolist() == [49_981, 7, 4, 2, 2, 1, 1, 1, 1, 1]
    assert targets.sum() == 50_001  # nothing repairs the sum


def test_the_toy_of_the_digest_under_the_first_version():
    targets = published_targets(TOY, 50_000, 1, 1, low_is_hard=True)
    assert targets[0] == 886_076
    assert (targets[1:] < 0).all()
    with pytest.raises(ParameterError, match=r"-354,430 samples of class 'b', and of 8 others"):
        require_countable(targets, np.full(10, 5000), NAMES)


@pytest.mark.parametrize("version", [1, 2])
def test_the_published_ratios_by_hand(version):
    one = np.array([1.0, 3.0])
    assert published_targets(one, 400, 1, version, low_is_hard=True).tolist() == [300, 100]
    assert published_targets(one, 400, 1, version, low_is_hard=False).tolist() == [100, 300]
    assert published_targets(np.full(3, 7.0), 300, 1, version, True).tolist() == [100] * 3


def test_the_published_factor_is_truncated_on_both_sides():
    # 100 shared 1 : 2 : 4 is 14, 29, 57; their mean is 33
    means = np.array([1.0, 2.0, 4.0])
    assert published_targets(means, 100, 1, 1, False).tolist() == [14, 29, 57]
    assert published_targets(means, 100, 2, 1, False).tolist() == [-5, 25, 81]
    assert published_targets(means, 100, 1.3, 2, False).tolist() == [33 - 24, 33 - 5, 33 + 31]
    assert published_targets(means, 101, 0, 1, False).tolist() == [33] * 3  # of 33.67: 99 in all


def test_the_second_version_takes_any_degree_below_1_for_1():
    means = np.array([1.0, 2.0, 4.0])
    for degree in (0, 0.5, 1):
        assert published_targets(means, 100, degree, 2, False).tolist() == [14, 29, 57]


def test_halves_are_rounded_to_even():
    assert published_targets(np.array([1.0, 3.0]), 2, 1, 1, False).tolist() == [0, 2]
    assert published_targets(np.array([1.0, 3.0]), 10, 1, 1, False).tolist() == [2, 8]


def test_the_published_shift_of_negative_means():
    # H + 1 + 0.0001 = 0.0001, 1.0001, 3.0001
    targets = published_targets(np.array([-1.0, 0.0, 2.0]), 100, 1, 2, False)
    assert targets.tolist() == [0, 25, 75]


@pytest.mark.parametrize("scale", [1e-3, 3.0, 1e5])
def test_the_first_version_does_not_change_with_the_scale(scale):
    means = np.array([1.0, 2.5, 4.0, 9.0])
    for low_is_hard in (True, False):
        expected = published_targets(means, 1000, 2, 1, low_is_hard)
        assert np.array_equal(published_targets(scale * means, 1000, 2, 1, low_is_hard), expected)


def test_an_absent_class_is_asked_for_none():
    means = np.array([1.0, np.nan, 3.0])
    assert published_targets(means, 400, 1, 1, False).tolist() == [100, 0, 300]


@pytest.mark.parametrize("means", [[0.0, 1.0], [1.0, -1.0]])
def test_infinite_published_ratios_are_refused(means):
    with pytest.raises(ParameterError, match=r"not finite.*Hint: choose mode='safe'"):
        published_targets(np.array(means), 100, 1, 1, means[0] == 0)


@pytest.mark.parametrize(("targets", "bad"), [([0, 5], "0"), ([5, 2.0**53], "9,007")])
def test_targets_that_cannot_be_counted_are_refused(targets, bad):
    with pytest.raises(ParameterError, match=f"asks for {bad}"):
        require_countable(np.array(targets), np.array([3, 3]), ("a", "b"))
    require_countable(np.array([0, 5]), np.array([0, 3]), ("a", "b"))


def test_ranks_lie_above_0_and_no_increasing_map_changes_them():
    values = np.array([-5.0, 0.1, 0.1, 9.0])
    assert positive_hardness(values, "rank").tolist() == [0.125, 0.5, 0.5, 0.875]
    for change in (np.exp, np.cbrt, lambda one: 3 * one - 100):
        assert np.array_equal(
            positive_hardness(change(values), "rank"), positive_hardness(values, "rank")
        )


def test_softplus_lies_above_0_and_no_shift_or_scaling_changes_it():
    values = np.random.default_rng(0).normal(size=50)
    expected = positive_hardness(values, "softplus")
    assert (expected > 0).all()
    np.testing.assert_allclose(positive_hardness(1000 * values - 7, "softplus"), expected)
    # by hand: median 2, median absolute deviation 1
    by_hand = np.log1p(np.exp(np.array([-1.0, 0.0, 2.0])))
    np.testing.assert_allclose(positive_hardness(np.array([1.0, 2.0, 4.0]), "softplus"), by_hand)


def test_softplus_of_a_score_without_a_unit():
    assert np.ptp(positive_hardness(np.full(4, 3.0), "softplus")) == 0
    with pytest.raises(DataError, match=r"half of the samples share one value.*ratio='rank'"):
        positive_hardness(np.array([0.0, 0.0, 0.0, 5.0]), "softplus")


def test_safe_targets_by_hand():
    counts, hard = np.array([60, 40, 0]), np.array([0.2, 0.6, np.nan])
    assert safe_targets(counts, hard, 0).tolist() == [60, 40, 0]
    np.testing.assert_allclose(safe_targets(counts, hard, 1), [25, 75, 0])
    np.testing.assert_allclose(safe_targets(counts, hard, 0.5), [42.5, 57.5, 0])
    np.testing.assert_allclose(safe_targets(counts, hard, 2), [-10, 110, 0], atol=1e-9)


def test_feasible_degrees_by_hand():
    counts, hard = np.array([60, 40]), np.array([0.2, 0.6])  # degree 1 moves 35
    low, high = np.array([11, 11]), np.array([80, 80])
    assert feasible_degrees(counts, hard, low, high) == (
        pytest.approx(-20 / 35),
        pytest.approx(40 / 35),
    )
    assert feasible_degrees(counts, hard, np.array([1, 50]), high)[0] == pytest.approx(10 / 35)
    least, most = feasible_degrees(counts, np.array([0.6, 0.4]), np.array([61, 1]), high)
    assert least > most  # the classes do not move


@given(
    arrays(np.int64, st.integers(2, 1000), elements=st.integers(1, 10**6)),
    st.floats(-1, 2),
    st.integers(0, 2**32),
)
def test_between_the_feasible_degrees_every_target_lies_within_its_bounds(counts, degree, seed):
    hard = np.random.default_rng(seed).uniform(0.01, 1, len(counts))
    low, high = np.ones(len(counts)), np.full(len(counts), float(counts.sum()))
    least, most = feasible_degrees(counts, hard, low, high)
    targets = safe_targets(counts, hard, degree)
    total = counts.sum()
    assert targets.sum() == pytest.approx(total)
    slack = 1e-6 * total
    if least + 1e-6 < degree < most - 1e-6:
        assert (targets >= low - slack).all()
        assert (targets <= high + slack).all()
    elif degree > most + 1e-3 or degree < least - 1e-3:
        assert (targets < low + slack).any() or (targets > high - slack).any()


def test_class_means_do_not_change_with_the_order_of_the_rows():
    draw = np.random.default_rng(0)
    values, labels, ids = draw.normal(size=999), draw.integers(0, 3, 999), np.arange(999)
    means = class_means(values, labels, ids, 4)
    np.testing.assert_allclose(means[:3], [values[labels == code].mean() for code in range(3)])
    assert np.isnan(means[3])
    order = draw.permutation(999)
    again = class_means(values[order], labels[order], ids[order], 4)
    assert np.array_equal(again, means, equal_nan=True)
