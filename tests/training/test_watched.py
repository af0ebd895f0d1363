"""What is watched of class manifolds, against plain loops that end after each of the epochs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from oracles.networks import pixels, train_alone
from torch.nn import functional
from toy_data import parted, renamed_and_permuted, toy_images, toy_table

from steelyard._support.errors import DataError, ParameterError
from steelyard.records import Recipe
from steelyard.training import Member, Watched, fit_ensemble, fit_watched, prepare
from steelyard.training.manifolds import Epoch

DATA = parted(toy_images((61, 40, 20), noise=120.0)).part("train")
MLP = Recipe("mlp", widths=(9, 7), batch_size=16, epochs=4, schedule="constant",
             learning_rate=0.01)  # fmt: skip
WHOLE = replace(
    MLP, batch_size=None, activation="tanh", optimiser="sgd", momentum=0.0, learning_rate=0.1,
    initialisation="uniform", epochs=6,
)  # fmt: skip
CNN = replace(MLP, model="cnn", widths=(4, 5), normalisation="batch", epochs=3)
RESNET = replace(CNN, model="resnet", widths=(4, 6), blocks=2)
CASES = {
    "perceptron": (MLP, 0, "sphere-root"),
    "its second layer": (MLP, 1, "raw-squared"),
    "whole batches": (WHOLE, 0, "sphere-root"),
    "momentum": (replace(WHOLE, momentum=0.9), 1, "sphere-squared"),
    "convolutions": (CNN, 0, "raw-root"),
    "their last block": (CNN, 1, "sphere-root"),
    "residuals": (RESNET, 0, "sphere-root"),
    "their last stage": (RESNET, 1, "raw-squared"),
}
NAMES = {"mlp": "layer", "cnn": "block", "resnet": "stage"}


def hidden(network, recipe, x, layer):
    """What a layer makes of inputs, (n, width), by torch's own modules."""
    if recipe.model == "mlp":
        x = x.flatten(1)
        for depth in range(layer + 1):
            x = network.activation(getattr(network, f"layer{depth}")(x))
        return x
    if recipe.model == "cnn":
        activation = {"relu": torch.relu, "tanh": torch.tanh}[recipe.activation]
        for block in range(layer + 1):
            x = activation(getattr(network, f"block{block}")(x))
            x = functional.max_pool2d(x, 2, ceil_mode=True)
    else:
        x = network.activation(network.stem(x))
        for name, parts in network.blocks:
            if int(name[len("stage") :].split(".")[0]) <= layer:
                inner = parts["second"](network.activation(parts["first"](x)))
                x = network.activation(inner + (parts["shortcut"](x) if "shortcut" in parts else x))
    return x.mean(dim=(2, 3))


def pairwise_radius(x, formula):
    """R by its definition, over all pairs."""
    sphere, power = formula.split("-")
    if sphere == "sphere":
        length = np.linalg.norm(x, axis=1, keepdims=True)
        x = x / np.where(length == 0, 1, length)
    square = ((x[:, None] - x[None]) ** 2).sum() / (2 * len(x) ** 2)
    return np.sqrt(square) if power == "root" else square


@pytest.mark.parametrize("case", CASES)
def test_the_state_after_each_epoch_is_that_of_a_shorter_training(case):
    recipe, layer, formula = CASES[case]
    copy = type(DATA)(DATA.inputs, DATA.labels, DATA.class_names, DATA.ids + 10_000, None)
    ready = prepare(DATA, [copy], model=recipe.model)
    repetitions = [3, 0]
    history, logits = fit_watched(ready, recipe, repetitions, layer=layer, formula=formula)
    assert (history.formula, history.layer) == (formula, f"{NAMES[recipe.model]}{layer}")
    assert history.data_fingerprint == DATA.fingerprint
    np.testing.assert_array_equal(history.ids, DATA.ids)
    np.testing.assert_array_equal(history.labels, DATA.labels)
    np.testing.assert_array_equal(history.epochs, np.arange(recipe.epochs))
    n_wrong = []
    for run, repetition in enumerate(repetitions):
        for epoch in range(recipe.epochs):
            alone = train_alone(ready, Member(replace(recipe, epochs=epoch + 1), None, repetition))
            with torch.no_grad():
                x = hidden(alone.network, recipe, pixels(ready, ready.X), layer).double().numpy()
            for canonical, code in enumerate(ready.classes):
                expected = pairwise_radius(x[ready.y == canonical], formula)
                assert history.radii[run, epoch, code] == pytest.approx(expected, rel=1e-4)
            wrong = np.empty(len(DATA), dtype=bool)
            wrong[ready.order] = alone.logits.argmax(axis=1) != ready.y
            np.testing.assert_array_equal(history.wrong(run, epoch), wrong)
            n_wrong.append(wrong.sum())
        final = np.empty_like(logits[run])
        final[np.ix_(ready.order, ready.classes)] = alone.logits
        np.testing.assert_allclose(logits[run], final, atol=2e-5, rtol=2e-5)
    assert len(set(n_wrong)) > 2  # or the errors would prove nothing
    assert 0 < max(n_wrong) < len(DATA)


@pytest.mark.parametrize("recipe", [MLP, CNN])
def test_rows_and_names_of_classes_do_not_matter(recipe):
    other, code = renamed_and_permuted(DATA)
    found = [fit_watched(prepare(data, model=recipe.model), recipe, [0, 1])
             for data in (DATA, other)]  # fmt: skip
    (history, logits), (of_other, other_logits) = found
    place = np.argsort(DATA.ids)[np.searchsorted(np.sort(DATA.ids), other.ids)]
    np.testing.assert_array_equal(of_other.radii[:, :, code], history.radii)
    np.testing.assert_array_equal(other_logits[:, :, code], logits[:, place])
    assert of_other.class_names == other.class_names
    for run in range(2):
        for epoch in range(recipe.epochs):
            wrong = history.wrong(run, epoch)[place]
            np.testing.assert_array_equal(of_other.wrong(run, epoch), wrong)
    assert len(np.unique(history.radii)) == history.radii.size


def test_a_run_is_what_it_is_among_others_and_from_any_epoch_on():
    ready = prepare(DATA)
    history, logits = fit_watched(ready, WHOLE, [0, 1, 2, 7])
    late, late_logits = fit_watched(ready, WHOLE, [7], first_epoch=2)
    np.testing.assert_array_equal(late.epochs, [2, 3, 4, 5])
    np.testing.assert_allclose(late.radii[0], history.radii[3, 2:], rtol=1e-5)
    np.testing.assert_array_equal(late.wrong_bits[0], history.wrong_bits[3, 2:])
    np.testing.assert_allclose(late_logits[0], logits[3], atol=2e-5)
    other, _ = fit_watched(ready, WHOLE, [7], seed=1)
    assert not np.allclose(other.radii[0], history.radii[3], rtol=1e-2)


def test_each_network_of_a_stack_is_watched_as_it_was_asked():
    ready = prepare(DATA)
    asked = {
        0: Watched(1, "raw-squared", 2),
        1: None,
        2: Watched(0, "sphere-root", 1),
        3: Watched(0, "sphere-root", 1),
    }
    members = [
        Member(replace(MLP, epochs=4 - (one == 2)), repetition=one, watch=watch)
        for one, watch in asked.items()
    ]
    for member, fitted in zip(members, fit_ensemble(ready, members), strict=True):
        watch = member.watch
        if watch is None:
            assert fitted.history is None
            continue
        alone, _ = fit_watched(ready, member.recipe, [member.repetition], **watch.to_dict())
        np.testing.assert_array_equal(fitted.history.epochs, alone.epochs)
        np.testing.assert_allclose(fitted.history.radii, alone.radii, rtol=1e-5)
        np.testing.assert_array_equal(fitted.history.wrong_bits, alone.wrong_bits)
        assert fitted.history.formula == watch.formula


def test_what_is_shown_stays_as_it_was():
    x = torch.tensor([[[3.0, 0.0], [4.0, 2.0]]], dtype=torch.float64)
    before = x.clone()
    Epoch(torch.tensor([0, 0]), 1, 1, "sphere-root").add(torch.arange(2), x, torch.ones(1, 1, 2))
    assert torch.equal(x, before)


def test_a_table_is_watched_too():
    ready = prepare(toy_table((50, 30)))
    history, logits = fit_watched(ready, MLP, [0])
    wrong = logits[0].argmax(axis=1) != ready.data.labels
    np.testing.assert_array_equal(history.wrong(0, -1), wrong)


class Killed(Exception):
    pass


@pytest.mark.parametrize("killed_at", [1, 5])
def test_a_training_that_stopped_goes_on_to_the_same_bits(tmp_path, killed_at):
    def progress(done, total, what):
        if killed_at <= done < total:
            raise Killed

    ready = prepare(DATA)
    whole, logits = fit_watched(ready, MLP, [0, 1], first_epoch=1)
    watch = Watched(first_epoch=1)
    members = [Member(MLP, repetition=one, watch=watch, all_rows=True) for one in (0, 1)]
    with pytest.raises(Killed):
        fit_ensemble(ready, members, checkpoint=tmp_path, checkpoint_every=0.0, progress=progress)
    assert list(tmp_path.glob("stack-*.npz"))
    steps = []
    resumed, again = fit_watched(
        ready, MLP, [0, 1], first_epoch=1, checkpoint=tmp_path,
        progress=lambda done, *_: steps.append(done),
    )  # fmt: skip
    assert steps[0] > 0  # it did go on
    np.testing.assert_array_equal(resumed.radii, whole.radii)
    np.testing.assert_array_equal(resumed.wrong_bits, whole.wrong_bits)
    np.testing.assert_array_equal(again, logits)


def test_blocks_of_rows_add_up_and_ties_are_wrong():
    labels = torch.tensor([1, 0, 1, 1, 0])
    x = torch.tensor([[[3.0, 1.0, 0.0, 0.0, 0.0], [4.0, 1.0, 2.0, 0.0, -1.0]]]).repeat(2, 1, 1)
    logits = torch.tensor([[[0.0, 1, 5, 0, 2], [1.0, 1, 2, 3, 1]]]).repeat(2, 1, 1)
    for blocks in ([[0, 1, 2, 3, 4]], [[4, 1], [0], [3, 2]]):
        seen = Epoch(labels, 3, 2, "sphere-squared")
        for block in blocks:
            rows = torch.tensor(block)
            seen.add(rows, x[:, :, rows], logits[:, :, rows])
        np.testing.assert_array_equal(seen.wrong[1], [False, True, True, False, False])
        # class 1: (.6, .8), (0, 1) and a representation of length zero, which stays there
        squares, mean = 2 / 3, np.array([0.6, 1.8]) / 3
        on_sphere = np.array([[np.sqrt(0.5), np.sqrt(0.5)], [0, -1]])
        expected = [1 - (on_sphere.mean(axis=0) ** 2).sum(), squares - (mean**2).sum(), np.nan]
        np.testing.assert_allclose(seen.radii(), [expected, expected], rtol=1e-12)


def test_a_small_class_far_from_the_origin_keeps_its_radius():
    x = 1000 + torch.rand((1, 4, 50), generator=torch.Generator().manual_seed(0))
    seen = Epoch(torch.zeros(50, dtype=torch.int64), 1, 1, "raw-squared")
    seen.add(torch.arange(50), x, torch.zeros((1, 1, 50)))
    expected = pairwise_radius(x[0].T.double().numpy(), "raw-squared")
    np.testing.assert_allclose(seen.radii(), [[expected]], rtol=1e-8)


def test_a_training_that_diverged_is_said_to_have():
    wild = replace(MLP, optimiser="sgd", learning_rate=1e30, epochs=5)
    with pytest.raises(DataError, match="Training diverged") as caught:
        fit_watched(prepare(DATA), wild, [0])
    assert "lower the recipe's learning rate" in str(caught.value)


def test_one_question_is_asked_of_a_member():
    with pytest.raises(ParameterError, match="'watch' parameter of Member needs then=None, grad"):
        Member(MLP, record=True, gradient=True, watch=Watched())


def test_members_that_are_not_watched_are_described_as_before():
    plain = Member(MLP)
    assert {"watch", "all_rows"}.isdisjoint(plain.to_dict())
    watched = Member(MLP, watch=Watched(1), all_rows=True).to_dict()
    assert watched["watch"] == {"layer": 1, "formula": "sphere-root", "first_epoch": 0}
    assert watched["all_rows"] is True
    (fitted,) = fit_ensemble(prepare(DATA), [plain])
    assert fitted.history is None


@pytest.mark.parametrize(
    ("recipe", "values", "text"),
    [
        (MLP, {"layer": 2}, "must name one of 2 hidden layers, from 0. Got 2 instead. Hint: this "
         "recipe has layer0, layer1."),
        (CNN, {"layer": 5}, "Hint: this recipe has block0, block1."),
        (RESNET, {"layer": 5}, "Hint: this recipe has stage0, stage1."),
        (replace(MLP, widths=()), {}, "Got 0 instead. Hint: give the recipe widths."),
        (MLP, {"layer": -1}, "The 'layer' parameter of fit_watched must be an int in the range "
         "[0, inf). Got -1 instead."),
        (MLP, {"first_epoch": 4}, "The 'first_epoch' parameter of fit_watched must be an int in "
         "the range [0, 3]. Got 4 instead."),
        (MLP, {"formula": "sphere-rot"}, "did you mean 'sphere-root'"),
        (Recipe("trees"), {}, "Trees have no hidden layer to watch. Hint: choose the probe mlp"),
        (replace(MLP, patience=2), {}, "The 'watch' parameter of Member needs then=None, "),
        (MLP, {"repetitions": []}, "The 'repetitions' parameter of fit_watched must hold one. "
         "Got none."),
    ],
)  # fmt: skip
def test_what_cannot_be_watched_is_refused(recipe, values, text):
    values = {"repetitions": [0], **values}
    with pytest.raises(ParameterError) as caught:
        fit_watched(prepare(DATA, model=recipe.model), recipe, **values)
    assert text in str(caught.value)
