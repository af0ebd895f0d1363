"""Gradient descent of many perceptrons at once, each on its own part of one data set.

Plain steps down the mean loss of all samples: no batches, no momentum. What `fit_ensemble` makes
of such a recipe, with the gradients written out, so that networks on different parts share the
products of the rows that they share. Nearly all arithmetic is that of the first layer,

    A_1 = f(W_1 x + b_1),  A_l = f(W_l A_{l-1} + b_l),  z = W_L A_{L-1} + b_L,
    D_L = (softmax(z) - onehot(y)) / n,  D_l = W_{l+1}^T D_{l+1} * f'(A_l),
    W_l <- W_l - rate * D_l A_{l-1}^T,  b_l <- b_l - rate * sum D_l,

with n the samples of a network's part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from steelyard._support.errors import DataError
from steelyard.records.recipe import Recipe
from steelyard.training.onednn import product, tanh
from steelyard.training.row_groups import row_groups
from steelyard.training.stack import Stack

PARTS = ("weight", "bias")
_ROWS = 1024  # whose activations stay in the cache of a core; a GPU takes all rows at once
_ACTIVATIONS = {"relu": torch.relu_, "tanh": tanh}
# from errors and what f returned: errors * f'(a), in one pass over memory
_BACK: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "relu": lambda errors, a: torch.ops.aten.threshold_backward(errors, a, 0.0),
    "tanh": torch.ops.aten.tanh_backward,
}

# What looks at the networks: epoch, rows, hidden activations layer by layer (m, width, rows),
# logits (m, K, rows)
Look = Callable[[int, torch.Tensor, Sequence[torch.Tensor], torch.Tensor], None]


@dataclass(frozen=True, eq=False)
class _Block:
    """Some rows on their device; inputs both ways round, so that each product reads in order."""

    rows: torch.Tensor
    x: torch.Tensor  # (b, inputs)
    x_columns: torch.Tensor  # (inputs, b)
    targets: torch.Tensor  # one-hot, (K, b)


@dataclass(frozen=True, eq=False)
class _Group:
    """The blocks of a row group."""

    members: torch.Tensor | None  # None for all, which needs no copy of their parameters
    shares: torch.Tensor  # 1 / n of each member, (m, 1, 1)
    blocks: tuple[_Block, ...]


def descends(recipe: Recipe) -> bool:
    """Whether a recipe is plain gradient descent of a perceptron, which `descend` can do."""
    return (
        recipe.model == "mlp"
        and recipe.batch_size is None
        and recipe.optimiser == "sgd"
        and recipe.schedule == "constant"
        and recipe.patience is None
        and recipe.max_gradient_norm is None
        and not (recipe.momentum or recipe.weight_decay)
        and not (recipe.smoothing or recipe.class_weighting or recipe.augmentation)
    )


@torch.no_grad()
def descend(
    stack: Stack,
    X: torch.Tensor,
    y: torch.Tensor,
    n_classes: int,
    subsets: np.ndarray,
    *,
    look: Look | None = None,
    after_epoch: Callable[[int], None] = lambda epoch: None,
) -> torch.Tensor:
    """Train a stack of perceptrons, and return what they say of every row.

    Parameters
    ----------
    stack : Stack
        Untrained perceptrons of a recipe that `descends`; changed in place.
    X : Tensor of shape (n, inputs)
        Standardised inputs, float32.
    y : Tensor of int, shape (n,)
        Class codes.
    n_classes : int
        K.
    subsets : ndarray of bool, shape (M, n)
        What each network trains on; at least one sample.
    look : callable, optional
        Shown every network and row after each epoch; networks then train on all rows.
    after_epoch : callable
        Told after each epoch.

    Returns
    -------
    Tensor of shape (M, n)
        Predicted class codes.

    Raises
    ------
    DataError
        If the training diverges.
    """
    layers = [f"layer{number}" for number in range(len(stack.recipe.widths) + 1)]
    parameters = [stack.weights[f"{name}.{part}"] for name in layers for part in PARTS]
    groups = _groups(X, y, n_classes, subsets)
    activation = stack.recipe.activation
    for epoch in range(stack.recipe.epochs):
        slopes = [torch.zeros_like(value) for value in parameters]
        for group in groups:
            chosen = slice(None) if group.members is None else group.members
            mine = [value[chosen] for value in parameters]
            sums = [torch.zeros_like(value) for value in mine]
            for block in group.blocks:
                activations, logits = _forward(mine, activation, block.x)
                if look is not None and epoch:
                    look(epoch - 1, block.rows, activations, logits)
                errors = logits.softmax(dim=1).sub_(block.targets).mul_(group.shares)
                _add_slopes(sums, mine, activation, activations, errors, block.x_columns)
            for slope, of_group in zip(slopes, sums, strict=True):
                slope[chosen] += of_group
        for value, slope in zip(parameters, slopes, strict=True):
            value.sub_(slope, alpha=stack.recipe.learning_rate)
        after_epoch(epoch)
    if not all(torch.isfinite(value).all() for value in parameters):
        raise DataError(
            "Training diverged: weights are NaN or infinite.", hint="lower the learning rate."
        )
    predicted = torch.empty((len(stack), len(X)), dtype=torch.int64, device=X.device)
    for rows in torch.arange(len(X), device=X.device).split(_rows_at_once(X)):
        activations, logits = _forward(parameters, activation, X[rows])
        if look is not None:
            look(stack.recipe.epochs - 1, rows, activations, logits)
        predicted[:, rows] = logits.argmax(dim=1)
    return predicted


def _forward(
    parameters: Sequence[torch.Tensor], activation: str, x: torch.Tensor
) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Return the hidden activations (m, width, b) and the logits (m, K, b) of shared rows."""
    weight, bias = parameters[:2]
    sums = product(weight.flatten(0, 1), x).view(*weight.shape[:2], len(x))
    sums += bias[:, :, None]
    activations = []
    for weight, bias in zip(parameters[2::2], parameters[3::2], strict=True):
        activations.append(_ACTIVATIONS[activation](sums))
        sums = torch.baddbmm(bias[:, :, None], weight, activations[-1])
    return activations, sums


def _add_slopes(
    slopes: Sequence[torch.Tensor],
    parameters: Sequence[torch.Tensor],
    activation: str,
    activations: Sequence[torch.Tensor],
    errors: torch.Tensor,
    x_columns: torch.Tensor,
) -> None:
    """Add the gradient of a block's losses, whose errors at the logits are (m, K, b)."""
    for layer in range(len(activations), 0, -1):
        below = activations[layer - 1]
        slopes[2 * layer].baddbmm_(errors, below.mT)
        slopes[2 * layer + 1].add_(errors.sum(dim=2))
        errors = _BACK[activation](parameters[2 * layer].mT @ errors, below)
    first = product(errors.flatten(0, 1), x_columns)
    slopes[0].add_(first.view_as(slopes[0]))
    slopes[1].add_(errors.sum(dim=2))


def _groups(X: torch.Tensor, y: torch.Tensor, n_classes: int, subsets: np.ndarray) -> list[_Group]:
    sizes = torch.from_numpy(subsets.sum(axis=1)).to(X.device)
    targets = torch.nn.functional.one_hot(y, n_classes).to(X.dtype)
    groups = []
    for group in row_groups(subsets):
        members = torch.from_numpy(group.members).to(X.device)
        blocks = []
        # parts of nearly one size: a last block of three rows would waste a whole pass
        for part in np.array_split(group.rows, -(-len(group.rows) // _rows_at_once(X))):
            rows = torch.from_numpy(part).to(X.device)
            x = X[rows]
            blocks.append(_Block(rows, x, x.T.contiguous(), targets[rows].T.contiguous()))
        every = len(members) == len(subsets)
        shares = (1 / sizes[members]).to(X.dtype)[:, None, None]
        groups.append(_Group(None if every else members, shares, tuple(blocks)))
    return groups


def _rows_at_once(X: torch.Tensor) -> int:
    return _ROWS if X.device.type == "cpu" else max(len(X), 1)
