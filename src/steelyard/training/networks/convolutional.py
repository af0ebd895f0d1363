"""The small convolutional network: a block a width, each halving the image, then an average."""

from __future__ import annotations

import torch
from torch.nn import functional

from steelyard.records.recipe import Recipe
from steelyard.training.networks.layers import (
    ACTIVATIONS,
    Look,
    Shapes,
    Weights,
    beside,
    convolution,
    convolution_shapes,
    linear,
    linear_shapes,
    normalise,
    pooled,
    unseen,
)


def shapes(recipe: Recipe, input_shape: tuple[int, ...], n_classes: int) -> Shapes:
    """Return the shape of each parameter of one network."""
    layers: Shapes = {}
    channels = input_shape[0]
    for block, width in enumerate(recipe.widths):
        layers |= convolution_shapes(f"block{block}", channels, width, recipe)
        channels = width
    return layers | linear_shapes("output", channels, n_classes)


def forward(
    recipe: Recipe, weights: Weights, x: torch.Tensor, training: bool, look: Look = unseen
) -> torch.Tensor:
    """Return the logits of the stack; x is (batch, C, H, W) or (M, batch, C, H, W)."""
    activation = ACTIVATIONS[recipe.activation]
    x = beside(x)
    for block in range(len(recipe.widths)):
        x = convolution(x, weights, f"block{block}")
        x = activation(normalise(x, weights, f"block{block}", recipe, training))
        # ceil_mode: an image that is already one pixel wide stays one pixel wide
        x = functional.max_pool2d(x, 2, ceil_mode=True)
        look(block, x)
    return linear(pooled(x, len(weights["output.weight"])), weights, "output")
