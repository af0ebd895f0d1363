"""What trains, stands by and judges: drawn by id, class by class, and never twice."""

from dataclasses import replace

import numpy as np
import pytest

import steelyard as sy
from steelyard._support.errors import DataError
from steelyard.records import HardnessProtocol, Labelled, Recipe
from steelyard.workflow.hardness_study.parts import parts_of

PROTOCOL = HardnessProtocol("toy", Recipe("mlp", widths=(4,), epochs=2), (), n_train=60, n_pool=30)


def made(n=200, side=4, seed=0, counts=(100, 60, 40)):
    draws = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    images = draws.integers(0, 256, (n, side, side, 1), dtype=np.uint8)
    return Labelled(images, labels, ("a", "b", "c"), np.arange(n) + 10)


def test_no_sample_is_in_two_parts_and_proportions_stay():
    parts = parts_of(made(), PROTOCOL)
    ids = [*parts.train.ids, *parts.pool.ids, *parts.test.ids]
    assert len(set(ids)) == len(ids)
    assert parts.test.class_counts.tolist() == [20, 12, 8]  # a fifth of each class
    assert parts.train.class_counts.tolist() == [30, 18, 12]
    assert parts.pool.class_counts.tolist() == [15, 9, 6]


def test_a_test_part_that_comes_along_stays():
    split = np.where(np.arange(200) % 4 == 0, "test", "train")
    data = replace(made(), split=split)
    parts = parts_of(data, PROTOCOL)
    assert sorted(parts.test.ids) == sorted(data.ids[split == "test"])
    assert not np.isin(parts.train.ids, parts.test.ids).any()


def test_the_draw_follows_ids_and_not_rows():
    data = made()
    order = np.random.default_rng(1).permutation(200)
    one, other = parts_of(data, PROTOCOL), parts_of(data.take(order), PROTOCOL)
    for name in ("train", "pool", "test"):
        assert sorted(getattr(one, name).ids) == sorted(getattr(other, name).ids)
    assert one.train.fingerprint == other.train.fingerprint
    again = parts_of(data, replace(PROTOCOL, seed=1))
    assert again.train.fingerprint != one.train.fingerprint


def test_all_of_it_trains_where_no_number_is_given():
    parts = parts_of(made(), replace(PROTOCOL, n_train=None))
    assert len(parts.train) == 160
    assert parts.pool is None


def test_images_are_averaged_over_squares():
    parts = parts_of(made(), replace(PROTOCOL, n_train=None, shrink=2))
    data = made()
    row = np.flatnonzero(data.ids == parts.train.ids[0])[0]
    expected = np.rint(data.inputs[row, :2, 2:, 0].mean())
    assert parts.train.inputs.shape[1:] == (2, 2, 1)
    assert parts.train.inputs[0, 0, 1, 0] == expected


@pytest.mark.parametrize(
    ("data", "changes", "message"),
    [
        (made(side=5), {"shrink": 2}, "5 by 5 pixels"),
        (made(201, counts=(100, 100, 1)), {}, "have one sample, first 'c'"),
        (made(counts=(100, 98, 2)), {"n_train": 10}, "no sample among 10"),
    ],
)
def test_what_cannot_be_parted_is_refused(data, changes, message):
    with pytest.raises(DataError, match=message):
        parts_of(data, replace(PROTOCOL, **changes))


def test_a_table_cannot_shrink():
    frame = {"x": np.arange(20.0), "kind": ["a", "b"] * 10}
    import pandas as pd

    data = sy.load(pd.DataFrame(frame), target="kind")
    with pytest.raises(DataError, match="Only images"):
        parts_of(data, replace(PROTOCOL, shrink=2))
    assert len(parts_of(data, replace(PROTOCOL, n_train=None)).test) == 4
