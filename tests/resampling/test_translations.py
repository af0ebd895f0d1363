import math

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from steelyard._support.errors import ParameterError
from steelyard.resampling import (
    class_weights,
    degree_to_sampling_exponent,
    degree_to_temperature,
    sampling_exponent_to_degree,
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
