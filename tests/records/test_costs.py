import warnings

import numpy as np
import pytest

from steelyard._support.errors import DataError, SteelyardWarning
from steelyard.records import Costs

NAMES = ("stays", "leaves")
THREE = ("a", "b", "c")
NESTED = {
    "c": {"b": 6, "a": 7, "c": 6.5},
    "a": {"a": 0, "b": 1, "c": 2},
    "b": {"c": 5, "b": 4, "a": 3},
}
IN_ORDER = [[0, 1, 2], [3, 4, 5], [7, 6, 6.5]]


def test_a_matrix_by_name_comes_in_the_order_of_the_data():
    for given in (NESTED, {"costs": NESTED}, {"costs": NESTED, "unit": "EUR"}):
        costs = Costs.of(given, THREE)
        np.testing.assert_array_equal(costs.matrix, IN_ORDER)
        assert costs.class_names == THREE
        assert costs.unit == given.get("unit", "units")
    assert not costs.matrix.flags.writeable


def test_classes_may_be_called_like_the_keys():
    names = ("miss", "false_alarm")
    given = {"false_alarm": {"miss": 2, "false_alarm": 0}, "miss": {"miss": 0, "false_alarm": 1}}
    np.testing.assert_array_equal(Costs.of(given, names).matrix, [[0, 1], [2, 0]])
    names = ("costs", "unit")
    given = {"costs": {"costs": 0, "unit": 1}, "unit": {"costs": 2, "unit": 0}}
    np.testing.assert_array_equal(Costs.of(given, names).matrix, [[0, 1], [2, 0]])
    numbers = {1: {1: 0, 2: 5}, 2: {1: 3, 2: 0}}
    np.testing.assert_array_equal(Costs.of(numbers, ("1", "2")).matrix, [[0, 5], [3, 0]])


def test_a_miss_overlooks_the_positive_class():
    given = {"miss": 10, "false_alarm": 1, "positive": "leaves", "unit": " EUR\n"}
    costs = Costs.of(given, NAMES)
    np.testing.assert_array_equal(costs.matrix, [[0, 1], [10, 0]])
    assert costs.unit == "EUR"
    turned = Costs.of(given, NAMES[::-1])
    np.testing.assert_array_equal(turned.matrix, [[0, 10], [1, 0]])
    assert costs.in_order(NAMES[::-1]) == turned
    assert costs != turned
    assert hash(costs.in_order(NAMES[::-1])) == hash(turned)


def test_an_array_is_in_the_order_of_the_classes_and_a_right_decision_may_earn():
    costs = Costs.of([[-2, 1], [5, -1.5]], NAMES)
    np.testing.assert_array_equal(costs.matrix, [[-2, 1], [5, -1.5]])
    assert Costs.of(costs, NAMES) is costs
    assert Costs.from_dict(costs.to_dict()) == costs


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[0, 1], [np.nan, 0]], "cost of 'leaves' decided as 'stays' is nan"),
        ([[0, 1], [np.inf, 0]], "cost of 'leaves' decided as 'stays' is inf"),
        ([["x", 1], [1, 0]], "Costs must be numbers"),
        ([[0, 1, 2], [1, 0, 2]], r"need a matrix of shape \(2, 2\).* Got shape \(2, 3\)"),
        ([0, 1], r"Got shape \(2,\)"),
        ([[1, 1], [1, 1]], "same whatever is decided"),
        ([[1, 1], [7, 7]], "same whatever is decided"),  # each row by itself
        ({"miss": 0, "false_alarm": 0, "positive": "leaves"}, "same whatever is decided"),
        ({"miss": 1, "positive": "leaves"}, "lack 'false_alarm'"),
        ({"miss": 1, "false_alarm": 1, "positive": "leafs"}, "did you mean 'leaves'"),
        ({"mis": 1, "false_alarm": 1, "positive": "leaves"}, "did you mean 'miss'"),
        ({"miss": "much", "false_alarm": 1, "positive": "leaves"}, "a miss must be a number"),
        ({"miss": True, "false_alarm": 1, "positive": "leaves"}, "a miss must be a number"),
        (
            {"stays": {"stays": 0, "leaves": 1}, "leavs": {"stays": 1, "leaves": 0}},
            "name 'leavs' as a true class, .* did you mean 'leaves'",
        ),
        (
            {"stays": {"stays": 0, "leafes": 1}, "leaves": {"stays": 1, "leaves": 0}},
            "name 'leafes' as a decision, .* did you mean 'leaves'",
        ),
        (
            {"stays": {"stays": 0}, "leaves": {"stays": 1, "leaves": 0}},
            "The costs of 'stays' have no 'leaves' as a decision",
        ),
        (
            {"stays": {"stays": 0, "leaves": None}, "leaves": {"stays": 1, "leaves": 0}},
            "'stays' decided as 'leaves' must be a number. Got None",
        ),
        ({"stays": {"stays": 0, "leaves": 1}}, "'stays', which is neither a class with its costs"),
        ({"costs": [[0, 1], [1, 0]], "unit": 3}, "unit of costs must be a text"),
        ({"costs": [[0, 1], [1, 0]], "unit": " "}, "unit of costs must be a text"),
        (Costs([[0, 1], [1, 0]], ("stays", "goes")), "name 'goes' as a class"),
    ],
)
def test_what_is_no_costs_of_these_classes_is_refused(given, message):
    with pytest.raises(DataError, match=message):
        Costs.of(given, NAMES)


def test_a_miss_is_one_of_two_classes():
    with pytest.raises(DataError, match="costs of two classes; the data have 3"):
        Costs.of({"miss": 1, "false_alarm": 1, "positive": "a"}, THREE)


def test_a_right_decision_dearer_than_every_wrong_one_is_warned_of_once():
    with pytest.warns(SteelyardWarning, match="where the true class is 'leaves'") as caught:
        costs = Costs([[0, 1], [0, 10]], NAMES)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Costs.from_dict(costs.in_order(NAMES[::-1]).to_dict())
        Costs([[0, 1], [3, 3]], NAMES)  # as dear as is not dearer
        Costs([[2, 1, 3], [1, 0, 1], [1, 1, 0]], THREE)  # dearer than one, not than every one
