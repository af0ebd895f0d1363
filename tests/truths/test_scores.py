"""Values of the scores that follow from their definitions, worked out by hand."""

import math

import numpy as np
import pytest
from dynamics_cases import of_rightness, trace
from oracles.dynamics import dynamics_of

from steelyard.hardness import estimate


def values(case, name):
    dynamics = dynamics_of(case.logits, case.labels, case.ids, case.class_names)
    return estimate(dynamics, (name,))[name].values


def logits_of(*rows):
    """One run and one epoch of the given logits, one row a sample."""
    return np.array(rows, dtype=float)[np.newaxis, np.newaxis]


def test_the_error_norm_of_a_certain_right_answer_is_zero():
    assert values(trace(logits_of([60, 0, 0]), [0]), "el2n")[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_the_error_norm_of_a_uniform_guess_is_the_root_of_one_minus_one_in_k(n_classes):
    case = trace(np.zeros((1, 1, 1, n_classes)), [1], tuple("abcdefghij"))
    assert values(case, "el2n")[0] == pytest.approx(math.sqrt(1 - 1 / n_classes))
    assert values(case, "confidence")[0] == pytest.approx(1 - 1 / n_classes)
    assert values(case, "aum")[0] == 0


def test_the_error_norm_of_a_certain_wrong_answer_is_root_two():
    case = trace(logits_of([60, 0, 0]), [2])
    assert values(case, "el2n")[0] == pytest.approx(math.sqrt(2))
    assert values(case, "confidence")[0] == pytest.approx(1)


def test_the_area_under_the_margin_takes_the_largest_other_logit_and_turns_the_sign():
    case = trace(logits_of([5, 3, -4], [5, 3, -4], [5, 3, -4]), [0, 1, 2])
    assert values(case, "aum").tolist() == [-2, 2, 9]


def test_the_area_under_the_margin_averages_epochs():
    case = of_rightness("1110", margin=2.0)
    assert values(case, "aum").tolist() == [-1.0]


@pytest.mark.parametrize(
    ("right", "events"),
    [
        ("1010", 2),  # right, wrong, right, wrong
        ("1111", 0),
        ("0111", 0),  # learned late is not forgotten
        ("0101", 1),
        ("1000", 1),
        ("0000", 4),  # never learned: as many as epochs
        ("0001", 0),
    ],
)
def test_forgetting_counts_changes_from_right_to_wrong(right, events):
    assert values(of_rightness(right), "forgetting").tolist() == [events]


def test_never_learned_is_harder_than_the_most_that_can_be_forgotten():
    alternating, never = values(of_rightness("10101010", "00000000"), "forgetting")
    assert alternating == 4
    assert never > alternating


def test_every_score_ranks_always_wrong_hardest_and_always_right_easiest():
    case = of_rightness("1111", "1011", "0000")
    for name in ("aum", "el2n", "forgetting", "confidence", "aum_probability", "loss"):
        right, between, wrong = values(case, name)
        assert right < between < wrong, name


@pytest.mark.parametrize(
    ("right", "events", "first", "lost"),
    [
        ("1111", 0, 0, 0.0),
        ("0000", 0, 4, 1.0),  # never learned: no event, and first learned after the last epoch
        ("0110", 1, 1, 0.25),
        ("1000", 1, 0, 0.75),
        ("1010", 2, 0, 0.25),
        ("0001", 0, 3, 0.0),
    ],
)
def test_epochs_right_and_wrong_are_counted(right, events, first, lost):
    case = of_rightness(right)
    assert values(case, "forgetting_events").tolist() == [events]
    assert values(case, "first_learned").tolist() == [first]
    assert values(case, "second_split_forgetting").tolist() == [lost]


def test_one_early_epoch_is_not_the_mean_of_all():
    case = trace(np.array([[[[0.0, 0.0]], [[60.0, 0.0]]]]), [0])
    assert values(case, "el2n_early")[0] == pytest.approx(math.sqrt(1 / 2))
    assert values(case, "el2n")[0] == pytest.approx(math.sqrt(1 / 2) / 2)


def test_doubt_about_the_label_is_a_quarter_at_most():
    case = trace(logits_of([0, 0], [60, 0], [0, 60]), [0, 0, 0])
    assert values(case, "aleatoric") == pytest.approx([0.25, 0, 0], abs=1e-12)


def test_the_variability_of_a_probability_that_jumps_from_one_to_none_is_a_half():
    case = of_rightness("1010", "1111", margin=60.0)
    assert values(case, "variability") == pytest.approx([0.5, 0], abs=1e-12)


def test_the_margin_of_models_that_did_not_see_the_sample_is_one_where_they_contradict_it():
    left_out = [[0.0, 60, 0], [60, 0, 0], [30, 30, -30]]
    case = trace(np.array([[left_out, np.zeros((3, 3))]]), [0, 0, 0])  # the first of the two epochs
    assert values(case, "self_margin") == pytest.approx([1, -1, 0], abs=1e-12)
    assert values(case, "self_confidence") == pytest.approx([1, 0, 0.5], abs=1e-12)


def test_what_the_trained_model_says_is_that_of_the_last_epoch():
    case = trace(np.array([[[[9.0, 9.0]], [[3.0, 1.0]]]]), [1])
    other = 1 / (1 + math.exp(-2))
    assert values(case, "final_margin").tolist() == [2]
    assert values(case, "final_max_logit").tolist() == [-3]
    assert values(case, "final_confidence")[0] == pytest.approx(other)
    assert values(case, "final_max_probability")[0] == pytest.approx(1 - other)
    assert values(case, "final_loss")[0] == pytest.approx(-math.log(1 - other))
    assert values(case, "final_energy")[0] == pytest.approx(-math.log(math.e**3 + math.e))


def test_a_constant_added_to_the_logits_of_a_sample_moves_what_depends_on_their_offset_alone():
    logits = np.random.default_rng(0).normal(size=(1, 2, 4, 3))
    labels = [0, 1, 2, 0]
    moved = logits + np.array([0.0, 5.0, 0.0, 0.0])[:, None]
    before, after = trace(logits, labels), trace(moved, labels)
    for name in ("final_max_logit", "final_energy"):
        shift = values(after, name) - values(before, name)
        np.testing.assert_allclose(shift, [0, -5, 0, 0], atol=1e-12, err_msg=name)
    for name in ("final_max_probability", "final_confidence", "final_margin", "final_entropy"):
        np.testing.assert_allclose(
            values(after, name), values(before, name), atol=1e-12, err_msg=name
        )
    # so the sample that was hardest by the largest logit need not be so any more
    assert values(before, "final_max_logit").argmin() != values(after, "final_max_logit").argmin()


def test_the_energy_lies_between_the_largest_logit_and_log_k_beyond_it():
    logits = np.random.default_rng(1).normal(scale=3, size=(1, 1, 50, 10))
    case = trace(logits, [0] * 50, tuple("abcdefghij"))
    beyond = values(case, "final_max_logit") - values(case, "final_energy")
    assert (beyond >= 0).all()
    assert (beyond <= math.log(10)).all()
    assert beyond.max() > 0.5


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_a_uniform_guess_has_the_entropy_log_k_and_the_loss_log_k(n_classes):
    case = trace(np.zeros((1, 1, 1, n_classes)), [1], tuple("abcdefghij"))
    for name in ("final_entropy", "final_loss", "loss"):
        assert values(case, name)[0] == pytest.approx(math.log(n_classes)), name
    assert values(case, "final_energy")[0] == pytest.approx(-math.log(n_classes))
