"""Inversions in three modes, on histories made by hand."""

import warnings

import numpy as np
import pytest
from manifold_histories import history, valley

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard.diagnosis import inversions
from steelyard.records.inversions import MODES

EPOCHS = np.arange(200)
FALLS = 1 - EPOCHS / 1000
LABELS = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])


def curves(*runs):
    """Radii (runs, E, K): a number is the minimum of a valley, None falls for ever."""
    return np.array(
        [
            [FALLS if lowest is None else valley(lowest, EPOCHS) for lowest in run]
            for run in runs
        ]
    ).transpose(0, 2, 1)  # fmt: skip


def leaving(n, *last):
    """Errors (E, n) of samples that are wrong up to an epoch each, and right from there on."""
    return EPOCHS[:, None] < np.array(last)[None, :n]


# minima at 60, 100 and 150; the checks that rise are 65, 105 and 155
RADII = curves((60, 100, 150))
LAST = (50, 63, 170, 99, 102, 160, 140, 152, 190)  # each sample is right from this epoch on
ERRORS = leaving(9, *LAST)[None]


@pytest.mark.parametrize(
    ("mode", "epochs", "stragglers"),
    [
        ("argmin", [60, 100, 150], [1, 2, 4, 5, 7, 8]),
        ("snapshot", [65, 105, 155], [2, 5, 8]),
        ("shared", [155, 155, 155], [2, 5, 8]),
    ],
)
def test_exact_stragglers_of_each_mode(mode, epochs, stragglers):
    found = inversions(history(RADII, LABELS, ERRORS), mode)
    assert found.mode == mode
    assert found.epochs.tolist() == [epochs]
    assert np.flatnonzero(found.wrong[0]).tolist() == stragglers
    assert not found.censored.any()
    assert found.complete.tolist() == [True]
    at = np.array(epochs)[LABELS]
    expected = np.clip(np.array(LAST) - at, 0, None) / (200 - at)
    np.testing.assert_allclose(found.wrong_since[0], expected)


def test_shared_and_snapshot_differ_where_a_sample_is_learned_late():
    errors = leaving(9, 70, 0, 0, 110, 0, 0, 156, 0, 0)[None]
    made = history(RADII, LABELS, errors)
    assert np.flatnonzero(inversions(made, "snapshot").wrong[0]).tolist() == [0, 3, 6]
    assert np.flatnonzero(inversions(made, "shared").wrong[0]).tolist() == [6]


def test_argmin_is_the_default_and_the_record_is_of_the_same_data():
    made = history(RADII, LABELS, ERRORS)
    found = inversions(made)
    assert found.mode == "argmin"
    assert found.ids.tolist() == made.ids.tolist()
    assert found.labels.tolist() == LABELS.tolist()
    assert found.class_names == made.class_names
    assert found.data_fingerprint == "print"
    assert inversions(made, "snapshot", every=1).epochs.tolist() == [[61, 101, 151]]
    assert inversions(made, "snapshot", after=110).epochs.tolist() == [[115, 115, 155]]
    assert inversions(made, "shared", every=50, after=10).epochs.tolist() == [[150] * 3]
    assert inversions(made, window=3, after=55).epochs.tolist() == [[60, 100, 150]]
    with pytest.warns(SteelyardWarning, match=r"\('c'\)"):
        assert inversions(made, patience=45).epochs.tolist() == [[60, 100, -1]]


RUNS = curves((60, 100, 150), (70, 101, None), (80, None, 140), (90, 103, 130))


def test_a_censored_class_is_looked_at_at_the_median_of_the_other_runs():
    found = inversions(history(RUNS, LABELS, np.repeat(ERRORS, 4, axis=0)))
    assert found.epochs[:, 0].tolist() == [60, 70, 80, 90]
    assert found.epochs[:, 1].tolist() == [100, 101, 101, 103]
    assert found.epochs[:, 2].tolist() == [150, 140, 140, 130]
    assert np.argwhere(found.censored).tolist() == [[1, 2], [2, 1]]
    assert found.complete.tolist() == [True, False, False, True]
    # the samples of class c in run 1 as at epoch 140
    assert found.wrong[1, 6:].tolist() == [False, True, True]


def test_a_median_between_two_epochs_becomes_the_nearest_one_that_is_looked_at():
    made = history(curves((60,), (71,), (None,)), [0])
    assert inversions(made).epochs.tolist() == [[60], [71], [65]]  # 65.5
    assert inversions(made, "snapshot").epochs.tolist() == [[65], [75], [70]]
    made = history(curves((60,), (66,), (None,)), [0])
    assert inversions(made, "snapshot").epochs.tolist() == [[65], [70], [65]]  # no check at 67.5


def test_one_far_run_does_not_move_the_median():
    made = history(curves((60,), (62,), (150,), (None,)), [0])
    assert inversions(made).epochs[3, 0] == 62


def test_shared_takes_the_last_of_those_that_rise():
    found = inversions(history(RUNS, LABELS), "shared")
    assert found.epochs.tolist() == [[155] * 3, [105] * 3, [145] * 3, [135] * 3]
    assert np.argwhere(found.censored).tolist() == [[1, 2], [2, 1]]


def test_a_run_in_which_no_class_rises_borrows_the_epoch_of_the_others():
    made = history(curves((60, 100), (None, None), (None, 130)), [0, 1])
    found = inversions(made, "shared")
    assert found.epochs.tolist() == [[105, 105], [120, 120], [135, 135]]
    assert found.censored.tolist() == [[False, False], [True, True], [True, False]]


@pytest.mark.parametrize("mode", ["argmin", "snapshot"])
def test_a_class_that_turns_over_in_no_run_has_no_stragglers_and_is_told(mode):
    made = history(curves((60, None, 70), (80, None, 90)), LABELS, np.ones((2, 200, 9)))
    with pytest.warns(
        SteelyardWarning, match=r"1 of 3 classes turn over in none of 2 runs \('b'\)"
    ):
        found = inversions(made, mode)
    assert found.epochs[:, 1].tolist() == [-1, -1]
    assert found.censored[:, 1].all()
    assert not found.wrong[:, 3:6].any()
    assert (found.wrong_since[:, 3:6] == 0).all()
    assert found.wrong[:, :3].all()


def test_shared_without_any_rise_has_no_stragglers_and_is_told():
    made = history(curves((None, None)), [0, 1], np.ones((1, 200, 2)))
    with pytest.warns(SteelyardWarning, match="2 of 2 classes turn over in none of 1 runs") as told:
        found = inversions(made, "shared")
    assert told[0].filename == __file__
    assert found.epochs.tolist() == [[-1, -1]]
    assert not found.wrong.any()


@pytest.mark.parametrize("mode", MODES)
def test_a_class_without_samples_is_neither_censored_nor_missed(mode):
    radii = RADII.copy()
    radii[:, :, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = inversions(history(radii, [0, 2, 2]), mode)
    assert (found.epochs[0] == -1).tolist() == [False, True, False]
    assert found.complete.all()


@pytest.mark.parametrize("mode", MODES)
def test_runs_and_samples_may_be_taken_in_any_order(mode):
    errors = np.random.default_rng(0).random((4, 200, 9)) < 0.3
    whole = inversions(history(RUNS, LABELS, errors), mode)
    order, samples = [2, 0, 3, 1], np.random.default_rng(1).permutation(9)
    other = inversions(history(RUNS[order], LABELS[samples], errors[order][:, :, samples]), mode)
    assert other.epochs.tolist() == whole.epochs[order].tolist()
    np.testing.assert_array_equal(other.wrong, whole.wrong[order][:, samples])
    np.testing.assert_array_equal(other.wrong_since, whole.wrong_since[order][:, samples])


@pytest.mark.parametrize("mode", MODES)
def test_classes_may_have_any_code(mode):
    errors = np.random.default_rng(0).random((4, 200, 9)) < 0.3
    whole = inversions(history(RUNS, LABELS, errors), mode)
    code = np.array([2, 0, 1])  # of each class, its new one
    other = inversions(history(RUNS[:, :, np.argsort(code)], code[LABELS], errors), mode)
    np.testing.assert_array_equal(other.wrong, whole.wrong)
    np.testing.assert_array_equal(other.epochs[:, code], whole.epochs)


@pytest.mark.parametrize("mode", MODES)
def test_every_fifth_epoch_is_enough(mode):
    fifth = slice(0, None, 5)
    found = inversions(history(RADII[:, fifth], LABELS, ERRORS[:, fifth], EPOCHS[fifth]), mode)
    assert found.epochs.tolist() == inversions(history(RADII, LABELS, ERRORS), mode).epochs.tolist()
    start = found.epochs[0, 0]
    later = EPOCHS[fifth][EPOCHS[fifth] >= start]
    assert found.wrong_since[0, 2] == (later < 170).mean()


def test_epochs_that_a_mode_needs_and_nobody_recorded_are_named():
    some = np.delete(EPOCHS, 40)
    made = history(RADII[:, some], LABELS, epochs=some)
    with pytest.raises(DataError, match="first epoch 40"):
        inversions(made, "snapshot")
    with pytest.raises(DataError, match="one of 2 after epoch 39"):
        inversions(made)
    with pytest.raises(DataError, match="train longer, or lower after"):
        inversions(history(RADII[:, :20], LABELS), "shared")


def test_parameters_are_checked():
    with pytest.raises(ParameterError, match="'mode' parameter of inversions must be one of"):
        inversions(history(RADII, LABELS), "first")
    with pytest.raises(ParameterError, match=r"must be a ManifoldHistory\. Got ndarray"):
        inversions(RADII)
    with pytest.raises(ParameterError, match="'every' parameter"):
        inversions(history(RADII, LABELS), "shared", every=0)
    with pytest.raises(ParameterError, match="'window' parameter"):
        inversions(history(RADII, LABELS), window=4)
    with pytest.raises(ParameterError, match="'patience' parameter"):
        inversions(history(RADII, LABELS), patience=-1)
