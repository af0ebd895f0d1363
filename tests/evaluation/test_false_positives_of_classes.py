"""Precision and F1 of a class differ between equally good arms as rarely as is said."""

import numpy as np
import pytest

from steelyard.evaluation import evaluate
from steelyard.records import Predictions

EVEN = [60] * 5
LONG_TAILED = [150, 60, 20, 8, 2]
COMPARED = ["precision", "f1"]


def arms(draw, sizes, n_seeds, own, gain=0.0):
    """Return the models of two arms that see the same hard samples; the other gains on class 0.

    Samples differ in how hard they are, arms in the noise that they add to them, and seeds in
    theirs and in how much they like each class.
    """
    truth = np.repeat(np.arange(len(sizes)), sizes)
    shape = len(truth), len(sizes)
    hard = 2 * np.eye(len(sizes))[truth] + draw.normal(size=shape)
    names = tuple(f"c{k}" for k in range(len(sizes)))
    models = []
    for arm in ("base", "other"):
        mine = own * draw.normal(size=shape)
        for seed in range(n_seeds):
            liked = 0.2 * draw.normal(size=len(sizes)) * (n_seeds > 1)
            logits = hard + mine + 0.5 * own * draw.normal(size=shape) + liked
            if arm == "other":
                logits[:, 0] += gain * np.where(truth == 0, 1, -1)
            models.append(
                Predictions(np.arange(len(truth)), truth, logits, names, arm=arm, seed=seed)
            )
    return models


def compared(models, n_resamples=150, **how):
    how = {"metrics": ["accuracy"], "class_metrics": COMPARED, **how}
    found = evaluate(models, n_resamples=n_resamples, **how).class_differences
    return found[found["prior"] == "test"]


def shares(sizes, n_seeds, own, repeats, gain=0.0):
    """Return how often each metric of each class is a finding, alone and in its family."""
    draw = np.random.default_rng([*sizes, n_seeds])
    alone, family, told = 0, 0, 0
    for _ in range(repeats):
        rows = compared(arms(draw, sizes, n_seeds, own, gain))
        p, p_holm = (
            rows.pivot(index="metric", columns="class", values=one).loc[COMPARED].to_numpy()
            for one in ("p", "p_holm")
        )
        told = told + ~np.isnan(p)
        alone = alone + (p < 0.05)
        family = family + (p_holm < 0.05).any(axis=1)
    return alone / np.maximum(told, 1), family / repeats, told


def most(repeats):
    """Return 5 % and three standard errors of as many repeats."""
    return 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)


@pytest.mark.parametrize("n_seeds", [1, 3])
@pytest.mark.parametrize("sizes", [EVEN, LONG_TAILED])
def test_equal_arms_are_hardly_ever_told_apart(sizes, n_seeds):
    alone, family, told = shares(sizes, n_seeds, 0.6, 25)
    assert told[:, :3].min() == 25
    assert alone.max() <= most(25)
    assert family.max() <= most(25)


@pytest.mark.slow
@pytest.mark.parametrize("n_seeds", [1, 3, 10])
@pytest.mark.parametrize("own", [0.3, 1.0])
@pytest.mark.parametrize("sizes", [EVEN, LONG_TAILED])
def test_false_positives_of_precision_and_f1(sizes, own, n_seeds):
    alone, family, _ = shares(sizes, n_seeds, own, 100)
    assert alone.max() <= most(100)
    assert family.max() <= most(100)


@pytest.mark.parametrize("n_seeds", [1, 3])
def test_a_true_difference_is_found(n_seeds):
    alone, _, _ = shares(EVEN, n_seeds, 0.3, 10, gain=2.5)
    assert (alone[:, 0] >= 0.7).all()
