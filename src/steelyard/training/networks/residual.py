"""The residual network for small images.

The first convolution keeps the image's size; each later stage halves it. Widths (64, 128, 256, 512)
with two blocks a stage are ResNet-18 in its form for CIFAR: K. He et al., "Deep residual learning
for image recognition", CVPR 2016, doi:10.1109/CVPR.2016.90.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

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
    layers = convolution_shapes("stem", input_shape[0], recipe.widths[0], recipe)
    for name, channels, width, stride in _blocks(recipe):
        layers |= convolution_shapes(f"{name}.first", channels, width, recipe)
        layers |= convolution_shapes(f"{name}.second", width, width, recipe)
        if stride != 1 or channels != width:
            layers |= convolution_shapes(f"{name}.shortcut", channels, width, recipe, size=1)
    return layers | linear_shapes("output", recipe.widths[-1], n_classes)


def forward(
    recipe: Recipe, weights: Weights, x: torch.Tensor, training: bool, look: Look = unseen
) -> torch.Tensor:
    """Return the logits of the stack; x is (batch, C, H, W) or (M, batch, C, H, W)."""
    activation = ACTIVATIONS[recipe.activation]

    def normalised_convolution(x: torch.Tensor, name: str, stride: int = 1) -> torch.Tensor:
        return normalise(convolution(x, weights, name, stride), weights, name, recipe, training)

    x = activation(normalised_convolution(beside(x), "stem"))
    for number, (name, channels, width, stride) in enumerate(_blocks(recipe), 1):
        inner = activation(normalised_convolution(x, f"{name}.first", stride))
        inner = normalised_convolution(inner, f"{name}.second")
        if stride != 1 or channels != width:
            x = normalised_convolution(x, f"{name}.shortcut", stride)
        x = activation(inner + x)
        if number % recipe.blocks == 0:
            look(number // recipe.blocks - 1, x)
    return linear(pooled(x, len(weights["output.weight"])), weights, "output")


def _blocks(recipe: Recipe) -> Iterator[tuple[str, int, int, int]]:
    """Yield each block's name, channels in, channels out and stride."""
    channels = recipe.widths[0]
    for stage, width in enumerate(recipe.widths):
        for block in range(recipe.blocks):
            stride = 2 if stage and not block else 1
            yield f"stage{stage}.block{block}", channels, width, stride
            channels = width
