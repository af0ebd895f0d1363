"""Radii of class manifolds: what goes in, in which form, and what is refused."""

import numpy as np
import pytest
import torch

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.diagnosis import FORMULAS, class_radii, class_sums, radii

# class 0: (3, 4) and (0, 2); class 1: (1, 0) alone; class 2: nobody; class 3: equal points
VECTORS = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0], [6.0, 8.0], [6.0, 8.0]])
LABELS = np.array([0, 1, 0, 3, 3])


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("raw-squared", 3.25),  # half the distance is sqrt(9 + 4) / 2
        ("raw-root", np.sqrt(3.25)),
        ("sphere-squared", 0.1),  # (.6, .8) and (0, 1): (1 - .8) / 2
        ("sphere-root", np.sqrt(0.1)),
    ],
)
def test_each_formula_on_a_pair(formula, expected):
    found = class_radii(VECTORS, LABELS, 4, formula=formula)
    np.testing.assert_allclose(found, [expected, 0, np.nan, 0], atol=1e-7)
    assert found.dtype == np.float64
    assert formula in FORMULAS


def test_what_was_published_is_the_default():
    assert FORMULAS[0] == "sphere-root"
    np.testing.assert_array_equal(
        class_radii(VECTORS, LABELS, 4), class_radii(VECTORS, LABELS, 4, formula="sphere-root")
    )
    np.testing.assert_array_equal(
        class_sums(VECTORS, LABELS, 4).sums, class_sums(VECTORS, LABELS, 4, sphere=True).sums
    )


def test_sums_are_those_of_each_class():
    raw = class_sums(VECTORS, LABELS, 4, sphere=False)
    assert raw.counts.tolist() == [2, 1, 0, 2]
    assert raw.sums.tolist() == [[3, 6], [1, 0], [0, 0], [12, 16]]
    assert raw.squares.tolist() == [29, 1, 0, 200]


def test_a_zero_vector_stays_zero_on_the_sphere():
    sums = class_sums([[0.0, 0.0], [0.0, 5.0]], [0, 0], 1)
    assert sums.sums.tolist() == [[0, 1]]
    assert sums.squares.tolist() == [1]
    assert sums.squared_radii == pytest.approx([0.25])  # 1 - |mean|^2 would be 3/4


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e200])
def test_the_sphere_is_reached_from_very_small_and_large_vectors(scale):
    # 1e-320 has three digits left
    found = class_radii(np.array([[scale, 0], [0, scale]]), [0, 0], 1)
    assert found == pytest.approx([np.sqrt(0.5)], rel=1e-3)


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.float64, np.longdouble, np.int8, np.uint8, np.int64]
)
def test_numbers_of_any_precision(dtype):
    found = class_radii(VECTORS.astype(dtype), LABELS, 4, formula="raw-squared")
    assert found.tolist()[:2] == [3.25, 0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_tensors_of_any_precision(dtype):
    vectors = torch.tensor(VECTORS, dtype=dtype, requires_grad=True)
    found = class_radii(vectors, torch.tensor(LABELS), 4, formula="raw-squared")
    assert found.tolist()[:2] == [3.25, 0]


def test_small_numbers_add_up_in_64_bits():
    # in 16 bits the sum of squares overflows, in 32 bits the mean loses its last digits
    vectors = np.full((20_000, 3), 100, dtype=np.float16)
    vectors[::2, 0] = 101
    assert class_radii(vectors, np.zeros(20_000, int), 1, formula="raw-squared") == pytest.approx(
        [0.25], rel=1e-9
    )


@pytest.mark.parametrize("sphere", [True, False])
def test_batches_add_up_to_the_whole(sphere, monkeypatch):
    rng = np.random.default_rng(0)
    vectors, labels = rng.normal(size=(97, 5)), rng.integers(0, 3, 97)
    whole = class_sums(vectors, labels, 4, sphere=sphere)
    parts = [
        class_sums(vectors[rows], labels[rows], 4, sphere=sphere)
        for rows in np.array_split(rng.permutation(97), 6)
    ]
    streamed = sum(parts[1:], parts[0])
    monkeypatch.setattr(radii, "_BLOCK", 10)
    for other in (streamed, class_sums(vectors, labels, 4, sphere=sphere)):
        assert other.counts.tolist() == whole.counts.tolist()
        np.testing.assert_allclose(other.sums, whole.sums, rtol=1e-12)
        np.testing.assert_allclose(other.squares, whole.squares, rtol=1e-12)
    with pytest.raises(MismatchError):
        whole + class_sums(vectors, labels, 5)


def test_nobody_has_no_radius():
    assert np.isnan(class_radii(np.zeros((0, 3)), [], 2)).all()


def test_sums_of_several_networks_have_radii_each():
    one, other = (class_sums(VECTORS * np.array([1, s]), LABELS, 4, sphere=False) for s in (1, 2))
    both = type(one)(
        one.counts, np.stack([one.sums, other.sums]), np.stack([one.squares, other.squares])
    )
    np.testing.assert_array_equal(both.radii("raw-root")[1], other.radii("raw-root"))


def test_what_is_handed_over_is_left_alone():
    vectors, labels = VECTORS.copy(), LABELS.copy()
    class_radii(vectors, labels, 4)
    assert (vectors == VECTORS).all()
    assert (labels == LABELS).all()


@pytest.mark.parametrize(
    ("vectors", "labels", "message"),
    [
        (VECTORS, LABELS[:3], r"5 representations need 5 labels. Got shape \(3,\)"),
        (VECTORS, LABELS[:, None], r"need 5 labels. Got shape \(5, 1\)"),
        (VECTORS, LABELS - 1, "must be codes from 0 to 3. Got -1 to 2"),
        (VECTORS, LABELS + 1, "must be codes from 0 to 3. Got 1 to 4"),
        (VECTORS, LABELS + 0.5, "must be whole numbers"),
        (VECTORS[0], LABELS[:2], r"shape \(n, d\). Got \(2,\)"),
        (np.zeros((5, 2, 2)), LABELS, r"Got \(5, 2, 2\). Hint: .*flatten\(1\)"),
        (VECTORS.astype(complex), LABELS, "must be real numbers. Got complex128"),
        (VECTORS.astype(str), LABELS, "must be real numbers. Got <U32"),
        (np.where(VECTORS == 2, np.nan, VECTORS), LABELS, "must be finite.*first in row 2"),
        (np.where(VECTORS == 2, np.inf, VECTORS), LABELS, "must be finite.*first in row 2"),
        (torch.tensor(VECTORS) / 0, torch.tensor(LABELS), "must be finite"),
    ],
)
def test_what_is_no_representation_or_label_is_refused(vectors, labels, message):
    with pytest.raises(DataError, match=message):
        class_radii(vectors, labels, 4)


def test_parameters_are_checked():
    with pytest.raises(ParameterError, match="'n_classes' parameter"):
        class_sums(VECTORS, LABELS, 0)
    with pytest.raises(ParameterError, match=r"'formula' parameter.*did you mean 'sphere-root'"):
        class_radii(VECTORS, LABELS, 4, formula="sphere_root")
