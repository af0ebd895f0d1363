"""Prior correction against imbalanced-calibrate, calibration errors against imbcal.

Both are binary. Where they go wrong, what is right is worked out by hand.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from steelyard.evaluation import calibration, correct_prior, effective_prior, weighted_prior
from steelyard.records import Predictions

DRAW = np.random.default_rng(0)
Y = np.repeat([0, 1], [900, 100])
X = DRAW.normal(size=(1000, 2)) + Y[:, np.newaxis]
COUNTS = np.bincount(Y)


def theirs(estimator, **fitting):
    package = pytest.importorskip("imbcalibrate", reason="imbalanced-calibrate is not installed")
    wrapped = package.PriorCalibratedClassifier(estimator).fit(X, Y, **fitting)
    return wrapped.estimator_.predict_proba(X), wrapped.predict_proba(X)


@pytest.mark.parametrize("weights", ["balanced", {0: 1.0, 1: 5.0}, {1: 0.2}, None])
def test_class_weights_are_undone_as_imbalanced_calibrate_does(weights):
    stated, expected = theirs(LogisticRegression(class_weight=weights))
    if weights == "balanced":
        mine = 1 / COUNTS
    else:
        mine = np.array([(weights or {}).get(code, 1.0) for code in (0, 1)])
    found = correct_prior(stated, effective_prior(COUNTS, mine), COUNTS)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    positives = correct_prior(stated[:, 1], effective_prior(COUNTS, mine)[1], 0.1)
    np.testing.assert_allclose(positives, expected[:, 1], rtol=1e-9)


@pytest.mark.parametrize(("way", "ratio"), [("Over", 1.0), ("Over", 0.5), ("Under", 0.4)])
def test_resampling_is_undone_as_imbalanced_calibrate_does(way, ratio):
    imblearn = pytest.importorskip("imblearn", reason="imbalanced-learn is not installed")
    from imblearn import over_sampling, pipeline, under_sampling

    assert imblearn
    room = over_sampling if way == "Over" else under_sampling
    sampler = getattr(room, f"Random{way}Sampler")(sampling_strategy=ratio, random_state=0)
    stated, expected = theirs(pipeline.make_pipeline(sampler, LogisticRegression()))
    found = correct_prior(stated, [1, ratio], COUNTS)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_imbalanced_calibrate_takes_no_notice_of_sample_weights():
    weights = np.where(Y == 1, 9.0, 1.0)
    stated, expected = theirs(LogisticRegression(), sample_weight=weights)
    np.testing.assert_allclose(expected, stated, rtol=1e-12)  # nothing is undone
    assert stated[:, 1].mean() > 0.25  # of data with a tenth of positives
    trained = weighted_prior(Y, weights, 2)
    np.testing.assert_allclose(trained, [0.5, 0.5])
    found = correct_prior(stated, trained, COUNTS)
    # by hand: nine copies of each positive multiply the odds by nine
    odds = stated[:, 1] / stated[:, 0] / 9
    np.testing.assert_allclose(found[:, 1], odds / (1 + odds), rtol=1e-9)
    assert found[:, 1].mean() == pytest.approx(0.1, abs=0.01)


def test_imbalanced_calibrate_undoes_a_sampler_and_forgets_the_weights():
    pytest.importorskip("imblearn", reason="imbalanced-learn is not installed")
    from imblearn.over_sampling import RandomOverSampler
    from imblearn.pipeline import make_pipeline

    sampler = RandomOverSampler(sampling_strategy=0.5, random_state=0)  # 900 and 450
    model = LogisticRegression(class_weight={0: 1.0, 1: 4.0})
    stated, expected = theirs(make_pipeline(sampler, model))
    np.testing.assert_allclose(expected, correct_prior(stated, [2, 1], COUNTS), rtol=1e-9)
    assert expected[:, 1].mean() > 0.2  # a tenth are positive
    found = correct_prior(stated, effective_prior([900, 450], [1, 4]), COUNTS)
    assert found[:, 1].mean() == pytest.approx(0.1, abs=0.01)


def binary(p, came):
    logits = np.stack([np.log1p(-p), np.log(p)], axis=1)
    return Predictions(np.arange(len(p)), came.astype(int), logits, ("no", "yes"))


def measured(one, measure, n_bins):
    table = calibration(one, n_bins=n_bins)
    (found,) = table[(table["measure"] == measure) & (table["class"] == "yes")]["mean"]
    return found


@pytest.mark.parametrize("n_bins", [1, 4, 10])
@pytest.mark.parametrize(
    ("measure", "strategy"), [("ece_mass", "quantile"), ("ece_width", "width")]
)
def test_calibration_errors_are_imbcals(measure, strategy, n_bins):
    imbcal = pytest.importorskip("imbcal", reason="the package imbcal is not installed")
    p = DRAW.random(400)
    came = DRAW.random(400) < p**2
    expected = imbcal.expected_calibration_error(came, p, n_bins, strategy)
    assert measured(binary(p, came), measure, n_bins) == pytest.approx(expected, rel=1e-9)
    assert expected > 0.05


def test_losses_are_imbcals():
    imbcal = pytest.importorskip("imbcal", reason="the package imbcal is not installed")
    p = DRAW.random(400)
    came = DRAW.random(400) < p
    expected = imbcal.probability_report(came, p)
    for measure in ("log_loss", "brier"):
        assert measured(binary(p, came), measure, 15) == pytest.approx(expected[measure], rel=1e-9)


def test_imbcal_finds_no_fault_with_a_constant():
    imbcal = pytest.importorskip("imbcal", reason="the package imbcal is not installed")
    p, came = np.full(100, 0.9), np.arange(100) < 50
    assert imbcal.expected_calibration_error(came, p) == 0  # its quantiles leave no bin
    # by hand: .9 is stated, .5 comes true
    assert measured(binary(p, came), "ece_mass", 10) == pytest.approx(0.4)
    assert measured(binary(p, came), "ece_width", 10) == pytest.approx(0.4)
