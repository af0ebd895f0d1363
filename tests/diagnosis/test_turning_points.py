"""Where a curve turns, on curves made by hand."""

import numpy as np
import pytest
from manifold_histories import valley

from steelyard._support.errors import DataError, ParameterError
from steelyard.diagnosis import first_rise, smoothed_minimum
from steelyard.diagnosis.turning_points import smoothed

CHECKS = np.arange(20, 45, 5)
EVERY = np.arange(500)


def test_the_first_check_above_the_one_before_is_the_rise():
    assert first_rise([0.5, 0.4, 0.3, 0.2, 0.3], CHECKS) == 40


@pytest.mark.parametrize("curve", [[0.5] * 5, [0.5, 0.4, 0.3, 0.2, 0.1], [0.5, 0.4, 0.4, 0.4, 0.4]])
def test_a_curve_that_never_rises_has_no_rise(curve):
    assert first_rise(curve, CHECKS) is None


def test_epoch_25_is_the_first_that_can_rise_and_20_its_reference():
    epochs = np.arange(0, 45, 5)
    # rises at 10, 15, and 20, and then at 40
    assert first_rise([0.3, 0.2, 0.4, 0.5, 0.6, 0.5, 0.4, 0.3, 0.35], epochs) == 40
    assert first_rise([0.3, 0.2, 0.4, 0.5, 0.6, 0.7, 0.4, 0.3, 0.35], epochs) == 25
    # above what it was at 15, but not above 20
    assert first_rise([0.3, 0.2, 0.4, 0.1, 0.6, 0.5, 0.4, 0.3, 0.35], epochs) == 40


def test_epochs_between_the_checks_are_not_looked_at():
    curve = valley(300, EVERY)
    flicker = curve.copy()
    flicker[31:34] += 1
    assert first_rise(flicker, EVERY) == first_rise(curve, EVERY) == 305
    flicker[35] += 1
    assert first_rise(flicker, EVERY) == 35


def test_checks_and_their_begin_are_parameters():
    curve = valley(100, EVERY)
    curve[42] = 2
    assert first_rise(curve, EVERY, every=7) == 42
    assert first_rise(curve, EVERY, every=7, after=42) == 105
    assert first_rise(curve, EVERY, every=1, after=0) == 42
    assert first_rise(valley(3, EVERY), EVERY, every=1, after=0) == 4
    assert first_rise(valley(3, EVERY), EVERY, every=1, after=10) == 11
    # between two checks: 20 is compared with, and 25 qualifies
    assert first_rise(valley(3, EVERY), EVERY, every=5, after=22) == 25


def test_a_check_that_was_not_recorded_is_refused():
    with pytest.raises(DataError, match=r"from 20 on. 2 of 6 were not recorded, first epoch 25"):
        first_rise(np.ones(4), [20, 30, 40, 45])
    with pytest.raises(DataError, match=r"first epoch 20\. Hint: set every"):
        first_rise(np.ones(5), [21, 25, 30, 35, 40])
    assert first_rise([0.3, 0.2, 0.1, 0.2], [20, 30, 40, 50], every=10) == 50


@pytest.mark.parametrize("epochs", [np.arange(21), np.arange(25), np.arange(0), np.arange(5)])
def test_a_training_without_a_check_that_qualifies_is_refused(epochs):
    with pytest.raises(DataError, match="train longer, or lower after"):
        first_rise(np.ones(len(epochs)), epochs)


@pytest.mark.parametrize("values", [{"every": 0}, {"every": 2.5}, {"after": -1}])
def test_parameters_of_a_rise_are_checked(values):
    (name,) = values
    with pytest.raises(ParameterError, match=f"'{name}' parameter of inversions"):
        first_rise(np.ones(500), EVERY, **values)


@pytest.mark.parametrize("lowest", [32, 100, 333, 484])
@pytest.mark.parametrize("window", [1, 11, 21])
def test_the_minimum_of_a_valley_is_found_where_it_is(lowest, window):
    after = 20 if window < 21 else 10
    found = smoothed_minimum(valley(lowest, EVERY), EVERY, window, after, patience=5)
    assert found == lowest


@pytest.mark.parametrize("lowest", range(60, 75))
@pytest.mark.parametrize(("down", "up"), [(1, 1), (3, 1), (1, 3)])
def test_without_noise_the_minimum_lies_at_the_check_before_the_rise(lowest, down, up):
    curve = valley(lowest, EVERY, down, up)
    before = first_rise(curve, EVERY) - 5
    assert abs(smoothed_minimum(curve, EVERY) - before) <= 5


def test_a_swing_of_three_epochs_moves_a_minimum_little_and_a_rise_far():
    curve = valley(250, EVERY) + 0.05 * np.cos(2 * np.pi * EVERY / 3)
    assert abs(smoothed_minimum(curve, EVERY) - 250) <= 3
    assert first_rise(curve, EVERY) < 40


def test_a_curve_that_only_falls_or_rises_or_stays_has_no_minimum():
    for curve in (-EVERY / 500, EVERY / 500, np.ones(500)):
        assert smoothed_minimum(curve, EVERY) is None


def test_a_fall_before_the_epochs_that_count_is_none():
    assert smoothed_minimum(valley(15, EVERY), EVERY) is None
    assert smoothed_minimum(valley(15, EVERY), EVERY, after=5) == 15


def test_the_first_window_begins_after_epoch_20():
    # averages begin at epoch 26: a minimum there may lie before
    assert smoothed_minimum(valley(26, EVERY), EVERY) is None
    assert smoothed_minimum(valley(27, EVERY), EVERY) == 27


def test_a_minimum_needs_patience():
    # the last average is that of epoch 494
    assert smoothed_minimum(valley(489, EVERY), EVERY) == 489
    assert smoothed_minimum(valley(490, EVERY), EVERY) is None
    assert smoothed_minimum(valley(474, EVERY), EVERY, patience=20) == 474
    assert smoothed_minimum(valley(475, EVERY), EVERY, patience=20) is None
    assert smoothed_minimum(valley(493, EVERY), EVERY, patience=0) == 493
    assert smoothed_minimum(valley(494, EVERY), EVERY, patience=0) is None


def test_a_flat_bottom_counts_from_its_begin_and_has_to_end():
    bottom = np.maximum(valley(200, EVERY), 1.05)  # flat from 150 to 250
    assert smoothed_minimum(bottom, EVERY) == 155  # of windows, from 155
    stays = np.where(EVERY < 200, bottom, bottom[200])
    assert smoothed_minimum(stays, EVERY) is None
    # the last average at the bottom is that of 489, or of 490
    assert smoothed_minimum(np.where(EVERY > 494, 2, stays), EVERY) == 155
    assert smoothed_minimum(np.where(EVERY > 495, 2, stays), EVERY) is None


def test_every_fifth_epoch_is_averaged_as_far_as_it_is_known():
    epochs = np.arange(0, 500, 5)
    rng = np.random.default_rng(0)
    curve = valley(250, epochs) + rng.normal(0, 0.01, len(epochs))
    averages, centres = smoothed(curve, epochs)
    assert centres.tolist() == list(range(30, 495, 5))
    assert averages[0] == pytest.approx(curve[5:8].mean())
    assert averages[-1] == pytest.approx(curve[-3:].mean())
    assert smoothed_minimum(valley(250, epochs), epochs) == 250


def test_averages_of_several_curves_are_those_of_each():
    curves = np.random.default_rng(0).random((2, 3, 500))
    averages, centres = smoothed(curves, EVERY)
    assert averages.shape == (2, 3, 469)
    assert centres[[0, -1]].tolist() == [26, 494]
    np.testing.assert_allclose(averages[1, 2], smoothed(curves[1, 2], EVERY)[0], rtol=1e-12)
    assert averages[0, 0, 4] == pytest.approx(curves[0, 0, 25:36].mean())


@pytest.mark.parametrize(
    ("epochs", "values", "message"),
    [
        (np.delete(EVERY, 77), {}, "step of 1, and one of 2 after epoch 76. Hint: record every"),
        (np.arange(0, 500, 10), {}, "A window of 11 epochs holds one.*every 10th.*window=21"),
        (np.arange(33), {}, "needs 13 of them. Got 12. Hint: train longer"),
        (np.arange(0), {}, "needs 13 of them. Got 0"),
        (np.arange(3), {"after": 0, "window": 1}, "needs 3 of them. Got 2"),
    ],
)
def test_epochs_that_do_not_do_are_refused(epochs, values, message):
    with pytest.raises(DataError, match=message):
        smoothed_minimum(np.ones(len(epochs)), epochs, **values)


def test_what_is_missing_before_does_not_matter():
    epochs = np.concatenate([[0, 7, 19], np.arange(21, 200)])
    assert smoothed_minimum(valley(100, epochs), epochs) == 100
    tens = np.arange(0, 500, 10)
    assert smoothed_minimum(valley(100, tens), tens, window=21) == 100
    assert smoothed_minimum(valley(100, tens), tens, window=1) == 100


@pytest.mark.parametrize(
    "values", [{"window": 0}, {"window": 10}, {"after": -1}, {"patience": -1}, {"patience": 0.5}]
)
def test_parameters_of_a_minimum_are_checked(values):
    (name,) = values
    with pytest.raises(ParameterError, match=f"'{name}' parameter of inversions"):
        smoothed_minimum(np.ones(500), EVERY, **values)
