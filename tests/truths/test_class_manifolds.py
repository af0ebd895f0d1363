"""Radii of shapes that are known, and inversions of curves that are known."""

import numpy as np
import pytest
from manifold_histories import history, valley

from steelyard.diagnosis import FORMULAS, class_radii, inversions


def radius(vectors, formula):
    return class_radii(vectors, np.zeros(len(vectors), int), 1, formula=formula)[0]


def pairwise(vectors):
    """1 / (2 n^2) of the squared distances of all ordered pairs, as the study writes it."""
    total = 0.0
    for one in vectors:
        for other in vectors:
            total += ((one - other) ** 2).sum()
    return total / (2 * len(vectors) ** 2)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def cloud():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 7)) * rng.random(7) + rng.normal(size=7)


def test_no_pair_has_to_be_looked_at(cloud):
    labels = np.arange(60) % 3
    raw = class_radii(cloud, labels, 3, formula="raw-squared")
    sphere = class_radii(cloud, labels, 3, formula="sphere-squared")
    for code in range(3):
        own = cloud[labels == code]
        assert raw[code] == pytest.approx(pairwise(own), rel=1e-10)
        assert raw[code] == pytest.approx(np.trace(np.cov(own.T, bias=True)), rel=1e-10)
        assert sphere[code] == pytest.approx(pairwise(unit(own)), rel=1e-10)


def test_on_the_sphere_only_the_mean_counts(cloud):
    mean = unit(cloud).mean(axis=0)
    assert radius(cloud, "sphere-squared") == pytest.approx(1 - mean @ mean, rel=1e-10)
    assert radius(cloud, "sphere-root") == pytest.approx(np.sqrt(1 - mean @ mean), rel=1e-10)


@pytest.mark.parametrize("formula", FORMULAS)
def test_rotation_and_order_do_not_matter(cloud, formula):
    rng = np.random.default_rng(1)
    rotation, _ = np.linalg.qr(rng.normal(size=(7, 7)))
    expected = radius(cloud, formula)
    assert radius(cloud @ rotation, formula) == pytest.approx(expected, rel=1e-10)
    assert radius(rng.permutation(cloud), formula) == pytest.approx(expected, rel=1e-10)


def test_raw_radii_scale_and_ignore_translation(cloud):
    assert radius(3 * cloud + 5, "raw-root") == pytest.approx(3 * radius(cloud, "raw-root"))
    assert radius(3 * cloud + 5, "raw-squared") == pytest.approx(9 * radius(cloud, "raw-squared"))


@pytest.mark.parametrize("formula", ["sphere-root", "sphere-squared"])
def test_the_sphere_ignores_the_norm_of_each_sample_and_not_translation(cloud, formula):
    expected = radius(cloud, formula)
    scales = np.random.default_rng(2).random((60, 1)) + 0.1
    assert radius(cloud * scales, formula) == pytest.approx(expected, rel=1e-10)
    assert radius(cloud + 5, formula) < 0.5 * expected


@pytest.mark.parametrize("formula", FORMULAS)
def test_identical_points_have_no_radius(formula):
    points = np.tile(np.random.default_rng(0).normal(size=11), (1001, 1))
    for made in (points, points.astype(np.float32), points.astype(np.float16)):
        found = radius(made, formula)
        assert 0 <= found < 1e-6  # in 32 bits the root would be lost below 3e-4


@pytest.mark.parametrize("formula", ["sphere-squared", "raw-squared"])
def test_antipodal_halves_fill_the_sphere(formula):
    points = np.repeat([[0.6, 0.8], [-0.6, -0.8]], 10, axis=0)
    assert radius(points, formula) == pytest.approx(1)


@pytest.mark.parametrize("k", [1, 2, 5, 30])
def test_orthonormal_points(k):
    assert radius(np.eye(30)[:k], "sphere-squared") == pytest.approx(1 - 1 / k, abs=1e-12)


@pytest.mark.parametrize("angle", [0.1, 1.0, 2.5])
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_two_directions_at_an_angle(angle, share):
    count = int(100 * share)
    directions = np.array([[1, 0], [np.cos(angle), np.sin(angle)]])
    points = np.repeat(directions, [count, 100 - count], axis=0)
    expected = 2 * share * (1 - share) * (1 - np.cos(angle))
    assert radius(points, "sphere-squared") == pytest.approx(expected)


@pytest.mark.parametrize("n", [2, 10])
def test_random_points_on_the_sphere(n):
    draws = np.random.default_rng(0).normal(size=(4000 * n, 5))
    found = class_radii(draws, np.repeat(np.arange(4000), n), 4000, formula="sphere-squared")
    assert found.mean() == pytest.approx(1 - 1 / n, abs=4 * found.std() / np.sqrt(4000))
    assert found.std() / np.sqrt(4000) < 0.01  # so that the line above says something


@pytest.mark.parametrize("n", [2, 10])
def test_random_points_of_a_normal_distribution(n):
    d, sigma = 6, 2.0
    draws = np.random.default_rng(0).normal(3, sigma, size=(4000 * n, d))
    found = class_radii(draws, np.repeat(np.arange(4000), n), 4000, formula="raw-squared")
    expected = d * sigma**2 * (n - 1) / n
    assert found.mean() == pytest.approx(expected, abs=4 * found.std() / np.sqrt(4000))
    assert found.std() / np.sqrt(4000) < 0.02 * expected


EPOCHS = np.arange(300)
LABELS = np.repeat([0, 1, 2], 20)


def radii_of(*lowest):
    return np.stack([valley(one, EPOCHS) for one in lowest], axis=-1)[None]


def test_classes_that_turn_over_together_are_the_same_in_snapshot_and_shared():
    errors = np.random.default_rng(0).random((1, 300, 60)) < 0.4
    made = history(radii_of(101, 100, 102), LABELS, errors)
    snapshot, shared = inversions(made, "snapshot"), inversions(made, "shared")
    assert snapshot.epochs.tolist() == shared.epochs.tolist() == [[105] * 3]
    np.testing.assert_array_equal(snapshot.wrong, shared.wrong)
    np.testing.assert_array_equal(snapshot.wrong_since, shared.wrong_since)


def test_where_errors_only_vanish_a_snapshot_holds_all_that_are_shared():
    learned = np.random.default_rng(0).integers(0, 300, 60)
    made = history(radii_of(60, 120, 200), LABELS, (EPOCHS[:, None] < learned)[None])
    snapshot, shared = inversions(made, "snapshot"), inversions(made, "shared")
    assert (snapshot.wrong >= shared.wrong).all()
    assert snapshot.wrong.sum() > shared.wrong.sum() > 0
    assert (snapshot.wrong_since <= snapshot.wrong).all()


def test_noise_moves_a_first_rise_and_leaves_a_minimum():
    rng = np.random.default_rng(0)
    radii = np.repeat(radii_of(150, 150, 150), 40, axis=0)
    radii = radii + rng.normal(0, 0.01, radii.shape)
    made = history(radii, LABELS)
    first, lowest = inversions(made, "snapshot").epochs, inversions(made).epochs
    assert np.median(first) < 50
    assert np.abs(lowest - 150).max() < 30
