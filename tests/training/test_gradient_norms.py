"""Gradient norms against a loop of autograd, one sample at a time."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional
from toy_data import parted, toy_images, toy_table

from steelyard._support.errors import ParameterError
from steelyard.records import Recipe
from steelyard.training import PROBES, Member, fit_ensemble, gradient_norms, loop, prepare
from steelyard.training.inputs import Inputs
from steelyard.training.networks import NETWORKS
from steelyard.training.stack import Stack

RECIPES = {
    "perceptron": Recipe("mlp", widths=(9, 7)),
    "tanh": Recipe("mlp", widths=(9,), activation="tanh"),
    "no hidden layer's slope": Recipe("mlp", widths=(1,)),
    "convolutions": Recipe("cnn", widths=(4, 5)),
    "batch": Recipe("cnn", widths=(4, 5), normalisation="batch"),
    "group": Recipe("cnn", widths=(4, 8), normalisation="group"),
    "residual": Recipe("resnet", widths=(4, 8), normalisation="batch"),
}


def network_of(recipe, seed=3):
    shape = (12,) if recipe.model == "mlp" else (3, 9, 9)
    shapes = NETWORKS[recipe.model].shapes(recipe, shape, 4)
    stack = Stack.initial(recipe, shapes, [seed], torch.device("cpu"))
    draw = torch.Generator().manual_seed(0)
    for statistic in stack.statistics.values():  # as a training would leave them
        statistic += torch.rand(statistic.shape, generator=draw)
    x = torch.randn((6, *shape), generator=draw)
    return stack, x, torch.tensor([0, 1, 2, 3, 0, 1])


def slow(stack, x, labels):
    norms = []
    for one, label in zip(x, labels, strict=True):
        logits = stack.logits(one[None], training=False)[:, :, 0]
        loss = functional.cross_entropy(logits, label[None])
        slopes = torch.autograd.grad(loss, list(stack.weights.values()))
        norms.append(math.sqrt(sum((slope.double() ** 2).sum().item() for slope in slopes)))
    return norms


@pytest.mark.parametrize("numbers", [1, 300, 2**23])
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_norms_equal_the_loop(recipe, numbers, monkeypatch):
    monkeypatch.setattr(gradient_norms, "_NUMBERS", numbers)  # blocks of one, some, all
    stack, x, labels = network_of(recipe)
    expected = slow(stack, x, labels)
    assert min(expected) > 0
    for way in (gradient_norms.gradient_norms, gradient_norms.copied_norms):
        np.testing.assert_allclose(way(stack, x, labels).numpy(), expected, rtol=2e-6)


def test_a_certain_answer_keeps_its_digits():
    stack, x, labels = network_of(RECIPES["perceptron"])
    with torch.no_grad():
        stack.weights["layer2.bias"][0, 0] += 30.0
    found = gradient_norms.gradient_norms(stack, x, labels).numpy()
    copies = stack.take(torch.zeros(1, dtype=torch.int64))
    copies.weights = {k: v.detach().double().requires_grad_() for k, v in copies.weights.items()}
    expected = slow(copies, x.double(), labels)
    assert found[0] < 1e-9
    np.testing.assert_allclose(found, expected, rtol=1e-2)  # 32 bits


DATA = parted(toy_images())


@pytest.mark.parametrize("recipe", [replace(PROBES["mlp"], widths=(9,)), RECIPES["batch"]])
@pytest.mark.parametrize(("epochs", "early"), [(4, 0), (11, 1), (20, 1), (21, 2)])
def test_a_member_is_asked_after_its_early_epoch(recipe, epochs, early, monkeypatch):
    if recipe.model == "cnn" and epochs > 11:
        pytest.skip("the perceptron shows the same faster")
    recipe = replace(recipe, batch_size=16, epochs=epochs)
    prepared = prepare(DATA.part("train"), model=recipe.model)
    seen = {}

    def spy(training, jobs, ended):
        for k in ended:
            network = training.stack.take(torch.tensor([k]))
            seen[training.alive[k], len(training.losses[training.alive[k]])] = network
        ask(training, jobs, ended)

    ask = loop._ask
    monkeypatch.setattr(loop, "_ask", spy)
    members = [Member(recipe, None, 0, record=True, gradient=True), Member(recipe, None, 1)]
    fitted, other = fit_ensemble(prepared, members)
    assert fitted.dynamics.early_epoch == early == members[0].early_epoch
    assert other.dynamics is None
    inputs = Inputs(prepared, torch.device("cpu"))
    x = inputs.batch(torch.arange(len(prepared.y)))
    expected = slow(seen[0, early], x, inputs.labels)
    found = fitted.dynamics.channels["gradient_norm"][0, prepared.order]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    plain = fit_ensemble(prepared, [replace(members[0], gradient=False), members[1]])[0]
    assert set(fitted.dynamics.channels) - set(plain.dynamics.channels) == {"gradient_norm"}
    for name, channel in plain.dynamics.channels.items():  # asking changes nothing
        np.testing.assert_array_equal(fitted.dynamics.channels[name], channel)


def test_a_training_that_loses_patience_before_is_asked_at_its_end():
    recipe = Recipe("mlp", widths=(9,), batch_size=16, learning_rate=3.0, epochs=90, patience=1)
    prepared = prepare(DATA.part("train"), [DATA.part("validation")])
    (fitted,) = fit_ensemble(prepared, [Member(recipe, record=True, gradient=True)])
    assert len(fitted.losses) < 9
    assert fitted.dynamics.early_epoch == len(fitted.losses) - 1
    assert np.isfinite(fitted.dynamics.channels["gradient_norm"]).all()


def test_trees_have_no_gradient():
    with pytest.raises(ParameterError, match=r"no gradient by weights.*choose the probe mlp"):
        Member(PROBES["trees"], record=True, gradient=True)
    with pytest.raises(ParameterError, match="'gradient' parameter of Member needs record=True"):
        Member(RECIPES["batch"], gradient=True)


def test_trees_of_a_table_are_recorded_without():
    data = parted(toy_table())
    prepared = prepare(data.part("train"), model="trees")
    recipe = replace(PROBES["trees"], epochs=5)
    (fitted,) = fit_ensemble(prepared, [Member(recipe, record=True)])
    assert "gradient_norm" not in fitted.dynamics.channels
