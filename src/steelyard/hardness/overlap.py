"""Overlap: which share of one set of samples another holds, and what chance makes of it.

**When it misleads.** It is of the set named first: |A and B| / |A| and |A and B| / |B| are the same
only for sets of one size, and a set that holds everything overlaps with all of any. Two sets of the
same classes overlap more than two random ones, whatever their samples are: `overlap_by_chance` with
labels tells how much. And two sets of errors overlap because some samples are hard for any network,
not because of the rule that chose either.

**Formula.** overlap = 100 |A and B| / |A|; by chance 100 |B| / n, or, with B drawn at random within
each class c, 100 sum_c |A_c| |B_c| / n_c / |A|.

**Reference.** Pukowski and Lu (2024), arXiv 2409.14401, as their code has it: the first named is
the base. The expectations are ours. `agreement` has the Jaccard index of whole scores.
"""

from __future__ import annotations

import numpy as np

from steelyard._support.errors import DataError


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Return how many of the samples of ``a`` are in ``b`` too, % of those of ``a``.

    Parameters
    ----------
    a, b : ndarray of shape (n,)
        Two sets of the same samples, bool.

    Raises
    ------
    DataError
        If shapes differ, a set is not bool, or a set is empty.
    """
    a, b = _checked(a, b)
    return float(100 * np.count_nonzero(a & b) / np.count_nonzero(a))


def overlap_by_chance(a: np.ndarray, b: np.ndarray, labels: np.ndarray | None = None) -> float:
    """Return the overlap to be expected, in %, if ``b`` were as many samples at random.

    Parameters
    ----------
    a, b : ndarray of shape (n,)
        Two sets of the same samples, bool.
    labels : ndarray of shape (n,), optional
        Class codes; with them ``b`` is taken for as many samples at random *of each class*.

    Raises
    ------
    DataError
        If shapes differ, a set is not bool, or a set is empty.
    """
    a, b = _checked(a, b)
    if labels is None:
        return float(100 * np.count_nonzero(b) / b.size)
    group = np.unique(labels, return_inverse=True)[1]
    if group.shape != a.shape:
        raise DataError(f"overlap_by_chance needs one label a sample: {a.size}. Got {group.shape}.")
    sizes, of_a, of_b = (np.bincount(group[one], minlength=a.size) for one in (a | True, a, b))
    return float(100 * (of_a * of_b / np.maximum(sizes, 1)).sum() / of_a.sum())


def _checked(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 1 or a.shape != b.shape or a.dtype != bool or b.dtype != bool:
        raise DataError(
            "An overlap needs two sets that say True or False of each sample, of shape (n,). "
            f"Got {a.dtype} of {a.shape} and {b.dtype} of {b.shape}."
        )
    for name, one in (("first", a), ("second", b)):
        if not one.any():
            raise DataError(
                f"The {name} set of an overlap is empty: no share of it or in it can be told.",
                hint="compare sets that hold a sample.",
            )
    return a, b
