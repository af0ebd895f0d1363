"""Every run below a folder; one that is damaged is listed as such."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from steelyard._support.errors import DataError, DataNotFoundError, SteelyardError
from steelyard._support.storage import read_json
from steelyard.records.run_folder import CELLS, MANIFEST, VERDICT, WORK
from steelyard.workflow.runs.state import RunState, read_run

_TRACKED = re.compile("/[0-9a-f]{32}/artifacts$")  # what `track` gave to MLflow is no run
DEPTH = 4  # levels of folders that are searched
_KINDS = {MANIFEST: "Manifest", WORK: "Work"}
_OURS = {WORK, VERDICT, CELLS}  # beside a manifest that cannot be read: a damaged run


@dataclass(frozen=True)
class Listed:
    """A run, or why it cannot be read.

    Parameters
    ----------
    path : str
        Its folder.
    run : RunState, optional
        None where it is damaged.
    reason : str
        What is wrong with it; empty where nothing is.
    """

    path: str
    run: RunState | None
    reason: str = ""


def list_runs(folder: str | Path = ".") -> list[Listed]:
    """Return every run below a folder, by path; one broken run does not hide the others.

    Parameters
    ----------
    folder : path
        Where to look, `DEPTH` levels down; links and hidden folders are not followed.

    Raises
    ------
    DataNotFoundError
        If there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataNotFoundError(
            f"There is no folder {str(folder)!r}.", hint="check the path and the working folder."
        )
    return [_listed(path) for path in sorted(_found(folder))]


def _found(folder: Path) -> Iterator[Path]:
    for parent, names, files in os.walk(folder):
        path = Path(parent)
        if _is_run(path, {*names, *files}):
            names.clear()
            if not _TRACKED.search(path.as_posix()):
                yield path
        elif len(path.relative_to(folder).parts) >= DEPTH:
            names.clear()
        names[:] = [name for name in names if not name.startswith(".")]


def _is_run(folder: Path, names: set[str]) -> bool:
    """Whether a folder is a run: one of its two documents is ours, or was."""
    there = names & set(_KINDS)
    for name in there:
        try:
            read_json(folder / name, _KINDS[name])
        except (DataError, OSError):  # not ours, not there, or not for us to read
            continue
        return True
    return bool(there) and len(names & _OURS) > 1


def _listed(path: Path) -> Listed:
    try:
        return Listed(str(path), read_run(path))
    except SteelyardError as error:
        return Listed(str(path), None, str(error))
