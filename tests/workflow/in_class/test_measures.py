"""Accuracy and macro means on hard and easy samples, as scikit-learn has them."""

import numpy as np
import pytest
from sklearn import metrics

from steelyard.workflow.in_class.measures import measure


@pytest.mark.parametrize("classes", [2, 5])
def test_they_are_those_of_scikit_learn(classes):
    draws = np.random.default_rng(0)
    truth = draws.integers(classes, size=60)
    truth[truth == 1] = 0  # class 1 is predicted, and never true
    predicted = np.where(draws.random((4, 60)) < 0.6, truth, draws.integers(classes, size=(4, 60)))
    predicted[3] = 0  # all other classes are true, and never predicted
    found = measure(truth, predicted, classes)
    for network, said in enumerate(predicted):
        expected = {"accuracy": metrics.accuracy_score(truth, said)}
        for name, function in (
            ("recall", metrics.recall_score), ("precision", metrics.precision_score),
            ("f1", metrics.f1_score),
        ):  # fmt: skip
            expected[name] = function(truth, said, average="macro", zero_division=0)
        for name, value in expected.items():
            assert found[name][network] == pytest.approx(100 * value)


def test_no_sample_is_no_data():
    found = measure(np.zeros(0, int), np.zeros((2, 0), int), 3)
    assert all(np.isnan(value).all() and value.shape == (2,) for value in found.values())
