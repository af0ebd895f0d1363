"""Choices on the part that judges are told, with how much they flatter at most."""

import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.guards import best_of_arms, chosen_on, optimism


def test_thresholds_of_the_part_that_judges():
    assert chosen_on("validation", "test") is None
    found = chosen_on("test", "test")
    assert (found.code, found.severity) == ("G301", "error")


def test_ids_decide_where_they_are_known():
    ids = np.arange(10)
    assert chosen_on("test", "test", ids=ids, judged_ids=ids + 10) is None
    found = chosen_on("tuning", "test", ids=ids, judged_ids=np.array(["9", "10", "11", "12"]))
    assert (found.count, found.n, found.examples) == (1, 4, ("9",))


def scores(means, n=500, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.random((len(means), n)) < np.array(means)[:, None]).astype(float)


def test_the_optimism_is_that_of_a_simulation():
    rng = np.random.default_rng(0)
    lucky = [(rng.random((8, 400)) < 0.7).mean(axis=1).max() - 0.7 for _ in range(2000)]
    estimates = [optimism(scores([0.7] * 8, 400, seed)) for seed in range(20)]
    assert np.mean(estimates) == pytest.approx(np.mean(lucky), rel=0.1)


def test_what_all_arms_share_flatters_none():
    shared = np.tile(scores([0.7]), (5, 1))
    assert optimism(shared) == pytest.approx(0, abs=1e-12)
    shared[0, :20] = 1 - shared[0, :20]
    assert 0 < optimism(shared) < optimism(scores([0.7] * 5)) / 2


def test_the_best_on_the_part_that_judges_is_told():
    table = scores([0.6, 0.9, 0.7])
    arms = ["a", "b", "c"]
    found = best_of_arms(table, arms, "test", reported="b")
    assert (found.code, found.severity, found.count) == ("G302", "warning", 3)
    assert f"{optimism(table):.4f} too much" in found.message
    assert found.examples[0] == "b"
    assert best_of_arms(table, arms, "test", reported="a") is None  # not the best there
    assert best_of_arms(table, arms, "test").severity == "note"  # nobody said which is reported


def test_a_choice_on_validation_is_as_it_should_be():
    table, arms = scores([0.6, 0.9, 0.7]), ["a", "b", "c"]
    right, wrong = np.array([0.1, 0.9, 0.2]), np.array([0.9, 0.1, 0.2])
    assert best_of_arms(table, arms, "test", reported="b", on_validation=right) is None
    found = best_of_arms(table, arms, "test", reported="b", on_validation=wrong)
    assert found.severity == "warning"
    assert best_of_arms(table, arms, "test", on_validation=right) is None


def test_one_arm_is_no_choice_and_one_sample_has_no_noise():
    assert best_of_arms(scores([0.5]), ["a"], "test", reported="a") is None
    assert optimism(scores([0.5, 0.5], n=1)) == 0


def test_bad_input_is_refused():
    with pytest.raises(DataError, match="shape"):
        best_of_arms(np.zeros((2, 0)), ["a", "b"], "test")
    with pytest.raises(DataError, match="finite"):
        best_of_arms(np.full((2, 3), np.nan), ["a", "b"], "test")
    with pytest.raises(ParameterError, match="reported"):
        best_of_arms(scores([0.5, 0.6]), ["a", "b"], "test", reported="d")
