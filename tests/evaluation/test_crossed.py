"""Seeds and samples as crossed effects: against the analytic interval of means, and by hand."""

import numpy as np
import pytest
from scipy import stats

from steelyard._support.errors import DataError
from steelyard.evaluation import accuracy_interval, stratified_interval, wilson_interval
from steelyard.evaluation.crossed import (
    Estimates,
    crossed_estimate,
    freedom_of_strata,
    reflected_ends,
    share_ends,
    share_interval,
)
from steelyard.evaluation.estimate import Estimate
from steelyard.evaluation.resamples import bootstrap_recall

RNG = np.random.default_rng(0)


def accuracies(right, truth, prior, b=20_000):
    """Return the accuracy under a prior of each seed, and resampled, by bootstrap."""
    k = len(prior)
    recalls = np.stack([[row[truth == c].mean() for c in range(k)] for row in right])
    return recalls @ prior, bootstrap_recall(right, truth, k, b, seed=1) @ prior


@pytest.mark.parametrize(("seed_sd", "own"), [(0.0, 0.0), (0.0, 0.5), (0.1, 0.2), (0.2, 0.0)])
def test_of_a_mean_it_is_the_analytic_error(seed_sd, own):
    """`own` is how often a seed goes its own way on a sample."""
    truth, prior = np.repeat([0, 1, 2], [200, 100, 60]), np.array([0.2, 0.3, 0.5])
    chance = np.clip(0.7 + RNG.normal(0, seed_sd, (5, 1)), 0, 1)
    shared = np.where(RNG.random((5, 360)) < own, RNG.random((5, 360)), RNG.random(360))
    right = shared < chance
    found = crossed_estimate(*accuracies(right, truth, prior))
    expected = stratified_interval(right.astype(float), truth, prior)
    assert found.mean == pytest.approx(expected.mean)
    analytic = expected.half_width / stats.t.ppf(0.975, stats_freedom(right, truth, prior))
    assert float(found.error) == pytest.approx(analytic, rel=0.04)


def stats_freedom(right, truth, prior):
    """Return the degrees of freedom of `stratified_interval`, from its width at two levels."""
    from scipy.optimize import brentq

    values = right.astype(float)
    widths = [stratified_interval(values, truth, prior, level).half_width for level in (0.95, 0.5)]

    def off(freedom):
        return stats.t.ppf(0.975, freedom) / stats.t.ppf(0.75, freedom) - widths[0] / widths[1]

    return brentq(off, 1.01, 1e7)


def test_by_hand_on_a_table_of_two_seeds_and_three_resamples():
    table = np.array([[0.0, 1.0, 2.0], [1.0, 1.0, 4.0]])
    by_seed = np.array([1.0, 2.0])
    found = crossed_estimate(by_seed, table)
    a = np.var([0.5, 1.0, 3.0], ddof=1)
    b = 0.5 / 2
    rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    r = (rest**2).sum() / 2 / 2
    variance = max(a, b, a + b - r)
    assert (found.mean, found.error) == (1.5, pytest.approx(np.sqrt(variance)))
    assert found.freedom == pytest.approx((variance + b) / (2 * b))
    few = crossed_estimate(by_seed, table, sample_freedom=3.0)
    assert few.error == found.error
    spent = a**2 / variance**2 / 3 + 2 * b / (variance + b)
    assert few.freedom == pytest.approx(1 / spent)


def test_of_one_seed_it_is_the_bootstrap_error():
    table = RNG.normal(size=(1, 500, 3))
    found = crossed_estimate(np.zeros((1, 3)), table)
    np.testing.assert_allclose(found.error, table[0].std(axis=0, ddof=1))
    assert np.isinf(found.freedom).all()
    low, high = found.ends(0.9)
    np.testing.assert_allclose(high - low, 2 * stats.norm.ppf(0.95) * found.error)
    assert found.at(1) == Estimate(0.0, float(found.error[1]), np.inf)


def test_what_has_no_data_is_left_out():
    by_seed = np.array([[0.5, np.nan, np.nan], [0.7, 0.4, np.nan]])
    table = np.array([[[0.4, np.nan, np.nan], [0.6, np.nan, np.nan]],
                      [[0.7, 0.3, np.nan], [np.nan, 0.5, np.nan]]])  # fmt: skip
    found = crossed_estimate(by_seed, table)
    np.testing.assert_allclose(found.mean, [0.6, 0.4, np.nan])
    assert found.error[1] == pytest.approx(np.sqrt(0.02))
    assert np.isnan(found.error[2])


def test_seeds_that_cancel_are_not_certain_to_be_equal():
    table = np.array([[0.1, -0.1], [-0.1, 0.1]])
    found = crossed_estimate(np.zeros(2), table)
    assert found.error > 0
    assert found.freedom == 1
    same = crossed_estimate(np.full(2, 0.3), np.full((2, 5), 0.3))
    assert same.error == 0


def test_shapes_must_belong_together():
    for by_seed, table in ((np.zeros(3), np.zeros((2, 5))), (np.zeros(0), np.zeros((0, 5)))):
        with pytest.raises(DataError, match="shape"):
            crossed_estimate(by_seed, table)


def test_degrees_of_freedom_are_those_of_the_stratum_that_the_figure_leans_on():
    values = np.concatenate([np.tile([-0.01, 0.01], 500), [-1.0, 0.0, 1.0]])
    strata = np.repeat([0, 1], [1000, 3])
    freedom = freedom_of_strata(values, np.ones(1003), strata)
    assert freedom == pytest.approx(2, rel=0.2)
    # by patterns the same
    again = freedom_of_strata(
        np.array([-0.01, 0.01, -1, 0, 1]), np.array([500, 500, 1, 1, 1]), np.array([0, 0, 1, 1, 1])
    )
    assert again == pytest.approx(freedom)


def test_degrees_of_freedom_are_those_of_the_few_samples_that_differ():
    values = np.zeros(1000)
    values[:6] = [1, -1, 1, -1, 1, -1]
    freedom = freedom_of_strata(values, np.ones(1000), np.zeros(1000, dtype=int))
    assert freedom == pytest.approx(12, rel=0.02)
    gaussian = RNG.normal(size=400)
    freedom = freedom_of_strata(gaussian, np.ones(400), np.zeros(400, dtype=int))
    assert freedom == pytest.approx(399, rel=0.3)
    constant = freedom_of_strata(np.ones(5), np.ones(5), np.zeros(5, dtype=int))
    assert constant == np.inf


@pytest.mark.parametrize(("hits", "n"), [(7, 20), (970, 1000), (1, 3)])
def test_a_binomial_error_gives_wilsons_interval(hits, n):
    p = hits / n
    error = np.sqrt(p * (1 - p) / n)
    found = share_interval(Estimate(p, error), worth=5)
    expected = wilson_interval(p, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    # seeds that are few widen it as t over z does
    few = share_interval(Estimate(p, error, 3.0), worth=5)
    factor = (stats.t.ppf(0.975, 3) / stats.norm.ppf(0.975)) ** 2
    expected = wilson_interval(p, n / factor)
    assert (few.low, few.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("share", [0.0, 1.0, 0.5])
def test_where_nothing_varied_the_samples_behind_count(share):
    found = share_interval(Estimate(share, 0.0), worth=10)
    expected = wilson_interval(share, 10)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    correlation = share_interval(Estimate(2 * share - 1, 0.0), worth=10, ends=(-1.0, 1.0))
    assert correlation.low == pytest.approx(2 * expected.low - 1)
    assert correlation.high == pytest.approx(2 * expected.high - 1)
    right = np.full((2, 10), share)
    if share != 0.5:
        same = accuracy_interval(right, np.zeros(10, dtype=int), np.ones(1))
        assert (found.low, found.high) == pytest.approx((same.low, same.high))


def test_shares_without_data_or_samples_are_no_data_or_anything():
    estimates = Estimates(np.array([np.nan, 0.5]), np.array([np.nan, 0.0]), np.array([np.inf] * 2))
    low, high = share_ends(estimates, np.array([5.0, 0.0]), (0.0, 1.0))
    np.testing.assert_array_equal(np.isnan(low), [True, False])
    assert (low[1], high[1]) == pytest.approx((0, 1))


def test_a_gap_is_freed_of_noise_at_its_low_end_and_encloses_the_figure():
    table = 0.5 + 0.1 * stats.norm.ppf((np.arange(2000) + 0.5) / 2000)[np.newaxis]
    estimates = crossed_estimate(np.array([0.5]), table)
    low, high = reflected_ends(estimates, table)
    assert (low, high) == pytest.approx((np.sqrt(0.24) - 0.196, 0.5 + 0.196), abs=0.002)
    # resampled figures lie 0.1 above the one that they scatter about: 0.6^2 + 0.1^2 - 0.5^2
    low, high = reflected_ends(estimates, table + 0.1)
    assert (low, high) == pytest.approx((np.sqrt(0.25 - 0.12) - 0.196, 0.696), abs=0.002)
    low, high = reflected_ends(estimates, table + 0.1, around=0.6)
    assert (low, high) == pytest.approx((np.sqrt(0.24) - 0.196, 0.696), abs=0.002)
    low, high = reflected_ends(estimates, table + 0.4)  # all of it can be noise
    assert (low, high) == pytest.approx((0, 0.696), abs=0.002)
    wider = Estimates(estimates.mean, 2 * estimates.error, np.array(5.0))
    low, high = reflected_ends(wider, table)
    assert high - 0.5 == pytest.approx(0.2 * stats.t.ppf(0.975, 5), abs=0.004)


def test_where_the_figure_is_certain_the_error_is_that_of_the_one_around():
    """Ten right of ten: redraws with a pseudo-sample scatter about 10.5 / 11."""
    near = 10.5 / 11
    certain = Estimates(np.array(1.0), np.sqrt(near * (1 - near) / 10), np.array(np.inf))
    low, high = share_ends(certain, 0.0, (0.0, 1.0), around=near)
    expected = wilson_interval(1.0, 10)
    assert (low, high) == pytest.approx((expected.low, expected.high))


def test_a_gap_without_data_has_no_ends():
    table = np.array([[[0.1, np.nan], [0.2, np.nan]]])
    low, high = reflected_ends(crossed_estimate(np.array([[0.1, np.nan]]), table), table)
    assert not np.isnan(low[0])
    assert np.isnan([low[1], high[1]]).all()
