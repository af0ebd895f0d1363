"""A run in one file: a zip whose bytes follow from its content, and that is not trusted when read.

Only names that a run holds are taken, each once, as plain files, and no more bytes than announced.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from steelyard._support.errors import DataError, DataNotFoundError, OutputError
from steelyard.records.run_folder import CELLS, MANIFEST, RECORDS, REPORT, WORK

_CELL = re.compile(rf"{CELLS}/([0-9a-f]{{2}})/\1[0-9a-f]{{14}}\.npz")
_NAMES = {MANIFEST, WORK, REPORT, *RECORDS}
_DEFLATED = (".json", ".html", ".npz")  # parquet is compressed already
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # that a zip can tell
_PERMISSIONS, _UNIX = 0o644, 3
_PIECE = 2**20
# Ours: beyond 256 MiB a run shrinks to no less than a hundredth; text shrinks to a tenth.
_ALWAYS_ALLOWED = 2**28
_MOST_TIMES = 100
_BROKEN = (
    ValueError, EOFError, KeyError, NotImplementedError, RuntimeError, zipfile.BadZipFile,
    zlib.error, struct.error,
)  # fmt: skip
_HINT = "open only what `steelyard runs export` wrote, from a source that you trust."


def pack(files: Mapping[str, Path], path: Path) -> dict[str, str]:
    """Write files into a zip and return their SHA-256; equal files give equal bytes.

    Parameters
    ----------
    files : mapping of str to Path
        By their names in the run.
    path : Path
        The zip.
    """
    digests = {}
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _FIRST_DAY)
            member.compress_type = _METHODS[name.endswith(_DEFLATED)]
            member.create_system, member.external_attr = _UNIX, _PERMISSIONS << 16
            sha256 = hashlib.sha256()
            with (
                files[name].open("rb") as source,
                archive.open(member, "w", force_zip64=True) as target,
            ):
                while piece := source.read(_PIECE):
                    sha256.update(piece)
                    target.write(piece)
            digests[name] = sha256.hexdigest()
    return digests


def unpack(path: Path, folder: Path) -> None:
    """Write the files of a zip into a folder, all but the page: a page of others may hold scripts.

    Parameters
    ----------
    path : Path
        What `pack` wrote, or what somebody says that it wrote.
    folder : Path
        Empty. Where this raises, it may hold some of the files.

    Raises
    ------
    DataNotFoundError, DataError
        If it is not there, no zip, damaged, or holds what no run holds.
    OutputError
        If the folder cannot be written, or the disk is too small.
    """
    if not path.is_file():
        raise DataNotFoundError(
            f"There is no file {str(path)!r}.", hint="check the path and the working folder."
        )
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _require_harmless(members, path)
            _require_space(members, folder)
            for member in members:
                if member.filename != REPORT:
                    _extract(archive, member, folder)
    except (DataError, OutputError):
        raise
    except _BROKEN as error:
        reason = str(error).strip().removesuffix(".") or type(error).__name__
        raise DataError(f"{str(path)!r} is no readable zip: {reason}.", hint=_HINT) from error


def _require_harmless(members: Sequence[zipfile.ZipInfo], path: Path) -> None:
    seen: set[str] = set()
    for member in members:
        # as it stands in the file: zipfile cuts a name at a zero byte and turns separators
        name = member.orig_filename
        kind = stat.S_IFMT(member.external_attr >> 16)
        if name not in _NAMES and not _CELL.fullmatch(name):
            fault = "which is no name of a file of a run"
        elif name in seen:
            fault = "twice"
        elif kind not in (0, stat.S_IFREG):
            fault = "which is a link or another thing that is no plain file"
        elif member.flag_bits & 0x1:
            fault = "which is encrypted"
        elif member.compress_type not in _METHODS:
            fault = "which is compressed as no export is"
        else:
            seen.add(name)
            continue
        raise DataError(f"{str(path)!r} holds {name[:80]!r}, {fault}.", hint=_HINT)
    size, packed = sum(member.file_size for member in members), path.stat().st_size
    if size > max(_ALWAYS_ALLOWED, _MOST_TIMES * packed):
        raise DataError(
            f"{str(path)!r} has {packed:,} bytes and would become {size:,}.", hint=_HINT
        )


def _require_space(members: Sequence[zipfile.ZipInfo], folder: Path) -> None:
    size, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
    if size > free:
        raise OutputError(
            f"The run needs {size:,} bytes; {str(folder.parent)!r} has {free:,} left.",
            hint="free some space or choose another folder.",
        )


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    path = folder / member.filename
    n_bytes = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, path.open("xb") as target:
            while piece := source.read(_PIECE):  # never more than announced; the end is proven
                n_bytes += target.write(piece)
            target.flush()
            os.fsync(target.fileno())
    except OSError as error:
        raise OutputError(
            f"Cannot write {str(path)!r}: {error.strerror or error}.",
            hint="free some space or choose another folder; nothing was left half-written.",
        ) from error
    if n_bytes != member.file_size:
        raise zipfile.BadZipFile(f"{member.filename} has {n_bytes} bytes, not {member.file_size}")
