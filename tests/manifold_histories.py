"""Hand-made histories of class manifolds."""

import numpy as np

from steelyard.records.manifold_history import ManifoldHistory


def history(radii, labels, wrong=None, epochs=None, names=None):
    """Radii of shape (runs, E, K) and errors of shape (runs, E, n), as a history."""
    radii = np.asarray(radii, dtype=float)
    labels = np.asarray(labels)
    runs, n_epochs, k = radii.shape
    wrong = np.zeros((runs, n_epochs, len(labels))) if wrong is None else np.asarray(wrong)
    return ManifoldHistory(
        np.arange(len(labels)) + 100,
        labels,
        names or tuple("abcdefghij"[:k]),
        np.arange(n_epochs) if epochs is None else np.asarray(epochs),
        radii,
        np.packbits(wrong.astype(bool), axis=-1),
        "sphere-root",
        "hidden",
        "print",
    )


def valley(lowest, epochs, down=1.0, up=1.0):
    """A curve without noise that falls to its minimum and rises from there."""
    distance = np.asarray(epochs) - lowest
    return 1 + np.where(distance < 0, -down, up) * distance / 1000
