"""`Predictions`: one model's logits on one held-out part, with truth, ids and training prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import log_softmax

from steelyard._support.arrays import frozen_array, frozen_ids, require_finite
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_parquet, write_parquet
from steelyard.records.priors import check_prior

CLASS_COLUMN = "p_"
_COLUMNS = ("id", "split", "arm", "seed", "truth")


@dataclass(frozen=True, eq=False)
class Predictions:
    """What one trained model says about one held-out part.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Sample ids.
    truth : ndarray of shape (n,)
        Class codes.
    logits : ndarray of shape (n, K)
        Unnormalised log-probabilities.
    class_names : tuple of str
        One name a class.
    prior : ndarray of shape (K,), optional
        Class shares that training saw; None if unknown, and then nothing can be corrected.
    arm : str
        What was done in training, for instance "degree=0.5".
    seed : int
        The repetition; arms with the same one are paired.
    split : str
        The part, "validation" or "test".

    Raises
    ------
    DataError
        If shapes differ or a logit is NaN or infinite.
    """

    ids: np.ndarray
    truth: np.ndarray
    logits: np.ndarray
    class_names: tuple[str, ...]
    prior: np.ndarray | None = None
    arm: str = field(default="model", kw_only=True)
    seed: int = field(default=0, kw_only=True)
    split: str = field(default="test", kw_only=True)

    def __post_init__(self) -> None:
        truth = frozen_array(self.truth, np.int64)
        logits = frozen_array(self.logits, np.float64)
        names = tuple(self.class_names)
        require_finite(logits, "logits", "Predictions")
        if logits.shape != (len(truth), len(names)):
            raise DataError(
                f"Predictions need logits of shape ({len(truth)}, {len(names)}). "
                f"Got {logits.shape}."
            )
        if len(truth) and (truth.min() < 0 or truth.max() >= len(names)):
            raise DataError(f"The truth must be codes from 0 to {len(names) - 1}.")
        object.__setattr__(self, "ids", frozen_ids(self.ids, len(truth), "Predictions"))
        object.__setattr__(self, "truth", truth)
        object.__setattr__(self, "logits", logits)
        object.__setattr__(self, "class_names", names)
        if self.prior is not None:
            prior = check_prior(self.prior, names, "Predictions")
            object.__setattr__(self, "prior", prior)

    def __len__(self) -> int:
        return len(self.truth)

    @cached_property
    def log_probabilities(self) -> np.ndarray:
        """Natural logarithms of the class probabilities, shape (n, K)."""
        return frozen_array(log_softmax(self.logits, axis=1))

    @cached_property
    def predicted(self) -> np.ndarray:
        """Code of the most probable class, shape (n,); ties go to the lower code."""
        return frozen_array(self.logits.argmax(axis=1))

    def corrected(self, prior: np.ndarray) -> Predictions:
        """Return the predictions for another class prior: logits + log(prior / train prior).

        Under label shift (the classes change in frequency, not in looks) this is Bayes' rule,
        exact for a calibrated model. A class that training never saw stays as it is; a class
        that the new prior excludes is never predicted.

        Parameters
        ----------
        prior : ndarray of shape (K,)
            Class shares where the model will be used.

        Raises
        ------
        DataError
            If the prior that training saw is unknown, or the new one does not fit the classes.

        References
        ----------
        Saerens, Latinne and Decaestecker (2002), Neural Computation 14(1), equation 2.4.
        """
        if self.prior is None:
            raise DataError(
                f"The training prior of arm {self.arm!r} is unknown, so nothing can be corrected.",
                hint="state it: --train-prior FILE.",
            )
        prior = check_prior(prior, self.class_names, "Predictions.corrected")
        seen = self.prior > 0
        shift = np.zeros(len(prior))
        # -1e3 nats instead of log 0 keeps the logits finite; no real margin comes near it
        shift[seen] = np.where(
            prior[seen] > 0, np.log(np.maximum(prior[seen], 1e-300) / self.prior[seen]), -1e3
        )
        return replace(self, logits=self.logits + shift, prior=prior)


def save_predictions(predictions: Sequence[Predictions], path: str | Path) -> None:
    """Write the predictions of several models as one table.

    The columns are ``id``, ``split``, ``arm``, ``seed``, ``truth`` (the class name) and
    ``p_<class>``, the probability of each class (float64).

    Raises
    ------
    MismatchError
        If their classes differ.
    """
    names = predictions[0].class_names
    if any(one.class_names != names for one in predictions):
        raise MismatchError("Predictions over other classes cannot stand in one table.")
    frames = []
    priors: dict[str, list[float]] = {}
    for one in predictions:
        columns: dict[str, object] = {
            "id": one.ids,
            "split": one.split,
            "arm": one.arm,
            "seed": one.seed,
            "truth": np.asarray(names, dtype=object)[one.truth],
        }
        probabilities = np.exp(one.log_probabilities)
        columns |= {f"{CLASS_COLUMN}{name}": probabilities[:, k] for k, name in enumerate(names)}
        frames.append(pd.DataFrame(columns))
        if one.prior is not None:
            priors[one.arm] = one.prior.tolist()
    metadata = header("Predictions", class_names=list(names), priors=priors)
    write_parquet(pd.concat(frames, ignore_index=True), path, metadata)


def load_predictions(path: str | Path, train_prior: np.ndarray | None = None) -> list[Predictions]:
    """Read predictions from a parquet file, ours or anybody's.

    Parameters
    ----------
    path : path
        A table with ``id``, ``truth`` and one ``p_<class>`` column a class; ``split`` ("test"),
        ``arm`` ("model") and ``seed`` (0) may be left out.
    train_prior : ndarray of shape (K,), optional
        Class shares that training saw, where the file does not say.

    Raises
    ------
    DataError
        If columns are missing, or probabilities are negative, NaN or do not sum to one.
    """
    frame, metadata = read_parquet(path)
    columns = [column for column in frame.columns if column.startswith(CLASS_COLUMN)]
    missing = [column for column in ("id", "truth") if column not in frame]
    if missing or len(columns) < 2:
        raise DataError(
            f"{str(path)!r} must have the columns 'id', 'truth' and one 'p_<class>' column a "
            f"class. Got {list(map(str, frame.columns))[:12]}."
        )
    names = tuple(column.removeprefix(CLASS_COLUMN) for column in columns)
    truth = frame["truth"].map(str).map({name: code for code, name in enumerate(names)})
    if truth.isna().any():
        strange = sorted(set(frame["truth"][truth.isna()].map(str)))
        raise DataError(f"The truth names classes that have no column: {strange[:5]}.")
    probabilities = frame[columns].to_numpy(np.float64)
    sums = probabilities.sum(axis=1)
    if not (probabilities >= 0).all() or not np.allclose(sums, 1, atol=1e-3):
        worst = int(np.nan_to_num(np.abs(sums - 1), nan=np.inf).argmax())
        raise DataError(
            f"Probabilities must be non-negative and sum to one a row. Row {worst} sums to "
            f"{sums[worst]:.6g}."
        )
    # a probability of exactly 0 has no finite logarithm: read it as the smallest normal number
    logits = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    defaults = {"split": "test", "arm": "model", "seed": 0}
    for column, value in defaults.items():
        if column not in frame:
            frame[column] = value
    if frame["id"].dtype.kind not in "iu":
        frame["id"] = frame["id"].map(str)
    priors = metadata.get("priors", {})
    predictions = []
    for (arm, seed, split), rows in frame.groupby(["arm", "seed", "split"], sort=False):
        at = rows.index.to_numpy()
        predictions.append(
            Predictions(
                rows["id"].to_numpy(),
                truth.to_numpy(np.int64)[at],
                logits[at],
                names,
                priors.get(arm, train_prior),
                arm=str(arm),
                seed=int(seed),
                split=str(split),
            )
        )
    return predictions
