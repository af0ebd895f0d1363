"""Halves of the samples, and what two networks unlearn of them."""

import numpy as np
import pytest
from toy_data import renamed_and_permuted, toy_images

from steelyard.records import Recipe
from steelyard.training import fit_ensemble, prepare
from steelyard.workflow.second_split import half_members, in_second_half, second_split_dynamics

MLP = Recipe("mlp", widths=(9,), batch_size=8, epochs=6, learning_rate=0.01)


@pytest.mark.parametrize("counts", [(60, 41, 21), (7, 1, 1, 1), (1, 1)])
def test_halves_are_even_in_every_class(counts):
    data = toy_images(counts)
    half = in_second_half(data, 0, 0)
    assert half.sum() == len(data) // 2
    for code, count in enumerate(counts):
        assert abs(2 * half[data.labels == code].sum() - count) <= 1


def test_halves_follow_ids_and_seeds_alone():
    data = toy_images((31, 21, 11))  # where one class ends, the next goes on with the other half
    for permutation in range(4):
        other, _ = renamed_and_permuted(data, permutation)
        one, two = (in_second_half(each, 0, 0)[np.argsort(each.ids)] for each in (data, other))
        np.testing.assert_array_equal(one, two)
    for seed, repetition in ((1, 0), (0, 1)):
        assert not np.array_equal(
            in_second_half(data, 0, 0), in_second_half(data, seed, repetition)
        )


def test_two_members_make_a_run_of_all_samples():
    data = toy_images((40, 30, 20), noise=120.0)
    members = [one for run in range(2) for one in half_members(data, MLP, run, seed=0)]
    fitted = fit_ensemble(prepare(data), members)
    found = second_split_dynamics(data, [one.dynamics for one in fitted])
    unlearned = found.channels["unlearned"]
    assert unlearned.shape == (2, len(data))
    for run in range(2):
        half = in_second_half(data, 0, run)
        for rows, one in ((~half, fitted[2 * run]), (half, fitted[2 * run + 1])):
            np.testing.assert_array_equal(
                unlearned[run, rows], one.dynamics.channels["unlearned"][0]
            )


def test_a_flipped_label_is_unlearned_sooner():
    data = toy_images((60, 60), noise=60.0)
    flipped = np.random.default_rng(0).permutation(len(data))[:12]
    labels = data.labels.copy()
    labels[flipped] = 1 - labels[flipped]
    noisy = type(data)(data.inputs, labels, data.class_names, data.ids)
    recipe = Recipe("mlp", widths=(64,), batch_size=8, epochs=20, learning_rate=0.01)
    members = [one for run in range(3) for one in half_members(noisy, recipe, run, seed=0)]
    fitted = fit_ensemble(prepare(noisy), members)
    found = second_split_dynamics(noisy, [one.dynamics for one in fitted])
    mean = found.channels["unlearned"].mean(axis=0)
    clean = np.setdiff1d(np.arange(len(data)), flipped)
    assert mean[flipped].mean() > mean[clean].mean() + 0.4
