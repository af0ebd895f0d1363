"""Agreement: whether scores find the same samples and classes hard."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform
from scipy.stats import kendalltau, rankdata

from steelyard._support.errors import MismatchError, ParameterError
from steelyard._support.seeding import uniform_by_id
from steelyard._support.validation import check_integer, check_real
from steelyard.records.agreement import Agreement
from steelyard.records.hardness import THRESHOLDS, Hardness, size_of_share

KENDALL = 3000  # ours: samples that Kendall's tau is computed from at the most


def agreement(
    scores: Mapping[str, Hardness],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    most_kendall: int = KENDALL,
    seed: int = 0,
) -> Agreement:
    """Return how much every two of the scores agree.

    Parameters
    ----------
    scores : mapping of str to Hardness
        Scores of the same samples, at least one.
    thresholds : sequence of float
        Shares of all samples, in (0, 1), whose hardest sets are compared; exact counts. Where equal
        values leave open which samples belong to a set, each score draws them by itself, and what
        two have in common is its expectation over all such draws. Two scores of one order are the
        same score, tied or not: their index is 1.
    most_kendall : int
        Kendall's tau is computed from as many samples at the most, drawn by their ids.
    seed : int
        From which that draw derives.

    Returns
    -------
    Agreement
        The scores ordered by average linkage of one minus their rank correlation.

    Raises
    ------
    MismatchError
        If the scores are of other data, or of the same in another order.
    ParameterError
        If there is no score, or a number lies outside its range.
    """
    if not scores:
        raise ParameterError("The 'scores' parameter of agreement must hold one. Got none.")
    check_integer(most_kendall, "most_kendall", "agreement", 2)
    shares = [check_real(one, "thresholds", "agreement", 0, 1, "()") for one in thresholds]
    first = next(iter(scores.values()))
    for one in scores.values():
        if one.data_fingerprint != first.data_fingerprint or not np.array_equal(one.ids, first.ids):
            raise MismatchError("Only scores of the same samples can be compared.")
    n = len(first.ids)
    names = sorted(scores)
    # hardest first, so that ranks count places
    ranks = [rankdata(-scores[name].values) for name in names]
    spearman = _correlations(ranks)
    order = _alike(spearman)
    names = [names[at] for at in order]
    values = [scores[name].values for name in names]
    drawn = np.argsort(uniform_by_id(first.ids, seed, purpose="kendall"))[:most_kendall]
    kendall = np.eye(len(names))
    for a, b in itertools.combinations(range(len(names)), 2):
        kendall[a, b] = kendall[b, a] = kendalltau(values[a][drawn], values[b][drawn]).statistic
    kendall[np.diag_indices(len(names))] = [1.0 if np.ptp(one[drawn]) else np.nan for one in values]
    return Agreement(
        tuple(names),
        tuple(shares),
        spearman[np.ix_(order, order)],
        kendall,
        _correlations([_class_means(one, first.labels) for one in values]),
        _jaccard([ranks[at] for at in order], shares),
        n,
        len(drawn),
        first.data_fingerprint,
    )


def _correlations(rows: list[np.ndarray]) -> np.ndarray:
    """Return correlations between rows, shape (S, S); NaN for constant ones and those below 3."""
    matrix = np.stack(rows)
    matrix = matrix - matrix.mean(axis=1, keepdims=True)
    length = np.sqrt((matrix**2).sum(axis=1, keepdims=True))
    scale = np.abs(np.stack(rows)).max(axis=1, keepdims=True, initial=0.0)
    none = (length <= 1e-12 * scale) | (matrix.shape[1] < 3)  # below lies the arithmetic
    matrix = np.where(none, np.nan, matrix / np.where(none, 1, length))
    found = np.clip(matrix @ matrix.T, -1, 1)
    found[np.diag_indices(len(rows))] = np.where(none[:, 0], np.nan, 1.0)
    return found


def _class_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    counts = np.bincount(labels)
    return np.bincount(labels, weights=values)[counts > 0] / counts[counts > 0]


def _jaccard(ranks: list[np.ndarray], shares: Sequence[float]) -> np.ndarray:
    """Return the indices of the hardest sets, shape (T, S, S), from mid-ranks, 1 the hardest."""
    n = len(ranks[0])
    one_order = np.array([[np.array_equal(a, b) for b in ranks] for a in ranks])
    found = []
    for share in shares:
        size = size_of_share(share, n)
        inside = np.stack([_inside(one, size) for one in ranks])
        both = np.where(one_order, size, inside @ inside.T)
        found.append(both / (2 * size - both))
    return np.array(found).reshape(len(shares), len(ranks), len(ranks))


def _inside(ranks: np.ndarray, size: int) -> np.ndarray:
    """Return the probability of each sample to be of the hardest, ties drawn at random."""
    last = np.partition(ranks, size - 1)[size - 1]
    before, tied = ranks < last, ranks == last
    return before + tied * (size - np.count_nonzero(before)) / np.count_nonzero(tied)


def _alike(spearman: np.ndarray) -> np.ndarray:
    """Return the order of the scores in which like stands beside like."""
    if len(spearman) < 3:
        return np.arange(len(spearman))
    distances = 1 - np.nan_to_num(spearman)  # a constant score is like none
    np.fill_diagonal(distances, 0)
    flat = squareform(distances, checks=False)
    leaves = leaves_list(optimal_leaf_ordering(linkage(flat, "average"), flat))
    return leaves if leaves[0] < leaves[-1] else leaves[::-1]  # either end may be the first
