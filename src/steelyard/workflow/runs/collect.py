"""Remove from a run what nothing refers to any more."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from steelyard._support.errors import DataError, OutputError, SteelyardError
from steelyard._support.storage import UNFINISHED, read_json
from steelyard.records.run_folder import CELLS, CHECKPOINTS, MANIFEST, WORK, WORKERS
from steelyard.workflow.presence import living
from steelyard.workflow.runs.state import no_run, size_of
from steelyard.workflow.store import Store, cell_path, stored_addresses

_ASIDE = re.compile(rf"\..+\.[0-9a-f]{{8}}{re.escape(UNFINISHED)}")  # as `written_aside` names


@dataclass(frozen=True)
class Leftover:
    """What nothing refers to.

    Parameters
    ----------
    kind : {"cell", "checkpoint", "unfinished file", "dead process"}
        What it is: a cell that is not declared, what a cell that is there or is not declared
        needed to go on, a file that a killed process was writing, the trace of a killed process.
    path : Path
        A file or a folder of the run.
    bytes : int
        Its size.
    """

    kind: str
    path: Path
    bytes: int


def collect(folder: str | Path, *, dry_run: bool = False) -> list[Leftover]:
    """Remove what nothing refers to, and return it.

    Parameters
    ----------
    folder : path
        A run.
    dry_run : bool
        Return what would be removed, and touch nothing.

    Raises
    ------
    DataNotFoundError, DataError
        If the folder is no run, or what it declares cannot be read.
    OutputError
        If another process is at work in it, or it cannot be written.
    """
    folder = Path(folder)
    _require_run(folder)
    if living(folder / WORKERS):
        raise OutputError(
            f"A process is at work in {str(folder)!r}.", hint="wait for it, or stop it first."
        )
    try:
        found = list(_leftovers(folder))
        return found if dry_run or not found else _removed(folder, found)
    except SteelyardError:
        raise
    except OSError as error:
        raise OutputError(
            f"Cannot tidy up {str(folder)!r}: {error.strerror or error}.",
            hint="check the folder's permissions; what is of use was left alone.",
        ) from error


def _removed(folder: Path, found: list[Leftover]) -> list[Leftover]:
    told = {one.path: one for one in found}  # opening the run tidies up some of it
    with Store(folder) as store, store.alone():
        for one in _leftovers(folder):
            told[one.path] = one
            if one.kind == "cell":
                store.discard(one.path.stem)
            elif one.path.is_dir():
                shutil.rmtree(one.path)
            else:
                one.path.unlink(missing_ok=True)
        for parent in _folders(folder / CELLS):
            with contextlib.suppress(OSError):  # in use
                parent.rmdir()
    return [one for one in told.values() if not one.path.exists()]


def _require_run(folder: Path) -> None:
    if folder.is_file():
        raise DataError(
            f"{str(folder)!r} is a file, not a run folder.", hint="an exported file keeps no more."
        )
    for name, kind in ((WORK, "Work"), (MANIFEST, "Manifest")):
        if (folder / name).is_file():
            read_json(folder / name, kind)
            return
    raise no_run(folder)


def _leftovers(folder: Path) -> Iterator[Leftover]:
    kept = _folders(folder / CHECKPOINTS)
    if (folder / WORK).is_file():  # without it nothing is known to be superfluous
        declared = _declared(folder)
        stored = set(stored_addresses(folder)) if (folder / CELLS).is_dir() else set()
        for address in sorted(stored - declared):
            path = cell_path(folder, address)
            yield Leftover("cell", path, path.stat().st_size)
        wanted = declared - stored
        for path in kept:
            if path.name not in wanted:
                yield Leftover("checkpoint", path, size_of(path))
        kept = [path for path in kept if path.name in wanted]
    alive = living(folder / WORKERS)
    for path in _folders(folder / WORKERS):
        if path.name not in alive:
            yield Leftover("dead process", path, size_of(path))
    for parent in (folder, *_folders(folder / CELLS), *kept):
        for entry in sorted(os.scandir(parent), key=lambda entry: entry.name):
            if entry.is_file(follow_symlinks=False) and _ASIDE.fullmatch(entry.name):
                yield Leftover("unfinished file", Path(entry.path), entry.stat().st_size)


def _declared(folder: Path) -> set[str]:
    try:
        return set(read_json(folder / WORK, "Work")["cells"])
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{str(folder / WORK)!r} does not say which cells the run is to have.",
            hint="run the same command again; nothing was removed.",
        ) from error


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.is_symlink())
