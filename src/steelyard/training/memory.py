"""What a stack will need, asked for before it starts, and how many members fit at once."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import psutil
import torch

from steelyard._support.errors import ResourceError
from steelyard.records.recipe import Recipe
from steelyard.training.networks import NETWORKS
from steelyard.training.networks.layers import Shapes, is_statistic
from steelyard.training.stack import Stack

_FLOAT = 4  # bytes of a float32
# Ours: of what is free when training starts, the share that it may fill.
_SHARE = 0.5
# Ours: saved activations are joined by their gradients and by the intermediate results of a layer.
_TRANSIENT = 2
# Ours: bytes that the activations of a stack may take on the CPU.
_CACHE = 2**25
_CONTAINER = Path("/sys/fs/cgroup")  # of version 2
# Ours: numbers that a prediction may hold at once (64 MB), and its largest batch.
_PREDICTED, _MOST_ROWS = 2**24, 4096


def bytes_a_member(
    recipe: Recipe, shapes: Shapes, input_shape: tuple[int, ...], batch_size: int, own_inputs: bool
) -> int:
    """Return what one more member of a stack needs while it trains.

    Parameters
    ----------
    recipe : Recipe
        Its architecture and optimiser.
    shapes : dict of str to tuple
        Its parameters.
    input_shape : tuple of int
        One sample's shape.
    batch_size : int
        Rows a step.
    own_inputs : bool
        Whether it reads samples of its own, or those that all members share.
    """
    n_parameters = sum(math.prod(shape) for shape in shapes.values())
    # weights, gradients, moments; the best epoch's and what leaves the stack
    copies = (3 if recipe.optimiser == "sgd" else 4) + (2 if recipe.patience else 1)
    numbers = copies * n_parameters
    numbers += _TRANSIENT * batch_size * _activations(recipe, shapes, input_shape)
    if own_inputs:
        # as bytes gathered, then as numbers; between them by an index of 64 bits
        numbers += (5 if recipe.augmentation else 2) * batch_size * math.prod(input_shape)
    return _FLOAT * numbers


def members_in_cache(
    recipe: Recipe, shapes: Shapes, input_shape: tuple[int, ...], batch_size: int
) -> int:
    """Return how many members may leave their activations in a processor's cache, at least one.

    Convolutional networks leave far more than they compute: a stack that fills memory with them
    takes two to five times as long a network as one that does not.
    """
    numbers = batch_size * _activations(recipe, shapes, input_shape)
    return max(1, _CACHE // (_FLOAT * numbers))


def members_that_fit(
    n_members: int, each: int, device: torch.device, memory: int | None = None
) -> int:
    """Return how many members may train at once.

    Parameters
    ----------
    n_members : int
        Members wanted.
    each : int
        Bytes a member, of `bytes_a_member`.
    device : torch.device
        Where they train.
    memory : int, optional
        Bytes that may be used; None takes half of what is free on the device.

    Raises
    ------
    ResourceError
        If not even one fits.
    """
    allowed = int(_SHARE * free_bytes(device)) if memory is None else memory
    fit = allowed // each
    if not fit:
        raise ResourceError(
            f"One network needs about {_in_words(each)} to train; it may use {_in_words(allowed)}.",
            hint="choose a smaller batch or narrower layers, or allow more with memory=BYTES.",
        )
    return min(n_members, fit)


def rows_to_predict(stack: Stack, input_shape: tuple[int, ...]) -> int:
    """Return how many rows a stack predicts at once."""
    shapes = {
        name: tuple(value.shape[1:]) for name, value in (stack.weights | stack.statistics).items()
    }
    numbers = len(stack) * _activations(stack.recipe, shapes, input_shape)
    return max(1, min(_MOST_ROWS, _PREDICTED // numbers))


def free_bytes(device: torch.device | None = None) -> int:
    """Return the bytes that are free on a device; None is the CPU."""
    if device is not None and device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    free = int(psutil.virtual_memory().available)
    try:  # a container may be allowed less than its machine has
        allowed = int((_CONTAINER / "memory.max").read_text())
        used = int((_CONTAINER / "memory.current").read_text())
    except (OSError, ValueError):  # not in one, or without a limit ("max")
        return free
    return max(0, min(free, allowed - used))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is exhausted; torch has no one type for it."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def _activations(recipe: Recipe, shapes: Shapes, input_shape: tuple[int, ...]) -> int:
    """Return the numbers that one sample leaves behind for the backward pass."""
    return _counted(recipe, tuple(shapes.items()), input_shape)


@lru_cache(maxsize=256)
def _counted(
    recipe: Recipe, shapes: tuple[tuple[str, tuple[int, ...]], ...], input_shape: tuple[int, ...]
) -> int:
    saved: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage()._cdata] = tensor.numel()
        held.append(tensor)  # or its storage's address would be used again
        return tensor

    held: list[torch.Tensor] = []
    # one sample is really computed: the device "meta" would import torch's compiler, a second
    with torch.enable_grad():
        weights = {
            name: torch.zeros((1, *shape), requires_grad=not is_statistic(name))
            for name, shape in shapes
        }
        sample = torch.zeros((1, *input_shape))
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            logits = NETWORKS[recipe.model].forward(recipe, weights, sample, True)
            torch.log_softmax(logits, dim=1).sum()
    own = {weight.untyped_storage()._cdata for weight in weights.values()}
    return sum(numel for storage, numel in saved.items() if storage not in own)


def _in_words(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:.1f} GiB" if n_bytes >= 2**30 else f"{n_bytes / 2**20:.1f} MiB"
