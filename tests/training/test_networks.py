"""Architectures: sizes that are known, statistics that are each member's own."""

import math

import pytest
import torch

from steelyard.records import Recipe
from steelyard.training.memory import bytes_a_member
from steelyard.training.networks import NETWORKS
from steelyard.training.networks.layers import is_statistic
from steelyard.training.stack import Stack

CPU = torch.device("cpu")


def n_trained(recipe, shape, n_classes):
    shapes = NETWORKS[recipe.model].shapes(recipe, shape, n_classes)
    return sum(math.prod(shape) for name, shape in shapes.items() if not is_statistic(name))


def test_resnet_18_has_the_parameters_it_is_known_for():
    recipe = Recipe("resnet", widths=(64, 128, 256, 512), blocks=2, normalisation="batch")
    assert n_trained(recipe, (3, 32, 32), 10) == 11_173_962


def test_the_small_perceptron_has_the_parameters_of_its_layers():
    count = 784 * 20 + 20 + 20 * 20 + 20 + 20 * 10 + 10
    assert n_trained(Recipe("mlp", widths=(20, 20)), (784,), 10) == count


@pytest.mark.parametrize("size", [1, 2, 5, 8])
@pytest.mark.parametrize("model", ["cnn", "resnet"])
def test_images_of_any_size_pass_through(model, size):
    recipe = Recipe(model, widths=(4, 8, 8), normalisation="batch")
    shapes = NETWORKS[model].shapes(recipe, (3, size, size), 5)
    stack = Stack.initial(recipe, shapes, [0, 1], CPU)
    for batch in (1, 4):  # one sample of one pixel has no spread, and is no error
        assert stack.logits(torch.randn(batch, 3, size, size), True).shape == (2, 5, batch)
        assert stack.logits(torch.randn(2, batch, 3, size, size), True).isfinite().all()


def test_batch_statistics_are_each_members_own_and_only_training_changes_them():
    recipe = Recipe("cnn", widths=(4,), normalisation="batch")
    shapes = NETWORKS["cnn"].shapes(recipe, (1, 6, 6), 3)
    stack = Stack.initial(recipe, shapes, [0, 1, 2], CPU)
    dark, bright = torch.zeros(1, 8, 1, 6, 6), torch.full((1, 8, 1, 6, 6), 9.0)
    stack.logits(torch.cat([dark, bright, dark]), training=True)
    means = stack.statistics["block0.mean"]
    assert (means[1].abs() > 0.1).any()
    assert torch.equal(means[0], torch.zeros(4))
    assert torch.equal(means[2], torch.zeros(4))
    before = means.clone()
    stack.logits(torch.cat([bright, bright, bright]), training=False)
    assert torch.equal(means, before)
    # some members of a stack update theirs alone
    stack.logits(torch.cat([bright, bright]), True, torch.tensor([0, 2]))
    assert torch.equal(stack.statistics["block0.mean"][1], before[1])
    assert (stack.statistics["block0.mean"][0].abs() > 0.1).any()


def test_initial_weights_follow_the_seed_alone_and_have_the_variance_of_he():
    recipe = Recipe("mlp", widths=(400,))
    shapes = NETWORKS["mlp"].shapes(recipe, (300,), 10)
    both = Stack.initial(recipe, shapes, [5, 6], CPU)
    one = Stack.initial(recipe, shapes, [6], CPU)
    for name, weight in both.weights.items():
        assert torch.equal(weight[1], one.weights[name][0])
    first = both.weights["layer0.weight"][0]
    assert first.var().item() == pytest.approx(2 / 300, rel=0.02)
    assert not torch.equal(first, both.weights["layer0.weight"][1])
    assert (both.weights["layer0.bias"] == 0).all()


@pytest.mark.parametrize(("model", "shape"), [("mlp", (300,)), ("resnet", (3, 8, 8))])
def test_uniform_initial_weights_fill_the_range_that_torchs_own_layers_do(model, shape):
    recipe = Recipe(model, widths=(64, 80), normalisation="batch", initialisation="uniform")
    shapes = NETWORKS[model].shapes(recipe, shape, 10)
    both, one = (Stack.initial(recipe, shapes, seeds, CPU) for seeds in ([5, 6], [6]))
    for name, weight in both.weights.items():
        layer, part = name.rsplit(".", 1)
        assert torch.equal(weight[1], one.weights[name][0])
        if part in ("scale", "shift"):
            assert (weight == float(part == "scale")).all()
            continue
        assert not torch.equal(weight[0], weight[1])
        inputs = math.prod(shapes[f"{layer}.weight"][1:])
        scaled = weight.detach().flatten() * math.sqrt(inputs)  # torch: Linear.reset_parameters
        assert -1 <= scaled.min() < -0.7
        assert 0.7 < scaled.max() <= 1
        if len(scaled) > 1000:
            assert scaled.var().item() == pytest.approx(1 / 3, rel=0.05)
            assert scaled.mean().item() == pytest.approx(0, abs=0.05)


def test_the_memory_asked_for_covers_what_the_bare_tensors_take():
    recipe = Recipe("mlp", widths=(50, 30))
    shapes = NETWORKS["mlp"].shapes(recipe, (100,), 10)
    n_parameters = sum(math.prod(shape) for shape in shapes.values())
    each = bytes_a_member(recipe, shapes, (100,), 64, own_inputs=False)
    activations = 64 * (50 + 30 + 10)  # outputs of the layers
    assert each >= 4 * (4 * n_parameters + 2 * activations)
    assert each <= 8 * (4 * n_parameters + 2 * activations)
    larger = bytes_a_member(recipe, shapes, (100,), 64, own_inputs=True)
    assert larger - each == 4 * 2 * 64 * 100
