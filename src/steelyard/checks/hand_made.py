"""Hand-made records to try a contract on: small, without a network, every value known."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.special import log_softmax

from steelyard.records.dynamics import Dynamics
from steelyard.records.labelled import Labelled


def dynamics_from_logits(
    logits: np.ndarray,
    labels: np.ndarray,
    ids: np.ndarray,
    class_names: Sequence[str],
) -> Dynamics:
    """Return the dynamics of a whole trace of logits.

    Parameters
    ----------
    logits : ndarray of shape (runs, epochs, n, K)
        What the network said of each sample after each epoch.
    labels : ndarray of shape (n,)
        Class codes.
    ids : ndarray of shape (n,)
        Sample ids.
    class_names : sequence of str
        One name a class.
    """
    logits = np.asarray(logits, dtype=np.float64)
    labels = np.asarray(labels)
    own = np.arange(logits.shape[-1]) == labels[:, None]
    own_logit = logits[..., own]
    margin = own_logit - np.where(own, -np.inf, logits).max(axis=-1)
    log_probability = log_softmax(logits, axis=-1)
    right = margin > 0  # a tie is no decision for the label
    n_epochs = logits.shape[1]
    channels = {
        "margin": margin.mean(axis=1),
        "probability": np.exp(log_probability[..., own]).mean(axis=1),
        "loss": -log_probability[..., own].mean(axis=1),
        "error_norm": np.linalg.norm(np.exp(log_probability) - own, axis=-1).mean(axis=1),
        "correct": right.mean(axis=1),
        "forgetting": (right[:, :-1] & ~right[:, 1:]).sum(axis=1),
        "logit": own_logit.mean(axis=1),
        "first_learned": np.where(right.any(axis=1), right.argmax(axis=1), n_epochs),
    }
    return Dynamics(
        ids,
        labels,
        tuple(class_names),
        MappingProxyType(channels),
        n_epochs,
        "hand-made",
    )


def labelled(
    labels: Sequence[int] | np.ndarray,
    class_names: Sequence[str],
    ids: np.ndarray | None = None,
    split: np.ndarray | None = None,
) -> Labelled:
    """Return a table of one column with these labels; the value follows the id.

    Parameters
    ----------
    labels : sequence of int
        Class codes.
    class_names : sequence of str
        One name a class.
    ids : ndarray, optional
        Sample ids; shuffled numbers by default, so that no row is its own id.
    split : ndarray of str, optional
        The part of each sample.
    """
    n = len(labels)
    if ids is None:
        ids = np.random.default_rng(0).permutation(10 * n)[:n]
    table = pd.DataFrame({"value": np.asarray(ids, dtype=np.float64) / 2})
    return Labelled(table, np.asarray(labels), tuple(class_names), ids, split, name="hand-made")
