"""How well networks do on the hard and the easy samples of a test part."""

from __future__ import annotations

import numpy as np

METRICS = ("accuracy", "recall", "precision", "f1")


def measure(truth: np.ndarray, predicted: np.ndarray, n_classes: int) -> dict[str, np.ndarray]:
    """Return accuracy and the macro means of recall, precision and F1, in %.

    Macro means run over the classes that occur among the truths or the predictions, and a quotient
    of 0 by 0 counts as 0, as in scikit-learn, which the published numbers come from.

    Parameters
    ----------
    truth : ndarray of shape (m,)
        Class codes.
    predicted : ndarray of shape (M, m)
        Of each network.
    n_classes : int
        K.

    Returns
    -------
    dict of str to ndarray of shape (M,)
        NaN where there is no sample.
    """
    n_networks = len(predicted)
    if not len(truth):
        return {name: np.full(n_networks, np.nan) for name in METRICS}
    truth = truth.astype(np.int64)  # codes come narrow, and the numbers of pairs do not fit there
    pairs = (np.arange(n_networks)[:, None] * n_classes + truth) * n_classes + predicted
    shape = (n_networks, n_classes, n_classes)
    counts = np.bincount(pairs.ravel(), minlength=np.prod(shape)).reshape(shape)
    right = np.diagonal(counts, axis1=1, axis2=2)
    true, said = counts.sum(axis=2), counts.sum(axis=1)
    occurs = (true + said) > 0
    shares = {
        "recall": right / np.maximum(true, 1),
        "precision": right / np.maximum(said, 1),
        "f1": 2 * right / np.maximum(true + said, 1),
    }
    means = {name: share.sum(axis=1) / occurs.sum(axis=1) for name, share in shares.items()}
    return {
        name: 100 * value
        for name, value in {"accuracy": right.sum(axis=1) / len(truth), **means}.items()
    }
