"""Nearest neighbours are exact, whatever the data and the order of their rows."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.neighbours import nearest as slowly

from steelyard._support.errors import DataError, ParameterError
from steelyard.hardness import neighbours
from steelyard.hardness.neighbours import nearest
from steelyard.records import Labelled

MODULE = sys.modules[nearest.__module__]  # the room offers the function under its name
DRAW = np.random.default_rng(0)
POINTS = {
    "normal": DRAW.normal(size=(90, 4)),
    "one column": DRAW.normal(size=(50, 1)),
    "ties on a grid": DRAW.integers(0, 3, (80, 3)),
    "copies": np.repeat(DRAW.normal(size=(6, 2)), 9, axis=0),
    "all the same": np.ones((30, 2)),
    "far from zero": 1e9 + DRAW.normal(size=(60, 3)),
    "near one another": 1 + 1e-9 * DRAW.normal(size=(60, 20)),
    "one far out": np.vstack([DRAW.normal(size=(40, 2)), [[1e30, 0.0]]]),
    "tiny": 1e-30 * DRAW.normal(size=(40, 3)),
    "bytes": DRAW.integers(0, 256, (60, 30)).astype(np.uint8),
    "bits": DRAW.integers(0, 2, (60, 8)).astype(bool),
    "zeros of both signs": np.array([[0.0, 1], [-0.0, 1], [0.0, 1], [2, 2], [-0.0, 0]]),
    "two": np.array([[0.0], [1.0]]),
}


def ids_for(n):
    return np.random.default_rng(3).permutation(10 * n)[:n]


def data_of(n, ids=None):
    labels = np.arange(n) % 2
    return Labelled(
        pd.DataFrame({"x": np.zeros(n)}), labels, ("a", "b"), ids_for(n) if ids is None else ids
    )


@pytest.mark.parametrize("k", [1, 5, 16])
@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
def test_they_equal_the_slow_loop(points, k):
    ids = ids_for(len(points))
    k = min(k, len(points) - 1)
    positions, distances = nearest(points, ids, k)
    numbers = points.astype(float)
    for row in range(len(points)):
        expected = slowly(numbers, ids, row, k)
        assert positions[row].tolist() == expected
        exact = np.sqrt(((numbers[row] - numbers[expected]) ** 2).sum(axis=1))
        np.testing.assert_array_equal(distances[row], exact)


@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
def test_the_order_of_the_rows_changes_no_bit(points):
    ids, order = ids_for(len(points)), np.random.default_rng(1).permutation(len(points))
    k = min(7, len(points) - 1)
    positions, distances = nearest(points, ids, k)
    again, distances_again = nearest(points[order], ids[order], k)
    np.testing.assert_array_equal(ids[order][again], ids[positions][order])
    np.testing.assert_array_equal(distances_again, distances[order])


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_points_at_all(data):
    n, d = data.draw(st.integers(2, 25)), data.draw(st.integers(1, 4))
    number = st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, 1.0, 1e-20, -1.0])
    flat = data.draw(st.lists(number, min_size=n * d, max_size=n * d))
    points = np.array(flat, dtype=np.float64).reshape(n, d)
    k = data.draw(st.integers(1, n - 1))
    ids = ids_for(n)
    _, distances = nearest(points, ids, k)
    difference = points[:, None] - points
    all_distances = np.sqrt((difference * difference).sum(axis=2))
    np.fill_diagonal(all_distances, np.inf)
    np.testing.assert_array_equal(distances, np.sort(all_distances, axis=1)[:, :k])


def test_blocks_of_rows_change_nothing_and_are_told_of(monkeypatch):
    points = DRAW.normal(size=(700, 6))
    ids = ids_for(700)
    whole = nearest(points, ids, 3)
    monkeypatch.setattr(MODULE, "_BLOCK", 700 * 100)
    monkeypatch.setattr(MODULE, "_PAIRS", 64)
    told = []
    parts = nearest(points, ids, 3, lambda done, total, what: told.append((done, total, what)))
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)
    assert told[-1] == (700, 700, "nearest neighbours")
    assert len(told) == 8  # 700 columns fill 11 groups of 64: 704


def test_the_first_look_leaves_few_pairs():
    points = np.random.default_rng(5).normal(size=(3000, 8))
    pairs = sum(len(row) for _, row, _ in MODULE._candidates(points, np.arange(3000), 5))
    assert 3000 * 6 <= pairs <= 3000 * 8


def test_a_record_says_what_it_is_of():
    data = data_of(20)
    found = neighbours(DRAW.normal(size=(20, 2, 3)), data, k=4)
    assert found.positions.shape == (20, 4)
    np.testing.assert_array_equal(found.ids, data.ids)
    np.testing.assert_array_equal(found.labels, data.labels)
    assert (found.class_names, found.data_fingerprint) == (data.class_names, data.fingerprint)


@pytest.mark.parametrize(("n", "k"), [(1, 0), (2, 1), (4, 3), (16, 15), (17, 15)])
def test_there_are_no_more_neighbours_than_others(n, k):
    assert neighbours(DRAW.normal(size=(n, 2)), data_of(n)).k == k


def test_ids_of_text_break_ties_by_spelling():
    ids = np.array(["b", "10", "9", "a"])
    positions, _ = nearest(np.zeros((4, 1)), ids, 3)
    assert ids[positions].tolist() == [
        ["10", "9", "a"],
        ["9", "a", "b"],
        ["10", "a", "b"],
        ["10", "9", "b"],
    ]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros(5), r"matrix of numbers with 5 rows.*Got float64 of shape \(5,\)"),
        (np.zeros((4, 2)), "with 5 rows"),
        (np.zeros((5, 0)), "matrix of numbers"),
        (np.full((5, 2), "a"), "matrix of numbers"),
        (np.array([[0.0], [1], [2], [np.nan], [4]]), "must be finite.*first in row 3"),
        (np.array([[0.0], [1], [2], [np.inf], [4]]), "must be finite"),
    ],
)
def test_what_are_no_points_is_refused(X, message):
    with pytest.raises(DataError, match=message):
        neighbours(X, data_of(5))


@pytest.mark.parametrize("k", [0, -1, 1.5])
def test_k_is_at_least_one(k):
    with pytest.raises(ParameterError, match="'k' parameter of neighbours"):
        neighbours(np.zeros((5, 1)), data_of(5), k)


@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
def test_among_some_they_equal_the_slow_loop_over_those(points):
    n = len(points)
    ids, numbers = ids_for(n), points.astype(float)
    there = np.sort(np.random.default_rng(1).permutation(n)[: max(n // 3, 2)])
    k = min(5, len(there) - 1)
    positions, _ = nearest(points, ids, k, there=there)
    for row in range(n):
        others = [other for other in there.tolist() if other != row]
        distance = {o: np.sqrt(((numbers[row] - numbers[o]) ** 2).sum()) for o in others}
        expected = sorted(others, key=lambda other: (distance[other], ids[other]))[:k]
        assert positions[row].tolist() == expected


def test_those_who_may_be_neighbours_are_drawn_by_id():
    points, data = DRAW.normal(size=(60, 2)), data_of(60)
    found = neighbours(points, data, k=4, among=12)
    assert found.positions.shape == (60, 4)
    chosen = set(data.ids[np.unique(found.positions)].tolist())
    assert len(chosen) <= 12
    order = DRAW.permutation(60)
    moved = neighbours(points[order], data.take(order), k=4, among=12)
    np.testing.assert_array_equal(moved.distances, found.distances[order])
    assert neighbours(points, data, k=4, among=3).k == 2
    whole = neighbours(points, data, k=4)
    np.testing.assert_array_equal(
        neighbours(points, data, k=4, among=1000).positions, whole.positions
    )
    with pytest.raises(ParameterError, match="'among' parameter of neighbours"):
        neighbours(points, data, among=1)
