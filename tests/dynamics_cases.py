"""Hand-made traces of logits, shape (runs, epochs, n, K), that scores and recorders share."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Trace:
    """Logits with their labels, ids and class names."""

    logits: np.ndarray
    labels: np.ndarray
    ids: np.ndarray
    class_names: tuple[str, ...]


def trace(logits, labels, class_names=("<b>a</b>", "é\n", "-1")):
    labels = np.asarray(labels)
    ids = np.random.default_rng(5).permutation(1000)[: len(labels)]
    n_classes = np.shape(logits)[-1]
    return Trace(np.asarray(logits, dtype=float), labels, ids, class_names[:n_classes])


def of_rightness(*rows, margin=2.0):
    """One run of two classes; a row such as "1010" tells in which epochs a sample is right."""
    own = np.array([[margin if letter == "1" else -margin for letter in row] for row in rows])
    logits = np.zeros((1, own.shape[1], len(rows), 2))
    logits[0, :, :, 0] = own.T
    return trace(logits, np.zeros(len(rows), dtype=int))


def random(runs=3, epochs=7, n=20, classes=3, seed=0):
    draw = np.random.default_rng(seed)
    logits = draw.normal(scale=2.0, size=(runs, epochs, n, classes))
    return trace(logits, draw.integers(0, classes, n))


CASES = {
    "random": random(),
    "one run": random(runs=1),
    "one epoch": random(epochs=1),
    "one sample": random(n=1),
    "two classes": random(classes=2),
    "rightness": of_rightness("1111", "0000", "1010", "0101", "0011", "1100"),
    "constant": trace(np.zeros((2, 3, 4, 3)), [0, 1, 2, 0]),
    "huge logits": trace(np.random.default_rng(1).normal(0, 3000, (2, 3, 5, 3)), [0, 1, 2, 1, 0]),
}
