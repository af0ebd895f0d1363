"""What is kept of an arm's models under one decision: what they called, and values of samples."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import numpy as np

from steelyard.evaluation.quantities import LABEL_QUANTITIES, QUANTITIES
from steelyard.records.predictions import Predictions

Models = Callable[[], Iterable[Predictions]]


@dataclass(frozen=True, eq=False)
class Judged:
    """The models of one arm and decision; their logits, K a sample, are not kept.

    Parameters
    ----------
    predicted : ndarray of shape (S, n), or of bool and shape (S, n, K)
        Class codes, or labels, of each seed.
    values : mapping of str to ndarray of shape (S, n)
        Of each metric of `QUANTITIES` that is judged, what each sample gets.
    models : callable
        Yields the models again, one at a time, for what needs their scores.
    """

    predicted: np.ndarray
    values: dict[str, np.ndarray]
    models: Models


def judge(models: Models, metrics: Collection[str]) -> Judged:
    """Go through the models of one arm, as decided, once."""
    predicted = []
    values: dict[str, list[np.ndarray]] = {}
    for model in models():
        quantities = LABEL_QUANTITIES if model.multi_label else QUANTITIES
        for metric in metrics:
            if metric in quantities:
                values.setdefault(metric, []).append(quantities[metric](model))
        codes = model.logits > 0 if model.multi_label else model.logits.argmax(axis=1)
        predicted.append(codes.astype(np.int32) if codes.ndim == 1 else codes)
    return Judged(
        np.stack(predicted), {metric: np.stack(rows) for metric, rows in values.items()}, models
    )
