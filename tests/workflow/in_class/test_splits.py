"""Splits of hard and easy samples: exact counts, nested parts, one order for all."""

from itertools import pairwise

import numpy as np
import pytest

from steelyard.workflow.in_class.splits import split_pools

KEEP_EASY, KEEP_HARD = (0, 0.05, 0.29, 1), (0, 0.25, 1)


@pytest.fixture
def hard():
    return np.random.default_rng(0).permutation(np.arange(1000) < 130)


def split(hard, ratio=0.9, number=0, ids=None, seed=0):
    ids = np.arange(len(hard)) if ids is None else ids
    return split_pools(ids, hard, ratio, KEEP_EASY, KEEP_HARD, seed=seed, number=number)


def test_counts_are_those_of_the_published_code(hard):
    one = split(hard)
    assert (one.test & hard).sum() == 130 - 117
    assert (one.test & ~hard).sum() == 870 - 783
    for which, share, n_hard, n_easy in (
        ("keep-easy", 0, 117, 0), ("keep-easy", 0.05, 117, 39), ("keep-easy", 0.29, 117, 227),
        ("keep-easy", 1, 117, 783), ("keep-hard", 0, 0, 783), ("keep-hard", 0.25, 29, 783),
        ("keep-hard", 1, 117, 783),
    ):  # fmt: skip
        part = one.parts[which, share]
        assert ((part & hard).sum(), (part & ~hard).sum()) == (n_hard, n_easy)
        assert not (part & one.test).any()


def test_a_share_that_binary_fractions_miss_is_kept():
    # .29 * 100 is 28.999999999999996
    hard = np.arange(200) < 100
    part = split_pools(np.arange(200), hard, 0.29, (1,), (), seed=0, number=0).parts["keep-easy", 1]
    assert part.sum() == 58


def test_parts_are_nested_and_the_ends_are_one(hard):
    parts = split(hard).parts
    for which, shares in (("keep-easy", KEEP_EASY), ("keep-hard", KEEP_HARD)):
        for less, more in pairwise(shares):
            assert (parts[which, less] <= parts[which, more]).all()
    assert np.array_equal(parts["keep-easy", 1], parts["keep-hard", 1])


def test_the_order_stays_with_the_ids_and_differs_by_number(hard):
    ids = np.random.default_rng(1).permutation(1000)
    one = split(hard, ids=ids)
    order = np.random.default_rng(2).permutation(1000)
    shuffled = split(hard[order], ids=ids[order])
    assert np.array_equal(shuffled.test, one.test[order])
    assert not np.array_equal(split(hard, ids=ids, number=1).test, one.test)
    assert not np.array_equal(split(hard, ids=ids, seed=1).test, one.test)


def test_two_identifiers_that_agree_on_most_share_most_of_the_test_part(hard):
    other = hard.copy()
    other[np.flatnonzero(hard)[:5]] = False
    assert (split(hard).test ^ split(other).test).sum() <= 10


def test_a_share_that_leaves_nothing_is_left_out():
    parts = split(np.zeros(1000, dtype=bool)).parts
    assert ("keep-easy", 0) not in parts
    assert parts["keep-easy", 0.05].sum() == 45
