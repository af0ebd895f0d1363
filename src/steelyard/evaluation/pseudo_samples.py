"""Pseudo-samples: what a few samples leave open. One more a class, half right and half wrong.

A class of one sample that is called right would be right in every redraw, and claim to be certain.
So every class (of several labels, the samples with each and those without) has one pseudo-sample
beside its own in the redraws, as in Jeffreys' estimate (k + 1/2) / (n + 1) of a share. It is split
among m pseudo-patterns, on each of which an arm is right or wrong: every arm on half of them, and
of two arms both, one, the other and none on a quarter each, so that paired differences vary, too.
All seeds of an arm go together. A wrong pseudo-sample is called any other class, one as often as
the other (of many classes, the next few more frequent ones): each class loses half a call, and gets
half a wrong one.

The figures themselves are of the samples alone. Jeffreys' half is in Brown, Cai and DasGupta
(2001), Statistical Science 16(2); that arms get it by the rows of a Hadamard matrix is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

_PAIRS = 256  # of a class and what it is taken for, about: more would cost time


@dataclass(frozen=True, eq=False)
class Pseudo:
    """Pseudo-patterns of samples, sorted by stratum.

    Parameters
    ----------
    truth : ndarray of shape (Q,), or of bool and shape (Q, K)
        Class codes; of several labels, each is about one label alone.
    predicted : list of ndarray, each of the shape of ``truth``
        What each model says.
    strata : ndarray of shape (Q,)
        Stratum of each.
    weights : ndarray of shape (Q,)
        Of how many samples each is.
    label : ndarray of shape (Q,), or None
        Of several labels, which one each is about.
    """

    truth: np.ndarray
    predicted: list[np.ndarray]
    strata: np.ndarray
    weights: np.ndarray
    label: np.ndarray | None


def pseudo_samples(
    truth: np.ndarray,
    strata: np.ndarray,
    tested: np.ndarray,
    n_classes: int,
    cells: Sequence[int],
) -> Pseudo:
    """Return the pseudo-patterns of classes (n,), or of labels (n, K), as below."""
    if truth.ndim == 2:
        return pseudo_labels(truth, cells)
    return pseudo_classes(truth, strata, tested, n_classes, cells)


def pseudo_classes(
    truth: np.ndarray,
    strata: np.ndarray,
    tested: np.ndarray,
    n_classes: int,
    cells: Sequence[int],
) -> Pseudo:
    """Return the pseudo-patterns of classes: one sample each, spread over strata as its own are.

    Parameters
    ----------
    truth, strata : ndarray of shape (n,)
        Class and stratum of each sample.
    tested : ndarray of bool and shape (n,)
        Which samples count for anything.
    n_classes : int
        K.
    cells : sequence of int
        Which arm (and decision) each model is of.
    """
    right = _right(cells)
    pairs, n = np.unique(strata * n_classes + truth, return_counts=True)
    others = _taken_for(np.bincount(truth[tested], minlength=n_classes))
    classes = np.repeat(pairs % n_classes, len(others))
    taken = np.tile(np.arange(len(others)), len(pairs))
    m = right.shape[1]
    codes, wrong = np.repeat(classes, m), np.repeat(others[taken, classes], m)
    calls = [np.where(np.resize(one, len(codes)), codes, wrong) for one in right]
    weights = n / np.bincount(truth, minlength=n_classes)[pairs % n_classes]
    each = len(others) * m
    return Pseudo(
        codes, calls, np.repeat(pairs // n_classes, each), np.repeat(weights / each, each), None
    )


def pseudo_labels(truth: np.ndarray, cells: Sequence[int]) -> Pseudo:
    """Return the pseudo-patterns of labels: one sample with each and one without, if there are any.

    Parameters
    ----------
    truth : ndarray of bool and shape (n, K)
        Which labels each sample has.
    cells : sequence of int
        Which arm (and decision) each model is of.
    """
    right = _right(cells)
    m, n_labels = right.shape[1], truth.shape[1]
    label, has = np.nonzero(np.stack([~truth.all(axis=0), truth.any(axis=0)], axis=1))
    label, has = np.repeat(label, m), np.repeat(has.astype(bool), m)
    rows = np.arange(len(label))

    def about(said: np.ndarray) -> np.ndarray:
        table = np.zeros((len(label), n_labels), dtype=bool)
        table[rows, label] = said
        return table

    calls = [about(has == np.resize(one, len(label))) for one in right]
    strata = np.zeros(len(label), dtype=np.int64)
    return Pseudo(about(has), calls, strata, np.full(len(label), 1 / m), label)


def _right(cells: Sequence[int]) -> np.ndarray:
    """Return where each model is right, bool of shape (M, m)."""
    order = 1 << int(max(cells) + 1).bit_length()  # a power of two, more than there are cells
    columns = linalg.hadamard(order)[:, 1 : max(cells) + 2] > 0
    return columns.T[np.asarray(cells)]


def _taken_for(n: np.ndarray) -> np.ndarray:
    """Return classes that each one is called where it is not called itself, shape (L, K)."""
    order = np.lexsort((np.arange(len(n)), -n))
    order = order[: np.count_nonzero(n)]
    n_others = max(min(len(order) - 1, _PAIRS // max(len(order), 1)), 1)
    others = np.tile((np.arange(len(n)) + 1) % len(n), (n_others, 1))
    if len(order) > 1:
        for step in range(n_others):
            others[step, order] = np.roll(order, step + 1)
    return others
