"""Confusion matrices and what follows, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from steelyard.evaluation import class_precision, class_recall, confusion_matrix

RANDOM = np.random.default_rng(0)
CASES = {
    "random": (RANDOM.integers(0, 4, 200), RANDOM.integers(0, 4, 200), 4),
    "perfect": (np.arange(5), np.arange(5), 5),
    "all wrong": (np.arange(5), (np.arange(5) + 1) % 5, 5),
    "two classes": (RANDOM.integers(0, 2, 31), RANDOM.integers(0, 2, 31), 2),
    "never predicted": (np.array([0, 1, 2, 2]), np.array([0, 0, 2, 2]), 3),
}


@pytest.mark.parametrize(("truth", "predicted", "k"), CASES.values(), ids=CASES)
def test_agrees_with_scikit_learn(truth, predicted, k):
    confusion = confusion_matrix(truth, predicted, k)
    labels = range(k)
    np.testing.assert_array_equal(
        confusion, metrics.confusion_matrix(truth, predicted, labels=labels)
    )
    np.testing.assert_allclose(
        class_recall(confusion), metrics.recall_score(truth, predicted, average=None, labels=labels)
    )
    own_prior = confusion.sum(axis=1) / confusion.sum()
    expected = metrics.precision_score(
        truth, predicted, average=None, labels=labels, zero_division=np.nan
    )
    np.testing.assert_allclose(class_precision(confusion, own_prior), expected)


def test_an_absent_class_is_no_data_and_never_zero():
    confusion = confusion_matrix(np.array([0, 0, 2]), np.array([0, 1, 2]), 3)
    np.testing.assert_array_equal(class_recall(confusion), [0.5, np.nan, 1.0])
    assert np.isnan(class_precision(confusion, np.ones(3) / 3)[1])


def test_precision_under_a_prior_is_that_of_a_part_with_those_shares():
    truth = np.repeat([0, 1], [100, 100])
    predicted = np.concatenate([np.repeat([0, 1], [90, 10]), np.repeat([0, 1], [20, 80])])
    confusion = confusion_matrix(truth, predicted, 2)
    # with nine of ten samples from class 0: 0.9*0.9 right calls of 0, 0.1*0.2 wrong ones
    np.testing.assert_allclose(
        class_precision(confusion, np.array([0.9, 0.1])), [0.81 / 0.83, 0.08 / 0.17]
    )
