"""Networks whose initial weights come from a generator, never from global random state."""

from __future__ import annotations

import torch
from torch import nn

from steelyard.records.recipe import Recipe

_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


def build(
    recipe: Recipe, input_shape: tuple[int, ...], n_classes: int, generator: torch.Generator
) -> nn.Module:
    """Return an initialised network.

    Parameters
    ----------
    recipe : Recipe
        Of model "mlp" or "cnn".
    input_shape : tuple of int
        One sample's shape: (n_columns,) or (channels, height, width).
    n_classes : int
        Outputs.
    generator : torch.Generator
        Where the initial weights come from.
    """
    with torch.device("meta"):  # shapes only: no weight is drawn yet
        network = (_perceptron if recipe.model == "mlp" else _convolutional)(
            recipe, input_shape, n_classes
        )
    network = network.to_empty(device="cpu")
    for layer in network.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network


def _perceptron(recipe: Recipe, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    width = int(torch.Size(input_shape).numel())
    for hidden in recipe.widths:
        layers += [nn.Linear(width, hidden), _ACTIVATIONS[recipe.activation]()]
        width = hidden
    return nn.Sequential(*layers, nn.Linear(width, n_classes))


def _convolutional(recipe: Recipe, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
    layers: list[nn.Module] = []
    channels = input_shape[0]
    for width in recipe.widths:
        # ceil_mode: an image that is already one pixel wide stays one pixel wide
        layers += [
            nn.Conv2d(channels, width, 3, padding=1),
            _ACTIVATIONS[recipe.activation](),
            nn.MaxPool2d(2, ceil_mode=True),
        ]
        channels = width
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, n_classes)
    )
