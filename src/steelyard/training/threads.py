"""How many threads a training may use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache

import torch
from threadpoolctl import ThreadpoolController

from steelyard.training.prepared import Prepared

# Ours: below this many numbers a thread more waits longer for the others than it works. On a busy
# machine the waiting costs a factor of ten; on an idle one a thread less costs a third.
_NUMBERS_A_THREAD = 1_000_000


@contextlib.contextmanager
def bounded_threads(prepared: Prepared, threads: int, n_workers: int = 1) -> Iterator[None]:
    """Bound the threads of a training while the block runs; give back what was set before.

    Stacks of perceptrons train side by side with one thread each: no thread waits for another, and
    their bits do not depend on the number of cores. Stacks of convolutional networks share out
    ``threads``. Trees get a thread for each million numbers of the training part.
    """
    if prepared.model == "trees":
        wanted = max(1, min(threads, prepared.X.size // _NUMBERS_A_THREAD))
        with _pools().limit(limits=wanted, user_api="openmp"):
            yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1 if prepared.model == "mlp" else max(1, threads // n_workers))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()  # looks through every loaded library: 4 ms
