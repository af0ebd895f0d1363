"""The norm of the gradient of each sample's loss by all weights (GraNd).

The loss is the cross-entropy of the label in evaluation mode, without smoothing and weight decay:

    gradient_norm_i = || d(-log softmax(f(x_i; w))_{y_i}) / dw ||

A block of samples is a stack of as many copies of the network, each with one sample of its own: the
gradient of its weights is then the gradient of that sample, and one backward pass gives all of a
block. (torch.func would do the same, but does not go through the channels-last layout of the
convolutions.) A block is as large as `_NUMBERS` allows.

A perceptron needs no gradient as such: that of a layer is the outer product of what comes back to
it, delta, and what went into it, so that

    gradient_norm_i^2 = sum over layers of |delta|^2 (|input|^2 + 1).

M. Paul, S. Ganguli and G. K. Dziugaite (2021), "Deep learning on a data diet", arXiv 2107.07075.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from steelyard.training.networks.layers import ACTIVATIONS, linear
from steelyard.training.stack import Stack

# Ours: numbers that are held at once, 8 MB of float32 and their gradients as many. Larger blocks
# leave the cache: four times as many take a third to twice as long.
_NUMBERS = 2**21
_SLOPES = {"relu": lambda out: (out > 0).to(out.dtype), "tanh": lambda out: 1 - out * out}


def gradient_norms(network: Stack, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the norm for each sample of a batch, shape (batch,), in float32.

    Parameters
    ----------
    network : Stack
        Of one member.
    x : Tensor of shape (batch, ...)
        Inputs as the network reads them.
    labels : Tensor of shape (batch,)
        Class codes.
    """
    of_model = _perceptron_norms if network.recipe.model == "mlp" else copied_norms
    rows = rows_at_once(network)
    parts = zip(x.split(rows), labels.split(rows), strict=True)
    return torch.cat([of_model(network, inputs, codes) for inputs, codes in parts])


def rows_at_once(network: Stack) -> int:
    """Return how many samples a block may hold.

    Each has a copy of the weights and a gradient of their size; in a perceptron, what goes into its
    layers and what comes back.
    """
    shapes = [weight.shape[1:] for weight in network.weights.values()]
    of_layers = network.recipe.model == "mlp"
    numbers = sum(sum(shape) if of_layers else math.prod(shape) for shape in shapes)
    return max(1, _NUMBERS // numbers)


def copied_norms(network: Stack, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the norms by a copy a sample, of any network."""
    copies = network.take(torch.zeros(len(x), dtype=torch.int64))
    logits = copies.logits(x[:, None], training=False)[:, :, 0]
    loss = functional.cross_entropy(logits, labels, reduction="sum")
    slopes = torch.autograd.grad(loss, list(copies.weights.values()))
    return torch.stack([slope.flatten(1).square().sum(dim=1) for slope in slopes]).sum(0).sqrt()


@torch.no_grad()
def _perceptron_norms(network: Stack, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the norms by the formula of layers; inputs and deltas are (features, batch)."""
    recipe, depth = network.recipe, len(network.recipe.widths)
    activation, slope = ACTIVATIONS[recipe.activation], _SLOPES[recipe.activation]
    inputs = [x.T]
    for layer in range(depth):
        inputs.append(activation(linear(inputs[-1][None], network.weights, f"layer{layer}")[0]))
    logits = linear(inputs[-1][None], network.weights, f"layer{depth}")[0]
    delta = torch.softmax(logits, dim=0)
    column = torch.arange(len(labels), device=labels.device)
    delta[labels, column] = 0.0
    delta[labels, column] = -delta.sum(dim=0)  # p - 1, with the digits of a certain answer
    squares = torch.zeros(len(x), device=x.device)
    for layer in range(depth, -1, -1):
        squares += delta.square().sum(dim=0) * (inputs[layer].square().sum(dim=0) + 1)
        if layer:
            weight = network.weights[f"layer{layer}.weight"][0]
            delta = (weight.T @ delta) * slope(inputs[layer])
    return squares.sqrt()
