"""`Predictions`: one model's logits on one held-out part, with truth, ids and training prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import log_softmax

from steelyard._support.arrays import frozen_array, frozen_ids, frozen_integers, require_finite
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_parquet, write_parquet
from steelyard.records.classes import check_class_names, check_codes
from steelyard.records.priors import check_prior

CLASS_COLUMN = "p_"
_DEFAULTS = {"arm": "model", "seed": 0, "split": "test"}
_SUM_TOLERANCE = 1e-3  # float16 and rounded text pass


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
        names = check_class_names(self.class_names, "Predictions")
        truth = check_codes(self.truth, names, "truth", "Predictions")
        logits = frozen_array(self.logits, np.float64)
        require_finite(logits, "logits", "Predictions")
        if logits.shape != (len(truth), len(names)):
            raise DataError(
                f"Predictions need logits of shape ({len(truth)}, {len(names)}). "
                f"Got {logits.shape}."
            )
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
        shift[seen] = np.log(np.maximum(prior[seen], 1e-300) / self.prior[seen])
        # far below any real margin, and finite where log 0 is not
        shift[prior == 0] = -np.ptp(self.logits, axis=1).max(initial=0) - 1e3
        return replace(self, logits=self.logits + shift, prior=prior)


def save_predictions(predictions: Sequence[Predictions], path: str | Path) -> None:
    """Write the predictions of several models as one table.

    The columns are ``id``, ``split``, ``arm``, ``seed``, ``truth`` (the class name) and
    ``p_<class>``, the probability of each class (float64).

    Raises
    ------
    DataError
        If there are none.
    MismatchError
        If their classes differ, two have the same arm, seed and split, or those of one arm saw
        different priors.
    """
    if not predictions:
        raise DataError("There are no predictions to save.")
    names = predictions[0].class_names
    _require_one_table(predictions)
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
        If columns or rows are missing, probabilities are negative, NaN or do not sum to one, or
        the truth names a class without a column.
    """
    frame, metadata = read_parquet(path)
    frame = frame.reset_index(drop=frame.index.name is None)  # pandas may index by the ids
    frame.columns = [str(column) for column in frame.columns]
    columns = [column for column in frame.columns if column.startswith(CLASS_COLUMN)]
    missing = [column for column in ("id", "truth") if column not in frame]
    if missing or len(columns) < 2 or frame.empty:
        raise DataError(
            f"{str(path)!r} must have the columns 'id', 'truth' and one 'p_<class>' column a "
            f"class, and at least one row. Got {list(frame.columns)[:12]}, {len(frame)} rows.",
            hint="a weighing writes such a table as predictions.parquet.",
        )
    names = tuple(column.removeprefix(CLASS_COLUMN) for column in columns)
    truth = _codes(frame["truth"], names)
    logits = _logits(frame, columns)
    priors = metadata.get("priors", {})
    predictions = []
    for (arm, seed, split), rows in _models(frame).groupby([*_DEFAULTS], sort=False):
        at = rows.index.to_numpy()
        predictions.append(
            Predictions(
                frame["id"].iloc[at],
                truth[at],
                logits[at],
                names,
                priors.get(arm, train_prior),
                arm=arm,
                seed=int(seed),
                split=split,
            )
        )
    return predictions


def _require_one_table(predictions: Sequence[Predictions]) -> None:
    first = predictions[0]
    priors: dict[str, list[float] | None] = {}
    models = set()
    for one in predictions:
        if one.class_names != first.class_names or one.ids.dtype.kind != first.ids.dtype.kind:
            raise MismatchError("Predictions over other classes or ids cannot stand in one table.")
        model = (one.arm, one.seed, one.split)
        if model in models:
            raise MismatchError(f"Two predictions have the arm, seed and split {model}.")
        models.add(model)
        prior = None if one.prior is None else one.prior.tolist()
        if priors.setdefault(one.arm, prior) != prior:
            raise MismatchError(f"The predictions of arm {one.arm!r} saw different priors.")


def _codes(truth: pd.Series, names: tuple[str, ...]) -> np.ndarray:
    texts = truth.astype(object).map(str, na_action="ignore")
    codes = texts.map({name: code for code, name in enumerate(names)})
    strange = codes.isna()
    if strange.any():
        named = sorted(set(texts[strange].map(str)))[:5]
        raise DataError(
            f"The truth names classes that have no column: {named}.",
            hint=f"the columns speak of {list(names)[:12]}.",
        )
    return codes.to_numpy(np.int64)


def _logits(frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
    try:
        probabilities = frame[columns].to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise DataError(f"Probabilities must be numbers: {error}.") from error
    sums = probabilities.sum(axis=1)
    # NaN fails both comparisons
    good = (probabilities >= 0).all(axis=1) & (np.abs(sums - 1) <= _SUM_TOLERANCE)
    if not good.all():
        row = int(good.argmin())
        raise DataError(
            f"Probabilities must be non-negative and sum to one a row. {int((~good).sum())} rows "
            f"do not, the first is row {row}: it sums to {sums[row]:.6g}, its smallest is "
            f"{probabilities[row].min():.6g}."
        )
    # a probability of exactly 0 has no finite logarithm: read it as the smallest normal number
    return np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))


def _models(frame: pd.DataFrame) -> pd.DataFrame:
    models = pd.DataFrame(index=frame.index)
    for column, default in _DEFAULTS.items():
        models[column] = frame[column].astype(object) if column in frame else default
    missing = models.isna().any()
    if missing.any():
        raise DataError(f"The columns {list(models.columns[missing])} must not miss values.")
    return models.assign(
        arm=models["arm"].map(str),
        seed=frozen_integers(models["seed"].infer_objects(), "seeds", "Predictions"),
        split=models["split"].map(str),
    )
