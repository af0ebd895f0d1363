import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from steelyard._support.errors import ParameterError
from steelyard.resampling.rounding import largest_remainder
from steelyard.resampling.targets import SIZES, target_counts

class_counts = arrays(np.int64, st.integers(2, 1000), elements=st.integers(1, 10**6))
degrees = st.floats(-1, 2)


def test_the_three_formulas():
    counts, degree = np.array([900, 100, 25]), 0.5
    grown = [n * (900 / n) ** 0.5 for n in counts]
    shrunk = [n * (25 / n) ** 0.5 for n in counts]
    roots = [30, 10, 5]
    np.testing.assert_allclose(target_counts(counts, degree, "grow"), grown)
    np.testing.assert_allclose(target_counts(counts, degree, "shrink"), shrunk)
    np.testing.assert_allclose(
        target_counts(counts, degree, "constant"), [1025 * root / 45 for root in roots]
    )


def test_half_a_degree_by_hand():
    # square roots of 64, 16 and 4 are 8, 4 and 2; N = 84 is shared 8 : 4 : 2
    np.testing.assert_allclose(target_counts(np.array([64, 16, 4]), 0.5), [48, 24, 12])


@pytest.mark.parametrize("size", SIZES)
def test_degree_zero_asks_for_what_there_is(size):
    counts = np.array([37, 11, 0, 1])
    np.testing.assert_allclose(target_counts(counts, 0.0, size), counts)


@pytest.mark.parametrize(("size", "each"), [("constant", 16), ("grow", 37), ("shrink", 1)])
def test_degree_one_asks_for_the_same_of_every_class_that_is_there(size, each):
    np.testing.assert_allclose(
        target_counts(np.array([37, 10, 0, 1]), 1.0, size), [each] * 2 + [0, each]
    )


def test_overshoot_turns_the_order_round_and_a_negative_degree_widens_it():
    counts = np.array([100, 10])
    over = target_counts(counts, 2.0)
    under = target_counts(counts, -1.0)
    assert over[1] / over[0] == pytest.approx(10)
    assert under[0] / under[1] == pytest.approx(100)


@pytest.mark.parametrize("degree", [-400.0, 400.0])
def test_extreme_degrees_of_constant_size_stay_finite(degree):
    targets = target_counts(np.array([10**6, 1000, 1]), degree)
    assert targets.sum() == pytest.approx(1_001_001)
    assert targets.max() == pytest.approx(1_001_001)


@pytest.mark.parametrize(("degree", "size"), [(3.0, "grow"), (400.0, "grow"), (-4.0, "shrink")])
def test_a_plan_too_large_to_count_is_refused(degree, size):
    with pytest.raises(ParameterError, match="asks for") as error:
        target_counts(np.array([10**6, 1]), degree, size)
    assert "size='constant'" in error.value.hint


@given(class_counts, degrees)
def test_a_constant_size_is_met_exactly_with_no_class_lost(counts, degree):
    totals = largest_remainder(target_counts(counts, degree), int(counts.sum()), least=counts > 0)
    assert totals.sum() == counts.sum()
    assert (totals >= 1).all()


@given(class_counts, degrees, st.sampled_from(SIZES))
def test_the_ratio_afterwards_is_rho_to_the_power_of_one_minus_degree(counts, degree, size):
    rho = counts.max() / counts.min()
    targets = target_counts(counts, degree, size)
    asked = targets[counts.argmax()] / targets[counts.argmin()]
    assert asked == pytest.approx(rho ** (1 - degree), rel=1e-9)

    total = int(counts.sum()) if size == "constant" else None
    totals = largest_remainder(targets, total, least=counts > 0)
    if targets.min() >= 1:  # rounding moves a count by less than one
        achieved = totals[counts.argmax()] / totals[counts.argmin()]
        slack = 1 / targets[counts.argmax()] + 1 / totals[counts.argmin()]
        assert achieved == pytest.approx(rho ** (1 - degree), rel=2 * slack)


@given(class_counts, st.floats(0, 1))
def test_growing_takes_from_no_class_and_shrinking_gives_to_none(counts, degree):
    grown = largest_remainder(target_counts(counts, degree, "grow"), least=counts > 0)
    shrunk = largest_remainder(target_counts(counts, degree, "shrink"), least=counts > 0)
    assert (grown >= counts).all()
    assert (shrunk <= counts).all()
    assert grown.max() == counts.max()
    assert shrunk.min() == counts.min()


@given(class_counts, degrees)
def test_equal_counts_get_targets_equal_to_the_bit(counts, degree):
    twice = np.concatenate([counts, counts[::-1]])
    targets = target_counts(twice, degree)
    assert np.array_equal(targets, targets[::-1])


@given(class_counts, degrees, st.randoms(use_true_random=False))
def test_the_order_of_the_classes_changes_no_bit(counts, degree, random):
    order = np.array(random.sample(range(len(counts)), len(counts)))
    targets = target_counts(counts, degree)
    assert np.array_equal(target_counts(counts[order], degree), targets[order])
