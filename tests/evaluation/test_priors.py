"""Priors by name: what is always judged, long tails forward and backward, and what is refused."""

import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.evaluation import deployment_priors

NAMES = ("a", "b", "c")
TRAIN = np.array([0.2, 0.7, 0.1])  # the most frequent class stands in the middle


def names(**values):
    return list(deployment_priors({}, NAMES, **{"train_prior": None, **values}))


def test_what_is_always_judged():
    assert names(train_prior=TRAIN) == ["train", "uniform"]
    assert names() == ["uniform"]
    assert names(test_prior=TRAIN) == ["test", "uniform"]  # else nothing is told as it was tested
    assert names(train_prior=TRAIN, test_prior=TRAIN) == ["train", "uniform"]
    several = {"test_prior": np.array([0.9, 0.5, 0.1]), "multi_label": True}
    assert names(**several) == ["test"]
    assert names(**several, train_prior=TRAIN) == ["test", "train"]


def test_the_shares_of_the_held_out_part_can_be_asked_for_by_name():
    test = np.array([5.0, 3.0, 2.0])
    found = deployment_priors({"test": None}, NAMES, TRAIN, test_prior=test)
    assert list(found) == ["test", "train", "uniform"]
    np.testing.assert_allclose(found["test"], test / 10)
    with pytest.raises(DataError, match="'test' needs weights; by name are known 'train' and 'uni"):
        deployment_priors({"test": None}, NAMES, TRAIN)


def test_a_long_tail_falls_geometrically_from_the_most_frequent_class():
    found = deployment_priors({"forward:100": None, "backward:100": None}, NAMES, TRAIN)
    forward, backward = found["forward:100"], found["backward:100"]
    np.testing.assert_allclose(forward, np.array([10, 100, 1]) / 111)  # ranks of TRAIN: b, a, c
    np.testing.assert_allclose(backward, np.array([10, 1, 100]) / 111)
    one = deployment_priors({"forward:1": None}, NAMES, TRAIN)["forward:1"]
    np.testing.assert_allclose(one, np.ones(3) / 3)
    two = deployment_priors({"forward:9": None}, ("no", "yes"), np.array([0.8, 0.2]))
    np.testing.assert_allclose(two["forward:9"], [0.9, 0.1])


def test_equally_frequent_classes_rank_in_their_order():
    even = deployment_priors({"forward:4": None}, NAMES, np.ones(3))
    np.testing.assert_allclose(even["forward:4"], np.array([4, 2, 1]) / 7)


def test_the_family_stands_in_place_of_its_name():
    found = list(deployment_priors({"long-tail": None, "x": [1, 2, 3]}, NAMES, TRAIN))
    assert found == [
        *(f"forward:{r}" for r in (50, 25, 10, 5, 2)),
        "uniform",
        *(f"backward:{r}" for r in (2, 5, 10, 25, 50)),
        "x",
        "train",
    ]


@pytest.mark.parametrize(
    "name", ["forward:0.5", "forward:", "backward:inf", "forward:x", "forward"]
)
def test_a_ratio_that_is_none_is_refused(name):
    with pytest.raises(DataError, match="must be 'forward:R' or 'backward:R'"):
        deployment_priors({name: None}, NAMES, TRAIN)


@pytest.mark.parametrize("given", [["uniform"], "uniform"])
def test_priors_come_by_name(given):
    with pytest.raises(DataError, match=r"Priors must be a mapping .*uniform.* Hint: for instance"):
        deployment_priors(given, ("a", "b"), None)


def test_long_tails_need_the_training_prior():
    with pytest.raises(DataError, match="goes by the training prior, which is not known"):
        deployment_priors({"forward:2": None}, NAMES, None, test_prior=TRAIN)


def test_names_that_stand_for_something_are_taken():
    for name in ("train", "uniform", "test"):
        with pytest.raises(DataError, match=f"The name '{name}' is taken"):
            deployment_priors({name: [1, 1, 1]}, NAMES, TRAIN)


def test_long_tails_are_of_classes_not_of_labels():
    with pytest.raises(DataError, match="'forward:2' needs weights"):
        deployment_priors({"forward:2": None}, NAMES, TRAIN, multi_label=True)
