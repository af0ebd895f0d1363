"""The bare matrix products of a perceptron's first layer: what no way of training can do without.

With X the batch, W the first layers of all members and dZ the slopes at their outputs, a step needs
W X' going forward and dZ X for the gradient of the weights. Imported by benchmarks/ensemble.py.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from side_by_side import cores, torch_threads


@dataclass(frozen=True)
class Products:
    """The fastest layouts of two products for some rows of weights: closures, and their names."""

    forward: Callable[[], object]
    gradient: Callable[[], object]
    names: tuple[str, str]

    @classmethod
    def in_fastest_layout(
        cls, n_rows: int, inputs: int, batch: int, names: Sequence[str] = ()
    ) -> Products:
        """Time every layout, unless the names say which to take."""
        X, W, dZ = (torch.randn(*s) for s in ((batch, inputs), (n_rows, inputs), (n_rows, batch)))
        columns, dZ_columns = X.T.contiguous(), dZ.T.contiguous()
        rows_first, batch_first = torch.empty(n_rows, batch), torch.empty(batch, n_rows)
        dW = torch.empty(n_rows, inputs)
        forward = {
            "W @ X'": lambda: torch.mm(W, X.T, out=rows_first),
            "W @ X' of columns": lambda: torch.mm(W, columns, out=rows_first),
            "X @ W'": lambda: torch.mm(X, W.T, out=batch_first),
            "X of columns @ W'": lambda: torch.mm(columns.T, W.T, out=batch_first),
        }
        gradient = {
            "dZ @ X": lambda: torch.mm(dZ, X, out=dW),
            "dZ @ X of columns": lambda: torch.mm(dZ, columns.T, out=dW),
            "dZ of columns @ X": lambda: torch.mm(dZ_columns.T, X, out=dW),
            "dZ of columns @ X of columns": lambda: torch.mm(dZ_columns.T, columns.T, out=dW),
        }
        first, second = names or (min(kind, key=_seconds(kind).get) for kind in (forward, gradient))
        return cls(forward[first], gradient[second], (first, second))

    def run(self, n: int) -> None:
        """Compute both, n times, in the order of a step."""
        for _ in range(n):
            self.forward()
            self.gradient()


def _seconds(kinds: dict[str, Callable[[], object]]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(25):
        for name, product in kinds.items():
            started = time.perf_counter()
            product()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def one_product(products: Products, n: int, members: int) -> dict[str, float]:
    """Return microseconds a network of one call for all members, with all threads."""
    with torch_threads(cores()):
        products.run(3)
        started = time.perf_counter()
        products.run(n)
        return {"products, all threads": 1e6 * (time.perf_counter() - started) / (n * members)}


def products_side_by_side(stacks: Sequence[Products], n: int, members: int) -> dict[str, float]:
    """Return microseconds a network of stacks in Python's threads, as the ensemble runs them."""
    with torch_threads(1), ThreadPoolExecutor(cores()) as workers:
        list(workers.map(lambda stack: stack.run(3), stacks))
        started = time.perf_counter()
        list(workers.map(lambda stack: stack.run(n), stacks))
        seconds = time.perf_counter() - started
    return {"products, stacks side by side": 1e6 * seconds / (n * members)}
