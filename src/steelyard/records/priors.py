"""Class priors: the shares of the classes where a model is trained or used, and their ratio."""

from __future__ import annotations

from typing import Any

import numpy as np

from steelyard._support.arrays import frozen_array
from steelyard._support.errors import DataError, ParameterError

_LEAST = 1e-300  # a share below it is taken for it: nothing finite can be divided by less


def check_prior(prior: Any, class_names: tuple[str, ...], owner: str) -> np.ndarray:
    """Return a prior as a read-only float64 array that sums to 1.

    Parameters
    ----------
    prior : array_like of shape (K,)
        Non-negative weights, shares or counts; they are divided by their sum.
    class_names : tuple of str
        The K classes.
    owner : str
        Who asks, for the message.

    Raises
    ------
    DataError
        If the length is not K, or a weight is negative or NaN, or all are zero.
    """
    weights = _numbers(prior, len(class_names), owner, "one weight", "classes")
    finite = np.isfinite(weights).all() and np.isfinite(weights.sum())
    if not finite or (weights < 0).any() or weights.sum() <= 0:
        raise DataError(
            f"The prior of {owner} must hold finite, non-negative weights with a positive sum. "
            f"Got {weights.tolist()[:12]}."
        )
    total = weights.sum()
    # shares stay as they are, bit for bit, so that a stored prior equals the one that was stored
    return frozen_array(weights if abs(total - 1) < 1e-12 else weights / total)


def check_prevalence(prevalence: Any, class_names: tuple[str, ...], owner: str) -> np.ndarray:
    """Return the share of samples with each label as a read-only float64 array.

    Parameters
    ----------
    prevalence : array_like of shape (K,)
        Shares in [0, 1], each label's own: they need not sum to 1, and are not rescaled.
    class_names : tuple of str
        The K labels.
    owner : str
        Who asks, for the message.

    Raises
    ------
    DataError
        If the length is not K, or a share is NaN or lies outside [0, 1].
    """
    shares = _numbers(prevalence, len(class_names), owner, "one share", "labels")
    good = (shares >= 0) & (shares <= 1)  # NaN fails both
    if not good.all():
        label = int(good.argmin())
        raise DataError(
            f"The prior of {owner} must hold the share of samples with each label, in [0, 1]. "
            f"Got {shares[label]:g} for {class_names[label]!r}.",
            hint="divide counts by the number of samples; shares of labels need not sum to 1.",
        )
    return frozen_array(shares)


def _numbers(prior: Any, n: int, owner: str, one: str, of: str) -> np.ndarray:
    try:
        numbers = np.asarray(prior, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"The prior of {owner} must hold numbers. Got {prior!r}.") from error
    if numbers.shape != (n,):
        raise DataError(
            f"The prior of {owner} needs {one} for each of {n} {of}. Got shape {numbers.shape}."
        )
    return numbers


def prior_shift(
    trained: np.ndarray, deployed: np.ndarray, *, multi_label: bool = False
) -> np.ndarray:
    """Return what a change of prior adds to the logits of each class, shape (K,).

    ``log(deployed / trained)``, and of labels that each stand by themselves
    ``log(deployed / (1 - deployed)) - log(trained / (1 - trained))``. Where training saw no
    sample of a class (of a label: none with it, or none without it) nothing was learned that
    could be corrected: 0. A class that is excluded has -inf, a label that is certain inf.

    Parameters
    ----------
    trained, deployed : ndarray of shape (K,)
        Checked priors: shares that sum to 1, or of each label in [0, 1].
    multi_label : bool
        Which of the two.
    """
    seen = (trained > 0) & (trained < 1) if multi_label else trained > 0
    with np.errstate(divide="ignore"):
        shift = np.log(deployed / np.where(seen, np.maximum(trained, _LEAST), 1.0))
        if multi_label:
            shift -= np.log((1 - deployed) / np.where(seen, 1 - trained, 1.0))
    return np.where(seen | np.isinf(shift), shift, 0.0)


def effective_prior(prior: Any, weights: Any, *, multi_label: bool = False) -> np.ndarray:
    """Return the prior that training saw by way of weights in the loss.

    A weight acts as that many copies of a sample, so that a loss with class weights fits the
    posterior of a population with the shares ``prior_c * weight_c``. Of a label, ``pos_weight``
    multiplies the odds.

    Parameters
    ----------
    prior : array_like of shape (K,)
        Class shares or counts of what was trained on, a plan's ``prior`` where there was one;
        or shares of samples with each label.
    weights : array_like of shape (K,)
        Weight of each class, on any scale; xgboost's ``scale_pos_weight`` w is (1, w). Of
        multi-label data ``pos_weight``: what a sample with the label weighs, one without being 1.
    multi_label : bool
        Which of the two.

    Returns
    -------
    ndarray of shape (K,)
        Shares.

    Raises
    ------
    DataError
        If the prior is none, or nothing is left of it.
    ParameterError
        If the weights are no finite numbers from 0 on, one a class.
    """
    shares_or_counts = np.asarray(prior)
    names = tuple(f"class {code}" for code in range(shares_or_counts.size))
    checked = (check_prevalence if multi_label else check_prior)(prior, names, "effective_prior")
    factors = check_weights(weights, checked.shape, "effective_prior")
    if multi_label:
        present = checked * factors
        total = present + 1 - checked
        if (total <= 0).any():
            raise DataError("A label that every sample has must not weigh 0: nothing is left.")
        return present / total
    return check_prior(checked * factors, names, "effective_prior, times the weights,")


def check_weights(weights: Any, shape: tuple[int, ...], owner: str) -> np.ndarray:
    """Return weights as float64 of a shape, finite and 0 or above.

    Raises
    ------
    ParameterError
        If they are none.
    """
    try:
        array = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"The weights of {owner} must be numbers: {error}.") from error
    if array.shape != shape or not np.isfinite(array).all() or (array < 0).any():
        raise ParameterError(
            f"The weights of {owner} must be {shape[0]} finite numbers in the range [0, inf). "
            f"Got shape {array.shape}, {array.ravel()[:12].tolist()}."
        )
    return array
