"""`Labelled`: inputs with labels encoded once, ids and a split; what every room starts from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_object_dtype

from steelyard._support.arrays import frozen_array, frozen_ids
from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard._support.fingerprints import encoded_texts, fingerprint
from steelyard._support.storage import header, read_npz, read_parquet, write_npz, write_parquet
from steelyard._support.validation import check_choice
from steelyard.records.classes import check_class_names, check_codes, check_multi_hot
from steelyard.records.inputs import frozen_inputs

PARTS = ("train", "validation", "test")
_SUFFIX = {"table": ".parquet", "image": ".npz"}
_FEATURE = "x:"  # keeps a feature named "id" apart from the ids
_LABEL = "y:"  # one column a label, where a sample may have several


@dataclass(frozen=True, eq=False)
class Labelled:
    """A labelled data set, read-only.

    Parameters
    ----------
    inputs : pandas.DataFrame of n rows, or uint8 ndarray of shape (n, height, width, channels)
        A table (float columns, NaN where missing; or category columns) or images of 1 or 3
        channels with values 0 to 255. Copied; take a copy of your own before changing columns.
        A table without columns stands for labels alone: enough to plan, not to train.
    labels : ndarray of shape (n,), or of bool and shape (n, K)
        Class codes 0..K-1, K = len(class_names); or, where a sample may have any number of
        labels, none included, which of them it has (multi-label, multi-hot).
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
        If lengths differ, codes lie outside the classes, a matrix of labels holds anything but
        0 and 1, names repeat, ids repeat, or inputs are neither a table nor images.
    """

    inputs: Any
    labels: np.ndarray
    class_names: tuple[str, ...]
    ids: np.ndarray
    split: np.ndarray | None = None
    name: str = field(default="data", kw_only=True)

    def __post_init__(self) -> None:
        inputs = frozen_inputs(self.inputs)
        n = len(inputs)
        names = check_class_names(self.class_names, "Labelled")
        several = np.ndim(self.labels) == 2
        check = check_multi_hot if several else check_codes
        labels = check(self.labels, names, "labels", "Labelled")
        if n == 0:
            raise DataError("Labelled needs at least one sample. Got 0.")
        if len(labels) != n:
            raise DataError(f"Labelled needs {n} labels, one a sample. Got {len(labels)}.")
        split = self.split
        if split is not None:
            split = frozen_array(split, np.str_)
            strange = sorted(set(split.ravel().tolist()) - set(PARTS))
            if split.shape != (n,) or strange:
                raise DataError(
                    f"The split must name one of {PARTS} for each of {n} samples. "
                    f"Got shape {split.shape}{f' and {strange[:5]}' if strange else ''}."
                )
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "ids", frozen_ids(self.ids, n, "Labelled"))
        object.__setattr__(self, "split", split)

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        classes = "labels" if self.multi_label else "classes"
        return (
            f"Labelled({self.name!r}, {self.modality}, n={len(self)}, "
            f"{classes}={self.n_classes}, fingerprint={self.fingerprint})"
        )

    @property
    def multi_label(self) -> bool:
        """Whether a sample may have any number of labels."""
        return self.labels.ndim == 2

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
        """Samples a class or with each label, shape (K,)."""
        if self.multi_label:
            return frozen_array(self.labels.sum(axis=0), np.int64)
        return frozen_array(np.bincount(self.labels, minlength=self.n_classes))

    @property
    def prior(self) -> np.ndarray:
        """Share of the samples with each class, shape (K,); sums to 1 unless multi-label."""
        return self.class_counts / len(self)

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen digits for the content, blind to the order of the rows and to the name."""
        order = np.argsort(self.ids, kind="stable")
        table = self.modality == "table"
        return fingerprint(
            "Labelled",
            self.inputs.iloc[order] if table else self.inputs[order],
            self.labels[order] if self.multi_label else self._named(self.labels[order]),
            list(self.class_names),
            self.ids[order],
            None if self.split is None else self.split[order],
        )

    def _named(self, codes: np.ndarray) -> np.ndarray:
        # each name is encoded once, not once a sample
        present, place = np.unique(codes, return_inverse=True)
        return encoded_texts(np.asarray(self.class_names)[present])[place]

    def take(self, positions: np.ndarray) -> Labelled:
        """Return the samples at the given positions, in that order.

        Parameters
        ----------
        positions : ndarray of int, or of bool and shape (n,)
            Rows, at least one and none twice; or a mask of those to take.

        Raises
        ------
        DataError
            If nothing is taken, a row is taken twice, or a mask does not fit.
        """
        positions = np.asarray(positions)
        if positions.dtype == bool:
            if positions.shape != (len(self),):
                raise DataError(f"The mask needs {len(self)} entries. Got {positions.shape}.")
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

    def require_single_label(self, owner: str) -> None:
        """Raise if a sample may have several labels, for what needs one class a sample.

        Raises
        ------
        DataError
            Naming who asks.
        """
        if self.multi_label:
            raise DataError(
                f"{owner} takes one class a sample; {self.name!r} has any number of "
                f"{self.n_classes} labels a sample.",
                hint="multi-label data can be planned (steelyard.plan), and predictions of them "
                "corrected; or choose one label as the target.",
            )

    def require_inputs(self, owner: str) -> None:
        """Raise if the data are labels alone, for what looks at more.

        Raises
        ------
        DataError
            Naming who asks.
        """
        if self.modality == "table" and self.inputs.shape[1] == 0:
            raise DataError(
                f"{owner} needs inputs; {self.name!r} holds labels alone.",
                hint="load them with their table or images; labels alone can be planned.",
            )

    def require_training_part(self, owner: str) -> None:
        """Raise if there are held-out rows, for what may only touch those to train on.

        Raises
        ------
        MismatchError
            Naming who asks.
        """
        if self.split is not None and (self.split != "train").any():
            raise MismatchError(
                f"{owner} takes a training part; these data hold held-out rows.",
                hint="pass data.part('train').",
            )

    def save(self, path: str | Path) -> None:
        """Write the data: a table as parquet, images as npz.

        Raises
        ------
        ParameterError
            If the path does not end so; `load` tells them apart by that.
        """
        suffix = _SUFFIX[self.modality]
        if Path(path).suffix != suffix:
            raise ParameterError(
                f"The 'path' parameter of Labelled.save must end in {suffix!r} for a "
                f"{self.modality}. Got {str(path)!r} instead."
            )
        metadata = header("Labelled", name=self.name, class_names=list(self.class_names))
        split = {} if self.split is None else {"split": self.split}
        if self.modality == "image":
            arrays = {"inputs": self.inputs, "labels": self.labels, "ids": self.ids, **split}
            write_npz(arrays, path, metadata)
            return
        labels = (
            {f"{_LABEL}{name}": self.labels[:, k] for k, name in enumerate(self.class_names)}
            if self.multi_label
            else {"label": self.labels}
        )
        samples = pd.DataFrame({"id": self.ids, **labels, **split})
        inputs = self.inputs.rename(columns=lambda column: f"{_FEATURE}{column}")
        write_parquet(pd.concat([samples, inputs], axis=1), path, metadata)

    @classmethod
    def load(cls, path: str | Path) -> Labelled:
        """Read data that `save` wrote; the suffix tells a table (.parquet) from images (.npz)."""
        if Path(path).suffix == _SUFFIX["image"]:
            arrays, metadata = read_npz(path, "Labelled")
            inputs: Any = arrays["inputs"]
            labels, ids, split = arrays["labels"], arrays["ids"], arrays.get("split")
        else:
            frame, metadata = read_parquet(path, "Labelled")
            several = [f"{_LABEL}{name}" for name in metadata["class_names"]]
            labels = frame["label"] if "label" in frame else frame[several].to_numpy()
            ids, split = frame["id"], frame.get("split")
            features = [column for column in frame.columns if column.startswith(_FEATURE)]
            inputs = frame[features].rename(columns=lambda column: column.removeprefix(_FEATURE))
            # parquet forgets that a column without any value was one of categories
            empty = inputs.columns[[is_object_dtype(dtype) for dtype in inputs.dtypes]]
            inputs = inputs.astype(dict.fromkeys(empty, "category"))
        return cls(inputs, labels, metadata["class_names"], ids, split, name=metadata["name"])
