"""Answering only where the model is sure: how much is answered, and how much of that is right.

At a threshold t on the stated confidence, the *coverage* is the share of samples whose confidence
is at least t, and what is answered has an accuracy of its own. Over all thresholds, the share of
wrong answers (the *risk*) against coverage is the risk-coverage curve, and its mean over the
thresholds that the samples themselves set is **AURC**: 0 for a model that is never wrong; for one
whose confidence says nothing, its error rate.

Of multi-label data there is no answer to withhold: at t on a label's probability, what is told is
the share of samples that are called, and the precision and recall of the calls.

Shares of what is answered or called are quotients; to first order they are means, too::

    v_i = R + a_i (r_i - R) / mean(a)         R = mean(a r) / mean(a), a_i 1 where answered

References
----------
El-Yaniv and Wiener (2010), JMLR 11; Geifman, Uziel and El-Yaniv (2019), ICLR, on AURC; Cochran
(1977), Sampling Techniques, ch. 6, on quotients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.validation import check_real
from steelyard.evaluation.crossed import share_interval
from steelyard.evaluation.estimate import Estimate
from steelyard.evaluation.intervals import stratified_estimate
from steelyard.evaluation.one_vs_rest import OneVsRest, against_the_rest, checked_prior, one_arm
from steelyard.evaluation.rank_intervals import kish_size
from steelyard.records.predictions import Predictions

THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
OVERALL, BY_CLASS = "overall", "class"
_KEY = ("threshold", "scope", "class", "n", "n_answered")
_SHARES = ("coverage", "accuracy")
_SHARES_OF_LABELS = ("called", "precision", "recall")
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        kind: (*_KEY, *(f"{name}{end}" for name in names for end in ("", "_low", "_high")))
        for kind, names in (("classes", _SHARES), ("labels", _SHARES_OF_LABELS))
    }
)


def coverage(
    predictions: Predictions | Sequence[Predictions],
    thresholds: Sequence[float] = THRESHOLDS,
    prior: Mapping[str, float] | np.ndarray | None = None,
) -> pd.DataFrame:
    """Return what is answered at each threshold on the confidence, and what of it is right.

    Parameters
    ----------
    predictions : Predictions or sequence of them
        Of one arm, one a seed, on the same samples.
    thresholds : sequence of float
        On the probability of the most probable class, or of the label, from 0 to 1.
    prior : mapping of class name to weight, or ndarray of shape (K,), optional
        Where the model is deployed: class shares, or the share of samples with each label. None
        takes the held-out part as it is.

    Returns
    -------
    pandas.DataFrame
        A row for each ``threshold``, ``scope`` ("overall" or "class") and ``class`` (missing
        overall): ``n``, the samples (of that class); ``n_answered``, how many a seed answers on
        average; ``coverage`` and ``accuracy`` of what is answered, with the ends of their 95 %
        intervals over samples and seeds. NaN where a class has no samples, or in a seed nothing
        is answered. Of multi-label data, by label alone: ``called``, ``precision`` and ``recall``.

    Raises
    ------
    DataError
        If there are no predictions or those of several arms, or the prior does not fit.
    MismatchError
        If the predictions are not of the same samples, or a seed occurs twice.
    ParameterError
        If a threshold lies outside [0, 1], or there is none.
    """
    models = one_arm(predictions, "coverage")
    shares = checked_prior(prior, models[0])
    checked = [check_real(one, "thresholds", "coverage", 0, 1) for one in thresholds]
    if not checked:
        raise ParameterError("The 'thresholds' parameter of coverage must hold at least one.")
    if models[0].multi_label:
        return _of_labels(models, checked, shares)
    return _of_classes(models, checked, shares)


def risk_coverage(confidence: Any, right: Any, weights: Any = None) -> pd.DataFrame:
    """Return the risk-coverage curve of one model.

    Parameters
    ----------
    confidence : array_like of shape (n,)
        Higher is answered first.
    right : array_like of shape (n,)
        1 where the answer is right, else 0.
    weights : array_like of shape (n,), optional
        What each sample counts for, of positive sum.

    Returns
    -------
    pandas.DataFrame
        A row for each confidence that occurs with weight, highest first: ``threshold``,
        ``coverage`` at it and ``risk`` there, the share of wrong answers.

    Raises
    ------
    DataError
        If shapes differ, the confidence is NaN, or nothing has weight.
    """
    stated, wrong, mine = _checked_curve(confidence, right, weights)
    order = np.argsort(-stated, kind="stable")
    ordered = stated[order]
    last = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])
    answered = np.cumsum(mine[order])[last]
    risk = np.cumsum((mine * wrong)[order])[last] / np.where(answered > 0, answered, 1.0)
    curve = pd.DataFrame(
        {"threshold": ordered[last], "coverage": answered / answered[-1], "risk": risk}
    )
    return curve[answered > 0].reset_index(drop=True)


def aurc(
    predictions: Predictions | Sequence[Predictions],
    prior: Mapping[str, float] | np.ndarray | None = None,
) -> Estimate:
    """Return the area under the risk-coverage curve, lower is better, with its error.

    Equal confidences are answered together, each counting with the risk at its threshold.

    Parameters
    ----------
    predictions, prior
        As in `coverage`; not of multi-label data.

    Raises
    ------
    DataError
        As for `coverage`, or if a sample may have several labels.
    MismatchError
        As for `coverage`.
    """
    models = one_arm(predictions, "aurc")
    first = models[0]
    if first.multi_label:
        raise DataError(
            "Where a sample may have any number of labels no single answer is withheld: there is "
            "no risk-coverage curve.",
            hint="average precision says it label by label: rank_estimates.",
        )
    strata, shares = _strata(first, checked_prior(prior, first))
    weights = _weights(strata, shares)
    values = [
        _aurc_values(_confidence(one), (one.predicted != one.truth).astype(float), weights)
        for one in models
    ]
    return stratified_estimate(np.stack(values), strata, shares)


def _of_classes(
    models: list[Predictions], thresholds: list[float], prior: np.ndarray | None
) -> pd.DataFrame:
    first = models[0]
    strata, shares = _strata(first, prior)
    confidence = np.stack([_confidence(one) for one in models])
    right = np.stack([one.predicted == one.truth for one in models]).astype(float)
    groups: list[tuple[str, str | None, np.ndarray]] = [(OVERALL, None, np.arange(len(first)))]
    for code, one in enumerate(first.class_names):
        groups.append((BY_CLASS, one, np.flatnonzero(first.truth == code)))
    rows = []
    for threshold in thresholds:
        for scope, name, members in groups:
            # a class by itself is of one stratum, and its prior does not matter
            mine = strata[members] if scope == OVERALL else np.zeros(len(members), np.int64)
            its_shares = shares if scope == OVERALL else np.ones(1)
            answered = (confidence[:, members] >= threshold).astype(float)
            everyone = np.ones_like(answered)
            rows.append(
                (
                    *(threshold, scope, name, len(members), _per_seed(answered)),
                    *_quotient(answered, everyone, mine, its_shares),
                    *_quotient(right[:, members], answered, mine, its_shares),
                )
            )
    return pd.DataFrame(rows, columns=list(COLUMNS["classes"]))


def _of_labels(
    models: list[Predictions], thresholds: list[float], prior: np.ndarray | None
) -> pd.DataFrame:
    first = models[0]
    n_labels = len(first.class_names)
    stated = [np.exp(one.log_probabilities) for one in models]
    rows = []
    for threshold in thresholds:
        for code, name in enumerate(first.class_names):
            label = against_the_rest(first.truth, code, n_labels, prior)
            called = np.stack([one[:, code] >= threshold for one in stated]).astype(float)
            has = np.broadcast_to(first.truth[:, code].astype(float), called.shape)
            key = (threshold, BY_CLASS, name, int(has[0].sum()), _per_seed(called))
            rows.append((*key, *_of_label(called, has, label)))
    return pd.DataFrame(rows, columns=list(COLUMNS["labels"]))


def _of_label(called: np.ndarray, has: np.ndarray, label: OneVsRest | None) -> tuple[float, ...]:
    if label is None:
        return (np.nan,) * 9
    strata, shares = label.strata, label.shares
    return (
        *_quotient(called, np.ones_like(called), strata, shares),
        *_quotient(has, called, strata, shares),
        *_quotient(called, has, strata, shares),
    )


def _quotient(
    part: np.ndarray, whole: np.ndarray, strata: np.ndarray, shares: np.ndarray
) -> tuple[float, float, float]:
    """Return which share of a whole, each 0 or 1 of shape (S, n), a part of it is; and its ends."""
    if not strata.size:
        return np.nan, np.nan, np.nan
    weights = _weights(strata, shares)
    size = (whole * weights).mean(axis=1, keepdims=True)
    if not size.all():
        return np.nan, np.nan, np.nan
    share = (part * whole * weights).mean(axis=1, keepdims=True) / size
    estimate = stratified_estimate(share + whole * (part - share) / size, strata, shares)
    worth = float(np.mean([kish_size(row * weights) for row in whole]))
    interval = share_interval(estimate, max(worth, 1.0))
    return interval.mean, interval.low, interval.high


def _aurc_values(stated: np.ndarray, wrong: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return what each sample has to do with the AURC; their weighted mean is the AURC."""
    order = np.argsort(-stated, kind="stable")
    ordered, mine = stated[order], weights[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    group = np.repeat(np.arange(len(begins)), np.diff(np.r_[begins, len(order)]))
    mass = np.add.reduceat(mine, begins)
    answered = np.cumsum(mass)
    answered = np.where(answered > 0, answered, 1.0)
    risk = np.cumsum(np.add.reduceat(mine * wrong[order], begins)) / answered
    area = mass @ risk / mass.sum()
    # one more sample also moves the risk at its own confidence and at each lower one
    up = np.cumsum((mass / answered)[::-1])[::-1]
    down = np.cumsum((mass * risk / answered)[::-1])[::-1]
    ordered_values = risk[group] + wrong[order] * up[group] - down[group]
    values = np.empty(len(order))
    values[order] = area + len(order) / mass.sum() * (ordered_values - area)
    return values


def _confidence(one: Predictions) -> np.ndarray:
    return np.exp(one.log_probabilities.max(axis=1))


def _strata(first: Predictions, prior: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    counts = np.bincount(first.truth, minlength=len(first.class_names))
    shares = np.where(counts > 0, counts if prior is None else prior, 0.0)
    if not shares.any():
        raise DataError("No class with a positive deployment share has held-out samples.")
    return first.truth, shares / shares.sum()


def _weights(strata: np.ndarray, shares: np.ndarray) -> np.ndarray:
    counts = np.bincount(strata, minlength=len(shares))
    return (shares * len(strata) / np.maximum(counts, 1))[strata]


def _per_seed(answered: np.ndarray) -> float:
    return float(answered.sum() / len(answered))


def _checked_curve(
    confidence: Any, right: Any, weights: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    stated = np.asarray(confidence, dtype=np.float64)
    wrong = 1.0 - np.asarray(right, dtype=np.float64)
    mine = np.ones(stated.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    if stated.ndim != 1 or wrong.shape != stated.shape or mine.shape != stated.shape:
        raise DataError(
            "Confidence, answers and weights of risk_coverage must be vectors of one length. "
            f"Got shapes {stated.shape}, {wrong.shape} and {mine.shape}."
        )
    if np.isnan(stated).any():
        raise DataError("The confidence of risk_coverage must not be NaN.")
    if not (np.isfinite(mine).all() and (mine >= 0).all() and mine.any()):
        raise DataError(
            "The weights of risk_coverage must be finite, 0 or above, and not all 0. "
            f"Got {mine[:12].tolist()}."
        )
    return stated, wrong, mine
