"""One step of SGD, Adam or AdamW for a stack of networks, by torch's own fused kernels.

The kernels take one learning rate and one weight decay a call: neighbours in the stack that share
theirs go through together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import torch
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from steelyard.records.recipe import Recipe

# torch's own defaults, which are those of the paper: D. P. Kingma and J. Ba, "Adam", ICLR 2015
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8

Tensors = Mapping[str, torch.Tensor]
Moments = dict[str, dict[str, torch.Tensor]]


def no_moments(recipe: Recipe, weights: Tensors) -> Moments:
    """Return what an optimiser remembers of a stack's gradients before its first step."""
    names = ("velocity",) if recipe.optimiser == "sgd" else ("first", "second")
    return {
        moment: {name: torch.zeros_like(weight) for name, weight in weights.items()}
        for moment in names
    }


@torch.no_grad()
def optimiser_step(
    recipe: Recipe,
    weights: Tensors,
    gradients: Tensors,
    moments: Moments,
    n_before: int,
    settings: Sequence[tuple[float, float]],
) -> None:
    """Change weights and moments in place by one step.

    Parameters
    ----------
    recipe : Recipe
        Names the optimiser; momentum and maximal gradient norm are of all members.
    weights, gradients : mapping of str to Tensor of shape (M, ...)
        Parameters and the gradients of the members' own losses. Gradients may be changed.
    moments : dict
        As `no_moments` made it.
    n_before : int
        Steps taken before this one.
    settings : sequence of (learning rate, weight decay)
        One pair a member.
    """
    if recipe.max_gradient_norm is not None:
        _shorten(gradients, recipe.max_gradient_norm)
    first = 0
    for (learning_rate, weight_decay), members in groupby(settings):
        last = first + len(list(members))
        values = _members(weights, weights, first, last)
        slopes = _members(gradients, weights, first, last)
        remembered = [_members(moment, weights, first, last) for moment in moments.values()]
        if recipe.optimiser == "sgd":
            velocities: list[torch.Tensor | None] = list(remembered[0])
            sgd(
                values,
                slopes,
                velocities,  # zeros at first: the first velocity is then the gradient
                fused=True,
                weight_decay=weight_decay,
                momentum=recipe.momentum,
                lr=learning_rate,
                dampening=0.0,
                nesterov=recipe.nesterov,
                maximize=False,
            )
        else:
            first_moments, second_moments = remembered
            adam(
                values,
                slopes,
                first_moments,
                second_moments,
                [],
                list(torch.full((len(values), 1), float(n_before), device=values[0].device)),
                fused=True,
                amsgrad=False,
                beta1=_BETA1,
                beta2=_BETA2,
                lr=learning_rate,
                weight_decay=weight_decay,
                eps=_EPSILON,
                maximize=False,
                decoupled_weight_decay=recipe.optimiser == "adamw",
            )
        first = last


def _members(tensors: Tensors, names: Iterable[str], first: int, last: int) -> list[torch.Tensor]:
    """Return what belongs to neighbours in the stack; slicing all of it would cost for nothing."""
    chosen = [tensors[name] for name in names]
    return chosen if last - first == len(chosen[0]) else [one[first:last] for one in chosen]


def _shorten(gradients: Tensors, longest: float) -> None:
    # each member's own norm over all of its parameters, as it would be alone
    squares = [gradient.flatten(1).square().sum(dim=1) for gradient in gradients.values()]
    norms = torch.stack(squares).sum(dim=0).sqrt()
    factors = (longest / (norms + 1e-6)).clamp(max=1.0)  # 1e-6 as in torch's clip_grad_norm_
    for gradient in gradients.values():
        gradient.mul_(factors.view(-1, *[1] * (gradient.ndim - 1)))
