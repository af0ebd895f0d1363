"""Rules: one factor a sample from the factors of its labels.

| rule | factor of a sample with the factors M_j of its labels |
|---|---|
| max | the largest: a sample is repeated as its rarest label asks |
| sum | their sum; k labels of factor 1 make k |
| mean, geometric_mean | in between: a common label holds back a rare one |
| min | the smallest: a sample is repeated as its most common label asks |

No rule reaches the counts that the factors ask for: labels share samples, and a common one rides
along with a rare one. `steelyard.resampling.distribution` tells what is reached.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

RULES = ("max", "sum", "mean", "geometric_mean", "min")
_BLOCK = 2**25  # entries of the label matrix that are looked at together


def sample_factors(labels: np.ndarray, factors: np.ndarray, rule: str) -> np.ndarray:
    """Return the factor of each sample, float64 of shape (n,); 1 for one without labels.

    The result is the same to the last bit however samples and labels are ordered.

    Parameters
    ----------
    labels : ndarray of shape (n,), or of bool and shape (n, K)
        Class codes, or which labels a sample has.
    factors : ndarray of shape (K,)
        The factor of each label, above 0; that of a label without samples is not read.
    rule : {"max", "sum", "mean", "geometric_mean", "min"}
        How several make one.
    """
    if labels.ndim == 1:
        return factors[labels].astype(np.float64)
    # ascending: the first value of a sample is its smallest, and values are added in this order
    order = np.argsort(factors, kind="stable")
    ascending = np.asarray(factors, dtype=np.float64)[order]
    result = np.ones(len(labels))
    for start, block in _blocks(labels):
        rows, columns = np.nonzero(block[:, order])
        n_labels = np.bincount(rows, minlength=len(block))
        some = n_labels > 0
        last = np.cumsum(n_labels)[some] - 1
        values = ascending[columns]
        mine = result[start : start + len(block)]
        if rule == "max":
            mine[some] = values[last]
        elif rule == "min":
            mine[some] = values[last - n_labels[some] + 1]
        elif rule == "geometric_mean":
            # no factor is 0; relative to the smallest, so that equal ones keep every digit
            smallest = values[last - n_labels[some] + 1]
            ratios = np.log(values / np.repeat(smallest, n_labels[some]))
            sums = np.bincount(rows, weights=ratios, minlength=len(block))[some]
            mine[some] = smallest * np.exp(sums / n_labels[some])
        else:
            sums = np.bincount(rows, weights=values, minlength=len(block))[some]
            mine[some] = sums if rule == "sum" else sums / n_labels[some]
    return result


def without_labels(labels: np.ndarray) -> np.ndarray:
    """Return which samples have no label, bool of shape (n,)."""
    several = labels.ndim == 2
    return np.logical_not(labels.any(axis=1)) if several else np.zeros(len(labels), bool)


def _blocks(labels: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Walk through the rows; numbers for the whole matrix would take eight times its memory."""
    step = max(_BLOCK // max(labels.shape[1], 1), 1)
    for start in range(0, len(labels), step):
        yield start, labels[start : start + step]
