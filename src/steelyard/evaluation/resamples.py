"""Bootstrap draws: samples drawn anew within their strata, as counts, in bounded memory.

Samples of one stratum with the same truth and the same predictions by every model are
exchangeable. `Patterns` keeps one of each with how often it came, so that what is drawn, summed
and remembered grows with the patterns and not with the samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_integer
from steelyard.evaluation.counts import Counts, Tables

_PIECE = 2**18  # samples drawn at a time: what stays in the cache takes a quarter of the time
_BLOCK = 2**21  # samples, or patterns, of the resamples that are handed out together
_CELL = 10.0  # a binomial costs as much as drawing so many samples one by one (measured)


def resamples(strata: Any, n_resamples: int = 1000, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield how often each sample is drawn, in resamples that keep the size of every stratum.

    Parameters
    ----------
    strata : array_like of shape (n,)
        Whole numbers from 0 on: the class of each sample, say.
    n_resamples : int
        How many in all.
    seed : int
        Of the draws. The same draws come whatever else is computed with them.

    Yields
    ------
    ndarray of int16 and shape (b, n)
        As many resamples as fit a block of bounded memory. Sums over a stratum are its size.

    Raises
    ------
    DataError
        If there are no samples, or strata are no whole numbers from 0 on.
    """
    strata = _checked_strata(strata)
    n_resamples = check_integer(n_resamples, "n_resamples", "resamples", 1)
    order = np.argsort(strata, kind="stable")
    random = generator(seed, purpose="bootstrap")
    for b in _steps(n_resamples, len(strata)):
        block = np.empty((b, len(strata)), np.int16)
        for rows, drawn in _drawn(np.bincount(strata), b, random):
            block[rows, order] = _tallied(drawn, len(strata))
        yield block


@dataclass(frozen=True, eq=False)
class Patterns:
    """The different samples: what each adds to the counts of every model, and how often it came.

    Parameters
    ----------
    sizes : ndarray of shape (P,)
        Samples of each pattern. Patterns are sorted by stratum.
    strata : ndarray of shape (P,)
        Stratum of each.
    worth : ndarray of shape (P,)
        What one sample of it counts for, under the shares of the strata.
    tables : tuple of Tables
        Of each model, with a column a pattern.
    """

    sizes: np.ndarray
    strata: np.ndarray
    worth: np.ndarray
    tables: tuple[Tables, ...]

    @classmethod
    def of(
        cls,
        truth: np.ndarray,
        predicted: Sequence[np.ndarray],
        n_classes: int,
        strata: np.ndarray | None = None,
        shares: np.ndarray | None = None,
    ) -> Patterns:
        """Find the patterns.

        Parameters
        ----------
        truth : ndarray of shape (n,), or of bool and shape (n, K)
            Class codes, or which labels each sample has.
        predicted : sequence of ndarray, each of the shape of ``truth``
            What each model says of the same samples.
        n_classes : int
            K.
        strata : ndarray of shape (n,), optional
            Within which samples are drawn: the classes by default; of several labels all
            together.
        shares : ndarray, optional
            What each stratum counts for; None is as it is. Strata without samples are left out.

        Raises
        ------
        DataError
            If there are no samples, or none in a stratum with a positive share.
        """
        if strata is None:
            strata = truth if truth.ndim == 1 else np.zeros(len(truth), dtype=np.int64)
        strata = _checked_strata(strata)
        counts = np.bincount(strata, minlength=0 if shares is None else len(shares))
        code = strata
        for codes in (truth, *predicted):
            code = _told_apart(code, codes)
        _, first, sizes = np.unique(code, return_index=True, return_counts=True)
        weights = np.ones(len(counts))
        if shares is not None:
            tested = np.where(counts > 0, shares, 0.0)
            if tested.sum() <= 0:
                raise DataError("No class with a positive deployment share has held-out samples.")
            weights = tested / tested.sum() * len(truth) / np.maximum(counts, 1)
        worth = weights[strata[first]]
        tables = tuple(Tables.of(truth[first], one[first], n_classes, worth) for one in predicted)
        return cls(sizes, strata[first], worth, tables)

    def counts(self) -> Counts:
        """Return the counts of every model as they are, with a first axis of models (M, K)."""
        once = self.sizes[:, np.newaxis] * 1.0
        found = _of_models([one.count(once) for one in self.tables])
        hits, called, present = (one[:, 0] for one in (found.hits, found.called, found.present))
        return Counts(hits, called, present, found.total[:, 0], found.multi_label)

    def heavier(self, base: Counts, start: int, stop: int, by: float) -> Counts:
        """Return the counts (M, stop - start, K) with one pattern each a bit heavier.

        Parameters
        ----------
        base : Counts
            What `counts` gives.
        start, stop : int
            The patterns.
        by : float
            How many samples are added to each.
        """
        moved = []
        for model, table in enumerate(self.tables):
            hits, called, present = (
                now[model] + by * one[:, start:stop].toarray().T
                for now, one in (
                    (base.hits, table.hits),
                    (base.called, table.called),
                    (base.present, table.present),
                )
            )
            total = present.sum(axis=-1)
            if base.multi_label:
                more = by * self.worth[start:stop, np.newaxis]
                total = np.broadcast_to(base.total[model] + more, present.shape)
            moved.append(Counts(hits, called, present, total, base.multi_label))
        return _of_models(moved)

    def weighing(self, worth: np.ndarray) -> Patterns:
        """Return the patterns with each sample counting for as much more, shape (P,)."""
        tables = tuple(
            Tables(one.hits * worth, one.called * worth, one.present * worth, one.multi_label)
            for one in self.tables
        )
        return Patterns(self.sizes, self.strata, self.worth * worth, tables)

    def resampled(self, n_resamples: int, seed: int) -> Iterator[Counts]:
        """Yield the counts (M, b, K) of resamples, the same ones for every model."""
        for weights in self.drawn(n_resamples, seed):
            yield _of_models([one.count(weights) for one in self.tables])

    def drawn(self, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
        """Yield how often each pattern is drawn, float64 of shape (P, b)."""
        random = generator(seed, purpose="bootstrap")
        totals = np.bincount(self.strata, weights=self.sizes).astype(np.int64)
        n = int(self.sizes.sum())
        if len(self.sizes) * _CELL < n:
            yield from _multinomials(self.sizes, self.strata, totals, n_resamples, random)
            return
        pattern = np.repeat(np.arange(len(self.sizes)), self.sizes)
        for b in _steps(n_resamples, len(self.sizes)):
            block = np.empty((len(self.sizes), b))
            for rows, places in _drawn(totals, b, random):
                block[:, rows] = _tallied(pattern[places], len(self.sizes)).T
            yield block


def bootstrap_recall(
    right: Any, truth: Any, n_classes: int, n_resamples: int = 1000, seed: int = 0
) -> np.ndarray:
    """Return the recall of each class in resamples of the samples, class by class.

    Parameters
    ----------
    right : array_like of 0 and 1 and shape (S, n), or (n,)
        Where each seed's model is right. The seeds share the draws.
    truth : array_like of shape (n,)
        Class codes.
    n_classes : int
        Number of classes K.
    n_resamples : int
        How many, B.
    seed : int
        Of the draws.

    Returns
    -------
    ndarray of shape (S, B, K)
        NaN for a class without samples. Of one seed, each is a binomial share.

    Raises
    ------
    DataError
        If shapes differ, codes lie outside the classes, or ``right`` is not 0 and 1.
    """
    n_classes = check_integer(n_classes, "n_classes", "bootstrap_recall", 1)
    n_resamples = check_integer(n_resamples, "n_resamples", "bootstrap_recall", 1)
    rows, codes = np.atleast_2d(np.asarray(right)), np.asarray(truth)
    if rows.ndim != 2 or codes.shape != rows.shape[1:] or not ((rows == 0) | (rows == 1)).all():
        raise DataError(
            f"bootstrap_recall needs 0 and 1 of shape (S, n) and truth of shape (n,). "
            f"Got {rows.shape} and {codes.shape}."
        )
    codes = _checked_strata(codes)
    if codes.max() >= n_classes:
        raise DataError(f"Truth must be codes from 0 to {n_classes - 1}. Got {codes.max()}.")
    said = [np.where(row == 1, codes, n_classes) for row in rows]  # wrong: a class beyond them
    patterns = Patterns.of(codes, said, n_classes + 1)
    sizes = np.bincount(codes, minlength=n_classes)
    found = np.full((len(rows), n_resamples, n_classes), np.nan)
    done = 0
    for weights in patterns.drawn(n_resamples, seed):
        stop = done + weights.shape[1]
        for seed_recalls, table in zip(found, patterns.tables, strict=True):
            hits = (table.hits @ weights).T[:, :n_classes]
            np.divide(hits, sizes, out=seed_recalls[done:stop], where=sizes > 0)
        done = stop
    return found


def _checked_strata(strata: Any) -> np.ndarray:
    array = np.asarray(strata)
    if array.ndim != 1 or array.dtype.kind not in "iu" or not len(array) or array.min() < 0:
        raise DataError(
            "Strata must be whole numbers from 0 on, one a sample, of at least one sample. "
            f"Got {array.dtype} of shape {array.shape}."
        )
    return array.astype(np.int64, copy=False)


def _told_apart(code: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return codes that differ where the given ones or the labels do, in their sorted order."""
    if labels.ndim == 2:
        packed = np.packbits(labels, axis=1)
        rows = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1])))[:, 0]
        labels = np.unique(rows, return_inverse=True)[1]
    joint = code * (int(labels.max()) + 1) + labels
    return np.unique(joint, return_inverse=True)[1]


def _steps(n_resamples: int, width: int) -> Iterator[int]:
    """Yield how many resamples are handed out together, until all are."""
    step = max(_BLOCK // width, 1)
    for done in range(0, n_resamples, step):
        yield min(step, n_resamples - done)


def _drawn(
    sizes: np.ndarray, n_resamples: int, random: np.random.Generator
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield which resamples, and the places drawn in strata that lie one after another (b, n)."""
    n = int(sizes.sum())
    size, start = (np.repeat(one, sizes) for one in (sizes, np.cumsum(sizes) - sizes))
    step = max(_PIECE // n, 1)
    for done in range(0, n_resamples, step):
        rows = slice(done, min(done + step, n_resamples))
        uniform = random.random((rows.stop - rows.start, n))
        uniform *= size  # below the size of the stratum, whatever the rounding: sizes < 2**53
        places = uniform.astype(np.int64)
        places += start
        yield rows, places


def _tallied(drawn: np.ndarray, n_places: int) -> np.ndarray:
    """Return how often each place is drawn, int64 of shape (b, n_places)."""
    rows = np.arange(len(drawn))[:, np.newaxis] * n_places
    return np.bincount((drawn + rows).ravel(), minlength=len(drawn) * n_places).reshape(
        len(drawn), n_places
    )


def _multinomials(
    sizes: np.ndarray,
    strata: np.ndarray,
    totals: np.ndarray,
    n_resamples: int,
    random: np.random.Generator,
) -> Iterator[np.ndarray]:
    edges = np.searchsorted(strata, np.arange(len(totals) + 1))
    for b in _steps(n_resamples, len(sizes)):
        block = np.empty((len(sizes), b))
        for total, start, stop in zip(totals, edges[:-1], edges[1:], strict=True):
            if total:
                shares = sizes[start:stop] / total
                block[start:stop] = random.multinomial(total, shares, size=b).T
        yield block


def _of_models(counts: list[Counts]) -> Counts:
    """Return the counts of several models as one, along a new first axis."""
    return Counts(
        np.stack([one.hits for one in counts]),
        np.stack([one.called for one in counts]),
        np.stack([one.present for one in counts]),
        np.stack([one.total for one in counts]),
        counts[0].multi_label,
    )
