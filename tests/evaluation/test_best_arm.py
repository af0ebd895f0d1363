"""The best of many arms: chosen on one half and told on the other, it does not flatter."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from gap_cases import arms_of

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.evaluation.best_arm import best_arm
from steelyard.records import Predictions

RECALLS = (0.95, 0.9, 0.85, 0.7)


def trial(seed, n_arms, n_seeds, size, spread, better=None):
    true = {"base": RECALLS} | {f"arm{k}": RECALLS for k in range(n_arms)}
    if better is not None:
        true["arm1"] = better
    return arms_of(np.random.default_rng(seed), true, n_seeds, size, spread)


def simulated(repeats, n_seeds, size, spread, n_arms=8):
    found = [
        best_arm(trial([seed, n_seeds], n_arms, n_seeds, size, spread), "base", n_resamples=100)
        for seed in range(repeats)
    ]
    naive = np.array([one.naive.mean for one in found])
    told = [one.change for one in found if one.change is not None]
    return naive, told


def of_mean(values):
    """Return a mean and three standard errors of it."""
    return np.mean(values), 3 * np.std(values) / np.sqrt(len(values))


# by luck with samples; by luck with trainings, which is the same on every sample
@pytest.mark.parametrize(("n_seeds", "size", "spread"), [(1, 200, 0.0), (8, 300, 0.04)])
def test_of_arms_that_all_are_the_base_the_best_cuts_nothing(n_seeds, size, spread):
    naive, told = simulated(15, n_seeds, size, spread)
    mean, doubt = of_mean(naive)
    assert mean + doubt < 0  # what a table shows
    honest, doubt = of_mean([one.mean for one in told])
    assert len(told) >= 12
    assert abs(honest) < max(doubt, 4)
    assert honest > mean / 2
    assert np.mean([one.low <= 0 <= one.high for one in told]) >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize(("n_seeds", "size", "spread"), [(1, 200, 0.0), (8, 300, 0.04)])
def test_the_best_of_equal_arms_is_hardly_ever_a_finding(n_seeds, size, spread):
    naive, told = simulated(150, n_seeds, size, spread)
    honest, doubt = of_mean([one.mean for one in told])
    assert abs(honest) < max(doubt, 3)
    assert np.mean([one.high < 0 for one in told]) <= 0.025 + 3 * np.sqrt(0.025 / 150)
    assert naive.mean() < -8


def test_a_true_cut_is_chosen_and_told():
    models = trial(0, 5, 6, 400, 0.02, better=(0.95, 0.9, 0.85, 0.83))
    found = best_arm(models, "base", n_resamples=200)
    assert found.chosen == ("arm1", "arm1")
    assert found.naive_arm == "arm1"
    assert found.seeds_parted
    assert found.change.high < 0
    assert found.change.low < 100 * (0.12 / 0.25 - 1) < found.change.high
    first, second = found.told
    assert found.change.mean == pytest.approx((first.mean + second.mean) / 2)
    assert found.change.low == min(first.low, second.low)
    assert found.change.high == max(first.high, second.high)


def test_what_is_told_is_of_other_samples_and_seeds_than_what_chose(monkeypatch):
    models = trial(1, 2, 6, 41, 0.02)
    calls = []

    def spy(arm, base, gaps, **how):
        calls.append((arm[0].arm, {i for one in arm for i in one.ids}, {one.seed for one in arm}))
        return dict.fromkeys(gaps)

    monkeypatch.setattr(sys.modules[best_arm.__module__], "relative_gaps", spy)
    found = best_arm(models, "base")
    (_, second, late), (_, first, early), (naive, every, seeds) = calls
    assert not first & second
    assert first | second == every == set(range(4 * 41))
    assert (early, late, seeds) == ({0, 1, 2}, {3, 4, 5}, set(range(6)))
    assert naive == found.naive_arm
    for half in (first, second):  # of each class half, the odd sample here or there
        assert set(np.bincount([i // 41 for i in half])) == {20, 21}
    assert found.change is None
    assert found.told == (None, None)
    # chosen by those on which it is not told
    for chosen, samples, mine in zip(found.chosen, (first, second), (early, late), strict=True):
        gaps = {}
        for one in models:
            if one.arm != "base" and one.seed in mine:
                here = np.isin(one.ids, list(samples))
                right = (one.predicted == one.truth)[here]
                by_class = [right[one.truth[here] == k].mean() for k in range(4)]
                gaps.setdefault(one.arm, []).append(np.ptp(by_class))
        assert chosen == min(gaps, key=lambda arm: np.mean(gaps[arm]))


def test_few_seeds_are_not_parted_and_it_says_so():
    found = best_arm(trial(2, 2, 5, 100, 0.0), "base", n_resamples=50)
    assert found.seeds_parted is False


def test_halves_go_by_id_and_not_by_the_order_of_rows():
    models = trial(3, 3, 1, 150, 0.0)
    order = np.random.default_rng(0).permutation(len(models[0]))
    shuffled = [
        replace(one, ids=one.ids[order], truth=one.truth[order], logits=one.logits[order])
        for one in models
    ]
    one, other = (best_arm(each, "base", n_resamples=50, seed=4) for each in (models, shuffled))
    assert one == other
    assert best_arm(models, "base", n_resamples=50, seed=5).told != one.told


def test_what_cannot_be_chosen_among_is_refused():
    models = trial(0, 2, 1, 20, 0.0)
    with pytest.raises(DataError, match=r"no arm 'bse'.* Hint: did you mean 'base'"):
        best_arm(models, "bse")
    with pytest.raises(DataError, match="no arm beside 'base'"):
        best_arm(models[:1], "base")
    with pytest.raises(ParameterError, match="'gap' parameter"):
        best_arm(models, "base", "recall_easy_hard")
    with pytest.raises(MismatchError):
        best_arm([models[0], replace(models[1], seed=7)], "base")
    rows = np.r_[0, 20:80]  # one of the first class
    few = [replace(m, ids=m.ids[rows], truth=m.truth[rows], logits=m.logits[rows]) for m in models]
    with pytest.raises(DataError, match="class 'a' has one in all"):
        best_arm(few, "base")
    labels = [
        Predictions([0, 1], np.eye(2, dtype=bool), np.eye(2), ("x", "y"), arm=arm) for arm in "ab"
    ]
    with pytest.raises(DataError, match="several labels"):
        best_arm(labels, "a")
