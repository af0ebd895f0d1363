"""The multi-layer perceptron: any widths; an image is a row of pixels."""

from __future__ import annotations

import math

import torch

from steelyard.records.recipe import Recipe
from steelyard.training.networks.layers import (
    ACTIVATIONS,
    Look,
    Shapes,
    Weights,
    linear,
    linear_shapes,
    unseen,
)


def shapes(recipe: Recipe, input_shape: tuple[int, ...], n_classes: int) -> Shapes:
    """Return the shape of each parameter of one network."""
    widths = [math.prod(input_shape), *recipe.widths, n_classes]
    layers: Shapes = {}
    for depth in range(len(widths) - 1):
        layers |= linear_shapes(f"layer{depth}", widths[depth], widths[depth + 1])
    return layers


def forward(
    recipe: Recipe, weights: Weights, x: torch.Tensor, training: bool, look: Look = unseen
) -> torch.Tensor:
    """Return the logits of the stack; x is (batch, inputs) or (M, batch, inputs)."""
    activation = ACTIVATIONS[recipe.activation]
    if x.ndim == 3:
        x = x.transpose(1, 2)  # features first
    for depth in range(len(recipe.widths)):
        x = activation(linear(x, weights, f"layer{depth}"))
        look(depth, x)
    return linear(x, weights, f"layer{len(recipe.widths)}")
