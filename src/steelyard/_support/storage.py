"""Open formats, written whole or not at all: parquet, npz, json; nothing is ever unpickled.

A file is written aside, flushed to the disk and renamed, so that its final name never holds
half a file. Each carries the kind of record and the version of its columns.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from steelyard._support.archives import read_arrays, write_arrays
from steelyard._support.errors import DataError, DataNotFoundError, OutputError, unreadable

FORMAT = 1
UNFINISHED = ".part"  # ends the name of a file that is being written
_METADATA = "steelyard"
_MOST_DIGITS = 308  # of a whole number: as many always fit into a float


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
        document = parse_json(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise unreadable(path, "JSON document", error) from error
    _require_kind(document, kind, path)
    return document


def parse_json(text: str) -> Any:
    """Return what JSON says and no more: Python's own reader takes NaN, and 1e999 for infinity.

    Raises
    ------
    ValueError
        If it is no JSON, holds NaN, infinity or a number that no float can hold, or is nested
        more deeply than Python can follow.
    """
    try:
        return _STRICT.decode(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"it holds {text}, beyond what JSON or a float can hold")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text[:20])


def _whole_number(text: str) -> int:
    return int(text) if len(text) <= _MOST_DIGITS else _no_number(f"{text[:20]}...")


_STRICT = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite, parse_int=_whole_number)


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
        metadata = _noted((table.schema.metadata or {}).get(_METADATA.encode(), b"{}").decode())
        frame = table.to_pandas()
    except Exception as error:  # on odd metadata pandas and pyarrow raise almost anything
        raise unreadable(path, "parquet file", error) from error
    if kind is not None:
        _require_kind(metadata, kind, path)
    return frame, metadata


def require_own_table(path: str | Path, kind: str) -> None:
    """Raise unless a table can be written there without losing anybody's file.

    Parameters
    ----------
    path : path
        Where it is to stand.
    kind : str
        The kind of record; one of the same kind is written over.

    Raises
    ------
    OutputError
        If the name does not end in .parquet, it is a folder, or what is there is not ours, or
        of another kind.
    """
    path = Path(path)
    if path.suffix != ".parquet" or path.is_dir():
        raise OutputError(
            f"A table is written as parquet, to a file whose name ends so. Got {str(path)!r}.",
            hint="for instance --out table.parquet.",
        )
    require_own_record(path, kind)


def require_own_record(path: str | Path, kind: str) -> None:
    """Raise if there is a file that is no record of this kind, which would be lost.

    Raises
    ------
    OutputError
        If what is there is not ours, or of another kind.
    """
    path = Path(path)
    if not path.exists():
        return
    found = None
    with contextlib.suppress(Exception):  # whatever it is, it is not ours
        found = _record_in(path)
    if found != kind:
        what = f"a record {found!r} of steelyard's" if found else "which steelyard did not write"
        raise OutputError(
            f"There is a file {str(path)!r}, {what}; it is left alone.",
            hint="choose another name with --out.",
        )


def _record_in(path: Path) -> str | None:
    if path.suffix == ".npz":
        return read_npz(path)[1].get("record")
    note = (pq.read_schema(path).metadata or {}).get(_METADATA.encode(), b"{}")
    return _noted(note.decode()).get("record")


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
    with written_aside(path) as aside:
        write_arrays({**arrays, _METADATA: note}, aside, compress=compress)


def read_npz(path: str | Path, kind: str | None = None) -> tuple[dict[str, np.ndarray], dict]:
    """Read arrays and their metadata from an npz; never unpickles.

    Raises
    ------
    DataNotFoundError, DataError
        If it is not there, cannot be read, holds objects, or is another kind of record.
    """
    path = _existing(path)
    arrays = read_arrays(path)
    metadata = _taken(arrays, path)
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
    metadata = _taken(read_arrays(path, {_METADATA}), path)
    _require_kind(metadata, kind, path)
    return metadata


def _taken(arrays: dict[str, np.ndarray], path: Path) -> dict[str, Any]:
    """Take the metadata out of the arrays of a file."""
    try:
        return _noted(str(arrays.pop(_METADATA, "{}")))
    except ValueError as error:
        raise unreadable(path, "npz file of plain arrays", error) from error


def _noted(note: str) -> dict[str, Any]:
    """Return the metadata that a file carries."""
    metadata = parse_json(note)
    if not isinstance(metadata, dict):
        raise ValueError(f"its steelyard metadata are a {type(metadata).__name__}, not an object")
    return metadata


def _existing(path: str | Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise DataNotFoundError(
            f"There is no file {str(path)!r}.", hint="check the path and the working folder."
        )
    return path


def _require_kind(metadata: Any, kind: str, path: Path) -> None:
    metadata = metadata if isinstance(metadata, dict) else {}
    found = metadata.get("record")
    if found != kind:
        ours = isinstance(found, str) and found.isidentifier()
        came = f"a {found[:40]} record" if ours else "no steelyard record"
        raise DataError(f"{str(path)!r} must hold a {kind} record. It holds {came}.")
    if metadata.get("format") != FORMAT:
        raise DataError(
            f"{str(path)!r} has format {repr(metadata.get('format'))[:40]}; this version reads "
            f"{FORMAT}.",
            hint="write it again with this version of steelyard.",
        )
