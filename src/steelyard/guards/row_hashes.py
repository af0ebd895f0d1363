"""A number for the content of each row: equal rows are found without comparing pairs.

The number of a table's row is the sum, modulo 2^64, of well-mixed numbers of its cells. So it does
not depend on the order of the columns, and the number of a row *without* one column is a
subtraction: that finds the pairs of rows that differ in one column alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pandas as pd

from steelyard.records.labelled import Labelled


def row_hashes(data: Labelled) -> np.ndarray:
    """Return a number for the inputs of each row, uint64 of shape (n,): equal for equal inputs.

    Two different rows of a million meet in 1 of 10^7 cases. Missing cells are equal to one
    another, and so are 0.0 and -0.0.
    """
    if data.modality == "image":
        digests = b"".join(hashlib.blake2b(image, digest_size=8).digest() for image in data.inputs)
        return np.frombuffer(digests, np.uint64)
    return sum(cell_hashes(data.inputs), np.zeros(len(data), np.uint64))


def cell_hashes(table: pd.DataFrame) -> Iterator[np.ndarray]:
    """Yield a number for each cell of a column, uint64 of shape (n,), column by column.

    They depend on the name of the column and on the cell; numbers and texts differ.
    """
    for name, column in table.items():
        if column.dtype == "category":
            levels = [*column.cat.categories, None]  # code -1, a missing cell, takes the last
            level_hashes = [_of_text(f"level:{one}" if one is not None else "") for one in levels]
            cells = np.array(level_hashes, np.uint64)[column.cat.codes.to_numpy()]
        else:
            numbers = column.to_numpy(np.float64) + 0.0
            cells = np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
        yield _mixed(cells ^ np.uint64(_of_text(f"column:{name}")))


def _of_text(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Return splitmix64's finisher: each bit of the result depends on all bits of the number."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
