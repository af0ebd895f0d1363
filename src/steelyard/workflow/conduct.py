"""Compute what is missing of the declared cells, share it with others at work, lose nothing."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from steelyard._support.errors import (
    DataError,
    DataNotFoundError,
    ResourceError,
    SteelyardWarning,
)
from steelyard._support.progress import Progress, silent
from steelyard.workflow.cells import Cell, Compute, Content
from steelyard.workflow.engines.engine import Engine, Listen
from steelyard.workflow.engines.perform import Job, Outcome
from steelyard.workflow.store import Store, read_cell, warn_of_damage, write_cell

_POLL = 0.25  # seconds between two looks at what workers and other processes have done
_NOTES = 50  # notes of workers read in one look: a thousand would keep a shared disk busy
_DEATHS = 3  # workers that a cell may cost before it is given up


def conduct(
    cells: Sequence[Cell],
    compute: Compute,
    shared: Any,
    store: Store,
    engine: Engine,
    progress: Progress = silent,
) -> Iterator[Content]:
    """Yield the content of every cell in order; what the store lacks is computed first.

    Processes that conduct the same cells in one store share the work: each cell is claimed before
    it is computed, and a claim of a process that died is taken over.

    Parameters
    ----------
    cells : sequence of Cell
        What is wanted.
    compute : callable
        How a cell is computed.
    shared : object
        What all cells share.
    store : Store
        Open.
    engine : Engine
        Where cells are computed.
    progress : callable
        Told of steps, of the cells that were missing.

    Raises
    ------
    OutputError
        If a result cannot be stored; what is stored stays.
    ResourceError
        If a cell has cost three workers their lives.
    Exception
        The first error of a cell.
    """
    _compute_missing(cells, compute, shared, store, engine, progress)
    for cell in cells:
        try:
            yield read_cell(store.folder, cell.address)
        except (DataError, DataNotFoundError):
            warn_of_damage(cell.address)
            store.discard(cell.address)
            _compute_missing([cell], compute, shared, store, engine, silent)
            yield read_cell(store.folder, cell.address)


def _compute_missing(
    cells: Sequence[Cell],
    compute: Compute,
    shared: Any,
    store: Store,
    engine: Engine,
    progress: Progress,
) -> None:
    there = store.finished()
    missing = {cell.address: cell for cell in cells if cell.address not in there}
    tally = _Tally(missing, len({cell.address for cell in cells}), progress)
    if not missing:
        return
    with engine.opened(shared, list(missing.values())) as bench:
        todo, elsewhere = deque(missing.values()), deque[Cell]()
        running: dict[Future[Outcome], Cell] = {}
        deaths: dict[str, int] = {}
        while todo or running or elsewhere:
            while todo and len(running) < bench.slots:
                cell = todo.popleft()
                if store.claim(cell):
                    job = Job(compute, cell, store.folder, store.presence.token)
                    running[bench.submit(job, tally.of(cell))] = cell
                else:
                    elsewhere.append(cell)
            if running:
                finished, _ = wait(running, _POLL, FIRST_COMPLETED)
                for future in finished:
                    cell = running.pop(future)
                    error = future.exception()
                    if error is None:
                        _keep(future.result(), cell, store)
                        tally.finish(cell)
                    elif bench.is_lost(error) and store.adopt(cell):
                        tally.finish(cell)
                    elif bench.is_lost(error):
                        _count_death(deaths, cell)
                        store.give_back(cell)
                        todo.append(cell)
                    else:
                        raise error
                tally.look(running.values(), store)
            elif elsewhere and not todo:
                tally.say(f"waiting for another process that computes {len(elsewhere)} of them")
                todo = _no_longer_elsewhere(elsewhere, store, tally)
    tally.end()


def _keep(outcome: Outcome, cell: Cell, store: Store) -> None:
    for message in outcome.warnings:
        warnings.warn(message, SteelyardWarning, stacklevel=2)
    if outcome.error is not None:
        raise outcome.error
    if outcome.content is not None:  # of a worker that does not see the folder
        write_cell(store.folder, cell, outcome.content)
    store.record(cell, outcome.seconds)


def _count_death(deaths: dict[str, int], cell: Cell) -> None:
    deaths[cell.address] = deaths.get(cell.address, 0) + 1
    if deaths[cell.address] >= _DEATHS:
        raise ResourceError(
            f"{_DEATHS} workers died while they computed {cell.name}.",
            hint="most often memory was exhausted: use fewer workers, a smaller batch or a larger "
            "machine; what is finished is kept.",
        )


def _no_longer_elsewhere(elsewhere: deque[Cell], store: Store, tally: _Tally) -> deque[Cell]:
    """Wait a little for other processes; return the cells that nobody computes any more."""
    time.sleep(_POLL)
    store.take_over()
    there, claimed = store.finished(), store.claimed()
    left = deque[Cell]()
    for _ in range(len(elsewhere)):
        cell = elsewhere.popleft()
        if cell.address in there:
            tally.finish(cell)
        elif cell.address in claimed:
            elsewhere.append(cell)
        else:
            left.append(cell)
    return left


class _Tally:
    """Counts steps of the missing cells, of finished ones and of those that are under way."""

    def __init__(self, missing: dict[str, Cell], n_cells: int, progress: Progress) -> None:
        self._total = sum(cell.steps for cell in missing.values())
        self._progress = progress
        self._steps: dict[str, int] = {}
        self._looks = 0
        kept = n_cells - len(missing)
        self.say(f"{n_cells} cells" + (f", {kept} of them kept from before" if kept else ""))

    def of(self, cell: Cell) -> Listen:
        """Return what a cell that is computed in this process reports to."""

        def listen(steps: int) -> None:
            self._steps[cell.address] = steps
            self.say(cell.name)

        return listen

    def finish(self, cell: Cell) -> None:
        """Count all of a cell's steps."""
        self.of(cell)(cell.steps)

    def look(self, running: Iterable[Cell], store: Store) -> None:
        """Read what the workers noted, some of them each time."""
        cells = list(running)
        turns = -(-len(cells) // _NOTES) or 1
        self._looks += 1
        for cell in cells[self._looks % turns :: turns]:
            note = store.presence.folder / cell.address
            with contextlib.suppress(OSError, ValueError):  # not written yet, or just now
                self.of(cell)(min(int(note.read_text()), cell.steps))

    def end(self) -> None:
        """Say that all is done."""
        self._progress(self._total, self._total, "computed")

    def say(self, what: str) -> None:
        """Tell what is going on."""
        self._progress(sum(self._steps.values()), self._total, what)
