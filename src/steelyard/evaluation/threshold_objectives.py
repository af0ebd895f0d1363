"""What a decision threshold is chosen for: an objective over true and false positive rates.

Rates and the share of positives are all that an objective sees, so that it holds under any
deployment prior: precision is ``share TPR / (share TPR + (1 - share) FPR)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_real

_ROUNDING = 1e-12  # 9 of 10 are a precision of .9, whatever their quotient rounds to


@dataclass(frozen=True)
class Objective:
    """What is sought by a threshold.

    Parameters
    ----------
    name : {"f1", "youden", "precision", "recall", "cost"}
        F1; the true minus the false positive rate; the highest recall of at least a precision;
        the highest precision of at least a recall; or the least cost a sample.
    target : float
        The least precision or recall.
    miss, false_alarm : float
        What a positive costs that is not called, and a negative that is.
    """

    name: str
    target: float = 0.0
    miss: float = 0.0
    false_alarm: float = 0.0

    def __str__(self) -> str:
        if self.name == "cost":
            return f"cost (miss {self.miss:g}, false alarm {self.false_alarm:g})"
        return f"{self.name}>={self.target:g}" if self.target else self.name

    @property
    def metric(self) -> str:
        """The name of what `measure` returns."""
        return {"f1": "F1", "youden": "Youden's J"}.get(self.name, self.name)

    @property
    def is_share(self) -> bool:
        """Whether the metric lies in [0, 1]."""
        return self.name in ("f1", "precision", "recall")

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of what the metric can be."""
        return (0.0, np.inf) if self.name == "cost" else (-1.0 + self.is_share, 1.0)

    def choose(self, tpr: np.ndarray, fpr: np.ndarray, share: float) -> np.ndarray:
        """Return the place of the best threshold along the last axis; of equal ones the first.

        Where no threshold reaches the target, the first place, which must be that of calling
        nothing.

        Parameters
        ----------
        tpr, fpr : ndarray of shape (..., T)
            Rates at thresholds from the highest down, the first of which calls nothing.
        share : float
            Share of positives.
        """
        if self.name == "cost":
            goal = -self.measure(tpr, fpr, share)
        elif self.target:
            precision = np.nan_to_num(precision_at(tpr, fpr, share))
            bounded, sought = (precision, tpr) if self.name == "precision" else (tpr, precision)
            goal = np.where((bounded >= self.target - _ROUNDING) & (tpr > 0), sought, 0.0)
        else:
            goal = self.measure(tpr, fpr, share)
        top = goal.max(axis=-1, keepdims=True)
        return (goal >= top - _ROUNDING * np.maximum(np.abs(top), 1.0)).argmax(axis=-1)

    def measure(self, tpr: np.ndarray, fpr: np.ndarray, share: float) -> np.ndarray:
        """Return the metric at each threshold; a precision is NaN where nothing is called."""
        if self.name == "f1":
            return 2 * share * tpr / (share * tpr + (1 - share) * fpr + share)
        if self.name == "youden":
            return tpr - fpr
        if self.name == "cost":
            return self.miss * share * (1 - tpr) + self.false_alarm * (1 - share) * fpr
        return tpr if self.name == "recall" else precision_at(tpr, fpr, share)


def precision_at(tpr: np.ndarray, fpr: np.ndarray, share: float) -> np.ndarray:
    """Return precision from rates; NaN where nothing is called."""
    called = share * tpr + (1 - share) * fpr
    with np.errstate(invalid="ignore"):
        return np.where(called > 0, share * tpr / called, np.nan)


def read_objective(
    text: str, miss: float | None = None, false_alarm: float | None = None
) -> Objective:
    """Return the objective that a text names.

    Parameters
    ----------
    text : str
        "f1", "youden", "precision>=p", "recall>=r" or "cost".
    miss, false_alarm : float, optional
        Costs, above 0; with "cost" alone, and then both.

    Raises
    ------
    ParameterError
        If it names none, or costs do not fit it.
    """
    words = text.replace(" ", "") if isinstance(text, str) else ""
    costs = miss is not None, false_alarm is not None
    if words == "cost":
        if not all(costs):
            raise ParameterError(
                "The objective 'cost' needs the cost of a miss and that of a false alarm.",
                hint="for instance miss=10, false_alarm=1 (--miss 10 --false-alarm 1).",
            )
        return Objective(
            "cost",
            miss=check_real(miss, "miss", "the objective", 0, bounds="(]"),
            false_alarm=check_real(false_alarm, "false_alarm", "the objective", 0, bounds="(]"),
        )
    if any(costs):
        raise ParameterError(
            f"Costs go with the objective 'cost'. Got {text!r} instead.",
            hint="leave the costs out, or name the objective 'cost'.",
        )
    if words in ("f1", "youden"):
        return Objective(words)
    found = re.fullmatch(r"(precision|recall)>=([0-9.eE+-]+)", words)
    try:
        target = float(found[2]) if found else np.nan
    except ValueError:
        target = np.nan
    if found is None or not 0 < target <= 1:
        raise ParameterError(
            "The objective must be 'f1', 'youden', 'precision>=p' or 'recall>=r' with p or r in "
            f"(0, 1], or 'cost'. Got {text!r} instead."
        )
    return Objective(found[1], target)
