"""Counts the epochs that stacks close side by side, and stops them all when one fails."""

from __future__ import annotations

import threading

from steelyard._support.progress import Progress


class Stopped(Exception):
    """Another stack has failed, or the user has interrupted."""


class Tally:
    """What the stacks of an ensemble report to.

    Parameters
    ----------
    total : int
        Epochs of all networks.
    n_networks : int
        How many networks that is.
    progress : callable
        Told of each change.
    """

    def __init__(self, total: int, n_networks: int, progress: Progress) -> None:
        self._total, self._progress = total, progress
        self._what = f"{n_networks} networks as one" if n_networks > 1 else "one network"
        self._done = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def add(self, n_epochs: int) -> None:
        """Count epochs; a stack that begins again takes its own back with a negative number."""
        with self._lock:
            self._done += n_epochs
            self._progress(self._done, self._total, self._what)

    def finish(self) -> None:
        """Say that all is done, early stops included."""
        self._progress(self._total, self._total, "trained")

    def stop(self) -> None:
        """Let every stack end at its next step."""
        self._stopped.set()

    def go_on(self) -> None:
        """Do nothing, or end the stack that asks.

        Raises
        ------
        Stopped
            If `stop` was called.
        """
        if self._stopped.is_set():
            raise Stopped
