"""Each way in which a table of predictions can be unsound is told, all of them at once."""

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError
from steelyard.guards.predicted import (
    classes_of_predictions,
    ids_of_predictions,
    probabilities,
    truth_of_predictions,
)
from steelyard.guards.predictions_table import read_table

IDS = np.array(list("abcdef"), dtype=object)
MODEL = np.array(["m"] * 6, dtype=object)
GOOD = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.5, 0.5], [1.0, 0.0], [0.3, 0.7]])


def codes(findings):
    return [one.code for one in findings]


def test_sound_predictions_are_silent():
    assert ids_of_predictions(IDS, MODEL, IDS[::-1], "test", {}) == []
    assert probabilities(GOOD, IDS, MODEL) == []
    assert truth_of_predictions(IDS, IDS, IDS[::-1], IDS[::-1]) is None
    assert classes_of_predictions(GOOD.argmax(1), ("x", "y"), {"x", "y"}, {"x"}, "test") == []


def test_missing_unknown_and_repeated_samples():
    ids = np.array(["a", "a", "b", "train 1", "z"], dtype=object)
    found = ids_of_predictions(
        ids, MODEL[:5], np.array(["a", "b", "c"]), "test", {"train": np.array(["train 1"])}
    )
    assert codes(found) == ["G401", "G402", "G403"]
    assert [(one.count, one.n) for one in found] == [(1, 3), (2, 4), (1, 5)]
    assert [one.examples for one in found] == [("c",), ("train 1", "z"), ("a",)]
    assert "1 are train samples" in found[1].message


def test_a_sample_that_one_of_two_models_lacks_is_missing():
    model = np.array(["m", "m", "n"], dtype=object)
    (found,) = ids_of_predictions(IDS[[0, 1, 0]], model, IDS[:2], "test", {})
    assert (found.code, found.count, found.examples) == ("G401", 1, ("b",))
    assert ids_of_predictions(IDS[[0, 0]], np.array(["m", "n"], object), IDS[:1], "test", {}) == []


def test_whole_numbers_match_their_text():
    assert (
        ids_of_predictions(np.array(["1", "2"], object), MODEL[:2], np.array([2, 1]), "t", {}) == []
    )


def test_another_truth_is_told_with_the_likely_reason():
    truth = np.array(["x", "x", "y", "y", "x", "y"], dtype=object)
    wrong = truth.copy()
    wrong[0] = "y"
    found = truth_of_predictions(IDS, wrong, IDS, truth)
    assert (found.code, found.count, found.n) == ("G404", 1, 6)
    assert found.examples == ("a: y, not x",)
    assert "order" not in found.message
    shuffled = truth_of_predictions(IDS, truth[[2, 0, 1, 4, 3, 5]], IDS, truth)
    assert "in another order" in shuffled.message
    mixed_up = truth_of_predictions(IDS[::-1], truth, IDS, truth)
    assert "the ids are mixed up" in mixed_up.message


def test_unknown_samples_have_no_truth_to_compare():
    truth = np.array(["x", "y"], dtype=object)
    assert truth_of_predictions(np.array(["q", "r"], object), truth, IDS[:2], truth) is None


def test_truth_of_several_labels():
    truth = np.array([[1.0, 0], [1, 1]])
    assert truth_of_predictions(IDS[:2], truth, IDS[:2], truth) is None
    found = truth_of_predictions(IDS[:2], np.array([[1.0, 0], [0, 1]]), IDS[:2], truth)
    assert (found.count, found.n) == (1, 2)


def test_logits_for_probabilities():
    found = probabilities(np.log(np.maximum(GOOD, 1e-3)) + 3, IDS, MODEL)
    assert codes(found) == ["G405"]
    assert "look like logits" in found[0].message
    assert "softmax" in found[0].hint
    assert "sigmoid" in probabilities(GOOD - 2, IDS, MODEL, multi_label=True)[0].hint


def test_a_missing_number_is_no_logit():
    values = GOOD.copy()
    values[2, 1] = np.nan
    (found,) = probabilities(values, IDS, MODEL)
    assert (found.code, found.count, found.examples) == ("G405", 1, ("c",))
    assert "1 miss a number" in found.message
    assert "logits" not in found.message
    (found,) = probabilities(np.full((2, 2), np.nan), IDS[:2], MODEL[:2])
    assert found.count == 2


def test_sums():
    values = GOOD.copy()
    values[1] /= 2
    (found,) = probabilities(values, IDS, MODEL)
    assert (found.code, found.count, found.examples) == ("G406", 1, ("b",))
    assert "from 0.5 to 0.5" in found.message
    assert probabilities(values, IDS, MODEL, multi_label=True) == []
    assert probabilities((GOOD * 1.0005).clip(0, 1), IDS, MODEL) == []  # rounded numbers pass


def test_decisions_for_probabilities_of_one_model():
    values = np.concatenate([GOOD, np.eye(2)[[0, 1, 0, 1, 0, 1]]])
    model = np.array(["soft"] * 6 + ["hard"] * 6, dtype=object)
    (found,) = probabilities(values, np.tile(IDS, 2), model)
    assert (found.code, found.count, found.n, found.examples) == ("G407", 1, 2, ("hard",))


def test_constant_predictions():
    (found,) = probabilities(np.tile([0.3, 0.7], (6, 1)), IDS, MODEL)
    assert (found.code, found.severity) == ("G408", "warning")
    one_sided = np.column_stack([GOOD[:, 0] / 10, 1 - GOOD[:, 0] / 10])
    (found,) = probabilities(one_sided, IDS, MODEL)
    assert (found.code, found.severity) == ("G408", "note")
    assert probabilities(GOOD[:1], IDS[:1], MODEL[:1]) == []  # one sample is no constant


def test_classes_that_training_lacks_or_that_have_no_column():
    names = ("x", "y", "z")
    found = classes_of_predictions(np.array([0, 2, 2]), names, {"x", "y"}, {"x", "w"}, "test")
    assert codes(found) == ["G409", "G410"]
    assert [one.examples for one in found] == [("z",), ("w",)]
    assert "(2 rows)" in found[0].message


def test_reading_takes_what_it_can():
    frame = pd.DataFrame({"id": [1, 2], "p_a": ["0.5", "half"], "p_b": [0.5, None]})
    table = read_table(frame)
    assert table.ids.tolist() == ["1", "2"]
    assert table.truth is None
    assert np.isnan(table.probabilities).tolist() == [[False, False], [True, True]]
    assert table.of("test").ids.tolist() == ["1", "2"]  # the table names no parts
    several = frame.assign(t_a=[True, False], t_b=[0, 1], split=["test", "validation"])
    table = read_table(several.set_index("id"))
    assert table.truth.tolist() == [[1, 0], [0, 1]]
    assert table.of("test").ids.tolist() == ["1"]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"p_a": [0.5]}),
        pd.DataFrame({"id": [1]}),
        pd.DataFrame({"id": [], "p_a": []}),
        pd.DataFrame([[1, 0.5, 0.5]], columns=["id", "p_a", "p_a"]),
    ],
)
def test_a_table_of_something_else_is_refused(frame):
    with pytest.raises(DataError, match="must have the column 'id'"):
        read_table(frame)
