"""The verdict is never stronger than its intervals."""

import numpy as np
import pytest

from steelyard.evaluation import evaluate
from steelyard.records import Arm, Interval, Predictions, Recipe, Study
from steelyard.workflow.decide import choose_outcome, decide, points

UP, DOWN, OPEN = Interval(0.02, 0.01, 0.03), Interval(-0.02, -0.03, -0.01), Interval(0, -0.01, 0.01)
NOTHING = Interval(0, 0, 0)

PLAIN = {"metrics": ("accuracy", "log_loss"), "class_metrics": ("recall",)}


@pytest.mark.parametrize(
    ("rebalanced", "corrected", "over_corrected", "fully", "outcome"),
    [
        (UP, NOTHING, UP, OPEN, "rebalance"),
        (UP, UP, UP, UP, "rebalance"),
        (UP, UP, OPEN, UP, "correct"),
        (UP, UP, DOWN, UP, "correct"),
        (UP, OPEN, OPEN, UP, "rebalance"),
        (UP, OPEN, DOWN, UP, "correct"),
        (UP, OPEN, DOWN, DOWN, "correct"),
        (OPEN, UP, OPEN, OPEN, "correct"),
        (DOWN, UP, DOWN, DOWN, "correct"),
        (OPEN, NOTHING, OPEN, DOWN, "leave"),
        (DOWN, NOTHING, DOWN, DOWN, "leave"),
        (DOWN, DOWN, OPEN, OPEN, "leave"),
        (OPEN, NOTHING, OPEN, OPEN, "no evidence"),
        (OPEN, OPEN, UP, OPEN, "no evidence"),
        (OPEN, NOTHING, OPEN, UP, "no evidence"),
    ],
)
def test_every_outcome_needs_its_evidence(rebalanced, corrected, over_corrected, fully, outcome):
    assert choose_outcome(rebalanced, corrected, over_corrected, fully) == outcome


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(0.0123, 0.0012, 0.0234), "+1.2 points [+0.1, +2.3]"),
        (Interval(-0.0123, -0.0140, -0.0106), "\u22121.23 points [\u22121.40, \u22121.06]"),
        (NOTHING, "+0.0 points [+0.0, +0.0]"),
        (Interval(0.1, -0.004, 0.204), "+10 points [+0, +20]"),
        # clear of zero, and it says so
        (Interval(-0.06476, -0.12787, -0.00165), "\u22126.5 points [\u221212.8, \u22120.2]"),
        (Interval(0.09, 0.002, 0.178), "+9.0 points [+0.2, +17.8]"),
    ],
)
def test_differences_carry_the_decimals_their_interval_supports(interval, text):
    assert points(interval) == text


NAMES = ("common", "rare")
TRUTH = np.repeat([0, 1], [1800, 200])
TRAIN = np.array([0.9, 0.1])
STUDY = Study(
    "test", tuple(Arm(f"degree={d:g}", Recipe(), d) for d in (0.0, 0.5, 1.0)), repetitions=4
)


HARD = tuple(Arm(f"hardness degree={d:g}", Recipe(), d, "hardness") for d in (0.5, 1.0))
BOTH = Study("test", STUDY.arms + HARD, repetitions=4)


def predictions(part, shifts, study=STUDY):
    """Noisy logits; a shift moves the decision towards the rare class."""
    made = []
    for arm, shift in zip(study.arms, shifts, strict=True):
        for seed in range(study.repetitions):
            rng = np.random.default_rng(seed)
            logits = 3 * np.eye(2)[TRUTH] + rng.normal(0, 1.5, (2000, 2)) + np.log(TRAIN)
            logits[:, 1] += shift
            made.append(
                Predictions(
                    np.arange(2000),
                    TRUTH,
                    logits,
                    NAMES,
                    TRAIN,
                    arm=arm.name,
                    seed=seed,
                    split=part,
                )
            )
    return made


def answers(validation_shifts, test_shifts, study=STUDY):
    validation = evaluate(predictions("validation", validation_shifts, study), **PLAIN)
    test = evaluate(predictions("test", test_shifts, study), **PLAIN)
    return {answer.prior: answer for answer in decide(study, validation, test)}


def test_the_degree_is_chosen_on_validation_and_stated_from_test():
    found = answers(validation_shifts=(0, 1, 6), test_shifts=(0, 6, 1))["train"]
    assert found.degree == 0.5  # the better one on validation, the worse one on test
    assert found.rebalanced.below_zero
    assert found.outcome == "leave"


def test_ties_on_validation_go_to_the_smaller_degree():
    assert answers((0, 1, 1), (0, 1, 1))["uniform"].degree == 0.5


@pytest.mark.parametrize("shift", range(4))
def test_equally_many_right_in_other_classes_is_a_tie(shift):
    """Sums of shares differ in the last bit by which class is right, and by the classes' order."""
    counts = np.array([37, 22, 29, 41])
    truth = np.repeat((np.arange(4) + shift) % 4, counts)
    names, prior = tuple("abcd"), np.bincount(truth) / len(truth)
    rng = np.random.default_rng(0)
    for _ in range(20):
        made = []
        for arm in STUDY.arms:
            wrong = rng.choice(len(truth), 17, replace=False)
            predicted = truth.copy()
            predicted[wrong] = (predicted[wrong] + 1) % 4
            logits = 5.0 * np.eye(4)[predicted]
            made.append(
                Predictions(np.arange(len(truth)), truth, logits, names, prior, arm=arm.name)
            )
        judged = evaluate(made, **PLAIN)
        (answer,) = (one for one in decide(STUDY, judged, judged) if one.prior == "train")
        assert answer.degree == 0.5


def test_a_model_that_only_lacks_the_prior_is_told_to_correct_it():
    found = answers((0, 1, 2.2), (0, 1, 2.2))["uniform"]
    assert found.corrected.above_zero
    assert found.outcome == "correct"
    assert "correct the prior after training" in found.sentence
    assert points(found.corrected) in found.sentence


def test_under_the_training_prior_there_is_nothing_to_correct():
    found = answers((0, 1, 2.2), (0, 1, 2.2))["train"]
    assert (found.corrected.low, found.corrected.high) == (0, 0)


def test_identical_arms_give_no_evidence():
    found = answers((0, 0, 0), (0, 0, 0))["train"]
    assert found.outcome == "no evidence"
    assert "no evidence" in found.sentence
    assert "made no test sample right or wrong" in found.sentence


def test_a_degree_that_validation_did_not_choose_is_no_verdict_but_is_not_hidden():
    found = answers(validation_shifts=(-2, -2, -6), test_shifts=(-2, -2, 0))["train"]
    assert found.degree == 0.5
    assert found.fully_balanced.above_zero
    assert found.outcome == "no evidence"
    assert "validation did not choose it" in found.sentence
    assert points(found.fully_balanced) in found.sentence


def test_the_way_is_chosen_on_validation_and_the_other_stands_beside_it():
    # degrees by count, then by hardness: the fourth arm is the best under equal shares
    found = answers((0, 1, 1.5, 2.2, 1), (0, 1.5, 1, 1, 2.2), BOTH)["uniform"]
    assert (found.by, found.degree) == ("hardness", 0.5)
    assert (found.other.by, found.other.degree) == ("count", 1.0)
    assert found.rebalanced == found.other.rebalanced  # of equal shifts on test
    assert found.fully_balanced.mean > found.rebalanced.mean  # the largest by hardness
    assert "Resampling by hardness to degree 0.5" in found.sentence
    assert found.sentence.endswith(f"By count (degree 1): {points(found.other.rebalanced)}.")
    turned = answers((0, 2.2, 1, 1, 1.5), (0, 1.5, 1, 1, 2.2), BOTH)["uniform"]
    assert (turned.by, turned.degree) == ("count", 0.5)
    assert (turned.other.by, turned.other.degree) == ("hardness", 1.0)
    assert "Rebalancing by count to degree 0.5" in turned.sentence
    assert turned.sentence.endswith(f"By hardness (degree 1): {points(turned.other.rebalanced)}.")


def test_of_equals_on_validation_it_is_by_count():
    found = answers((0, 1, 1, 1, 1), (0, 1, 1, 1, 1), BOTH)["uniform"]
    assert (found.by, found.degree) == ("count", 0.5)
    assert (found.other.by, found.other.degree) == ("hardness", 0.5)


def test_more_arms_do_not_move_an_answer_that_validation_gave_to_another():
    """One arm goes to the test: whatever the others do there, the outcome is its own."""
    alone = answers((0, 2.2, 1), (0, 1.5, 1))
    for others in ((2.2, 2.2), (-6, -6), (0, 0)):
        found = answers((0, 2.2, 1, -1, -2), (0, 1.5, 1, *others), BOTH)
        for prior, answer in alone.items():
            beside = found[prior]
            assert (beside.by, beside.degree) == ("count", answer.degree)
            assert beside.outcome == answer.outcome
            assert beside.rebalanced == answer.rebalanced
            assert beside.fully_balanced == answer.fully_balanced


def test_hardness_is_recommended_in_a_sentence_that_names_it():
    """A model of the natural arm that lost its way; by hardness it is as it should be."""
    found = answers((-3, -3, -3, 0, -1), (-3, -3, -3, 0, -1), BOTH)["train"]
    assert (found.outcome, found.by) == ("rebalance", "hardness")
    assert found.sentence.startswith(
        "Under the training distribution: resample by hardness to degree 0.5, chosen on "
        f"validation. Accuracy changes by {points(found.rebalanced)} against the data as they are"
    )


def balanced(study):
    truth, rng = np.repeat([0, 1], 500), np.random.default_rng(0)
    clean = 3 * np.eye(2)[truth] + rng.normal(0, 1.5, (1000, 2))
    made = [
        Predictions(
            np.arange(1000), truth, clean - (arm.by == "hardness") * rng.normal(0, 1, (1000, 2)),
            NAMES, np.full(2, 0.5), arm=arm.name, seed=seed,
        )
        for arm in study.arms
        for seed in range(study.repetitions)
    ]  # fmt: skip
    judged = evaluate(made, **PLAIN)
    return decide(study, judged, judged)


def test_of_balanced_data_only_hardness_is_a_way():
    for answer in balanced(BOTH):  # though by count, which changes nothing, does no worse
        assert answer.rebalanced.mean < 0
        assert (answer.by, answer.other) == ("hardness", None)
    for answer in balanced(STUDY):
        assert (answer.by, answer.outcome) == ("count", "no evidence")
        assert "by count there is nothing to rebalance" in answer.sentence
        assert "--hardness-degrees" in answer.sentence
