"""Fingerprints: sixteen hexadecimal digits that change when the content does."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

_BYTES = 8


def fingerprint(*parts: Any) -> str:
    """Return the fingerprint of plain values, arrays, tables and containers of them.

    Types and shapes are part of the content: ``1``, ``1.0`` and ``"1"`` differ.

    Raises
    ------
    TypeError
        For a value of another type: a fingerprint must not depend on ``repr``.
    """
    digest = hashlib.blake2b(digest_size=_BYTES)
    _feed(digest, parts)
    return digest.hexdigest()


def _feed(digest: Any, part: Any) -> None:
    if part is None or isinstance(part, (bool, int, float, str)):
        text = f"{type(part).__name__}:{part!r};".encode("utf-8", "surrogatepass")
        digest.update(text)
    elif isinstance(part, np.generic):
        _feed(digest, part.item())
    elif isinstance(part, np.ndarray):
        if part.dtype.kind == "U":
            part = np.char.encode(part, "utf-8", "surrogatepass")
        if part.dtype.kind == "O":
            raise TypeError("A fingerprint takes no object arrays.")
        digest.update(f"array:{part.dtype.str}:{part.shape};".encode())
        digest.update(np.ascontiguousarray(part).data)
    elif isinstance(part, pd.DataFrame):
        _feed(digest, [str(column) for column in part.columns])
        _feed(digest, [str(dtype) for dtype in part.dtypes])
        rows = pd.util.hash_pandas_object(part, index=False)
        _feed(digest, rows.to_numpy(np.uint64))
    elif isinstance(part, (list, tuple)):
        digest.update(f"sequence:{len(part)};".encode())
        for item in part:
            _feed(digest, item)
    elif isinstance(part, dict):
        digest.update(f"mapping:{len(part)};".encode())
        for key in sorted(part, key=str):
            _feed(digest, key)
            _feed(digest, part[key])
    else:
        raise TypeError(f"A fingerprint takes no {type(part).__name__}.")
