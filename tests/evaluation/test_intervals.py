"""Intervals: estimates by hand, and coverage where the truth is known."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation.intervals import (
    accuracy_interval,
    jeffreys_interval,
    paired_estimate,
    recall_intervals,
    stratified_estimate,
    stratified_interval,
    wilson_interval,
)


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 20), (7, 20), (20, 20), (970, 1000)])
def test_wilson_agrees_with_scipy(right, n):
    found = wilson_interval(right / n, n)
    expected = stats.binomtest(right, n).proportion_ci(method="wilson")
    np.testing.assert_allclose((found.low, found.high), expected, atol=1e-12)
    assert found.mean == right / n


@pytest.mark.parametrize(("right", "n"), [(1, 20), (7, 20), (19, 20), (970, 1000)])
def test_jeffreys_agrees_with_statsmodels(right, n):
    found = jeffreys_interval(right / n, n, 0.9)
    expected = proportion_confint(right, n, alpha=0.1, method="jeffreys")
    np.testing.assert_allclose((found.low, found.high), expected, atol=1e-12)
    assert found.mean == right / n


@pytest.mark.parametrize(("right", "n"), [(0, 1), (0, 20), (1, 1), (20, 20)])
def test_jeffreys_reaches_the_end_that_was_seen(right, n):
    found = jeffreys_interval(right / n, n)
    low, high = proportion_confint(right, n, method="jeffreys")
    assert (found.low, found.high) == pytest.approx((0, high) if right == 0 else (low, 1))


@pytest.mark.parametrize("interval", [wilson_interval, jeffreys_interval])
@pytest.mark.parametrize(("share", "n"), [(-0.1, 10), (1.1, 10), (np.nan, 10), (0.5, 0)])
def test_a_binomial_interval_refuses_what_is_no_share(interval, share, n):
    with pytest.raises(ParameterError, match="a binomial interval must be"):
        interval(share, n)


def test_recalls_have_jeffreys_interval_where_it_is_asked_for():
    truth = np.repeat([0, 2], [20, 5])
    right = np.tile([1, 1, 0, 1, 0], 5).astype(float)[np.newaxis]
    first, absent, last = recall_intervals(right, truth, 3, method="jeffreys")
    assert (first, absent, last) == (jeffreys_interval(0.6, 20), None, jeffreys_interval(0.6, 5))
    with pytest.raises(ParameterError, match="'wilson'"):
        recall_intervals(right, truth, 3, method="wilsons")


def test_a_recall_of_one_seed_or_of_seeds_that_agree_is_wilsons():
    truth = np.repeat([0, 2], [20, 5])
    right = np.tile([1, 1, 0, 1, 0], 5).astype(float)[np.newaxis]
    for values in (right, np.repeat(right, 5, axis=0)):
        first, absent, last = recall_intervals(values, truth, 3)
        assert first == wilson_interval(0.6, 20)
        assert absent is None
        assert last == wilson_interval(0.6, 5)


def test_seeds_that_disagree_make_a_recall_less_sure():
    truth = np.zeros(1000, dtype=int)
    seeds = np.array([0.5, 0.6, 0.7])
    right = (np.arange(1000) < 1000 * seeds[:, np.newaxis]).astype(float)  # all or none changes
    (found,) = recall_intervals(right, truth, 1)
    rest = 0.0
    for s in range(3):  # the seed-by-sample residual, by its definition
        for i in range(1000):
            rest += (right[s, i] - right[:, i].mean() - right[s].mean() + right.mean()) ** 2
    excess = seeds.var(ddof=1) / 3 - rest / (2 * 999) / 3000
    binomial = 0.6 * 0.4 / 1000
    wider = stats.t.ppf(0.975, 2 * (1 + binomial / excess) ** 2) / stats.norm.ppf(0.975)
    expected = wilson_interval(0.6, 1000 / (1 + excess / binomial) / wider**2)
    assert (found.mean, found.low, found.high) == pytest.approx(
        (expected.mean, expected.low, expected.high)
    )
    assert found.half_width > 3 * wilson_interval(0.6, 1000).half_width


@pytest.mark.parametrize("n", [10, 150, 1000])
@pytest.mark.parametrize("seed_sd", [0.0, 0.04, 0.1])
def test_recalls_cover_the_truth_whether_or_not_the_seeds_agree(n, seed_sd):
    rng = np.random.default_rng(5)
    truth = np.zeros(n, dtype=int)
    repeats, covered = 400, 0
    for _ in range(repeats):
        chance = rng.beta(0.7, 0.3, n) + 0.0  # samples differ: some fail in every seed
        shift = np.clip(rng.normal(0, seed_sd, (5, 1)), -0.3, 0.3)
        flipped = rng.random((5, n)) < np.abs(shift)  # a seed is right, or wrong, on more of them
        right = np.where(flipped, shift > 0, rng.random((5, n)) < chance).astype(float)
        toggled = np.mean(np.abs(np.clip(rng.normal(0, seed_sd, 4000), -0.3, 0.3)))
        expected = (1 - toggled) * 0.7 + toggled * 0.5
        (found,) = recall_intervals(right, truth, 1)
        covered += found.low <= expected <= found.high
    # 400 repeats: three standard errors are 3.3 points; too wide is the safer side
    assert covered / repeats >= 0.917


def test_the_estimate_weighs_classes_by_the_prior_and_not_by_their_counts():
    truth = np.repeat([0, 1, 2], [50, 10, 40])
    values = np.stack([np.where(truth == 0, 1.0, np.where(truth == 1, 0.5, 0.0))] * 3)
    estimate = stratified_interval(values, truth, np.array([0.2, 0.6, 0.2])).mean
    assert estimate == pytest.approx(0.2 * 1 + 0.6 * 0.5)


def test_a_class_without_samples_is_left_out_and_the_rest_rescaled():
    truth = np.repeat([0, 2], [30, 30])
    values = (truth == 0).astype(float)[np.newaxis]
    assert stratified_interval(values, truth, np.array([0.25, 0.5, 0.25])).mean == pytest.approx(
        0.5
    )
    with pytest.raises(DataError, match="No class with a positive deployment share"):
        stratified_interval(values, truth, np.array([0.0, 1.0, 0.0]))


def test_the_interval_is_that_of_the_estimate():
    rng = np.random.default_rng(0)
    values, truth, prior = rng.normal(size=(4, 60)), np.arange(60) % 3, np.array([0.2, 0.5, 0.3])
    estimate = stratified_estimate(values, truth, prior)
    assert stratified_interval(values, truth, prior, 0.9) == estimate.interval(0.9)
    assert estimate.error > 0
    assert estimate.freedom > 3
    # shares in any unit
    scaled = stratified_estimate(values, truth, 7 * prior)
    assert (scaled.mean, scaled.error) == pytest.approx((estimate.mean, estimate.error))


@pytest.mark.parametrize(
    ("values", "strata", "shares", "message"),
    [
        (np.zeros(5), np.zeros(5, int), np.ones(1), "values of shape"),
        (np.zeros((0, 5)), np.zeros(5, int), np.ones(1), "values of shape"),
        (np.zeros((2, 5)), np.zeros(4, int), np.ones(1), "one stratum a sample"),
        (np.array([[0, np.nan]]), np.zeros(2, int), np.ones(1), "finite.*row 1"),
        (np.zeros((2, 5)), np.full(5, -1), np.ones(1), "must be codes"),
        (np.zeros((2, 5)), np.zeros(5), np.ones(1), "must be codes"),
        (np.zeros((2, 5)), np.full(5, 1), np.ones(1), "one share a stratum"),
        (np.zeros((2, 5)), np.zeros(5, int), np.array([1.0, -1.0]), "0 or above"),
        (np.zeros((2, 5)), np.zeros(5, int), np.array([np.nan]), "0 or above"),
    ],
)
def test_an_estimate_refuses_what_does_not_fit(values, strata, shares, message):
    with pytest.raises(DataError, match=message):
        stratified_estimate(values, strata, shares)


def test_one_seed_and_one_class_is_the_classical_t_interval_but_for_the_borrowed_degree():
    values = np.random.default_rng(0).normal(size=(1, 500))
    found = stratified_interval(values, np.zeros(500, dtype=int), np.ones(1))
    expected = stats.t.interval(0.95, 499, values.mean(), stats.sem(values[0]))
    np.testing.assert_allclose((found.low, found.high), expected, rtol=1e-2)


def test_seeds_that_disagree_widen_the_interval():
    rng = np.random.default_rng(0)
    truth = np.zeros(400, dtype=int)
    samples = rng.normal(size=400)
    together = np.stack([samples] * 5)
    apart = together + rng.normal(0, 0.5, 5)[:, np.newaxis]
    prior = np.ones(1)
    assert (
        stratified_interval(apart, truth, prior).half_width
        > 2 * stratified_interval(together, truth, prior).half_width
    )


def test_a_class_of_one_sample_is_not_certain():
    truth = np.array([0] * 50 + [1])
    values = np.random.default_rng(0).integers(0, 2, (3, 51)).astype(float)
    alone = stratified_interval(values, truth, np.array([0.0, 1.0]))
    assert alone.half_width > 0.3


def test_where_the_prior_leans_on_three_samples_so_do_the_degrees_of_freedom():
    truth = np.repeat([0, 1], [1000, 3])
    values = np.zeros((1, 1003))
    values[0, 1000:] = [0, 1, -1]  # the common class never differs: its thousand samples lend none
    found = stratified_interval(values, truth, np.array([0.5, 0.5]))
    pooled = 2 / 1001
    error = 0.5 * np.sqrt((2 + pooled) / 9)
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, 3) * error)


def test_a_class_of_one_sample_spreads_as_far_as_it_lies_from_the_rest():
    truth = np.array([0] * 50 + [1])
    values = (truth == 1).astype(float)[np.newaxis]
    found = stratified_interval(values, truth, np.array([0.9, 0.1]))
    # class 1 counts as one sample at 1 and one at the estimate, .1; class 0 as 51 of 52
    spread = 0.01 * 0.5 * 0.9**2 + 0.81 * 50 / 51 * 0.1**2 / 50**2
    freedom = spread**2 / ((0.01 * 0.405) ** 2 + (spread - 0.01 * 0.405) ** 2 / 50)
    assert found.mean == pytest.approx(0.1)
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, freedom) * np.sqrt(spread))


@pytest.mark.parametrize("K", [3, 7, 10])
def test_what_never_varies_has_no_width_whatever_the_rounding(K):
    interval = stratified_interval(np.ones((5, 4 * K)), np.arange(4 * K) % K, np.ones(K) / K)
    assert interval.half_width == 0


def test_arms_that_differ_and_cancel_everywhere_are_not_certain_to_be_equal():
    values = np.zeros((2, 50))
    values[:, :2] = [[1, -1], [-1, 1]]  # one sample up, one down, and the other way round
    found = stratified_interval(values, np.zeros(50, dtype=int), np.ones(1))
    residual = 4 / 49 / 100
    assert found.mean == 0
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, 1) * np.sqrt(residual))


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_a_model_that_never_varies_is_not_certain_of_its_accuracy(right):
    truth = np.repeat([0, 1, 1], [20, 30, 50])
    found = accuracy_interval(np.full((5, 100), right), truth, np.array([0.5, 0.5, 0.0]))
    expected = wilson_interval(right, 1 / (0.25 / 20 + 0.25 / 80))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_an_accuracy_is_wilsons_with_the_samples_that_its_error_is_worth():
    truth = np.repeat([0, 1, 1], [20, 30, 50])
    varied = np.random.default_rng(0).integers(0, 2, (5, 100)).astype(float)
    prior = np.array([0.9, 0.1])
    plain = stratified_estimate(varied, truth, prior)
    half = stats.t.ppf(0.975, plain.freedom) * plain.error
    worth = plain.mean * (1 - plain.mean) * (stats.norm.ppf(0.975) / half) ** 2
    found = accuracy_interval(varied, truth, prior)
    expected = wilson_interval(plain.mean, worth)
    assert (found.mean, found.low, found.high) == pytest.approx(
        (expected.mean, expected.low, expected.high)
    )
    # far from 0 and 1, with many samples, it is the plain interval
    many = np.random.default_rng(0).integers(0, 2, (5, 5000)).astype(float)
    found = accuracy_interval(many, np.zeros(5000, int), np.ones(1))
    plain = stratified_interval(many, np.zeros(5000, int), np.ones(1))
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=1e-5)


@pytest.mark.parametrize("n_seeds", [1, 3])
def test_two_samples_that_all_say_the_same_are_not_certain(n_seeds):
    right, strata, shares = np.ones((n_seeds, 2)), np.array([0, 1]), np.array([0.5, 0.5])
    found = paired_estimate(right, 1 - right, strata, shares)
    assert (found.mean, found.freedom) == (1, pytest.approx(2))
    assert found.error == pytest.approx(1 / np.sqrt(3))
    # unequal shares are worth less
    assert paired_estimate(right, 1 - right, strata, np.array([0.9, 0.1])).error > found.error
    same = paired_estimate(right, right, strata, shares)
    assert (same.mean, same.error) == (0, 0)
    assert np.isnan(same.p_value())


def test_a_paired_estimate_is_that_of_the_differences_where_these_vary():
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, 3, 50))
    strata, shares = rng.integers(0, 3, 50), np.ones(3)
    expected = stratified_estimate(left - right, strata, shares)
    assert paired_estimate(left, right, strata, shares) == expected
    with pytest.raises(DataError, match="value by value"):
        paired_estimate(left, right[:, :1], strata, shares)


def test_equal_arms_differ_by_exactly_nothing():
    interval = stratified_interval(np.zeros((4, 30)), np.arange(30) % 3, np.ones(3) / 3)
    assert (interval.mean, interval.low, interval.high) == (0, 0, 0)


@pytest.mark.parametrize("n_seeds", [3, 5, 10])
@pytest.mark.parametrize(
    ("seed_sd", "sample_sd", "rest_sd"), [(0.05, 1.0, 1.0), (0.2, 1.0, 1.0), (0.0, 1.0, 0.0)]
)
def test_intervals_cover_the_truth_as_often_as_they_say(n_seeds, seed_sd, sample_sd, rest_sd):
    rng = np.random.default_rng(7)
    prior = np.ones(3) / 3
    repeats, covered = 800, 0
    for _ in range(repeats):
        truth = np.concatenate([np.arange(3), rng.choice(3, 147, p=[0.6, 0.3, 0.1])])
        values = (
            rng.normal(0, seed_sd, n_seeds)[:, np.newaxis]
            + rng.normal(0, sample_sd, 150)
            + rng.normal(0, rest_sd, (n_seeds, 150))
        )
        interval = stratified_interval(values, truth, prior)
        covered += interval.low <= 0 <= interval.high
    # 800 repeats: three standard errors are 2.3 points; too wide is the safer side
    assert 0.927 <= covered / repeats <= 0.985


@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_two_arms_that_do_not_differ_are_told_apart_in_at_most_one_of_twenty(rate):
    """Each seed of each arm errs at random on its own; the arms have the same error rate."""
    rng = np.random.default_rng(3)
    truth = np.repeat(np.arange(4), [120, 50, 20, 10])
    repeats, told = 600, 0
    for _ in range(repeats):
        hard = rng.beta(rate * 5, (1 - rate) * 5, 200)  # samples differ in how often they fail
        left, right = (rng.random((2, 5, 200)) < hard).astype(float)
        interval = stratified_interval(left - right, truth, np.ones(4) / 4)
        told += interval.above_zero or interval.below_zero
    assert told / repeats <= 0.05


TAILS = {
    "digits": ([100, 66, 43, 28, 19, 12, 8, 5, 3, 2], np.linspace(0.02, 0.3, 10)),
    "ones": ([100, 60, 36, 22, 13, 8, 5, 3, 1, 1], np.linspace(0.02, 0.3, 10)),
    "two classes, one of three": ([1000, 3], np.array([0.02, 0.3])),
    "two classes, one of ten": ([1000, 10], np.array([0.02, 0.3])),
}


@pytest.mark.parametrize("same_seeds", [True, False])
@pytest.mark.parametrize(("counts", "rates"), TAILS.values(), ids=TAILS)
def test_under_equal_shares_a_tail_of_few_samples_does_not_tell_equal_arms_apart(
    counts, rates, same_seeds
):
    """Rare classes are the unsure ones: the arms differ on more of their few samples."""
    rng = np.random.default_rng(11)
    truth = np.repeat(np.arange(len(counts)), counts)
    size = (1 if same_seeds else 5, len(truth))
    repeats, told = 400, 0
    for _ in range(repeats):
        sample = (rng.random(len(truth)) < rates[truth]) * rng.choice([-1.0, 1.0], len(truth))
        own = (rng.random(size) < rates[truth]) * rng.choice([-1.0, 1.0], size)
        shared = same_seeds | (rng.random(size) < 0.5)
        values = np.where(shared, sample, own) * np.ones((5, 1))
        interval = stratified_interval(values, truth, np.ones(len(counts)) / len(counts))
        told += interval.above_zero or interval.below_zero
    assert told / repeats <= 0.05


def test_what_seeds_and_samples_share_is_counted_once():
    truth, widths = np.zeros(200, dtype=int), []
    for seed in range(20):
        values = np.random.default_rng(seed).normal(size=(100, 200))  # all of it residual
        widths.append(stratified_interval(values, truth, np.ones(1)).half_width)
    alone = 1.96 / np.sqrt(100 * 200)
    assert alone < np.mean(widths) < 1.2 * alone  # counted twice it would be 1.41


def test_the_freedom_of_few_seeds_by_hand():
    rng = np.random.default_rng(2)
    truth = np.repeat([0, 1], [40, 20])
    values = rng.normal(size=60) + rng.normal(0, 0.3, (3, 1)) + np.zeros((3, 60))
    found = stratified_estimate(values, truth, np.array([0.5, 0.5]))
    by_seed = 0.5 * values[:, :40].mean(axis=1) + 0.5 * values[:, 40:].mean(axis=1)
    B = by_seed.var(ddof=1) / 3
    V = found.error**2  # no residual: V = A + B
    samples = values.mean(axis=0)
    means = samples[:40].mean(), samples[40:].mean()
    squares = [((samples[:40] - means[0]) ** 2).sum(), ((samples[40:] - means[1]) ** 2).sum()]
    pooled, A = sum(squares) / 58, []
    for n, mean, square in zip((40, 20), means, squares, strict=True):
        A.append(0.25 * (square + pooled + n / (n + 1) * (mean - found.mean) ** 2) / n**2)
    assert pytest.approx(sum(A) + B) == V
    spent = (A[0] / V) ** 2 / 40 + (A[1] / V) ** 2 / 20 + 2 * B / (V + B) / 2
    assert found.freedom == pytest.approx(1 / spent)


def test_seeds_and_samples_both_count():
    rng = np.random.default_rng(5)
    samples, seeds = rng.normal(size=400), rng.normal(size=(100, 1)) / 2
    seeds = seeds / seeds.std() / 2  # 100 seeds of spread 1/2: as unsure as 400 samples of 1
    one = np.zeros(400, dtype=int)
    by_samples = stratified_interval(samples + 0 * seeds, one, np.ones(1)).half_width
    both = stratified_interval(samples + seeds, one, np.ones(1)).half_width
    assert both == pytest.approx(np.sqrt(2) * by_samples, rel=0.05)
