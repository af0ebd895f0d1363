"""`Dynamics`: what happened to every sample while a network trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array, frozen_ids, require_finite
from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard._support.storage import header, read_npz, read_parquet, write_npz, write_parquet
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
        """Write the record: arrays as ``.npz``, or a long table as ``.parquet``.

        The table has one row a run and sample and the columns ``run`` (from 0), ``id``, ``label``
        (the class name), and one a channel.

        Raises
        ------
        ParameterError
            If the path ends in neither.
        """
        metadata = header(
            "Dynamics",
            class_names=list(self.class_names),
            n_epochs=self.n_epochs,
            data_fingerprint=self.data_fingerprint,
        )
        if _suffix(path, "save") == ".npz":
            write_npz({**self.channels, "ids": self.ids, "labels": self.labels}, path, metadata)
            return
        n = len(self.ids)
        columns = {
            "run": np.repeat(np.arange(self.n_runs), n),
            "id": np.tile(self.ids, self.n_runs),
            "label": np.tile(np.asarray(self.class_names, dtype=object)[self.labels], self.n_runs),
        }
        columns |= {name: channel.ravel() for name, channel in self.channels.items()}
        write_parquet(pd.DataFrame(columns), path, metadata)

    @classmethod
    def load(cls, path: str | Path) -> Dynamics:
        """Read what `save` wrote; the suffix tells which."""
        if _suffix(path, "load") == ".npz":
            channels, metadata = read_npz(path, "Dynamics")
            ids, labels = channels.pop("ids"), channels.pop("labels")
        else:
            frame, metadata = read_parquet(path, "Dynamics")
            runs = frame["run"].max() + 1
            once = frame[frame["run"] == 0]
            code_of = {name: code for code, name in enumerate(metadata["class_names"])}
            ids, labels = once["id"].to_numpy(), once["label"].map(code_of).to_numpy()
            channels = {name: frame[name].to_numpy().reshape(runs, -1) for name in CHANNELS}
        return cls(
            ids,
            labels,
            metadata["class_names"],
            channels,
            metadata["n_epochs"],
            metadata["data_fingerprint"],
        )


def _suffix(path: str | Path, verb: str) -> str:
    suffix = Path(path).suffix
    if suffix not in (".npz", ".parquet"):
        raise ParameterError(
            f"The 'path' parameter of Dynamics.{verb} must end in '.npz' or '.parquet'. "
            f"Got {str(path)!r} instead."
        )
    return suffix
