"""What a worker does with a cell: compute it, store it, and say how that went."""

from __future__ import annotations

import contextlib
import copy
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steelyard._support.errors import SteelyardError, SteelyardWarning
from steelyard.records.run_folder import WORKERS
from steelyard.workflow.cells import Cell, Compute, Content, Report
from steelyard.workflow.store import checkpoint_path, write_cell

_TELL_EVERY = 0.25  # seconds between two notes of a worker


@dataclass(frozen=True)
class Job:
    """A cell to compute.

    Parameters
    ----------
    compute : callable
        How.
    cell : Cell
        What.
    folder : Path
        The run.
    token : str
        The process that conducts, as its `Presence` calls it.
    """

    compute: Compute
    cell: Cell
    folder: Path
    token: str

    @property
    def note(self) -> Path:
        """The file in which a worker says how many steps are done."""
        return self.folder / WORKERS / self.token / self.cell.address


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a job.

    Parameters
    ----------
    seconds : float
        How long it took.
    warnings : tuple of str
        What there was to say.
    error : Exception, optional
        Why it failed.
    content : Content, optional
        The result, where the worker could not see the run's folder and so did not store it.
    """

    seconds: float
    warnings: tuple[str, ...] = ()
    error: Exception | None = None
    content: Content | None = None


def perform(shared: Any, job: Job, report: Report | None = None) -> Outcome:
    """Compute and store a cell; a failure is returned, not raised.

    Parameters
    ----------
    shared : object
        What all cells share.
    job : Job
        What to do.
    report : callable, optional
        Told of steps done; None writes them into the job's note.
    """
    started = time.perf_counter()
    error, content = None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SteelyardWarning)
        # a worker elsewhere may not see the folder; what it finds travels back instead
        visible = job.note.parent.is_dir()
        checkpoint = checkpoint_path(job.folder, job.cell.address) if visible else None
        report = report or (_Notes(job.note) if visible else lambda _: None)
        try:
            content = job.compute(shared, job.cell.task, report, checkpoint)
            if visible:
                write_cell(job.folder, job.cell, content)
                content = None
        except Exception as raised:
            if not isinstance(raised, SteelyardError):  # a defect: the traceback stays here
                raised.add_note(traceback.format_exc())
            error, content = _sendable(raised), None
    said = [str(one.message) for one in caught if issubclass(one.category, SteelyardWarning)]
    return Outcome(time.perf_counter() - started, tuple(said), error, content)


def _sendable(error: Exception) -> Exception:
    """Return an error that can be made again in another process; not every class of them can."""
    try:
        copy.deepcopy(error)  # goes the way of pickling
    except Exception:
        sendable = RuntimeError(f"{type(error).__name__}: {error}")
        for note in getattr(error, "__notes__", ()):
            sendable.add_note(note)
        return sendable
    return error


class _Notes:
    """Writes now and then how many steps are done."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = time.monotonic()

    def __call__(self, steps: int) -> None:
        now = time.monotonic()
        if now - self._last >= _TELL_EVERY:
            self._last = now
            with contextlib.suppress(OSError):  # a full disk is told where it matters
                self._path.write_text(str(steps))
