import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from steelyard._support.errors import DataError, ParameterError
from steelyard.resampling.rounding import largest_remainder

positive = arrays(np.float64, st.integers(1, 50), elements=st.floats(0.001, 1e6))


def test_the_largest_remainders_are_served_first():
    assert largest_remainder([1.2, 3.5, 5.3], 10).tolist() == [1, 4, 5]
    assert largest_remainder([1.4, 3.5, 5.1], 10).tolist() == [1, 4, 5]
    assert largest_remainder([2.6, 2.7, 4.7], 10).tolist() == [2, 3, 5]


def test_whole_targets_stay():
    assert largest_remainder([4, 0, 6]).tolist() == [4, 0, 6]


def test_the_total_is_the_rounded_sum_by_default():
    assert largest_remainder([1.3, 1.3]).sum() == 3
    assert largest_remainder([1.2, 1.2]).sum() == 2


def test_ties_go_by_position_or_as_told():
    assert largest_remainder([2.5, 2.5, 2.5, 2.5], 10).tolist() == [3, 3, 2, 2]
    tie_break = np.array([9, 4, 7, 1])
    told = largest_remainder([2.5, 2.5, 2.5, 2.5], 10, tie_break=tie_break)
    assert told.tolist() == [2, 3, 2, 3]


def test_remainders_that_differ_by_noise_alone_are_tied():
    noisy = np.array([2.5, 2.5 + 1e-12, 2.5, 2.5 + 1e-12])
    assert largest_remainder(noisy, 10).tolist() == [3, 3, 2, 2]


def test_a_target_a_hair_below_a_whole_number_reaches_it():
    assert largest_remainder([5 - 1e-12, 3 + 1e-12, 2.0], 10).tolist() == [5, 3, 2]


def test_targets_are_scaled_to_another_total():
    assert largest_remainder([1, 2, 3], 60).tolist() == [10, 20, 30]


def test_a_total_that_differs_by_rounding_alone_scales_nothing():
    # scaled to 1003, the whole target would fall to 999.6 and lose one to larger remainders
    assert largest_remainder([1000, 1.7, 1.7]).tolist() == [1000, 2, 1]


def test_least_counts_are_paid_for_by_the_others():
    result = largest_remainder([0.001, 0.001, 999.998], 1000, least=[1, 1, 1])
    assert result.tolist() == [1, 1, 998]


def test_many_least_counts_are_paid_for_in_proportion():
    targets = np.array([0.01] * 100 + [600.0, 399.0])
    result = largest_remainder(targets, 1000, least=np.ones(102, int))
    assert result[:100].tolist() == [1] * 100
    assert result[100:].tolist() == [541, 359]


def test_making_room_may_pin_further_classes():
    # the first pin scales the others by 9/19.9, below the second class's least
    result = largest_remainder([0.1, 1.9, 18.0], 10, least=[1, 1, 1])
    assert result.tolist() == [1, 1, 8]


def test_a_total_that_holds_only_the_least_counts():
    assert largest_remainder([5.0, 0.1], 2, least=[1, 1]).tolist() == [1, 1]
    assert largest_remainder([0.2, 0.1], least=[1, 1]).tolist() == [1, 1]


def test_zero_targets_get_nothing_beyond_their_least():
    assert largest_remainder([0.0, 3.0, 0.0], 4, least=[0, 0, 1]).tolist() == [0, 3, 1]


def test_a_total_below_the_least_counts_is_refused():
    with pytest.raises(ParameterError, match=r"least counts that sum to 3, .* to a total of 2"):
        largest_remainder([1, 1, 1], 2, least=[1, 1, 1])


def test_a_total_without_targets_is_refused():
    with pytest.raises(ParameterError, match="to a total of 2"):
        largest_remainder([0.0, 0.0], 2)


def test_targets_must_be_numbers_of_0_or_above():
    with pytest.raises(ParameterError, match=r"0 or above\. Got -1"):
        largest_remainder([-1.0, 2.0])
    with pytest.raises(DataError, match="finite"):
        largest_remainder([np.nan, 2.0])


def test_what_an_upper_bound_takes_goes_to_the_others_in_proportion():
    assert largest_remainder([600, 200, 100], 900, most=[300, 900, 900]).tolist() == [300, 400, 200]


def test_a_share_of_the_excess_may_reach_further_upper_bounds():
    result = largest_remainder([600, 200, 100], 900, most=[300, 350, 900])
    assert result.tolist() == [300, 350, 250]


def test_both_bounds_are_kept_by_one_factor_for_the_rest():
    # 5 is raised to 40 and 700 cut to 500; the rest shares 1000 - 540 as 200 to 95
    result = largest_remainder([700, 200, 95, 5], 1000, least=[40] * 4, most=[500] * 4)
    assert result.tolist() == [500, 312, 148, 40]


def test_a_class_pinned_too_soon_would_not_meet_the_total():
    # the lower bound adds more than the upper takes: 8 of the 9 that it adds must come from both
    assert largest_remainder([1, 19], 20, least=[10, 0], most=[20, 18]).tolist() == [10, 10]


def test_rounding_up_stops_at_the_upper_bound():
    assert largest_remainder([1.9, 1.9, 0.2], 4, most=[1, 9, 9]).tolist() == [1, 2, 1]


def test_what_lies_outside_by_less_than_rounding_moves_stays_within_its_bound():
    result = largest_remainder([3.4, 1.3, 1.3, 1.3, 1.3], 8, most=[3, 9, 9, 9, 9])
    assert result.tolist() == [3, 2, 1, 1, 1]
    assert largest_remainder([2.0, 3.0000004], 6, most=[2, 9]).tolist() == [2, 4]
    result = largest_remainder([2.6, 1.7, 1.7, 1.7, 1.7, 1.7], 12, least=[3, 0, 0, 0, 0, 0])
    assert result.tolist() == [3, 2, 2, 2, 2, 1]


def test_the_default_total_stays_within_the_bounds():
    assert largest_remainder([5.0, 5.0], most=[2, 3]).tolist() == [2, 3]


def test_bounds_that_no_total_can_meet_are_named():
    with pytest.raises(ParameterError, match="only totals from 2 to 5 can be met"):
        largest_remainder([5.0, 5.0], 6, least=[1, 1], most=[2, 3])
    with pytest.raises(ParameterError, match="No least count may exceed"):
        largest_remainder([5.0, 5.0], least=[3, 1], most=[2, 3])


@st.composite
def bounded(draw):
    targets = draw(positive)
    each = st.integers(0, 10**5)
    k = len(targets)
    least = draw(arrays(np.int64, k, elements=each))
    most = least + draw(arrays(np.int64, k, elements=each))
    total = draw(st.integers(int(least.sum()), int(most.sum())))
    return targets, least, most, total


@given(bounded())
def test_bounds_and_total_are_met_and_the_rest_is_in_proportion(case):
    targets, least, most, total = case
    result = largest_remainder(targets, total, least=least, most=most)
    assert result.sum() == total
    assert (result >= least).all()
    assert (result <= most).all()
    # one factor serves all that lie strictly inside; what is at a bound would go beyond it
    inside = (result > least + 1) & (result < most - 1)
    if inside.any() and abs(targets.sum() - total) >= 1:
        low = ((result[inside] - 1) / targets[inside]).max()
        high = ((result[inside] + 1) / targets[inside]).min()
        assert low <= high * (1 + 1e-9)
        at_most = (result == most) & (most > least)
        at_least = (result == least) & (most > least)
        assert (targets[at_most] * high >= most[at_most] - 1 - 1e-6).all()
        assert (targets[at_least] * low <= least[at_least] + 1 + 1e-6).all()


@given(bounded(), st.randoms(use_true_random=False))
def test_the_order_of_the_classes_does_not_matter_with_bounds(case, random):
    targets, least, most, total = case
    order = np.array(random.sample(range(len(targets)), len(targets)))
    tie = np.arange(len(targets))
    result = largest_remainder(targets, total, least=least, most=most, tie_break=tie)
    permuted = largest_remainder(
        targets[order], total, least=least[order], most=most[order], tie_break=tie[order]
    )
    assert permuted.tolist() == result[order].tolist()


@given(positive)
def test_the_sum_is_the_rounded_sum_and_each_lies_within_one(targets):
    result = largest_remainder(targets)
    assert result.sum() == round(math.fsum(targets))
    assert (np.abs(result - targets) < 1 + 1e-6).all()


@given(positive, st.integers(0, 10**6))
def test_the_sum_is_exact_for_any_total_and_least_counts(targets, extra):
    least = np.ones(len(targets), int)
    total = len(targets) + extra
    result = largest_remainder(targets, total, least=least)
    assert result.sum() == total
    assert (result >= 1).all()


@given(positive, st.randoms(use_true_random=False))
def test_the_order_of_the_classes_does_not_matter(targets, random):
    order = np.array(random.sample(range(len(targets)), len(targets)))
    tie_break = np.arange(len(targets))
    least = np.ones(len(targets), int)
    total = 3 * len(targets)
    result = largest_remainder(targets, total, least=least, tie_break=tie_break)
    permuted = largest_remainder(targets[order], total, least=least, tie_break=tie_break[order])
    assert permuted.tolist() == result[order].tolist()


@given(positive)
def test_a_larger_target_never_gets_less(targets):
    result = largest_remainder(targets)
    by_target = np.argsort(targets, kind="stable")
    told_apart = np.diff(targets[by_target]) > 1e-5
    assert (np.diff(result[by_target])[told_apart] >= 0).all()
