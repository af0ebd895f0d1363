"""Paired tests against scipy, and how often they find what is not there."""

import numpy as np
import pytest
from scipy import stats

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.evaluation.intervals import stratified_estimate
from steelyard.evaluation.paired_tests import paired_t, sign_flip_test, swap_test


def _mean_difference(left, right, axis=-1):
    return (left - right).mean(axis=axis)


def _by_scipy(left, right, n=np.inf):
    return stats.permutation_test(
        (left, right), _mean_difference, permutation_type="samples", n_resamples=n, axis=0
    ).pvalue


def test_paired_t_is_scipys_for_every_trailing_place():
    rng = np.random.default_rng(0)
    left, right = rng.normal(0.3, 1, (6, 4, 3)), rng.normal(size=(6, 4, 3))
    found = paired_t(left, right)
    expected = stats.ttest_rel(left, right, axis=0)
    np.testing.assert_allclose(found.p_value, expected.pvalue)
    np.testing.assert_allclose(found.mean, (left - right).mean(axis=0))
    one = paired_t(left[:, 0, 0], right[:, 0, 0])
    assert one.p_value == pytest.approx(expected.pvalue[0, 0])
    assert one.p_value.shape == ()


def test_seeds_that_all_differ_by_the_same_are_in_doubt_and_by_nothing_are_no_test():
    right = np.array([[0.1, 0.2], [0.3, 0.4], [0.7, 0.5]])
    found = paired_t(right + np.array([0.0, 0.1]), right)  # .1 is not exact in binary
    assert np.isnan(found.p_value[0])
    assert found.p_value[1] == pytest.approx(2 * stats.t(3).sf(2))  # sqrt(3 + 1)


@pytest.mark.parametrize("test", [paired_t, sign_flip_test])
def test_no_data_is_no_test(test):
    left = np.array([[0.1, np.nan], [0.4, 0.2], [0.3, 0.1]])
    found = test(left, np.zeros((3, 2)))
    assert np.isnan(found.p_value).tolist() == [False, True]
    assert np.isnan(found.mean).tolist() == [False, True]


@pytest.mark.parametrize("n_seeds", [2, 5, 8])
def test_all_sign_flips_are_scipys_exact_permutations(n_seeds):
    rng = np.random.default_rng(n_seeds)
    left, right = rng.integers(0, 5, (2, n_seeds, 3)) / 10.0  # with ties
    found = sign_flip_test(left, right)
    np.testing.assert_allclose(found.p_value, _by_scipy(left, right))
    assert found.exact
    assert found.n_compared == 2**n_seeds


def test_the_least_p_value_of_five_seeds_is_a_sixteenth():
    assert sign_flip_test(np.arange(1.0, 6), np.zeros(5)).p_value == 1 / 16


def test_many_seeds_are_flipped_at_random_and_never_give_zero():
    rng = np.random.default_rng(0)
    left = rng.normal(0.5, 1, 16)
    exact = sign_flip_test(left, np.zeros(16), n_permutations=2**16)
    drawn = sign_flip_test(left, np.zeros(16), n_permutations=20_000, seed=1)
    assert exact.exact
    assert not drawn.exact
    assert drawn.p_value == pytest.approx(_by_scipy(left, np.zeros(16)), abs=0.006)
    again = sign_flip_test(left, np.zeros(16), n_permutations=20_000, seed=1)
    assert again.p_value == drawn.p_value
    far = sign_flip_test(np.full(30, 1.0), np.zeros(30), n_permutations=99)
    assert far.p_value == 0.01


def test_swapping_few_changed_samples_is_the_exact_test_of_mcnemar():
    left, right = np.ones((3, 40)), np.ones((3, 40))
    left[:, :2] = 0
    right[:, 2:11] = 0
    found = swap_test(left, right, np.zeros(40, int), np.ones(1))
    assert found.p_value == pytest.approx(stats.binomtest(2, 11).pvalue)
    assert found.mean == pytest.approx(7 / 40)
    assert found.exact


def test_swaps_weigh_strata_by_their_shares():
    rng = np.random.default_rng(2)
    left, right = rng.normal(size=(2, 3, 10))
    strata, shares = np.array([0] * 7 + [2] * 3), np.array([1.0, 4.0, 3.0])
    found = swap_test(left, right, strata, shares)
    weights = np.where(strata == 0, 0.25 / 7, 0.75 / 3) * 10

    def weighted(x, y, axis=-1):
        return ((x - y) * weights).mean(axis=-1)

    arms = left.mean(axis=0), right.mean(axis=0)
    expected = stats.permutation_test(
        arms, weighted, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.mean == pytest.approx(stratified_estimate(left - right, strata, shares).mean)


def test_arms_that_never_differ_are_alike():
    same = np.ones((2, 9))
    found = swap_test(same, same, np.zeros(9, int), np.ones(1))
    assert (float(found.mean), float(found.p_value)) == (0, 1)
    assert sign_flip_test(same, same).p_value.tolist() == [1] * 9


def test_seeds_of_one_sample_are_swapped_together():
    """A hundred seeds that agree are no more evidence on ten samples than one."""
    difference = np.random.default_rng(4).normal(0.4, 1, 10)
    one = swap_test(difference[None], np.zeros((1, 10)), np.zeros(10, int), np.ones(1))
    many = swap_test(
        np.tile(difference, (100, 1)), np.zeros((100, 10)), np.zeros(10, int), np.ones(1)
    )
    assert many.p_value == pytest.approx(one.p_value)


@pytest.mark.parametrize(
    ("sample_sd", "seed_sd", "flattered"), [(1.0, 0.0, "seeds"), (0.0, 0.1, "samples")]
)
def test_each_test_answers_its_own_question_and_no_other(sample_sd, seed_sd, flattered):
    """Arms that do not differ: but on these very samples, or in these very trainings."""
    rng = np.random.default_rng(0)
    told = {"seeds": 0, "samples": 0, "both": 0}
    strata, shares, repeats = np.zeros(100, int), np.ones(1), 400
    for _ in range(repeats):
        effects = rng.normal(0, sample_sd, 100) + rng.normal(0, seed_sd, (5, 1))
        difference = effects + rng.normal(0, 0.3, (5, 100))
        told["seeds"] += paired_t(difference.mean(axis=1), np.zeros(5)).p_value <= 0.05
        swapped = swap_test(difference, np.zeros((5, 100)), strata, shares, n_permutations=199)
        told["samples"] += swapped.p_value <= 0.05
        told["both"] += stratified_estimate(difference, strata, shares).p_value() <= 0.05
    for test, times in told.items():
        # three standard errors of 400 repeats at .05 are .033
        assert times / repeats > 0.3 if test == flattered else times / repeats <= 0.083, told


@pytest.mark.parametrize("test", [paired_t, sign_flip_test])
def test_tests_over_seeds_refuse_what_does_not_fit(test):
    with pytest.raises(MismatchError, match=r"\(3,\) and \(4,\)"):
        test(np.ones(3), np.ones(4))
    with pytest.raises(DataError, match="two seeds or more"):
        test(np.ones((1, 5)), np.ones((1, 5)))
    with pytest.raises(DataError, match="finite"):
        test(np.array([1, np.inf]), np.ones(2))


def test_swaps_refuse_what_does_not_fit():
    with pytest.raises(MismatchError, match="same seeds and samples"):
        swap_test(np.ones((2, 3)), np.ones((2, 4)), np.zeros(3, int), np.ones(1))
    with pytest.raises(DataError, match="finite"):
        swap_test(np.full((2, 3), np.nan), np.ones((2, 3)), np.zeros(3, int), np.ones(1))
    with pytest.raises(ParameterError, match="'n_permutations'"):
        swap_test(np.ones((2, 3)), np.ones((2, 3)), np.zeros(3, int), np.ones(1), 0)
