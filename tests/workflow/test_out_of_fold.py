"""Every sample predicted by models that did not see it."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from run_cases import content, weighed
from scipy.special import softmax
from toy_data import renamed_and_permuted, toy_images, toy_table

import steelyard
from steelyard._support.errors import DataError, OutputError, ParameterError
from steelyard.hardness import label_odds
from steelyard.records import Labelled, Predictions, Recipe
from steelyard.training import PROBES, Member, fit_ensemble, prepare
from steelyard.workflow.nearest import nearest_neighbours
from steelyard.workflow.out_of_fold import deal, fold_members, joined_folds, left_out_dynamics
from steelyard.workflow.trainings import train_members

MLP = Recipe("mlp", widths=(9,), batch_size=16, epochs=3)
TREES = replace(PROBES["trees"], epochs=5)


@pytest.mark.parametrize("counts", [(60, 40, 20), (30, 7, 3, 2), (4, 3, 2), (2, 2)])
@pytest.mark.parametrize("folds", [2, 3, 5])
def test_classes_are_dealt_out_evenly(counts, folds):
    data = toy_images(counts)
    fold_of = deal(data, folds, seed=0, repetition=0)
    n_folds = min(folds, max(counts))
    assert set(fold_of) == set(range(n_folds))
    assert max(Counter(fold_of).values()) - min(Counter(fold_of).values()) <= len(counts)
    for code, count in enumerate(counts):
        each = np.bincount(fold_of[data.labels == code], minlength=n_folds)
        assert each.max() - each.min() <= 1
        assert each.max() < count  # every model sees the class


def test_folds_follow_ids_and_seeds_alone():
    data = toy_images((31, 22, 13))
    for permutation in range(4):
        other, _ = renamed_and_permuted(data, permutation)
        one, two = (deal(each, 5, 0, 0)[np.argsort(each.ids)] for each in (data, other))
        np.testing.assert_array_equal(one, two)
    for seed, repetition in ((1, 0), (0, 1)):
        assert not np.array_equal(deal(data, 5, 0, 0), deal(data, 5, seed, repetition))


@pytest.mark.parametrize(("recipe", "make"), [(MLP, toy_images), (TREES, toy_table)])
def test_every_row_comes_from_the_model_that_left_it_out(recipe, make):
    data = make((30, 20))
    found = steelyard.out_of_fold(data, probe=recipe, folds=3, repetitions=2, seed=4)
    assert [(one.seed, one.split) for one in found] == [(0, "out-of-fold"), (1, "out-of-fold")]
    assert not np.array_equal(found[0].logits, found[1].logits)
    for repetition, one in enumerate(found):
        np.testing.assert_array_equal(one.ids, data.ids)
        np.testing.assert_array_equal(one.truth, data.labels)
        np.testing.assert_allclose(one.prior, data.prior)
        fold_of = deal(data, 3, seed=4, repetition=repetition)
        for fold in range(3):  # a training on the others alone predicts the same
            seen, left_out = data.take(fold_of != fold), data.take(fold_of == fold)
            prepared = prepare(seen, [left_out], model=recipe.model)
            (alone,) = fit_ensemble(prepared, [Member(recipe, None, repetition)], seed=4)
            if recipe.model == "trees":  # encodings and rows are the same: so are the trees
                np.testing.assert_allclose(
                    one.logits[fold_of == fold], alone.predictions[0].logits, atol=1e-9
                )
            else:  # pixels are standardised by all training rows: nearly the same
                agree = one.predicted[fold_of == fold] == alone.predictions[0].predicted
                assert agree.mean() > 0.85


def test_repetitions_added_later_keep_the_first(tmp_path):
    data = toy_table((30, 20))
    values = {"probe": TREES, "run": tmp_path}
    (one,) = steelyard.out_of_fold(data, **values)
    again, _ = steelyard.out_of_fold(data, repetitions=2, **values)
    np.testing.assert_array_equal(one.logits, again.logits)


def test_the_channels_are_the_probabilities():
    data = toy_images((5, 4, 3))
    logits = np.random.default_rng(0).normal(0, 3, (2, 12, 3))
    predictions = [
        Predictions(data.ids, data.labels, one, data.class_names, split="out-of-fold")
        for one in logits
    ]
    found = left_out_dynamics(data, predictions)
    assert (found.n_runs, found.n_epochs, found.early_epoch) == (2, 0, None)
    assert found.data_fingerprint == data.fingerprint
    shares = softmax(logits, axis=2)
    own = np.arange(3) == data.labels[:, None]
    rival = np.where(own, 0, shares).max(axis=2)
    np.testing.assert_allclose(found.channels["left_out_probability"], shares[:, own])
    np.testing.assert_allclose(found.channels["left_out_margin"], shares[:, own] - rival)


def test_what_cannot_be_left_out_is_named():
    data = toy_images((9, 1, 1), names=("cat", "dog", "fox"))
    with pytest.raises(DataError, match=r"2 classes have one sample, first 'dog'.*collect another"):
        steelyard.out_of_fold(data, probe=MLP)
    for values in ({"folds": 1}, {"repetitions": 0}, {"seed": -1}):
        with pytest.raises(
            ParameterError, match=f"'{next(iter(values))}' parameter of out_of_fold"
        ):
            steelyard.out_of_fold(toy_images((9, 5)), probe=MLP, **values)


def test_the_only_sample_of_a_class_gets_no_odds_where_its_scores_are_refused():
    data = toy_images((30, 20, 1))
    members = fold_members(data, MLP, 0, seed=0)
    predictions = joined_folds(data, train_members(data, (), members))
    odds = label_odds(predictions, nearest_neighbours(data))
    np.testing.assert_array_equal(odds.values == -30, data.labels == 2)
    with pytest.raises(DataError, match="1 classes have one sample"):
        steelyard.score(data, estimators=["self_margin"], probe=MLP, runs=1)


def test_members_say_which_fold_they_leave_out():
    members = fold_members(toy_images((9, 5)), MLP, 3, seed=0)
    assert [member.arm for member in members][::4] == ["without fold 1 of 5", "without fold 5 of 5"]
    assert {member.repetition for member in members} == {3}


def test_copies_are_left_out_together_whatever_their_labels():
    data = toy_table((24, 16))
    rows = np.tile(np.arange(40), 3)
    labels = data.labels[rows].copy()
    labels[:6] = 1  # one of three copies carries another label
    copied = Labelled(
        data.inputs.iloc[rows].reset_index(drop=True), labels, data.class_names,
        np.random.default_rng(0).permutation(120),
    )  # fmt: skip
    fold_of = deal(copied, 5, seed=0, repetition=0).reshape(3, 40)
    np.testing.assert_array_equal(fold_of, np.broadcast_to(fold_of[0], (3, 40)))
    assert set(fold_of[0]) == set(range(5))
    assert np.bincount(fold_of[0]).min() >= 6


def test_a_class_that_is_one_sample_or_its_copies_is_never_left_out():
    data = toy_table((20, 12, 1))
    rows = np.r_[np.arange(33), 32, 32]
    copied = Labelled(
        data.inputs.iloc[rows].reset_index(drop=True), data.labels[rows], data.class_names,
        np.arange(35),
    )  # fmt: skip
    for one in (data, copied):
        fold_of = deal(one, 5, seed=0, repetition=0)
        assert (fold_of[one.labels == 2] == -1).all()
        assert (fold_of[one.labels != 2] >= 0).all()
        lone = set(one.ids[one.labels == 2].tolist())
        for member in fold_members(one, TREES, 0, seed=0):
            assert lone <= set(member.plan.ids[member.plan.counts > 0].tolist())
    assert (deal(toy_table((1, 1)), 5, 0, 0) == -1).all()


@pytest.mark.parametrize("verb", [steelyard.score, steelyard.out_of_fold])
def test_a_weighing_is_not_orphaned(verb, tmp_path):
    weighed(tmp_path / "run")
    before = content(tmp_path / "run")
    with pytest.raises(OutputError, match="holds a weighing") as error:
        verb(toy_table((30, 20)), probe=TREES, run=tmp_path / "run")
    assert "--run" in error.value.hint
    assert content(tmp_path / "run") == before
