"""What one model gets on one sample; every overall metric is a mean of these."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from steelyard.records.predictions import Predictions


def correctness(predictions: Predictions) -> np.ndarray:
    """Return 1 where the most probable class is the true one, else 0, shape (n,)."""
    return (predictions.predicted == predictions.truth).astype(np.float64)


def negative_log_likelihood(predictions: Predictions) -> np.ndarray:
    """Return minus the natural logarithm of the true class's probability, shape (n,), nats."""
    # not from log_probabilities, which a model keeps: K numbers a sample, where one is needed
    logits = predictions.logits - predictions.logits.max(axis=1, keepdims=True)
    own = logits[np.arange(len(predictions)), predictions.truth]
    return np.log(np.exp(logits, out=logits).sum(axis=1)) - own


def squared_distance(predictions: Predictions) -> np.ndarray:
    """Return the squared distance of the probabilities from the truth, shape (n,), 0 to 2.

    Its mean is the Brier score: with two classes twice what scikit-learn calls so.
    """
    probabilities = predictions.logits - predictions.logits.max(axis=1, keepdims=True)
    np.exp(probabilities, out=probabilities)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    own = probabilities[np.arange(len(predictions)), predictions.truth]
    return np.maximum((probabilities**2).sum(axis=1) - 2 * own + 1, 0.0)


def label_correctness(predictions: Predictions) -> np.ndarray:
    """Return the share of each sample's labels that are told right, shape (n,)."""
    return (predictions.predicted == predictions.truth).mean(axis=1)


# The ends of what each metric can be: no interval of a level reaches beyond them.
RANGES = MappingProxyType({"accuracy": (0.0, 1.0), "log_loss": (0.0, np.inf), "brier": (0.0, 2.0)})

# A metric under a prior is sum_c prior_c * (mean of its quantity over samples of class c).
QUANTITIES: MappingProxyType[str, Callable[[Predictions], np.ndarray]] = MappingProxyType(
    {"accuracy": correctness, "log_loss": negative_log_likelihood, "brier": squared_distance}
)

# Of several labels; their log loss and Brier score weigh each label by itself, not the sample.
LABEL_QUANTITIES: MappingProxyType[str, Callable[[Predictions], np.ndarray]] = MappingProxyType(
    {"accuracy": label_correctness}
)
