"""Models of one data set, each trained on rows of its own, against plain loops over these rows."""

from dataclasses import replace

import numpy as np
import pytest
from oracles.networks import train_alone
from toy_data import parted, renamed_and_permuted, toy_images, toy_table

from steelyard._support.errors import DataError, ParameterError
from steelyard.records import Labelled, Plan, Recipe
from steelyard.training import PROBES, Member, fit_ensemble, fit_subsets, prepare, subsets

DATA = parted(toy_images((61, 40, 20), noise=120.0)).part("train")
N = len(DATA)
MLP = Recipe("mlp", widths=(9,), batch_size=16, epochs=4, learning_rate=0.01)
WHOLE = replace(
    MLP, batch_size=None, activation="tanh", optimiser="sgd", momentum=0.0, learning_rate=0.3,
    schedule="constant", initialisation="uniform", epochs=9,
)  # fmt: skip
CNN = replace(MLP, model="cnn", widths=(4, 5), normalisation="batch", epochs=3)
RECIPES = {
    "batches": MLP,
    "whole batches": WHOLE,
    "convolutions": CNN,
    "convolutions of whole batches": replace(CNN, batch_size=None, learning_rate=0.1, epochs=6),
    "augmented": replace(MLP, augmentation=("flip", "crop"), crop_padding=2),
    "augmented whole batches": replace(WHOLE, augmentation=("flip",)),
    "weighted classes": replace(WHOLE, class_weighting=1.0),
}
TREES = replace(PROBES["trees"], epochs=6)


def drawn(ids=DATA.ids, labels=DATA.labels):
    """Half, most, and a part that lacks a class."""
    return np.array([ids % 2 == 0, ids % 7 > 0, (ids % 3 > 0) & (labels != 2)])


def plan_of(subset, data=DATA):
    counts = subset.astype(int)
    return Plan.of(data, counts, np.bincount(data.labels, weights=counts, minlength=3), "own")


@pytest.mark.parametrize("case", RECIPES)
def test_each_network_is_one_that_saw_its_own_rows_alone(case):
    recipe = RECIPES[case]
    copy = type(DATA)(DATA.inputs, DATA.labels, DATA.class_names, DATA.ids + 10_000, None)
    ready = prepare(DATA, [copy], model=recipe.model)
    # the slow reference has no weight for a class that is missing
    masks, repetitions = drawn()[: 2 if recipe.class_weighting else 3], [0, 4, 0]
    repetitions = repetitions[: len(masks)]
    predicted = fit_subsets(ready, recipe, masks, repetitions)
    assert predicted.shape == masks.shape
    own_batch = replace(recipe, batch_size=recipe.batch_size or N)
    for codes, mask, repetition in zip(predicted, masks, repetitions, strict=True):
        alone = train_alone(ready, Member(own_batch, plan_of(mask), repetition))
        expected = np.empty(N, dtype=int)
        expected[ready.order] = ready.classes[alone.logits.argmax(axis=1)]
        np.testing.assert_array_equal(codes, expected)
    assert (predicted[0] != predicted[1]).any()
    assert (predicted[0] != DATA.labels).any()
    assert set(np.unique(predicted[0])) == {0, 1, 2}


def test_labels_outside_a_subset_do_not_matter():
    masks = drawn()[:2]
    outside = ~masks.any(axis=0) & (np.arange(N) > 20)
    others = Labelled(
        DATA.inputs, np.where(outside, 0, DATA.labels), DATA.class_names, DATA.ids, None
    )
    assert (others.labels != DATA.labels).any()
    one, two = (fit_subsets(prepare(data), WHOLE, masks, [0, 0]) for data in (DATA, others))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("recipe", [MLP, TREES])
def test_rows_and_names_of_classes_do_not_matter(recipe):
    other, code = renamed_and_permuted(DATA)
    found = []
    for data, labels in ((DATA, DATA.labels), (other, np.argsort(code)[other.labels])):
        masks = drawn(data.ids, labels)[:2]
        found.append(fit_subsets(prepare(data, model=recipe.model), recipe, masks, [0, 1]))
    place = np.argsort(DATA.ids)[np.searchsorted(np.sort(DATA.ids), other.ids)]
    np.testing.assert_array_equal(found[1], code[found[0]][:, place])


@pytest.mark.parametrize("make", [toy_images, toy_table])
def test_boosters_say_of_all_rows_what_they_say_of_copies(make):
    data = parted(make()).part("train")
    copy = Labelled(data.inputs, data.labels, data.class_names, data.ids + 10_000)
    ready = prepare(data, [copy], model="trees")
    mask = data.ids % 3 > 0
    (codes,) = fit_subsets(ready, TREES, mask[None], [2])
    requested = np.bincount(data.labels, weights=mask)
    plan = Plan.of(data, mask.astype(int), requested, "own")
    (fitted,) = fit_ensemble(ready, [Member(TREES, plan, 2, left_out=True)])
    every, left_out = (one.logits.argmax(axis=1) for one in fitted.predictions)
    np.testing.assert_array_equal(codes, every)
    np.testing.assert_array_equal(codes[~mask], left_out)


def test_a_network_is_what_it_is_among_others_and_in_parts(monkeypatch):
    ready, masks = prepare(DATA), drawn()
    whole = fit_subsets(ready, WHOLE, masks, [0, 1, 2])
    monkeypatch.setattr(subsets, "_LOGITS", 2 * N * 3)  # two at once
    told = []
    parts = fit_subsets(
        ready, WHOLE, masks, [0, 1, 2], progress=lambda *step: told.append(step[:2])
    )
    np.testing.assert_array_equal(parts, whole)
    np.testing.assert_array_equal(fit_subsets(ready, WHOLE, masks[1:2], [1])[0], whole[1])
    total = 3 * WHOLE.epochs
    assert {every for _, every in told} == {total}
    assert told == sorted(told)
    assert told[-1] == (total, total)
    assert (fit_subsets(ready, WHOLE, masks, [0, 1, 2], seed=1) != whole).any()


def test_equal_repetitions_share_initial_weights():
    slow = replace(WHOLE, learning_rate=1e-9, epochs=1)
    one, two, other = fit_subsets(prepare(DATA), slow, drawn(), [5, 5, 6])
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_what_ties_is_decided_by_rows_and_not_by_names(monkeypatch):
    blank = toy_images((6, 4))
    blank = Labelled(np.zeros_like(blank.inputs), blank.labels, blank.class_names, blank.ids)
    # two networks of nothing but zeros say nothing of either class
    monkeypatch.setattr("steelyard.training.stack._initial_weights", _zeros)
    still = replace(WHOLE, learning_rate=1e-30, epochs=1)
    ready = prepare(blank)
    (codes,) = fit_subsets(ready, still, np.ones((1, 10), dtype=bool), [0])
    other, code = renamed_and_permuted(blank)
    (others,) = fit_subsets(prepare(other), still, np.ones((1, 10), dtype=bool), [0])
    assert len(set(codes)) == len(set(others)) == 1
    assert others[0] == code[codes[0]]


def _zeros(recipe, shapes, seed):
    import torch

    return {name: torch.zeros(shape) for name, shape in shapes.items()}


@pytest.mark.parametrize(
    ("masks", "repetitions", "error", "text"),
    [
        (drawn().astype(int), [0, 0, 0], ParameterError, "must be an array of bool of shape "
         f"(M, {N}). Got shape (3, {N}) and type int64 instead."),
        (drawn()[:, 1:], [0, 0, 0], ParameterError, f"Got shape (3, {N - 1}) and type bool"),
        (drawn()[0], [0], ParameterError, f"Got shape ({N},) and type bool"),
        (drawn()[:0], [], ParameterError, f"Got shape (0, {N}) and type bool"),
        (drawn(), [0, 0], ParameterError, "must hold one for each of 3 subsets. Got 2 instead."),
        (drawn() & [[True], [False], [True]], [0, 0, 0], DataError,
         "1 of 3 subsets are empty, first number 1. Hint: mark at least one row of each."),
    ],
)  # fmt: skip
def test_what_is_no_subset_is_refused(masks, repetitions, error, text):
    with pytest.raises(error) as caught:
        fit_subsets(prepare(DATA), MLP, masks, repetitions)
    assert text in str(caught.value)


def test_trees_need_every_class():
    with pytest.raises(DataError, match="leaves 1 classes without a sample, first 'class 2'"):
        fit_subsets(prepare(DATA, model="trees"), TREES, drawn()[2:], [0])
