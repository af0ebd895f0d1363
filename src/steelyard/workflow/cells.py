"""`Cell`: what is computed in one piece and stored in one file, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class Needs:
    """What a cell takes while it is computed.

    Parameters
    ----------
    cpus, gpus : int
        Cores and GPUs.
    memory : int
        Bytes, beside the shared data.
    """

    cpus: int = 1
    gpus: int = 0
    memory: int = 0


@dataclass(frozen=True)
class Cell:
    """One piece of work.

    Parameters
    ----------
    address : str
        Fingerprint of everything that determines the result, but not of the machine.
    name : str
        What a message or a table calls it.
    task : object
        What `Compute` is told beside the shared data; it can be pickled.
    steps : int
        Units of progress, for instance epochs of networks.
    needs : Needs
        What it takes.
    """

    address: str
    name: str
    task: Any
    steps: int = 1
    needs: Needs = field(default_factory=Needs)


@dataclass(frozen=True, eq=False)
class Content:
    """What comes of a cell: plain arrays by name, and plain values."""

    arrays: Mapping[str, np.ndarray]
    metadata: Mapping[str, Any]


Report = Callable[[int], None]  # told how many of a cell's steps are done


class Compute(Protocol):
    """A function at the top of a module, so that a worker can be told its name."""

    def __call__(
        self, shared: Any, task: Any, report: Report, checkpoint: Path | None, /
    ) -> Content:
        """Return the content of a cell.

        Parameters
        ----------
        shared : object
            What all cells share, for instance the data.
        task : object
            The cell's own.
        report : callable
            To be told of steps done.
        checkpoint : path or None
            A folder in which a long cell may keep what it needs to go on; None where nothing lasts.
        """
