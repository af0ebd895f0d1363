"""Plain arrays, as scikit-learn's metrics take them, judged as predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError
from steelyard.evaluation.evaluate import evaluate
from steelyard.records.evaluation import Evaluation
from steelyard.records.predictions import Predictions
from steelyard.records.probabilities import log_odds_of, logits_of


def evaluate_arrays(
    y_true: Any,
    y_prob: Any,
    *,
    labels: Sequence[Any] | None = None,
    train_prior: Any = None,
    **options: Any,
) -> Evaluation:
    """Judge one model's probabilities, given as `sklearn.metrics` takes them.

    Parameters
    ----------
    y_true, y_prob, labels, train_prior
        As in `predictions_of`.
    **options
        What `evaluate` takes besides: ``priors``, ``metrics``, ``groups``, ...

    Raises
    ------
    DataError
        As `predictions_of` and `evaluate`.
    """
    return evaluate(
        [predictions_of(y_true, y_prob, labels=labels, train_prior=train_prior)], **options
    )


def predictions_of(
    y_true: Any,
    y_prob: Any,
    *,
    labels: Sequence[Any] | None = None,
    train_prior: Any = None,
    ids: Any = None,
    arm: str = "model",
    seed: int = 0,
    split: str = "test",
) -> Predictions:
    """Return arrays as the record that every judge takes.

    Parameters
    ----------
    y_true : array_like of shape (n,), or (n, K) of 0 and 1
        Labels as the data have them; or which labels each sample has (multi-label).
    y_prob : array_like of shape (n, K), or (n,)
        Probabilities, what ``predict_proba`` gives; of shape (n,) those of the second of two
        classes.
    labels : sequence, optional
        What the columns stand for: ``model.classes_``. By default the sorted labels of
        ``y_true``, which must then be as many as the columns.
    train_prior : array_like of shape (K,), optional
        Class shares or counts that training saw; without them nothing can be corrected.
    ids : array_like of shape (n,), optional
        0 to n - 1 by default.
    arm, seed, split
        As in `Predictions`.

    Raises
    ------
    DataError
        If lengths or labels do not fit, a label has no column, or probabilities are none.
    """
    probabilities = _numbers(y_prob)
    truth = np.asarray(y_true)
    if not truth.ndim or not len(truth):
        raise DataError(
            f"There must be one label or more. Got an array of shape {truth.shape}.",
            hint="check which rows were chosen.",
        )
    several = truth.ndim == 2
    if probabilities.ndim == 1 and not several:
        probabilities = np.column_stack([1 - probabilities, probabilities])
    if probabilities.ndim != 2 or len(probabilities) != len(truth):
        raise DataError(
            f"Probabilities must be of shape ({len(truth)}, K), as many rows as there are labels. "
            f"Got {np.shape(y_prob)}."
        )
    n_columns = probabilities.shape[1]
    names = _names(truth, n_columns, labels, several)
    return Predictions(
        np.arange(len(truth)) if ids is None else ids,
        truth if several else _codes(truth, names),
        log_odds_of(probabilities) if several else logits_of(probabilities),
        tuple(str(name) for name in names),
        train_prior,
        arm=arm,
        seed=seed,
        split=split,
    )


def _numbers(y_prob: Any) -> np.ndarray:
    try:
        probabilities = np.asarray(y_prob, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"Probabilities must be numbers: {error}.") from error
    if np.isinf(probabilities).any():  # whose sums would warn
        row = int(np.argwhere(np.isinf(probabilities))[0, 0])
        raise DataError(f"Probabilities must be finite. Those of row {row} are not.")
    return probabilities


def _names(
    truth: np.ndarray, n_columns: int, labels: Sequence[Any] | None, several: bool
) -> list[Any]:
    if labels is not None:
        names = list(labels)
    elif several:
        names = [f"label {code}" for code in range(n_columns)]
    else:
        names = pd.unique(pd.Series(truth).dropna()).tolist()
        try:
            names.sort()
        except TypeError as error:
            kinds = sorted({type(name).__name__ for name in names})
            raise DataError(
                f"The labels have no order: they are of the types {kinds}.",
                hint="make them all text, or say what the columns stand for: labels=...",
            ) from error
    if len(names) != n_columns:
        raise DataError(
            f"There are {n_columns} columns of probabilities and {len(names)} labels "
            f"{[str(name) for name in names[:12]]}.",
            hint="say what the columns stand for: labels=model.classes_.",
        )
    twice = [str(name) for name in names if names.count(name) > 1]
    if twice:
        raise DataError(
            f"Every label must have one column. {twice[0]!r} has {twice.count(twice[0])}.",
            hint="labels=model.classes_ names each class once.",
        )
    return names


def _codes(truth: np.ndarray, names: list[Any]) -> np.ndarray:
    codes = pd.Index(names).get_indexer(pd.Index(truth))
    if (codes < 0).any():
        strange = sorted({str(label) for label in truth[codes < 0]})
        raise DataError(
            f"The labels {strange[:5]} have no column of probabilities.",
            hint=f"the columns stand for {[str(name) for name in names[:12]]}.",
        )
    return codes
