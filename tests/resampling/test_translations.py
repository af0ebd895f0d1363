import math

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from steelyard._support.errors import ParameterError
from steelyard.checks.hand_made import labelled
from steelyard.resampling import (
    by_count,
    by_label_count,
    by_repeat_factor,
    class_weights,
    class_weights_to_degree,
    degree_to_sampling_exponent,
    degree_to_temperature,
    distribution,
    effective_number_weights,
    pos_weight,
    repeat_factor_to_degree,
    repeat_factors,
    sampling_exponent_to_degree,
    scale_pos_weight,
    scale_pos_weight_to_degree,
    temperature_to_degree,
)
from steelyard.resampling.targets import target_counts

COUNTS = np.array([900, 100, 25])
DEGREES = [-1.0, 0.0, 0.25, 0.7, 0.999]


def shares(weights):
    return weights / weights.sum()


@pytest.mark.parametrize(
    ("degree", "exponent", "temperature"), [(0, 1, 1), (0.5, 0.5, 2), (0.8, 0.2, 5), (-1, 2, 0.5)]
)
def test_known_pairs(degree, exponent, temperature):
    assert degree_to_sampling_exponent(degree) == pytest.approx(exponent)
    assert sampling_exponent_to_degree(exponent) == pytest.approx(degree)
    assert degree_to_temperature(degree) == pytest.approx(temperature)
    assert temperature_to_degree(temperature) == pytest.approx(degree)


@pytest.mark.parametrize("degree", DEGREES)
def test_all_conventions_draw_the_same_classes(degree):
    drawn = shares(target_counts(COUNTS, degree))
    exponent = degree_to_sampling_exponent(degree)
    temperature = degree_to_temperature(degree)
    np.testing.assert_allclose(shares(COUNTS**exponent), drawn)
    np.testing.assert_allclose(shares(COUNTS ** (1 / temperature)), drawn)
    np.testing.assert_allclose(shares(COUNTS * class_weights(COUNTS, degree)), drawn)


def test_full_balancing_is_an_infinite_temperature_and_back():
    assert degree_to_temperature(1) == math.inf
    assert temperature_to_degree(math.inf) == 1


def test_no_temperature_overshoots():
    with pytest.raises(ParameterError, match=r"degree_to_temperature .* range \(-inf, 1.0\]"):
        degree_to_temperature(1.5)
    with pytest.raises(ParameterError, match="temperature_to_degree"):
        temperature_to_degree(0)


@pytest.mark.parametrize("degree", [*DEGREES, 1.0, 1.5, 300.0])
def test_class_weights_average_one_over_samples_and_fall_with_the_count(degree):
    weights = class_weights(COUNTS, degree)
    assert (COUNTS * weights).sum() / COUNTS.sum() == pytest.approx(1)
    assert np.isfinite(weights).all()
    assert (np.sign(np.diff(weights)) == np.sign(degree)).all()


def test_class_weights_of_degree_one_are_scikit_learns_balanced():
    y = np.repeat([0, 1, 2], COUNTS)
    balanced = compute_class_weight("balanced", classes=np.arange(3), y=y)
    np.testing.assert_allclose(class_weights(COUNTS, 1.0), balanced)


def test_class_weights_are_powers_of_the_ratio_of_counts():
    weights = class_weights(COUNTS, 0.5)
    np.testing.assert_allclose(weights / weights[0], [1, 3, 6])


def test_a_class_without_samples_weighs_nothing():
    assert class_weights([3, 0, 3], 1.0).tolist() == [1, 0, 1]


@pytest.mark.parametrize("counts", [[0, 0], [-1, 2]])
def test_class_weights_need_counts(counts):
    with pytest.raises(ParameterError, match="The 'counts' parameter of class_weights"):
        class_weights(counts, 0.5)


@pytest.mark.parametrize("degree", [0.25, 0.5, 1.0])
def test_every_way_to_plan_agrees_on_single_label_data(degree):
    counts = np.array([900, 100, 25])
    codes = np.repeat([0, 1, 2], counts)
    single = labelled(codes, ("a", "b", "c"))
    several = labelled(np.eye(3, dtype=bool)[codes], ("a", "b", "c"))
    reached = {
        "by count": distribution(by_count(single, degree, size="grow"), single),
        "by label count": distribution(by_label_count(several, degree), several),
        "repeat factors": distribution(by_repeat_factor(single, 1.0, exponent=degree), single),
        "class weights": distribution(class_weights(counts, degree)[codes], single),
        "to a target": distribution(
            by_count(single, 1.0, shares=counts ** degree_to_sampling_exponent(degree)), single
        ),
    }
    for way, one in reached.items():
        # whole counts are within one draw of a class
        np.testing.assert_allclose(
            one.after / one.draws, shares(target_counts(counts, degree)), atol=1 / 1000, err_msg=way
        )
    assert repeat_factor_to_degree(counts, 1025, 1.0, degree) == degree
    factors = repeat_factors(counts, 1025, 1.0, degree)
    assert class_weights_to_degree(counts, factors) == pytest.approx(degree)


@pytest.mark.parametrize("degree", [*DEGREES, 1.0, 1.7])
def test_class_weights_lead_back_to_their_degree(degree):
    weights = class_weights(COUNTS, degree)
    assert class_weights_to_degree(COUNTS, 7 * weights) == pytest.approx(degree, abs=1e-12)
    with_absent = class_weights_to_degree([*COUNTS, 0], [*weights, np.nan])
    assert with_absent == pytest.approx(degree, abs=1e-12)


def test_the_effective_number_of_cui_by_hand():
    # of 2 samples (1 - .5^2) / .5 = 1.5 are effective, of 1 sample 1; mean weight 1 of 3 samples
    weights = effective_number_weights([2, 1, 0], 0.5)
    np.testing.assert_allclose(weights, np.array([2 / 3, 1, 0]) * 3 / (2 * 2 / 3 + 1))


def test_the_effective_number_goes_from_no_balancing_to_full():
    np.testing.assert_allclose(effective_number_weights(COUNTS, 0), [1, 1, 1])
    assert class_weights_to_degree(COUNTS, effective_number_weights(COUNTS, 0)) == 0
    nearly = effective_number_weights(COUNTS, 1 - 1e-12)
    np.testing.assert_allclose(nearly, class_weights(COUNTS, 1.0), rtol=1e-8)
    with pytest.raises(ParameterError, match=r"degree 0\.\d+, the nearest, one is off") as error:
        class_weights_to_degree(COUNTS, effective_number_weights(COUNTS, 0.99))
    assert "shares=counts * weights" in error.value.hint
    with pytest.raises(ParameterError, match=r"effective_number_weights .* range \[0, 1\)"):
        effective_number_weights(COUNTS, 1)


def test_two_classes_always_have_a_degree():
    counts = [900, 100]
    degree = class_weights_to_degree(counts, effective_number_weights(counts, 0.999))
    np.testing.assert_allclose(
        class_weights(counts, degree), effective_number_weights(counts, 0.999)
    )


def test_what_the_hint_for_odd_weights_says_does_what_they_do():
    weights = effective_number_weights(COUNTS, 0.99)
    source = labelled(np.repeat([0, 1, 2], COUNTS), ("a", "b", "c"))
    plan = by_count(source, 1, shares=COUNTS * weights)
    np.testing.assert_allclose(plan.prior, shares(COUNTS * weights), atol=1 / 1000)


@pytest.mark.parametrize("weights", [[1, 2], [1, 2, 0], [1, 2, np.inf], [1, 2, -3]])
def test_weights_must_be_one_above_0_for_each_class(weights):
    with pytest.raises(ParameterError, match="The 'weights' parameter of class_weights_to_degree"):
        class_weights_to_degree(COUNTS, weights)


def test_equal_counts_have_no_degree():
    with pytest.raises(ParameterError, match="must differ between classes"):
        class_weights_to_degree([5, 5, 0], [1, 2, 3])


def test_repeat_factors_that_leave_a_class_alone_are_no_degree():
    with pytest.raises(ParameterError, match=r"1 classes are more common, up to a share of 0\.878"):
        repeat_factor_to_degree(COUNTS, 1025, 0.5)
    assert repeat_factor_to_degree(COUNTS, 1025, 0.9) == 0.5


def test_pos_weight_by_hand():
    assert pos_weight([10, 50, 80], 100).tolist() == [9, 1, 0.25]
    assert pos_weight([10, 50, 80], 100, 0.5).tolist() == [3, 1, 0.5]
    assert pos_weight([10, 50, 80], 100, 0).tolist() == [1, 1, 1]
    assert pos_weight([0, 100], 100).tolist() == [1, 1]


def test_pos_weight_of_degree_one_gives_positives_and_negatives_the_same_weight():
    counts = np.array([3, 40, 99])
    np.testing.assert_allclose(counts * pos_weight(counts, 100), 100 - counts)


@pytest.mark.parametrize("counts", [[-1, 2], [3, 101], [[1, 2]], [np.nan]])
def test_pos_weight_needs_counts_of_the_samples(counts):
    with pytest.raises(ParameterError, match="The 'counts' parameter of pos_weight"):
        pos_weight(counts, 100)


def test_a_pos_weight_too_large_for_a_number_is_refused():
    for degree in (500.0, -500.0):
        with pytest.raises(ParameterError, match="that no number can hold"):
            pos_weight([1], 100, degree)


@pytest.mark.parametrize("degree", [-0.5, 0.0, 0.3, 1.0])
def test_scale_pos_weight_draws_as_the_degree_and_leads_back_to_it(degree):
    counts = np.array([980, 20])
    weight = scale_pos_weight(counts, degree)
    np.testing.assert_allclose(shares(counts * [1, weight]), shares(target_counts(counts, degree)))
    assert scale_pos_weight_to_degree(counts, weight) == pytest.approx(degree, abs=1e-12)


def test_scale_pos_weight_takes_two_classes():
    assert scale_pos_weight([980, 20]) == pytest.approx(49)
    for counts in ([3, 2, 1], [3, 0], [5]):
        with pytest.raises(ParameterError, match="two counts above 0"):
            scale_pos_weight(counts)
        with pytest.raises(ParameterError, match="two counts above 0"):
            scale_pos_weight_to_degree(counts, 2.0)
    with pytest.raises(ParameterError, match="'weight' parameter"):
        scale_pos_weight_to_degree([3, 2], 0)
