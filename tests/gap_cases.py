"""Arms whose recalls by class are known, on samples that are hard for all of them."""

import numpy as np
from scipy import special

from steelyard.records import Predictions

NAMES = tuple("abcdefghij")


def arms_of(draw, recalls, n_seeds, size, spread):
    """Return models of arms by their true recalls of each class, ``size`` samples a class.

    Parameters
    ----------
    recalls : mapping of arm to sequence of float
        Recall of each class, over all samples and trainings.
    spread : float
        Standard deviation of a class's recall from training to training.
    """
    first = np.array(next(iter(recalls.values())))
    n_classes = len(first)
    truth = np.repeat(np.arange(n_classes), size)
    ease = draw.normal(size=len(truth))
    models = []
    for arm, true in recalls.items():
        for seed in range(n_seeds):
            mine = np.clip(np.array(true) + spread * draw.normal(size=n_classes), 0.01, 0.99)
            eager = np.sqrt(2) * special.ndtri(mine)[truth] + ease
            right = eager + draw.normal(size=len(truth)) > 0
            wrong = (truth + draw.integers(1, n_classes, len(truth))) % n_classes
            logits = 3.0 * np.eye(n_classes)[np.where(right, truth, wrong)]
            models.append(
                Predictions(
                    np.arange(len(truth)), truth, logits, NAMES[:n_classes], arm=arm, seed=seed
                )
            )
    return models
