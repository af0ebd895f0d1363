"""Raw labels become codes in their natural order, whatever they are called."""

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, SteelyardWarning
from steelyard.datasets.labels import encode_labels, named_labels

HOSTILE = ["<b>&amp;</b>", 'say "hi"', "🦊", "two\nlines", "'; DROP TABLE x; --"]


@pytest.mark.parametrize(
    ("raw", "names", "codes"),
    [
        ([1, -1, 1], ("-1", "1"), [1, 0, 1]),
        ([10, 2, 1], ("1", "2", "10"), [2, 1, 0]),
        (np.array([1.0, 2.0, 1.0]), ("1", "2"), [0, 1, 0]),
        (np.array([0.5, 0.25], np.float32), ("0.25", "0.5"), [1, 0]),
        (["10", "2", "1"], ("1", "10", "2"), [1, 2, 0]),
        (np.array(["b", "a"]), ("a", "b"), [1, 0]),
        ([True, False], ("False", "True"), [1, 0]),
        (pd.Series([3, 1], dtype="Int64"), ("1", "3"), [1, 0]),
        (pd.Series(["y", "x"], dtype="category", index=[7, 9]), ("x", "y"), [1, 0]),
        (np.array([[2], [1]]), ("1", "2"), [1, 0]),
        ([True, 1, "z"], ("True", "1", "z"), [0, 1, 2]),
        ([2**60, 2**60 + 1], (str(2**60), str(2**60 + 1)), [0, 1]),
    ],
)
def test_codes_follow_the_natural_order_of_the_raw_values(raw, names, codes):
    encoded = encode_labels(raw)
    assert encoded.class_names == names
    assert encoded.codes.tolist() == codes
    assert encoded.kept.all()


def test_hostile_names_are_kept_as_they_are():
    encoded = encode_labels(HOSTILE)
    assert encoded.class_names == tuple(sorted(HOSTILE))
    assert [encoded.class_names[code] for code in encoded.codes] == HOSTILE


@pytest.mark.parametrize("raw", [[1, "1", 2], ["yes", "no", "yes "], [True, "True"]])
def test_two_values_that_read_the_same_are_refused(raw):
    with pytest.raises(DataError, match=f"read '{str(raw[0]).strip()}': they differ only in kind"):
        encode_labels(raw)


@pytest.mark.parametrize(
    "raw",
    [
        ["a", None, "b", "", "a"],
        pd.Series(["a", None, "b", np.nan, "a"]),
        [0.0, np.nan, 1.0, pd.NA, 0.0],
        pd.Series([0, None, 1, None, 0], dtype="Int64"),
    ],
)
def test_missing_targets_are_refused_or_left_out_on_request(raw):
    with pytest.raises(
        DataError, match=r"missing in 2 of 5 rows \(counted from 0: 1, 3\)"
    ) as caught:
        encode_labels(raw)
    assert "--drop-missing-target" in caught.value.hint
    with pytest.warns(SteelyardWarning, match="2 of 5 rows have no target"):
        encoded = encode_labels(raw, drop_missing=True)
    assert encoded.kept.tolist() == [True, False, True, False, True]
    assert encoded.codes.tolist() == [0, 1, 0]


def test_a_target_of_more_than_a_thousand_values_is_refused():
    assert len(encode_labels(range(1000)).class_names) == 1000
    with pytest.raises(DataError, match="1,001 distinct values") as caught:
        encode_labels(np.arange(1001))
    assert "number to predict" in caught.value.hint


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (np.eye(3), r"shape \(3, 3\)"),
        ([0.0, np.inf], "infinity"),
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), "Timestamp"),
        ([{"a": 1}, {"b": 2}], "text or booleans. Got dict"),
    ],
)
def test_what_is_no_label_is_refused(raw, message):
    with pytest.raises(DataError, match=message):
        encode_labels(raw)


def test_named_codes_keep_the_names_and_their_order():
    encoded = named_labels(np.array([2, 0, 0], np.uint8), ["zebra", "cat", "ape"])
    assert encoded.class_names == ("zebra", "cat", "ape")
    assert encoded.codes.tolist() == [2, 0, 0]


@pytest.mark.parametrize("codes", [[0, 3], [-1, 0], [0.0, 1.0], ["a", "b"], []])
def test_codes_without_a_name_are_refused(codes):
    with pytest.raises(DataError, match="codes from 0 to 2"):
        named_labels(codes, ["a", "b", "c"])
