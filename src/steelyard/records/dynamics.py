"""`Dynamics`: what happened to every sample while a network trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType

import numpy as np

from steelyard._support.arrays import frozen_array, frozen_ids, require_finite
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_npz, write_npz
from steelyard._support.validation import check_integer
from steelyard.records.classes import check_class_names, check_codes

CHANNELS = {
    "margin": "mean over epochs of the label's logit minus the largest other logit",
    "probability": "mean over epochs of the probability of the label",
    "loss": "mean over epochs of the cross-entropy of the label, nats",
    "error_norm": "mean over epochs of the Euclidean norm of probabilities minus one-hot label",
    "correct": "share of epochs in which the label had the largest logit",
    "forgetting": "number of changes from right to wrong between epochs",
    "logit": "mean over epochs of the logit of the label",
    "first_learned": "first epoch, from 0, in which the label had the largest logit; the number "
    "of epochs if none",
}


@dataclass(frozen=True, eq=False)
class Dynamics:
    """Named channels of every sample in every run; memory does not grow with epochs.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Sample ids.
    labels : ndarray of shape (n,)
        Class codes.
    class_names : tuple of str
        One name a class.
    channels : mapping of str to ndarray of shape (runs, n)
        The channels of `CHANNELS`, float64.
    n_epochs : int
        Epochs (boosting rounds for trees) that each run recorded.
    data_fingerprint : str
        Fingerprint of the `Labelled` that was trained on.

    Raises
    ------
    DataError
        If a channel is missing or unknown, shapes differ, a value is NaN, or there is no run.
    """

    ids: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    channels: Mapping[str, np.ndarray]
    n_epochs: int
    data_fingerprint: str

    def __post_init__(self) -> None:
        names = check_class_names(self.class_names, "Dynamics")
        labels = check_codes(self.labels, names, "labels", "Dynamics")
        check_integer(self.n_epochs, "n_epochs", "Dynamics", 1)
        if set(self.channels) != set(CHANNELS):
            raise DataError(
                f"Dynamics needs the channels {sorted(CHANNELS)}. Got {sorted(self.channels)}."
            )
        channels = {
            name: frozen_array(self.channels[name], np.float64) for name in sorted(CHANNELS)
        }
        shape = channels["margin"].shape
        for name, channel in channels.items():
            if channel.ndim != 2 or channel.shape != shape or shape[1] != len(labels):
                raise DataError(
                    f"Channel {name!r} must have shape (runs, {len(labels)}). Got {channel.shape}."
                )
            require_finite(channel.T, f"channel {name!r}", "Dynamics")  # a row is a sample
        if not shape[0]:
            raise DataError("Dynamics needs at least one run. Got 0.")
        object.__setattr__(self, "ids", frozen_ids(self.ids, len(labels), "Dynamics"))
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "channels", MappingProxyType(channels))

    def __reduce__(self) -> tuple:  # a read-only mapping cannot be pickled
        parts = {**vars(self), "channels": dict(self.channels)}
        return Dynamics, tuple(parts[field.name] for field in fields(self))

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return len(self.channels["margin"])

    @classmethod
    def stack(cls, runs: Sequence[Dynamics]) -> Dynamics:
        """Return the runs of several trainings on the same data as one record.

        Raises
        ------
        DataError
            If there is none.
        MismatchError
            If they trained on other data or for another number of epochs.
        """
        if not runs:
            raise DataError("Dynamics.stack needs at least one run. Got 0.")
        first = runs[0]
        for run in runs:
            same_ids = np.array_equal(run.ids, first.ids)
            if (
                not same_ids
                or run.data_fingerprint != first.data_fingerprint
                or run.n_epochs != first.n_epochs
            ):
                raise MismatchError("Only runs on the same data and epochs can be stacked.")
        channels = {name: np.concatenate([run.channels[name] for run in runs]) for name in CHANNELS}
        return cls(
            first.ids,
            first.labels,
            first.class_names,
            MappingProxyType(channels),
            first.n_epochs,
            first.data_fingerprint,
        )

    def save(self, path: str | Path) -> None:
        """Write the record as npz."""
        metadata = header(
            "Dynamics",
            class_names=list(self.class_names),
            n_epochs=self.n_epochs,
            data_fingerprint=self.data_fingerprint,
        )
        write_npz({**self.channels, "ids": self.ids, "labels": self.labels}, path, metadata)

    @classmethod
    def load(cls, path: str | Path) -> Dynamics:
        """Read what `save` wrote."""
        arrays, metadata = read_npz(path, "Dynamics")
        return cls(
            arrays.pop("ids"),
            arrays.pop("labels"),
            metadata["class_names"],
            MappingProxyType(arrays),
            metadata["n_epochs"],
            metadata["data_fingerprint"],
        )
