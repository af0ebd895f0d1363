"""Sets of as many samples as another set has: the hardest by a score, or some at random.

Sets of hard samples can be compared only if they are equally large: a larger one holds easier
samples. The count comes from a set that has one by nature, such as the stragglers of a network; a
score without a threshold then gives as many. Counted over the data set, the other set may take its
samples from other classes; counted per class, both have the same class shares, so that what
differs between them is not the mix of classes.

**Reference.** Pukowski and Lu (2024), arXiv 2409.14401, who count over the data set ("dataset" in
their code, or "class"). The seeded draw among ties is ours.
"""

from __future__ import annotations

import numpy as np

from steelyard._support.arrays import require_finite
from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import uniform_by_id
from steelyard._support.validation import check_choice, check_integer
from steelyard.records.hardness import Hardness

PER = ("data set", "class")


def hardest_set(
    values: Hardness | np.ndarray,
    like: np.ndarray,
    *,
    labels: np.ndarray | None = None,
    ids: np.ndarray | None = None,
    per: str = "data set",
    seed: int = 0,
) -> np.ndarray:
    """Return as many of the hardest samples as a set has.

    Parameters
    ----------
    values : Hardness, or ndarray of shape (n,)
        Higher is harder. A `Hardness` brings its own labels and ids.
    like : ndarray of shape (n,)
        The set whose count is taken, bool.
    labels : ndarray of shape (n,), optional
        Class codes; needed to count per class.
    ids : ndarray of shape (n,), optional
        Unique sample ids, by which ties are drawn so that the order of the rows says nothing;
        the numbers of the rows by default.
    per : {"data set", "class"}
        Whether the counts are equal over all samples, or in each class.
    seed : int
        Draws among equal values. One seed draws alike for any score.

    Returns
    -------
    ndarray of shape (n,)
        bool; exactly as many (in each class) as in ``like``.

    Raises
    ------
    DataError
        If shapes differ, a value is not finite, or ``like`` is not bool.
    ParameterError
        If labels are needed and missing, or given beside a `Hardness`.
    """
    if isinstance(values, Hardness):
        if labels is not None or ids is not None:
            raise ParameterError(
                "hardest_set got labels or ids beside a Hardness, which brings its own.",
                hint="leave them out, or pass hardness.values.",
            )
        labels, ids = values.labels, values.ids
    array = np.asarray(values.values if isinstance(values, Hardness) else values, dtype=np.float64)
    require_finite(array, "values", "hardest_set")
    return _filled(array, like, labels, ids, per, seed, "hardest_set")


def random_set(
    like: np.ndarray,
    *,
    labels: np.ndarray | None = None,
    ids: np.ndarray | None = None,
    per: str = "data set",
    seed: int = 0,
) -> np.ndarray:
    """Return as many samples as a set has, drawn at random: the control of any hard set.

    Parameters
    ----------
    like, labels, ids, per
        As in `hardest_set`.
    seed : int
        Of the draw, which has nothing to do with how `hardest_set` breaks ties.

    Returns
    -------
    ndarray of shape (n,)
        bool; exactly as many (in each class) as in ``like``.

    Raises
    ------
    DataError, ParameterError
        As `hardest_set`.
    """
    return _filled(np.zeros(np.shape(like)), like, labels, ids, per, seed, "random_set")


def _filled(
    values: np.ndarray,
    like: np.ndarray,
    labels: np.ndarray | None,
    ids: np.ndarray | None,
    per: str,
    seed: int,
    owner: str,
) -> np.ndarray:
    """Return the first of each group, hardest first, as many as ``like`` has in it."""
    check_choice(per, "per", owner, PER)
    check_integer(seed, "seed", owner)
    like = np.asarray(like)
    n = like.size
    if like.dtype != bool:
        raise DataError(
            f"The set of {owner} must say True or False of each sample. Got {like.dtype} values.",
            hint="of positions: like = np.zeros(n, bool); like[positions] = True.",
        )
    if per == "class" and labels is None:
        raise ParameterError(f"{owner} needs labels to count per class. Got none.")
    group = np.zeros(n, int) if labels is None or per == "data set" else np.asarray(labels)
    ids = np.arange(n) if ids is None else np.asarray(ids)
    if not values.shape == like.shape == group.shape == ids.shape == (n,):
        raise DataError(
            f"{owner} needs one value, label and id for each of the {n} samples of the set. Got "
            f"shapes {values.shape}, {group.shape} and {ids.shape} for {like.shape}."
        )
    group = np.unique(group, return_inverse=True)[1]
    order = np.lexsort((uniform_by_id(ids, seed, purpose=owner), -values, group))
    ordered = group[order]
    first = np.searchsorted(ordered, ordered)  # of each sample's group
    chosen = np.zeros(n, dtype=bool)
    chosen[order] = np.arange(n) - first < np.bincount(group[like], minlength=n)[ordered]
    return chosen
