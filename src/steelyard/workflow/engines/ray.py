"""The engine `ray`: each cell a task of a Ray cluster, on this machine or on many.

The shared data are put into the cluster's object store once, and the workers of a machine read one
copy of them. A worker that sees the run's folder stores its cell there and sends a receipt; one
that does not sends the result. Ray repeats nothing by itself: the cells of a lost worker or machine
come back as lost, are counted, and are handed out again, as with the engine `local`.
"""

from __future__ import annotations

import contextlib
import platform
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import cache, partial
from importlib import metadata
from typing import Any

import loky

import steelyard
from steelyard._support.errors import ResourceError, SteelyardWarning
from steelyard._support.validation import check_integer
from steelyard.workflow.cells import Cell, Needs
from steelyard.workflow.engines.cluster import (
    checked_address,
    connect,
    disconnect,
    last_line,
    stated_address,
)
from steelyard.workflow.engines.engine import Listen
from steelyard.workflow.engines.perform import Job, Outcome, perform

# isort: split
import ray  # after `cluster`, which says how to install it
from ray import exceptions

_AHEAD = 2  # cells handed over for each that fits, so that no worker waits for its next
_LOOK_EVERY = 1.0  # seconds between two looks at which nodes there are
# Ours: what a worker takes beside its cell, most of it torch; measured 0.3 to 0.4 GB.
_LIBRARIES = 400 * 2**20
# in the environment that a worker begins with, so that every library finds it when it is loaded
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
_LOST = (
    exceptions.WorkerCrashedError,
    exceptions.NodeDiedError,
    exceptions.LocalRayletDiedError,
    exceptions.OutOfMemoryError,
    exceptions.ObjectLostError,
)
_COMPUTING = ("numpy", "scikit-learn", "torch", "xgboost")  # other versions, other numbers


class Ray:
    """Computes cells as tasks of a Ray cluster.

    If Ray is initialised already, its cluster is used, and stays. Else this connects to a cluster
    or starts one on this machine, and ends what it began.

    Parameters
    ----------
    address : str, optional
        Of a running cluster: HOST:PORT of its head, ray://HOST:PORT of its client server, or
        "auto" for the one on this machine. None takes RAY_ADDRESS where that is set; otherwise,
        like "local", it starts a cluster on this machine.
    workers : int, optional
        Cells computed at the same time; None takes as many as the cluster has room for.

    Raises
    ------
    ParameterError
        If the address has none of these forms, or workers is no positive number.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        if workers is not None:
            check_integer(workers, "workers", "Ray", 1)
        self.address = None if address is None else checked_address(address)
        self.workers = workers
        self._connected = self._started = False

    def __enter__(self) -> Ray:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self) -> None:
        """Begin to make workers ready, and do not wait for them.

        Raises
        ------
        ParameterError, ResourceError
            If the cluster cannot be used, as `opened`.
        """
        self._connect()
        if self._started:  # a cluster elsewhere may have more workers than there are cells
            ready = ray.remote(_begin).options(runtime_env={"env_vars": _ONE_THREAD})
            for _ in range(self._cores()):
                ready.remote()

    def end(self) -> None:
        """Leave the cluster; one that was started here ends, with what it was computing."""
        if self._connected:
            disconnect()
            self._connected = self._started = False

    @contextlib.contextmanager
    def opened(self, shared: Any, cells: Sequence[Cell]) -> Iterator[_Bench]:
        """Return a bench that computes these cells with this shared data.

        Raises
        ------
        ParameterError
            If Ray is initialised with another cluster than that at the address.
        ResourceError
            If the cluster cannot be reached, has no room for the shared data, or has no node with
            the cores and GPUs of a cell.
        """
        self._connect()
        # our own cluster has no more cores than that: cells may wait in it
        most = None if self._started else self.workers
        bench = _Bench(_put(shared), cells, most)
        try:
            yield bench
        except BaseException:
            bench.cancel()
            raise

    def _connect(self) -> None:
        if not self._connected or not ray.is_initialized():
            self._connected = connect(self.address, self._cores())
            self._started = self._connected and stated_address(self.address) == "local"

    def _cores(self) -> int:
        return self.workers or loky.cpu_count()


class _Bench:
    """Hands cells to the cluster, a task each."""

    def __init__(self, shared: ray.ObjectRef, cells: Sequence[Cell], most: int | None) -> None:
        self._shared, self._most = shared, most
        self._needs = Needs(
            max(cell.needs.cpus for cell in cells),
            max(cell.needs.gpus for cell in cells),
            max(cell.needs.memory for cell in cells),
        )
        # made for each bench: Ray forgets functions when it is shut down
        self._task = ray.remote(_away)
        self._running: set[ray.ObjectRef] = set()
        self._looked, self._fit, self._waiting = float("-inf"), 0, False
        if not self._room():
            raise ResourceError(
                f"No node of the Ray cluster has what a cell needs: {self._needs.cpus} cores and "
                f"{self._needs.gpus} GPUs.",
                hint="add such a node first, or choose another device.",
            )

    @property
    def slots(self) -> int:
        """How many cells it takes at the same time, those that wait for a worker included."""
        room = self._room()
        if not room and not self._waiting:
            warnings.warn(
                "No node is left that can compute a cell; waiting for one to join the Ray cluster.",
                SteelyardWarning,
                stacklevel=2,
            )
        self._waiting = not room
        most = _AHEAD * max(room, 1)
        return most if self._most is None else min(most, self._most)

    def submit(self, job: Job, listen: Listen) -> Future[Outcome]:
        """Compute a cell in a worker of the cluster."""
        needs = job.cell.needs
        task = self._task.options(
            name=f"steelyard: {job.cell.name}",
            num_cpus=needs.cpus,
            num_gpus=needs.gpus,
            memory=self._memory(needs),
            max_retries=0,
            runtime_env={"env_vars": _ONE_THREAD},
        )
        # a worker has another working directory
        absolute = replace(job, folder=job.folder.absolute())
        reference = task.remote(self._shared, absolute, _versions())
        self._running.add(reference)
        future: Future[Outcome] = Future()
        settle = partial(self._settle, future, reference, job.cell)
        reference.future().add_done_callback(settle)
        return future

    def is_lost(self, error: BaseException) -> bool:
        """Whether a worker or its machine died."""
        return isinstance(error, _LOST)

    def cancel(self) -> None:
        """Stop what is running, and do not wait until it has stopped."""
        for reference in list(self._running):
            # a cluster that is gone has stopped already
            with contextlib.suppress(exceptions.RayError, OSError):
                ray.cancel(reference, force=True)

    def _settle(
        self, ours: Future[Outcome], reference: ray.ObjectRef, cell: Cell, theirs: Future[Outcome]
    ) -> None:
        self._running.discard(reference)
        error = theirs.exception()
        if error is None:
            ours.set_result(theirs.result())
        elif self.is_lost(error):
            ours.set_exception(error)
        else:  # an error of the work itself lies in its outcome
            explained = ResourceError(
                f"The Ray cluster could not compute {cell.name}: {last_line(error)}",
                hint="every node needs the same steelyard, with all that the work needs.",
            )
            explained.__cause__ = error
            ours.set_exception(explained)

    def _room(self) -> int:
        """Return how many cells the nodes that are there could compute at the same time."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_EVERY:
            self._looked = now
            nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            self._largest = max((node.get("memory", 0) for node in nodes), default=0)
            wanted = {
                "CPU": self._needs.cpus,
                "GPU": self._needs.gpus,
                "memory": self._memory(self._needs),
            }
            self._fit = sum(
                min(int(node.get(name, 0) // much) for name, much in wanted.items() if much)
                for node in nodes
            )
        return self._fit

    def _memory(self, needs: Needs) -> int:
        """Return what to ask for: who needs more than any node has gets a whole one, and tries."""
        return int(min(_LIBRARIES + needs.memory, self._largest))


def _put(shared: Any) -> ray.ObjectRef:
    try:
        return ray.put(shared)
    except (exceptions.ObjectStoreFullError, exceptions.OutOfDiskError) as error:
        raise ResourceError(
            f"The Ray cluster has no room for the data: {last_line(error)}",
            hint="start it with a larger --object-store-memory, or choose the engine local.",
        ) from error


def _begin() -> None:
    """Make a worker ready: to find this it has imported what cells need."""


def _away(shared: Any, job: Job, versions: dict[str, str]) -> Outcome:
    """Compute a cell in a worker, unless its numbers would be others than here."""
    mine = _versions()
    other = [name for name in versions if mine.get(name, versions[name]) != versions[name]]
    if other:
        told = ", ".join(f"{name} {mine[name]} instead of {versions[name]}" for name in other)
        return Outcome(
            0.0,
            error=ResourceError(
                f"A worker of the Ray cluster has {told}.",
                hint="results depend on it: install the same versions on every node.",
            ),
        )
    # The data lie in memory that all workers of a machine share, so that numpy calls them
    # read-only. torch would have to trust us that we do not write: we only read.
    warnings.filterwarnings("ignore", "The given NumPy array is not writable", UserWarning)
    return perform(shared, job)


@cache
def _versions() -> dict[str, str]:
    """Return the versions of what computes here; what is not installed is left out."""
    found = {
        "steelyard": steelyard.__version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
    }
    for name in _COMPUTING:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
