"""What an engine is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Protocol

from steelyard.workflow.cells import Cell
from steelyard.workflow.engines.perform import Job, Outcome

Listen = Callable[[int], None]


class Bench(Protocol):
    """An engine that holds the shared data and is at work."""

    @property
    def slots(self) -> int:
        """How many cells it takes at the same time, those that wait for a worker included."""

    def submit(self, job: Job, listen: Listen) -> Future[Outcome]:
        """Compute a cell.

        One that is computed in this process tells ``listen`` of its steps, and is finished when
        `submit` returns; another writes them into its file of the worker's folder.
        """

    def is_lost(self, error: BaseException) -> bool:
        """Whether an error of a future says that a worker died, not that the work failed."""


class Engine(Protocol):
    """A way to compute cells; a context manager that ends what it began."""

    def start(self) -> None:
        """Begin to make workers ready, and do not wait for them."""

    def opened(self, shared: Any, cells: Sequence[Cell]) -> AbstractContextManager[Bench]:
        """Return a bench that computes these cells with this shared data."""

    def __enter__(self) -> Engine:
        """Return the engine."""

    def __exit__(self, *_: object) -> None:
        """End its workers."""
