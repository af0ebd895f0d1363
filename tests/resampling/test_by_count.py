from itertools import pairwise

import numpy as np
import pytest

from steelyard._support.errors import MismatchError, ParameterError
from steelyard.checks.hand_made import labelled
from steelyard.resampling import SIZES, by_count

NAMES = ("<script>", "é\n", "-1", "")


def data(counts, seed=0, split=None):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    return labelled(labels, NAMES[: len(counts)], split=split)


def test_half_a_degree_by_hand():
    plan = by_count(data((64, 16, 4)), 0.5)
    assert plan.achieved.tolist() == [48, 24, 12]
    assert plan.before.tolist() == [64, 16, 4]
    np.testing.assert_allclose(plan.requested, [48, 24, 12])
    assert plan.total == 84


@pytest.mark.parametrize(
    ("size", "achieved"),
    [("constant", [28, 28, 28]), ("grow", [64, 64, 64]), ("shrink", [4, 4, 4])],
)
def test_what_each_size_keeps_fixed(size, achieved):
    assert by_count(data((64, 16, 4)), 1.0, size=size).achieved.tolist() == achieved


@pytest.mark.parametrize("size", SIZES)
def test_degree_zero_is_the_identity(size):
    assert by_count(data((64, 16, 4, 1)), 0, size=size).is_identity


def test_rare_classes_repeat_evenly_and_common_ones_are_thinned():
    source = data((64, 16, 4))
    counts = by_count(source, 1.0).counts
    assert sorted(counts[source.labels == 0].tolist()) == [0] * 36 + [1] * 28
    assert sorted(counts[source.labels == 1].tolist()) == [1] * 4 + [2] * 12
    assert counts[source.labels == 2].tolist() == [7] * 4


def test_growing_leaves_nothing_out():
    assert by_count(data((64, 16, 4)), 0.7, size="grow").counts.min() == 1


def test_shrinking_repeats_nothing():
    assert by_count(data((64, 16, 4)), 0.7, size="shrink").counts.max() == 1


def test_plans_of_several_degrees_are_nested():
    source = data((64, 16, 4))
    plans = [by_count(source, degree).counts for degree in (0.0, 0.25, 0.5, 0.75, 1.0, 1.3)]
    for less, more in pairwise(plans):
        common, rare = source.labels == 0, source.labels == 2
        assert (more[common] <= less[common]).all()
        assert (more[rare] >= less[rare]).all()


def test_overshoot_keeps_one_of_every_class():
    plan = by_count(data((64, 16, 4)), 6.0)
    assert plan.achieved.min() == 1
    assert plan.total == 84
    assert plan.requested[0] < 0.1


def test_a_class_without_samples_gets_none():
    absent = labelled(np.array([0, 0, 0, 2]), ("a", "b", "c"))
    assert by_count(absent, 1.0).achieved.tolist() == [2, 0, 2]


def test_one_class_alone_is_left_alone():
    assert by_count(labelled(np.zeros(5, int), ("only",)), 0.8).is_identity


def test_ties_are_broken_by_the_smallest_id_of_the_class():
    # 10 samples on 4 classes: 2.5 each; class codes 0..3 hold ids from 30, 20, 10 and 0 on
    labels = np.array([0] * 7 + [1, 2, 3])
    ids = np.array([30, 31, 32, 33, 34, 35, 36, 20, 10, 0])
    assert by_count(labelled(labels, NAMES, ids), 1.0).achieved.tolist() == [2, 2, 3, 3]


def test_the_scheme_in_words():
    words = [by_count(data((3, 2)), 0.5, size=size).scheme for size in SIZES]
    assert words == [
        "by count, degree 0.5, constant size",
        "by count, degree 0.5, growing size",
        "by count, degree 0.5, shrinking size",
    ]


def test_a_plan_applies_to_the_data_it_was_made_on():
    source = data((64, 16, 4))
    rows = by_count(source, 0.5).rows(source)
    assert np.bincount(source.labels[rows]).tolist() == [48, 24, 12]


@pytest.mark.parametrize("degree", [np.nan, np.inf, "half", None, True])
def test_a_degree_must_be_a_finite_number(degree):
    with pytest.raises(ParameterError, match="The 'degree' parameter of by_count"):
        by_count(data((3, 2)), degree)


def test_an_unknown_size_is_named_with_the_nearest():
    with pytest.raises(ParameterError, match="must be one of") as error:
        by_count(data((3, 2)), 0.5, size="growing")
    assert error.value.hint == "did you mean 'grow'?"


def test_held_out_rows_are_refused_with_what_to_do():
    split = np.array(["train"] * 4 + ["test"])
    with pytest.raises(MismatchError, match="held-out rows") as error:
        by_count(data((3, 2), split=split), 0.5)
    assert error.value.hint == "pass data.part('train')."


def test_a_training_part_that_says_so_is_planned():
    split = np.array(["train"] * 5)
    assert by_count(data((3, 2), split=split), 0).is_identity
