"""The relative change of a gap: what it is, how wide, and when there is none."""

from dataclasses import replace

import numpy as np
import pytest
from gap_cases import arms_of

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.evaluation.bootstrap import bootstrap
from steelyard.evaluation.relative_gaps import relative_gaps
from steelyard.records import Predictions

WIDE = (0.95, 0.9, 0.85, 0.7)
NARROW = (0.95, 0.9, 0.85, 0.8)


def two_arms(seed, of_arm=NARROW, of_base=WIDE, n_seeds=3, size=200, spread=0.02):
    models = arms_of(
        np.random.default_rng(seed), {"base": of_base, "arm": of_arm}, n_seeds, size, spread
    )
    return models[n_seeds:], models[:n_seeds]


def recalls(models):
    return np.array([[(one.predicted == one.truth)[one.truth == k].mean() for k in range(4)]
                     for one in models])  # fmt: skip


def test_it_is_the_change_in_per_cent_of_the_gap_of_the_base():
    arm, base = two_arms(0)
    names = ("recall_max_min", "recall_standard_deviation", "recall_easy_hard")
    found = relative_gaps(arm, base, names, easy=("a", "b"), hard=("d",), n_resamples=100)
    mine, theirs = recalls(arm), recalls(base)
    for name, gap in zip(
        names,
        (
            lambda one: np.ptp(one, axis=1),
            lambda one: one.std(axis=1),
            lambda one: one[:, :2].mean(axis=1) - one[:, 3],
        ),
        strict=True,
    ):
        expected = 100 * (gap(mine).mean() / gap(theirs).mean() - 1)
        assert found[name].mean == pytest.approx(expected)
        assert found[name].low < expected < found[name].high
    assert tuple(found) == names


def test_of_one_model_it_is_as_wide_as_the_ratios_of_the_redraws():
    arm, base = two_arms(1, n_seeds=1, size=2000)
    found = relative_gaps(arm, base, n_resamples=800)["recall_max_min"]
    top, bottom = (bootstrap(one, metric="recall_max_min", n_resamples=800) for one in (arm, base))
    # the redraws of one arm alone are others: the spread of the ratio is told by the difference
    apart = bootstrap(arm, base, "recall_max_min", n_resamples=800).estimates.error
    means, errors = [
        np.array([getattr(one.estimates, name) for one in (top, bottom)])
        for name in ("mean", "error")
    ]
    ratio = means[0] / means[1]
    covariance = (errors[0] ** 2 + errors[1] ** 2 - apart**2) / 2
    delta = np.sqrt(errors[0] ** 2 - 2 * ratio * covariance + (ratio * errors[1]) ** 2) / means[1]
    assert found.high - found.low == pytest.approx(2 * 196 * delta, rel=0.12)
    # Fieller's ends lie unevenly, farther where the ratio is farther from what is known of the base
    assert found.high - found.mean > found.mean - found.low


def test_there_is_none_where_the_gap_of_the_base_is_not_shown():
    arm, base = two_arms(2, (0.9,) * 4, (0.9,) * 4, size=50)
    assert relative_gaps(arm, base, n_resamples=100) == {"recall_max_min": None}
    arm, base = two_arms(2)
    upside_down = {"easy": ("d",), "hard": ("a",), "n_resamples": 100}
    assert relative_gaps(arm, base, ["recall_easy_hard"], **upside_down)["recall_easy_hard"] is None


def test_a_narrower_gap_is_never_below_none_at_all():
    arm, base = two_arms(3, (0.9,) * 4, WIDE, size=60, n_seeds=3)
    found = relative_gaps(arm, base, n_resamples=100)["recall_max_min"]
    assert -100 <= found.low < found.mean < -30


def test_arms_that_decide_alike_differ_by_nothing():
    _, base = two_arms(4)
    twin = [replace(one, logits=one.logits + 0.1, arm="twin") for one in base]
    found = relative_gaps(twin, base, ("recall_max_min", "f1_mad"), n_resamples=100)
    for one in found.values():
        assert (one.mean, one.low, one.high) == (0, 0, 0)


def test_what_cannot_be_compared_is_refused():
    arm, base = two_arms(5, size=20)
    with pytest.raises(ParameterError, match="'gaps' parameter"):
        relative_gaps(arm, base, ["recall_maxmin"])
    with pytest.raises(ParameterError, match="recall_easy_hard"):
        relative_gaps(arm, base, ["recall_easy_hard"])
    with pytest.raises(DataError, match="no class 'z'"):
        relative_gaps(arm, base, ["recall_easy_hard"], easy=["a"], hard=["z"])
    with pytest.raises(MismatchError, match="seed by seed"):
        relative_gaps(arm, base[:2])
    with pytest.raises(DataError, match="one arm with one other"):
        relative_gaps([*arm, *base], base)
    with pytest.raises(DataError, match="no predictions"):
        relative_gaps([], base)
    labels = Predictions([0, 1], np.eye(2, dtype=bool), np.eye(2), ("x", "y"))
    with pytest.raises(DataError, match="several labels"):
        relative_gaps([labels], [labels])


def covered(repeats, n_seeds, size, of_arm, spread):
    """Return how often the interval holds the true change, and how often there is one."""
    true = 100 * (np.ptp(of_arm) / np.ptp(WIDE) - 1)
    found = [
        relative_gaps(
            *two_arms([seed, size], of_arm, n_seeds=n_seeds, size=size, spread=spread),
            n_resamples=150,
        )["recall_max_min"]
        for seed in range(repeats)
    ]
    told = [one for one in found if one is not None]
    return np.mean([one.low <= true <= one.high for one in told]), len(told) / repeats


@pytest.mark.parametrize(("n_seeds", "spread"), [(1, 0.0), (3, 0.03)])
def test_it_holds_the_truth(n_seeds, spread):
    share, told = covered(30, n_seeds, 200, NARROW, spread)
    assert share >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 30)
    assert told > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("of_arm", [WIDE, NARROW])
@pytest.mark.parametrize("size", [60, 200])
@pytest.mark.parametrize(("n_seeds", "spread"), [(1, 0.0), (3, 0.03), (6, 0.03)])
def test_it_holds_the_truth_in_long_simulations(n_seeds, spread, size, of_arm):
    share, _ = covered(150, n_seeds, size, of_arm, spread)
    assert share >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 150)
