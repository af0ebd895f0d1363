"""Training: what is learned, what is repeatable, and what must not matter."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_data import parted, renamed_and_permuted, toy_images, toy_table

from steelyard._support.errors import DataError, MismatchError, MissingExtraError
from steelyard._support.seeding import derive_seed
from steelyard.records import Plan, Recipe
from steelyard.resampling import by_count
from steelyard.training import PROBES, Recorder, default_probe, fit, prepare

QUICK = {
    "mlp": replace(PROBES["mlp"], epochs=8, batch_size=16),
    "cnn": replace(PROBES["cnn"], epochs=8, batch_size=16, widths=(8, 8)),
    "trees": replace(PROBES["trees"], epochs=15),
}
CASES = [("mlp", toy_images), ("cnn", toy_images), ("trees", toy_images)]
CASES += [("mlp", toy_table), ("trees", toy_table)]


def trained(data, model, record=False, **values):
    part = data.part("train")
    prepared = prepare(part, [data.part("test")], model=model)
    fitted = fit(prepared, QUICK[model], record=record, **values)
    return fitted.predictions[0], fitted.dynamics


@pytest.mark.parametrize(("model", "make"), CASES)
def test_it_learns(model, make):
    data = parted(make())
    predictions, dynamics = trained(data, model, record=True)
    # the most frequent class alone reaches .5 on the images and .75 on the table; the pooling
    # of the convolutional network forgets where in the image a class shows itself
    accuracy = (predictions.predicted == predictions.truth).mean()
    assert accuracy > (0.76 if make is toy_table else 0.7 if model == "cnn" else 0.9)
    assert dynamics.channels["correct"].mean() > data.prior.max()
    assert dynamics.n_epochs == QUICK[model].epochs


@pytest.mark.parametrize(("model", "make"), CASES)
def test_permuted_rows_and_renamed_labels_train_the_same_model(model, make):
    data = parted(make())
    other, code = renamed_and_permuted(data)
    first, first_dynamics = trained(data, model, record=True)
    second, second_dynamics = trained(other, model, record=True)
    one, two = np.argsort(first.ids), np.argsort(second.ids)
    np.testing.assert_array_equal(first.ids[one], second.ids[two])
    np.testing.assert_array_equal(first.logits[one], second.logits[two][:, code])
    one, two = np.argsort(first_dynamics.ids), np.argsort(second_dynamics.ids)
    for name, channel in first_dynamics.channels.items():
        np.testing.assert_array_equal(channel[0, one], second_dynamics.channels[name][0, two])


@pytest.mark.parametrize(("model", "make"), CASES)
def test_a_seed_repeats_and_a_repetition_differs(model, make):
    data = parted(make())
    first, _ = trained(data, model)
    np.testing.assert_array_equal(first.logits, trained(data, model)[0].logits)
    assert not np.array_equal(first.logits, trained(data, model, repetition=1)[0].logits)
    assert not np.array_equal(first.logits, trained(data, model, seed=1)[0].logits)


@pytest.mark.parametrize("model", ["mlp", "trees"])
def test_recording_changes_nothing_and_global_random_state_is_left_alone(model):
    data = parted(toy_table())
    before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    watched, _ = trained(data, model, record=True)
    unwatched, _ = trained(data, model)
    np.testing.assert_array_equal(watched.logits, unwatched.logits)
    assert torch.equal(before, torch.random.get_rng_state())
    np.testing.assert_array_equal(numpy_before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(("model", "make"), CASES)
def test_a_plan_changes_what_the_model_expects(model, make):
    data = parted(toy_images(noise=150.0) if make is toy_images else make())
    plan = by_count(data.part("train"), 1.0)
    natural, _ = trained(data, model)
    balanced, _ = trained(data, model, plan=plan)
    rarest = data.class_counts.argmin()
    np.testing.assert_allclose(natural.prior, data.part("train").prior)
    np.testing.assert_allclose(balanced.prior, plan.prior)
    assert (
        np.exp(balanced.log_probabilities)[:, rarest].mean()
        > np.exp(natural.log_probabilities)[:, rarest].mean()
    )


def test_the_identity_plan_trains_what_no_plan_trains():
    data = parted(toy_images())
    plan = by_count(data.part("train"), 0.0)
    np.testing.assert_array_equal(
        trained(data, "mlp")[0].logits, trained(data, "mlp", plan=plan)[0].logits
    )


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_every_value_of_a_recipe_matters(optimiser, schedule):
    data = parted(toy_images())
    prepared = prepare(data.part("train"), [data.part("test")])
    base = replace(
        QUICK["mlp"], epochs=2, optimiser=optimiser, schedule=schedule, weight_decay=0.01
    )
    first = fit(prepared, base).predictions[0].logits
    changes = [
        {"learning_rate": base.learning_rate * 2},
        {"weight_decay": 0.2},
        {"widths": (64,)},
        {"widths": (128, 16)},
        {"activation": "tanh"},
        {"batch_size": 8},
        {"epochs": 3},
    ]
    for change in changes:
        (second,) = fit(prepared, replace(base, **change)).predictions
        assert not np.array_equal(first, second.logits), change


@pytest.mark.parametrize(
    "change", [{"learning_rate": 0.3}, {"epochs": 5}, {"leaves": 3}, {"weight_decay": 9.0}]
)
def test_every_value_of_a_tree_recipe_matters(change):
    data = parted(toy_table())
    prepared = prepare(data.part("train"), [data.part("test")], model="trees")
    (first,) = fit(prepared, QUICK["trees"]).predictions
    (second,) = fit(prepared, replace(QUICK["trees"], **change)).predictions
    assert not np.array_equal(first.logits, second.logits)


def test_the_last_stage_of_trees_is_the_model():
    data = parted(toy_table((60, 30, 20)))
    part = data.part("train")
    one_round = replace(QUICK["trees"], epochs=1)
    prepared = prepare(part, [data.part("test")], model="trees")
    dynamics = fit(prepared, one_round, record=True).dynamics
    stage = dynamics.channels["margin"][0]
    assert dynamics.n_epochs == 1
    assert np.unique(stage).size > 1


def test_xgboost_trains_the_same_way():
    pytest.importorskip("xgboost", reason="the extra 'trees' is not installed")
    recipe = replace(QUICK["trees"], library="xgboost")
    for counts in ((150, 50), (80, 60, 40)):
        data = parted(toy_table(counts))
        part = data.part("train")
        prepared = prepare(part, [part_of(data)], model="trees")
        (predictions,) = fit(prepared, recipe).predictions
        assert (predictions.predicted == predictions.truth).mean() > 0.6
        # the last of the recorded stages is the model itself: with one round they are equal
        once = Recorder.of(part)
        (first,) = fit(
            prepare(part, [held_in(part)], model="trees"),
            replace(recipe, epochs=1),
            recorder=once,
        )
        own = first.logits[np.arange(len(part)), part.labels]
        rest = first.logits.copy()
        rest[np.arange(len(part)), part.labels] = -np.inf
        np.testing.assert_allclose(
            once.dynamics().channels["margin"][0], own - rest.max(axis=1), atol=1e-5
        )


def part_of(data):
    return data.part("test")


def held_in(part):
    """The training rows as if they were held out, under other ids."""
    return type(part)(part.inputs, part.labels, part.class_names, part.ids + 10_000, None)


def test_xgboost_that_is_not_there_names_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "xgboost", None)
    data = parted(toy_table())
    prepared = prepare(data.part("train"), model="trees")
    with pytest.raises(MissingExtraError, match=r"pip install 'steelyard\[trees\]'"):
        fit(prepared, replace(QUICK["trees"], library="xgboost"))


def test_what_does_not_belong_together_is_refused():
    data = parted(toy_images())
    part = data.part("train")
    with pytest.raises(MismatchError, match="24 held-out samples stand in the training part"):
        prepare(part, [part.take(np.arange(24))])
    with pytest.raises(DataError, match="needs images"):
        prepare(parted(toy_table()).part("train"), model="cnn")
    prepared = prepare(part)
    with pytest.raises(MismatchError, match="prepared for 'mlp'; the recipe trains 'trees'"):
        fit(prepared, QUICK["trees"])
    with pytest.raises(MismatchError, match="made on data"):
        fit(prepared, QUICK["mlp"], plan=by_count(toy_images(seed=5), 0.5))
    with pytest.raises(DataError, match="1 classes have no training sample, first 'class 2'"):
        prepare(part.take(part.labels < 2))


@pytest.mark.parametrize("counts", [(60, 40), (60, 40, 20)])
def test_a_plan_without_a_class_is_refused_by_trees_and_not_by_networks(counts):
    data = parted(toy_table(counts))
    part = data.part("train")
    without = Plan.of(part, (part.labels != 0).astype(int), np.zeros(len(counts)), "no class 0")
    with pytest.raises(DataError, match="leaves 1 classes without a sample, first 'class 0'"):
        trained(data, "trees", plan=without)
    predictions, _ = trained(data, "mlp", plan=without)
    assert (predictions.predicted != 0).all()


def test_a_diverging_training_says_what_to_do():
    data = parted(toy_images())
    recipe = Recipe("mlp", optimiser="sgd", learning_rate=1e12, epochs=3, schedule="constant")
    with pytest.raises(DataError, match="lower the recipe's learning rate"):
        fit(prepare(data.part("train")), recipe)


def test_the_last_batch_may_hold_one_sample():
    data = parted(toy_images())
    part = data.part("train")
    recipe = replace(QUICK["cnn"], batch_size=len(part) - 1, epochs=1)
    fit(prepare(part, model="cnn"), recipe, record=True)


def test_default_probes():
    assert default_probe(toy_images()) == "mlp"
    assert default_probe(toy_table()) == "trees"
    assert default_probe(toy_table((5,) * 11)) == "mlp"


@pytest.mark.parametrize("model", ["mlp", "trees"])
def test_samples_that_a_plan_repeats_are_trained_on_as_often(model):
    data = parted(toy_table())
    repeated = by_count(data.part("train"), 1.0, size="grow")  # leaves nothing out
    assert (repeated.counts > 0).all()
    natural, _ = trained(data, model)
    grown, _ = trained(data, model, plan=repeated)
    rarest = data.class_counts.argmin()
    assert (
        np.exp(grown.log_probabilities)[:, rarest].mean()
        > np.exp(natural.log_probabilities)[:, rarest].mean() + 0.05
    )


def test_every_seed_of_a_network_follows_the_users_seed_and_the_repetition(monkeypatch):
    from steelyard.training import stacked, walks

    drawn = []

    def spy(seed, **axes):
        drawn.append((seed, axes["purpose"], axes.get("repetition"), axes.get("epoch")))
        return derive_seed(seed, **axes)

    for module in (stacked, walks):
        monkeypatch.setattr(module, "derive_seed", spy)
    trained(parted(toy_images()), "mlp", seed=7, repetition=3)
    epochs = QUICK["mlp"].epochs
    orders = [(7, "order", 3, epoch) for epoch in range(epochs)]
    assert sorted(drawn, key=str) == sorted([*orders, (7, "weights", 3, None)], key=str)
