"""Fitted boosters, recorded stage by stage."""

import warnings

import numpy as np
import pytest
from recordings import assert_equal
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)

from steelyard import Recorder
from steelyard._support.errors import DataError, ParameterError
from steelyard.training import record_stages

MODELS = {
    "gradient boosting": GradientBoostingClassifier(n_estimators=5, random_state=0),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=5, random_state=0),
    "AdaBoost": AdaBoostClassifier(n_estimators=5, random_state=0),
}


def data(n_classes, n=80):
    draw = np.random.default_rng(0)
    y = np.arange(n) % n_classes
    return draw.normal(size=(n, 3)) + 1.5 * np.eye(4)[y][:, :3], y


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_stages_are_epochs(model, n_classes):
    X, y = data(n_classes)
    model.fit(X, y)
    recorder = Recorder(range(len(y)), y, early_epoch=0)
    record_stages(recorder, model, X)
    dynamics = recorder.dynamics()
    stages = list(model.staged_predict_proba(X))
    assert dynamics.n_epochs == len(stages) == 5
    own = np.mean([stage[np.arange(len(y)), y] for stage in stages], axis=0)
    np.testing.assert_allclose(dynamics.channels["probability"][0], own, atol=1e-6)
    right = np.mean([stage.argmax(axis=1) == y for stage in stages], axis=0)
    # a tie is right for argmax, which takes the first, and wrong for the recorder
    assert (dynamics.channels["correct"][0] <= right).all()
    assert np.mean(dynamics.channels["correct"][0] == right) > 0.9
    assert dynamics.channels["correct"].mean() > 1 / n_classes + 0.1


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_last_stage_is_the_trained_model(model):
    X, y = data(3)
    model.fit(X, y)
    recorder = Recorder(range(len(y)), y, early_epoch=0)
    rows = np.append(np.arange(len(y))[::-1], [3, 3])  # in another order, one of them again
    record_stages(recorder, model, X[rows], rows)
    own = model.predict_proba(X)[np.arange(len(y)), y]
    found = recorder.dynamics().channels["final_probability"][0]
    np.testing.assert_allclose(found, own, atol=1e-6)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_classes_of_the_model_are_mapped_to_the_recorders(model):
    X, y = data(3)
    names = np.array(["wolf", "ant", "cow"])  # the model sorts them: ant, cow, wolf
    by_code, by_name = (
        Recorder(range(len(y)), y, of_classes, early_epoch=0) for of_classes in (None, names)
    )
    record_stages(by_code, model.fit(X, y), X)
    record_stages(by_name, model.fit(X, names[y]), X)
    correct = by_name.dynamics().channels["correct"]
    assert correct.mean() > 0.5
    np.testing.assert_allclose(correct.mean(), by_code.dynamics().channels["correct"].mean(), 0.1)


def test_rows_may_come_in_another_order():
    X, y = data(3)
    model = MODELS["histogram boosting"].fit(X, y)
    ids = [f"s{i}" for i in range(len(y))]
    plain, permuted = (Recorder(ids, y, early_epoch=0) for _ in range(2))
    order = np.random.default_rng(1).permutation(len(y))
    record_stages(plain, model, X)
    record_stages(permuted, model, X[order], plain.ids[order])
    assert_equal(permuted.dynamics(), plain.dynamics())


def test_a_probability_of_zero_is_raised_to_the_floor():
    class Certain:
        classes_ = np.array([0, 1])

        def staged_predict_proba(self, X):
            yield np.tile([0.0, 1.0], (len(X), 1))

    recorder = Recorder([0, 1], [0, 1])
    record_stages(recorder, Certain(), np.zeros((2, 1)))
    margin = recorder.dynamics().channels["margin"][0]
    np.testing.assert_allclose(margin, [np.log(1e-12), -np.log(1e-12)])


def test_decisions_alone_are_logits():
    class Decided:
        classes_ = np.array([0, 1])

        def staged_decision_function(self, X):
            yield np.full(len(X), 3.0)

    recorder = Recorder([0, 1], [0, 1])
    record_stages(recorder, Decided(), np.zeros((2, 1)))
    assert recorder.dynamics().channels["margin"].tolist() == [[-3, 3]]


def test_models_that_cannot_be_recorded_are_refused():
    X, y = data(3)
    with pytest.raises(ParameterError, match="Got RandomForestClassifier instead"):
        record_stages(Recorder(range(len(y)), y), RandomForestClassifier(2).fit(X, y), X)
    model = MODELS["histogram boosting"]
    with warnings.catch_warnings():
        fitted = model.fit(X, y)
    with pytest.raises(DataError, match=r"must be the recorder's, \[0, 1, 2, 3\]. Got \[0, 1, 2\]"):
        record_stages(Recorder(range(len(y)), y, "abcd"), fitted, X)
    fitted = model.fit(X, np.array(["a", "b", "x"])[y])
    with pytest.raises(DataError, match=r"Got \['a', 'b', 'x'\].*class names"):
        record_stages(Recorder(range(len(y)), y, "abc"), fitted, X)
