"""Predictions as a table: ours, read back exactly, or anybody's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_integers
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_parquet, write_parquet
from steelyard._support.validation import did_you_mean
from steelyard.records.classes import check_multi_hot
from steelyard.records.predictions import Predictions
from steelyard.records.probabilities import log_odds_of, logits_of

CLASS_COLUMN = "p_"
TRUTH_COLUMN = "t_"  # of multi-label data, one a label
_DEFAULTS = {"arm": "model", "seed": 0, "split": "test"}


def save_predictions(predictions: Sequence[Predictions], path: str | Path) -> None:
    """Write the predictions of several models as one table.

    The columns are ``id``, ``split``, ``arm``, ``seed``, ``truth`` (the class name) and
    ``p_<class>``, the probability of each class (float64). Multi-label predictions have, in
    place of ``truth``, a bool column ``t_<label>`` for each label, and ``p_<label>`` is the
    probability that it is present.

    Raises
    ------
    DataError
        If there are none.
    MismatchError
        If their classes differ, some alone are multi-label, two have the same arm, seed and
        split, or those of one arm saw different priors.
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
        }
        if one.multi_label:
            columns |= {f"{TRUTH_COLUMN}{name}": one.truth[:, k] for k, name in enumerate(names)}
        else:
            columns["truth"] = np.asarray(names, dtype=object)[one.truth]
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
        ``arm`` ("model") and ``seed`` (0) may be left out. Where a sample may have any number
        of labels: a column ``t_<label>`` of 0 and 1 for each label in place of ``truth``.
    train_prior : ndarray of shape (K,), optional
        Class shares that training saw (of multi-label data, shares of samples with each label),
        where the file does not say.

    Raises
    ------
    DataError
        If columns or rows are missing, probabilities lie outside [0, 1], are NaN or (unless
        multi-label) do not sum to one, or the truth names a class without a column.
    """
    frame, metadata = read_parquet(path)
    frame = frame.reset_index(drop=frame.index.name is None)  # pandas may index by the ids
    frame.columns = [str(column) for column in frame.columns]
    columns = [column for column in frame.columns if column.startswith(CLASS_COLUMN)]
    names = tuple(column.removeprefix(CLASS_COLUMN) for column in columns)
    multi_label = "truth" not in frame and any(
        column.startswith(TRUTH_COLUMN) for column in frame.columns
    )
    fewest = 1 if multi_label else 2
    if (
        "id" not in frame
        or len(columns) < fewest
        or frame.empty
        or not (multi_label or "truth" in frame)
    ):
        raise DataError(
            f"{str(path)!r} must have the columns 'id', 'truth' and one 'p_<class>' column a "
            f"class, and at least one row. Got {list(frame.columns)[:12]}, {len(frame)} rows.",
            hint="a weighing writes such a table as predictions.parquet; multi-label data have "
            "a column 't_<label>' of 0 and 1 for each label in place of 'truth'.",
        )
    truth = _multi_hot(frame, names) if multi_label else _codes(frame["truth"], names)
    probabilities = _numbers(frame, columns)
    logits = log_odds_of(probabilities) if multi_label else logits_of(probabilities)
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


def load_groups(path: str | Path, columns: Sequence[str], ids: np.ndarray) -> dict[str, np.ndarray]:
    """Read further columns of a table of predictions, such as the site of each sample.

    Parameters
    ----------
    path : path
        What `load_predictions` reads.
    columns : sequence of str
        Their names.
    ids : ndarray of shape (n,)
        Of the samples that are asked for; several models may have a row for each.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        In the order of ``ids``.

    Raises
    ------
    DataError
        If there is no such column, or two rows of one sample differ.
    """
    frame, _ = read_parquet(path)
    frame = frame.reset_index(drop=frame.index.name is None)
    frame.columns = [str(column) for column in frame.columns]
    columns = list(dict.fromkeys(columns))
    for column in columns:
        if column == "id":
            raise DataError("The ids name no groups: each sample would be its own.")
        if column not in frame:
            others = [name for name in frame if not name.startswith((CLASS_COLUMN, TRUTH_COLUMN))]
            raise DataError(
                f"{str(path)!r} has no column {column!r} of groups.",
                hint=did_you_mean(column, others),
            )
    rows = frame[["id", *columns]].copy()
    for column in columns:  # lists and the like are names, too
        rows[column] = rows[column].map(str, na_action="ignore")
    rows = rows[rows["id"].isin(ids)].drop_duplicates()
    twice = rows["id"].duplicated()
    if twice.any():
        raise DataError(
            f"Groups must be the same in every row of a sample. {int(twice.sum())} differ, the "
            f"first is that of {str(rows['id'][twice].iloc[0])!r}."
        )
    mine = rows.set_index("id").loc[list(ids)]
    return {column: mine[column].to_numpy(dtype=object) for column in columns}


def _require_one_table(predictions: Sequence[Predictions]) -> None:
    first = predictions[0]
    priors: dict[str, list[float] | None] = {}
    models = set()
    for one in predictions:
        if one.class_names != first.class_names or one.ids.dtype.kind != first.ids.dtype.kind:
            raise MismatchError("Predictions over other classes or ids cannot stand in one table.")
        if one.multi_label != first.multi_label:
            raise MismatchError("Multi-label and other predictions cannot stand in one table.")
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


def _multi_hot(frame: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    columns = [f"{TRUTH_COLUMN}{name}" for name in names]
    there = [column for column in frame.columns if column.startswith(TRUTH_COLUMN)]
    odd = sorted(set(columns) ^ set(there))
    if odd:
        raise DataError(
            f"Each label needs two columns, 't_<label>' and 'p_<label>'. Without its other: "
            f"{odd[:5]}."
        )
    return check_multi_hot(_numbers(frame, columns, "Truths"), names, "truth", "Predictions")


def _numbers(frame: pd.DataFrame, columns: list[str], what: str = "Probabilities") -> np.ndarray:
    try:
        return frame[columns].to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} must be numbers: {error}.") from error


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
