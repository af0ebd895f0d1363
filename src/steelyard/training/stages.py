"""The stages of a fitted booster, recorded as if they were the epochs of a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import softmax

from steelyard._support.errors import DataError, ParameterError
from steelyard.training.recorder import Recorder
from steelyard.training.trees import logits_of

# Ours: a probability of zero has no logarithm; no margin then exceeds 27.6.
_FLOOR = 1e-12


def record_stages(recorder: Recorder, model: Any, X: Any, ids: Any = None) -> None:
    """Record every stage of a fitted scikit-learn model; each closes an epoch, the last is final.

    Raw decisions are the logits where the model's probabilities are their softmax, as in gradient
    boosting. Where they are not (AdaBoost), or there are none, log-probabilities are, with
    probabilities below 1e-12 raised to it.

    Parameters
    ----------
    recorder : Recorder
        With labels, and with class names if the model was fitted on names.
    model : object
        Fitted, with ``classes_`` and ``staged_predict_proba`` or ``staged_decision_function``, such
        as GradientBoostingClassifier, HistGradientBoostingClassifier and AdaBoostClassifier.
        Classes that are integers are the recorder's codes, others are its names.
    X : array of shape (m, n_columns)
        What the model reads.
    ids : sequence of m ids, optional
        Of the rows of X; the declared ids in their order if left out.

    Raises
    ------
    ParameterError
        If the model has no stages.
    DataError
        If its classes are not the recorder's, or as `Recorder.update` says.
    """
    column_of = _columns_of_classes(recorder, model)
    ids = recorder.ids if ids is None else np.asarray(ids)
    last = None
    for logits in _staged_logits(model, X):
        last = logits[:, column_of]
        recorder.update(ids, last)
        recorder.end_epoch()
    if last is not None:
        _, once = np.unique(ids, return_index=True)  # a row that is repeated says the same again
        recorder.final(ids[once], last[once])


def _columns_of_classes(recorder: Recorder, model: Any) -> np.ndarray:
    """Return, for each class of the recorder, its column in the model's outputs."""
    classes = np.asarray(getattr(model, "classes_", []))
    found: list
    expected: list
    if classes.dtype.kind in "iu":
        found, expected = classes.tolist(), list(range(recorder.n_classes or len(classes)))
    else:
        found, expected = [str(one) for one in classes], list(recorder.class_names)
    if sorted(found) != sorted(expected):
        raise DataError(
            f"The model's classes must be the recorder's, {expected[:5]}. Got {found[:5]}.",
            hint="fit it on the recorder's codes or class names, with a sample of every class.",
        )
    return np.array([found.index(one) for one in expected])


def _staged_logits(model: Any, X: Any) -> Iterator[np.ndarray]:
    decide = getattr(model, "staged_decision_function", None)
    chances = getattr(model, "staged_predict_proba", None)
    if decide is None and chances is None:
        raise ParameterError(
            "The 'model' parameter of record_stages must have staged_decision_function or "
            f"staged_predict_proba. Got {type(model).__name__} instead."
        )
    if decide is not None and (chances is None or _are_logits(decide(X), chances(X))):
        return (logits_of(raw) for raw in decide(X))
    assert chances is not None
    return (np.log(np.maximum(share, _FLOOR)) for share in chances(X))


def _are_logits(decisions: Iterator[np.ndarray], chances: Iterator[np.ndarray]) -> bool:
    implied = softmax(logits_of(next(iter(decisions))), axis=1)
    return np.allclose(implied, next(iter(chances)), atol=1e-6)
