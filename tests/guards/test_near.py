"""Rounded, re-encoded, brightened and shifted copies are found; independent samples are not."""

import io
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import datasets

from steelyard.datasets import load
from steelyard.guards import CannotTell, near_copies
from steelyard.guards.points import points_of
from steelyard.records.labelled import Labelled


def table(frame, ids=None):
    frame = pd.DataFrame(frame)
    ids = np.arange(len(frame)) if ids is None else ids
    return Labelled(frame, np.zeros(len(frame), int), ("a", "b"), ids)


def bundled(name):
    bunch = getattr(datasets, f"load_{name}")()
    return table(bunch.data.astype(float))


def halves(data, seed):
    order = np.random.default_rng(seed).permutation(len(data))
    cut = int(0.7 * len(data))
    return data.take(order[:cut]), data.take(order[cut:])


def mixed(n, seed):
    """Four columns of few common and many rare words, whole years, and a number."""
    rng = np.random.default_rng(seed)
    words = {k: np.minimum(rng.zipf(1.5, n), 40).astype(str) for k in "abcd"}
    frame = pd.DataFrame(words).astype("category")
    return frame.assign(age=rng.integers(18, 80, n).astype(float), income=rng.lognormal(size=n))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["wine", "breast_cancer", "digits", "iris"])
def test_real_tables_are_silent(name, seed):
    assert near_copies(*halves(bundled(name), seed), "test") is None


@pytest.mark.parametrize("seed", range(3))
def test_real_images_are_silent(seed):
    assert near_copies(*halves(load("digits"), seed), "test") is None


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_mixed_tables_of_coarse_columns_are_silent(seed):
    assert near_copies(*halves(table(mixed(2000, seed)), seed), "test") is None


def test_copies_are_found_among_the_rows_that_coarse_columns_bring_near():
    train, part = halves(table(mixed(2000, 0)), 0)
    planted = train.inputs.iloc[:15].assign(income=train.inputs["income"][:15] + 1e-6)
    both = pd.concat(
        [part.inputs.astype(dict.fromkeys("abcd", object)), planted], ignore_index=True
    )
    held_out = table(both.astype(dict.fromkeys("abcd", "category")))
    found = near_copies(train, held_out, "test")
    assert 8 <= found.count <= 15


@pytest.mark.parametrize("name", ["wine", "breast_cancer"])
def test_rounded_rows_are_found(name):
    train, part = halves(bundled(name), 0)
    planted = train.inputs.iloc[:10].map(lambda value: float(f"{value:.3g}"))
    held_out = table(pd.concat([part.inputs, planted], ignore_index=True))
    found = near_copies(train, held_out, "test")
    assert (found.code, found.severity) == ("G103", "warning")
    changed = (planted.to_numpy() != train.inputs.iloc[:10].to_numpy()).any(axis=1).sum()
    assert changed >= 8
    assert found.count == changed  # those that rounding left as they were are exact copies
    assert found.n == len(part) + changed
    first, second = found.examples[0].split(" ~ ")
    assert train.ids[int(first) - len(part)] == int(second)


def jpeg(image):
    file = io.BytesIO()
    Image.fromarray(image[:, :, 0]).save(file, "JPEG", quality=75)
    return np.asarray(Image.open(file))[:, :, None]


def brighter(image):
    return np.clip(image.astype(int) * 8 // 10 + 30, 0, 255).astype(np.uint8)


def shifted(image):
    return np.roll(image, 1, axis=1)


def mirrored(image):
    return image[:, ::-1]


def cropped(image):
    middle = Image.fromarray(image[1:-1, 1:-1, 0]).resize((28, 28), Image.Resampling.BILINEAR)
    return np.asarray(middle)[:, :, None]


@pytest.mark.parametrize(
    ("change", "least"), [(jpeg, 19), (brighter, 19), (shifted, 19), (mirrored, 19), (cropped, 15)]
)
def test_changed_images_are_found(change, least):
    data = load("mnist-5k-tail")
    train, part = halves(data, 0)
    changed = np.stack([change(image) for image in train.inputs[:20]])
    pixels = np.concatenate([part.inputs, changed])
    held_out = Labelled(pixels, np.zeros(len(pixels), int), ("a", "b"), np.arange(len(pixels)))
    found = near_copies(train, held_out, "test")
    assert least <= found.count <= 20
    assert all(int(one.split(" ~ ")[0]) >= len(part) for one in found.examples)
    assert near_copies(train, part, "test") is None


def test_families_that_a_split_tore_apart_are_told_as_such():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(300, 6))
    data = table(np.concatenate([base, base + rng.normal(0, 1e-3, base.shape)]))
    found = near_copies(*halves(data, 0), "test")
    assert found.count > 60
    assert "families" in found.message


def test_exact_copies_are_left_to_the_other_guard():
    data = table(np.random.default_rng(0).normal(size=(100, 4)))
    assert near_copies(data, data, "test") is None


def test_permuting_rows_changes_nothing():
    train, part = halves(bundled("wine"), 0)
    planted = pd.concat([part.inputs, train.inputs.iloc[:5] + 1e-3], ignore_index=True)
    held_out = table(planted)
    order = np.random.default_rng(1).permutation(len(held_out))
    first = near_copies(train, held_out, "test")
    again = near_copies(train.take(np.arange(len(train))[::-1]), held_out.take(order), "test")
    assert first.count == again.count == 5
    assert set(first.examples) == set(again.examples)


def test_a_sample_is_drawn_where_there_are_too_many_pairs(monkeypatch):
    monkeypatch.setattr(sys.modules["steelyard.guards.near"], "_PAIRS", 1)
    rng = np.random.default_rng(0)
    train = table(rng.normal(size=(100, 4)))
    again = train.inputs.iloc[np.arange(1000) % 100].to_numpy()
    part = table(again + rng.normal(0, 1e-4, (1000, 4)))
    found = near_copies(train, part, "test")
    assert found.n == 200
    assert "of 1000, drawn by id" in found.message


@pytest.mark.parametrize("n", [1, 29])
def test_too_few_training_rows_cannot_tell(n):
    rng = np.random.default_rng(0)
    with pytest.raises(CannotTell, match="fewer than 30"):
        near_copies(table(rng.normal(size=(n, 3))), table(rng.normal(size=(5, 3))), "test")


def test_images_without_content_are_left_out():
    flat = np.full((40, 6, 6, 1), 7, np.uint8)
    flat[:, 0, 0, 0] = np.arange(40)[:, None].ravel() // 20
    data = Labelled(flat, np.zeros(40, int), ("a", "b"), np.arange(40))
    with pytest.raises(CannotTell):
        near_copies(data, data, "test")


def test_points_have_few_columns_and_no_gaps():
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(50, 300)))
    (points,) = points_of([table(wide)])
    assert points.shape == (50, 128)
    # lengths survive the projection, roughly
    distance = np.linalg.norm(points[0] - points[1])
    assert distance == pytest.approx(np.sqrt(2 * 300), rel=0.35)
    holes = wide.iloc[:, :2].copy()
    holes.iloc[0, 0] = np.nan
    (points,) = points_of([table(holes)])
    assert points.shape == (50, 3)
    assert np.isfinite(points).all()


def test_two_categories_are_one_apart_and_an_unknown_one_is_near_neither():
    frame = pd.DataFrame({"shop": pd.Categorical(["north", "south", None])})
    (points,) = points_of([table(frame)])
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(1)
    assert np.linalg.norm(points[0] - points[2]) > 0.5
