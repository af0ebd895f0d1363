"""How many threads a training may use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from steelyard.records.recipe import Recipe


@contextlib.contextmanager
def bounded_threads(recipe: Recipe) -> Iterator[None]:
    """Train a perceptron in one thread while the block runs; give back what was set before.

    Its matrices are too small to share out: threads wait for one another, the longer the busier
    the machine is. In one thread its bits do not depend on the number of cores either.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if recipe.model == "mlp" else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
