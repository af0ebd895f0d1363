"""The labels of a multi-label ARFF file, dense or sparse. Imported by multi_label.py."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np

_ATTRIBUTE = re.compile(
    r"@attribute\s+('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+)\s", re.IGNORECASE
)


def read_labels(path: Path, n_labels: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the last attributes of a gzipped ARFF file: bool of shape (n, n_labels), and names.

    Raises
    ------
    ValueError
        If one of them is not binary, or a row has another number of values.
    """
    names, rows = [], []
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        for line in file:  # the header
            line = line.strip()
            if line.lower().startswith("@attribute"):
                name = _ATTRIBUTE.match(line).group(1)
                binary = re.sub(r"\s", "", line).endswith("{0,1}")
                names.append((re.sub(r"\\(.)", r"\1", name.strip("'\"")), binary))
            if line.lower() == "@data":
                break
        first = len(names) - n_labels
        if not all(binary for _, binary in names[first:]):
            raise ValueError(f"the last {n_labels} attributes of {path.name} are not all {{0,1}}")
        for line in file:
            line = line.strip()
            if line and not line.startswith("%"):
                rows.append(_row(line, first, len(names)))
    return np.array(rows, dtype=bool), tuple(name for name, _ in names[first:])


def _row(line: str, first: int, n_attributes: int) -> np.ndarray:
    """Return the labels of one row; a sparse one names the values that are not 0."""
    labels = np.zeros(n_attributes - first, dtype=bool)
    if line.startswith("{"):
        for entry in filter(None, (part.strip() for part in line.strip("{}").split(","))):
            place, value = entry.split(None, 1)
            if int(place) >= first:
                labels[int(place) - first] = _binary(value)
        return labels
    values = line.split(",")
    if len(values) != n_attributes:
        raise ValueError(f"a row has {len(values)} values, not {n_attributes}")
    labels[:] = [_binary(value) for value in values[first:]]
    return labels


def _binary(value: str) -> bool:
    if value.strip() not in ("0", "1"):
        raise ValueError(f"a label is {value!r}, not 0 or 1")
    return value.strip() == "1"
