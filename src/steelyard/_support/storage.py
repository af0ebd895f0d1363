"""Open formats, written whole or not at all: parquet, npz, json; nothing is ever unpickled.

A file is written aside, flushed to the disk and renamed, so that its final name never holds
half a file. Each carries the kind of record and the version of its columns.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from steelyard._support.errors import DataError, DataNotFoundError, OutputError

FORMAT = 1
_METADATA = b"steelyard"


@contextlib.contextmanager
def written_aside(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; flush and rename it there when the block ends.

    Raises
    ------
    OutputError
        If the disk is full or the folder cannot be written; nothing is left behind.
    """
    path = Path(path)
    aside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        aside = Path(name)
        yield aside
        with aside.open("rb+") as written:
            os.fsync(written.fileno())
        mask = os.umask(0)  # mkstemp is private; a result has the permissions of any new file
        os.umask(mask)
        aside.chmod(0o666 & ~mask)
        aside.replace(path)
    except OSError as error:
        raise OutputError(
            f"Cannot write {str(path)!r}: {error.strerror or error}.",
            hint="free some space or choose another folder; nothing was left half-written.",
        ) from error
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)


def write_text(text: str, path: str | Path) -> None:
    """Write text as UTF-8, whole or not at all."""
    with written_aside(path) as aside:
        aside.write_bytes(text.encode("utf-8", "surrogatepass"))


def write_json(document: dict[str, Any], path: str | Path) -> None:
    """Write a JSON document with sorted keys, so that equal content gives equal bytes."""
    write_text(json_text(document) + "\n", path)


def json_text(document: dict[str, Any]) -> str:
    """Return the one JSON text of a document: sorted keys, no NaN, two spaces."""
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)


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
        raise DataError(f"{str(path)!r} is no readable JSON document: {error}.") from error
    _require_kind(document if isinstance(document, dict) else {}, kind, path)
    return document


def header(kind: str, **content: Any) -> dict[str, Any]:
    """Return the metadata that every stored record begins with."""
    return {"record": kind, "format": FORMAT, **content}


def write_parquet(frame: pd.DataFrame, path: str | Path, metadata: dict[str, Any]) -> None:
    """Write a table with its metadata as parquet (zstd)."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    note = json.dumps(metadata, sort_keys=True, allow_nan=False).encode()
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), _METADATA: note})
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
        metadata = json.loads((table.schema.metadata or {}).get(_METADATA, b"{}"))
        frame = table.to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"{str(path)!r} is no readable parquet file: {error}.",
            hint="it must be complete; write it again.",
        ) from error
    if kind is not None:
        _require_kind(metadata, kind, path)
    return frame, metadata


def write_npz(arrays: dict[str, np.ndarray], path: str | Path, metadata: dict[str, Any]) -> None:
    """Write arrays and their metadata as a compressed npz."""
    note = json.dumps(metadata, sort_keys=True, allow_nan=False)
    with written_aside(path) as aside, aside.open("wb") as file:
        np.savez_compressed(file, **arrays, steelyard=np.array(note))  # type: ignore[arg-type]


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
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError, TypeError) as error:
        raise DataError(
            f"{str(path)!r} is no readable npz file: {error}.",
            hint="it must be a complete archive of plain arrays, without pickled objects.",
        ) from error
    metadata = json.loads(str(arrays.pop("steelyard"))) if "steelyard" in arrays else {}
    if kind is not None:
        _require_kind(metadata, kind, path)
    return arrays, metadata


def _existing(path: str | Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise DataNotFoundError(
            f"There is no file {str(path)!r}.", hint="check the path and the working folder."
        )
    return path


def _require_kind(metadata: dict[str, Any], kind: str, path: Path) -> None:
    found = metadata.get("record")
    if found != kind:
        came = f"a {found} record" if found else "no steelyard record"
        raise DataError(f"{str(path)!r} must hold a {kind} record. It holds {came}.")
    if metadata.get("format") != FORMAT:
        raise DataError(
            f"{str(path)!r} has format {metadata.get('format')!r}; this version reads {FORMAT}.",
            hint="write it again with this version of steelyard.",
        )
