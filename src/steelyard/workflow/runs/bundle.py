"""One run as one file that opens elsewhere, and the way back."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from steelyard._support.errors import DataError, OutputError, ParameterError, SteelyardError
from steelyard._support.storage import UNFINISHED, read_json, written_aside
from steelyard.records.run_folder import (
    CELLS,
    MANIFEST,
    RECORDS,
    REPORT,
    WORK,
    alone_in,
    digest,
    require_unchanged,
)
from steelyard.workflow.runs.archive import pack, unpack
from steelyard.workflow.runs.state import RunState, read_run
from steelyard.workflow.store import cell_path


def export_run(folder: str | Path, file: str | Path, *, cells: bool = True) -> list[str]:
    """Write a complete run into one file; equal runs give equal bytes.

    Parameters
    ----------
    folder : path
        The run.
    file : path
        The zip to write.
    cells : bool
        Take the cells along, so that more repetitions elsewhere go on from them.

    Returns
    -------
    list of str
        The names of what it holds.

    Raises
    ------
    DataNotFoundError, DataError
        If there is no run, it did not finish, or a record was changed.
    ParameterError
        If nothing would be left without the cells.
    OutputError
        If the file cannot be written; nothing is left half-written.
    """
    folder, file = Path(folder), Path(file)
    if folder.is_file():
        raise DataError(f"{str(folder)!r} is a file, not a run folder.", hint="copy it as it is.")
    run = read_run(folder)
    if run.status != "complete":
        raise DataError(
            f"The run in {str(folder)!r} did not finish.",
            hint="wait for it." if run.at_work else "run the same command again.",
        )
    if not cells and run.verdict is None:
        raise ParameterError(
            f"The run in {str(folder)!r} has nothing but cells.", hint="export it with them."
        )
    files = {name: folder / name for name in _names(folder, run)}
    if cells:
        there = {cell.address for cell in run.cells}
        for path in (cell_path(folder, one) for one in run.declared if one in there):
            files[path.relative_to(folder).as_posix()] = path
    expected = {}
    if MANIFEST in files:
        manifest = read_json(folder / MANIFEST, "Manifest")
        expected = {**manifest["files"], MANIFEST: digest(folder / MANIFEST)}
    with written_aside(file) as aside:
        written = pack(files, aside)
        for name, sha256 in expected.items():
            if written.get(name) != sha256:
                raise DataError(
                    f"{str(folder / name)!r} is missing or was changed since the run wrote it.",
                    hint="run the same command again.",
                )
    return sorted(written)


def open_run(file: str | Path, folder: str | Path) -> RunState:
    """Unpack an exported run into a new or empty folder, whole or not at all.

    The page is left behind, since it may hold scripts: `steelyard.report` draws it from the
    records, whose digests are compared.

    Parameters
    ----------
    file : path
        What `export_run` wrote.
    folder : path
        The folder to make.

    Raises
    ------
    DataNotFoundError, DataError
        If there is no such file, or it holds anything else than one whole run.
    OutputError
        If the folder holds files, or cannot be written.
    """
    file, folder = Path(file), Path(folder)
    _require_free(folder)
    with _renamed_to(folder) as aside:
        unpack(file, aside)
        _require_whole(aside, file)
        with alone_in(aside):  # leaves the lock, by which a run without records is known as ours
            pass
    return read_run(folder)


def _names(folder: Path, run: RunState) -> Iterator[str]:
    """Yield the names of a run's documents and records."""
    if (folder / WORK).is_file():
        yield WORK
    if run.verdict is not None:
        yield MANIFEST
        yield from read_json(folder / MANIFEST, "Manifest")["files"]
        if (folder / REPORT).is_file():
            yield REPORT


def _require_free(folder: Path) -> None:
    if folder.is_dir() and folder.resolve() == Path.cwd():
        raise OutputError(
            "A run cannot be opened into the working folder itself.", hint="name a new folder."
        )
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise OutputError(f"{str(folder)!r} is there and no folder.", hint="name a new folder.")
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(
            f"The folder {str(folder)!r} holds files.",
            hint="name a new or empty folder; nothing was overwritten.",
        )


@contextlib.contextmanager
def _renamed_to(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside; it gets its name when the block ends, or is removed."""
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        aside.mkdir(parents=True)
        yield aside
        if folder.exists():
            folder.rmdir()  # empty
        aside.rename(folder)
    except SteelyardError:
        raise
    except OSError as error:
        raise OutputError(
            f"Cannot write {str(folder)!r}: {error.strerror or error}.",
            hint="free some space or choose another folder; nothing was left half-written.",
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)  # gone after the renaming


def _require_whole(folder: Path, file: Path) -> None:
    try:
        run = read_run(folder)
        if run.status != "complete":
            raise DataError("the run in it did not finish.")
        records = {name for name in RECORDS if (folder / name).exists()}
        expected = set()
        if run.verdict is not None:
            manifest = read_json(folder / MANIFEST, "Manifest")
            require_unchanged(folder, manifest)
            expected = set(manifest["files"])
        superfluous = sorted(records - expected)
        if superfluous:
            raise DataError(f"the manifest does not know {superfluous[0]!r}.")
        stored = {path.stem for path in (folder / CELLS).glob("*/*.npz")}
        if stored - set(run.declared):
            raise DataError("it holds cells that the run does not declare.")
    except SteelyardError as error:
        reason = error.message.replace(f"{folder}/", "").replace(str(folder), str(file))
        raise DataError(
            f"{str(file)!r} holds no whole run: {reason}",
            hint="export it again from a run that `steelyard runs show` calls complete.",
        ) from error
