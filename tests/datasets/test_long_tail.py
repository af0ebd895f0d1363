"""Long tails have the published counts exactly, and follow ids, not rows or names."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard._support.errors import DataError, ParameterError
from steelyard.datasets import long_tail, long_tail_counts
from steelyard.records.labelled import Labelled

# the public generator's counts (representation-imbalance digest, section 2)
TABLE = [
    (5000, 10, 0.1, 20_431, [5000, 3871, 2997, 2320, 1796, 1391, 1077, 834, 645, 500]),
    (5000, 10, 0.05, 17_023, [5000, 3584, 2569, 1842, 1320, 946, 678, 486, 348, 250]),
    (5000, 10, 0.02, 13_996, [5000, 3237, 2096, 1357, 878, 568, 368, 238, 154, 100]),
    (5000, 10, 0.01, 12_406, [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]),
    (5000, 10, 0.005, 11_203, [5000, 2775, 1540, 854, 474, 263, 146, 81, 45, 25]),
    (5000, 10, 0.001, 9_324, [5000, 2320, 1077, 500, 232, 107, 50, 23, 10, 5]),
    (1000, 10, 0.1, 4_084, [1000, 774, 599, 464, 359, 278, 215, 166, 129, 100]),
    (1000, 10, 0.01, 2_478, [1000, 599, 359, 215, 129, 77, 46, 27, 16, 10]),
    (9000, 10, 0.1, 36_779, [9000, 6968, 5395, 4177, 3234, 2504, 1938, 1501, 1162, 900]),
    (9000, 10, 0.01, 22_332, [9000, 5395, 3234, 1938, 1162, 696, 417, 250, 150, 90]),
    (500, 100, 0.1, 19_573, [500, 488, 477, 466, 455]),
    (500, 100, 0.05, 15_907, [500]),
    (500, 100, 0.02, 12_608, [500]),
    (500, 100, 0.01, 10_847, [500, 477, 455, 434, 415]),
    (500, 100, 0.005, 9_502, [500]),
    (500, 100, 0.001, 7_361, [500]),
    (500, 200, 0.1, 39_072, [500]),
    (500, 200, 0.01, 21_549, [500]),
]
RAREST = {
    (500, 100): {0.1: 50, 0.05: 25, 0.02: 10, 0.005: 2, 0.001: 0},
    (500, 200): {0.1: 50, 0.01: 5},
}


@pytest.mark.parametrize(("n_max", "n_classes", "ratio", "total", "first"), TABLE)
def test_counts_are_the_published_ones(n_max, n_classes, ratio, total, first):
    counts = long_tail_counts(n_max, ratio, n_classes)
    assert counts.sum() == total
    assert counts[: len(first)].tolist() == first
    expected = RAREST.get((n_max, n_classes), {}).get(ratio)
    assert expected is None or counts[-1] == expected


def test_further_published_counts_of_cifar_100():
    counts = long_tail_counts(500, 0.01, 100)
    assert (counts[25], counts[50]) == (156, 48)
    assert counts[-5:].tolist() == [6, 5, 5, 5, 5]
    assert (long_tail_counts(500, 0.001, 100) == 0).sum() == 10
    assert (long_tail_counts(500, 0.001, 200) == 0).sum() == 20


@given(
    n_max=st.integers(1, 100_000), denominator=st.integers(1, 2000), n_classes=st.integers(2, 120)
)
def test_end_points_are_exact(n_max, denominator, n_classes):
    counts = long_tail_counts(n_max, 1 / denominator, n_classes)
    assert counts[0] == n_max
    assert counts[-1] == n_max // denominator
    assert (np.diff(counts) <= 0).all()
    assert (long_tail_counts(n_max, 1.0, n_classes) == n_max).all()


@pytest.mark.parametrize(
    "arguments", [(0, 0.1, 2), (10, 0.0, 2), (10, 1.1, 2), (10, math.nan, 2), (10, 0.1, 1)]
)
def test_counts_refuse_what_is_out_of_range(arguments):
    with pytest.raises(ParameterError):
        long_tail_counts(*arguments)


def blocks(sizes, split=None, names=None):
    """Return a table with the given class sizes and a feature that equals the id."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    ids = np.arange(len(labels)) + 1000
    table = pd.DataFrame({"x": ids.astype(float)})
    return Labelled(table, labels, names or tuple("abcdefgh"[: len(sizes)]), ids, split)


def test_ids_inputs_and_labels_stay_together_in_the_order_of_the_data():
    data = blocks([100, 100, 100])
    carved = long_tail(data, 0.01)
    assert carved.class_counts.tolist() == [100, 10, 1]
    assert (np.diff(carved.ids) > 0).all()
    assert (carved.inputs["x"] == carved.ids).all()
    assert (data.labels[carved.ids - 1000] == carved.labels).all()
    assert carved.class_names == data.class_names


def test_orders():
    data = blocks([100, 100, 100])
    assert long_tail(data, 0.01, order="reversed").class_counts.tolist() == [1, 10, 100]
    assert long_tail(data, 0.01, order=("b", "c", "a")).class_counts.tolist() == [1, 100, 10]
    orders = {
        tuple(long_tail(data, 0.01, order="shuffled", seed=seed).class_counts) for seed in range(40)
    }
    assert len(orders) == 6  # every order of three classes turns up


def test_a_shuffled_carve_follows_ids_whatever_the_rows_or_the_names():
    data = blocks([100, 100, 100])
    carved = long_tail(data, 0.05, order="shuffled", seed=3)
    permuted = data.take(np.random.default_rng(0).permutation(len(data)))
    assert set(long_tail(permuted, 0.05, order="shuffled", seed=3).ids) == set(carved.ids)
    renamed = Labelled(data.inputs, 2 - data.labels, ("c", "b", "a"), data.ids)
    assert set(long_tail(renamed, 0.05, order="shuffled", seed=3).ids) == set(carved.ids)


def test_seed_draws_other_samples_and_smaller_ratios_nest():
    data = blocks([100, 100])
    one, other = long_tail(data, 0.1, seed=1), long_tail(data, 0.1, seed=2)
    assert set(one.ids) != set(other.ids)
    assert long_tail(data, 0.1, seed=1).fingerprint == one.fingerprint
    assert set(long_tail(data, 0.05, seed=1).ids) < set(one.ids)


def test_ratio_one_keeps_balanced_data_whole():
    data = blocks([50, 50])
    assert long_tail(data, 1.0).fingerprint == data.fingerprint


def test_the_test_part_stays_whole_and_each_other_part_is_carved():
    split = np.tile(np.repeat(["train", "validation", "test"], [100, 20, 30]), 2)
    data = blocks([150, 150], split)
    carved = long_tail(data, 0.1)
    counts = {part: carved.part(part).class_counts.tolist() for part in np.unique(split)}
    assert counts == {"train": [100, 10], "validation": [20, 2], "test": [30, 30]}


def test_a_class_smaller_than_its_place_is_refused_with_an_order_that_helps():
    data = blocks([90, 100])
    with pytest.raises(DataError, match=r"'a' has 90 samples .* asks for 100") as caught:
        long_tail(data, 0.5)
    assert "order='largest'" in caught.value.hint
    assert long_tail(data, 0.5, order="largest").class_counts.tolist() == [50, 100]


def test_a_ratio_that_empties_classes_is_refused():
    with pytest.raises(DataError, match="1 of 3 classes would keep no sample"):
        long_tail(blocks([100, 100, 100]), 0.005)


def test_an_order_that_names_other_classes_is_refused():
    data = blocks([10, 10], names=("cat", "dog"))
    with pytest.raises(ParameterError, match="'dgo'") as caught:
        long_tail(data, 0.5, order=("cat", "dgo"))
    assert "'dog'" in caught.value.hint
    for order in (("cat",), ("cat", "cat"), "sorted"):
        with pytest.raises(ParameterError, match="'order' parameter of long_tail"):
            long_tail(data, 0.5, order=order)
