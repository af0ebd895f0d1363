"""Overlaps of sets, worked out by hand."""

import itertools

import numpy as np
import pytest

from steelyard._support.errors import DataError
from steelyard.hardness import overlap, overlap_by_chance

A = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
B = np.array([0, 0, 0, 1, 1, 0, 0, 0], dtype=bool)


def test_the_set_named_first_is_the_base():
    assert overlap(A, B) == 25
    assert overlap(B, A) == 50


def test_a_set_overlaps_with_itself_and_not_with_the_rest():
    assert overlap(A, A) == 100
    assert overlap(A, ~A) == 0
    assert overlap(A, A | B) == 100


def test_by_chance_it_is_the_share_of_the_second_set():
    assert overlap_by_chance(A, B) == 25
    assert overlap_by_chance(B, A) == 50


def every_set(n, size):
    for chosen in itertools.combinations(range(n), size):
        yield np.isin(np.arange(n), chosen)


def test_it_is_the_mean_over_all_sets_of_that_size():
    assert np.mean([overlap(A, one) for one in every_set(8, 2)]) == pytest.approx(25)


def test_with_labels_it_is_the_mean_over_all_sets_of_those_class_counts():
    labels = np.array(["x", "y", "x", "x", "y", "x", "y", "x"])
    alike = [
        one
        for one in every_set(8, 2)
        if (one & (labels == "x")).sum() == 1 == (B & (labels == "x")).sum()
    ]
    assert len(alike) == 15
    expected = np.mean([overlap(A, one) for one in alike])
    assert overlap_by_chance(A, B, labels) == pytest.approx(expected)
    assert expected != pytest.approx(25)
    assert overlap_by_chance(A, B, np.zeros(8)) == pytest.approx(25)


@pytest.mark.parametrize("function", [overlap, overlap_by_chance])
def test_what_cannot_be_compared_is_refused(function):
    none = np.zeros(8, dtype=bool)
    with pytest.raises(DataError, match="first set of an overlap is empty"):
        function(none, A)
    with pytest.raises(DataError, match="second set of an overlap is empty"):
        function(A, none)
    for other in (A[:7], A.astype(int), A[:, None]):
        with pytest.raises(DataError, match="True or False of each sample"):
            function(A, other)
        with pytest.raises(DataError, match="True or False of each sample"):
            function(other, A)
    with pytest.raises(DataError, match="True or False of each sample"):
        function(A[:, None], A[:, None])


def test_labels_of_other_samples_are_refused():
    with pytest.raises(DataError, match=r"one label a sample: 8. Got \(7,\)"):
        overlap_by_chance(A, B, np.zeros(7))
