"""Layers of a stack of M networks.

Images are held as (batch, M * channels, height, width), the channels of one member side by side:
a convolution of the stack is one convolution in M groups, and each statistic of a channel belongs
to one member alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch.nn import functional

from steelyard.records.recipe import Recipe

Shapes = dict[str, tuple[int, ...]]
Weights = Mapping[str, torch.Tensor]
# What looks on: the number of a hidden layer, block or stage, and what it hands on.
Look = Callable[[int, torch.Tensor], None]

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}
# Ours: groups of group normalisation, as far as they divide the channels.
_GROUPS = 8
# torch's own: the share of a batch's statistics in the running ones, and what keeps 1/sd finite
_BATCH_SHARE, _EPSILON = 0.1, 1e-5


def unseen(number: int, values: torch.Tensor) -> None:
    """Look at nothing."""


def linear(x: torch.Tensor, weights: Weights, name: str) -> torch.Tensor:
    """Return W x + b of every member.

    Parameters
    ----------
    x : Tensor of shape (batch, inputs) or (M, inputs, batch)
        The same samples for all members, or each member's own, features first.
    weights : mapping
        Holds ``name.weight``, shape (M, outputs, inputs), and ``name.bias``, (M, outputs).
    name : str
        The layer.

    Returns
    -------
    Tensor of shape (M, outputs, batch)
        Features first: every product below then reads its operands where they lie.
    """
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    if x.ndim == 2:  # shared samples: all members in one matrix product
        products = torch.addmm(bias.flatten()[:, None], weight.flatten(0, 1), x.T)
        return products.view(*weight.shape[:2], len(x))
    return torch.baddbmm(bias[:, :, None], weight, x)


def convolution(x: torch.Tensor, weights: Weights, name: str, stride: int = 1) -> torch.Tensor:
    """Return the convolution of every member, padded to keep the size at stride 1.

    Parameters
    ----------
    x : Tensor of shape (batch, channels, height, width) or (batch, M * channels, height, width)
        The same images for all members, or each member's own channels.
    weights : mapping
        Holds ``name.weight``, shape (M, outputs, channels, k, k), and perhaps ``name.bias``.
    name, stride : str, int
        The layer and its step.
    """
    weight, bias = weights[f"{name}.weight"], weights.get(f"{name}.bias")
    shared = x.shape[1] == weight.shape[2]
    return functional.conv2d(
        x,
        weight.flatten(0, 1),
        None if bias is None else bias.flatten(),
        stride=stride,
        padding=weight.shape[-1] // 2,
        groups=1 if shared else len(weight),
    )


def normalise(
    x: torch.Tensor, weights: Weights, name: str, recipe: Recipe, training: bool
) -> torch.Tensor:
    """Return x normalised as the recipe says; batch statistics are each member's own.

    In training, batch normalisation updates ``name.mean`` and ``name.variance`` in place.
    """
    if recipe.normalisation == "none":
        return x
    scale, shift = weights[f"{name}.scale"], weights[f"{name}.shift"]
    if recipe.normalisation == "group":
        members, channels = scale.shape
        groups = members * math.gcd(channels, _GROUPS)
        return functional.group_norm(x, groups, scale.flatten(), shift.flatten(), _EPSILON)
    # torch.batch_norm, because functional.batch_norm refuses one sample of one pixel
    return torch.batch_norm(
        x,
        scale.flatten(),
        shift.flatten(),
        weights[f"{name}.mean"].view(-1),
        weights[f"{name}.variance"].view(-1),
        training,
        _BATCH_SHARE,
        _EPSILON,
        False,
    )


def pooled(x: torch.Tensor, members: int) -> torch.Tensor:
    """Return the mean over each channel's pixels, shape (M, channels, batch)."""
    return x.mean(dim=(2, 3)).view(len(x), members, -1).permute(1, 2, 0)


def beside(x: torch.Tensor) -> torch.Tensor:
    """Return images with the members' channels side by side; shared ones stay as they are."""
    if x.ndim == 5:
        x = x.transpose(0, 1).flatten(1, 2)
    # members in groups are much faster with channels last, on CPU and GPU
    return x.contiguous(memory_format=torch.channels_last)


def is_statistic(name: str) -> bool:
    """Whether a parameter is a running statistic, which no gradient changes."""
    return name.rsplit(".", 1)[1] in ("mean", "variance")


def linear_shapes(name: str, inputs: int, outputs: int) -> Shapes:
    """Return the parameters of `linear` of one network."""
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def convolution_shapes(
    name: str, channels: int, outputs: int, recipe: Recipe, size: int = 3
) -> Shapes:
    """Return the parameters of a convolution and of the normalisation after it."""
    shapes: Shapes = {f"{name}.weight": (outputs, channels, size, size)}
    if recipe.normalisation == "none":
        return {**shapes, f"{name}.bias": (outputs,)}
    shapes |= {f"{name}.{part}": (outputs,) for part in ("scale", "shift")}
    if recipe.normalisation == "batch":
        shapes |= {f"{name}.{part}": (outputs,) for part in ("mean", "variance")}
    return shapes
