"""Intervals of shares: Wilson's where they should be, and coverage where the truth is known."""

import numpy as np
import pytest
from scipy import stats

from steelyard.evaluation.estimate import Estimate
from steelyard.evaluation.intervals import stratified_estimate, wilson_interval
from steelyard.evaluation.rank_intervals import kish_size, rank_interval
from steelyard.evaluation.rank_values import rank_values


def test_a_plain_share_has_nearly_wilsons_interval():
    error = np.sqrt(0.3 * 0.7 / 200)
    found, expected = rank_interval(Estimate(0.3, error), 200), wilson_interval(0.3, 200)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-3)


@pytest.mark.parametrize("mean", [0.0, 1.0])
@pytest.mark.parametrize("n", [1, 5, 100])
def test_a_share_without_a_fault_is_that_of_as_many_successes(mean, n):
    found, expected = rank_interval(Estimate(mean, 0.0), n), wilson_interval(mean, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.high - found.low > 0.03


def test_one_sample_counts_as_one_whatever_its_error():
    found = rank_interval(Estimate(0.9, 1e-6), 1)
    assert (found.low, found.high) == pytest.approx((wilson_interval(0.9, 1).low, 0.994), abs=0.01)


def test_errors_beyond_those_of_a_plain_share_are_kept():
    found = rank_interval(Estimate(0.5, 0.1), 100)  # twice the error of 100 samples: as of 25
    expected = wilson_interval(0.5, 25)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_few_degrees_of_freedom_widen_it_and_it_stays_a_share():
    wide = rank_interval(Estimate(0.9, 0.05, 2.0), 30)
    narrow = rank_interval(Estimate(0.9, 0.05), 30)
    assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)
    beyond = rank_interval(Estimate(0.5, 40.0, 1.0), 3)
    assert (beyond.low, beyond.high) == pytest.approx((0, 1), abs=1e-3)
    assert beyond.low >= 0
    assert beyond.high <= 1


def test_a_rounded_mean_beyond_one_is_one():
    assert rank_interval(Estimate(1 + 1e-15, 0.0), 10).mean == 1


def test_weights_count_for_what_they_are_worth():
    assert kish_size(np.ones(7)) == pytest.approx(7)
    assert kish_size(np.array([1.0, 1.0, 0.0])) == pytest.approx(2)
    assert kish_size(np.array([3.0, 1.0])) == pytest.approx(16 / 10)
    assert kish_size(np.zeros(3)) == 0


def true_average_precision(distance, share):
    """Return AP of normal scores: the mean precision at the positives' quantiles."""
    recall = (np.arange(200_000) + 0.5) / 200_000
    false = stats.norm.sf(stats.norm.isf(recall) + distance)
    return float((share * recall / (share * recall + (1 - share) * false)).mean())


def coverages(distance, n_positive, n_negative, repeats):
    """Return how often intervals of AUROC and average precision hold the truth."""
    draw = np.random.default_rng(n_positive)
    positive = np.arange(n_positive + n_negative) < n_positive
    shares = np.array([n_negative, n_positive]) / len(positive)
    truths = stats.norm.cdf(distance / np.sqrt(2)), true_average_precision(distance, shares[1])
    covered = np.zeros(2)
    for _ in range(repeats):
        found = rank_values(draw.normal(size=len(positive)) + distance * positive, positive)
        for place, values in enumerate((found.auroc_values, found.average_precision_values)):
            estimate = stratified_estimate(values, positive.astype(int), shares)
            interval = rank_interval(estimate, min(n_positive, n_negative))
            covered[place] += interval.low <= truths[place] <= interval.high
    return covered / repeats


@pytest.mark.slow
@pytest.mark.parametrize("distance", [1.0, 2.0, 2.7])
@pytest.mark.parametrize(("n_positive", "n_negative"), [(30, 1000), (60, 2000), (200, 1000)])
def test_from_thirty_positives_on_the_truth_is_covered_as_often_as_is_said(
    distance, n_positive, n_negative
):
    auroc, average_precision = coverages(distance, n_positive, n_negative, 1500)
    # 1,500 repeats: three standard errors are 1.7 points beyond 93 to 97 %
    assert 0.913 <= auroc <= 0.987
    # of a weak ranking of 30 the average precision itself is too high by a fifth of its height
    assert 0.90 <= average_precision <= 0.987


@pytest.mark.slow
@pytest.mark.parametrize("distance", [1.0, 2.0, 2.7])
@pytest.mark.parametrize("n_positive", [1, 5])
def test_of_few_positives_intervals_are_no_points(distance, n_positive):
    auroc, average_precision = coverages(distance, n_positive, 1000, 600)
    assert auroc >= 0.90
    assert average_precision >= 0.84


def test_nearly_without_a_fault_is_hardly_surer_than_without_any():
    nearly = rank_interval(Estimate(0.999, 1e-5), 30)
    faultless = rank_interval(Estimate(1.0, 0.0), 30)
    assert faultless.low < nearly.low < (1 + faultless.low) / 2 + 0.02
