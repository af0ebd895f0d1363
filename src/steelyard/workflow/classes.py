"""Rare, hard, both or neither: what the held-out part and the training counts say of a class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from steelyard.hardness import rare_classes
from steelyard.records.evaluation import CORRECTED, Evaluation
from steelyard.records.hardness import Hardness
from steelyard.records.interval import Interval
from steelyard.records.labelled import Labelled
from steelyard.records.verdict import ClassVerdict

_MIDDLE_RANK = 0.5


def judge_classes(
    train_part: Labelled, natural: str, test: Evaluation, hardness: Hardness, kinds: np.ndarray
) -> tuple[ClassVerdict, ...]:
    """Return one verdict a class.

    A class is *rare* by its training count alone. It is *hard* where two witnesses agree. On
    held-out data its recall lies below the average class even after the prior is corrected to
    equal shares, which takes away what a model loses by expecting the class too seldom; the
    upper end of its interval must lie below the mean recall of all classes. And its training
    samples rank harder than the middle one: of two classes one always has the lower recall,
    which may be no more than where the boundary was drawn. The correction cannot take away that
    a rare class had few samples to learn from, so a class can be both.

    Parameters
    ----------
    train_part : Labelled
        The training part.
    natural : str
        The arm that leaves the data as they are.
    test : Evaluation
        Judged on the test part; holds the prior "uniform".
    hardness : Hardness
        Scores of the training part.
    kinds : ndarray of shape (n,)
        Kinds of the training samples.
    """
    plain = test.classes(natural, "uniform")
    even = test.classes(natural, "uniform", decision=CORRECTED)
    average = even["mean"].mean()  # skips classes without data, which are NaN
    mean_rank = hardness.by_class().set_index("class")["mean_rank"]
    rare = rare_classes(train_part.class_counts)
    verdicts = []
    for code, name in enumerate(train_part.class_names):
        recall, recall_even = _recall(plain.loc[name]), _recall(even.loc[name])
        share = float(train_part.prior[code])
        mine = train_part.labels == code
        verdicts.append(
            ClassVerdict(
                name,
                int(train_part.class_counts[code]),
                share,
                int(plain.loc[name, "n"]),
                recall,
                recall_even,
                float(mean_rank[name]),
                bool(rare[code]),
                _is_hard(recall_even, average, float(mean_rank[name])),
                int((kinds[mine] == "suspect").sum()),
            )
        )
    return tuple(verdicts)


def _is_hard(recall_even: Interval | None, average: float, mean_rank: float) -> bool | None:
    if recall_even is None:
        return None
    return bool(recall_even.high < average and mean_rank > _MIDDLE_RANK)


def _recall(row: pd.Series) -> Interval | None:
    if row["n"] == 0:
        return None
    return Interval(float(row["mean"]), float(row["low"]), float(row["high"]))
