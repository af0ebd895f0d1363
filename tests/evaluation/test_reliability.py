import numpy as np
import pytest
from scipy.special import expit

from steelyard.evaluation.reliability import (
    bins_of_equal_mass,
    bins_of_equal_width,
    calibration_error,
    log_odds,
    rank_scores,
)
from steelyard.records import Predictions

ONES = np.ones(6)


def test_the_error_is_the_mean_gap_of_the_bins():
    confidence = np.array([0.2, 0.4, 0.9, 0.9, 0.9, 0.9])
    came = np.array([0, 1, 1, 1, 0, 0])
    bins = np.array([0, 0, 1, 1, 1, 1])
    # bin 0: .5 - .3 = .2 on 2; bin 1: .5 - .9 = -.4 on 4
    assert calibration_error(confidence, came, ONES, bins) == pytest.approx((0.4 + 1.6) / 6)
    weights = np.array([0, 4, 2, 2, 2, 3])
    # bin 0: .6 on 4; bin 1: 4 / 9 - .9 on 9
    assert calibration_error(confidence, came, weights, bins) == pytest.approx((2.4 + 4.1) / 13)


def test_bins_of_equal_mass():
    confidence = np.array([0.9, 0.1, 0.5, 0.2, 0.6, 0.3])
    assert bins_of_equal_mass(confidence, ONES, 3).tolist() == [2, 0, 1, 0, 2, 1]
    # the sample of .1 weighs as much as all others
    weights = np.where(confidence == 0.1, 5.0, 1.0)
    assert bins_of_equal_mass(confidence, weights, 2).tolist() == [1, 0, 1, 1, 1, 1]


def test_equal_probabilities_share_a_bin():
    confidence = np.array([0.5, 0.1, 0.5, 0.5, 0.5, 0.9])
    bins = bins_of_equal_mass(confidence, ONES, 6)
    assert len(set(bins[confidence == 0.5])) == 1
    assert bins_of_equal_mass(np.full(6, 0.9), ONES, 4).max() < 4
    # most of what is tied lies in the upper half
    assert bins_of_equal_mass(np.array([0.1, 0.5, 0.5, 0.5]), np.ones(4), 2).tolist() == [
        0,
        1,
        1,
        1,
    ]


def test_bins_of_equal_width():
    confidence = np.array([0.0, 0.24, 0.25, 0.5, 0.99, 1.0])
    assert bins_of_equal_width(confidence, ONES, 4).tolist() == [0, 0, 1, 2, 3, 3]


def test_log_odds_are_exact_where_probabilities_round():
    logits = np.array([[0.0, 1.0, -2.0], [800.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0, -900.0]])
    one = Predictions(np.arange(4), np.zeros(4, int), logits, ("a", "b", "c"))
    found = log_odds(one)
    p = np.exp(one.log_probabilities)
    np.testing.assert_allclose(expit(found), p, rtol=1e-12)
    # e^800 against e^0 + e^1; e^1 against e^800 + e^0
    np.testing.assert_allclose(found[1, 0], 800 - np.log1p(np.e), rtol=1e-12)
    np.testing.assert_allclose(found[1, 2], -799, rtol=1e-12)
    np.testing.assert_allclose(found[3], [0, 0, -901 - np.log(2)], atol=1e-12)
    labels = Predictions(np.arange(4), np.zeros((4, 3)), logits, ("a", "b", "c"))
    np.testing.assert_array_equal(log_odds(labels), logits)


def test_equal_probabilities_are_ranked_equal_whatever_stands_beside_them():
    from sklearn import metrics

    p0 = np.array([0, 0, 0.6, 0.1, 0, 0.9])
    truth = np.array([1, 0, 1, 0, 0, 1])
    p = np.column_stack([p0, (1 - p0) * [0.5, 0.1, 0.3, 0.7, 0.9, 0.2], np.zeros(6)])
    p[:, 2] = 1 - p[:, :2].sum(axis=1)
    one = Predictions(
        np.arange(6), 1 - truth, np.log(np.maximum(p, np.finfo(float).tiny)), ("a", "b", "c"),
        prior=np.array([0.1, 0.1, 0.8]),
    )  # fmt: skip
    moved = p * (np.ones(3) / 3 / one.prior)
    moved /= moved.sum(axis=1, keepdims=True)
    for model, plain in ((one, p0), (one.corrected(np.ones(3) / 3), moved[:, 0])):
        scores = rank_scores(model)[:, 0]
        wanted = metrics.roc_auc_score(truth, plain)
        assert metrics.roc_auc_score(truth, scores) == pytest.approx(wanted)
        assert len(set(scores[p0 == 0])) == 1
