"""How far stated probabilities lie from the frequencies they promise: binned calibration errors."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from scipy.special import log_softmax, logsumexp

from steelyard.records.predictions import Predictions

_SURE = 680.0  # nats: beyond lie probabilities that were stated as 0 or 1 (-708), and corrections
_DIGITS = 9  # of log-odds: beyond lies the noise of the arithmetic


def calibration_error(
    confidence: np.ndarray, right: np.ndarray, weights: np.ndarray, bins: np.ndarray
) -> float:
    """Return the expected calibration error: mean |frequency - stated probability| over bins.

    Parameters
    ----------
    confidence : ndarray of shape (n,)
        Stated probabilities.
    right : ndarray of shape (n,)
        Whether what was stated came true.
    weights : ndarray of shape (n,)
        What each sample counts for, of positive sum. A bin counts for what is in it.
    bins : ndarray of shape (n,)
        The bin of each sample.

    References
    ----------
    Naeini, Cooper and Hauskrecht (2015), AAAI 29.
    """
    gaps = np.bincount(bins, weights=weights * (right - confidence))
    return float(np.abs(gaps).sum() / weights.sum())


def bins_of_equal_mass(confidence: np.ndarray, weights: np.ndarray, n_bins: int) -> np.ndarray:
    """Return each sample's bin, so that the bins hold equal weight as far as ties allow.

    Equal probabilities share a bin, that of the middle of their weight: neither the order of
    rows nor a constant prediction changes what is measured.
    """
    _, place = np.unique(confidence, return_inverse=True)
    mass = np.bincount(place, weights=weights)
    middle = np.cumsum(mass) - mass / 2
    bins = np.floor(middle / mass.sum() * n_bins).astype(np.int64)
    return np.clip(bins, 0, n_bins - 1)[place]


def bins_of_equal_width(confidence: np.ndarray, weights: np.ndarray, n_bins: int) -> np.ndarray:
    """Return each sample's bin of [0, 1/B), [1/B, 2/B), ... [1 - 1/B, 1]; weights do not matter."""
    edges = np.linspace(0, 1, n_bins + 1)
    return np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, n_bins - 1)


# The two usual ways to bin, by the name of the measure that rests on it.
BINNINGS = MappingProxyType({"ece_mass": bins_of_equal_mass, "ece_width": bins_of_equal_width})


def log_odds(predictions: Predictions) -> np.ndarray:
    """Return the log-odds of each class against the rest, or of each label, shape (n, K).

    Exact however sure the model is: where the probability of a class rounds to 1, that of the
    rest is not taken from it.
    """
    logits = predictions.logits
    if predictions.multi_label:
        return logits
    every = np.arange(len(logits))
    top = logits.argmax(axis=1)
    rest = logits.copy()
    rest[every, top] = -np.inf
    log_p = log_softmax(logits, axis=1)  # not what predictions would keep: K numbers a sample
    with np.errstate(divide="ignore"):  # at the top, which is set below
        log_rest = np.log1p(-np.exp(log_p))
    log_rest[every, top] = logsumexp(rest, axis=1) - logsumexp(logits, axis=1)
    return log_p - log_rest


def rank_scores(predictions: Predictions) -> np.ndarray:
    """Return what classes are ranked by, shape (n, K): log-odds in which equal probabilities tie.

    Where a table says 0 or 1, the logarithm is that of the smallest number there is, and of equal
    probabilities the last digits differ by the rest of their rows: neither is an order.
    """
    return np.round(np.clip(log_odds(predictions), -_SURE, _SURE), _DIGITS)
