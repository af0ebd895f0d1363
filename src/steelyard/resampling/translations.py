"""Translations between a balancing degree by count and what others call it.

All are exact for single-label data: with n_c samples in class c, a degree d draws class c with
probability proportional to n_c ** (1 - d).

| convention | rule | degree |
|---|---|---|
| sampling exponent (alpha) | p_c proportional to n_c ** exponent | 1 - exponent |
| temperature | p_c proportional to n_c ** (1 / temperature) | 1 - 1 / temperature |
| repeat factor (LVIS) | max(1, (threshold / f_c) ** exponent) | exponent, if all f_c <= threshold |
| class weights in the loss | weight_c proportional to (n_max / n_c) ** degree | the same |
| effective number | (1 - beta) / (1 - beta ** n_c) | 0 at beta 0, towards 1 as beta goes to 1 |
| pos_weight, scale_pos_weight | ((N - n_j) / n_j) ** degree | the same, of each label on its own |

Weights in the loss and draws by a plan reach the same expected loss, not the same training: a
weight scales the steps that a rare sample takes, a plan takes more of them. Using both multiplies
them (see `steelyard.resampling.compounding`).

**References.** Effective number: Cui et al. (2019), Class-balanced loss, arXiv 1901.05555. Repeat
factors: Gupta, Dollár and Girshick (2019), LVIS, arXiv 1908.03195.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_integer, check_real

_EXACT = 1e-6  # weights that are a power of the counts but for this, relatively, are told as one


def degree_to_sampling_exponent(degree: float) -> float:
    """Return the exponent of the class counts that draws as the degree does: 1 - degree."""
    return 1.0 - check_real(degree, "degree", "degree_to_sampling_exponent")


def sampling_exponent_to_degree(exponent: float) -> float:
    """Return the degree that draws as the exponent of the class counts does: 1 - exponent."""
    return 1.0 - check_real(exponent, "exponent", "sampling_exponent_to_degree")


def degree_to_temperature(degree: float) -> float:
    """Return the temperature that draws as the degree does: 1 / (1 - degree).

    Full balancing, degree 1, is an infinite temperature; no temperature overshoots.

    Raises
    ------
    ParameterError
        If the degree is above 1.
    """
    degree = check_real(degree, "degree", "degree_to_temperature", high=1.0)
    return math.inf if degree == 1 else 1.0 / (1.0 - degree)


def temperature_to_degree(temperature: float) -> float:
    """Return the degree that draws as the temperature does: 1 - 1 / temperature.

    Raises
    ------
    ParameterError
        If the temperature is not above 0; it may be infinite.
    """
    if temperature == math.inf:
        return 1.0
    temperature = check_real(temperature, "temperature", "temperature_to_degree", 0, bounds="()")
    return 1.0 - 1.0 / temperature


def class_weights(counts: Any, degree: float) -> np.ndarray:
    """Return the loss weight of each class that a degree stands for.

    Parameters
    ----------
    counts : array_like of shape (K,)
        Samples a class.
    degree : float
        0 weighs all samples alike; 1 gives every class the same total weight, as
        scikit-learn's ``class_weight="balanced"`` does.

    Returns
    -------
    ndarray of shape (K,)
        (n_max / n_c) ** degree, scaled so that the mean weight over samples is 1; 0 for a class
        without samples.

    Raises
    ------
    ParameterError
        If a count is negative or no class has a sample.
    """
    degree = check_real(degree, "degree", "class_weights")
    n, present = _checked_counts(counts, "class_weights")
    return _mean_one(_powers(n[present], -degree), n, present)


def effective_number_weights(counts: Any, beta: float) -> np.ndarray:
    """Return the class weights of the effective number of samples, (1 - beta ** n) / (1 - beta).

    Parameters
    ----------
    counts : array_like of shape (K,)
        Samples a class.
    beta : float
        0 weighs all samples alike; towards 1 the weights become those of degree 1. The share
        that it stands for depends on the counts: 1 / (1 - beta) samples are as good as any more.

    Returns
    -------
    ndarray of shape (K,)
        (1 - beta) / (1 - beta ** n_c), scaled so that the mean weight over samples is 1 (the
        paper has their sum be K); 0 for a class without samples.

    Raises
    ------
    ParameterError
        If beta is not in [0, 1), a count is negative or no class has a sample.
    """
    beta = check_real(beta, "beta", "effective_number_weights", 0, 1, bounds="[)")
    n, present = _checked_counts(counts, "effective_number_weights")
    if beta == 0:
        return _mean_one(np.ones(int(present.sum())), n, present)
    effective = (1.0 - beta ** n[present]) / (1.0 - beta)
    return _mean_one(1.0 / effective, n, present)


def class_weights_to_degree(counts: Any, weights: Any) -> float:
    """Return the degree that class weights stand for, where they are a power of the counts.

    It reads any weights: scikit-learn's, those of an effective number, or of repeat factors.

    Parameters
    ----------
    counts : array_like of shape (K,)
        Samples a class.
    weights : array_like of shape (K,)
        Weights of the classes, up to a common factor; that of a class without samples is not
        read.

    Raises
    ------
    ParameterError
        If they are no power of the counts (saying the nearest), or the classes that have samples
        all have as many, so that every degree has the same weights.
    """
    degree, off = nearest_degree(counts, weights, "class_weights_to_degree")
    if off > _EXACT:
        raise ParameterError(
            f"These weights are no power of the class counts: at degree {degree:.3g}, the "
            f"nearest, one is off by a factor of {math.exp(off):.4g}.",
            hint="plan by these weights instead: by_count(shares=counts * weights, degree=1).",
        )
    return degree


def nearest_degree(counts: Any, weights: Any, owner: str) -> tuple[float, float]:
    """Return the degree whose class weights are nearest, and how far the farthest is off.

    Parameters
    ----------
    counts, weights
        As in `class_weights_to_degree`.
    owner : str
        Who asks, for the message.

    Returns
    -------
    degree : float
        The slope of the logarithms, by least squares.
    off : float
        The largest distance of a logarithm from that line.

    Raises
    ------
    ParameterError
        If the weights are not one above 0 for each class, or all counts are equal.
    """
    n, present = _checked_counts(counts, owner)
    weights = np.asarray(weights, dtype=np.float64)
    given = weights[present] if weights.shape == n.shape else np.zeros(1)
    if not (np.isfinite(given) & (given > 0)).all():
        raise ParameterError(
            f"The 'weights' parameter of {owner} must hold one weight above 0 for each class. "
            f"Got {weights.tolist()} instead."
        )
    rarity, log_weights = -np.log(n[present]), np.log(given)
    rarity, log_weights = rarity - rarity.mean(), log_weights - log_weights.mean()
    spread = float(rarity @ rarity)
    if spread < 1e-18:
        raise ParameterError(
            f"The 'counts' parameter of {owner} must differ between classes; all degrees weigh "
            "equal counts alike.",
            hint="weights that differ between equal classes are no balancing by count.",
        )
    degree = float(rarity @ log_weights) / spread
    return degree, float(np.abs(log_weights - degree * rarity).max())


def repeat_factor_to_degree(
    counts: Any, n_samples: int, threshold: float, exponent: float = 0.5
) -> float:
    """Return the degree that draws as LVIS repeat factors do: their exponent.

    Parameters
    ----------
    counts : array_like of shape (K,)
        Samples a class.
    n_samples, threshold, exponent
        As in `steelyard.resampling.repeat_factors`.

    Raises
    ------
    ParameterError
        If a class is more common than the threshold, and so is not repeated as a degree would.
    """
    owner = "repeat_factor_to_degree"
    n, _ = _checked_counts(counts, owner)
    check_integer(n_samples, "n_samples", owner, 1)
    threshold = check_real(threshold, "threshold", owner, 0, 1, bounds="(]")
    exponent = check_real(exponent, "exponent", owner, 0.0)
    above = int((n > threshold * n_samples).sum())
    if above:
        raise ParameterError(
            f"Repeat factors of threshold {threshold:g} are no degree: {above} classes are more "
            f"common, up to a share of {n.max() / n_samples:.3g}.",
            hint="use by_repeat_factor itself, or the largest share as threshold.",
        )
    return exponent


def pos_weight(counts: Any, n_samples: int, degree: float = 1.0) -> np.ndarray:
    """Return the weight of the positive samples of each label in a binary loss.

    It is what ``torch.nn.BCEWithLogitsLoss(pos_weight=...)`` takes.

    Parameters
    ----------
    counts : array_like of shape (K,)
        Samples with each label.
    n_samples : int
        All samples.
    degree : float
        0 weighs nothing; 1 gives the positives of a label as much weight as its negatives.

    Returns
    -------
    ndarray of shape (K,)
        ((N - n_j) / n_j) ** degree; 1 for a label that no sample has or all have: there is
        nothing to balance.

    Raises
    ------
    ParameterError
        If a count is negative or above the number of samples, or a weight too large for a number.
    """
    owner = "pos_weight"
    degree = check_real(degree, "degree", owner)
    check_integer(n_samples, "n_samples", owner, 1)
    n = np.asarray(counts, dtype=np.float64)
    if n.ndim != 1 or not ((n >= 0) & (n <= n_samples)).all():
        raise ParameterError(
            f"The 'counts' parameter of {owner} must hold counts in the range [0, {n_samples}]. "
            f"Got {np.asarray(counts).tolist()} instead."
        )
    weights = np.ones(len(n))
    mixed = (n > 0) & (n < n_samples)
    with np.errstate(over="ignore", under="ignore"):  # caught below
        weights[mixed] = ((n_samples - n[mixed]) / n[mixed]) ** degree
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise ParameterError(
            f"Degree {degree:g} asks for weights that no number can hold.",
            hint="choose a degree nearer to 0; 1 is full balancing.",
        )
    return weights


def scale_pos_weight(counts: Any, degree: float = 1.0) -> float:
    """Return the weight of class 1 in binary data, (n_0 / n_1) ** degree, that xgboost takes.

    Raises
    ------
    ParameterError
        If there are not two classes with samples.
    """
    degree = check_real(degree, "degree", "scale_pos_weight")
    n, present = _checked_counts(counts, "scale_pos_weight")
    if len(n) != 2 or not present.all():
        raise ParameterError(
            "The 'counts' parameter of scale_pos_weight must hold two counts above 0. "
            f"Got {n.tolist()} instead.",
            hint="with more classes give sample weights: class_weights(counts, degree)[labels].",
        )
    return float(pos_weight(n[1:], int(n.sum()), degree)[0])


def scale_pos_weight_to_degree(counts: Any, weight: float) -> float:
    """Return the degree that a weight of class 1 in binary data stands for.

    Raises
    ------
    ParameterError
        If there are not two classes with samples, both have as many, or the weight is not above 0.
    """
    weight = check_real(weight, "weight", "scale_pos_weight_to_degree", 0, bounds="()")
    scale_pos_weight(counts)  # two classes with samples
    return class_weights_to_degree(counts, [1.0, weight])


def _checked_counts(counts: Any, owner: str) -> tuple[np.ndarray, np.ndarray]:
    """Return counts as float64, and which are above 0."""
    n = np.asarray(counts, dtype=np.float64)
    if n.ndim != 1 or not (np.isfinite(n) & (n >= 0)).all() or not n.any():
        raise ParameterError(
            f"The 'counts' parameter of {owner} must hold counts in the range [0, inf), one "
            f"of them positive. Got {np.asarray(counts).tolist()} instead."
        )
    return n, n > 0


def _mean_one(weights: np.ndarray, n: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Return weights of all classes, 0 where absent, whose mean over samples is 1."""
    scaled = np.zeros(len(n))
    # fsum: the order of the classes must not change the last digit
    scaled[present] = weights * (n.sum() / math.fsum(n[present] * weights))
    return scaled


def _powers(n: np.ndarray, exponent: float) -> np.ndarray:
    """Return n ** exponent up to a common factor, the largest exactly 1, so never infinite."""
    reference = n.max() if exponent >= 0 else n.min()
    return (n / reference) ** exponent
