"""`Labelled`: inputs with labels encoded once, ids and a split; what every room starts from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array, frozen_ids, require_finite
from steelyard._support.errors import DataError
from steelyard._support.fingerprints import fingerprint
from steelyard._support.storage import header, read_npz, read_parquet, write_npz, write_parquet
from steelyard._support.validation import check_choice

PARTS = ("train", "validation", "test")
_FEATURE = "x:"  # keeps a feature named "id" apart from the ids


@dataclass(frozen=True, eq=False)
class Labelled:
    """A labelled data set, read-only.

    Parameters
    ----------
    inputs : pandas.DataFrame of n rows, or uint8 ndarray of shape (n, height, width, channels)
        A table (float columns, NaN where missing; or category columns) or images of 1 or 3
        channels with values 0 to 255.
    labels : ndarray of shape (n,)
        Class codes 0..K-1, K = len(class_names).
    class_names : tuple of str
        One name a class, in code order.
    ids : ndarray of shape (n,)
        Unique sample ids: integers or text.
    split : ndarray of shape (n,), optional
        The part each sample belongs to: "train", "validation" or "test".
    name : str
        What to call the data in a report; no part of the fingerprint.

    Raises
    ------
    DataError
        If lengths differ, codes lie outside the classes, names repeat, ids repeat, or inputs
        are neither a table nor images.
    """

    inputs: Any
    labels: np.ndarray
    class_names: tuple[str, ...]
    ids: np.ndarray
    split: np.ndarray | None = None
    name: str = field(default="data", kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.inputs, pd.DataFrame):
            inputs: Any = _frozen_table(self.inputs)
        else:
            inputs = _frozen_images(self.inputs)
        n = len(inputs)
        labels = frozen_array(self.labels, np.int64)
        names = tuple(str(name) for name in self.class_names)
        if labels.shape != (n,):
            raise DataError(f"Labelled needs {n} labels, one a sample. Got shape {labels.shape}.")
        if len(set(names)) != len(names):
            raise DataError(f"The class names must differ from one another. Got {names}.")
        if n == 0:
            raise DataError("Labelled needs at least one sample. Got 0.")
        if labels.min() < 0 or labels.max() >= len(names):
            raise DataError(
                f"Labels must be codes from 0 to {len(names) - 1}. "
                f"Got {labels.min()} to {labels.max()}."
            )
        split = self.split
        if split is not None:
            split = frozen_array(split, np.str_)
            strange = sorted(set(np.unique(split)) - set(PARTS))
            if split.shape != (n,) or strange:
                raise DataError(f"The split must name one of {PARTS} a sample. Got {strange}.")
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "ids", frozen_ids(self.ids, n, "Labelled"))
        object.__setattr__(self, "split", split)

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return (
            f"Labelled({self.name!r}, {self.modality}, n={len(self)}, "
            f"classes={self.n_classes}, fingerprint={self.fingerprint})"
        )

    @property
    def modality(self) -> str:
        """Either "table" or "image"."""
        return "table" if isinstance(self.inputs, pd.DataFrame) else "image"

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that have samples, in the order train, validation, test; () if not split."""
        present = set() if self.split is None else set(self.split.tolist())
        return tuple(part for part in PARTS if part in present)

    @property
    def n_classes(self) -> int:
        """Number of classes K, those without a sample included."""
        return len(self.class_names)

    @cached_property
    def class_counts(self) -> np.ndarray:
        """Samples a class, shape (K,)."""
        return frozen_array(np.bincount(self.labels, minlength=self.n_classes))

    @property
    def prior(self) -> np.ndarray:
        """Share of each class, shape (K,), sums to 1."""
        return self.class_counts / len(self)

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen digits for the content, blind to the order of the rows and to the name."""
        order = np.argsort(self.ids, kind="stable")
        table = self.modality == "table"
        return fingerprint(
            "Labelled",
            self.inputs.iloc[order] if table else self.inputs[order],
            np.asarray(self.class_names)[self.labels[order]],
            list(self.class_names),
            self.ids[order],
            None if self.split is None else self.split[order],
        )

    def take(self, positions: np.ndarray) -> Labelled:
        """Return the samples at the given positions, which must not repeat, in that order."""
        positions = np.asarray(positions)
        if positions.dtype == bool:
            positions = np.flatnonzero(positions)
        table = self.modality == "table"
        return replace(
            self,
            inputs=self.inputs.iloc[positions] if table else self.inputs[positions],
            labels=self.labels[positions],
            ids=self.ids[positions],
            split=None if self.split is None else self.split[positions],
        )

    def part(self, part: str) -> Labelled:
        """Return the samples of one part of the split.

        Raises
        ------
        DataError
            If the data are not split, or the part is empty.
        """
        check_choice(part, "part", "Labelled.part", PARTS)
        if self.split is None or not (self.split == part).any():
            raise DataError(
                f"The data {self.name!r} have no {part} part.",
                hint="split them first: steelyard.split(data).",
            )
        return self.take(self.split == part)

    def save(self, path: str | Path) -> None:
        """Write the data: a table as parquet, images as npz."""
        metadata = header("Labelled", name=self.name, class_names=list(self.class_names))
        if self.modality == "image":
            arrays = {"inputs": self.inputs, "labels": self.labels, "ids": self.ids}
            if self.split is not None:
                arrays["split"] = self.split
            write_npz(arrays, path, metadata)
            return
        frame = self.inputs.rename(columns=lambda column: f"{_FEATURE}{column}")
        frame.insert(0, "id", self.ids)
        frame.insert(1, "label", self.labels)
        if self.split is not None:
            frame.insert(2, "split", self.split)
        write_parquet(frame, path, metadata)

    @classmethod
    def load(cls, path: str | Path) -> Labelled:
        """Read data that `save` wrote; the suffix tells a table (.parquet) from images (.npz)."""
        if Path(path).suffix == ".npz":
            arrays, metadata = read_npz(path, "Labelled")
            inputs: Any = arrays["inputs"]
            labels, ids, split = arrays["labels"], arrays["ids"], arrays.get("split")
        else:
            frame, metadata = read_parquet(path, "Labelled")
            labels, ids = frame.pop("label").to_numpy(), frame.pop("id").to_numpy()
            split = frame.pop("split").to_numpy(np.str_) if "split" in frame else None
            inputs = frame.rename(columns=lambda column: column.removeprefix(_FEATURE))
            if ids.dtype == object:
                ids = ids.astype(np.str_)
        return cls(inputs, labels, metadata["class_names"], ids, split, name=metadata["name"])


def _frozen_table(table: pd.DataFrame) -> pd.DataFrame:
    table = table.reset_index(drop=True)  # a new frame: the caller's keeps its index
    table.columns = pd.Index([str(column) for column in table.columns], dtype=object)
    if table.columns.has_duplicates:
        twice = sorted(set(table.columns[table.columns.duplicated()]))
        raise DataError(f"The column names must differ from one another. Repeated: {twice}.")
    for column, dtype in table.dtypes.items():
        if isinstance(dtype, pd.CategoricalDtype):
            # levels as text, in sorted order, so that nothing depends on the order of reading
            levels = table[column].astype("object").where(table[column].notna())
            text = levels.map(str, na_action="ignore")
            table[column] = pd.Categorical(text, categories=sorted(text.dropna().unique()))
        elif pd.api.types.is_numeric_dtype(dtype):
            values = table[column].to_numpy(np.float64, na_value=np.nan)
            if np.isinf(values).any():
                row = int(np.flatnonzero(np.isinf(values))[0])
                raise DataError(
                    f"Column {str(column)!r} holds infinity, first in row {row}.",
                    hint="replace it by a number or leave the cell empty.",
                )
            table[column] = values
        else:
            raise DataError(
                f"Column {str(column)!r} must hold numbers or categories. Got {dtype}.",
                hint="read the table with steelyard.load, which tells them apart.",
            )
    return table


def _frozen_images(images: Any) -> np.ndarray:
    images = np.asarray(images)
    require_finite(images, "inputs", "Labelled")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise DataError(
            "Inputs must be a table or uint8 images of shape (n, height, width, 1 or 3). "
            f"Got {images.dtype} of shape {images.shape}."
        )
    return frozen_array(images)
