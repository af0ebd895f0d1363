"""Train more runs until two halves of them agree on the hardest samples."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_integer, check_real
from steelyard.hardness import halves_share, values_by_run
from steelyard.workflow.evidence import comes_of_training
from steelyard.workflow.scores import Growth

# gathers so many runs, the first of which were gathered in these steps
Gather = Callable[[int, Sequence[int]], list[Any]]


def gather_until(
    gather: Gather,
    name: str,
    *,
    until: float,
    share: float,
    runs: int,
    most_runs: int,
    seed: int,
) -> tuple[list[Any], Growth]:
    """Gather runs until two halves of them share enough of their hardest samples.

    What stops it is the mean over many ways to halve the runs. Two ensembles of all runs would
    share more than their halves do, so that it stops rather late than early. Equal values are drawn
    in each half by itself: a score that leaves its hardest open does not agree. It looks after each
    ``runs`` runs, and so may stop a step early by luck where the curve is flat; the stability that
    is stated afterwards is of the final runs.

    Parameters
    ----------
    gather : callable
        Takes a number of runs and the numbers before it; returns the records of all runs.
    name : str
        The score that decides.
    until : float
        The share of the hardest that two halves are to have in common, in (0, 1).
    share : float
        The share of all samples that is the hardest, in (0, 1).
    runs : int
        Runs to begin with, and to add.
    most_runs : int
        Where it ends in any case.
    seed : int
        From which the halves derive.

    Raises
    ------
    ParameterError
        If a number lies outside its range, or the score comes of no training.
    """
    check_adaptive(name, until, share, runs, most_runs)
    steps: list[tuple[int, float]] = []
    before: list[int] = []
    total = runs
    while True:
        records = gather(total, tuple(before))
        values = values_by_run(records, name)
        if len(values) > 1:
            ids = next(one.ids for one in records)
            shared = halves_share(values, ids, share=share, seed=seed)
            steps.append((total, shared))
            if shared >= until or total >= most_runs:
                return records, Growth(name, share, until, tuple(steps))
        before.append(total)
        total = min(total + runs, most_runs)


def check_adaptive(name: str, until: float, share: float, runs: int, most_runs: int) -> None:
    """Raise unless `gather_until` can do with that score and these numbers."""
    check_real(until, "until", "score", 0, 1, "()")
    check_real(share, "share", "score", 0, 1, "()")
    check_integer(most_runs, "most_runs", "score", max(runs, 2))
    if not comes_of_training(name):
        raise ParameterError(
            f"The score {name!r} comes of no training, and more runs do not change it.",
            hint="name another score first, or leave 'until' out.",
        )


@contextlib.contextmanager
def kept(run: str | Path | None) -> Iterator[str | Path]:
    """Yield the folder that keeps the trainings of every step; a temporary one by default."""
    if run is not None:
        yield run
        return
    with tempfile.TemporaryDirectory(prefix="steelyard-", ignore_cleanup_errors=True) as folder:
        yield folder
