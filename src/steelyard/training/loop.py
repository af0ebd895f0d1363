"""The training loop of a network, readable whole."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from steelyard._support.errors import DataError
from steelyard._support.seeding import derive_seed
from steelyard.records.recipe import Recipe
from steelyard.training.models import build
from steelyard.training.prepared import Prepared

_OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": lambda parameters, **values: torch.optim.SGD(parameters, momentum=0.9, **values),
}
_PREDICT_BATCH = 4096


def train_network(
    prepared: Prepared,
    recipe: Recipe,
    draws: np.ndarray,
    seed: int,
    repetition: int,
    watch: Callable[[torch.Tensor, torch.Tensor], None] | None = None,
    end_epoch: Callable[[], None] | None = None,
) -> Callable[[np.ndarray], np.ndarray]:
    """Train one network and return its prediction function.

    Parameters
    ----------
    prepared : Prepared
        Inputs for a network: float32 of shape (n, n_columns), or uint8 images of shape
        (n, channels, height, width). They are handed over once; batches are indices.
    recipe : Recipe
        How to train.
    draws : ndarray of shape (m,)
        The rows that make up an epoch, repeated as the plan says.
    seed, repetition : int
        Axes of the seeds: arms of one repetition share initial weights.
    watch : callable, optional
        Called with each batch's rows and its logits, as they were before the step.
    end_epoch : callable, optional
        Called after each epoch.

    Returns
    -------
    callable
        From encoded inputs (m, ...) to logits (m, K), float64.

    Raises
    ------
    DataError
        If the loss becomes NaN or infinite.
    """
    normalise = _normaliser(prepared.X)
    inputs, labels = torch.from_numpy(prepared.X), torch.from_numpy(prepared.y)
    epoch = torch.from_numpy(draws)
    axes = {"repetition": repetition}
    weights = torch.Generator().manual_seed(derive_seed(seed, purpose="weights", **axes))
    shuffle = torch.Generator().manual_seed(derive_seed(seed, purpose="order", **axes))
    network = build(recipe, inputs.shape[1:], prepared.data.n_classes, weights)
    optimiser = _OPTIMISERS[recipe.optimiser](
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    n_steps = recipe.epochs * math.ceil(len(epoch) / recipe.batch_size)
    step = 0
    for _ in range(recipe.epochs):
        for rows in epoch[torch.randperm(len(epoch), generator=shuffle)].split(recipe.batch_size):
            _set_learning_rate(optimiser, recipe, step / n_steps)
            logits = network(normalise(inputs[rows]))
            loss = functional.cross_entropy(logits, labels[rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            step += 1
            if watch is not None:
                watch(rows, logits)
        if not torch.isfinite(loss):
            raise DataError(
                "Training diverged: the loss is NaN or infinite.",
                hint="lower the recipe's learning rate.",
            )
        if end_epoch is not None:
            end_epoch()
    return lambda X: _predict(network, normalise, X)


def _normaliser(X: np.ndarray) -> Callable[[torch.Tensor], torch.Tensor]:
    if X.dtype != np.uint8:
        return lambda batch: batch  # tables are standardised already
    # integer sums: exact, and the same for any order of the rows
    count = X.shape[0] * X.shape[2] * X.shape[3]
    sums = X.sum(axis=(0, 2, 3), dtype=np.int64)
    values = np.arange(256)
    squares = np.stack(
        [np.bincount(X[:, c].ravel(), minlength=256) @ values**2 for c in range(len(sums))]
    )
    mean = sums / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 1.0))  # a blank set stays finite
    shift = torch.tensor(mean, dtype=torch.float32)[:, None, None]
    scale = torch.tensor(1 / deviation, dtype=torch.float32)[:, None, None]
    return lambda batch: (batch.float() - shift) * scale


def _set_learning_rate(optimiser: torch.optim.Optimizer, recipe: Recipe, done: float) -> None:
    # cosine: half a wave from the peak to zero over the whole training
    factor = 0.5 * (1 + math.cos(math.pi * done)) if recipe.schedule == "cosine" else 1.0
    for group in optimiser.param_groups:
        group["lr"] = recipe.learning_rate * factor


@torch.no_grad()
def _predict(
    network: nn.Module, normalise: Callable[[torch.Tensor], torch.Tensor], X: np.ndarray
) -> np.ndarray:
    batches = torch.from_numpy(X).split(_PREDICT_BATCH)
    return torch.cat([network(normalise(batch)) for batch in batches]).double().numpy()
