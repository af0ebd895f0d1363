import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard.datasets import load, split
from steelyard.datasets.multi_hot import encode_multi_hot, label_columns

HOT = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]])


def birds():
    calls = pd.DataFrame(HOT, columns=["is_wren", "is_owl", "is_*"])
    return pd.concat([pd.DataFrame({"pitch": [0.5, 1.5, 2.5, 3.5]}), calls], axis=1)


def test_a_matrix_of_labels_is_taken_as_it_is():
    data = load(np.arange(8.0).reshape(4, 2), HOT)
    assert data.multi_label
    assert data.class_names == ("0", "1", "2")
    np.testing.assert_array_equal(data.labels, HOT == 1)
    named = load(birds()[["pitch"]], pd.DataFrame(HOT, columns=list("abc")))
    assert named.class_names == tuple("abc")


@pytest.mark.parametrize("names", [["a", "b"], list("abcd")])
def test_names_that_are_not_one_a_column_are_refused(names, tmp_path):
    for raw in (HOT, HOT == 1):
        with pytest.raises(DataError, match=rf"have 3 columns\. Got {len(names)} names"):
            encode_multi_hot(raw, class_names=names)


def test_columns_of_a_table_become_labels_and_are_no_inputs(tmp_path):
    birds().to_csv(tmp_path / "birds.csv", index=False)
    birds().to_parquet(tmp_path / "birds.parquet")
    for source in (birds(), tmp_path / "birds.csv", tmp_path / "birds.parquet"):
        data = load(source, targets=["is_owl", "is_wren"])
        assert data.class_names == ("is_wren", "is_owl")  # in the table's order
        np.testing.assert_array_equal(data.labels, HOT[:, :2] == 1)
        assert list(data.inputs.columns) == ["pitch", "is_*"]
    assert load(birds(), targets="is_[ow]*").class_names == ("is_wren", "is_owl")


def test_an_archive_may_hold_a_matrix_of_labels(tmp_path):
    X = np.arange(8.0).reshape(4, 2)
    np.savez(tmp_path / "a.npz", X=X, y=HOT, class_names=np.array(["wren", "owl", "*"]))
    assert load(tmp_path / "a.npz").class_names == ("wren", "owl", "*")


def test_a_column_of_the_very_name_comes_before_a_pattern():
    columns = pd.Index(["is_a", "is_b", "is_*", "x"])
    assert label_columns(columns, ["is_*", "is_b"]) == ["is_b", "is_*"]
    assert label_columns(columns, ["is_?"]) == ["is_a", "is_b", "is_*"]


def test_words_say_yes_and_no():
    table = pd.DataFrame({"a": ["Yes", "no"], "b": [True, False], "c": ["1", "0"]})
    np.testing.assert_array_equal(encode_multi_hot(table).codes, [[True] * 3, [False] * 3])


def test_rows_without_a_label_stay_and_rows_of_which_one_is_missing_are_refused_or_left_out():
    assert load(None, HOT).labels[1].tolist() == [False] * 3
    missing = HOT.astype(float)
    missing[2, 0] = np.nan
    with pytest.raises(DataError, match="missing in 1 of 4 rows"):
        load(None, missing)
    with pytest.warns(SteelyardWarning, match="1 of 4 rows have no target"):
        data = load(None, missing, drop_missing_target=True)
    assert data.ids.tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (HOT * 2, "label '0' must be 0 or 1. Got .*2.* in row 0"),
        (HOT * 0.5, "must be 0 or 1"),
        (np.array([["a", "b"]]), "label '0' must be 0 or 1. Got 'a'"),
        (np.zeros((2, 2, 2)), "one label a sample"),
    ],
)
def test_other_matrices_are_refused(raw, message):
    with pytest.raises(DataError, match=message):
        load(None, raw)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"targets": ["is_hawk"]}, "names no column: 'is_hawk'"),
        ({"targets": "is_wren"}, "must name two columns or more"),
        ({"targets": "is_?*", "target": "is_owl"}, "exclude one another"),
        ({"targets": ["is_wren", "is_owl"], "drop": ["is_owl"]}, "is the 'targets' already"),
    ],
)
def test_columns_that_cannot_be_labels_are_told(options, message):
    with pytest.raises(ParameterError, match=message):
        load(birds(), **options)


def test_labels_alone():
    data = load(None, ["b", "a", "b"])
    assert data.class_names == ("a", "b")
    assert data.labels.tolist() == [1, 0, 1]
    assert data.ids.tolist() == [0, 1, 2]
    with pytest.raises(ParameterError, match="must hold the labels"):
        load(None)


def test_whole_numbers_are_encoded_as_one_by_one():
    draw = np.random.default_rng(0).integers(-5, 20, 1000)
    fast, slow = load(None, draw), load(None, draw.tolist())
    assert fast.class_names == slow.class_names
    np.testing.assert_array_equal(fast.labels, slow.labels)


def test_what_needs_one_class_a_sample_refuses_several():
    with pytest.raises(DataError, match="split takes one class a sample"):
        split(load(birds(), targets="is_?*"))
