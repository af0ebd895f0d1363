"""Stragglers from hand-made histories of errors."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.checks.hand_made import inversions_of_errors
from steelyard.hardness import estimate, values_by_run

NAMES = ("cat", "dog", "owl")
LABELS = np.array([0, 0, 0, 1, 1])


def of_errors(*rows, turns, labels=LABELS):
    """One run; a row such as "1100" tells in which epochs a sample is wrong."""
    wrong = np.array([[letter == "1" for letter in row] for row in rows]).T[np.newaxis]
    return inversions_of_errors(wrong, np.array([turns]), labels, np.arange(len(rows)), NAMES)


def test_each_class_is_looked_at_when_it_turns_over():
    found = of_errors("1111", "0100", "1011", "1100", "0011", turns=[1, 3, -1])
    assert values_by_run(found, "straggler").tolist() == [[1, 1, 0, 0, 1]]


def test_the_graded_form_counts_the_epochs_from_the_turn_on():
    found = of_errors("1111", "0100", "1011", "1100", "0011", turns=[1, 3, -1])
    values = values_by_run(found, "wrong_since_inversion")[0]
    np.testing.assert_allclose(values, [1, 1 / 3, 2 / 3, 0, 1])


def test_the_mean_over_runs_is_the_share_of_networks_that_call_a_sample_one():
    runs = [of_errors("1100", "0100", turns=[turn, -1, -1], labels=[0, 0]) for turn in (0, 1, 1, 3)]
    parts = ("epochs", "censored", "wrong", "wrong_since")
    joined = {name: np.concatenate([getattr(one, name) for one in runs]) for name in parts}
    hardness = estimate(replace(runs[0], **joined), ["straggler"])["straggler"]
    assert hardness.values.tolist() == [0.75, 0.5]
    assert hardness.n_runs == 4
    np.testing.assert_allclose(hardness.spread, [0.5, np.sqrt(1 / 3)])


@pytest.mark.parametrize("name", ["straggler", "wrong_since_inversion"])
def test_samples_of_a_class_that_did_not_turn_do_not_pass_for_easy(name):
    rows = ("1111", "1111", "0000", "1111", "1111")
    turned, not_turned = (of_errors(*rows, turns=turns) for turns in ([1, 2, -1], [1, -1, -1]))
    parts = ("epochs", "censored", "wrong", "wrong_since")
    joined = {
        part: np.concatenate([getattr(one, part) for one in (turned, not_turned, turned)])
        for part in parts
    }
    with pytest.raises(DataError, match=rf"'{name}' .* 1 of 3 runs lack that of 'dog'") as error:
        estimate(replace(turned, **joined), [name])
    assert "history.take_runs([0, 2])" in error.value.hint
    with pytest.raises(DataError, match="1 of 1 runs") as none_left:
        estimate(not_turned, [name])
    assert "more epochs" in none_left.value.hint
    # a class that has no sample cannot turn, and is not missed
    assert estimate(turned, [name])[name].values[0] == 1


def test_the_spelling_of_the_classes_that_did_not_turn_is_in_the_message():
    found = of_errors("11", "11", "11", "11", "11", turns=[-1, -1, -1])
    assert not found.wrong.any()  # as the record has it where there is no epoch
    assert not found.wrong_since.any()
    with pytest.raises(DataError, match="lack that of 'cat', 'dog'"):
        estimate(found)
