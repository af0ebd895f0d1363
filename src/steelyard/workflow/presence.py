"""Who is at work in a run: a folder a process, with a file that is locked while it lives.

The operating system drops the lock with the process, however that ends. No clock is asked.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

_LOCK = "alive.lock"


class Presence:
    """One process at work.

    Parameters
    ----------
    workers : Path
        The folder of all that are at work in a run; made if it is not there.
    """

    def __init__(self, workers: Path) -> None:
        self.token = f"{_this_machine()}.{os.getpid()}.{secrets.token_hex(4)}"
        self.folder = workers / self.token
        self.folder.mkdir(parents=True)
        self._lock = FileLock(self.folder / _LOCK, thread_local=False)
        self._lock.acquire()  # ours alone; a reader that looks at it just now is soon gone

    def leave(self) -> None:
        """Go home: the lock is dropped and the folder removed; twice is as good as once."""
        self._lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def is_alive(workers: Path, token: str) -> bool:
    """Whether the process of that token is at work."""
    path = workers / token / _LOCK
    if not path.exists():
        return False
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except OSError:  # removed between the two lines
        return False
    lock.release()
    return False


def living(workers: Path) -> set[str]:
    """Return the tokens of the processes at work, for a reader: nothing is written or removed."""
    found = set()
    with contextlib.suppress(FileNotFoundError):  # nobody is, or the last one leaves just now
        for folder in workers.iterdir():
            if _is_held(folder / _LOCK):
                found.add(folder.name)
    return found


def sweep(workers: Path) -> set[str]:
    """Remove what dead processes left, and return the tokens of those that live."""
    living = set()
    for folder in workers.iterdir():
        if is_alive(workers, folder.name):
            living.add(folder.name)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return living


def elsewhere(tokens: Iterable[str]) -> list[str]:
    """Return the other machines on which some of these processes are."""
    return sorted({token.split(".")[0] for token in tokens} - {_this_machine()})


def _this_machine() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:40]


if sys.platform == "win32":

    def _is_held(lock: Path) -> bool:
        return is_alive(lock.parents[1], lock.parent.name)

else:
    import fcntl

    def _is_held(lock: Path) -> bool:
        # a shared lock needs no right to write, and readers do not keep each other from it
        try:
            with lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # not written yet, or removed just now
            return False
        return False
