"""What our trainings show the recorder at the end, and what they predict that they did not see."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import entr, log_softmax, logsumexp
from toy_data import parted, renamed_and_permuted, toy_images, toy_table

from steelyard._support.errors import DataError, ParameterError
from steelyard.records import Plan, Recipe
from steelyard.records.dynamics import FINAL, TRAINING
from steelyard.training import PROBES, Member, fit_ensemble, prepare

MLP = Recipe("mlp", widths=(9,), batch_size=16, epochs=4)
BATCH = Recipe("cnn", widths=(4, 4), batch_size=16, epochs=3, normalisation="batch")
TREES = replace(PROBES["trees"], epochs=6)
CASES = [(MLP, toy_images), (BATCH, toy_images), (TREES, toy_images), (TREES, toy_table)]


def plan_without(data, every=4):
    """Use two copies of some samples, and none of each fourth."""
    counts = np.where(data.ids % every == 0, 0, 1 + data.ids % 2)
    return Plan.of(data, counts, np.bincount(data.labels, weights=counts), "some left out")


def copied_under_other_ids(data):
    return type(data)(data.inputs, data.labels, data.class_names, data.ids + 10_000, None)


@pytest.mark.parametrize(("recipe", "make"), CASES)
def test_the_final_channels_are_the_trained_models(recipe, make):
    part = parted(make()).part("train")
    prepared = prepare(part, [copied_under_other_ids(part)], model=recipe.model)
    members = [Member(recipe, None, k, record=k != 1) for k in range(3)]
    for fitted in fit_ensemble(prepared, members):
        if fitted.dynamics is None:
            continue
        channels = fitted.dynamics.channels
        assert set(channels) == {*TRAINING, *FINAL}
        assert fitted.dynamics.early_epoch == -(-recipe.epochs // 10) - 1
        logits = fitted.predictions[0].logits  # the model's own, of the same rows
        own = np.arange(part.n_classes) == part.labels[:, None]
        expected = {
            "final_margin": logits[own] - np.where(own, -np.inf, logits).max(axis=1),
            "final_probability": np.exp(log_softmax(logits, axis=1))[own],
            "final_max_probability": np.exp(log_softmax(logits, axis=1)).max(axis=1),
            "final_max_logit": logits.max(axis=1),
            "final_energy": -logsumexp(logits, axis=1),
            "final_entropy": entr(np.exp(log_softmax(logits, axis=1))).sum(axis=1),
            "final_loss": -log_softmax(logits, axis=1)[own],
        }
        for name, channel in expected.items():
            np.testing.assert_allclose(channels[name][0], channel, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("recipe", "make"), CASES)
def test_rows_that_a_plan_leaves_out_are_predicted(recipe, make):
    data = parted(make())
    part = data.part("train")
    plan = plan_without(part)
    rows = np.flatnonzero(plan.counts == 0)
    seen_as_held_out = copied_under_other_ids(part.take(rows))
    prepared = prepare(part, [seen_as_held_out], model=recipe.model)
    members = [Member(recipe, plan, k, left_out=k == 1) for k in range(2)]
    plain, fitted = fit_ensemble(prepared, members)
    held_out, left_out = fitted.predictions
    assert len(plain.predictions) == 1
    assert (held_out.split, left_out.split, left_out.seed) == ("test", "left-out", 1)
    np.testing.assert_array_equal(left_out.ids, part.ids[rows])
    np.testing.assert_array_equal(left_out.truth, part.labels[rows])
    np.testing.assert_array_equal(left_out.logits, held_out.logits)
    np.testing.assert_allclose(left_out.prior, plan.prior)


@pytest.mark.parametrize(("recipe", "make"), CASES)
def test_every_row_is_predicted_where_that_is_asked(recipe, make):
    part = parted(make()).part("train")
    prepared = prepare(part, [copied_under_other_ids(part)], model=recipe.model)
    member = Member(recipe, plan_without(part), left_out=True, all_rows=True)
    (fitted,) = fit_ensemble(prepared, [member])
    held_out, left_out, every = fitted.predictions
    assert (left_out.split, every.split) == ("left-out", "all-rows")
    np.testing.assert_array_equal(every.ids, part.ids)
    np.testing.assert_array_equal(every.truth, part.labels)
    np.testing.assert_array_equal(every.logits, held_out.logits)


@pytest.mark.parametrize(("recipe", "make"), CASES[::2])
def test_neither_rows_nor_names_matter_to_what_is_left_out(recipe, make):
    part = parted(make()).part("train")
    other, code = renamed_and_permuted(part)
    found = []
    for data in (part, other):
        member = Member(recipe, plan_without(data), left_out=True)
        (fitted,) = fit_ensemble(prepare(data, model=recipe.model), [member])
        (predictions,) = fitted.predictions
        np.testing.assert_array_equal(predictions.ids, data.ids[np.isin(data.ids, predictions.ids)])
        found.append(predictions)
    one, two = (np.argsort(predictions.ids) for predictions in found)
    np.testing.assert_array_equal(found[0].logits[one], found[1].logits[two][:, code])


def test_a_member_that_leaves_nothing_out_is_refused():
    part = parted(toy_images()).part("train")
    with pytest.raises(ParameterError, match="'left_out' parameter of Member needs a plan"):
        Member(MLP, left_out=True)
    whole = Plan.of(part, np.ones(len(part), int), part.class_counts, "all")
    with pytest.raises(DataError, match="plan of 'model', repetition 0 leaves no sample out"):
        fit_ensemble(prepare(part), [Member(MLP, whole, left_out=True)])
