"""Selection: which samples of a class are used how often, once its count is known."""

from __future__ import annotations

import numpy as np

from steelyard._support.seeding import uniform_by_id


def spread_evenly(
    ids: np.ndarray, labels: np.ndarray, class_totals: np.ndarray, seed: int
) -> np.ndarray:
    """Return how often each sample is used, as evenly within a class as its total allows.

    With a total of T for a class of n, every sample is used floor(T / n) times and T mod n of
    them, drawn without replacement, once more. Below n this is a random subset.

    The draw depends on the ids and the seed alone. One order of the samples serves every total,
    so plans are nested: a larger total for a class uses no sample of it less often.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Unique sample ids.
    labels : ndarray of shape (n,)
        Class codes 0..K-1.
    class_totals : ndarray of shape (K,)
        Uses a class; 0 for a class without samples.
    seed : int
        The user's seed.

    Returns
    -------
    ndarray of shape (n,)
        Multiplicities, int64.
    """
    n = np.bincount(labels, minlength=len(class_totals))
    each, once_more = np.divmod(class_totals, np.maximum(n, 1))
    draws = uniform_by_id(ids, seed, purpose="plan")
    return each[labels] + (rank_in_class(labels, n, draws) < once_more[labels])


def first_in_class(ids: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the place of each class's smallest id among all ids, shape (K,).

    It orders the classes by what they hold: blind to their names, their codes and the order of
    the rows. A class without samples stands last.
    """
    place = np.empty(len(ids), dtype=np.int64)
    place[np.argsort(ids, kind="stable")] = np.arange(len(ids))
    first = np.full(n_classes, len(ids))
    np.minimum.at(first, labels, place)
    return first


def rank_in_class(labels: np.ndarray, n: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """Return each sample's place within its class, 0 first, shape (n,).

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Class codes 0..K-1.
    n : ndarray of shape (K,)
        Samples a class.
    *keys : ndarray of shape (n,)
        What orders them, smallest first: the first key, among its ties the second, and so on.
    """
    by_class = np.lexsort((*keys[::-1], labels))
    start = np.cumsum(n) - n
    rank = np.empty(len(labels), dtype=np.int64)
    rank[by_class] = np.arange(len(labels)) - np.repeat(start, n)
    return rank
