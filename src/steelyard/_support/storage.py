"""Open formats, written whole or not at all: parquet, npz, json; nothing is ever unpickled.

A file is written aside, flushed to the disk and renamed, so that its final name never holds
half a file. Each carries the kind of record and the version of its columns.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from steelyard._support.errors import DataError, DataNotFoundError, OutputError

FORMAT = 1
UNFINISHED = ".part"  # ends the name of a file that is being written
_METADATA = "steelyard"
# what numpy and zipfile raise for archives that are cut off, damaged or hold pickled objects
_NOT_AN_NPZ = (
    ValueError, OSError, EOFError, KeyError, TypeError, NotImplementedError, RuntimeError,
    zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip


@contextlib.contextmanager
def written_aside(path: str | Path) -> Iterator[Path]:
    """Yield a temporary file beside ``path``; flush and rename it there when the block ends.

    If the block raises, or is interrupted, nothing is left behind and what ``path`` held before
    is still there.

    Raises
    ------
    OutputError
        If the disk is full or the folder cannot be written.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.touch(exist_ok=False)  # has the permissions of any new file, as mkstemp's has not
        yield aside
        with aside.open("rb+") as written:
            os.fsync(written.fileno())
        aside.replace(path)
    except OSError as error:
        raise OutputError(
            f"Cannot write {str(path)!r}: {error.strerror or error}.",
            hint="free some space or choose another folder; nothing was left half-written.",
        ) from error
    finally:
        with contextlib.suppress(OSError):  # gone after the renaming, or never made
            aside.unlink()


def write_text(text: str, path: str | Path) -> None:
    """Write text as UTF-8, whole or not at all; what UTF-8 cannot hold becomes "?"."""
    with written_aside(path) as aside:
        aside.write_bytes(text.encode("utf-8", "replace"))


def write_json(document: dict[str, Any], path: str | Path) -> None:
    """Write a JSON document with sorted keys, so that equal content gives equal bytes."""
    write_text(json_text(document) + "\n", path)


def json_text(document: dict[str, Any]) -> str:
    """Return the one JSON text of a document: sorted keys, no NaN, two spaces."""
    text = json.dumps(document, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate, as JSON's escape


def read_json(path: str | Path, kind: str) -> dict[str, Any]:
    """Read a JSON record of the stated kind.

    Raises
    ------
    DataNotFoundError, DataError
        If it is not there, is no JSON, or is another kind of record.
    """
    path = _existing(path)
    try:
        document = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise _unreadable(path, "JSON document", error) from error
    _require_kind(document, kind, path)
    return document


def header(kind: str, **content: Any) -> dict[str, Any]:
    """Return the metadata that every stored record begins with."""
    return {"record": kind, "format": FORMAT, **content}


def write_parquet(frame: pd.DataFrame, path: str | Path, metadata: dict[str, Any]) -> None:
    """Write a table with its metadata as parquet (zstd)."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    note = json.dumps(metadata, sort_keys=True, allow_nan=False).encode()
    table = table.replace_schema_metadata(
        {**(table.schema.metadata or {}), _METADATA.encode(): note}
    )
    with written_aside(path) as aside:
        pq.write_table(table, aside, compression="zstd")


def read_parquet(path: str | Path, kind: str | None = None) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a table and its metadata.

    Parameters
    ----------
    path : path
        A parquet file.
    kind : str, optional
        The record it must be; None takes any table, with empty metadata if it is not ours.

    Raises
    ------
    DataNotFoundError, DataError
        If it is not there, cannot be read, or is another kind of record.
    """
    path = _existing(path)
    try:
        table = pq.read_table(path)
        metadata = json.loads((table.schema.metadata or {}).get(_METADATA.encode(), b"{}"))
        frame = table.to_pandas()
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, "parquet file", error) from error
    if kind is not None:
        _require_kind(metadata, kind, path)
    return frame, metadata


def write_npz(
    arrays: dict[str, np.ndarray],
    path: str | Path,
    metadata: dict[str, Any],
    *,
    compress: bool = True,
) -> None:
    """Write arrays and their metadata as an npz, compressed unless speed matters more.

    Raises
    ------
    ValueError
        For an array of objects: numpy.savez would pickle it.
    """
    note = np.array(json.dumps(metadata, sort_keys=True, allow_nan=False))
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with written_aside(path) as aside, zipfile.ZipFile(aside, "w", method) as archive:
        for name, array in {**arrays, _METADATA: note}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def read_npz(path: str | Path, kind: str | None = None) -> tuple[dict[str, np.ndarray], dict]:
    """Read arrays and their metadata from an npz; never unpickles.

    Raises
    ------
    DataNotFoundError, DataError
        If it is not there, cannot be read, holds objects, or is another kind of record.
    """
    path = _existing(path)
    try:
        # opened here, because numpy leaves the file of a broken archive open
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        metadata = json.loads(str(arrays.pop(_METADATA, "{}")))
    except _NOT_AN_NPZ as error:
        raise _unreadable(path, "npz file of plain arrays", error) from error
    if kind is not None:
        _require_kind(metadata, kind, path)
    return arrays, metadata


def npz_metadata(path: str | Path, kind: str) -> dict[str, Any]:
    """Read the metadata of an npz alone; its arrays stay on the disk.

    Raises
    ------
    DataNotFoundError, DataError
        If it is not there, cannot be read, or is another kind of record.
    """
    path = _existing(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            metadata = json.loads(str(archive[_METADATA]))
    except _NOT_AN_NPZ as error:
        raise _unreadable(path, "npz file of plain arrays", error) from error
    _require_kind(metadata, kind, path)
    return metadata


def _existing(path: str | Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise DataNotFoundError(
            f"There is no file {str(path)!r}.", hint="check the path and the working folder."
        )
    return path


def _unreadable(path: Path, what: str, error: Exception) -> DataError:
    reason = str(error).strip().removesuffix(".") or type(error).__name__
    return DataError(
        f"{str(path)!r} is no readable {what}: {reason}.",
        hint="it may be incomplete, or of another format; write or fetch it again.",
    )


def _require_kind(metadata: Any, kind: str, path: Path) -> None:
    metadata = metadata if isinstance(metadata, dict) else {}
    found = metadata.get("record")
    if found != kind:
        came = f"a {found} record" if found else "no steelyard record"
        raise DataError(f"{str(path)!r} must hold a {kind} record. It holds {came}.")
    if metadata.get("format") != FORMAT:
        raise DataError(
            f"{str(path)!r} has format {metadata.get('format')!r}; this version reads {FORMAT}.",
            hint="write it again with this version of steelyard.",
        )
