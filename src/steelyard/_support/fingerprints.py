"""Fingerprints: sixteen hexadecimal digits that change when the content does."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_categories

_BYTES = 8


def fingerprint(*parts: Any) -> str:
    """Return the fingerprint of plain values, arrays, tables and containers of them.

    Types and shapes are part of the content: ``1``, ``1.0`` and ``"1"`` differ. What compares
    equal does not: a numpy scalar and its Python value, 0.0 and -0.0, one NaN and another, and
    category columns whose levels stand in another order.

    Raises
    ------
    TypeError
        For a value of another type: a fingerprint must not depend on ``repr``.
    """
    digest = hashlib.blake2b(digest_size=_BYTES)
    _feed(digest, parts)
    return digest.hexdigest()


def encoded_texts(texts: np.ndarray) -> np.ndarray:
    """Return an array of texts as bytes, as wide as its longest; it has the same fingerprint."""
    return np.char.encode(texts, "utf-8", "surrogatepass")


def _feed(digest: Any, part: Any) -> None:
    if isinstance(part, np.generic):
        part = part.item()
    if isinstance(part, float):
        part += 0.0
    if part is None or isinstance(part, (bool, int, float, str)):
        digest.update(f"{type(part).__name__}:{part!r};".encode("utf-8", "surrogatepass"))
    elif isinstance(part, np.ndarray):
        _feed_array(digest, part)
    elif isinstance(part, pd.DataFrame):
        digest.update(f"table:{part.shape};".encode())
        for name, column in part.items():
            _feed(digest, [str(name), str(column.dtype)])
            _feed_column(digest, column)
    elif isinstance(part, (list, tuple)):
        digest.update(f"sequence:{len(part)};".encode())
        for item in part:
            _feed(digest, item)
    elif isinstance(part, dict):
        digest.update(f"mapping:{len(part)};".encode())
        for key in sorted(part, key=lambda key: (str(key), type(key).__name__)):
            _feed(digest, key)
            _feed(digest, part[key])
    else:
        raise TypeError(f"A fingerprint takes no {type(part).__name__}.")


def _feed_array(digest: Any, array: np.ndarray) -> None:
    if array.dtype.kind not in "biufUS":
        raise TypeError(f"A fingerprint takes no arrays of {array.dtype}.")
    if array.dtype.kind == "U":
        array = encoded_texts(array)
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.nan, array) + 0.0
    digest.update(f"array:{array.dtype.str}:{array.shape};".encode())
    digest.update(np.ascontiguousarray(array).data)


def _feed_column(digest: Any, column: pd.Series) -> None:
    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = frozen_categories(column)
        _feed(digest, list(categories.categories))
        _feed_array(digest, categories.codes.astype(np.int64))
    else:
        _feed_array(digest, column.to_numpy())
