"""One pass of a model over all samples: what it says of each of them, kept once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from steelyard._support.arrays import require_finite
from steelyard._support.errors import DataError, MismatchError
from steelyard.records.dynamics import FINAL
from steelyard.training.batches import copied
from steelyard.training.declared import Declared

_NUMBERS = 2**18  # ours: logits in float64 that are computed at once


class Pass:
    """Channels of which every declared sample has one value, in whatever batches they come.

    Parameters
    ----------
    names : tuple of str
        The channels.
    declared : Declared
        The samples.
    verb : str
        What hands the values over, for messages.
    """

    def __init__(self, names: tuple[str, ...], declared: Declared, verb: str) -> None:
        self._names, self._declared, self._verb = names, declared, verb
        self.clear()

    def clear(self) -> None:
        """Forget what came."""
        self._came = np.zeros(len(self._declared), dtype=bool)
        self._values = np.zeros((len(self._names), 0))

    def take(self, rows: np.ndarray, values: np.ndarray) -> None:
        """Take values of shape (channels, m) of some samples.

        Raises
        ------
        DataError
            If a sample came before, or comes twice.
        """
        again = self._came[rows]
        if len(np.unique(rows)) < len(rows):
            again = again | (np.bincount(rows, minlength=len(self._came))[rows] > 1)
        if again.any():
            first = str(self._declared.ids[rows[int(again.argmax())]])
            raise DataError(
                f"Recorder.{self._verb} takes every sample once. Got {int(again.sum())} again, "
                f"first id {first!r}.",
                hint="a sampler may repeat samples to fill its last batch: leave those out.",
            )
        if not self._came.any():  # no memory before it is needed
            self._values = np.zeros((len(self._names), len(self._came)))
        self._values[:, rows] = values
        self._came[rows] = True

    def channels(self) -> dict[str, np.ndarray]:
        """Return the channels, float64 of shape (n,); none if nothing came.

        Raises
        ------
        DataError
            If some samples came and others did not.
        """
        if not self._came.any():
            return {}
        missing = np.flatnonzero(~self._came)
        if len(missing):
            raise DataError(
                f"{len(missing)} of {len(self._came)} samples did not come in "
                f"Recorder.{self._verb}, first id {str(self._declared.ids[missing[0]])!r}.",
                hint="hand over every declared sample once, the held-back last batch too.",
            )
        return dict(zip(self._names, self._values.copy(), strict=True))

    def merged(self, other: Pass, declared: Declared) -> Pass:
        """Return what came to one or the other.

        Raises
        ------
        MismatchError
            If a sample came to both, and with other values.
        """
        both = np.flatnonzero(self._came & other._came)
        unlike = (self._values[:, both] != other._values[:, both]).any(axis=0)
        if unlike.any():
            first = str(declared.ids[both[int(unlike.argmax())]])
            raise MismatchError(
                f"{int(unlike.sum())} samples came to Recorder.{self._verb} of both recorders, "
                f"with other values, first id {first!r}.",
                hint="give each process its own samples.",
            )
        merged = Pass(self._names, declared, self._verb)
        for one in (self, other):
            rows = np.flatnonzero(one._came & ~merged._came)
            if len(rows):
                merged.take(rows, one._values[:, rows])
        return merged

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what came as arrays, named for a recorder's state."""
        rows = np.flatnonzero(self._came)
        return {f"{self._verb}_rows": rows, f"{self._verb}_values": self._values[:, rows]}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned."""
        rows, values = (arrays[f"{self._verb}_{what}"] for what in ("rows", "values"))
        if len(rows):
            self.take(np.array(rows, dtype=np.int64), np.array(values, dtype=np.float64))


def checked_norms(declared: Declared, ids: Any, norms: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and values (1, m) of norms that came by id.

    Raises
    ------
    DataError
        If an id was never declared, or they are no finite numbers of at least 0, one an id.
    """
    rows = declared.positions.of(ids)
    values = np.asarray(torch.as_tensor(norms).numpy(force=True), dtype=np.float64)
    if values.shape != rows.shape:
        raise DataError(f"{len(rows)} ids need as many norms. Got shape {values.shape}.")
    require_finite(values, "norms", "Recorder.gradient_norms")
    if (values < 0).any():
        raise DataError(f"A norm is at least 0. Got {values.min():g}.")
    return rows, values[np.newaxis]


def final_values(declared: Declared, ids: Any, logits: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and the channels of `FINAL`, shape (7, m), of logits that came by id.

    Raises
    ------
    DataError
        If an id was never declared, shapes do not fit, a sample has no label, or a logit is NaN or
        infinite.
    """
    rows, columns = declared.positions.of(ids), copied(logits)
    declared.check_shape(len(rows), tuple(columns.shape[::-1]))
    if not len(rows):
        return rows, np.zeros((len(FINAL), 0))
    labels = declared.labels_of(rows)
    numbers = columns if isinstance(columns, np.ndarray) else columns.cpu().numpy()
    width = max(1, _NUMBERS // len(numbers))
    values = np.concatenate(
        [
            _final(numbers[:, start : start + width], labels[start : start + width])
            for start in range(0, len(rows), width)
        ],
        axis=1,
    )
    finite = np.isfinite(values).all(axis=0)
    if not finite.all():
        bad = declared.ids[rows[~finite]]
        raise DataError(
            f"The trained model's logits must be finite. Those of {len(bad)} samples are NaN or "
            f"infinite, first id {str(bad[0])!r}.",
            hint="the training diverged: lower the learning rate, or look at their inputs.",
        )
    return rows, values


def _final(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Measure logits of shape (K, m), in the order of `FINAL`.

    With the largest logit M and R the sum of exp(z_k - M) over all classes but one that has it,
    sum_k exp(z_k - M) is 1 + R, and its logarithm keeps its digits down to the smallest R.
    """
    logits = np.array(logits, dtype=np.float64)
    column = np.arange(logits.shape[1])
    top = logits.argmax(axis=0)
    largest, own = logits[top, column], logits[labels, column]
    with np.errstate(invalid="ignore"):  # what is not finite is named by the caller
        depth = largest - logits
        powers = np.exp(-depth)
        powers[top, column] = 0.0
        rest = powers.sum(axis=0)
        # a class that is ruled out has an infinite depth and no share
        spread = (powers * np.where(powers > 0, depth, 0.0)).sum(axis=0)
        log_total = np.log1p(rest)
        logits[labels, column] = -np.inf
        values = {
            "final_margin": own - logits.max(axis=0),
            "final_probability": np.exp(own - largest) / (1 + rest),
            "final_max_probability": 1 / (1 + rest),
            "final_max_logit": largest,
            "final_energy": -(largest + log_total),
            "final_entropy": log_total + spread / (1 + rest),
            "final_loss": log_total + (largest - own),
        }
    return np.stack([values[name] for name in FINAL])
