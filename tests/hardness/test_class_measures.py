"""Impurity and intrinsic dimension, against slow loops and values known by hand."""

import numpy as np
import pandas as pd
import pytest
from oracles.neighbours import dimension, share_of_others
from scipy.stats import gamma

from steelyard._support.errors import DataError, ParameterError
from steelyard.checks.hand_made import neighbours_of_points
from steelyard.hardness import impurity, intrinsic_dimension
from steelyard.records import Labelled


def data_of(labels, names=("a", "b", "none", "c")):
    n = len(labels)
    return Labelled(pd.DataFrame({"x": np.zeros(n)}), labels, names, np.arange(n)[::-1])


def test_impurity_is_the_share_of_others_among_the_fifteen_nearest():
    draw = np.random.default_rng(0)
    points, labels = draw.normal(size=(60, 2)), draw.choice([0, 1, 3], 60, p=[0.6, 0.3, 0.1])
    ids = np.arange(60)[::-1]
    found = impurity(neighbours_of_points(points, labels, ids, ("a", "b", "none", "c"), 20))
    shares = np.array(share_of_others(points, ids, labels, 15))
    assert found["class"].tolist() == ["a", "b", "c"]
    assert found["count"].tolist() == [(labels == code).sum() for code in (0, 1, 3)]
    expected = [shares[labels == code].mean() for code in (0, 1, 3)]
    np.testing.assert_allclose(found["impurity"], expected, rtol=1e-12)


def test_classes_that_lie_apart_are_pure_and_a_class_of_one_is_not():
    points = np.r_[np.arange(20.0), 1000 + np.arange(20.0), 500][:, None]
    labels = np.repeat([0, 1, 3], [20, 20, 1])
    found = impurity(neighbours_of_points(points, labels, np.arange(41), ("a", "b", "", "c"), 15))
    assert found["impurity"].tolist() == [0, 0, 1]


def test_a_sample_alone_has_no_impurity_and_too_few_neighbours_are_refused():
    alone = neighbours_of_points(np.zeros((1, 1)), np.zeros(1, int), np.zeros(1, int), ("a",), 15)
    assert np.isnan(impurity(alone)["impurity"]).all()
    few = neighbours_of_points(np.zeros((30, 1)), np.zeros(30, int), np.arange(30), ("a",), 14)
    with pytest.raises(ParameterError, match="must hold 15 neighbours"):
        impurity(few)


def test_the_dimension_equals_the_slow_loop_class_by_class():
    draw = np.random.default_rng(1)
    points, labels = draw.normal(size=(90, 3)), np.repeat([0, 1, 3], 30)
    points[labels == 1, 1:] = 0  # a line
    found = intrinsic_dimension(points, data_of(labels))
    expected = [dimension(points[labels == code].tolist()) for code in (0, 1, 3)]
    np.testing.assert_allclose(found["dimension"], expected, rtol=1e-9)
    assert found["class"].tolist() == ["a", "b", "c"]
    assert found["copies"].tolist() == [0, 0, 0]


@pytest.mark.parametrize("true", [1, 2, 5])
def test_points_in_a_cube_have_its_dimension_whatever_the_columns(true):
    draw = np.random.default_rng(2)
    turned = np.linalg.qr(draw.normal(size=(12, 12)))[0][:true]
    points = draw.random((3000, true)) @ turned
    (row,) = intrinsic_dimension(points, data_of(np.zeros(3000, int))).itertuples()
    assert row.low < row.dimension < row.high
    # the walls of a cube bring the estimate down, the more the more dimensions
    assert row.dimension == pytest.approx(true, rel=0.08)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_interval_is_that_of_a_sum_of_exponentials(level):
    points = np.random.default_rng(3).normal(size=(40, 2))
    (row,) = intrinsic_dimension(points, data_of(np.zeros(40, int)), level).itertuples()
    total = 40 / row.dimension  # a sum of 40 exponentials is of the gamma distribution
    assert gamma.cdf(total, 40, scale=1 / row.low) == pytest.approx((1 - level) / 2)
    assert gamma.sf(total, 40, scale=1 / row.high) == pytest.approx((1 - level) / 2)


def test_the_interval_covers_nearly_as_often_as_it_says():
    draw = np.random.default_rng(4)
    covered = 0
    for _ in range(200):
        (row,) = intrinsic_dimension(
            draw.random((150, 2)), data_of(np.zeros(150, int))
        ).itertuples()
        covered += row.low <= 2 <= row.high
    assert 0.85 <= covered / 200 <= 0.99


def test_of_copies_one_counts_and_the_others_are_counted():
    points = np.random.default_rng(5).normal(size=(30, 2))
    again = np.r_[points, points[:7], points[:2], -0.0 * points[:1], 0.0 * points[:1]]
    once, more = (
        intrinsic_dimension(each, data_of(np.zeros(len(each), int)))
        for each in (np.r_[points, 0.0 * points[:1]], again)
    )
    assert (once["copies"][0], more["copies"][0], more["count"][0]) == (0, 10, 41)
    assert once["dimension"][0] == more["dimension"][0]


@pytest.mark.parametrize(
    "points",
    [np.zeros((1, 2)), np.eye(2), np.ones((9, 2)), np.eye(3)],
    ids=["1", "2", "same", "far"],
)
def test_too_little_leaves_no_dimension(points):
    (row,) = intrinsic_dimension(points, data_of(np.zeros(len(points), int))).itertuples()
    assert np.isnan([row.dimension, row.low, row.high]).all()


def test_the_order_of_the_rows_changes_no_bit_and_names_tell_nothing():
    draw = np.random.default_rng(6)
    points, labels, order = draw.normal(size=(50, 3)), draw.integers(0, 2, 50), draw.permutation(50)
    expected = intrinsic_dimension(points, data_of(labels, ("a", "b")))
    pd.testing.assert_frame_equal(
        intrinsic_dimension(points[order], data_of(labels[order], ("a", "b"))), expected
    )
    renamed = intrinsic_dimension(points, data_of(1 - labels, ("b", "a")))[::-1]
    pd.testing.assert_frame_equal(renamed.reset_index(drop=True), expected)


def test_mistakes_and_progress():
    with pytest.raises(DataError, match="with 4 rows"):
        intrinsic_dimension(np.zeros((3, 1)), data_of([0, 0, 1, 1]))
    with pytest.raises(ParameterError, match="'level' parameter of intrinsic_dimension"):
        intrinsic_dimension(np.zeros((2, 1)), data_of([0, 0]), 1.0)
    told = []
    intrinsic_dimension(np.zeros((2, 1)), data_of([0, 3]), progress=lambda *what: told.append(what))
    assert told == [(1, 4, "dimension of 'a'"), (4, 4, "dimension of 'c'")]
