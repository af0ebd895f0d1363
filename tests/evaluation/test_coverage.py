"""What is answered at a threshold, and what of it is right: by hand, and with priors."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation.coverage import aurc, coverage, risk_coverage
from steelyard.evaluation.intervals import wilson_interval
from steelyard.records import Predictions

NAMES = ("a", "b", "absent")
RNG = np.random.default_rng(0)
N = 400
TRUTH = np.repeat([0, 1], [300, 100])
FIELD = np.array([0.4, 0.6, 0.0])


def model(seed=0, truth=TRUTH):
    right = truth if truth.ndim == 2 else np.eye(3)[truth]
    logits = np.random.default_rng(seed).normal(0, 1.5, (len(truth), 3)) + 2 * right
    return Predictions(np.arange(len(truth)), truth, logits, NAMES, seed=seed)


def probabilities(one):
    return np.exp(one.log_probabilities)


@pytest.mark.parametrize("prior", [None, FIELD])
def test_shares_are_those_counted_by_hand(prior):
    models = [model(seed) for seed in range(3)]
    found = coverage(models, [0.8], prior).set_index("class")
    weights = np.ones(N) if prior is None else np.where(TRUTH == 0, 0.4 / 300, 0.6 / 100)
    cover, accuracy = [], []
    for one in models:
        answered = probabilities(one).max(axis=1) >= 0.8
        right = probabilities(one).argmax(axis=1) == TRUTH
        cover.append(np.average(answered, weights=weights))
        accuracy.append(np.average(right[answered], weights=weights[answered]))
    overall = found[found["scope"] == "overall"].iloc[0]
    assert overall["coverage"] == pytest.approx(np.mean(cover))
    assert overall["accuracy"] == pytest.approx(np.mean(accuracy))
    assert overall["coverage_low"] < overall["coverage"] < overall["coverage_high"]
    assert overall["n"] == N
    answered = [(probabilities(one).max(axis=1) >= 0.8)[TRUTH == 1] for one in models]
    assert found.loc["b", "coverage"] == pytest.approx(np.mean(answered))
    assert found.loc["b", "n_answered"] == pytest.approx(np.sum(answered) / 3)
    right = [(probabilities(one).argmax(axis=1) == TRUTH)[TRUTH == 1] for one in models]
    shares = [r[a].mean() for r, a in zip(right, answered, strict=True)]
    assert found.loc["b", "accuracy"] == pytest.approx(np.mean(shares))
    assert found.loc["absent", "n"] == 0
    assert np.isnan(found.loc["absent", "coverage"])


def test_a_plain_share_has_nearly_wilsons_interval():
    found = coverage(model(), [0.8]).set_index("class").loc["a"]
    expected = wilson_interval(found["coverage"], 300)
    assert found["coverage_low"] == pytest.approx(expected.low, abs=0.002)
    expected = wilson_interval(found["accuracy"], found["n_answered"])
    assert found["accuracy_low"] == pytest.approx(expected.low, abs=0.005)
    assert found["accuracy_high"] == pytest.approx(expected.high, abs=0.005)


def test_at_zero_all_is_answered_and_beyond_the_surest_nothing():
    sure = replace(model(), logits=np.tile([1.0, 0, 0], (N, 1)))
    everything, nothing = (coverage(sure, [t]).iloc[0] for t in (0, 0.9))
    assert everything["coverage"] == 1
    assert everything["accuracy"] == 0.75
    assert everything["coverage_low"] < 1  # and not a point
    assert nothing["coverage"] == nothing["n_answered"] == 0
    assert np.isnan(nothing["accuracy"])


def test_labels_are_called_with_precision_and_recall():
    hot = np.stack([TRUTH == 0, RNG.random(N) < 0.2, np.zeros(N, bool)], axis=1)
    labels = model(truth=hot)
    prior = np.array([0.5, 0.05, 0.5])
    found = coverage(labels, [0.5, 0.9], prior)
    assert (found["scope"] == "class").all()
    row = found[(found["threshold"] == 0.9) & (found["class"] == "b")].iloc[0]
    called, has = probabilities(labels)[:, 1] >= 0.9, hot[:, 1]
    tpr, fpr = called[has].mean(), called[~has].mean()
    assert row["recall"] == pytest.approx(tpr)
    assert row["called"] == pytest.approx(0.05 * tpr + 0.95 * fpr)
    assert row["precision"] == pytest.approx(0.05 * tpr / (0.05 * tpr + 0.95 * fpr))
    assert 0 <= row["precision_low"] < row["precision"] < row["precision_high"] <= 1
    assert (
        found[found["class"] == "absent"][["called", "precision", "recall"]].isna().all(axis=None)
    )


def test_the_curve_by_hand():
    curve = risk_coverage([0.9, 0.8, 0.8, 0.1], [1, 0, 1, 0])
    assert curve["threshold"].tolist() == [0.9, 0.8, 0.1]
    np.testing.assert_allclose(curve["coverage"], [0.25, 0.75, 1])
    np.testing.assert_allclose(curve["risk"], [0, 1 / 3, 0.5])
    weighted = risk_coverage([0.9, 0.8, 0.8, 0.1], [1, 0, 1, 0], [0, 3, 1, 4])
    np.testing.assert_allclose(weighted["coverage"], [0.5, 1])
    np.testing.assert_allclose(weighted["risk"], [0.75, 7 / 8])


@pytest.mark.parametrize("prior", [None, FIELD])
def test_its_area_is_the_mean_risk_over_the_samples_thresholds(prior):
    one = replace(model(), logits=model().logits.round(0))  # many ties
    weights = np.ones(N) if prior is None else np.where(TRUTH == 0, 0.4 / 300, 0.6 / 100)
    stated, right = probabilities(one).max(axis=1), one.predicted == TRUTH
    risks = []
    for threshold in stated:
        answered = stated >= threshold
        risks.append(1 - np.average(right[answered], weights=weights[answered]))
    assert aurc(one, prior).mean == pytest.approx(np.average(risks, weights=weights))


def test_its_error_is_that_of_a_stratified_bootstrap():
    one = model()
    found = aurc(one)
    draw = np.random.default_rng(1)
    groups = [np.flatnonzero(k == TRUTH) for k in (0, 1)]
    again = []
    for _ in range(800):
        rows = np.concatenate([draw.choice(group, len(group)) for group in groups])
        again.append(aurc(Predictions(np.arange(N), TRUTH[rows], one.logits[rows], NAMES)).mean)
    assert found.error == pytest.approx(np.std(again), rel=0.1)


def test_confidence_that_says_nothing_has_the_error_rate_as_its_area():
    logits = np.tile([1.0, 0, 0], (N, 1))
    assert aurc(replace(model(), logits=logits)).mean == pytest.approx(0.25)
    assert aurc(replace(model(), logits=20 * np.eye(3)[TRUTH])).mean == 0


@pytest.mark.slow
def test_accuracies_of_the_answered_cover_the_truth():
    draw = np.random.default_rng(4)
    covered, repeats = np.zeros(2), 800
    big = 400_000
    # p of the second class, stated too boldly: its answers at .8 are right less often
    z = np.random.default_rng(0).normal(0, 1, big)
    truth = np.random.default_rng(1).random(big) < 1 / (1 + np.exp(-z))
    answered = 1 / (1 + np.exp(-2 * np.abs(z))) >= 0.8
    expected = answered.mean(), ((z > 0) == truth)[answered].mean()
    for _ in range(repeats):
        z = draw.normal(0, 1, 150)
        codes = (draw.random(150) < 1 / (1 + np.exp(-z))).astype(int)
        logits = np.stack([np.zeros(150), 2 * z], axis=1)
        found = coverage(Predictions(np.arange(150), codes, logits, NAMES[:2]), [0.8]).iloc[0]
        for place, name in enumerate(("coverage", "accuracy")):
            covered[place] += found[f"{name}_low"] <= expected[place] <= found[f"{name}_high"]
    assert (covered / repeats >= 0.93 - 0.023).all()
    assert (covered / repeats <= 0.97 + 0.018).all()


def test_bad_input_is_refused():
    with pytest.raises(ParameterError, match="thresholds"):
        coverage(model(), [1.5])
    with pytest.raises(ParameterError, match="at least one"):
        coverage(model(), [])
    with pytest.raises(DataError, match="one arm"):
        coverage([model(), replace(model(), arm="base")])
    with pytest.raises(DataError, match="deployment share"):
        coverage(model(), [0.5], np.array([0.0, 0, 1]))
    with pytest.raises(DataError, match="no risk-coverage curve"):
        aurc(model(truth=np.ones((4, 3), bool)))
    with pytest.raises(DataError, match="one length"):
        risk_coverage([1, 2], [1])
    with pytest.raises(DataError, match="NaN"):
        risk_coverage([np.nan, 2], [1, 1])
    with pytest.raises(DataError, match="not all 0"):
        risk_coverage([1, 2], [1, 0], [0, 0])
