"""One confusion matrix a model, and what follows from it. A class without data is NaN, never 0."""

from __future__ import annotations

import numpy as np


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Return counts of shape (K, K): rows are true classes, columns are predicted ones.

    Parameters
    ----------
    truth, predicted : ndarray of shape (n,)
        Class codes 0..K-1.
    n_classes : int
        Number of classes K.
    """
    cells = np.bincount(truth * n_classes + predicted, minlength=n_classes**2)
    return cells.reshape(n_classes, n_classes)


def class_recall(confusion: np.ndarray) -> np.ndarray:
    """Return the share of each true class that is predicted right, shape (K,).

    NaN for a class without samples.
    """
    totals = confusion.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(totals > 0, np.diag(confusion) / totals, np.nan)


def class_precision(confusion: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return each class's precision where classes come in the shares ``prior``, shape (K,).

    ``precision_c = prior_c P(c|c) / sum_j prior_j P(c|j)``, with P(predicted | true) from the
    rows of the matrix, so that it does not depend on how many samples of each class the
    held-out part happens to hold. At the part's own shares it is the plain precision.
    NaN for a class that is never predicted or has no samples.

    Parameters
    ----------
    confusion : ndarray of shape (K, K)
        Counts, rows are true classes.
    prior : ndarray of shape (K,)
        Deployment shares; those of classes without samples count as 0.
    """
    totals = confusion.sum(axis=1, keepdims=True)
    rates = np.divide(confusion, totals, out=np.zeros(confusion.shape), where=totals > 0)
    weighted = prior[:, np.newaxis] * rates
    called = weighted.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where((called > 0) & (totals[:, 0] > 0), np.diag(weighted) / called, np.nan)
