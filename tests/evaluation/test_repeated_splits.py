"""The corrected error of repeated splits: by hand, and its coverage where the truth is known."""

import numpy as np
import pytest
from scipy import stats

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation.repeated_splits import folds_estimate, splits_estimate


def test_the_error_is_nadeau_and_bengios():
    values = np.array([0.1, 0.3, 0.2, 0.6])
    found = splits_estimate(values, n_train=90, n_test=10)
    variance = sum((v - 0.3) ** 2 for v in values) / 3
    assert found.mean == pytest.approx(0.3)
    assert found.error == pytest.approx(np.sqrt((1 / 4 + 1 / 9) * variance))
    assert found.freedom == 3
    in_shares = splits_estimate(values, n_train=0.9, n_test=0.1)
    assert in_shares.error == pytest.approx(found.error)


def test_a_tiny_test_part_leaves_the_classical_t_interval():
    values = np.random.default_rng(0).normal(size=12)
    found = splits_estimate(values, n_train=1e12, n_test=1).interval()
    expected = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    np.testing.assert_allclose((found.low, found.high), expected, rtol=1e-9)


def test_folds_are_splits_that_test_one_part_of_k():
    values = np.random.default_rng(0).normal(size=(3, 5))
    expected = splits_estimate(values.ravel(), n_train=4, n_test=1)
    assert folds_estimate(values) == expected
    assert expected.freedom == 14


@pytest.mark.parametrize("values", [[0.5], [], 0.5, [[0.5, 0.4]]])
def test_one_split_says_nothing(values):
    with pytest.raises(DataError, match="two splits or more"):
        splits_estimate(np.array(values), n_train=9, n_test=1)


@pytest.mark.parametrize("values", [np.ones((3, 1)), np.ones(5), np.ones((0, 5))])
def test_folds_have_two_axes(values):
    with pytest.raises(DataError, match="two folds or more"):
        folds_estimate(values)


@pytest.mark.parametrize(("n_train", "n_test"), [(0, 1), (9, 0), (-9, 1), (9, np.nan)])
def test_sizes_are_above_zero(n_train, n_test):
    with pytest.raises(ParameterError, match="'n_t"):
        splits_estimate(np.ones(3), n_train=n_train, n_test=n_test)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1])
def test_splits_that_all_gave_the_same_say_nothing_of_others(value):
    with pytest.raises(DataError, match=r"All 3 splits gave .* Hint: take more splits"):
        splits_estimate(np.full(3, value), n_train=9, n_test=1)
    with pytest.raises(DataError, match="All 6 splits"):
        folds_estimate(np.full((2, 3), value))


def test_values_are_finite():
    with pytest.raises(DataError, match="finite"):
        splits_estimate(np.array([0.1, np.nan]), n_train=9, n_test=1)


N, N_TEST, DIMENSIONS, GAP = 60, 12, 4, 0.8


def _accuracy(x, y, train, test):
    """Nearest class mean; all sets of one shape at once: train and test are (..., rows)."""
    means = []
    for c in (0, 1):
        mine = (y[train] == c)[..., None]
        means.append((x[train] * mine).sum(axis=-2) / np.maximum(mine.sum(axis=-2), 1))
    near = [((x[test] - mean[..., None, :]) ** 2).sum(axis=-1) for mean in means]
    return ((near[1] < near[0]) == y[test]).mean(axis=-1)


def _data(rng, n):
    y = rng.integers(0, 2, n)
    return rng.normal(size=(n, DIMENSIONS)) + GAP / 2 * np.where(y, 1, -1)[:, None], y


def test_the_naive_interval_covers_too_seldom_and_the_corrected_one_does_not():
    rng = np.random.default_rng(0)
    x, y = _data(rng, 200_000)
    rows = rng.permutation(len(x)).reshape(-1, 200)  # 1,000 sets of their own: the truth
    truth = _accuracy(x, y, rows[:, : N - N_TEST], rows[:, N - N_TEST :]).mean()
    repeats, corrected, naive, folded = 500, 0, 0, 0
    for _ in range(repeats):
        x, y = _data(rng, N)
        orders = rng.permuted(np.tile(np.arange(N), (15, 1)), axis=1)
        accuracies = _accuracy(x, y, orders[:, N_TEST:], orders[:, :N_TEST])
        found = splits_estimate(accuracies, n_train=N - N_TEST, n_test=N_TEST).interval()
        plain = stats.t.interval(0.95, 14, accuracies.mean(), stats.sem(accuracies))
        corrected += found.low <= truth <= found.high
        naive += plain[0] <= truth <= plain[1]
        folds = rng.permutation(N).reshape(5, N_TEST)
        rest = np.stack([np.delete(folds, k, axis=0).ravel() for k in range(5)])
        found = folds_estimate(_accuracy(x, y, rest, folds)[None]).interval()
        folded += found.low <= truth <= found.high
    # three standard errors of 500 repeats are 2.9 points; too wide is the safer side
    assert naive / repeats < 0.85
    assert corrected / repeats >= 0.92
    assert folded / repeats >= 0.92
