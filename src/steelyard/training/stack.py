"""M networks of one architecture as one: parameters with the members as first dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from steelyard.records.recipe import Recipe
from steelyard.training.networks import NETWORKS
from steelyard.training.networks.layers import Shapes, is_statistic, pooled
from steelyard.training.optimisers import Moments, no_moments, optimiser_step

_ONES = ("scale", "variance")  # those that start at one; other vectors start at zero


class Stack:
    """Networks that are trained, predicted, taken out and stored together.

    Parameters
    ----------
    recipe : Recipe
        What they share: the architecture and the optimiser.
    weights : dict of str to Tensor of shape (M, ...)
        What gradients change.
    statistics : dict of str to Tensor of shape (M, ...)
        Running statistics of batch normalisation.
    moments : dict
        What the optimiser remembers.
    """

    def __init__(
        self,
        recipe: Recipe,
        weights: dict[str, torch.Tensor],
        statistics: dict[str, torch.Tensor],
        moments: Moments,
    ) -> None:
        self.recipe = recipe
        self.weights = {name: weight.requires_grad_() for name, weight in weights.items()}
        self.statistics = statistics
        self.moments = moments

    @classmethod
    def initial(
        cls, recipe: Recipe, shapes: Shapes, seeds: Sequence[int], device: torch.device
    ) -> Stack:
        """Return untrained networks, one a seed; a member's weights do not depend on the others.

        With the recipe's initialisation "he", matrices and convolutions start as K. He et al. have
        it ("Delving deep into rectifiers", ICCV 2015): normal with variance 2 / inputs. With
        "uniform" they and their biases start uniform in +-1/sqrt(inputs).
        """
        members = [_initial_weights(recipe, shapes, seed) for seed in seeds]
        every = {name: torch.stack([one[name] for one in members]).to(device) for name in shapes}
        weights = {name: value for name, value in every.items() if not is_statistic(name)}
        statistics = {name: value for name, value in every.items() if is_statistic(name)}
        return cls(recipe, weights, statistics, no_moments(recipe, weights))

    def __len__(self) -> int:
        """Members."""
        return len(next(iter(self.weights.values())))

    def logits(
        self, x: torch.Tensor, training: bool, members: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return logits of shape (M, K, batch).

        Parameters
        ----------
        x : Tensor
            Inputs, (batch, ...) for all or (M, batch, ...).
        training : bool
            Whether batch statistics are those of the batch, and are remembered.
        members : Tensor of int, optional
            Positions in the stack; None takes all.
        """
        forward = NETWORKS[self.recipe.model].forward
        if members is None:
            return forward(self.recipe, {**self.weights, **self.statistics}, x, training)
        weights = {name: weight[members] for name, weight in self.weights.items()}
        statistics = {name: value[members] for name, value in self.statistics.items()}
        logits = forward(self.recipe, {**weights, **statistics}, x, training)
        if training:
            for name, value in statistics.items():
                self.statistics[name][members] = value
        return logits

    @torch.no_grad()
    def observed(self, x: torch.Tensor, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what a hidden layer makes of a batch in evaluation mode, and the logits.

        Parameters
        ----------
        x : Tensor
            Inputs, (batch, ...) for all or (M, batch, ...).
        layer : int
            The hidden layer of a perceptron, after its activation; of other networks the block or
            stage, as the mean over each channel's pixels.

        Returns
        -------
        tuple of Tensor
            Of shapes (M, width, batch) and (M, K, batch).
        """
        seen: list[torch.Tensor] = []

        def look(number: int, values: torch.Tensor) -> None:
            if number == layer:
                seen.append(values if values.ndim == 3 else pooled(values, len(self)))

        weights = {**self.weights, **self.statistics}
        logits = NETWORKS[self.recipe.model].forward(self.recipe, weights, x, False, look)
        return seen[0], logits

    def descend(
        self, loss: torch.Tensor, n_before: int, settings: Sequence[tuple[float, float]]
    ) -> None:
        """Make one step down a loss that is the sum of the members' losses."""
        slopes = torch.autograd.grad(loss, list(self.weights.values()))
        # contiguous: the fused kernels pair numbers by their place in memory, and a convolution's
        # gradient comes with channels last
        gradients = {
            name: slope.contiguous() for name, slope in zip(self.weights, slopes, strict=True)
        }
        optimiser_step(self.recipe, self.weights, gradients, self.moments, n_before, settings)

    def take(self, members: torch.Tensor) -> Stack:
        """Return some members as a stack of their own."""
        return Stack(
            self.recipe,
            {name: weight.detach()[members] for name, weight in self.weights.items()},
            {name: value[members] for name, value in self.statistics.items()},
            {
                moment: {name: value[members] for name, value in of_weights.items()}
                for moment, of_weights in self.moments.items()
            },
        )

    def copy_member(self, member: int, other: Stack) -> None:
        """Take over the weights and statistics of one member from a stack of the same shape."""
        with torch.no_grad():
            for mine, theirs in (
                (self.weights, other.weights),
                (self.statistics, other.statistics),
            ):
                for name, value in mine.items():
                    value[member] = theirs[name][member]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as plain arrays, for a checkpoint."""
        tensors = {
            **{f"weights/{name}": weight.detach() for name, weight in self.weights.items()},
            **{f"statistics/{name}": value for name, value in self.statistics.items()},
            **{
                f"{moment}/{name}": value
                for moment, of_weights in self.moments.items()
                for name, value in of_weights.items()
            },
        }
        return {name: tensor.cpu().numpy() for name, tensor in tensors.items()}

    @classmethod
    def of_arrays(
        cls, recipe: Recipe, arrays: dict[str, np.ndarray], device: torch.device
    ) -> Stack:
        """Return the stack that `arrays` described."""
        parts: dict[str, dict[str, torch.Tensor]] = {"weights": {}, "statistics": {}}
        for path, array in arrays.items():
            part, name = path.split("/", 1)
            parts.setdefault(part, {})[name] = torch.from_numpy(array).to(device)
        weights, statistics = parts.pop("weights"), parts.pop("statistics")
        return cls(recipe, weights, statistics, parts)


def _initial_weights(recipe: Recipe, shapes: Shapes, seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in shapes.items():
        layer, part = name.rsplit(".", 1)
        if part not in ("weight", "bias") or (part == "bias" and recipe.initialisation == "he"):
            weights[name] = torch.full(shape, float(part in _ONES))
            continue
        inputs = math.prod(shapes[f"{layer}.weight"][1:])
        if recipe.initialisation == "he":
            weights[name] = torch.randn(shape, generator=generator) * math.sqrt(2 / inputs)
        else:
            signed = 2 * torch.rand(shape, generator=generator) - 1
            weights[name] = signed / math.sqrt(inputs)
    return weights
