"""Counts, against counting by hand and against weighting by repeating samples."""

import numpy as np
import pytest
from hypothesis import given, strategies
from hypothesis.extra import numpy as arrays

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.evaluation.count_metrics import precision, recall, specificity
from steelyard.evaluation.counts import Counts, count, under_prevalence


def by_hand(truth, predicted, n_classes, weights):
    hits, called, present = np.zeros((3, n_classes))
    for t, p, w in zip(truth, predicted, weights, strict=True):
        present[t] += w
        called[p] += w
        hits[t] += w * (t == p)
    return hits, called, present, sum(weights)


def equal(counts, expected):
    for found, one in zip(
        (counts.hits, counts.called, counts.present, counts.total), expected, strict=True
    ):
        np.testing.assert_allclose(found, one, rtol=1e-12, atol=1e-12)


@given(strategies.data())
def test_counts_are_those_of_a_loop_over_samples_under_every_weighting(data):
    n, k, b = (data.draw(strategies.integers(1, high)) for high in (30, 6, 4))
    codes = arrays.arrays(np.int64, n, elements=strategies.integers(0, k - 1))
    truth, predicted = data.draw(codes), data.draw(codes)
    weights = data.draw(
        arrays.arrays(np.float64, (b, n), elements=strategies.floats(0.1, 5).map(float))
    )
    equal(count(truth, predicted, k), by_hand(truth, predicted, k, np.ones(n)))
    many = count(truth, predicted, k, weights)
    assert many.hits.shape == (b, k)
    assert many.total.shape == (b,)
    for row, one in enumerate(weights):
        expected = by_hand(truth, predicted, k, one)
        equal(count(truth, predicted, k, one), expected)
        found = (many.hits[row], many.called[row], many.present[row], many.total[row])
        equal(Counts(*found), expected)


def test_many_weightings_are_counted_in_blocks_without_a_difference(monkeypatch):
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 3, (2, 50))
    weights = rng.random((40, 50))
    whole = count(truth, predicted, 3, weights)
    monkeypatch.setattr("steelyard.evaluation.counts._BLOCK", 150)  # three at a time
    parts = count(truth, predicted, 3, weights)
    equal(parts, (whole.hits, whole.called, whole.present, whole.total))


def test_labels_are_counted_each_by_itself():
    truth = np.array([[1, 0, 1], [1, 1, 0], [0, 0, 0], [1, 0, 1]])
    predicted = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 1]])
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    counts = count(truth, predicted, 3, weights)
    assert counts.multi_label
    np.testing.assert_array_equal(counts.hits, [3, 0, 4])
    np.testing.assert_array_equal(counts.called, [6, 1, 4])
    np.testing.assert_array_equal(counts.present, [7, 2, 5])
    np.testing.assert_array_equal(counts.total, [10, 10, 10])
    np.testing.assert_array_equal(counts.true_negatives, [0, 7, 5])


def test_true_negatives_complete_the_samples():
    counts = count([0, 0, 1, 2], [0, 1, 1, 0], 4)
    np.testing.assert_array_equal(counts.true_negatives, [1, 2, 3, 4])
    np.testing.assert_array_equal(counts.absent, [2, 3, 3, 4])


def test_a_thousand_classes_need_no_matrix_of_a_million_cells():
    import tracemalloc

    truth = np.arange(20_000) % 20_000
    tracemalloc.start()
    counts = count(truth, truth[::-1].copy(), 20_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counts.hits.sum() == 0
    assert peak < 40e6  # 20,000 x 20,000 cells would take 3.2 GB


def test_under_a_prevalence_each_label_is_as_frequent_as_stated():
    rng = np.random.default_rng(0)
    truth = rng.random((400, 3)) < [0.5, 0.1, 0.3]
    predicted = truth ^ (rng.random((400, 3)) < 0.2)
    shares = np.array([0.01, 0.4, 1.0])
    counts = under_prevalence(count(truth, predicted, 3), shares)
    for label, share in enumerate(shares):
        own, called = truth[:, label], predicted[:, label]
        weights = np.where(own, share / own.sum(), (1 - share) / (~own).sum()) * 400
        assert counts.present[label] == pytest.approx(weights[own].sum())
        assert counts.called[label] == pytest.approx(weights[called].sum())
        assert counts.hits[label] == pytest.approx(weights[own & called].sum())
        assert counts.total[label] == pytest.approx(400)
    assert recall(counts) == pytest.approx(recall(count(truth, predicted, 3)))


def test_a_label_that_cannot_be_reweighted_is_no_data():
    truth = np.array([[0, 1, 1], [0, 1, 0]])
    counts = under_prevalence(count(truth, truth, 3), [0.5, 0.5, 0.5])
    np.testing.assert_array_equal(precision(counts), [np.nan, np.nan, 1])
    np.testing.assert_array_equal(specificity(counts), [np.nan, np.nan, 1])
    stated = under_prevalence(count(truth, truth, 3), [0.0, 1.0, 0.5])  # as they are
    np.testing.assert_array_equal(stated.present, [0, 2, 1])


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (([0, 3], [0, 1], 3), DataError, "codes from 0 to 2. Got 0 to 3"),
        (([0, 1], [0, -1], 3), DataError, "codes from 0 to 2. Got -1 to 0"),
        (([0, 1], [0.5, 1], 3), DataError, "whole numbers"),
        (([[0, 2]], [[0, 1]], 2), DataError, "0 or 1"),
        (([0, 1], [0, 1, 1], 3), MismatchError, "same samples. Got 2 and 3"),
        (([0, 1], [0, 1], 0), ParameterError, "n_classes"),
        (([0, 1], [0, 1], 2, [1.0, -1.0]), ParameterError, "0 or above"),
        (([0, 1], [0, 1], 2, [1.0, np.nan]), ParameterError, "finite"),
        (([0, 1], [0, 1], 2, [[1.0, 1.0], [0.0, 0.0]]), ParameterError, "positive sum"),
        (([0, 1], [0, 1], 2, [1.0, 1.0, 1.0]), ParameterError, r"shape \(2,\) or \(B, 2\)"),
        (([0, 1], [0, 1], 2, ["a", "b"]), ParameterError, "must be numbers"),
    ],
)
def test_bad_input_is_told(arguments, error, says):
    with pytest.raises(error, match=says):
        count(*arguments)


def test_a_prevalence_is_of_labels():
    with pytest.raises(ParameterError, match="several labels"):
        under_prevalence(count([0, 1], [0, 1], 2), [0.5, 0.5])
    labels = np.eye(2, dtype=bool)
    with pytest.raises(DataError, match=r"in \[0, 1\]"):
        under_prevalence(count(labels, labels, 2), [0.5, 1.5])
