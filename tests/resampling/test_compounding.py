import warnings

import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard.checks.hand_made import labelled
from steelyard.resampling import by_count, by_label_count, class_weights, compounded_prior

COUNTS = np.array([6400, 1600, 400])
DATA = labelled(np.repeat([0, 1, 2], COUNTS), ("a", "b", "c"))


def test_degrees_of_a_plan_and_of_weights_add_up():
    plan = by_count(DATA, 0.5)
    with pytest.warns(SteelyardWarning, match="balancing to degree 1.25 alone would"):
        seen = compounded_prior(plan, class_weights(COUNTS, 0.75))
    expected = COUNTS ** (1 - 1.25)
    np.testing.assert_allclose(seen, expected / expected.sum(), rtol=1e-3)


def test_balancing_twice_turns_the_imbalance_round():
    with pytest.warns(SteelyardWarning, match="sampler and loss weights multiply") as caught:
        seen = compounded_prior(by_count(DATA, 1.0), [1, 4, 16])
    np.testing.assert_allclose(seen, np.array([1, 4, 16]) / 21)
    said = str(caught[0].message)
    assert "in shares of 0.333 to 0.333, and the weights turn them into 0.0476 to 0.762" in said
    assert "degree 2.00" in said
    assert "compounded_prior(plan, loss_weights)" in said


def test_weights_that_are_no_degree_are_said_without_one():
    with pytest.warns(SteelyardWarning, match=r"0\.769\. Use one of them"):
        compounded_prior(by_count(DATA, 1.0), [10, 2, 1])


@pytest.mark.parametrize(("degree", "weights"), [(0.0, [1, 4, 16]), (1.0, [3, 3, 3])])
def test_one_of_them_alone_is_no_cause_for_a_warning(degree, weights):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen = compounded_prior(by_count(DATA, degree), weights)
    np.testing.assert_allclose(seen, [1 / 3] * 3)


def test_weights_count_up_to_a_common_factor():
    plan = by_count(DATA, 0.0)
    for factor in (1e-300, 1e307):
        seen = compounded_prior(plan, factor * np.array([1, 4, 16.0]))
        np.testing.assert_allclose(seen, [1 / 3] * 3)


def test_a_weight_of_an_undrawn_class_is_no_weighing():
    plan = by_count(DATA, 1.0, shares=[1, 1, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compounded_prior(plan, [1, 1, 7]).tolist() == [0.5, 0.5, 0]


@pytest.mark.parametrize("weights", [[1, 2], [1, -1, 2], [np.nan, 1, 1], [0, 0, 0]])
def test_weights_must_be_one_a_class(weights):
    with pytest.raises(ParameterError, match="The 'loss_weights' parameter of compounded_prior"):
        compounded_prior(by_count(DATA, 1.0), weights)


def test_several_labels_have_no_such_prior():
    several = labelled(np.eye(3, dtype=bool)[[0, 0, 1, 2]], ("a", "b", "c"))
    with pytest.raises(DataError, match="one class a sample"):
        compounded_prior(by_label_count(several, 0.5), [1, 1, 1])
