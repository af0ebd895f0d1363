import numpy as np
import pytest
from resampling.scored import scored

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.checks.hand_made import labelled
from steelyard.hardness import SCORES
from steelyard.records import Hardness, Labelled
from steelyard.resampling import Smote, by_hardness
from steelyard.resampling.by_hardness import NEGATED
from steelyard.resampling.hardness_targets import (
    class_means,
    feasible_degrees,
    positive_hardness,
)

NAMES = ("<script>", "é\n", "-1", "")


def data(counts=(50, 50, 50), seed=0, split=None):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    return labelled(labels, NAMES[: len(counts)], split=split)


def hard_by_class(source, means, noise=0.0):
    draw = np.random.default_rng(1).normal(0, 1, len(source))
    return scored(source, np.asarray(means, float)[source.labels] + noise * draw)


@pytest.mark.parametrize("ratio", ["rank", "softplus"])
@pytest.mark.parametrize("degree", [-1.0, 0.0, 0.4, 1.0, 1.7])
def test_the_total_is_exact_and_the_harder_class_gets_more(ratio, degree):
    source = data((50, 50, 50, 7))
    score = hard_by_class(source, [0, 1, 2, 1], noise=0.7)
    plan = by_hardness(source, score, degree, ratio=ratio, clip=True)
    assert plan.total == 157
    order = np.sign(np.diff(plan.achieved[:3]))
    assert (order == np.sign(degree)).all()
    if plan.requested.min() >= 1:
        assert np.abs(plan.achieved - plan.requested).max() < 1
    else:
        assert plan.achieved.min() == 1


def test_degree_1_takes_the_ratios_of_mean_ranks():
    source = labelled(np.array([0, 0, 1, 1]), "ab", np.arange(4))
    plan = by_hardness(source, scored(source, [1, 2, 3, 4]), 1.0)
    # ranks .125 .375 | .625 .875: means 1/4 and 3/4
    assert plan.achieved.tolist() == [1, 3]
    np.testing.assert_allclose(plan.requested, [1, 3])
    assert plan.counts[0] == 0  # the easiest of the easy class is left out


def test_degree_zero_is_the_identity_and_equal_hardness_balances():
    source = data((60, 30, 9, 1))
    assert by_hardness(source, hard_by_class(source, [0, 1, 2, 3]), 0.0).is_identity
    assert by_hardness(source, scored(source, 5.0), 1.0).achieved.tolist() == [25] * 4
    assert by_hardness(data(), scored(data(), 5.0), 0.7).is_identity


def test_no_increasing_map_of_the_score_changes_the_plan():
    source = data()
    values = hard_by_class(source, [0, 1, 2], noise=1).values
    expected = by_hardness(source, scored(source, values), 0.8, over="hard").counts
    found = by_hardness(source, scored(source, np.exp(values)), 0.8, over="hard").counts
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("over", ["random", "easy", "hard"])
@pytest.mark.parametrize("mode", ["safe", "paper-v2"])
def test_rows_names_and_codes_do_not_matter(over, mode):
    source = data((40, 30, 20))
    score = hard_by_class(source, [1, 2, 3], noise=0.2)
    plan = by_hardness(source, score, 1.0, over=over, mode=mode, seed=4)
    order = np.random.default_rng(5).permutation(90)
    permuted = source.take(order)
    found = by_hardness(permuted, score, 1.0, over=over, mode=mode, seed=4)
    assert np.array_equal(found.counts, plan.counts[order])
    recoded = labelled(2 - source.labels, ("c", "b", "a"), source.ids)
    found = by_hardness(recoded, scored(recoded, score.values), 1.0, over=over, mode=mode, seed=4)
    assert np.array_equal(found.counts, plan.counts)


def test_an_infeasible_degree_names_the_largest_that_fits():
    source = data()
    score = hard_by_class(source, [0, 1, 2])  # mean ranks 1/6, 1/2, 5/6: 16.67, 50, 83.33
    with pytest.raises(ParameterError, match=r"alpha_max is 1\.47.*clip=True") as error:
        by_hardness(source, score, 2.0)
    assert "class '<script>' to -16.7 samples, at least 1; degrees" in str(error.value)
    assert by_hardness(source, score, 1.47).achieved.tolist() == [1, 50, 99]
    plan = by_hardness(source, score, 2.0, clip=True)
    assert plan.total == 150
    assert plan.achieved.tolist() == [1, 45, 104]  # 50 : 116.67 shares 149
    np.testing.assert_allclose(plan.requested, [-50 / 3, 50, 350 / 3])
    assert plan.notes == ("Bounds keep more than was asked for of '<script>'.",)


def test_the_largest_degree_that_fits_is_taken():
    # there a class comes to its floor but for the noise of the arithmetic
    for seed in range(30):
        draw = np.random.default_rng(seed)
        source = data(tuple(draw.integers(5, 60, 3)), seed)
        values = draw.normal(size=len(source)) + source.labels
        hard = class_means(positive_hardness(values, "rank"), source.labels, source.ids, 3)
        one, all_of_it = np.ones(3), np.full(3, len(source))
        _, most = feasible_degrees(source.class_counts, hard, one, all_of_it)
        plan = by_hardness(source, scored(source, values), most)
        assert plan.achieved.min() == 1
        assert plan.total == len(source)


def test_floors_and_caps_hold_for_every_class():
    source = data()
    score = hard_by_class(source, [0, 1, 2])
    plan = by_hardness(source, score, 1.0, floor=30, cap=70, clip=True)
    assert plan.achieved.tolist() == [30, 50, 70]
    assert plan.scheme.startswith("by hardness 'score', degree 1, safe, at least 30 a class, at")
    np.testing.assert_allclose(plan.requested, [50 / 3, 50, 250 / 3])
    assert plan.notes == (
        "Bounds keep more than was asked for of '<script>'.",
        "Bounds keep less than was asked for of '-1'.",
    )
    plan = by_hardness(source, score, 1.0, max_repeat=1.4, clip=True)
    assert plan.achieved.tolist() == [20, 60, 70]
    with pytest.raises(ParameterError, match=r"to 83\.3 samples, at least 1 and at most 70; deg"):
        by_hardness(source, score, 1.0, cap=70)
    with pytest.raises(ParameterError, match="no degree fits"):
        by_hardness(source, score, 1.0, floor=51)
    with pytest.raises(ParameterError, match="has from 153 to") as error:
        by_hardness(source, score, 1.0, floor=51, clip=True)
    assert error.value.hint == "choose a lower floor."


def test_an_absent_class_gets_none():
    source = labelled(np.array([0, 0, 0, 2]), ("a", "b", "c"))
    plan = by_hardness(source, scored(source, [1, 2, 3, 4]), 0.5)
    assert plan.achieved[1] == 0
    assert plan.total == 4


def test_the_paper_modes_by_hand():
    source = labelled(np.repeat([0, 1], 200), "ab")
    margin = scored(source, -np.where(source.labels == 0, 1.0, 3.0), name="aum")
    for mode in ("paper-v1", "paper-v2"):
        plan = by_hardness(source, margin, 1, mode=mode, low_is_hard=True)
        assert plan.achieved.tolist() == [300, 100]
        assert plan.notes == ()  # not that it turns round
        assert plan.scheme == f"by hardness 'aum', degree 1, {mode}, easiest left out"
        known = by_hardness(source, margin, 1, mode=mode)
        assert known.achieved.tolist() == [300, 100]
        assert by_hardness(
            source, scored(source, -margin.values), 1, mode=mode
        ).achieved.tolist() == [
            100,
            300,
        ]


@pytest.mark.parametrize("name", NEGATED)
@pytest.mark.parametrize("mode", ["paper-v1", "paper-v2"])
def test_scores_that_are_negated_take_their_published_sign(name, mode):
    source = labelled(np.repeat([0, 1], 200), "ab")
    score = scored(source, -np.where(source.labels == 0, 1.0, 3.0), name=name)
    assert by_hardness(source, score, 1, mode=mode).achieved.tolist() == [300, 100]


def test_the_scores_that_are_negated_are_those_that_declare_it():
    assert sorted(NEGATED) == sorted(score.name for score in SCORES if score.negated)


def test_what_a_pruning_left_is_shared_by_the_ratios_of_all_as_published():
    source = labelled(np.repeat([0, 1, 2], 200), "abc")
    # of class 1 the pruning leaves the easier half: its own mean is 1, that of all is 3
    values = np.array([1.0, 3.0, 2.0])[source.labels]
    values[200:300], values[300:400] = 1, 5
    score = scored(source, values)
    part = source.take(np.flatnonzero(np.tile(np.repeat([True, False], 100), 3)))
    # the part's classes stand in another order, and another one has no sample
    part = labelled(2 - part.labels, ("c", "b", "a", "d"), part.ids)
    plan = by_hardness(part, score, 1, mode="paper-v2", ratios_of_all=True)
    assert plan.achieved.tolist() == [100, 150, 50, 0]
    assert plan.scheme.startswith(
        "by hardness 'score', degree 1, paper-v2, by the ratios of all that were scored"
    )
    alone = by_hardness(part, score, 1, mode="paper-v2")
    assert alone.achieved.tolist() == [150, 75, 75, 0]


@pytest.mark.parametrize("low_is_hard", [False, True])
def test_a_score_of_the_wrong_sign_turns_the_first_version_round_and_is_told(low_is_hard):
    source = labelled(np.repeat([0, 1], 200), "ab")
    sign = 1 if low_is_hard else -1
    harder = scored(source, sign * np.where(source.labels == 0, 3.0, 1.0))
    plan = by_hardness(source, harder, 1, mode="paper-v1", low_is_hard=low_is_hard)
    easy = 1 if low_is_hard else 0
    assert plan.achieved[easy] == 300
    assert any("easy classes get most" in note for note in plan.notes)


def test_what_the_published_rules_do_is_noted():
    source = labelled(np.repeat([0, 1, 2], 100), "abc")
    score = hard_by_class(source, [1, 2, 4])
    v1 = by_hardness(source, score, 0, mode="paper-v1")
    assert v1.achieved.tolist() == [100] * 3
    v2 = by_hardness(source, score, 0.5, mode="paper-v2")
    assert v2.achieved.tolist() == [43, 86, 171]
    assert any("0.5 acts as 1" in note for note in v2.notes)
    seven = labelled(np.repeat([0, 1, 2], [33, 33, 34]), "abc")
    drifts = by_hardness(seven, scored(seven, 1.0), 1, mode="paper-v1")
    assert drifts.total == 99
    assert any("99 draws for 100 samples" in note for note in drifts.notes)
    assert any("negative" in one for one in toy_plan(mode="paper-v2").notes)


def toy_plan(**options):
    # the toy of docs/hardness-plans.md: ten classes of 5,000 with these mean margins
    margins = np.array([-0.2, 0.5, 1, 2, 3, 4, 5, 6, 7, 8])
    source = labelled(np.repeat(np.arange(10), 5000), "abcdefghij")
    score = scored(source, -margins[source.labels])
    options = {"low_is_hard": True, **options} if options["mode"] != "safe" else options
    return by_hardness(source, score, 1, **options)


def test_the_toy_of_the_page():
    assert toy_plan(mode="paper-v2").achieved.tolist() == [49_981, 7, 4, 2, 2, 1, 1, 1, 1, 1]
    with pytest.raises(ParameterError, match=r"-354,430 samples of class 'b'"):
        toy_plan(mode="paper-v1")
    safe = toy_plan(mode="safe")
    assert safe.total == 50_000
    assert safe.achieved.tolist() == [9500, 8500, 7500, 6500, 5500, 4500, 3500, 2500, 1500, 500]


def test_a_score_of_more_samples_plans_a_part_of_them():
    source = data()
    score = hard_by_class(source, [0, 1, 2], noise=1)
    part = source.take(np.arange(0, 150, 2))
    plan = by_hardness(part, score, 0.5)
    alone = by_hardness(part, scored(part, score.values[::2]), 0.5)
    assert np.array_equal(plan.counts, alone.counts)


def test_scores_of_other_samples_are_refused():
    source = data()
    text = Labelled(source.inputs, source.labels, source.class_names, source.ids.astype(str))
    other_ids = Labelled(source.inputs, source.labels, source.class_names, source.ids + 10**6)
    relabelled = Labelled(source.inputs, (source.labels + 1) % 3, source.class_names, source.ids)
    for other, words in (
        (text, "names its samples by text"),
        (other_ids, "lacks 150 of 150 samples"),
        (source.take(np.arange(149)), "lacks 1 of 150 samples"),
        (relabelled, "150 of these 150 samples had another class"),
    ):
        with pytest.raises(MismatchError, match=rf"{words}.* Hint: score these data"):
            by_hardness(source, scored(other, 1.0), 0.5)


def test_rows_to_add_fit_the_paper_way():
    source = data()
    plan = by_hardness(source, hard_by_class(source, [0, 1, 2]), 1.0, over=Smote(n_neighbours=3))
    assert plan.achieved.tolist() == [17, 50, 83]
    assert plan.added.class_counts.tolist() == [0, 0, 33]
    assert plan.counts[source.labels == 2].tolist() == [1] * 50


@pytest.mark.parametrize(
    ("degree", "options", "error", "message"),
    [
        (np.nan, {}, ParameterError, "'degree'"),
        (1, {"mode": "paper"}, ParameterError, "did you mean 'paper-v2' or 'paper-v1'"),
        (1, {"ratio": "ranks"}, ParameterError, "did you mean 'rank'"),
        (1.5, {"mode": "paper-v1"}, ParameterError, r"whole number\. Got 1.5"),
        (-1, {"mode": "paper-v2"}, ParameterError, r"\[0"),
        (1, {"mode": "paper-v2", "cap": 3}, ParameterError, "'cap' .* does not apply to mode"),
        (1, {"mode": "paper-v1", "floor": 1}, ParameterError, "'floor' .* does not apply"),
        (1, {"mode": "paper-v2", "max_repeat": 2}, ParameterError, "'max_repeat' .* does not app"),
        (1, {"ratios_of_all": True}, ParameterError, "'ratios_of_all' .* not apply to mode 'safe'"),
        (1, {"mode": "paper-v1", "ratios_of_all": True}, ParameterError, "'ratios_of_all'"),
        (1, {"mode": "paper-v1", "ratio": "softplus"}, ParameterError, "'ratio' .* does not"),
        (1, {"mode": "paper-v1", "clip": True}, ParameterError, "'clip' .* does not apply"),
        (1, {"low_is_hard": True}, ParameterError, "'low_is_hard' .* does not apply"),
        (1, {"floor": -1}, ParameterError, "'floor'"),
        (1, {"floor": 9, "cap": 3}, ParameterError, "at least 9 and at most 3"),
        (1, {"floor": [1, 2, 3]}, ParameterError, "'floor'"),
        (1, {"cap": 1.5}, ParameterError, "'cap'"),
        (1, {"max_repeat": 0.5}, ParameterError, "'max_repeat'"),
        (1, {"under": "hard"}, ParameterError, "did you mean 'hardest'"),
        (1, {"over": "smote"}, ParameterError, "'over'"),
        (1, {"over": Smote}, ParameterError, r"'over' .* Hint: for instance over=Smote\("),
        (1, {"over": None}, ParameterError, "'over'"),
        (1, {"seed": None}, ParameterError, "'seed'"),
    ],
)
def test_what_is_refused(degree, options, error, message):
    source = data()
    with pytest.raises(error, match=message):
        by_hardness(source, hard_by_class(source, [1, 2, 3]), degree, **options)


def test_a_published_target_of_none_is_refused_with_what_to_do():
    source = data()
    with pytest.raises(ParameterError, match=r"asks for -.* Hint: choose mode='safe'"):
        by_hardness(source, hard_by_class(source, [1, 2, 6]), 3, mode="paper-v1")


def test_held_out_rows_and_several_labels_are_refused():
    split = np.array(["train"] * 149 + ["test"])
    source = data(split=split)
    with pytest.raises(MismatchError, match="held-out rows"):
        by_hardness(source, scored(source, 1.0), 0.5)
    several = Labelled(source.inputs, np.ones((150, 3), bool), "abc", source.ids)
    score = Hardness(
        "s", source.ids, source.labels, "abc", np.ones(150), np.full(150, np.nan), 1, "f"
    )
    with pytest.raises(DataError, match="one class a sample"):
        by_hardness(several, score, 0.5)
