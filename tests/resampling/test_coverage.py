import numpy as np
import pytest
from resampling.scored import scored

from steelyard._support.errors import MismatchError, ParameterError
from steelyard.checks.hand_made import labelled
from steelyard.resampling import coverage
from steelyard.resampling.coverage import shared_from_the_smallest, strata


def data(n=100, split=None):
    return labelled(np.arange(n) % 2, "ab", split=split)


def test_the_budget_is_shared_from_the_smallest_by_hand():
    assert shared_from_the_smallest(np.array([50, 3, 20]), 30).tolist() == [14, 3, 13]
    assert shared_from_the_smallest(np.array([50, 0, 20]), 30).tolist() == [15, 0, 15]
    assert shared_from_the_smallest(np.array([2, 2, 96]), 100).tolist() == [2, 2, 96]
    assert shared_from_the_smallest(np.array([5, 5, 5]), 2).tolist() == [0, 1, 1]


def test_strata_have_equal_widths():
    values = np.array([0.0, 0.9, 1.0, 2.5, 9.99, 10.0])
    assert strata(values, 10).tolist() == [0, 0, 1, 2, 9, 9]
    assert strata(np.full(3, 2.0), 10).tolist() == [0, 0, 0]


def test_every_level_is_covered_though_most_samples_are_easy():
    source = data(1000)
    values = np.concatenate([np.full(900, 0.0), np.linspace(0.1, 1, 100)])
    plan = coverage(source, scored(source, values), 0.8, n_strata=10)
    assert plan.total == 200
    # the nine upper strata hold 11 or 12 each, less than their shares: all of them stay
    assert plan.counts[:900].sum() == 100
    assert plan.counts[900:].sum() == 100


def test_the_hardest_go_first():
    source = data()
    score = scored(source, np.arange(100.0))
    plan = coverage(source, score, 0.5, n_strata=5, hardest_left_out=0.2)
    assert plan.counts[80:].sum() == 0
    assert [plan.counts[at : at + 16].sum() for at in range(0, 80, 16)] == [10] * 5
    assert plan.scheme == (
        "covering 5 strata of 'score', pruned by 0.5, the hardest 0.2 left out first"
    )


def test_all_of_the_rate_may_be_the_hardest():
    source = data()
    plan = coverage(source, scored(source, np.arange(100.0)), 0.29, hardest_left_out=0.29)
    assert plan.counts.tolist() == [1] * 71 + [0] * 29


def test_the_draw_follows_ids_and_seed():
    source = data()
    values = np.random.default_rng(0).integers(0, 4, 100).astype(float)
    plans = [coverage(source, scored(source, values), 0.5, seed=seed) for seed in range(5)]
    assert len({plan.counts.tobytes() for plan in plans}) == 5
    order = np.random.default_rng(1).permutation(100)
    permuted = source.take(order)
    again = coverage(permuted, scored(permuted, values[order]), 0.5, seed=4)
    assert np.array_equal(again.counts, plans[4].counts[order])


def test_a_class_that_vanishes_is_noted():
    source = labelled(np.r_[np.zeros(99, int), 1], "ab")
    score = scored(source, np.arange(100.0))
    assert coverage(source, score, 0.5).notes == ()
    told = coverage(source, score, 0.5, hardest_left_out=0.01).notes
    assert told == ("Of 1 classes no sample is left.",)


@pytest.mark.parametrize(
    ("rate", "options", "message"),
    [
        (1, {}, "'rate'"),
        (0.999, {}, "leaves none of 100"),
        (0.5, {"n_strata": 0}, r"'n_strata' .* \[1, inf\)"),
        (0.5, {"hardest_left_out": 1.0}, "'hardest_left_out'"),
        (0.5, {"hardest_left_out": 0.51}, r"leaves 49 samples, of which 50 .* at most the rate"),
        (0.5, {"seed": 1.5}, "'seed'"),
    ],
)
def test_what_is_refused(rate, options, message):
    with pytest.raises(ParameterError, match=message):
        coverage(data(), scored(data(), 1.0), rate, **options)


def test_other_scores_and_held_out_rows_are_refused():
    with pytest.raises(MismatchError, match="lacks"):
        coverage(data(), scored(data(5), 1.0), 0.5)
    split = data(split=np.repeat(["train", "validation"], 50))
    with pytest.raises(MismatchError, match="held-out rows"):
        coverage(split, scored(split, 1.0), 0.5)
