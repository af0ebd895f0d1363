"""What one vector of logits says of its sample: the formulas behind every channel.

For logits z and the label's class y let m = max_{k != y} z_k (the strongest rival),
M = max(m, z_y), and with every exponent at most zero

    e_k = exp(z_k - M),   S = sum_{k != y} e_k,   Q = sum_{k != y} e_k^2.

Then, without taking a difference of nearly equal numbers anywhere,

    margin              z_y - m
    probability         e_y / (S + e_y)
    loss                log(1 + (S + (e_y - 1))) + (M - z_y)     = log sum_k exp(z_k) - z_y
    error_norm          sqrt(S^2 + Q) / (S + e_y)                = || softmax(z) - onehot(y) ||
    logit               z_y
    probability_margin  sign(d) (1 - exp(-|d|)) / (S + e_y)      = p_y - p_m, with d = z_y - m
    aleatoric           p_y S / (S + e_y)                        = p_y (1 - p_y)

because one minus the probability is S / (S + e_y), and the larger of e_y and exp(m - M) is one.
Where y is the largest, e_y is one and the loss keeps its digits down to the smallest S; where it is
not, S is at least one. A sample is *correct* where its margin is above 0: a tie is no decision for
the label.

Classes are the rows of the arrays here: a sum over classes is then a sum of whole rows. It is
taken in halves, in an order that the number of classes alone decides, so that the bits of a sample
do not depend on the samples that stand beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

MEASURED = (
    "margin", "probability", "loss", "error_norm", "logit", "probability_margin", "aleatoric",
)  # fmt: skip


def measure(logits: Any, labels: Any) -> Any:
    """Return the channels of `MEASURED` for each column of logits.

    Parameters
    ----------
    logits : ndarray or Tensor of shape (K, m)
        Contiguous, float32 or float64, K at least 2; overwritten.
    labels : ndarray or Tensor of shape (m,)
        Class codes, int64, where the logits are.

    Returns
    -------
    ndarray or Tensor of shape (7, m)
        Of the type of the logits. Not finite where a logit was not.
    """
    n = logits.shape[1]
    library: Any
    if isinstance(logits, np.ndarray):  # a third of torch's time on a processor
        library = np
        column: Any = np.arange(n)
        channels: Any = np.empty((len(MEASURED), n), dtype=logits.dtype)
    else:
        library = torch
        column = torch.arange(n, device=logits.device)
        channels = logits.new_empty((len(MEASURED), n))
    margin, probability, loss, error_norm, own, probability_margin, aleatoric = channels
    flat = logits.reshape(-1)
    place = labels * n + column  # of each label's logit
    own[:] = flat[place]
    flat[place] = -np.inf
    rival = library.amax(logits, 0)
    largest = library.maximum(rival, own)
    logits -= largest
    powers = library.exp(logits, out=logits)  # e_k of the rivals; 0 for the label
    own_power = library.exp(own - largest)
    squares = _sum_of_rows(powers * powers)
    others = _sum_of_rows(powers)
    total = others + own_power
    library.subtract(own, rival, out=margin)
    library.divide(own_power, total, out=probability)
    library.log1p(others + (own_power - 1), out=loss)
    loss += largest - own
    squares += others * others
    library.sqrt(squares, out=error_norm)
    error_norm /= total
    distance = -abs(margin)
    library.expm1(distance, out=distance)
    distance /= total  # minus the distance of the two probabilities
    library.copysign(distance, margin, out=probability_margin)
    library.multiply(probability, others, out=aleatoric)
    aleatoric /= total
    return channels


def _sum_of_rows(rows: Any) -> Any:
    """Add the rows of an array in halves; overwrites it."""
    while len(rows) > 1:
        half = (len(rows) + 1) // 2
        rows[: len(rows) - half] += rows[half:]
        rows = rows[:half]
    return rows[0]
