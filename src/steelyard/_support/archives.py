"""Archives of plain arrays (npz): equal arrays give equal bytes, and what is read is not trusted.

numpy.load believes an archive: it stops where the announced values end, before the checksum, and
takes the memory they would need. Here each member is unpacked whole and its checksum proven before
its header is read; an array fills its member to the last byte; objects are never unpickled.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

import numpy as np

from steelyard._support.errors import DataError, unreadable

_SUFFIX = ".npy"
_PERMISSIONS = 0o600
_UNIX = 3  # as whose file a member is noted; zipfile would note the system at hand
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # numpy writes no other
_PIECE = 2**20  # bytes unpacked at a time
_LONGEST_HEADER = 2**14  # bytes; numpy reads none of more than 10,000 characters
# Ours: an archive may unpack to 1 GiB in any case, and beyond that to 200 times its size. Data
# shrink to a tenth, nearly blank images to a hundredth, zeros to a thousandth, deflate's limit.
_ALWAYS_ALLOWED = 2**30
_MOST_TIMES = 200
# what zipfile and numpy raise for archives that are cut off or damaged
_BROKEN = (
    ValueError, OSError, EOFError, KeyError, NotImplementedError, RuntimeError,
    zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip
_READ_HEADER = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def write_arrays(arrays: Mapping[str, np.ndarray], path: Path, *, compress: bool = True) -> None:
    """Write arrays as an npz; neither time nor system leaves a mark in it.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Stored in C order, whatever their own.
    path : Path
        Where to.
    compress : bool
        Deflate them, unless they are so empty that `read_arrays` would take them for a bomb.

    Raises
    ------
    ValueError
        For an array of objects, which would have to be pickled, or a name that is not plain.
    """
    _write(arrays, path, zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED)
    with zipfile.ZipFile(path) as archive:
        is_absurd = _is_absurd(archive.infolist(), path)
    if is_absurd:
        _write(arrays, path, zipfile.ZIP_STORED)


def read_arrays(path: Path, names: Container[str] | None = None) -> dict[str, np.ndarray]:
    """Read the arrays of an npz.

    Parameters
    ----------
    path : Path
        The archive.
    names : container of str, optional
        Which to read, of those that are there; None takes all.

    Raises
    ------
    DataError
        If it is no archive of plain arrays, is damaged, has a member that is not named as an
        array is, or would unpack to absurdly more than it is.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if not members:
                raise ValueError("it holds nothing")
            _require_plain_names(members, path)
            if _is_absurd(members, path):
                raise DataError(
                    f"{str(path)!r} holds {path.stat().st_size:,} bytes and would unpack to "
                    f"{_unpacked_size(members):,}.",
                    hint="if you trust it, write it again without compression: numpy.savez.",
                )
            named = {member.filename.removesuffix(_SUFFIX): member for member in members}
            return {
                name: _array(_unpacked(archive, member))
                for name, member in named.items()
                if names is None or name in names
            }
    except DataError:
        raise
    except _BROKEN as error:
        raise unreadable(path, "npz file of plain arrays", error) from error


def _write(arrays: Mapping[str, np.ndarray], path: Path, method: int) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            if not _is_plain(f"{name}{_SUFFIX}"):
                raise ValueError(f"An array needs a plain relative name. Got {name!r}.")
            member = zipfile.ZipInfo(f"{name}{_SUFFIX}")  # of the first day that a zip can tell
            member.compress_type = method
            member.create_system = _UNIX
            member.external_attr = _PERMISSIONS << 16
            with archive.open(member, "w", force_zip64=True) as file:
                values = np.asarray(array, order="C")
                np.lib.format.write_array(file, values, allow_pickle=False)


def _require_plain_names(members: Sequence[zipfile.ZipInfo], path: Path) -> None:
    seen: set[str] = set()
    for member in members:
        # as it stands in the file: zipfile cuts a name at a zero byte and turns separators
        name = member.orig_filename
        if not _is_plain(name) or name in seen:
            raise DataError(
                f"The members of {str(path)!r} must have plain names that end in {_SUFFIX!r}, "
                f"each its own. Got {name[:80]!r}{' twice' if name in seen else ''}.",
                hint="fetch the file from a source you trust, or write it again with numpy.savez.",
            )
        seen.add(name)


def _is_plain(name: str) -> bool:
    """Tell whether a name is that of an array and, as a path, leads down and nowhere else."""
    return (
        name.endswith(_SUFFIX)
        and not {"", ".", ".."} & set(name.split("/"))
        and not re.match("[A-Za-z]:", name)
        and not re.search(r"[\\\x00-\x1f]", name)
    )


def _is_absurd(members: Sequence[zipfile.ZipInfo], path: Path) -> bool:
    return _unpacked_size(members) > max(_ALWAYS_ALLOWED, _MOST_TIMES * path.stat().st_size)


def _unpacked_size(members: Sequence[zipfile.ZipInfo]) -> int:
    return sum(member.file_size for member in members)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """Return the bytes of a member; zipfile compares their checksum when it meets the end."""
    if member.compress_type not in _METHODS or member.comment:
        raise ValueError(f"{member.filename!r} is not packed as numpy does it")
    content = np.empty(member.file_size, np.uint8)
    with archive.open(member) as file:
        at = 0
        while piece := file.read(_PIECE):
            content[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
            at += len(piece)
    return content[:at]


def _array(content: np.ndarray) -> np.ndarray:
    """Return the array that the bytes of a .npy file describe; they must be as many as it needs."""
    file = io.BytesIO(content[:_LONGEST_HEADER].tobytes())
    try:
        shape, is_fortran, dtype = _READ_HEADER[np.lib.format.read_magic(file)](file)
    except Exception as error:  # on odd headers Python's parser raises almost anything
        raise ValueError(f"a header that numpy does not read ({type(error).__name__})") from error
    if dtype.hasobject:
        raise ValueError("it holds objects, which would have to be unpickled")
    values = np.frombuffer(content, dtype, offset=file.tell())
    return values.reshape(shape, order="F" if is_fortran else "C")
