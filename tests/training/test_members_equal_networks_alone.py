"""A member of a stack equals the network trained alone, by a plain loop with torch's own parts."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from oracles.dynamics import channels_of, forgetting_events
from oracles.networks import pixels, train_alone
from toy_data import parted, toy_images, toy_table

from steelyard.records import Recipe
from steelyard.resampling import by_count
from steelyard.training import Member, fit_ensemble, prepare

IMAGES = parted(toy_images())  # 72 training samples in batches of 16: the last batch holds 8
TABLE = parted(toy_table())
SHORT = Recipe("mlp", widths=(12, 9), batch_size=16, epochs=3, learning_rate=5e-3)
# what 15 steps of single precision may differ by, of losses around one and logits around three
LOSS, LOGIT = 2e-6, 2e-5


def prepared(data, model):
    held_out = [data.part("validation"), data.part("test")]
    return prepare(data.part("train"), held_out, model=model)


def canonical_logits(ready, predictions):
    order = np.argsort(predictions.ids, kind="stable")
    return predictions.logits[np.ix_(order, ready.classes)]


def assert_equal_alone(ready, members, order="own", loss=LOSS, logit=LOGIT, **values):
    fitted = fit_ensemble(ready, members, order=order, **values)
    for member, result in zip(members, fitted, strict=True):
        alone = train_alone(ready, member, order=order)
        np.testing.assert_allclose(result.losses, alone.losses, atol=loss, rtol=loss)
        ours = canonical_logits(ready, result.predictions[-1])
        np.testing.assert_allclose(ours, alone.logits, atol=logit, rtol=logit)
    return fitted


def three(recipe, data=IMAGES):
    """Members that differ in all that members may differ in; epochs of three lengths."""
    train = data.part("train")
    return [
        Member(recipe, repetition=0),
        Member(
            replace(recipe, learning_rate=recipe.learning_rate / 2, smoothing=0.1),
            by_count(train, 1.0, size="shrink"),
            repetition=1,
        ),
        Member(
            replace(recipe, weight_decay=recipe.weight_decay + 0.01, epochs=recipe.epochs + 1),
            by_count(train, 0.7, size="grow", seed=3),
            repetition=2,
        ),
    ]


OPTIMISERS = {
    "plain sgd": {"optimiser": "sgd", "momentum": 0.0, "learning_rate": 0.05},
    "momentum": {"optimiser": "sgd", "learning_rate": 0.02, "weight_decay": 0.01},
    "nesterov": {"optimiser": "sgd", "nesterov": True, "momentum": 0.8, "learning_rate": 0.02},
    "adam": {"optimiser": "adam", "weight_decay": 0.01},
    "adamw": {"optimiser": "adamw", "weight_decay": 0.1},
}
MODES = {
    "own order": ("own", {}),
    "shared order": ("shared", {}),
    "full batch": ("own", {"batch_size": None, "epochs": 9}),
}


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("mode", MODES)
def test_every_optimiser_in_every_mode(optimiser, mode):
    order, values = MODES[mode]
    recipe = replace(SHORT, **OPTIMISERS[optimiser], **values)
    assert_equal_alone(prepared(IMAGES, "mlp"), three(recipe), order)


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "one-cycle"])
def test_every_schedule(schedule):
    recipe = replace(SHORT, schedule=schedule, milestones=(0.2, 0.5), step_factor=0.3)
    assert_equal_alone(prepared(IMAGES, "mlp"), three(recipe))


@pytest.mark.parametrize("order", ["own", "shared"])
def test_gradients_are_clipped_by_each_members_own_norm(order):
    recipe = replace(SHORT, optimiser="sgd", learning_rate=0.3, max_gradient_norm=0.2)
    members = three(recipe)
    fitted = assert_equal_alone(prepared(IMAGES, "mlp"), members, order)
    free = fit_ensemble(
        prepared(IMAGES, "mlp"),
        [replace(one, recipe=replace(one.recipe, max_gradient_norm=None)) for one in members],
        order=order,
    )
    assert not np.allclose(fitted[0].losses, free[0].losses, atol=1e-2)  # it did clip


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("widths", [(), (7,), (16, 8, 4)])
def test_any_widths_and_activation(widths, activation):
    recipe = replace(SHORT, widths=widths, activation=activation)
    assert_equal_alone(prepared(TABLE, "mlp"), three(recipe, TABLE))


@pytest.mark.parametrize("normalisation", ["none", "group", "batch"])
@pytest.mark.parametrize("model", ["cnn", "resnet"])
@pytest.mark.parametrize("order", ["own", "shared"])
def test_convolutional_networks(model, normalisation, order):
    recipe = replace(
        SHORT, model=model, widths=(8, 12), blocks=2, normalisation=normalisation, epochs=2
    )
    # kinks and small variances enlarge what rounding began; the mean squared loss is near .01
    members = three(replace(recipe, learning_rate=1e-3))
    assert_equal_alone(prepared(IMAGES, model), members, order, loss=2e-5, logit=5e-4)


def test_full_batches_of_a_convolutional_network():
    recipe = replace(SHORT, model="cnn", widths=(8,), normalisation="group", batch_size=None)
    assert_equal_alone(prepared(IMAGES, "cnn"), three(recipe), loss=2e-5, logit=5e-4)


AUGMENTATIONS = {
    "flips": {"augmentation": ("flip",)},
    "crops": {"augmentation": ("crop",), "crop_padding": 1},
    "both": {"augmentation": ("flip", "crop"), "crop_padding": 2},
    "mean colour": {"augmentation": ("flip", "crop"), "crop_padding": 2, "crop_fill": "mean"},
}


@pytest.mark.parametrize("augmentation", AUGMENTATIONS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_every_augmentation_is_each_members_own(model, augmentation, mode):
    order, values = MODES[mode]
    recipe = replace(SHORT, model=model, widths=(8,), learning_rate=1e-3, **values)
    ready = prepared(IMAGES, model)
    members = three(replace(recipe, **AUGMENTATIONS[augmentation]))
    fitted = assert_equal_alone(ready, members, order, loss=2e-5, logit=5e-4)
    plain = fit_ensemble(ready, three(recipe), order=order)
    for one, other in zip(fitted, plain, strict=True):
        assert abs(one.losses[-1] - other.losses[-1]) > 2e-4  # it did augment
    (alone,) = fit_ensemble(ready, members[1:2], order=order)
    np.testing.assert_allclose(alone.losses, fitted[1].losses, atol=2e-6)


@pytest.mark.parametrize("patience", [1, 2])
def test_early_stopping_is_each_members_own(patience):
    recipe = replace(SHORT, learning_rate=0.05, schedule="constant", epochs=12, patience=patience)
    fitted = assert_equal_alone(
        prepared(parted(toy_images(noise=150.0)), "mlp"),
        [Member(recipe, repetition=k) for k in range(5)],
        logit=1e-3,
        loss=1e-4,
    )
    lengths = {len(one.losses) for one in fitted}
    assert len(lengths) > 1  # they stop at different epochs
    assert min(lengths) < 12


@pytest.mark.parametrize("augmentation", [(), ("flip", "crop")])
@pytest.mark.parametrize("order", ["own", "shared"])
def test_recorded_dynamics_are_those_of_the_network_alone(order, augmentation):
    ready = prepared(IMAGES, "mlp")
    train = IMAGES.part("train")
    grown = by_count(train, 0.7, size="grow", seed=3)  # every sample, some several times
    recipe = replace(SHORT, augmentation=augmentation, crop_padding=1)
    members = [Member(recipe, plan, k, record=True) for k, plan in enumerate((None, grown))]
    for member, result in zip(members, fit_ensemble(ready, members, order=order), strict=True):
        alone = train_alone(ready, member, order=order)
        seen = alone.seen
        with torch.no_grad():  # the trained model is asked about images as they are
            trained = alone.network(pixels(ready, ready.X)).double().numpy()
        row_of = {train.ids[row]: k for k, row in enumerate(ready.order)}
        n_epochs = SHORT.epochs
        for position, sample in enumerate(result.dynamics.ids):
            row = row_of[sample]
            history = np.array(seen[row]).reshape(n_epochs, -1, train.n_classes)
            each = [[channels_of([z], ready.y[row]) for z in epoch] for epoch in history]
            right = [np.mean([one["correct"] for one in epoch]) > 0.5 for epoch in each]
            expected = {
                name: np.mean([[one[name] for one in epoch] for epoch in each])
                for name in ("margin", "probability", "loss", "error_norm", "correct", "logit")
            }
            own = ready.y[row]
            expected["final_margin"] = trained[row, own] - np.delete(trained[row], own).max()
            expected["forgetting"] = forgetting_events(right)
            expected["first_learned"] = right.index(True) if any(right) else n_epochs
            for name, value in expected.items():
                found = result.dynamics.channels[name][0, position]
                assert found == pytest.approx(value, abs=2e-5), name


def test_many_kinds_in_one_call_come_back_in_order():
    ready = prepared(IMAGES, "mlp")
    wide = replace(SHORT, widths=(30,))
    members = [Member(SHORT), Member(wide), Member(SHORT, repetition=1), Member(wide, repetition=1)]
    assert_equal_alone(ready, members)


def test_mixed_precision_is_near_and_not_equal():
    ready = prepared(IMAGES, "mlp")
    (exact,) = fit_ensemble(ready, [Member(SHORT)])
    (rough,) = fit_ensemble(ready, [Member(SHORT)], precision="bfloat16")
    np.testing.assert_allclose(rough.losses, exact.losses, rtol=0.05)
    assert not np.array_equal(rough.losses, exact.losses)
