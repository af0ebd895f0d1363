"""What a recorder was told: ids, labels and classes, and batches held against them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from steelyard._support.arrays import frozen_ids, frozen_integers
from steelyard._support.errors import DataError, MismatchError, SteelyardWarning
from steelyard._support.validation import check_integer
from steelyard.records.classes import check_class_names
from steelyard.training.positions import Positions

# Epoch 20, as published: M. Paul et al. (2021), "Deep learning on a data diet", arXiv 2107.07075.
EARLY_EPOCH = 19
_UNSTATED = -1  # in stored arrays
# the label of a sample that has not come yet: no loop passes this number by mistake, as it may -1
_UNKNOWN = np.iinfo(np.int64).min


class Declared:
    """Ids with their labels and classes, as far as these are known.

    Parameters
    ----------
    ids : sequence of n integers or texts
        Unique.
    labels : sequence of int, optional
        Class codes; else they are learned from the batches.
    class_names : sequence of str, optional
        One name a class; else their number is learned from the first logits.
    fingerprint : str
        Of the data; "" if unknown.
    run : int
        Number of the run.
    early_epoch : int or None
        The epoch that counts as early; None, if nobody stated one, is `EARLY_EPOCH`.

    Raises
    ------
    DataError
        If ids repeat, lengths differ, or labels lie outside the classes.
    """

    def __init__(
        self,
        ids: Any,
        labels: Any = None,
        class_names: Iterable[object] | None = None,
        fingerprint: str = "",
        *,
        run: int,
        early_epoch: int | None,
    ) -> None:
        self.run = check_integer(run, "run", "Recorder", 0)
        self.stated_early = early_epoch
        if early_epoch is not None:
            self.stated_early = check_integer(early_epoch, "early_epoch", "Recorder", 0)
        ids = np.asarray(ids)
        n = len(ids) if ids.ndim else 0
        if n == 0:
            raise DataError("A recorder needs the ids of the samples. Got none.")
        self.ids = frozen_ids(ids, n, "Recorder")
        self.positions = Positions(self.ids)
        self.fingerprint = str(fingerprint)
        self.class_names: tuple[str, ...] = ()
        self.labels = np.full(n, _UNKNOWN)
        if labels is not None:
            self.labels = np.array(frozen_integers(labels, "labels", "Recorder"))
            if self.labels.shape != (n,):
                raise DataError(
                    f"A recorder of {n} ids needs {n} labels. Got shape {self.labels.shape}."
                )
            self._refuse(self.labels < 0, self.labels, self.ids, "0 or above")
        if class_names is not None:
            self.set_classes(check_class_names(class_names, "Recorder"))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def early_epoch(self) -> int:
        """The epoch that counts as early."""
        return EARLY_EPOCH if self.stated_early is None else self.stated_early

    def early_of(self, n_epochs: int) -> int:
        """Return the early epoch of a training of so many; warn of a last one nobody asked for."""
        if self.stated_early is None and 1 < n_epochs <= EARLY_EPOCH + 1:
            warnings.warn(
                f"The early epoch of this training of {n_epochs} is its last one, "
                f"{n_epochs - 1}: early_error_norm tells of its end. "
                "Hint: state it, as Recorder(..., early_epoch="
                f"{-(-n_epochs // 10) - 1}) for the end of its first tenth.",
                SteelyardWarning,
                stacklevel=3,
            )
        return min(self.early_epoch, n_epochs - 1)

    def set_classes(self, names: tuple[str, ...]) -> None:
        """Take the classes; labels that lie outside of them are refused."""
        outside = self.labels >= len(names)
        self._refuse(outside, self.labels, self.ids, f"0 to {len(names) - 1}")
        self.class_names = names

    def check_shape(self, n: int, shape: tuple[int, int]) -> None:
        """Raise unless logits are of shape (n, K); the first ones tell K."""
        if not self.class_names and shape[1] >= 2:
            self.set_classes(tuple(str(code) for code in range(shape[1])))
        if shape != (n, len(self.class_names)) or shape[1] < 2:
            expected = len(self.class_names) or "2 or more"
            raise DataError(
                f"The recorder needs logits of shape ({n}, {expected}). Got {shape}.",
                hint="keep the first axis for a batch of one; give a model of one output two "
                "logits, 0 and its own.",
            )

    def labels_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the labels of rows; raise if one is no position or has no label."""
        if rows.min() < 0 or rows.max() >= len(self.ids):
            raise DataError(
                f"Rows must be positions from 0 to {len(self.ids) - 1}. "
                f"Got {rows.min()} to {rows.max()}."
            )
        labels = self.labels[rows]
        self._require_labels(rows, labels)
        return labels

    def check_labels(self, rows: np.ndarray, labels: Any) -> None:
        """Compare a batch's labels with those declared; learn those of samples that had none.

        Raises
        ------
        DataError
            If labels are no class codes, or missing where none were declared.
        MismatchError
            If one differs from the declared one.
        """
        known = self.labels[rows]
        if labels is None:
            self._require_labels(rows, known)
            return
        if isinstance(labels, torch.Tensor):
            labels = labels.numpy(force=True)
        labels = np.asarray(labels)
        if labels.dtype == known.dtype and labels.tobytes() == known.tobytes():
            return  # ten times faster than comparing them as numbers
        if labels.shape != rows.shape or (len(rows) and labels.dtype.kind not in "iu"):
            raise DataError(
                f"The labels of a batch must be {len(rows)} class codes. Got {labels.dtype} of "
                f"shape {labels.shape}.",
                hint="one-hot or mixed labels do not tell a sample's class: pass its own code.",
            )
        outside = (labels < 0) | (labels >= len(self.class_names))
        self._refuse(outside, labels, self.ids[rows], f"0 to {len(self.class_names) - 1}")
        self.labels[rows] = np.where(known < 0, labels, known)
        unlike = self.labels[rows] != labels  # also finds an id with two labels in the batch
        if unlike.any():
            first = int(unlike.argmax())
            expected = int(self.labels[rows[first]])
            self.labels[rows] = known
            raise MismatchError(
                f"{int(unlike.sum())} labels differ from the declared ones, first that of id "
                f"{self._shown(rows[first])}: {labels[first]} instead of {expected}.",
                hint="ids, logits and labels of a batch must stand in one order.",
            )

    def require_same(self, other: Declared) -> None:
        """Raise unless the other's run and ids are the same, and what both know besides."""
        if self.run != other.run:
            raise MismatchError(
                f"Runs cannot be mixed in one recorder. Got {self.run} and {other.run}."
            )
        if not np.array_equal(self.ids, other.ids):
            raise MismatchError(
                "The recorders are of other data: their declared ids differ.",
                hint="declare all ids in every process, in one order.",
            )
        unlike = (self.labels != other.labels) & (self.labels >= 0) & (other.labels >= 0)
        if unlike.any():
            raise MismatchError(
                f"The recorders are of other data: {int(unlike.sum())} labels differ, first that "
                f"of id {self._shown(int(unlike.argmax()))}."
            )
        for mine, theirs, what in (
            (self.class_names, other.class_names, "classes"),
            (self.fingerprint, other.fingerprint, "fingerprints"),
        ):
            if mine and theirs and mine != theirs:
                raise MismatchError(f"The recorders are of other data: their {what} differ.")
        if self.early_epoch != other.early_epoch:
            raise MismatchError(
                "The early epoch must be the same in both recorders. "
                f"Got {self.early_epoch} and {other.early_epoch}."
            )

    def joined(self, other: Declared) -> Declared:
        """Return what both know together."""
        known = Declared(
            self.ids,
            fingerprint=self.fingerprint or other.fingerprint,
            run=self.run,
            early_epoch=other.stated_early if self.stated_early is None else self.stated_early,
        )
        known.labels = np.maximum(self.labels, other.labels)  # what is unknown is less
        known.class_names = self.class_names or other.class_names
        return known

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it as plain arrays."""
        return {
            "ids": self.ids,
            "labels": self.labels.copy(),
            "class_names": np.array(self.class_names, dtype=np.str_),
            "data_fingerprint": np.array(self.fingerprint),
            "run": np.array(self.run),
            "early_epoch": np.array(_UNSTATED if self.stated_early is None else self.stated_early),
        }

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> Declared:
        """Return what `arrays` took apart."""
        early_epoch = int(arrays["early_epoch"])
        known = cls(
            arrays["ids"],
            fingerprint=str(arrays["data_fingerprint"]),
            run=int(arrays["run"]),
            early_epoch=None if early_epoch == _UNSTATED else early_epoch,
        )
        known.labels = np.array(arrays["labels"], dtype=np.int64)
        known.class_names = tuple(map(str, arrays["class_names"]))
        return known

    def _require_labels(self, rows: np.ndarray, labels: np.ndarray) -> None:
        if len(rows) and labels.min() < 0:
            without = rows[labels < 0]
            raise DataError(
                f"{len(without)} samples have no label, first id {self._shown(without[0])}.",
                hint="declare labels, or pass them to update.",
            )

    def _refuse(
        self, outside: np.ndarray, labels: np.ndarray, ids: np.ndarray, expected: str
    ) -> None:
        if outside.any():
            first = int(outside.argmax())
            raise DataError(
                f"Labels must be class codes, {expected}. Got {int(outside.sum())} others, first "
                f"{labels[first]} for id {str(ids[first])!r}."
            )

    def _shown(self, row: int) -> str:
        return repr(str(self.ids[row]))
