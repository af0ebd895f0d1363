"""Draws of samples within strata, one by one and by pattern."""

import numpy as np
import pytest
from scipy import stats

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation import resamples as module
from steelyard.evaluation.counts import count
from steelyard.evaluation.influence import alike, heavier
from steelyard.evaluation.resamples import Patterns, bootstrap_recall, resamples

RNG = np.random.default_rng(0)


def test_every_resample_keeps_the_strata_and_draws_each_sample_once_on_average():
    strata = RNG.permutation(np.repeat([0, 2, 3], [1, 30, 9]))
    drawn = np.concatenate(list(resamples(strata, 4000, seed=1)))
    assert drawn.dtype == np.int16
    for stratum in np.unique(strata):
        assert (drawn[:, strata == stratum].sum(axis=1) == (strata == stratum).sum()).all()
    # a sample of a stratum of n is drawn Binomial(n, 1/n) times
    one = drawn[:, np.flatnonzero(strata == 2)[0]]
    expected = stats.binom.pmf(np.arange(4), 30, 1 / 30)
    found = np.bincount(one, minlength=4)[:4] / 4000
    np.testing.assert_allclose(found, expected, atol=4 * np.sqrt(0.25 / 4000))


def test_draws_follow_the_seed_and_not_the_blocks(monkeypatch):
    strata = np.repeat([0, 1], [7, 5])
    whole = np.concatenate(list(resamples(strata, 10, seed=4)))
    monkeypatch.setattr(module, "_BLOCK", 36)  # three at a time
    monkeypatch.setattr(module, "_PIECE", 24)  # drawn by two
    parts = list(resamples(strata, 10, seed=4))
    assert [len(one) for one in parts] == [3, 3, 3, 1]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert (np.concatenate(list(resamples(strata, 10, seed=5))) != whole).any()


def test_patterns_have_the_counts_of_their_samples_under_shares():
    truth, left, right = RNG.integers(0, 4, (3, 300))
    truth[truth == 3] = 2  # class 3 is absent
    shares = np.array([0.5, 0.3, 0.0, 0.2])
    patterns = Patterns.of(truth, [left, right], 4, shares=shares)
    assert len(patterns.sizes) <= 3 * 16
    n = np.bincount(truth, minlength=4)
    weights = (np.array([0.625, 0.375, 0, 0]) * 300 / np.maximum(n, 1))[truth]
    found = patterns.counts()
    for model, said in enumerate((left, right)):
        expected = count(truth, said, 4, weights)
        for part in ("hits", "called", "present", "total"):
            np.testing.assert_allclose(getattr(found, part)[model], getattr(expected, part))
    assert (np.diff(patterns.strata) >= 0).all()


def test_the_order_of_rows_changes_no_draw():
    truth, said = RNG.integers(0, 3, (2, 50))
    order = RNG.permutation(50)
    one = next(Patterns.of(truth, [said], 3).resampled(20, 0))
    other = next(Patterns.of(truth[order], [said[order]], 3).resampled(20, 0))
    np.testing.assert_array_equal(one.called, other.called)


@pytest.mark.parametrize("by_cell", [True, False])
def test_by_pattern_and_one_by_one_the_counts_have_the_same_distribution(by_cell, monkeypatch):
    """Calls of class 0: the sum over classes of binomials, whose variance is known."""
    monkeypatch.setattr(module, "_CELL", 0.0 if by_cell else 1e9)
    truth = np.repeat([0, 1, 2], [40, 60, 20])
    said = RNG.choice(3, 120, p=[0.5, 0.3, 0.2])
    n, b = np.bincount(truth), 20_000
    rates = np.array([(said[truth == c] == 0).mean() for c in range(3)])
    called = np.concatenate(
        [one.called[0, :, 0] for one in Patterns.of(truth, [said], 3).resampled(b, 3)]
    )
    assert len(called) == b
    expected = (n * rates * (1 - rates)).sum()
    assert called.mean() == pytest.approx((n * rates).sum(), abs=4 * np.sqrt(expected / b))
    assert called.var() == pytest.approx(expected, rel=4 * np.sqrt(2 / b))


@pytest.mark.parametrize("by_cell", [True, False])
def test_models_share_their_draws(by_cell, monkeypatch):
    monkeypatch.setattr(module, "_CELL", 0.0 if by_cell else 1e9)
    truth, said = RNG.integers(0, 3, (2, 80))
    other = np.where(said == truth, (truth + 1) % 3, truth)  # right where the first is wrong
    counts = next(Patterns.of(truth, [said, other], 3).resampled(50, 0))
    np.testing.assert_array_equal(counts.hits[0] + counts.hits[1], counts.present[0])


def test_labels_are_drawn_together():
    truth, said = RNG.random((2, 60, 4)) < 0.3
    patterns = Patterns.of(truth, [said], 4)
    weights = next(patterns.drawn(30, 0))
    assert (weights.sum(axis=0) == 60).all()
    counts = next(patterns.resampled(30, 0))
    assert counts.hits.shape == (1, 30, 4)
    whole = count(truth, said, 4)
    np.testing.assert_array_equal(patterns.counts().hits[0], whole.hits)
    np.testing.assert_array_equal(patterns.counts().called[0], whole.called)


def test_a_heavier_pattern_adds_to_its_own_counts():
    truth, said = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0])
    patterns = Patterns.of(truth, [said], 2)
    base = patterns.counts()
    moved = heavier(patterns, base, 0, np.arange(4), 0.5)
    # patterns are sorted: (0, 0), (0, 1), (1, 0), (1, 1)
    np.testing.assert_allclose(moved.hits - base.hits[0], [[0.5, 0], [0, 0], [0, 0], [0, 0.5]])
    np.testing.assert_allclose(moved.called - base.called[0], [[0.5, 0], [0, 0.5]] * 2)
    np.testing.assert_allclose(moved.total, np.full(4, 5.5))


@pytest.mark.parametrize("labels", [False, True])
def test_patterns_of_one_kind_count_alike_for_a_model(labels):
    rng = np.random.default_rng(0)
    if labels:
        truth, *said = rng.random((4, 60, 3)) < 0.4
    else:
        truth, *said = rng.integers(0, 3, (4, 60))
    strata = rng.integers(0, 2, 60)
    shares = None if labels else np.array([0.2, 0.8])
    groups = None if labels else strata
    patterns = Patterns.of(truth, said, 3, groups, shares, cells=[0, 1, 2])
    base, n = patterns.expected(), len(patterns.sizes)
    for model in range(3):
        for start, stop in ((0, n), (5, n - 3)):
            places, kind = alike(patterns, model, start, stop)
            assert labels or len(places) <= 18 < n
            one_each = heavier(patterns, base, model, places, 0.5)
            every = heavier(patterns, base, model, np.arange(start, stop), 0.5)
            for name in ("hits", "called", "present", "total"):
                told, direct = getattr(one_each, name)[kind], getattr(every, name)
                np.testing.assert_array_equal(told, direct)


def test_a_heavier_pattern_of_labels_adds_to_the_total_of_each():
    truth = np.array([[1, 0], [0, 1], [1, 1]], dtype=bool)
    patterns = Patterns.of(truth, [truth], 2)
    moved = heavier(patterns, patterns.counts(), 0, np.arange(3), 0.5)
    np.testing.assert_allclose(moved.total, np.full((3, 2), 3.5))
    np.testing.assert_allclose(moved.present.sum(axis=0), 3 * np.array([2, 2]) + 2 * 0.5)


@pytest.mark.parametrize("by_cell", [True, False])
def test_recalls_scatter_as_jeffreys_has_it_and_arms_by_themselves(by_cell, monkeypatch):
    monkeypatch.setattr(module, "_CELL", 0.0 if by_cell else 1e9)
    truth = np.repeat([0, 1, 2], [8, 4, 1])
    said = np.where(np.arange(13) % 4, truth, (truth + 1) % 3)
    patterns = Patterns.of(truth, [said, said, said], 3, cells=[0, 0, 1])
    assert patterns.sizes.sum() == 13
    np.testing.assert_array_equal(patterns.counts().hits[0], count(truth, said, 3).hits)
    found = next(patterns.resampled(20_000, 0))
    n = np.bincount(truth)
    np.testing.assert_array_equal(found.present[0], np.broadcast_to(n, (20_000, 3)))
    recalls = found.hits / n
    expected = (count(truth, said, 3).hits + 0.5) / (n + 1)
    np.testing.assert_allclose(patterns.expected().hits[0] / n, expected)
    np.testing.assert_allclose(recalls.mean(axis=1), np.tile(expected, (3, 1)), atol=0.015)
    np.testing.assert_allclose(recalls[0].var(axis=0), expected * (1 - expected) / n, rtol=0.05)
    np.testing.assert_array_equal(found.hits[0], found.hits[1])  # seeds of one arm
    # arms that call alike differ by the pseudo-sample, drawn once of n + 1 and then half the time
    apart = (recalls[0] - recalls[2]).var(axis=0)
    np.testing.assert_allclose(apart, 0.5 / (n + 1) / n, rtol=0.1)


def test_three_arms_are_right_and_wrong_in_every_pair_of_ways_equally_often():
    truth = np.array([0, 1, 1])
    patterns = Patterns.of(truth, [truth] * 3, 2, cells=[0, 1, 2])
    pseudo = patterns.sizes == 0
    right = np.stack([one.hits.toarray().sum(axis=0)[pseudo] for one in patterns.tables])
    assert patterns.weights[pseudo].sum() == pytest.approx(2)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.bincount((2 * right[one] + right[other]).astype(int)).tolist() == [2] * 4


def test_pseudo_samples_of_labels_count_for_one_label_alone():
    truth = np.array([[1, 0], [0, 0], [1, 0]], dtype=bool)  # nobody has the second
    patterns = Patterns.of(truth, [truth], 2, cells=[0])
    expected = patterns.expected()
    np.testing.assert_allclose(expected.present[0], [3, 0])
    np.testing.assert_allclose(expected.total[0], [5, 4])
    np.testing.assert_allclose(expected.hits[0], [2.5, 0])
    np.testing.assert_allclose(expected.called[0], [3, 0.5])
    total = next(patterns.resampled(4000, 0)).total[0].mean(axis=0)
    np.testing.assert_allclose(total, [5, 4], atol=0.1)
    moved = heavier(patterns, expected, 0, np.arange(len(patterns.sizes)), 1.0)
    gained = moved.total - expected.total[0]
    np.testing.assert_allclose(gained.sum(axis=0), [2 + 4, 2 + 2])  # two kinds of samples


def test_pseudo_samples_lie_in_the_strata_of_their_class():
    truth, strata = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    patterns = Patterns.of(truth, [truth], 2, strata, np.array([0.5, 0.5]), cells=[0])
    pseudo = patterns.sizes == 0
    drawn_from = np.bincount(patterns.strata[pseudo], patterns.weights[pseudo])
    np.testing.assert_allclose(drawn_from, [2 / 3, 1 / 3 + 1])
    for weights in patterns.drawn(50, 0):
        for stratum in (0, 1):
            assert (weights[patterns.strata == stratum].sum(axis=0) == 2).all()


@pytest.mark.parametrize("n_seeds", [1, 3])
def test_resampled_recalls_are_binomial_shares(n_seeds):
    truth = np.repeat([0, 2], [40, 15])
    right = RNG.random((n_seeds, 55)) < 0.7
    found = bootstrap_recall(right, truth, 3, 20_000, seed=1)
    assert found.shape == (n_seeds, 20_000, 3)
    assert np.isnan(found[:, :, 1]).all()
    for code, n in ((0, 40), (2, 15)):
        share = right[:, truth == code].mean(axis=1)
        np.testing.assert_allclose(found[:, :, code].mean(axis=1), share, atol=0.004)
        np.testing.assert_allclose(
            found[:, :, code].var(axis=1), share * (1 - share) / n, rtol=0.06
        )
    if n_seeds > 1:  # the draws are shared: so is what both got right
        both = (right[0] & right[1])[truth == 0].mean() - np.prod(
            right[:2, truth == 0].mean(axis=1)
        )
        joint = np.cov(found[0, :, 0], found[1, :, 0])[0, 1]
        assert joint == pytest.approx(both / 40, abs=3e-4)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: next(resamples([])), DataError, "at least one sample"),
        (lambda: next(resamples([0, -1])), DataError, "from 0 on"),
        (lambda: next(resamples([0.5])), DataError, "whole numbers"),
        (lambda: next(resamples([0, 1], 0)), ParameterError, "n_resamples"),
        (lambda: bootstrap_recall([0.5], [0], 1), DataError, "needs 0 and 1"),
        (lambda: bootstrap_recall([1, 0], [0], 1), DataError, r"\(1, 2\) and \(1,\)"),
        (lambda: bootstrap_recall([1, 0], [0, 2], 2), DataError, "from 0 to 1. Got 2"),
        (
            lambda: Patterns.of(np.array([0, 0]), [np.array([0, 1])], 2, shares=np.array([0, 1.0])),
            DataError,
            "positive deployment share",
        ),
    ],
)
def test_bad_input_is_told(call, error, says):
    with pytest.raises(error, match=says):
        call()
