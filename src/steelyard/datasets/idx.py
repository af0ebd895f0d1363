"""The IDX format in which the MNIST family is published."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from steelyard._support.errors import DataError

_UINT8 = 0x08


def read_idx(path: Path) -> np.ndarray:
    """Read a uint8 array; a name that ends in .gz is unpacked.

    The header is two zero bytes, the type of the values, the number of axes, and one big-endian
    32-bit length an axis.

    Raises
    ------
    DataError
        If it is no IDX file of bytes, or is cut short.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(path, str(error)) from error
    start = 4 + 4 * content[3] if len(content) >= 4 else 4
    if content[:3] != bytes([0, 0, _UINT8]) or len(content) < start:
        raise _broken(path, "it does not begin like an IDX file of bytes")
    shape = np.frombuffer(content[4:start], ">u4").astype(int)
    values = np.frombuffer(content, np.uint8, offset=start)
    if len(values) != shape.prod():
        raise _broken(path, f"{shape.prod():,} values announced, {len(values):,} there")
    return values.reshape(shape)


def _broken(path: Path, reason: str) -> DataError:
    return DataError(
        f"{str(path)!r} is no complete IDX file: {reason}.", hint="fetch the file again."
    )
