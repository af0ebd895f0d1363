"""Gaps between classes: by their definitions, on any axes, and what noise alone makes of them."""

import numpy as np
import pytest
from hypothesis import given, strategies
from hypothesis.extra import numpy as arrays
from scipy import stats

from steelyard._support.errors import DataError, ParameterError
from steelyard.evaluation import gaps

numbers = arrays.arrays(
    np.float64,
    arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
    elements=strategies.one_of(strategies.floats(0, 1), strategies.just(np.nan)),
)


@given(numbers)
def test_each_is_its_definition_on_the_classes_with_data(values):
    found = gaps.gaps(values)
    k = gaps.usual_k(values.shape[1])
    for row, value in enumerate(values):
        there = np.sort(value[~np.isnan(value)])
        if not len(there):
            assert all(np.isnan(one[row]) for one in found.values())
            continue
        assert found["max_min"][row] == there.max() - there.min()
        assert found["average"][row] == pytest.approx(there.mean())
        assert found["standard_deviation"][row] == pytest.approx(np.std(there))
        mad = stats.median_abs_deviation(there)
        assert found["mad"][row] == pytest.approx(mad, abs=1e-15)
        expected = there[-k:].mean() - there[:k].mean() if len(there) >= k else np.nan
        assert found["top_bottom"][row] == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_top_and_bottom_are_as_many_as_published():
    assert [gaps.usual_k(n) for n in (1, 2, 3, 5, 10, 30, 100, 1000)] == [1, 1, 1, 2, 2, 3, 10, 100]


def test_easy_minus_hard_leaves_out_what_has_no_data():
    values = np.array([[0.9, 0.8, np.nan, 0.2], [0.5, np.nan, np.nan, np.nan]])
    found = gaps.easy_hard(values, easy=[0, 1, 2], hard=[3])
    np.testing.assert_allclose(found, [0.65, np.nan])
    assert gaps.gaps(values, easy=[0], hard=[3])["easy_hard"][0] == pytest.approx(0.7)


def test_by_chance_two_equal_classes_differ_by_what_two_binomials_do():
    found = gaps.equal_classes_null([50, 50], 0.8, n_resamples=40_000, seed=1)
    p = stats.binom.pmf(np.arange(51), 50, 0.8)
    apart = np.abs(np.subtract.outer(np.arange(51), np.arange(51))) / 50
    joint = np.outer(p, p)
    assert found["max_min"].mean == pytest.approx((joint * apart).sum(), rel=0.02)
    order = np.argsort(apart, axis=None)
    end = apart.flat[order][np.searchsorted(np.cumsum(joint.flat[order]), 0.95)]
    assert found["max_min"].end == pytest.approx(end)
    assert found["average"].mean == pytest.approx(0.8, abs=0.002)
    assert found["top_bottom"] == found["max_min"]


def test_chance_does_not_depend_on_blocks_and_skips_classes_without_samples(monkeypatch):
    whole = gaps.equal_classes_null([20, 0, 30], 0.5, 500, seed=2, easy=[0], hard=[2])
    monkeypatch.setattr(gaps, "_BLOCK", 300)  # a hundred simulated parts at a time
    assert gaps.equal_classes_null([20, 0, 30], 0.5, 500, seed=2, easy=[0], hard=[2]) == whole
    assert list(whole) == list(gaps.GAPS)
    assert whole["easy_hard"].mean == pytest.approx(0, abs=0.02)
    assert gaps.equal_classes_null([20, 0, 30], 0.5, 500, seed=3) != whole


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: gaps.gaps([0.5, np.inf]), DataError, "finite"),
        (lambda: gaps.gaps([]), DataError, "each class"),
        (lambda: gaps.gaps([0.5], easy=[0]), ParameterError, "both, or neither"),
        (lambda: gaps.top_bottom([0.5, 0.6], 3), ParameterError, r"\[1, 2\]"),
        (lambda: gaps.easy_hard([0.5, 0.6], [0, 1], [1]), DataError, r"\[1\] in both"),
        (lambda: gaps.easy_hard([0.5, 0.6], [], [1]), DataError, "one at least"),
        (lambda: gaps.easy_hard([0.5, 0.6], [0], [2]), DataError, "from 0 to 1"),
        (lambda: gaps.easy_hard([0.5, 0.6], [0, 0], [1]), DataError, "different"),
        (lambda: gaps.equal_classes_null([0, 0], 0.5), DataError, "one is above 0"),
        (lambda: gaps.equal_classes_null([0.5], 0.5), DataError, "whole numbers"),
        (lambda: gaps.equal_classes_null([5], 1.5), ParameterError, "recall"),
    ],
)
def test_bad_input_is_told(call, error, says):
    with pytest.raises(error, match=says):
        call()
