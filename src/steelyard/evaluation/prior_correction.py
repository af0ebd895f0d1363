"""Probabilities for another prior than the one that training saw, on plain arrays.

A model that was trained on resampled or re-weighted data is calibrated for a population that does
not exist. Under label shift (classes change in frequency, not in looks) Bayes' rule leads back::

    p'(c | x)  proportional to  p(c | x) * deployed_c / trained_c               one class a sample
    odds'(c | x) = odds(c | x) * odds(deployed_c) / odds(trained_c)             each label by itself

What training saw follows from the data and what was done to them: a plan's achieved shares
(`Plan.prior`), class weights in the loss (`effective_prior`), weights of samples
(`weighted_prior`), or several of these.

References
----------
Saerens, Latinne and Decaestecker (2002), Neural Computation 14(1), equation 2.4; Elkan (2001),
IJCAI, theorem 2, for one class against the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, logit, softmax

from steelyard._support.errors import DataError
from steelyard.records.classes import check_codes, check_multi_hot
from steelyard.records.priors import check_prevalence, check_prior, check_weights, prior_shift

_SUM_TOLERANCE = 1e-3  # as for predictions in a table


def correct_prior(
    probabilities: Any, trained: Any, deployed: Any, *, multi_label: bool = False
) -> np.ndarray:
    """Return probabilities for the prior ``deployed``, of a model that was trained on another.

    Parameters
    ----------
    probabilities : array_like of shape (n, K) or (n,)
        Of each class, each row summing to 1; or of each label; or of the positive class alone.
    trained : array_like of shape (K,), or float
        What training saw: class shares (or counts), or shares of samples with each label; for
        probabilities of shape (n,) the share of positives.
    deployed : array_like of shape (K,), or float
        The same where the model is used.
    multi_label : bool
        Whether the columns are labels of which a sample may have any number.

    Returns
    -------
    ndarray of float64, of the shape of ``probabilities``
        A class that training never saw keeps its score. One that ``deployed`` excludes has
        probability 0, one that it makes certain 1. Probabilities of 0 and 1 stay, but in a row
        that is certain of an excluded class: it says nothing of the others, which have
        deployed / trained, scaled to sum to 1.

    Raises
    ------
    DataError
        If probabilities or priors are no probabilities, or their shapes do not fit.
    """
    given = _checked(probabilities, multi_label)
    if given.ndim == 1:
        if np.ndim(trained) != 0 or np.ndim(deployed) != 0:
            raise DataError(
                "Probabilities of shape (n,) are of the positive class: the priors of "
                f"correct_prior must be its shares. Got {trained!r} and {deployed!r}."
            )
        column = correct_prior(given[:, np.newaxis], [trained], [deployed], multi_label=True)
        return column[:, 0]
    names = tuple(f"column {code}" for code in range(given.shape[1]))
    check = check_prevalence if multi_label else check_prior
    before = check(trained, names, "correct_prior (trained)")
    after = check(deployed, names, "correct_prior (deployed)")
    shift = prior_shift(before, after, multi_label=multi_label)
    if multi_label:
        stated = np.isinf(shift)  # 0 or 1 whatever the model says
        return np.where(stated, after, expit(logit(given) + np.where(stated, 0.0, shift)))
    with np.errstate(divide="ignore"):
        joint = np.log(given) + shift
    joint[np.isneginf(joint).all(axis=1)] = shift
    return softmax(joint, axis=1)


def weighted_prior(labels: Any, sample_weights: Any, n_classes: int) -> np.ndarray:
    """Return the prior that training saw by way of a weight for each sample.

    Parameters
    ----------
    labels : array_like of shape (n,) or (n, K)
        Class codes, or 0 and 1 for each label.
    sample_weights : array_like of shape (n,)
        From 0 on, on any scale.
    n_classes : int
        Number of classes or labels K.

    Returns
    -------
    ndarray of shape (K,)
        Share of the weight that lies on samples of each class, or with each label.

    Raises
    ------
    DataError
        If the labels do not fit, or all weights are 0.
    ParameterError
        If the weights are no finite numbers from 0 on, one a sample.
    """
    names = tuple(f"class {code}" for code in range(n_classes))
    check = check_multi_hot if np.ndim(labels) == 2 else check_codes
    checked = check(labels, names, "labels", "weighted_prior")
    weights = check_weights(sample_weights, (len(checked),), "weighted_prior")
    if not weights.any():
        raise DataError("At least one sample must weigh more than 0 in weighted_prior.")
    if checked.ndim == 2:
        return np.minimum(weights @ checked / weights.sum(), 1.0)
    return np.bincount(checked, weights=weights, minlength=n_classes) / weights.sum()


def _checked(probabilities: Any, multi_label: bool) -> np.ndarray:
    try:
        array = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"Probabilities must be numbers: {error}.") from error
    if array.ndim not in (1, 2):
        raise DataError(f"Probabilities must have shape (n, K) or (n,). Got {array.shape}.")
    good = (array >= 0) & (array <= 1)  # NaN fails both
    if not good.all():
        at = tuple(int(place) for place in np.argwhere(~good)[0])
        raise DataError(
            f"Probabilities must lie in [0, 1]. {int((~good).sum())} do not, the first is "
            f"{array[at]:g} in row {at[0]}."
        )
    if array.ndim == 2 and not multi_label:
        sums = array.sum(axis=1)
        far = np.abs(sums - 1) > _SUM_TOLERANCE
        if far.any():
            row = int(far.argmax())
            raise DataError(
                f"Probabilities of classes must sum to one a row. {int(far.sum())} rows do not, "
                f"the first is row {row}: it sums to {sums[row]:.6g}.",
                hint="pass multi_label=True where a sample may have any number of labels.",
            )
    return array
