"""Weighted ranks and correlations are those of rows that occur as often as their weight says."""

import numpy as np
import pytest
from scipy import stats

from steelyard.evaluation.weighted_correlation import (
    bootstrap_counts,
    correlation,
    mid_ranks,
    percentile_interval,
)


def test_weights_count_rows():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 6, 12).astype(float), rng.normal(size=12)
    weights = bootstrap_counts(12, 7, rng)
    assert (weights.sum(axis=1) == 12).all()
    ranks = mid_ranks(x, weights)
    found = correlation(x, y, weights)
    for row, some_ranks, one in zip(weights.astype(int), ranks, found, strict=True):
        drawn = np.repeat(np.arange(12), row)
        np.testing.assert_allclose(some_ranks[drawn], stats.rankdata(x[drawn]) - 0.5)
        assert one == pytest.approx(stats.pearsonr(x[drawn], y[drawn]).statistic)


def test_what_is_constant_has_no_correlation():
    x = np.arange(5.0)
    weights = np.random.default_rng(0).uniform(0.1, 1, (50, 5))  # whose means of .1 are not .1
    assert np.isnan(correlation(x, np.full(5, 0.1), weights)).all()
    assert np.isnan(correlation(x, x**2, np.array([0.0, 3, 0, 0, 0])))
    assert correlation(x, 0.1 - x, np.ones(5)) == -1


def test_a_percentile_interval_encloses_its_estimate():
    draws = np.concatenate([np.linspace(0, 1, 101), np.full(50, np.nan)])
    found = percentile_interval(0.5, draws, 0.9)
    assert (found.low, found.mean, found.high) == pytest.approx((0.05, 0.5, 0.95))
    assert percentile_interval(2.0, draws, 0.9).high == 2
    assert percentile_interval(-2.0, draws, 0.9).low == -2
    assert percentile_interval(np.nan, draws, 0.9) is None
    assert percentile_interval(0.5, np.full(100, np.nan), 0.9) is None
    assert percentile_interval(0.5, np.full(100, 0.5), 0.9) is None  # all say the same
