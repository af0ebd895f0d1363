"""The names of a run folder, and whose folder it is."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from steelyard._support.errors import DataError, DataNotFoundError, OutputError
from steelyard._support.storage import UNFINISHED, header, read_json, write_json

MANIFEST = "manifest.json"
REPORT = "report.html"
VERDICT = "verdict.json"
SCORES = "scores.parquet"
PLAN = "plan.parquet"
PREDICTIONS = "predictions.parquet"
SAMPLES = "samples.parquet"
EVALUATION = {"validation": "evaluation-validation.json", "test": "evaluation-test.json"}
GALLERY = {"table": "gallery.parquet", "image": "gallery.npz"}
ALWAYS = (VERDICT, SCORES, PLAN, PREDICTIONS, SAMPLES, *EVALUATION.values())  # and one gallery
RECORDS = (*ALWAYS, *GALLERY.values())

# of the store of trainings; `steelyard.workflow.store` says what they hold
WORK, CELLS, INDEX, WORKERS, CHECKPOINTS = (
    "work.json", "cells", "index.sqlite", "workers", "unfinished",
)  # fmt: skip
_LOCK = "run.lock"
_STORE = {
    WORK, CELLS, INDEX, *(f"{INDEX}-{what}" for what in ("wal", "shm", "journal")), WORKERS,
    CHECKPOINTS, _LOCK,
}  # fmt: skip


def require_own_folder(folder: str | Path) -> Path:
    """Return the folder if a run may be written there; nothing is touched.

    Raises
    ------
    OutputError
        If the path is a file, a folder with files but without a steelyard run, or a run whose
        trainings are kept elsewhere by a link: they are replaced and removed by their names.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise OutputError(
            f"The output {str(folder)!r} is a file, not a folder.", hint="choose another --out."
        )
    if folder.is_dir() and not _is_ours(folder):
        raise OutputError(
            f"The folder {str(folder)!r} holds files that are not a steelyard run.",
            hint="choose a new or empty folder with --out; nothing was overwritten.",
        )
    cells = [f"{CELLS}/{one.name}" for one in (folder / CELLS).glob("*")]
    for name in (*sorted(_STORE), *cells):
        try:
            require_inside(folder, name)
        except DataError as error:
            raise OutputError(error.message, error.hint) from error
    return folder


def require_no_weighing(folder: str | Path | None) -> None:
    """Raise if a folder holds a weighing, whose records another run's trainings would orphan.

    Raises
    ------
    OutputError
        Saying what to do instead.
    """
    if folder is not None and (Path(folder) / MANIFEST).exists():
        raise OutputError(
            f"The folder {str(folder)!r} holds a weighing; its records would no longer be those "
            "of the trainings beside them.",
            hint="keep this run in another folder with --run.",
        )


def claim_folder(folder: str | Path) -> Path:
    """Mark a folder as a run that is being written, or refuse one that is not ours.

    Until the last file is written its manifest says "running", and it cannot be loaded. What an
    earlier run left and this one may not replace is removed: its page, its gallery, and files
    that a killed process left unfinished.

    Raises
    ------
    OutputError
        As `require_own_folder`, or if the folder cannot be written.
    """
    folder = require_own_folder(folder)
    write_json(header("Manifest", status="running"), folder / MANIFEST)
    names = [folder / name for name in (REPORT, *GALLERY.values())]
    for stale in [*names, *folder.glob(f".*{UNFINISHED}")]:
        stale.unlink(missing_ok=True)
    return folder


@contextlib.contextmanager
def alone_in(folder: str | Path) -> Iterator[None]:
    """Wait until no other process holds this folder, and hold it while the block runs.

    The operating system drops the lock with the process, however that ends.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    lock = FileLock(Path(folder) / _LOCK, thread_local=False)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise OutputError(
            f"Cannot keep a run in {str(folder)!r}: {error.strerror or error}.",
            hint="choose a folder that can be written, or free some space.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, as the manifest holds it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_unchanged(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise unless the manifest speaks of the records of a run, and they are as it says.

    Nothing is opened that has another name, or stands outside the folder.

    Raises
    ------
    DataError
        If the manifest names another file, or not all; if one is missing, was changed, or is a
        link to somewhere else.
    """
    files, gallery = manifest.get("files"), manifest.get("gallery")
    files = files if isinstance(files, dict) else {}
    wrong = set(files) ^ {*ALWAYS, str(gallery)}
    if gallery not in tuple(GALLERY.values()):
        wrong.add(str(gallery))
    if wrong:
        raise DataError(
            f"{str(folder / MANIFEST)!r} must name each file that a run writes, and no other. "
            f"It is wrong about {', '.join(repr(name[:80]) for name in sorted(wrong)[:5])}.",
            hint="run the same command again, and read no run that somebody tampered with.",
        )
    for name, expected in files.items():
        require_inside(folder, name)
        if not (folder / name).is_file() or digest(folder / name) != expected:
            raise DataError(
                f"{str(folder / name)!r} is missing or was changed since the run wrote it.",
                hint="run the same command again.",
            )


def require_inside(folder: Path, name: str) -> None:
    """Raise if a name of a run folder is a link that leads out of it.

    Raises
    ------
    DataError
        If it does.
    """
    where = Path(os.path.realpath(folder / name))  # Path.resolve gives up on links in a circle
    if not where.is_relative_to(os.path.realpath(folder)):
        raise DataError(
            f"{str(folder / name)!r} is a link that leads out of the run folder.",
            hint="if you trust what it leads to, put that in place of the link.",
        )


def _is_ours(folder: Path) -> bool:
    names = {one.name for one in folder.iterdir() if not one.name.endswith(UNFINISHED)}
    if not names or (_LOCK in names and names <= _STORE):
        return True  # a process may have been killed before it wrote the first record
    for name, kind in ((MANIFEST, "Manifest"), (WORK, "Work")):
        with contextlib.suppress(DataError, DataNotFoundError):
            read_json(folder / name, kind)
            return True
    return False
