import numpy as np
import pytest

from steelyard._support.errors import DataError, MismatchError
from steelyard.records import ClassSums

RNG = np.random.default_rng(0)
X = RNG.normal(3, 1, size=(30, 4))
Y = RNG.integers(0, 3, 30)


def sums_of(x, y, k=4):
    one_hot = np.eye(k)[y]
    return ClassSums(one_hot.sum(0), one_hot.T @ x, one_hot.T @ (x**2).sum(1))


def test_squared_radii_are_half_the_mean_squared_distance_of_pairs():
    found = sums_of(X, Y).squared_radii
    for c in range(3):
        own = X[c == Y]
        pairs = ((own[:, None] - own) ** 2).sum(-1)
        np.testing.assert_allclose(found[c], pairs.mean() / 2, rtol=1e-12)
    assert np.isnan(found[3])


def test_a_class_of_equal_points_has_radius_0_and_not_less():
    same = np.full((7, 3), 0.1 + 1e-9)
    assert sums_of(same, np.zeros(7, dtype=int)).squared_radii[0] == pytest.approx(0, abs=1e-15)
    shifted = ClassSums([2], [[2.0, 0]], [2.0 - 1e-16])
    assert shifted.squared_radii[0] >= 0


def test_sums_of_parts_add_up():
    whole, parts = sums_of(X, Y), sums_of(X[:11], Y[:11]) + sums_of(X[11:], Y[11:])
    for name in ("counts", "sums", "squares"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)


def test_a_leading_axis_of_runs():
    one = sums_of(X, Y)
    two = ClassSums(one.counts, np.stack([one.sums] * 2), np.stack([one.squares] * 2))
    np.testing.assert_array_equal(two.squared_radii, [one.squared_radii] * 2)


@pytest.mark.parametrize(
    ("sums", "message"),
    [
        (([1, 2], np.ones((3, 4)), np.ones(3)), "needs counts"),
        (([1, 2], np.ones(2), np.ones(2)), "needs counts"),
        (([1, 2], np.ones((2, 4)), np.ones(3)), "needs counts"),
        (([1, -2], np.ones((2, 4)), np.ones(2)), "at least 0. Got -2"),
        (([1, 2], np.full((2, 4), np.nan), np.ones(2)), "sums"),
        (([1, 2], np.ones((2, 4)), np.full(2, np.inf)), "squares"),
    ],
)
def test_what_does_not_fit_is_refused(sums, message):
    with pytest.raises(DataError, match=message):
        ClassSums(*sums)


def test_only_what_is_of_one_shape_adds_up():
    with pytest.raises(MismatchError, match="cannot be added"):
        sums_of(X, Y) + sums_of(X[:, :3], Y)
