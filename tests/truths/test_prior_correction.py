"""Worlds whose posterior is known: what training distorts, the correction gives back."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

import steelyard as sy
from steelyard._support.errors import SteelyardWarning
from steelyard.evaluation import correct_prior, effective_prior
from steelyard.records import Labelled, Plan, Predictions

CENTRES = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
WORLD = np.array([0.85, 0.1, 0.05])
NAMES = ("a", "b", "c")


def drawn(n, seed, prior=WORLD):
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, n, p=prior)
    return rng.normal(size=(n, 2)) + CENTRES[truth], truth


def posterior(x, prior=WORLD):
    likelihood = -((x[:, np.newaxis] - CENTRES) ** 2).sum(axis=2) / 2
    return softmax(likelihood + np.log(prior), axis=1)


def excess(p, truth, x, prior=WORLD):
    """Log loss above that of the true posterior, which nothing can beat but by chance."""
    rows = np.arange(len(truth))
    return float((np.log(posterior(x, prior)[rows, truth]) - np.log(p[rows, truth])).mean())


X, TRUTH = drawn(8_000, 0)
X_TEST, TRUTH_TEST = drawn(40_000, 1)
DATA = Labelled(pd.DataFrame(X, columns=["x", "y"]), TRUTH, NAMES, np.arange(len(X)))


@pytest.mark.parametrize("degree", [0.5, 1.0, 1.5])
def test_a_plan_is_undone(degree):
    plan = sy.plan(DATA, degree=degree)
    rows = plan.rows(DATA)
    model = LogisticRegression(C=1e6).fit(X[rows], TRUTH[rows])
    stated = np.log(model.predict_proba(X_TEST))
    one = Predictions(np.arange(len(X_TEST)), TRUTH_TEST, stated, NAMES)
    (corrected,) = sy.correct(one, "train", plan=plan)
    before = excess(np.exp(one.log_probabilities), TRUTH_TEST, X_TEST)
    after = excess(np.exp(corrected.log_probabilities), TRUTH_TEST, X_TEST)
    assert before > 0.04
    # what is left is that of 6 coefficients learned from 8,000 samples, of which few are rare
    assert abs(after) < 0.002
    off = np.abs(np.exp(corrected.log_probabilities) - posterior(X_TEST))
    assert off.mean() < 0.01


def test_weights_in_the_loss_are_undone_and_multiply_a_plan():
    plan = sy.plan(DATA, degree=0.5)
    rows = plan.rows(DATA)
    weights = {"a": 1.0, "b": 2.0, "c": 6.0}
    model = LogisticRegression(C=1e6, class_weight=dict(enumerate(weights.values())))
    stated = np.log(model.fit(X[rows], TRUTH[rows]).predict_proba(X_TEST))
    one = Predictions(np.arange(len(X_TEST)), TRUTH_TEST, stated, NAMES)
    with pytest.warns(SteelyardWarning, match="A sampler and loss weights multiply"):
        (corrected,) = sy.correct(one, "train", plan=plan, class_weights=weights)
    assert abs(excess(np.exp(corrected.log_probabilities), TRUTH_TEST, X_TEST)) < 0.002
    for forgotten in ({"class_weights": weights, "train_prior": WORLD}, {"plan": plan}):
        (wrong,) = sy.correct(one, "train", **forgotten)
        assert excess(np.exp(wrong.log_probabilities), TRUTH_TEST, X_TEST) > 0.02


def test_another_population_is_reached():
    model = LogisticRegression(C=1e6).fit(X, TRUTH)
    field = np.array([0.1, 0.2, 0.7])
    x, truth = drawn(40_000, 2, field)
    found = correct_prior(model.predict_proba(x), DATA.prior, field)
    assert abs(excess(found, truth, x, field)) < 0.005
    assert excess(model.predict_proba(x), truth, x, field) > 0.3


# Two labels, each with a number of its own that tells of it, and independent of one another.
SHARES = np.array([0.1, 0.3])
ODDS = np.log(SHARES / (1 - SHARES))


def labelled(n, seed):
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 2)) < SHARES
    return rng.normal(size=(n, 2)) + 1.5 * truth, truth


def label_posterior(x):
    return expit(ODDS + 1.5 * x - 1.5**2 / 2)


def label_excess(p, truth, x):
    def loss(q):
        return -np.log(np.where(truth, q, 1 - q)).mean()

    return float(loss(p) - loss(label_posterior(x)))


X_LABELS, HOT = labelled(20_000, 3)
X_LABELS_TEST, HOT_TEST = labelled(40_000, 4)
LABELS = Labelled(
    pd.DataFrame(X_LABELS, columns=["x", "y"]), HOT, ("rare", "common"), np.arange(len(HOT))
)


def labels_by(counts):
    plan = Plan.of(LABELS, counts, counts @ HOT, "by hand")
    rows = plan.rows(LABELS)
    stated = [
        LogisticRegression(C=1e6).fit(X_LABELS[rows], HOT[rows, k]).decision_function(X_LABELS_TEST)
        for k in range(2)
    ]
    ids = np.arange(len(HOT_TEST))
    one = Predictions(ids, HOT_TEST, np.stack(stated, axis=1), LABELS.class_names)
    (corrected,) = sy.correct(one, "train", plan=plan)
    return [
        label_excess(np.exp(each.log_probabilities), HOT_TEST, X_LABELS_TEST)
        for each in (one, corrected)
    ]


def test_labels_that_shift_each_by_itself_are_given_back():
    before, after = labels_by(np.where(HOT[:, 0], 9, 1) * np.where(HOT[:, 1], 3, 1))
    assert before > 0.1
    assert abs(after) < 0.001


def test_labels_that_shift_together_are_given_back_in_part():
    # the largest repeat of a sample's labels: having one label makes the other rarer in the draws
    before, after = labels_by(np.maximum(np.where(HOT[:, 0], 9, 1), np.where(HOT[:, 1], 3, 1)))
    assert before > 0.05
    assert 0.001 < after < before / 4


def test_pos_weight_is_undone():
    weights = np.array([9.0, 3.0])
    stated = np.stack(
        [
            LogisticRegression(C=1e6, class_weight={False: 1.0, True: weights[k]})
            .fit(X_LABELS, HOT[:, k])
            .predict_proba(X_LABELS_TEST)[:, 1]
            for k in range(2)
        ],
        axis=1,
    )
    trained = effective_prior(LABELS.prior, weights, multi_label=True)
    found = correct_prior(stated, trained, LABELS.prior, multi_label=True)
    assert label_excess(stated, HOT_TEST, X_LABELS_TEST) > 0.1
    assert abs(label_excess(found, HOT_TEST, X_LABELS_TEST)) < 0.001


def test_a_regularised_model_is_not_given_back():
    # shrunk towards no slope it is not calibrated where it was trained, and no prior mends that
    plan = sy.plan(DATA, degree=1.0)
    rows = plan.rows(DATA)
    model = LogisticRegression(C=1e-4).fit(X[rows], TRUTH[rows])
    found = correct_prior(model.predict_proba(X_TEST), plan.prior, DATA.prior)
    assert excess(found, TRUTH_TEST, X_TEST) > 0.02


def test_samples_chosen_by_hardness_are_given_back_in_part():
    # only the harder half of each class is kept: the classes themselves look different then
    own = posterior(X)[np.arange(len(X)), TRUTH]
    counts = np.zeros(len(X), dtype=int)
    for code in range(3):
        mine = np.flatnonzero(code == TRUTH)
        counts[mine[np.argsort(own[mine])[: len(mine) // 2]]] = 2 * len(X) // len(mine)
    plan = Plan.of(DATA, counts, np.full(3, counts.sum() / 3), "the harder half, balanced")
    rows = plan.rows(DATA)
    model = LogisticRegression(C=1e6).fit(X[rows], TRUTH[rows])
    stated = np.log(model.predict_proba(X_TEST))
    one = Predictions(np.arange(len(X_TEST)), TRUTH_TEST, stated, NAMES)
    (corrected,) = sy.correct(one, "train", plan=plan)
    before = excess(np.exp(one.log_probabilities), TRUTH_TEST, X_TEST)
    after = excess(np.exp(corrected.log_probabilities), TRUTH_TEST, X_TEST)
    assert 0.02 < after < before
