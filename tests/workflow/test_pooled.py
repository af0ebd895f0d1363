"""Means over ratios, sets and networks: what is repeated carries the interval."""

import numpy as np
import pytest
from scipy import stats

from steelyard.workflow.pooled import (
    correlation_ends,
    difference_estimate,
    pooled_estimate,
)


def test_one_ratio_is_students_interval_of_the_sets():
    values = np.random.default_rng(0).normal(50, 4, (1, 6, 1))
    interval = pooled_estimate(values).interval()
    low, high = stats.t.interval(0.95, 5, values.mean(), stats.sem(values.ravel()))
    assert (interval.low, interval.high) == pytest.approx((low, high))


def test_networks_of_a_set_are_no_evidence_of_another_set():
    of_sets = np.random.default_rng(1).normal(50, 4, (3, 5, 1))
    once, often = pooled_estimate(of_sets), pooled_estimate(np.repeat(of_sets, 20, axis=2))
    assert often.error == pytest.approx(once.error)
    assert often.freedom == once.freedom == 12


def test_differences_between_ratios_are_no_noise():
    sets = np.random.default_rng(2).normal(0, 1, (1, 5, 1))
    apart = np.concatenate([sets, sets + 40, sets + 80])
    assert pooled_estimate(apart).error == pytest.approx(pooled_estimate(sets).error / np.sqrt(3))


def test_intervals_cover():
    draws = np.random.default_rng(3)
    ratios = np.array([20.0, 30.0, 70.0])[:, None, None]
    covered = 0
    for _ in range(400):
        sets = ratios + draws.normal(0, 3, (3, 5, 1)) + draws.normal(0, 2, (3, 5, 4))
        interval = pooled_estimate(sets).interval()
        covered += interval.low <= 40 <= interval.high
    assert 0.92 <= covered / 400 <= 0.98


def test_a_single_set_has_no_interval():
    assert pooled_estimate(np.ones((3, 1, 5))) is None


def test_correlations_of_mean_profiles():
    draws = np.random.default_rng(4)
    truth = np.array([1.0, 2, 4, 7, 9])
    counts = 10 * truth + draws.normal(0, 3, (15, 5))
    errors = truth / 100 + draws.normal(0, 0.01, (40, 5))
    mean, low, high = correlation_ends(counts, errors, draws)
    assert mean == pytest.approx(np.corrcoef(counts.mean(0), errors.mean(0))[0, 1])
    assert 0.9 < low < mean < high <= 1
    assert np.isnan(correlation_ends(np.ones((3, 5)), errors, draws)).all()


def test_sets_without_a_value_are_left_out():
    values = np.random.default_rng(5).normal(50, 4, (2, 5, 1))
    values[0, 3] = np.nan
    found = pooled_estimate(values)
    kept = [values[0, [0, 1, 2, 4], 0], values[1, :, 0]]
    assert found.mean == pytest.approx((kept[0].mean() + kept[1].mean()) / 2)
    assert found.freedom == 3 + 4
    values[0, :4] = np.nan
    assert pooled_estimate(values) is None


def test_a_difference_between_groups_is_students_of_two_samples():
    draws = np.random.default_rng(6)
    left, right = draws.normal(30, 3, (1, 5, 2)), draws.normal(20, 3, (1, 5, 2))
    found = difference_estimate(left, right)
    one, other = left.mean(axis=2).ravel(), right.mean(axis=2).ravel()
    test = stats.ttest_ind(one, other)
    assert found.mean == pytest.approx(one.mean() - other.mean())
    assert found.freedom == 8
    assert found.p_value() == pytest.approx(test.pvalue)
