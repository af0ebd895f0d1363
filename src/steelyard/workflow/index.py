"""The index of a run: an SQLite file that says which cells are there and who computes which.

It holds nothing that the folder of cells does not: lost or damaged, it is made again. It is in WAL
mode, so that a reader never waits for a writer.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from steelyard._support.errors import DataError, OutputError

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS cells (
    address TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    seconds REAL,     -- of computing; NULL where the index was made again
    finished TEXT     -- UTC, for people; nothing is decided by it
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
    address TEXT PRIMARY KEY,
    worker TEXT NOT NULL
) WITHOUT ROWID;
"""
_PATIENCE = 60.0  # seconds that a writer waits for another
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


@dataclass(frozen=True)
class Entry:
    """What the index says of a cell."""

    address: str
    name: str
    bytes: int
    seconds: float | None = None
    finished: str | None = None


class Index:
    """An open index.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Index:
        """Open the index for writing; one that is damaged or of another version begins empty.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        try:
            return cls._opened(path)
        except sqlite3.DatabaseError as error:
            if _code(error) not in _DAMAGED:
                raise _unwritable(error) from error
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        with _as_output_error():
            return cls._opened(path)

    @classmethod
    def _opened(cls, path: Path) -> Index:
        connection = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # a power failure may lose the last rows, never more: the folder has the cells
            connection.execute("PRAGMA synchronous = NORMAL")
            _require_sound(connection)
            connection.executescript(_TABLES)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
            # names every column: a table of another making is damage
            connection.execute("SELECT address, name, bytes, seconds, finished FROM cells LIMIT 0")
            connection.execute("SELECT address, worker FROM claims LIMIT 0")
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    @classmethod
    def read(cls, path: Path) -> Index:
        """Open the index for reading alone, in a folder that may be read-only.

        Nothing is written, and nothing is left beside the file.

        Raises
        ------
        DataError
            If it is not there or damaged.
        """
        # a reader writes beside the file, unless it is told that nobody will change it; while
        # somebody has it open for writing its log is there, and a reader leaves nothing new
        in_use = path.with_name(f"{path.name}-wal").exists()
        for how in ("mode=ro", "mode=ro&immutable=1") if in_use else ("mode=ro&immutable=1",):
            try:
                connection = sqlite3.connect(
                    f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_PATIENCE
                )
                with contextlib.ExitStack() as stack:
                    stack.callback(connection.close)
                    _require_sound(connection)
                    connection.execute("SELECT address, name, bytes, seconds, finished FROM cells")
                    stack.pop_all()
                return cls(connection)
            except sqlite3.DatabaseError as error:
                reason = error
        raise DataError(f"The index {str(path)!r} cannot be read: {reason}.") from reason

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def entries(self) -> list[Entry]:
        """Return every cell, by address."""
        rows = self._connection.execute(
            "SELECT address, name, bytes, seconds, finished FROM cells ORDER BY address"
        )
        return [Entry(*row) for row in rows]

    def addresses(self) -> set[str]:
        """Return the addresses of the cells that are there."""
        return {address for (address,) in self._connection.execute("SELECT address FROM cells")}

    def claims(self) -> dict[str, str]:
        """Return who computes which cell: worker by address."""
        return dict(self._connection.execute("SELECT address, worker FROM claims"))

    def add(self, entries: Iterable[Entry]) -> None:
        """Say that cells are there; nobody computes them any more."""
        with self._transaction():
            for one in entries:
                self._connection.execute(
                    "INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?, ?)",
                    (one.address, one.name, one.bytes, one.seconds, one.finished),
                )
                self._connection.execute("DELETE FROM claims WHERE address = ?", (one.address,))

    def drop(self, addresses: Iterable[str]) -> None:
        """Say that cells are not there."""
        with self._transaction():
            self._connection.executemany(
                "DELETE FROM cells WHERE address = ?", [(address,) for address in addresses]
            )

    def claim(self, address: str, worker: str) -> bool:
        """Claim a cell for a worker, unless it is there or somebody else's; say whether it was."""
        with self._transaction():
            claimed = self._connection.execute(
                "INSERT OR IGNORE INTO claims SELECT ?, ? "
                "WHERE NOT EXISTS (SELECT 1 FROM cells WHERE address = ?)",
                (address, worker, address),
            )
            return claimed.rowcount == 1

    def unclaim(self, address: str) -> None:
        """Say that nobody computes a cell."""
        with self._transaction():
            self._connection.execute("DELETE FROM claims WHERE address = ?", (address,))

    def release(self, worker: str) -> list[str]:
        """Take back every claim of a worker, and return which they were."""
        with self._transaction():
            found = self._connection.execute(
                "SELECT address FROM claims WHERE worker = ?", (worker,)
            ).fetchall()
            self._connection.execute("DELETE FROM claims WHERE worker = ?", (worker,))
        return [address for (address,) in found]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with _as_output_error():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has undone it already
                    self._connection.execute("ROLLBACK")
                raise


def _require_sound(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if verdict != "ok" or version not in (0, _VERSION):
        damage = sqlite3.DatabaseError(f"it is damaged ({verdict}) or of another version")
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage


@contextlib.contextmanager
def _as_output_error() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _unwritable(error) from error


def _unwritable(error: sqlite3.DatabaseError) -> OutputError:
    return OutputError(
        f"The index of the run cannot be written: {error}.",
        hint="free some space, or check the folder's permissions, and run the same command again; "
        "cells that are finished are kept.",
    )


def _code(error: sqlite3.DatabaseError) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code
