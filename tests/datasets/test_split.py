"""The split meets its counts, loses no class, and follows ids."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard.datasets import split
from steelyard.datasets.split import part_counts
from steelyard.records.labelled import Labelled


def data_of(sizes, parts=None):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    ids = np.arange(len(labels)) * 7 + 3
    names = tuple(f"class {code}" for code in range(len(sizes)))
    return Labelled(pd.DataFrame({"x": ids.astype(float)}), labels, names, ids, parts)


def counts_of(data):
    return {part: data.part(part).class_counts.tolist() for part in np.unique(data.split)}


def part_by_id(data):
    return dict(zip(data.ids.tolist(), data.split.tolist(), strict=True))


def test_counts_are_shares_of_each_class():
    assert counts_of(split(data_of([100, 50, 7, 4, 3]), validation=0.2, test=0.2)) == {
        "train": [60, 30, 4, 2, 1],
        "validation": [20, 10, 1, 1, 1],
        "test": [20, 10, 2, 1, 1],
    }
    assert counts_of(split(data_of([30, 10]), validation=0.1, test=0.3)) == {
        "train": [18, 6],
        "validation": [3, 1],
        "test": [9, 3],
    }


@given(n=st.integers(3, 5000), test=st.integers(1, 60), validation=st.integers(1, 39))
def test_counts_are_within_one_of_their_share_unless_a_part_would_be_empty(n, test, validation):
    shares = {"test": Fraction(test, 100), "validation": Fraction(validation, 100)}
    counts = part_counts(n, shares)
    train = n - sum(counts.values())
    assert min(train, *counts.values()) >= 1
    exact = [n * share for share in shares.values()]
    if min(*exact, n - sum(exact)) >= 1:
        assert all(abs(c - e) < 1 for c, e in zip(counts.values(), exact, strict=True))


def test_nothing_but_the_split_changes():
    data = data_of([20, 10])
    done = split(data)
    assert done.ids.tolist() == data.ids.tolist()
    assert done.labels.tolist() == data.labels.tolist()
    assert data.split is None


def test_every_id_keeps_its_part_when_rows_are_permuted_or_classes_renamed():
    data = data_of([40, 9, 23])
    parts = part_by_id(split(data, seed=5))
    permuted = data.take(np.random.default_rng(1).permutation(len(data)))
    assert part_by_id(split(permuted, seed=5)) == parts
    renamed = Labelled(data.inputs, 2 - data.labels, ("-1", "<b>", "💥"), data.ids)
    assert part_by_id(split(renamed, seed=5)) == parts
    assert part_by_id(split(data, seed=6)) != parts


@pytest.mark.parametrize("sizes", [[10, 1], [10, 2], [10, 0]])
def test_a_class_too_small_for_three_parts_is_refused(sizes):
    with pytest.raises(
        DataError, match=rf"fewer than 3 samples.*'class 1' \({sizes[1]}\)"
    ) as caught:
        split(data_of(sizes))
    assert "merge" in caught.value.hint


def test_given_parts_stay_and_a_missing_one_is_drawn_from_train():
    parts = np.repeat(["train", "test", "train", "test"], [50, 10, 20, 5])
    done = split(data_of([60, 25], parts), validation=0.2)
    assert counts_of(done) == {"train": [40, 16], "validation": [10, 4], "test": [10, 5]}
    assert (done.split[parts == "test"] == "test").all()

    parts = np.repeat(["train", "validation", "train", "validation"], [50, 10, 20, 5])
    done = split(data_of([60, 25], parts), test=0.4)
    assert counts_of(done) == {"train": [30, 12], "validation": [10, 5], "test": [20, 8]}

    done = split(data_of([10, 10], np.full(20, "train")))
    assert counts_of(done) == {"train": [6, 6], "validation": [2, 2], "test": [2, 2]}


def test_a_whole_split_comes_back_as_it_is():
    done = split(data_of([10, 10]))
    assert split(done, seed=9) is done


def test_a_class_without_training_samples_is_refused():
    parts = np.repeat(["train", "validation", "test", "test"], [6, 2, 2, 5])
    with pytest.raises(DataError, match=r"'class 1' \(0\)"):
        split(data_of([10, 5], parts))


def test_a_given_part_without_a_class_is_warned_of():
    parts = np.repeat(["train", "validation", "test", "train", "validation"], [6, 2, 2, 4, 1])
    with pytest.warns(SteelyardWarning, match=r"1 of 2 classes have no test sample.*'class 1'"):
        split(data_of([10, 5], parts))


@pytest.mark.parametrize(
    "shares",
    [(0.5, 0.5), (0.0, 0.2), (0.2, 1.0), (0.2, np.nan), (0.2, "a"), (0.2, -0.1)],
)
def test_shares_out_of_range_are_refused(shares):
    with pytest.raises(ParameterError, match=r"parameters? of split"):
        split(data_of([10, 10]), validation=shares[0], test=shares[1])
