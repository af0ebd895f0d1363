"""The verb `correct`: probabilities for the population that a model will meet."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, MismatchError, ParameterError, SteelyardWarning
from steelyard._support.validation import check_choice, check_kind, did_you_mean
from steelyard.evaluation import correction_report, deployment_priors, effective_prior
from steelyard.evaluation.priors import TRAIN, UNIFORM, in_class_order
from steelyard.records.interval import decimals_of_difference
from steelyard.records.plan import Plan
from steelyard.records.predictions import Predictions
from steelyard.resampling import compounded_prior

_STATED = "stated"
_SAME = 1e-9  # shares that differ by less were rounded on the way
_NOISE = 1e-12  # of the arithmetic


def correct(
    predictions: Predictions | Sequence[Predictions],
    prior: Any,
    *,
    plan: Plan | None = None,
    class_weights: Any = None,
    train_prior: Any = None,
) -> list[Predictions]:
    """Correct probabilities to the class shares where the model will be used.

    Training on resampled or weighted data leaves probabilities of a population that does not
    exist. This is Bayes' rule for another prior, exact for a calibrated model under label shift.

    Parameters
    ----------
    predictions : Predictions or sequence of them
        What models say, of one data set. Where they record the prior that training saw (those of
        `steelyard.train` and `weigh` do), nothing else has to be stated.
    prior : {"train", "uniform"}, mapping of class name to weight, or array_like of shape (K,)
        Where the model is used. "train" is the training data before a plan or weights: the
        plan's, else ``train_prior``, else what the first arm saw. "uniform" is equal shares, of
        multi-label data one half for each label. Multi-label data need shares of samples with
        each label, in [0, 1].
    plan : Plan, optional
        What the models were trained by; its achieved shares are the prior that training saw.
    class_weights : mapping of class name to weight, or array_like of shape (K,), optional
        Weights in the loss (those left out weigh 1), or ``pos_weight`` of multi-label data. They
        multiply what the plan or the data gave.
    train_prior : mapping of class name to weight, or array_like of shape (K,), optional
        Shares of what was trained on, before weights, where the predictions do not say.

    Returns
    -------
    list of Predictions
        One for each, with ``prior`` as its prior.

    Raises
    ------
    DataError
        If a prior does not fit the classes, or nothing says what training saw.
    MismatchError
        If the plan is of other classes, or contradicts what the predictions record.
    ParameterError
        If both a plan and a training prior are given, or a word or a weight means nothing.

    Warns
    -----
    SteelyardWarning
        If a class is to occur that training never saw (it stays as it is), or one that the
        held-out samples have is not (they then do not count); or if a plan and weights both
        balance, so that they multiplied.

    See Also
    --------
    steelyard.evaluation.correct_prior : the same on plain arrays.
    steelyard.evaluation.correction_report : calibration before and after.
    """
    return correction(
        predictions, prior, plan=plan, class_weights=class_weights, train_prior=train_prior
    ).corrected


@dataclass(frozen=True)
class Correction:
    """Predictions before and after, and the prior between them."""

    as_trained: list[Predictions]
    corrected: list[Predictions]
    prior: np.ndarray

    def report(self, split: str, n_bins: int = 15) -> pd.DataFrame:
        """Return calibration before and after on one part; see `correction_report`.

        Raises
        ------
        DataError
            If there is no such part, with the nearest names.
        """
        chosen = [one for one in self.as_trained if one.split == split]
        if not chosen:
            parts = sorted({one.split for one in self.as_trained})
            raise DataError(
                f"The predictions have no part {split!r}.", hint=did_you_mean(split, parts)
            )
        return correction_report(chosen, self.prior, n_bins)


def correction(
    predictions: Predictions | Sequence[Predictions],
    prior: Any,
    *,
    plan: Plan | None = None,
    class_weights: Any = None,
    train_prior: Any = None,
) -> Correction:
    """Do what `correct` does, and keep what it started from."""
    models = [predictions] if isinstance(predictions, Predictions) else list(predictions)
    for one in models:
        check_kind(
            one,
            Predictions,
            "predictions",
            "correct",
            "load_predictions reads a table; evaluation.correct_prior takes plain arrays.",
        )
    if plan is not None:
        check_kind(plan, Plan, "plan", "correct", "Plan.load reads a file.")
    _require_one_kind(models)
    first = models[0]
    if plan is not None and train_prior is not None:
        raise ParameterError(
            "The 'plan' and 'train_prior' parameters of correct both say what training saw.",
            hint="give the plan alone: its achieved shares are the prior.",
        )
    stated = before = None
    if plan is not None:
        stated, before = _of_plan(plan, first)
    elif train_prior is not None:
        stated = before = _prior_of(train_prior, first, "train_prior")
    elif first.prior is not None:
        before = first.prior
    weights = None if class_weights is None else _weights_of(class_weights, first)
    as_trained = [_with_prior(one, stated, weights) for one in models]
    if plan is not None and weights is not None and not plan.multi_label:
        order = [first.class_names.index(name) for name in plan.class_names]
        compounded_prior(plan, np.asarray(weights)[order])  # warns where both balance
    deployed = _prior_of(prior, first, "prior", before)
    _warn(as_trained, deployed)
    return Correction(as_trained, [one.corrected(deployed) for one in as_trained], deployed)


def told(report: pd.DataFrame, prior: str) -> list[str]:
    """Return what a report says of the log loss of each arm, in a sentence each.

    Parameters
    ----------
    report : pandas.DataFrame
        From `correction_report`.
    prior : str
        How the prior is called.
    """
    overall = report[(report["scope"] == "overall") & (report["measure"] == "log_loss")]
    return [_sentence(row, prior) for row in overall.to_dict("records")]


def _sentence(row: dict[str, Any], prior: str) -> str:
    arm, low, high = row["arm"], row["low"], row["high"]
    if np.isnan(row["difference"]):
        return f"Nothing can be said of {arm!r}: no label has the samples to judge it by."
    if max(abs(low), abs(high)) < _NOISE:
        return f"Correcting {arm!r} to the prior {prior!r} changes nothing: training saw it."
    places = decimals_of_difference(low, high, 4)
    clear = low > 0 or high < 0
    if not clear:
        change = f"{row['difference']:+.{places}f} [{low:+.{places}f}, {high:+.{places}f}]"
        return (
            f"No evidence that correcting {arm!r} to the prior {prior!r} changes its log loss: "
            f"{change}."
        )
    ends = sorted((abs(low), abs(high)))
    change = f"{abs(row['difference']):.{places}f} [{ends[0]:.{places}f}, {ends[1]:.{places}f}]"
    levels = f"from {row['before']:.{places}f} to {row['after']:.{places}f}"
    verb = "lowers" if high < 0 else "raises"
    sentence = (
        f"Correcting {arm!r} to the prior {prior!r} {verb} its log loss by {change}, {levels}"
    )
    if high < 0:
        return f"{sentence}."
    return (
        f"{sentence}: it is not calibrated where it was trained, the classes look different, or "
        "training saw another prior than stated."
    )


def _require_one_kind(models: list[Predictions]) -> None:
    if not models:
        raise DataError("There are no predictions to correct.")
    first = models[0]
    for one in models:
        if one.class_names != first.class_names or one.multi_label != first.multi_label:
            raise MismatchError(
                f"The predictions of arm {one.arm!r} have other classes than those of arm "
                f"{first.arm!r}.",
                hint="correct those of one data set at a time.",
            )


def _of_plan(plan: Plan, first: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares that a plan achieved and those before it, in the predictions' order."""
    if plan.multi_label != first.multi_label:
        kinds = ("one class", "any number of labels")
        raise MismatchError(
            f"The plan is of data with {kinds[plan.multi_label]} a sample, the predictions are of "
            f"data with {kinds[first.multi_label]}.",
            hint="give the plan that the model was trained by.",
        )
    odd = sorted(set(plan.class_names) ^ set(first.class_names))
    if odd:
        raise MismatchError(
            f"The plan is of other classes than the predictions: only one of them has {odd[:5]}.",
            hint="give the plan that the model was trained by.",
        )
    order = [plan.class_names.index(name) for name in first.class_names]
    return plan.prior[order], (plan.before / len(plan.ids))[order]


def _prior_of(
    prior: Any, first: Predictions, parameter: str, before: np.ndarray | None = None
) -> np.ndarray:
    names, labels = first.class_names, first.multi_label
    name, weights = _STATED, prior
    if isinstance(prior, str):
        name, weights = check_choice(prior, parameter, "correct", (TRAIN, UNIFORM)), None
    if name == TRAIN and before is None:
        raise DataError(
            "The prior 'train' is not known here: the predictions do not say what training saw.",
            hint="state it: --plan or --train-prior FILE.",
        )
    return deployment_priors({name: weights}, names, before, multi_label=labels)[name]


def _weights_of(weights: Any, first: Predictions) -> np.ndarray:
    if isinstance(weights, Mapping):
        return in_class_order(weights, first.class_names, "class weights", left_out=1.0)
    return weights


def _with_prior(
    one: Predictions, stated: np.ndarray | None, weights: np.ndarray | None
) -> Predictions:
    if stated is not None and one.prior is not None and np.abs(one.prior - stated).max() > _SAME:
        raise MismatchError(
            f"The predictions of arm {one.arm!r} record that training saw the shares "
            f"{_shown(one.prior)}, which is not what is stated: {_shown(stated)}.",
            hint="state nothing where predictions record it; corrected ones record that, too.",
        )
    trained = one.prior if stated is None else stated
    if trained is None:
        raise DataError(
            f"The prior that training saw is unknown for arm {one.arm!r}, so nothing can be "
            "corrected.",
            hint="state it: --plan or --train-prior FILE.",
        )
    if weights is not None:
        trained = effective_prior(trained, weights, multi_label=one.multi_label)
    return replace(one, prior=trained)


def _shown(shares: np.ndarray) -> str:
    more = ", ..." if len(shares) > 5 else ""
    return "[" + ", ".join(f"{share:.4g}" for share in shares[:5]) + more + "]"


def _warn(models: list[Predictions], deployed: np.ndarray) -> None:
    unseen: dict[str, None] = {}
    lost: dict[str, None] = {}
    for one in models:
        assert one.prior is not None  # filled in before
        if one.multi_label:
            fixed = ((one.prior == 0) | (one.prior == 1)) & (deployed > 0) & (deployed < 1)
            here = one.truth.any(axis=0)
        else:
            fixed = (one.prior == 0) & (deployed > 0)
            here = np.bincount(one.truth, minlength=len(deployed)) > 0
        unseen |= dict.fromkeys(np.asarray(one.class_names, object)[fixed])
        lost |= dict.fromkeys(np.asarray(one.class_names, object)[here & (deployed == 0)])
    if unseen:
        warnings.warn(
            f"Training saw nothing that tells {list(unseen)[:5]} from the rest; their "
            "probabilities cannot be corrected.",
            SteelyardWarning,
            stacklevel=4,
        )
    if lost:
        warnings.warn(
            f"The prior gives {list(lost)[:5]} the share 0: they are never predicted, and the "
            "held-out samples that have them do not count.",
            SteelyardWarning,
            stacklevel=4,
        )
