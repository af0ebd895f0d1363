import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from resampling.scored import scored

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard._support.simplest_fraction import simplest_fraction
from steelyard.checks.hand_made import labelled
from steelyard.records import Labelled
from steelyard.resampling import prune
from steelyard.resampling.pruning import LEVELS, REMOVE, kept_after


def data(counts=(30, 20, 10), split=None):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    return labelled(labels, [f"class {code}" for code in range(len(counts))], split=split)


def normal(source, seed=0):
    return scored(source, np.random.default_rng(seed).normal(size=len(source)))


# digest of arXiv 2504.07031, section 11: int((1 - p) * n) in floating point keeps one less
@pytest.mark.parametrize(
    ("rate", "n", "left"),
    [
        (0.33, 5000, 3350),
        (0.66, 5000, 1700),
        (0.33, 500, 335),
        (0.66, 500, 170),
        (0.80, 50_000, 10_000),
        (0.0, 7, 7),
        (0.5, 7, 3),
        (1 / 3, 300, 200),
    ],
)
def test_rates_are_read_as_meant(rate, n, left):
    assert kept_after(rate, n, "prune") == left


@pytest.mark.parametrize("remove", REMOVE)
def test_each_class_loses_the_same_share_exactly(remove):
    source = labelled(np.repeat([0, 1], 5000), "ab")
    plan = prune(source, 0.33, hardness=normal(source), level="class", remove=remove)
    assert plan.achieved.tolist() == [3350, 3350]
    assert set(plan.counts.tolist()) == {0, 1}


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=6).filter(any),
    st.floats(0, 0.99),
    st.sampled_from(LEVELS),
    st.sampled_from(REMOVE),
)
def test_what_stays_is_exact_at_every_level(counts, rate, level, remove):
    source = data(counts)
    there = np.array(counts)
    keep = math.floor((1 - simplest_fraction(rate)) * len(source))
    if keep < np.count_nonzero(there):
        with pytest.raises(ParameterError, match="choose a"):
            prune(source, rate, hardness=normal(source), level=level, remove=remove)
        return
    plan = prune(source, rate, hardness=normal(source), level=level, remove=remove)
    assert plan.total == keep
    assert set(plan.counts.tolist()) <= {0, 1}
    assert ((plan.achieved > 0) == (there > 0)).all()
    if level == "class":  # within one of its share, but for classes kept by their last sample
        assert (plan.achieved < there * keep / len(source) + 1 + 1e-9).all()
    if level == "balanced":
        short = plan.achieved < there
        assert not short.any() or plan.achieved.max() <= plan.achieved[short].min() + 1


def test_balanced_by_hand():
    plan = prune(data((30, 20, 10)), 0.5, level="balanced", remove="random")
    assert plan.achieved.tolist() == [10, 10, 10]
    plan = prune(data((30, 20, 4)), 0.5, level="balanced", remove="random")  # 27 stay
    assert sorted(plan.achieved.tolist()) == [4, 11, 12]
    np.testing.assert_allclose(plan.requested, [11.5, 11.5, 4])


def test_over_the_whole_data_set_the_easiest_or_hardest_go():
    source = data()
    score = normal(source)
    order = np.argsort(score.values)
    easiest = prune(source, 0.4, hardness=score, remove="easiest").counts
    hardest = prune(source, 0.4, hardness=score, remove="hardest").counts
    assert set(np.flatnonzero(easiest)) == set(order[24:])
    assert set(np.flatnonzero(hardest)) == set(order[:36])


def test_over_the_whole_data_set_easy_classes_lose_more():
    source = data((40, 40))
    score = scored(source, normal(source).values + 2 * source.labels)
    by_set = prune(source, 0.5, hardness=score).achieved
    by_class = prune(source, 0.5, hardness=score, level="class").achieved
    assert by_class.tolist() == [20, 20]
    assert by_set[1] > 30


def test_a_class_keeps_its_last_sample_unless_told_otherwise():
    source = data((30, 20, 1))
    score = scored(source, -1.0 * source.labels)  # class 2 is the easiest
    plan = prune(source, 0.5, hardness=score)
    assert plan.achieved.tolist() == [23, 1, 1]
    assert plan.notes == ("Of 2 classes every sample would go; each keeps its last.",)
    lost = prune(source, 0.5, hardness=score, keep_classes=False)
    assert lost.achieved.tolist() == [25, 0, 0]
    assert "cannot tell them" in lost.notes[0]
    assert prune(source, 0.1, hardness=normal(source, 2), keep_classes=False).notes == ()


@pytest.mark.parametrize("level", LEVELS)
def test_random_pruning_needs_no_score_and_follows_ids_and_seed(level):
    source = data()
    order = np.random.default_rng(1).permutation(len(source))
    plans = [prune(source, 0.5, level=level, remove="random", seed=seed) for seed in range(5)]
    assert len({plan.counts.tobytes() for plan in plans}) == 5
    again = prune(source.take(order), 0.5, level=level, remove="random", seed=4)
    assert np.array_equal(again.counts, plans[4].counts[order])


@pytest.mark.parametrize("level", LEVELS)
def test_ties_go_by_a_draw_of_the_ids_not_by_rows_or_codes(level):
    source = data((9, 9, 9))
    counts = prune(source, 0.5, hardness=scored(source, 1.0), level=level, seed=2).counts
    order = np.random.default_rng(1).permutation(len(source))
    permuted = source.take(order)
    again = prune(permuted, 0.5, hardness=scored(permuted, 1.0), level=level, seed=2).counts
    assert np.array_equal(again, counts[order])
    recoded = labelled(2 - source.labels, ("x", "-1", ""), source.ids)
    again = prune(recoded, 0.5, hardness=scored(recoded, 1.0), level=level, seed=2).counts
    assert np.array_equal(again, counts)


def test_the_scheme_in_words():
    source = data()
    assert prune(source, 0.33, hardness=normal(source)).scheme == (
        "pruned by 0.33 of the data set, easiest left out by 'score'"
    )
    assert prune(source, 0.5, level="class", remove="random").scheme == (
        "pruned by 0.5 of the samples of each class, random left out"
    )


@pytest.mark.parametrize(
    ("rate", "options", "message"),
    [
        (1.0, {}, r"'rate' .* \[0.*1"),
        (-0.1, {}, "'rate'"),
        (np.nan, {}, "'rate'"),
        (0.5, {"level": "classes"}, "did you mean 'class'"),
        (0.5, {"remove": "easy"}, "did you mean 'easiest'"),
        (0.5, {"remove": "easiest"}, r"needs the hardness.*remove='random'"),
        (0.99, {}, "leaves none of 60"),
        (0.96, {}, r"2 of 60 samples stay, fewer than the 3 classes.*at most 0\.95"),
        (0.96, {"level": "class", "keep_classes": False}, "fewer than the 3 classes"),
        (0.5, {"seed": "a"}, "'seed'"),
    ],
)
def test_what_is_refused(rate, options, message):
    with pytest.raises(ParameterError, match=message):
        prune(data(), rate, **{"remove": "random", **options})


@pytest.mark.parametrize("counts", [(3, 2, 2), (30, 20, 10), (5, 5, 1), (700, 13, 1)])
def test_the_largest_rate_that_is_named_is_taken(counts):
    with pytest.raises(ParameterError, match="choose a rate of at most") as error:
        prune(data(counts), 1 - 2.5 / sum(counts), remove="random")
    rate = float(error.value.hint.split()[-1].rstrip("."))
    assert prune(data(counts), rate, remove="random").total == 3


def test_held_out_rows_other_scores_and_several_labels_are_refused():
    with pytest.raises(MismatchError, match="held-out rows"):
        prune(data(split=np.repeat(["train", "test"], 30)), 0.5, remove="random")
    with pytest.raises(MismatchError, match="lacks"):
        prune(data(), 0.5, hardness=normal(data((3,))))
    several = Labelled(data().inputs, np.ones((60, 2), bool), "ab", data().ids)
    with pytest.raises(DataError, match="one class a sample"):
        prune(several, 0.5, remove="random")
