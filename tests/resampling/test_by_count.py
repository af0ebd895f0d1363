import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import logsumexp

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.checks.hand_made import labelled
from steelyard.records import Hardness
from steelyard.resampling import SIZES, by_count
from steelyard.resampling.by_count import class_totals
from steelyard.resampling.targets import INTERPOLATIONS

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


@pytest.mark.parametrize(
    ("size", "degree", "achieved"), [("shrink", 2, [1, 10]), ("grow", -1, [1000, 1])]
)
def test_what_stays_fixed_pays_for_no_class_that_keeps_its_last(size, degree, achieved):
    assert by_count(data((1000, 10)), degree, size=size).achieved.tolist() == achieved


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


def test_a_given_target_is_reached_in_full_and_by_name():
    source = data((64, 16, 4))
    plan = by_count(source, 1.0, shares={"-1": 2, "<script>": 1, "é\n": 1})
    assert plan.achieved.tolist() == [21, 21, 42]
    again = by_count(source, 1.0, shares=[0.25, 0.25, 0.5])
    assert np.array_equal(again.counts, plan.counts)
    assert "to given shares" in plan.scheme


def test_a_class_of_target_zero_is_left_out_and_named():
    plan = by_count(data((64, 16, 4)), 1.0, shares=[1, 1, 0])
    assert plan.achieved.tolist() == [42, 42, 0]
    assert plan.notes == ("The target leaves out all samples of '-1'.",)
    assert by_count(data((64, 16, 4)), 0.0, shares=[1, 1, 0]).is_identity


def test_the_line_is_named_apart():
    plan = by_count(data((64, 16, 4)), 0.5, interpolation="linear")
    assert plan.achieved.tolist() == [46, 22, 16]
    assert "on a straight line" in plan.scheme


def test_on_the_way_to_a_share_of_zero_the_line_keeps_within_bounds():
    source = data((60, 30, 10))
    options = {"shares": [1, 1, 0], "interpolation": "linear"}
    assert by_count(source, 0.5, **options).achieved.tolist() == [55, 40, 5]
    assert by_count(source, 0.5, floor=20, **options).achieved.tolist() == [46, 34, 20]
    assert by_count(source, 0.99, **options).achieved.tolist() == [50, 49, 1]  # 50.1, 49.8, 0.1
    assert by_count(source, 1.0, floor=20, **options).achieved.tolist() == [50, 50, 0]


def test_a_class_that_the_line_takes_to_nothing_keeps_one():
    plan = by_count(data((60, 30, 10)), 2.25, interpolation="linear")
    assert plan.requested[0] == 0
    assert plan.achieved.tolist() == [1, 37, 62]


@pytest.mark.parametrize("shares", [[1, 2], [1, -1, 1], "even", {"cat": 1}, {"-1": 0}])
def test_shares_that_are_none_are_called_by_their_name(shares):
    with pytest.raises((DataError, ParameterError), match=r"^The 'shares' parameter of by_count"):
        by_count(data((60, 30, 10)), 0.5, shares=shares)
    with pytest.raises(
        ParameterError, match=r"^The 'shares' parameter of by_count asks for classes"
    ):
        by_count(labelled(np.array([0, 0, 1]), NAMES[:3]), 0.5, shares=[1, 1, 1])


def test_the_hardness_that_is_missing_is_named_as_both_doors_call_it():
    with pytest.raises(ParameterError) as error:
        by_count(data((60, 30, 10)), 0.5, under="hardest")
    assert error.value.hint == "pass hardness=... (--scores FILE), or choose 'random'."


def test_what_the_bounds_take_goes_to_the_others():
    # 28 each, but the third class of 4 may be used 3 times: 36 each of the other two
    plan = by_count(data((64, 16, 4)), 1.0, max_repeat=3)
    assert plan.achieved.tolist() == [36, 36, 12]
    assert plan.requested.tolist() == pytest.approx([28, 28, 28])
    assert plan.notes == ("Bounds keep less than was asked for of '-1'.",)
    floored = by_count(data((64, 16, 4)), 0.0, floor=10)
    assert floored.achieved.tolist() == [59, 15, 10]
    assert floored.notes == ("Bounds keep more than was asked for of '-1'.",)
    assert by_count(data((64, 16, 4)), 0.0, cap=50).achieved.tolist() == [50, 27, 7]


def test_a_growing_or_shrinking_plan_makes_up_for_no_bound():
    source = data((64, 16, 4))
    assert by_count(source, 1.0, size="grow", max_repeat=3).achieved.tolist() == [64, 48, 12]
    assert by_count(source, 1.0, size="grow", cap=40).achieved.tolist() == [40, 40, 40]
    assert by_count(source, 1.0, size="shrink", floor=6).achieved.tolist() == [6, 6, 6]
    assert by_count(source, 0.5, size="shrink", floor=9).achieved.tolist() == [16, 9, 9]


def test_max_repeat_may_be_a_fraction():
    plan = by_count(data((300, 100, 4)), 1.0, size="grow", max_repeat=1.15)
    assert plan.achieved.tolist() == [300, 115, 4]  # though 1.15 * 100 falls a hair short


def test_bounds_that_cannot_be_met_say_what_can():
    source = data((64, 16, 4))
    with pytest.raises(ParameterError, match=r"at 84 .* has from 3 to 60\.") as error:
        by_count(source, 1.0, cap=20)
    assert error.value.hint == (
        "choose a higher cap or max_repeat, or size='shrink', which lets the number of samples "
        "change."
    )
    with pytest.raises(ParameterError, match=r"has from 90 to") as error:
        by_count(source, 1.0, floor=30)
    assert "size='grow'" in error.value.hint
    with pytest.raises(ParameterError, match="'-1', of 4 samples, at least 20 and at most 8"):
        by_count(data((64, 5, 4)), 1.0, floor=20, max_repeat=2)
    # a class that is left out takes up nothing
    with pytest.raises(ParameterError, match=r"has from 2 to 80\."):
        by_count(source, 1.0, shares=[1, 1, 0], cap=40)


@pytest.mark.parametrize(
    "bad",
    [
        {"floor": 0},
        {"cap": 1.5},
        {"max_repeat": 0.5},
        {"max_repeat": np.nan},
        {"under": "easy"},
        {"over": None},
        {"interpolation": "cubic"},
    ],
)
def test_arguments_outside_their_range_are_named(bad):
    with pytest.raises(ParameterError, match=f"The '{next(iter(bad))}' parameter of by_count"):
        by_count(data((3, 2)), 0.5, **bad)


def test_classes_may_be_left_as_they_are():
    source = data((64, 16, 4))
    kept = by_count(source, 1.0, under="none")
    assert kept.achieved.tolist() == [64, 28, 28]
    assert kept.notes == (
        "1 classes stay as they are, for nothing may be left out or repeated of them: the plan "
        "holds 120 draws of 84 asked for.",
    )
    thinned = by_count(source, 1.0, over="none")
    assert thinned.achieved.tolist() == [28, 16, 4]
    assert thinned.scheme == "by count, degree 1, constant size, nothing repeated"
    assert by_count(source, 1.0, under="none", over="none").is_identity


def test_weights_are_the_expected_uses_and_agree_with_the_counts_by_class():
    source = data((64, 16, 4))
    plan = by_count(source, 0.5)
    assert plan.weights[source.labels == 0].tolist() == [48 / 64] * 64
    for code, total in enumerate(plan.achieved):
        assert plan.weights[source.labels == code].sum() == pytest.approx(total, abs=1e-9)


def test_data_with_several_labels_a_sample_are_refused():
    several = labelled(np.eye(3, dtype=bool), NAMES[:3])
    with pytest.raises(DataError, match="by_count takes one class a sample"):
        by_count(several, 0.5)


@st.composite
def count_vectors(draw):
    k = draw(st.integers(2, 1000))
    drawn = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return np.exp(drawn.uniform(0, np.log(1e6), k)).astype(np.int64)  # even in the logarithm


def asked_for(counts, degree, shares, size, interpolation):
    """What a degree asks for, once more and in logarithms."""
    n, t = np.log(counts), np.log(shares, where=shares > 0, out=np.full(len(shares), -np.inf))
    if degree == 0:
        return counts.astype(float)
    way = t if interpolation == "linear" else (1 - degree) * n + degree * t
    ratio = np.where(shares > 0, n - t, np.nan)
    fixed = {"constant": 0, "grow": np.nanargmax(ratio), "shrink": np.nanargmin(ratio)}[size]
    scale = np.log(counts.sum()) - logsumexp(way) if size == "constant" else n[fixed] - way[fixed]
    asked = np.exp(way + scale)
    return (1 - degree) * counts + degree * asked if interpolation == "linear" else asked


@given(
    counts=count_vectors(),
    degree=st.floats(-1, 2),
    size=st.sampled_from(SIZES),
    interpolation=st.sampled_from(INTERPOLATIONS),
    with_target=st.booleans(),
    floor=st.none() | st.integers(1, 50) | st.integers(1, 10**5),
    cap=st.none() | st.integers(1, 10**7),
    max_repeat=st.none() | st.floats(1, 1e4),
    seed=st.integers(0, 2**32 - 1),
)
def test_totals_are_exact_within_bounds_and_blind_to_the_order(
    counts, degree, size, interpolation, with_target, floor, cap, max_repeat, seed
):
    random = np.random.default_rng(seed)
    names = tuple(map(str, range(len(counts))))
    shares = random.dirichlet(np.ones(len(counts))) if with_target else None
    if with_target and degree >= 0:
        shares[random.random(len(counts)) < 0.1] = 0
        shares = shares / shares.sum() if shares.any() else None
    full = np.full(len(counts), 1 / len(counts)) if shares is None else shares
    asked = asked_for(counts, degree, full, size, interpolation)
    # the noise of the arithmetic decides there
    assume(not ((asked < 1e-6 * counts) & (asked > -1e-6 * counts) & (asked != 0)).any()
           or interpolation == "exponent")  # fmt: skip
    least = np.where((asked > 0) | (full > 0), floor or 1, 0)
    most = np.full(len(counts), cap or 2**53)
    if max_repeat is not None:
        most = np.minimum(most, np.floor(max_repeat * counts * (1 + 1e-12)))
    refused = (
        (asked < 0).any()
        or asked.sum() >= 2**53
        or (least > most).any()
        or (size == "constant" and not least.sum() <= counts.sum() <= math.fsum(most[least > 0]))
    )
    options = {"interpolation": interpolation, "size": size, "floor": floor, "cap": cap,
               "max_repeat": max_repeat}  # fmt: skip
    tie_break = random.permutation(len(counts))
    if refused:
        with pytest.raises(ParameterError):
            class_totals(counts, degree, names, shares=shares, tie_break=tie_break, **options)
        return
    requested, totals, _ = class_totals(
        counts, degree, names, shares=shares, tie_break=tie_break, **options
    )
    np.testing.assert_allclose(requested, asked, rtol=1e-6, atol=1e-6)
    assert (totals >= least).all()
    assert (totals <= most).all()
    if size == "constant":
        assert totals.sum() == counts.sum()
    else:
        within = np.clip(requested, least, most)
        assert totals.sum() == round(math.fsum(within))
        assert (np.abs(totals - within) < 1 + 1e-6).all()
    order = random.permutation(len(counts))
    _, permuted, _ = class_totals(
        counts[order],
        degree,
        names,
        shares=None if shares is None else shares[order],
        tie_break=tie_break[order],
        **options,
    )
    assert np.array_equal(permuted, totals[order])


def test_a_score_that_nothing_goes_by_is_refused():
    source = data((6, 3))
    with pytest.raises(ParameterError, match="'hardness' parameter of by_count does nothing"):
        by_count(source, 1.0, hardness=scored(source))
    with pytest.raises(ParameterError, match=r"must be a Hardness\. Got ndarray"):
        by_count(source, 1.0, under="easiest", hardness=np.arange(9.0))
    for option in ({"strength": 2}, {"least_weight": 0}):
        with pytest.raises(ParameterError, match="are of over='easy' and"):
            by_count(source, 1.0, **option)


def scored(source):
    values, none = np.arange(float(len(source))), np.full(len(source), np.nan)
    return Hardness(
        "mine", source.ids, source.labels, source.class_names, values, none, 1, source.fingerprint
    )
