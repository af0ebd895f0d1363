"""`Thresholds`: from which probability on a class is called, and what that rests on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array
from steelyard._support.errors import DataError, MismatchError, SteelyardWarning
from steelyard._support.fingerprints import fingerprint
from steelyard._support.storage import header, read_json, write_json
from steelyard._support.validation import check_choice, check_integer, named_few
from steelyard.records.classes import check_class_names
from steelyard.records.predictions import Predictions

TASKS = ("labels", "classes", "binary")
NUMBERS = (
    "threshold", "low", "high", "value", "expected", "expected_low", "expected_high",
    "precision", "recall",
)  # fmt: skip
COLUMNS = ["class", *NUMBERS, "n_positives", "n_negatives", "note"]


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Decision thresholds of one model, chosen on one part of its data.

    Parameters
    ----------
    class_names : tuple of str
        The K classes or labels.
    task : {"labels", "classes", "binary"}
        Of multi-label data; each class against the rest; or one of two classes.
    table : pandas.DataFrame
        A row for each class in its order (binary: the positive class alone). ``threshold`` on its
        probability, which is called where it is as high or higher, with the ends of its 95 %
        interval; ``value``, the objective's metric there on the samples it was chosen on;
        ``expected``, that without what choosing on the same samples added, with the ends of its
        interval; ``precision`` and ``recall`` on those samples; ``n_positives`` and
        ``n_negatives`` it rests on; ``note``, empty or what to know. NaN: no threshold, and the
        class is never called; no data; or, of an end, none.
    objective : str
        What was sought.
    prior : ndarray of shape (K,), optional
        Where the model is deployed; None is the part as it was.
    arm : str
        The model's arm.
    seed : int
        The model's seed.
    split : str
        The part that they were chosen on.
    n : int
        Its samples.
    samples : str
        Fingerprint of their ids, whatever their order.
    n_resamples : int
        Of the bootstrap.

    Raises
    ------
    DataError
        If the table lacks columns or classes, or a threshold is no probability.
    ParameterError
        If the task is unknown.
    """

    class_names: tuple[str, ...]
    task: str
    table: pd.DataFrame
    objective: str
    prior: np.ndarray | None = field(default=None, kw_only=True)
    arm: str = field(kw_only=True)
    seed: int = field(kw_only=True)
    split: str = field(kw_only=True)
    n: int = field(kw_only=True)
    samples: str = field(kw_only=True)
    n_resamples: int = field(kw_only=True)

    def __post_init__(self) -> None:
        check_choice(self.task, "task", "Thresholds", TASKS)
        check_integer(self.n, "n", "Thresholds", 1)
        check_integer(self.n_resamples, "n_resamples", "Thresholds", 1)
        names = check_class_names(self.class_names, "Thresholds")
        object.__setattr__(self, "class_names", names)
        if list(self.table.columns) != COLUMNS:
            raise DataError(
                f"The table of Thresholds must have the columns {COLUMNS}. "
                f"Got {list(self.table.columns)}."
            )
        kinds = dict.fromkeys(("class", "note"), "object") | dict.fromkeys(NUMBERS, "float64")
        kinds |= dict.fromkeys(("n_positives", "n_negatives"), "int64")
        try:
            table = self.table.reset_index(drop=True).astype(kinds)
        except (TypeError, ValueError) as error:
            raise DataError(f"The table of Thresholds cannot hold this: {error}.") from error
        rows = tuple(table["class"])
        binary = self.task == "binary"
        right = len(names) == 2 and len(rows) == 1 and rows[0] in names if binary else rows == names
        if not right:
            raise DataError(
                f"Thresholds of the task {self.task!r} need a row for "
                f"{'one of two classes' if binary else 'each class, in their order'}. "
                f"Got {list(rows)[:12]} for {list(names)[:12]}."
            )
        values = table["threshold"]
        if not (values.isna() | values.between(0, 1)).all():
            raise DataError(
                "A threshold is a probability from 0 to 1, or missing. "
                f"Got {values[~values.between(0, 1)].tolist()[:5]}."
            )
        object.__setattr__(self, "table", table)
        if self.prior is not None:
            object.__setattr__(self, "prior", frozen_array(self.prior, np.float64))

    @property
    def values(self) -> np.ndarray:
        """The thresholds, in the order of the table's rows; NaN where there is none."""
        return self.table["threshold"].to_numpy()

    def apply(self, predictions: Predictions) -> np.ndarray:
        """Return what is called: bool of shape (n, K), or of two classes the codes (n,).

        Parameters
        ----------
        predictions : Predictions
            Of the model that the thresholds were chosen for, on any part.

        Raises
        ------
        MismatchError
            If they are of other classes, of another arm or seed, or another task.

        Warns
        -----
        SteelyardWarning
            If classes without a threshold are never called for that reason.
        """
        multi_label = self.task == "labels"
        if predictions.class_names != self.class_names or predictions.multi_label != multi_label:
            raise MismatchError(
                f"These thresholds are of the {'labels' if multi_label else 'classes'} "
                f"{list(self.class_names)[:12]}; the predictions are of "
                f"{list(predictions.class_names)[:12]}"
                f"{', multi-label' if predictions.multi_label else ''}.",
                hint="choose thresholds for the model they are used with.",
            )
        if (predictions.arm, predictions.seed) != (self.arm, self.seed):
            raise MismatchError(
                f"These thresholds are of arm {self.arm!r}, seed {self.seed}; the predictions are "
                f"of arm {predictions.arm!r}, seed {predictions.seed}.",
                hint="choose thresholds for each model: one's probabilities are not another's.",
            )
        without = list(self.table["class"][self.table["threshold"].isna()])
        if without:
            warnings.warn(
                f"Without a threshold, and so never called: {named_few(without)}.",
                SteelyardWarning,
                stacklevel=2,
            )
        probabilities = np.exp(predictions.log_probabilities)
        if self.task == "binary":
            code = self.class_names.index(self.table["class"][0])
            return np.where(probabilities[:, code] >= self.values[0], code, 1 - code)
        return probabilities >= self.values  # a comparison with NaN is false

    def chosen_on(self, predictions: Predictions) -> bool:
        """Return whether the thresholds were chosen on these samples: then they flatter."""
        return fingerprint_of_ids(predictions.ids) == self.samples

    def to_dict(self) -> dict[str, Any]:
        """Return the thresholds as plain data; null where there is none."""
        return header(
            "Thresholds",
            class_names=list(self.class_names),
            task=self.task,
            objective=self.objective,
            prior=None if self.prior is None else self.prior.tolist(),
            arm=self.arm,
            seed=self.seed,
            split=self.split,
            n=self.n,
            samples=self.samples,
            n_resamples=self.n_resamples,
            # JSON has no NaN
            table=self.table.astype(object)
            .where(self.table.notna(), None)
            .to_dict(orient="records"),
        )

    def save(self, path: str | Path) -> None:
        """Write the thresholds as one JSON document."""
        write_json(self.to_dict(), path)

    @classmethod
    def load(cls, path: str | Path) -> Thresholds:
        """Read what `save` wrote."""
        document = read_json(path, "Thresholds")
        fields = cls.__dataclass_fields__
        missing = sorted(set(fields) - set(document))
        if missing:
            raise DataError(f"{str(path)!r} lacks {missing} of Thresholds.")
        values = {key: value for key, value in document.items() if key in fields}
        return cls(**values | {"table": pd.DataFrame(values["table"], columns=COLUMNS)})


def fingerprint_of_ids(ids: np.ndarray) -> str:
    """Return the fingerprint of sample ids, whatever their order."""
    return fingerprint(np.sort(ids))
