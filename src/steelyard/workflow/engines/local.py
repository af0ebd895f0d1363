"""The engine `local`: processes of this machine, one thread each.

Workers are loky's: they need no ``if __name__ == "__main__"`` in the user's script, and one that is
killed is noticed. The shared data lie in one file that every worker maps, so that they are in
memory once.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path
from typing import Any

import joblib
import loky
import psutil
from loky.backend import resource_tracker
from loky.process_executor import BrokenProcessPool, TerminatedWorkerError
from threadpoolctl import threadpool_limits

from steelyard._support.validation import check_integer
from steelyard.training import free_bytes
from steelyard.workflow.cells import Cell
from steelyard.workflow.engines.engine import Listen
from steelyard.workflow.engines.perform import Job, Outcome, perform

# Ours: what starting the workers costs, mostly the import of torch; work is handed to them only
# if that saves more.
_START = 3.0
# Ours: workers started before it is known whether there is work for them.
_EARLY = 2
_IDLE = 30.0  # seconds after which a worker without work ends
_MEMORY_SHARE = 0.8  # of what is free, for all workers together
_POLL = 0.5  # seconds between two looks whether the conducting process still lives
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class Local:
    """Computes cells in processes of this machine.

    The first cell is computed in this process. If the rest is a matter of seconds it stays here;
    where the cells are, their bits are the same.

    Parameters
    ----------
    workers : int, optional
        Processes; None takes as many as there are cores, 1 computes everything in this process.

    Raises
    ------
    ParameterError
        If it is no positive number.
    """

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None:
            check_integer(workers, "workers", "Local", 1)
        self.workers = workers or loky.cpu_count()
        self._pool: list[_Worker] = []

    def __enter__(self) -> Local:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self) -> None:
        """Begin to make the workers ready, and do not wait for them."""
        if self.workers > 1:
            self._hire(min(self.workers, _EARLY))

    def end(self) -> None:
        """End the workers at once; what they were computing is lost."""
        for worker in self._pool:
            worker.end()
        self._pool = []

    @contextlib.contextmanager
    def opened(self, shared: Any, cells: Sequence[Cell]) -> Iterator[_Bench]:
        """Return a bench that computes these cells with this shared data."""
        need = max((cell.needs.memory for cell in cells), default=0)
        alone = len(cells) < 2 or any(cell.needs.gpus for cell in cells)
        most = 1 if alone else min(self.workers, len(cells), _that_fit(need))
        bench = _Bench(self, shared, most, len(cells))
        try:
            # in one thread here too: some libraries add in another order with two
            with threadpool_limits(1):
                yield bench
        except BaseException:
            self.end()
            raise
        finally:
            bench.close()

    def _hire(self, n: int) -> list[_Worker]:
        self._pool = [one for one in self._pool if not one.lost]
        self._pool += [_Worker() for _ in range(n - len(self._pool))]
        return self._pool[:n]


class _Worker:
    """One process, by itself: if it dies, it costs the others nothing."""

    def __init__(self) -> None:
        self._executor = loky.ProcessPoolExecutor(
            1, timeout=_IDLE, initializer=_begin, initargs=(os.getpid(),), env=_ONE_THREAD
        )
        # an interruption from the keyboard reaches workers too; it is for the process that conducts
        main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
        try:
            self._start = self._executor.submit(os.getpid)  # the process starts with its first work
        finally:
            if main:
                signal.signal(signal.SIGINT, before)
        self._job: Future | None = None
        self._died_idle = False

    @property
    def ready(self) -> bool:
        """Whether it has started and has nothing to do."""
        return self._start.done() and not self.busy

    @property
    def busy(self) -> bool:
        """Whether it has a cell to compute."""
        return self._job is not None and not self._job.done()

    @property
    def lost(self) -> bool:
        """Whether its process has died."""
        last = self._job or self._start
        return self._died_idle or (last.done() and isinstance(last.exception(), BrokenProcessPool))

    def submit(self, path: str, job: Job) -> Future[Outcome] | None:
        """Compute a cell; None if the process has died since its last one."""
        try:
            self._job = self._executor.submit(_away, path, job)
        except BrokenProcessPool:
            self._died_idle = True
            return None
        return self._job

    def end(self) -> None:
        self._executor.shutdown(wait=True, kill_workers=True)


class _Bench:
    """Decides where each cell is computed: here, or by a worker."""

    def __init__(self, engine: Local, shared: Any, most: int, n_cells: int) -> None:
        self._engine, self._shared, self._most, self._left = engine, shared, most, n_cells
        self._away = False
        self._longest = 0.0
        self._folder: str | None = None

    @property
    def slots(self) -> int:
        """How many cells are computed at the same time."""
        return self._most if self._away else 1

    def submit(self, job: Job, listen: Listen) -> Future[Outcome]:
        """Compute a cell, here or by a worker."""
        if not self._away:
            self._away = self._pays()
        self._left -= 1
        if not self._away:
            return self._here(job, listen)
        while True:
            workers = self._engine._hire(self._most)
            # one that is still starting has no work yet either; it is the second choice
            free = [one for one in workers if one.ready] or [one for one in workers if not one.busy]
            future = free[0].submit(self._file(), job)
            if future is not None:
                return future

    def is_lost(self, error: BaseException) -> bool:
        """Whether a worker died; the next `submit` starts another."""
        return isinstance(error, TerminatedWorkerError)  # others say that a task cannot be read

    def close(self) -> None:
        """Remove the file of the shared data."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._file())
                os.rmdir(self._folder)
            resource_tracker.unregister(self._folder, "folder")

    def _here(self, job: Job, listen: Listen) -> Future[Outcome]:
        started = time.perf_counter()
        future: Future[Outcome] = Future()
        future.set_result(perform(self._shared, job, listen))
        self._longest = max(self._longest, time.perf_counter() - started)
        return future

    def _pays(self) -> bool:
        if self._most == 1:
            return False
        if self._engine._pool and all(one.ready for one in self._engine._pool):
            return True
        saved = self._left * self._longest * (1 - 1 / self._most)
        return saved > _START

    def _file(self) -> str:
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="steelyard-")
            # removed by loky's tracker if this process is killed
            resource_tracker.register(self._folder, "folder")
            joblib.dump(self._shared, Path(self._folder) / "shared")
        return str(Path(self._folder) / "shared")


def _away(path: str, job: Job) -> Outcome:
    return perform(_loaded(path), job)


@lru_cache(maxsize=1)
def _loaded(path: str) -> Any:
    # written by the process that started this worker, in a folder that is its user's alone;
    # mapped copy-on-write: pages are shared, and torch may take arrays that look writable
    return joblib.load(path, mmap_mode="c")


def _begin(parent: int) -> None:
    """Make a worker ready; it ends with the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    importlib.import_module("steelyard.workflow")


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL)
    os._exit(1)


def _that_fit(need: int) -> int:
    """Return how many workers fit into memory: libraries and shared data, and their cell's need."""
    own = psutil.Process().memory_info().rss
    return max(1, int(_MEMORY_SHARE * free_bytes()) // (own + need))
