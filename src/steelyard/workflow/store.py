"""The run store: a folder of cells, each in one file that is written whole or not at all.

::

    run/
      work.json             what was declared: the study, and the addresses of its cells
      cells/3f/3f9a....npz  one file a cell
      index.sqlite          which cells are there, who computes which; made again from the folder
      workers/TOKEN/        one folder a process at work, locked while it lives
      unfinished/ADDRESS/   where a long cell left what it needs to go on

The folder is the truth. A cell is there when its file is: killed before the renaming it was never
computed, killed after it the next to open the run adds it to the index.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from steelyard._support.errors import DataError, DataNotFoundError, OutputError, SteelyardWarning
from steelyard._support.storage import (
    UNFINISHED,
    header,
    npz_metadata,
    read_json,
    read_npz,
    write_json,
    write_npz,
)
from steelyard.records.run_folder import (
    CELLS,
    CHECKPOINTS,
    INDEX,
    WORK,
    WORKERS,
    alone_in,
    require_own_folder,
)
from steelyard.workflow.cells import Cell, Content
from steelyard.workflow.index import Entry, Index
from steelyard.workflow.presence import Presence, elsewhere, is_alive, sweep

_ADDRESS = re.compile("[0-9a-f]{16}")
_FILE = re.compile(r"([0-9a-f]{16})\.npz")


class Store:
    """An open run, for one process that computes cells; a context manager.

    Parameters
    ----------
    folder : path
        The run; made if it is not there.

    Raises
    ------
    OutputError
        On entering, if the folder cannot be written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def __enter__(self) -> Store:
        require_own_folder(self.folder)
        with alone_in(self.folder), _as_output_error(self.folder):
            for name in (WORKERS, CELLS):
                (self.folder / name).mkdir(exist_ok=True)
            others = sweep(self.folder / WORKERS)
            if elsewhere(others):  # an index in WAL mode is in the memory of one machine
                raise OutputError(
                    f"The machine {elsewhere(others)[0]!r} is at work in {str(self.folder)!r}.",
                    hint="conduct a run from one machine; --engine ray computes on many.",
                )
            self.presence = Presence(self.folder / WORKERS)
            try:
                self._index = Index.open(self.folder / INDEX)
                self._reconcile(others)
            except BaseException:
                self.presence.leave()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        # what cannot be tidied now is tidied by whoever comes next: our lock is gone with us
        with contextlib.suppress(OSError), alone_in(self.folder):
            self._index.release(self.presence.token)
            self.presence.leave()
            for name in (WORKERS, CHECKPOINTS):
                with contextlib.suppress(OSError):  # not there, or in use
                    (self.folder / name).rmdir()
        self._index.close()
        self.presence.leave()

    def declare(self, document: Mapping[str, Any], cells: Iterable[Cell]) -> None:
        """Say what this run is to compute.

        Another process may be at work here on the same cells, and on more that follow from them:
        then what it declared stays.

        Raises
        ------
        OutputError
            If another process is at work here on something else.
        """
        addresses = list(dict.fromkeys(cell.address for cell in cells))
        with alone_in(self.folder):
            declared = self._declared() if self.others() else []
            begins = declared[: len(addresses)] == addresses
            if declared and not begins:
                raise OutputError(
                    f"Another process is at work in {str(self.folder)!r} on something else.",
                    hint="wait for it, or choose another folder.",
                )
            work = header("Work", **document, cells=declared or addresses)
            write_json(work, self.folder / WORK)

    def declare_more(self, document: Mapping[str, Any], cells: Iterable[Cell]) -> None:
        """Say what this run is to compute beside what was declared: work whose end shows later."""
        with alone_in(self.folder):
            addresses = dict.fromkeys([*self._declared(), *(cell.address for cell in cells)])
            write_json(header("Work", **document, cells=list(addresses)), self.folder / WORK)

    def clear(self) -> None:
        """Forget every cell.

        Raises
        ------
        OutputError
            If another process is at work here.
        """
        with self.alone():
            self._index.drop(self._index.addresses())
            shutil.rmtree(self.folder / CELLS)
            shutil.rmtree(self.folder / CHECKPOINTS, ignore_errors=True)
            (self.folder / CELLS).mkdir()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes out while the block runs.

        Raises
        ------
        OutputError
            If one is at work here.
        """
        with alone_in(self.folder):
            if self.others():
                raise OutputError(
                    f"Another process is at work in {str(self.folder)!r}.",
                    hint="wait for it, or choose another folder.",
                )
            yield

    def others(self) -> set[str]:
        """Return the tokens of the other processes at work here."""
        return sweep(self.folder / WORKERS) - {self.presence.token}

    def finished(self) -> set[str]:
        """Return the addresses of the cells that are there, by the index."""
        return self._index.addresses()

    def claim(self, cell: Cell) -> bool:
        """Claim a cell for this process, and say whether it is now ours to compute.

        It is not if it is there already, or if another living process computes it.
        """
        return self._index.claim(cell.address, self.presence.token)

    def give_back(self, cell: Cell) -> None:
        """Drop our claim of a cell that was not computed."""
        self._index.unclaim(cell.address)

    def claimed(self) -> set[str]:
        """Return the addresses of the cells that somebody computes."""
        return set(self._index.claims())

    def take_over(self) -> None:
        """Drop the claims of the dead; what they finished without saying so is added."""
        for token in set(self._index.claims().values()):
            if is_alive(self.folder / WORKERS, token):
                continue
            for address in self._index.release(token):
                if cell_path(self.folder, address).exists():
                    self._add([address])

    def record(self, cell: Cell, seconds: float) -> None:
        """Say in the index that a cell is there."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        n_bytes = cell_path(self.folder, cell.address).stat().st_size
        self._index.add([Entry(cell.address, cell.name, n_bytes, seconds, now)])
        shutil.rmtree(checkpoint_path(self.folder, cell.address), ignore_errors=True)

    def adopt(self, cell: Cell) -> bool:
        """Add a cell that a worker stored before it died; say whether there is one."""
        path = cell_path(self.folder, cell.address)
        if path.exists():
            self._add([cell.address])
        return path.exists()  # a damaged one is gone

    def discard(self, address: str) -> None:
        """Remove a cell."""
        cell_path(self.folder, address).unlink(missing_ok=True)
        self._index.drop([address])

    def _declared(self) -> list[str]:
        try:
            return list(read_json(self.folder / WORK, "Work")["cells"])
        except (DataError, DataNotFoundError, KeyError, TypeError):
            return []

    def _reconcile(self, others: set[str]) -> None:
        """Make the index say what the folder holds."""
        found = set(stored_addresses(self.folder))
        known = self._index.addresses()
        self._index.drop(known - found)
        self._add(sorted(found - known))
        for token in set(self._index.claims().values()) - others:
            self._index.release(token)
        if not others:  # nobody is writing: what was left unfinished stays so
            for aside in (self.folder / CELLS).glob(f"*/.*{UNFINISHED}"):
                aside.unlink(missing_ok=True)

    def _add(self, addresses: Iterable[str]) -> None:
        entries = []
        for address in addresses:
            path = cell_path(self.folder, address)
            try:
                name = str(npz_metadata(path, "Cell")["name"])
            except (DataError, KeyError):
                warn_of_damage(address)
                path.unlink(missing_ok=True)
                continue
            entries.append(Entry(address, name, path.stat().st_size))
            shutil.rmtree(checkpoint_path(self.folder, address), ignore_errors=True)
        self._index.add(entries)


@contextlib.contextmanager
def opened(run: str | Path | None) -> Iterator[Store]:
    """Open the run, or one that lasts as long as the block."""
    with contextlib.ExitStack() as stack:
        folder = run or stack.enter_context(
            tempfile.TemporaryDirectory(prefix="steelyard-", ignore_cleanup_errors=True)
        )
        yield stack.enter_context(Store(folder))


def cell_path(folder: Path, address: str) -> Path:
    """Return the file of a cell.

    Raises
    ------
    DataError
        If that is no address: an index from elsewhere may hold anything.
    """
    if not _ADDRESS.fullmatch(address):
        raise DataError(f"A cell's address has 16 hexadecimal digits. Got {address[:80]!r}.")
    return folder / CELLS / address[:2] / f"{address}.npz"


def checkpoint_path(folder: Path, address: str) -> Path:
    """Return the folder in which a cell that is being computed may keep what it needs to go on."""
    return folder / CHECKPOINTS / address


def stored_addresses(folder: Path) -> Iterator[str]:
    """Yield the address of every cell whose file is there."""
    for parent in (folder / CELLS).iterdir():
        if parent.is_dir():
            for entry in os.scandir(parent):
                matched = _FILE.fullmatch(entry.name)
                if matched and matched[1].startswith(parent.name):
                    yield matched[1]


def write_cell(folder: Path, cell: Cell, content: Content) -> None:
    """Write a cell into its file, whole or not at all; equal content gives equal bytes.

    Raises
    ------
    OutputError
        If the disk is full or the folder cannot be written.
    """
    metadata = header("Cell", address=cell.address, name=cell.name, content=dict(content.metadata))
    write_npz(dict(content.arrays), cell_path(folder, cell.address), metadata, compress=False)


def read_cell(folder: Path, address: str) -> Content:
    """Read a cell; its checksums are compared on the way.

    Raises
    ------
    DataNotFoundError, DataError
        If it is not there, is damaged, or is another cell under this one's name.
    """
    path = cell_path(folder, address)
    arrays, metadata = read_npz(path, "Cell")
    if metadata.get("address") != address:
        raise DataError(f"{str(path)!r} holds another cell than its name says.")
    return Content(arrays, metadata["content"])


def warn_of_damage(address: str) -> None:
    """Say that a cell cannot be read."""
    warnings.warn(
        f"The stored cell {address} was damaged; it is computed again.",
        SteelyardWarning,
        stacklevel=3,
    )


@contextlib.contextmanager
def _as_output_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            f"Cannot keep a run in {str(folder)!r}: {error.strerror or error}.",
            hint="choose a folder that can be written, or free some space.",
        ) from error
