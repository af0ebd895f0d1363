"""`Dynamics`: what happened to every sample while a network trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array, frozen_ids, require_finite
from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard._support.storage import header, read_npz, read_parquet, write_npz, write_parquet
from steelyard._support.validation import check_integer
from steelyard.records.classes import check_class_names, check_codes

# While it trained. A tie of logits is no decision for the label: a sample is right where its
# margin is above 0.
TRAINING = {
    "margin": "mean over epochs of the label's logit minus the largest other logit",
    "probability": "mean over epochs of the probability of the label",
    "loss": "mean over epochs of the cross-entropy of the label, nats",
    "error_norm": "mean over epochs of the Euclidean norm of probabilities minus one-hot label",
    "correct": "share of epochs in which the label had the largest logit",
    "forgetting": "number of changes from right to wrong between epochs",
    "logit": "mean over epochs of the logit of the label",
    "first_learned": "first epoch, from 0, in which the label had the largest logit; the number "
    "of epochs if none",
    "probability_margin": "mean over epochs of the label's probability minus the largest other",
    "aleatoric": "mean over epochs of p (1 - p), with p the probability of the label",
    "variability": "standard deviation over epochs of the probability of the label",
    "early_error_norm": "Euclidean norm of probabilities minus one-hot label in one early epoch",
}
# By the trained model at the end, without augmentation and in evaluation mode.
FINAL = {
    "final_margin": "the label's logit minus the largest other logit",
    "final_probability": "probability of the label",
    "final_max_probability": "largest probability",
    "final_max_logit": "largest logit",
    "final_energy": "minus the logarithm of the sum of the exponentials of the logits",
    "final_entropy": "entropy of the probabilities, nats",
    "final_loss": "cross-entropy of the label, nats",
}
# By a network early in training.
GRADIENT = {
    "gradient_norm": "Euclidean norm of the gradient of the sample's loss by all weights, after "
    "the early epoch",
}
# By a network that went on with other samples alone.
SECOND_SPLIT = {
    "unlearned": "share of the epochs on the other samples from which on the label was wrong to "
    "the end; 0 if it was right at the end",
}
# By models that did not train on the sample.
LEFT_OUT = {
    "left_out_probability": "probability of the label",
    "left_out_margin": "the label's probability minus the largest other",
}
# In which pass a network was asked for what a group holds.
TAKEN = {
    "in the training pass": TRAINING,
    "by the trained model": FINAL,
    "after the early epoch": GRADIENT,
    "after each epoch on other samples": SECOND_SPLIT,
    "out of fold": LEFT_OUT,
}
WITHOUT_MODEL = "without a model"
AFTER_EACH_EPOCH = "after each epoch"  # of a training that is watched as a whole
GROUPS = (TRAINING, FINAL, GRADIENT, SECOND_SPLIT, LEFT_OUT)
CHANNELS = {name: meaning for group in GROUPS for name, meaning in group.items()}


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
        Every channel of one or more of the `GROUPS`, float64.
    n_epochs : int
        Epochs (boosting rounds for trees) that each run recorded; 0 where none of the channels
        was recorded while it trained.
    data_fingerprint : str
        Fingerprint of the `Labelled` that was trained on.
    early_epoch : int, optional
        The epoch, from 0, of the channels that tell of one early epoch.

    Raises
    ------
    DataError
        If a group of channels is incomplete, a channel unknown, shapes differ, a value is NaN, or
        there is no run.
    """

    ids: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    channels: Mapping[str, np.ndarray]
    n_epochs: int
    data_fingerprint: str
    early_epoch: int | None = None

    def __post_init__(self) -> None:
        names = check_class_names(self.class_names, "Dynamics")
        labels = check_codes(self.labels, names, "labels", "Dynamics")
        _require_whole_groups(self.channels)
        check_integer(self.n_epochs, "n_epochs", "Dynamics", int("margin" in self.channels))
        if self.early_epoch is not None:
            check_integer(self.early_epoch, "early_epoch", "Dynamics", 0)
        channels = {
            name: frozen_array(self.channels[name], np.float64) for name in sorted(self.channels)
        }
        shape = next(iter(channels.values())).shape
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
        return len(next(iter(self.channels.values())))

    @classmethod
    def stack(cls, runs: Sequence[Dynamics]) -> Dynamics:
        """Return the runs of several trainings on the same data as one record.

        Raises
        ------
        DataError
            If there is none.
        MismatchError
            If they trained on other data or for another number of epochs, or recorded others.
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
                or run.early_epoch != first.early_epoch
                or set(run.channels) != set(first.channels)
            ):
                raise MismatchError(
                    "Only runs on the same data and epochs, with the same channels, can be stacked."
                )
        channels = {
            name: np.concatenate([run.channels[name] for run in runs]) for name in first.channels
        }
        return replace(first, channels=MappingProxyType(channels))

    def joined(self, other: Dynamics) -> Dynamics:
        """Return the channels of two records of the same samples and number of runs as one.

        Raises
        ------
        MismatchError
            If samples or numbers of runs differ, or both hold a channel.
        """
        if not np.array_equal(self.ids, other.ids) or (
            self.data_fingerprint != other.data_fingerprint
        ):
            raise MismatchError("Only records of the same samples can be joined.")
        both = sorted(set(self.channels) & set(other.channels))
        if both or self.n_runs != other.n_runs:
            raise MismatchError(
                f"Only records of as many runs and other channels can be joined. Got {self.n_runs} "
                f"and {other.n_runs} runs, and {', '.join(both) or 'no channel'} in both."
            )
        early = self.early_epoch if self.early_epoch is not None else other.early_epoch
        return replace(
            self,
            channels=MappingProxyType({**self.channels, **other.channels}),
            n_epochs=max(self.n_epochs, other.n_epochs),
            early_epoch=early,
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
            early_epoch=self.early_epoch,
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
            channels = {
                name: frame[name].to_numpy().reshape(runs, -1) for name in CHANNELS if name in frame
            }
        return cls(
            ids,
            labels,
            metadata["class_names"],
            channels,
            metadata["n_epochs"],
            metadata["data_fingerprint"],
            metadata.get("early_epoch"),
        )


def _require_whole_groups(channels: Mapping[str, np.ndarray]) -> None:
    unknown = sorted(set(channels) - set(CHANNELS))
    if unknown or not channels:
        raise DataError(f"Dynamics knows the channels {sorted(CHANNELS)}. Got {unknown or 'none'}.")
    for group in GROUPS:
        absent = sorted(set(group) - set(channels))
        if absent and len(absent) < len(group):
            raise DataError(f"Dynamics needs {', '.join(absent)} too: they come with the others.")


def _suffix(path: str | Path, verb: str) -> str:
    suffix = Path(path).suffix
    if suffix not in (".npz", ".parquet"):
        raise ParameterError(
            f"The 'path' parameter of Dynamics.{verb} must end in '.npz' or '.parquet'. "
            f"Got {str(path)!r} instead."
        )
    return suffix
