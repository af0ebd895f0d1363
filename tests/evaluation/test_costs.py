"""Decisions and costs: what one costs, which is best, and the threshold that amounts to it."""

import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard.evaluation.costs import cost_bounds, cost_of, cost_threshold, least_cost
from steelyard.records import Costs

NAMES = ("no", "yes")
THREE = Costs([[0, 1, 5], [2, -1, 1], [9, 4, 0.5]], ("a", "b", "c"))
RNG = np.random.default_rng(0)


def test_a_decision_costs_what_stands_in_its_row_and_column():
    found = cost_of([0, 0, 1, 2, 2], [0, 2, 1, 0, 2], THREE)
    np.testing.assert_array_equal(found, [0, 5, -1, 9, 0.5])


def test_the_least_expected_cost_by_a_slow_look_at_every_decision():
    probabilities = RNG.dirichlet([0.5, 1, 2], 500)
    for row, code in zip(probabilities, least_cost(probabilities, THREE), strict=True):
        expected = [sum(row[i] * THREE.matrix[i, j] for i in range(3)) for j in range(3)]
        assert expected[code] == pytest.approx(min(expected), abs=1e-12)


def test_equal_costs_of_all_mistakes_decide_for_the_most_probable_class():
    probabilities = RNG.dirichlet(np.ones(4), 500)
    zero_one = Costs(1 - np.eye(4), tuple("abcd"))
    np.testing.assert_array_equal(least_cost(probabilities, zero_one), probabilities.argmax(axis=1))


def test_ties_go_to_the_lower_code_whatever_the_noise():
    # sums whose last bit makes a later one of the most probable classes look cheaper
    for counts in ([4, 4, 2, 1], [2, 1, 4, 2, 4], [4, 1, 2, 4, 3, 4, 1]):
        row = np.array(counts) / sum(counts)
        symmetric = Costs(0.1 * (1 - np.eye(len(row))) / 3, tuple("abcdefg"[: len(row)]))
        assert least_cost(row[np.newaxis], symmetric)[0] == row.argmax()
    # tied across different probabilities: .1 * 9 and .9 * 1
    assert least_cost([[0.9, 0.1]], Costs([[0, 1], [9, 0]], NAMES))[0] == 0
    assert least_cost([[0.1, 0.9]], Costs([[0, 9], [1, 0]], NAMES))[0] == 0


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("draw", range(20))
def test_the_threshold_decides_as_least_cost_does(positive, draw):
    rng = np.random.default_rng(draw)
    right = rng.normal(0, 3, 2)  # right decisions cost or earn
    wrong = right + rng.exponential(4, 2)
    costs = Costs([[right[0], wrong[0]], [wrong[1], right[1]]], NAMES)
    threshold = cost_threshold(costs, NAMES[positive])
    assert 0 < threshold < 1
    p = np.concatenate([rng.random(500), threshold + np.array([-1e-9, 1e-9])])
    columns = np.stack([1 - p, p], axis=1)[:, :: 1 if positive else -1]
    expected = np.where(p > threshold, positive, 1 - positive)
    np.testing.assert_array_equal(least_cost(columns, costs), expected)


def test_known_thresholds():
    assert cost_threshold(Costs([[0, 1], [1, 0]], NAMES), "yes") == 0.5
    assert cost_threshold(Costs([[0, 1], [9, 0]], NAMES), "yes") == pytest.approx(0.1)
    assert cost_threshold(Costs([[0, 1], [9, 0]], NAMES), "no") == pytest.approx(0.9)
    # a treatment of 2 that halves a loss of 10: Elkan's form with a dear right decision
    assert cost_threshold(Costs([[0, 2], [10, 7]], NAMES), "yes") == pytest.approx(2 / 5)
    assert cost_threshold(Costs([[0, 0], [3, 0]], NAMES), "yes") == 0


def test_a_threshold_is_refused_where_there_is_none():
    with pytest.raises(DataError, match="between two classes; these costs are of 3"):
        cost_threshold(THREE, "a")
    with pytest.warns(SteelyardWarning, match="where the true class is 'yes'"):
        odd = Costs([[0, 1], [0, 2]], NAMES)
    with pytest.raises(DataError, match="a false alarm costs 1 more, a miss -2 more"):
        cost_threshold(odd, "yes")
    with pytest.raises(ParameterError, match="did you mean 'yes'"):
        cost_threshold(Costs([[0, 1], [1, 0]], NAMES), "yess")


def test_bounds_are_knowing_the_classes_and_the_best_constant():
    prior = np.array([0.5, 0.3, 0.2])
    known, constant = cost_bounds(THREE, prior)
    assert known == pytest.approx(0.3 * -1 + 0.2 * 0.5)
    assert constant == pytest.approx(min(prior @ THREE.matrix[:, j] for j in range(3)))


@pytest.mark.parametrize(
    ("truth", "decided", "message"),
    [
        ([0, 3], [0, 1], "truth of cost_of must be codes from 0 to 2"),
        ([0, 1], [0, -1], "decisions of cost_of must be codes"),
        ([0, 1], [0], "a decision for each of 2 samples. Got 1"),
        ([[0, 1, 1]], [[0, 1, 1]], "these have several labels"),
        ([0.5], [0], "whole numbers"),
    ],
)
def test_what_are_no_codes_is_refused(truth, decided, message):
    with pytest.raises(DataError, match=message):
        cost_of(truth, decided, THREE)


@pytest.mark.parametrize(
    "probabilities",
    [[[0.5, 0.5]], [0.2, 0.3, 0.5], [[0.2, 0.3, 0.6]], [[np.nan, 0.5, 0.5]], [[1.5, -0.5, 0]]],
)
def test_what_are_no_probabilities_is_refused(probabilities):
    with pytest.raises(DataError, match="robabilit"):
        least_cost(probabilities, THREE)
