"""The recorder of manifolds: watches a layer and the errors of a network in any training loop.

After an epoch every sample is shown to the network once, in evaluation mode; of each batch only
the sums of its classes and one bit a sample are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from steelyard._support.arrays import frozen_ids, require_finite
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.validation import check_choice, check_integer
from steelyard.diagnosis.radii import class_sums
from steelyard.records.class_sums import ClassSums, on_sphere
from steelyard.records.classes import check_class_names, check_codes
from steelyard.records.labelled import Labelled
from steelyard.records.manifold_history import FORMULAS, ManifoldHistory


class ManifoldRecorder:
    """Records the manifolds of one run of training on one data set.

    After each epoch call `update` with every sample once, in whatever batches, and `end_epoch`;
    `history` returns the record. What is refused changes nothing.

    Parameters
    ----------
    ids : sequence of n integers or texts
        Every sample, in the order of the record.
    labels : sequence of int
        Their class codes 0..K-1.
    class_names : sequence of str, optional
        One name a class; the codes themselves if left out.
    formula : {"sphere-root", "sphere-squared", "raw-squared", "raw-root"}
        How radii are measured: see `class_radii`.
    layer : str
        What you call the layer whose outputs you hand over.
    data_fingerprint : str
        Of the data trained on, for instance `Labelled.fingerprint`.

    Raises
    ------
    DataError
        If ids repeat, lengths differ, or labels lie outside the classes.
    ParameterError
        If the formula is unknown.
    """

    def __init__(
        self,
        ids: Any,
        labels: Any,
        class_names: Iterable[object] | None = None,
        *,
        formula: str = "sphere-root",
        layer: str = "hidden",
        data_fingerprint: str = "",
    ) -> None:
        ids = np.asarray(ids)
        n = len(ids) if ids.ndim else 0
        if n == 0:
            raise DataError("A recorder needs the ids of the samples. Got none.")
        self.ids = frozen_ids(ids, n, "ManifoldRecorder")
        labels = labels.numpy(force=True) if isinstance(labels, torch.Tensor) else labels
        if np.shape(labels) != (n,):
            raise DataError(
                f"A recorder of {n} ids needs {n} labels. Got shape {np.shape(labels)}."
            )
        if class_names is None:
            class_names = range(int(np.max(labels)) + 1)
        self.class_names = check_class_names(class_names, "ManifoldRecorder")
        self.labels = check_codes(labels, self.class_names, "labels", "ManifoldRecorder")
        self.formula = check_choice(formula, "formula", "ManifoldRecorder", FORMULAS)
        self.layer, self.data_fingerprint = str(layer), str(data_fingerprint)
        self._row_of = {one: row for row, one in enumerate(self.ids.tolist())}
        self._epochs: list[int] = []
        self._radii: list[np.ndarray] = []
        self._bits: list[np.ndarray] = []
        self._open()

    def _open(self) -> None:
        self._sums: ClassSums | None = None
        self._came = np.zeros(len(self.ids), dtype=bool)
        self._wrong = np.zeros(len(self.ids), dtype=bool)

    @classmethod
    def of(cls, data: Labelled, **values: Any) -> ManifoldRecorder:
        """Return a recorder of labelled data; other values as in the constructor."""
        known = (data.ids, data.labels, data.class_names)
        return cls(*known, data_fingerprint=data.fingerprint, **values)

    @property
    def n_epochs(self) -> int:
        """Epochs closed so far."""
        return len(self._epochs)

    def update(self, ids: Any, representations: Any, predicted: Any) -> None:
        """Take one batch of the network in evaluation mode.

        Parameters
        ----------
        ids : sequence, ndarray or Tensor of shape (batch,)
            Declared ids; each comes once an epoch.
        representations : ndarray or Tensor of shape (batch, d)
            Outputs of the layer, one vector a sample.
        predicted : ndarray, Tensor or sequence of shape (batch,) or (batch, K)
            Class codes, or logits whose largest tells the class (the first of equal ones).

        Raises
        ------
        DataError
            If an id was never declared or came before, shapes do not fit, a code is out of range,
            or a number is NaN or infinite.
        """
        rows = self._rows(ids)
        codes = self._codes(predicted, len(rows))
        labels = self.labels[rows]
        sums = class_sums(
            representations, labels, len(self.class_names), sphere=on_sphere(self.formula)
        )
        if self._sums is not None:
            widths = self._sums.sums.shape[1], sums.sums.shape[1]
            if widths[0] != widths[1]:
                raise DataError(
                    f"Representations of {widths[0]} and of {widths[1]} numbers came in one epoch.",
                    hint="hand over the outputs of one layer.",
                )
            sums = self._sums + sums
        self._sums = sums
        self._came[rows] = True
        self._wrong[rows] = codes != labels

    def end_epoch(self, epoch: int | None = None) -> None:
        """Close an epoch.

        Parameters
        ----------
        epoch : int, optional
            Its number, for those who do not look after every one; else the next one. Epoch 0 is
            over when training has seen each sample once.

        Raises
        ------
        DataError
            If a declared sample did not come; the epoch then stays open.
        MismatchError
            If the number is not above that of the epoch before.
        """
        following = self._epochs[-1] + 1 if self._epochs else 0
        number = following if epoch is None else check_integer(epoch, "epoch", "end_epoch", 0)
        if number < following:
            raise MismatchError(
                f"Epochs must ascend. Got epoch {number} after epoch {following - 1}.",
                hint="give each training a recorder of its own.",
            )
        missing = np.flatnonzero(~self._came)
        if self._sums is None or len(missing):
            raise DataError(
                f"{len(missing)} of {len(self.ids)} samples did not come in epoch {number}, first "
                f"id {str(self.ids[missing[0]])!r}.",
                hint="show every declared sample once an epoch, the held-back last batch too.",
            )
        self._epochs.append(number)
        self._radii.append(self._sums.radii(self.formula))
        self._bits.append(np.packbits(self._wrong))
        self._open()

    def history(self) -> ManifoldHistory:
        """Return the record of the closed epochs, of one run; `ManifoldHistory.stack` joins runs.

        Raises
        ------
        DataError
            If no epoch was closed.
        """
        if not self._epochs:
            raise DataError("No epoch was recorded.", hint="call end_epoch after each epoch.")
        return ManifoldHistory(
            self.ids, self.labels, self.class_names, np.array(self._epochs),
            np.stack(self._radii)[np.newaxis], np.stack(self._bits)[np.newaxis],
            self.formula, self.layer, self.data_fingerprint,
        )  # fmt: skip

    def _rows(self, ids: Any) -> np.ndarray:
        """Return the rows of a batch's ids; raise if one is unknown, or comes again."""
        ids = ids.numpy(force=True) if isinstance(ids, torch.Tensor) else np.asarray(ids)
        if ids.ndim != 1:
            raise DataError(
                f"The ids of a batch must be a vector. Got shape {ids.shape}.",
                hint="for a batch of one, pass [id].",
            )
        asked = ids.tolist()
        # 1.0 and True would be found as 1
        alike = self.ids.dtype.kind == "U" or ids.dtype.kind in "iu"
        rows = [self._row_of.get(one, -1) if alike else -1 for one in asked]
        unknown = [one for one, row in zip(asked, rows, strict=True) if row < 0]
        if unknown:
            raise DataError(
                f"{len(unknown)} of {len(asked)} ids were never declared, first {unknown[0]!r}.",
                hint=f"declare it with the others; the first declared is {self.ids[0].item()!r}.",
            )
        array = np.array(rows, dtype=np.int64)
        again = self._came[array] | (np.bincount(array, minlength=len(self.ids))[array] > 1)
        if again.any():
            raise DataError(
                "ManifoldRecorder.update takes every sample once an epoch. "
                f"Got {int(again.sum())} again, first id {str(self.ids[array[again.argmax()]])!r}.",
                hint="a sampler may repeat samples to fill its last batch: leave those out; "
                "call end_epoch after each epoch.",
            )
        return array

    def _codes(self, predicted: Any, n: int) -> np.ndarray:
        """Return the predicted classes, from codes or logits."""
        if isinstance(predicted, torch.Tensor):
            half = predicted.dtype is torch.bfloat16  # numpy has no such numbers
            predicted = (predicted.float() if half else predicted).numpy(force=True)
        values = np.asarray(predicted)
        k = len(self.class_names)
        if values.shape == (n, k) and values.dtype.kind in "fiu":
            require_finite(values, "logits", "ManifoldRecorder.update")
            return values.argmax(axis=1)
        if values.shape != (n,) or (n and values.dtype.kind not in "iu"):
            raise DataError(
                f"{n} ids of {k} classes need as many predicted class codes, or logits of shape "
                f"({n}, {k}). Got {values.dtype} of shape {values.shape}.",
                hint="give a model of one output two logits, 0 and its own.",
            )
        if n and (values.min() < 0 or values.max() >= k):
            raise DataError(
                f"Predicted classes must be codes from 0 to {k - 1}. "
                f"Got {values.min()} to {values.max()}."
            )
        return values
