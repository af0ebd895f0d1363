"""Plain arrays as scikit-learn's metrics take them."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression

from steelyard._support.errors import DataError
from steelyard.evaluation import evaluate_arrays, predictions_of

QUICK = {"n_resamples": 20}


def test_a_fitted_model_is_judged_in_one_call():
    inputs, y = load_wine(return_X_y=True)
    y = np.array(["red", "rosé", "white"])[y]
    model = LogisticRegression(max_iter=5000).fit(inputs[::2, :4], y[::2])
    p = model.predict_proba(inputs[1::2, :4])
    found = evaluate_arrays(y[1::2], p, labels=model.classes_, **QUICK)
    assert found.class_names == ("red", "rosé", "white")
    assert found.figure("model", "test", "macro_f1").mean == pytest.approx(
        metrics.f1_score(y[1::2], model.predict(inputs[1::2, :4]), average="macro")
    )
    assert found.figure("model", "test", "log_loss").mean == pytest.approx(
        metrics.log_loss(y[1::2], p)
    )


def test_labels_of_any_kind_and_the_probability_of_the_second_alone():
    truth = np.array([-1, 1, 1, -1])
    one = predictions_of(truth, [0.2, 0.9, 0.4, 0.7], train_prior=[3, 1])
    assert one.class_names == ("-1", "1")
    assert one.truth.tolist() == [0, 1, 1, 0]
    np.testing.assert_allclose(np.exp(one.log_probabilities)[:, 1], [0.2, 0.9, 0.4, 0.7])
    np.testing.assert_allclose(one.prior, [0.75, 0.25])
    assert one.ids.tolist() == [0, 1, 2, 3]


def test_several_labels():
    truth = np.array([[1, 0], [1, 1], [0, 0]])
    p = np.array([[0.9, 0.2], [0.4, 0.8], [0.3, 0.1]])
    found = evaluate_arrays(truth, p, labels=["x", "y"], **QUICK)
    assert found.figure("model", "test", "micro_f1").mean == pytest.approx(
        metrics.f1_score(truth, p > 0.5, average="micro")
    )
    assert predictions_of(truth, p).class_names == ("label 0", "label 1")


@pytest.mark.parametrize(
    ("truth", "p", "labels", "message"),
    [
        ([0, 1], [[0.5, 0.5]], None, r"shape \(2, K\).*Got \(1, 2\)"),
        ([0, 1, 2], np.full((3, 2), 0.5), None, "2 columns of probabilities and 3 labels"),
        ([0, 1, 2], np.full((3, 2), 0.5), [0, 1], r"labels \['2'\] have no column"),
        ([0, 1], [[0.5, 0.6], [0.5, 0.5]], None, "sum to one a row. 1 rows"),
        ([0, 1], [[0.5, np.nan], [0.5, 0.5]], None, "sum to one a row"),
        ([0, 1], [["a", "b"], ["a", "b"]], None, "must be numbers"),
        ([[1, 0]], [[0.5, 1.5]], None, r"lie in \[0, 1\]"),
        ([0, 1], [[0.5, np.inf], [0.5, 0.5]], None, "finite. Those of row 0"),
        ([0, 1], [0.5, -np.inf], None, "finite. Those of row 1"),
        ([], np.zeros((0, 2)), [0, 1], r"one label or more. Got an array of shape \(0,\)"),
        (1, [0.5], None, r"one label or more. Got an array of shape \(\)"),
        (np.array(["a", 1], object), [0.5, 0.5], None, r"no order.*\['int', 'str'\]"),
        ([0, 1], [[0.5, 0.5], [0.5, 0.5]], [0, 0], "one column. '0' has 2"),
        ([0, None], [[0.5, 0.5], [0.5, 0.5]], [0, 1], "have no column"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(truth, p, labels, message):
    with pytest.raises(DataError, match=message):
        predictions_of(truth, p, labels=labels)


def test_a_missing_probability_is_no_matter_of_several_labels():
    with pytest.raises(DataError) as raised:
        predictions_of([0, 1], [[0.5, np.nan], [0.5, 0.5]])
    assert "leave out the samples that the model failed on" in raised.value.hint
    with pytest.raises(DataError) as raised:
        predictions_of([0, 1], [[0.5, 0.6], [0.5, 0.5]])
    assert "several labels" in raised.value.hint
