"""Hand-made records to try a contract on: small, without a network, every value known."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.special import entr, log_softmax, logsumexp

from steelyard.records.dynamics import Dynamics
from steelyard.records.inversions import Inversions
from steelyard.records.labelled import Labelled
from steelyard.records.neighbours import Neighbours


def dynamics_from_logits(
    logits: np.ndarray,
    labels: np.ndarray,
    ids: np.ndarray,
    class_names: Sequence[str],
    early_epoch: int = 0,
) -> Dynamics:
    """Return the dynamics of a whole trace of logits, with every group of channels.

    The last epoch stands for the trained model, the one before it (if there is one) for the
    models that left the sample out, and the whole trace for the epochs on other samples. The
    gradient is that of the biases alone, whose norm is the error norm.

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
    early_epoch : int
        The early epoch; the last one if there are fewer.
    """
    logits = np.asarray(logits, dtype=np.float64)
    labels = np.asarray(labels)
    n_epochs = logits.shape[1]
    early = min(early_epoch, n_epochs - 1)
    own = np.arange(logits.shape[-1]) == labels[:, None]
    own_logit = logits[..., own]
    margin = own_logit - np.where(own, -np.inf, logits).max(axis=-1)
    log_probability = log_softmax(logits, axis=-1)
    probabilities = np.exp(log_probability)
    probability, loss = probabilities[..., own], -log_probability[..., own]
    probability_margin = probability - np.where(own, 0.0, probabilities).max(axis=-1)
    error_norm = np.linalg.norm(probabilities - own, axis=-1)
    right = margin > 0  # a tie is no decision for the label
    wrong_to_the_end = np.cumprod(~right[:, ::-1], axis=1)
    left_out = max(n_epochs - 2, 0)
    channels = {
        "margin": margin.mean(axis=1),
        "probability": probability.mean(axis=1),
        "loss": loss.mean(axis=1),
        "error_norm": error_norm.mean(axis=1),
        "correct": right.mean(axis=1),
        "forgetting": (right[:, :-1] & ~right[:, 1:]).sum(axis=1),
        "logit": own_logit.mean(axis=1),
        "first_learned": np.where(right.any(axis=1), right.argmax(axis=1), n_epochs),
        "probability_margin": probability_margin.mean(axis=1),
        "aleatoric": (probability * (1 - probability)).mean(axis=1),
        "variability": probability.std(axis=1),
        "early_error_norm": error_norm[:, early],
        "final_margin": margin[:, -1],
        "final_probability": probability[:, -1],
        "final_max_probability": probabilities[:, -1].max(axis=-1),
        "final_max_logit": logits[:, -1].max(axis=-1),
        "final_energy": -logsumexp(logits[:, -1], axis=-1),
        "final_entropy": entr(probabilities[:, -1]).sum(axis=-1),
        "final_loss": loss[:, -1],
        "gradient_norm": error_norm[:, early],
        "unlearned": wrong_to_the_end.mean(axis=1),
        "left_out_probability": probability[:, left_out],
        "left_out_margin": probability_margin[:, left_out],
    }
    return Dynamics(
        ids,
        labels,
        tuple(class_names),
        MappingProxyType(channels),
        n_epochs,
        "hand-made",
        early,
    )


def neighbours_of_points(
    points: np.ndarray,
    labels: np.ndarray,
    ids: np.ndarray,
    class_names: Sequence[str],
    k: int,
) -> Neighbours:
    """Return the nearest others of few points, each compared with every other one.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        Where each sample lies.
    labels : ndarray of shape (n,)
        Class codes.
    ids : ndarray of shape (n,)
        Sample ids; ties go by them.
    class_names : sequence of str
        One name a class.
    k : int
        Neighbours of each; n - 1, if there are no more others.
    """
    points = np.asarray(points, dtype=np.float64)
    n = len(points)
    distances = np.sqrt(((points[:, None] - points) ** 2).sum(axis=2))
    order = np.array([np.lexsort((ids, row)) for row in distances])
    others = order[order != np.arange(n)[:, None]].reshape(n, n - 1)[:, :k]
    return Neighbours(
        ids,
        labels,
        tuple(class_names),
        others,
        np.take_along_axis(distances, others, axis=1),
        "hand-made",
    )


def inversions_of_errors(
    wrong: np.ndarray,
    turns: np.ndarray,
    labels: np.ndarray,
    ids: np.ndarray,
    class_names: Sequence[str],
) -> Inversions:
    """Return the inversions of classes whose epochs are known, of a whole trace of errors.

    Parameters
    ----------
    wrong : ndarray of shape (runs, epochs, n)
        Whether each sample was misclassified after each epoch.
    turns : ndarray of shape (runs, K)
        The epoch in which each class turned over; -1 where it did not.
    labels : ndarray of shape (n,)
        Class codes.
    ids : ndarray of shape (n,)
        Sample ids.
    class_names : sequence of str
        One name a class.
    """
    wrong, turns = np.asarray(wrong, dtype=bool), np.asarray(turns)
    mine = turns[:, np.asarray(labels)]  # of each sample
    since = (np.arange(wrong.shape[1])[:, None] >= mine[:, None]) & (mine >= 0)[:, None]
    at = np.take_along_axis(wrong, np.maximum(mine, 0)[:, None], axis=1)[:, 0]
    return Inversions(
        ids,
        labels,
        tuple(class_names),
        "snapshot",
        turns,
        turns < 0,
        at & (mine >= 0),
        (wrong & since).sum(axis=1) / np.maximum(since.sum(axis=1), 1),
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
