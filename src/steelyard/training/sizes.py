"""How large a stack should be and what a network needs, told by its recipe and its data alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

from steelyard.records.recipe import Recipe
from steelyard.training.members import Member, in_stacks, shared_recipe
from steelyard.training.memory import bytes_a_member, members_in_cache
from steelyard.training.networks import NETWORKS
from steelyard.training.networks.layers import Shapes
from steelyard.training.prepared import Prepared

# Ours, measured with benchmarks/ensemble.py: from here on a larger stack takes as long a network.
_MEMBERS_A_STACK = {"own": 8, "shared": 25}
_UNLIMITED = 2**31
# Ours: a booster holds its inputs once more as bins and gradients, and scikit-learn copies them.
_COPIES_FOR_TREES = 3


def declared_stacks(
    prepared: Prepared, members: Sequence[Member], *, order: str = "own", device: str = "cpu"
) -> list[list[int]]:
    """Return the numbers of the members that train as one, each booster by itself.

    Neither memory nor cores decide, so that one declaration gives the same stacks, and with them
    the same bits, wherever and however often it is run.
    """
    if prepared.model == "trees":
        return [[number] for number in range(len(members))]
    return in_stacks(
        members, lambda member: members_a_stack(prepared, member.recipe, order, device)
    )


def members_a_stack(prepared: Prepared, recipe: Recipe, order: str, device: str) -> int:
    """Return how many networks like this a stack should have, whatever memory there is.

    On the CPU more gain nothing, and smaller stacks can train side by side. A GPU is the better
    filled the more there are.
    """
    if not device.startswith("cpu"):
        return _UNLIMITED
    return min(
        _MEMBERS_A_STACK["shared" if shares_order(recipe, order) else "own"],
        members_in_cache(
            recipe, shapes_of(prepared, recipe), input_shape(prepared), _batch(prepared, recipe)
        ),
    )


def bytes_a_network(prepared: Prepared, members: Sequence[Member], order: str = "own") -> int:
    """Return what the largest of the members needs while it trains."""
    if prepared.model == "trees":
        return _COPIES_FOR_TREES * prepared.X.nbytes
    return max(
        bytes_a_member(
            recipe,
            shapes_of(prepared, recipe),
            input_shape(prepared),
            _batch(prepared, recipe),
            not shares_order(recipe, order),
        )
        for recipe in {shared_recipe(member.recipe) for member in members}
    )


def shares_order(recipe: Recipe, order: str) -> bool:
    """Whether all members of a stack see the same batches."""
    return order == "shared" or recipe.batch_size is None


def shapes_of(prepared: Prepared, recipe: Recipe) -> Shapes:
    """Return the shape of each parameter of one network."""
    network = NETWORKS[recipe.model]
    return network.shapes(recipe, input_shape(prepared), prepared.data.n_classes)


def input_shape(prepared: Prepared) -> tuple[int, ...]:
    """Return the shape of one sample as the network reads it."""
    shape = prepared.X.shape[1:]
    return (math.prod(shape),) if prepared.model == "mlp" else shape


def _batch(prepared: Prepared, recipe: Recipe) -> int:
    return recipe.batch_size or len(prepared.y)
