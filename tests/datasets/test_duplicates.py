"""Held-out rows that also stand in train are found, with or without the same label."""

import numpy as np
import pandas as pd
import pytest

from steelyard.datasets import DuplicatesAcrossParts, find_duplicates_across_parts
from steelyard.records.labelled import Labelled

PARTS = np.array(["train", "train", "train", "validation", "test", "test", "test"])
LABELS = np.array([0, 1, 0, 0, 1, 0, 1])
#  the values of the rows; 3 and 4 repeat row 0 (4 under another label), 5 is new, 6 repeats 5
VALUES = [1.0, 2.0, np.nan, 1.0, 1.0, 9.0, 9.0]


def table():
    inputs = pd.DataFrame({"number": VALUES, "text": pd.Categorical([str(v) for v in VALUES])})
    return Labelled(inputs, LABELS, ("a", "b"), np.arange(7), PARTS)


def images():
    pixels = np.zeros((7, 4, 4, 3), np.uint8)
    pixels[:, 3, 3, 2] = np.nan_to_num(VALUES, nan=5.0)
    return Labelled(pixels, LABELS, ("a", "b"), np.arange(7), PARTS)


@pytest.mark.parametrize("make", [table, images])
def test_duplicates_between_train_and_held_out_are_counted(make):
    assert find_duplicates_across_parts(make()) == DuplicatesAcrossParts(4, 2, 1)


@pytest.mark.parametrize("make", [table, images])
def test_the_order_of_the_rows_does_not_matter(make):
    permuted = make().take(np.array([6, 3, 0, 5, 2, 4, 1]))
    assert find_duplicates_across_parts(permuted) == DuplicatesAcrossParts(4, 2, 1)


def test_a_twin_of_each_label_in_train_counts_as_another_label():
    inputs = pd.DataFrame({"x": [1.0, 1.0, 1.0]})
    parts = np.array(["train", "train", "test"])
    data = Labelled(inputs, np.array([0, 1, 0]), ("a", "b"), np.arange(3), parts)
    assert find_duplicates_across_parts(data) == DuplicatesAcrossParts(1, 1, 1)


def test_missing_cells_are_equal_to_one_another():
    inputs = pd.DataFrame({"x": [np.nan, np.nan], "y": [1.0, 1.0]})
    parts = np.array(["train", "test"])
    data = Labelled(inputs, np.array([0, 0]), ("a", "b"), np.arange(2), parts)
    assert find_duplicates_across_parts(data).n_duplicates == 1


def test_data_without_a_split_have_none():
    data = Labelled(table().inputs, LABELS, ("a", "b"), np.arange(7))
    assert find_duplicates_across_parts(data) == DuplicatesAcrossParts(0, 0, 0)
