"""Bootstrap draws: samples drawn anew within their strata, as counts, in bounded memory.

Samples of one stratum with the same truth and the same predictions by every model are
exchangeable. `Patterns` keeps one of each with how often it came, so that what is drawn, summed
and remembered grows with the patterns and not with the samples. Where arms are judged, each class
has a pseudo-sample beside them (`pseudo_samples`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_integer
from steelyard.evaluation.counts import Counts, Tables
from steelyard.evaluation.pseudo_samples import pseudo_samples

Random = np.random.Generator
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
        Samples of each pattern, which are sorted by stratum; 0 for the pseudo-patterns, which
        follow, sorted in the same way.
    weights : ndarray of shape (P,)
        In what proportion those of a stratum are drawn: the sizes, and parts of a sample.
    strata : ndarray of shape (P,)
        Stratum of each.
    worth : ndarray of shape (P,)
        What one sample of it counts for, under the shares of the strata.
    tables : tuple of Tables
        Of each model, with a column a pattern.
    label : ndarray or None
        Of several labels, which one each pseudo-pattern is about.
    """

    sizes: np.ndarray
    weights: np.ndarray
    strata: np.ndarray
    worth: np.ndarray
    tables: tuple[Tables, ...]
    label: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        truth: np.ndarray,
        predicted: Sequence[np.ndarray],
        n_classes: int,
        strata: np.ndarray | None = None,
        shares: np.ndarray | None = None,
        cells: Sequence[int] | None = None,
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
        cells : sequence of int, optional
            Which arm, from 0 on, each model is of: pseudo-samples are then drawn, too. None draws
            from the samples alone.

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
        worth = np.ones(len(counts))
        if shares is not None:
            tested = np.where(counts > 0, shares, 0.0)
            if tested.sum() <= 0:
                raise DataError("No class with a positive deployment share has held-out samples.")
            worth = tested / tested.sum() * len(truth) / np.maximum(counts, 1)
        kinds, calls, mine = truth[first], [one[first] for one in predicted], strata[first]
        weights, label = sizes.astype(np.float64), None
        if cells is not None:
            more = pseudo_samples(truth, strata, worth[strata] > 0, n_classes, cells)
            kinds, mine, weights = (
                np.concatenate(both)
                for both in ((kinds, more.truth), (mine, more.strata), (weights, more.weights))
            )
            calls = [np.concatenate(both) for both in zip(calls, more.predicted, strict=True)]
            sizes = np.concatenate([sizes, np.zeros(len(more.weights), sizes.dtype)])
            label = more.label
        tables = tuple(Tables.of(kinds, one, n_classes, worth[mine]) for one in calls)
        return cls(sizes, weights, mine, worth[mine], tables, label)

    @property
    def n_real(self) -> int:
        """Number of patterns that are no pseudo-patterns."""
        return int(np.count_nonzero(self.sizes))

    def counts(self) -> Counts:
        """Return the counts of every model as they are, with a first axis of models (M, K)."""
        return self._once(self.sizes)

    def expected(self) -> Counts:
        """Return the counts (M, K) of which those of resamples are scattered."""
        if self.label is not None:
            return self._once(self.weights)
        n, drawn_from = (np.bincount(self.strata, one) for one in (self.sizes, self.weights))
        return self._once(self.weights * (n / np.maximum(drawn_from, 1))[self.strata])

    def _once(self, weights: np.ndarray) -> Counts:
        found = self.count(weights[:, np.newaxis] * 1.0)
        hits, called, present = (one[:, 0] for one in (found.hits, found.called, found.present))
        return Counts(hits, called, present, found.total[:, 0], found.multi_label)

    def count(self, weights: np.ndarray) -> Counts:
        """Return the counts (M, b, K) of every model under weights of shape (P, b)."""
        return _of_models(list(self.by_model(weights)))

    def by_model(self, weights: np.ndarray) -> Iterator[Counts]:
        """Yield the counts (b, K) of one model after another, under weights of shape (P, b)."""
        total = None
        if self.label is not None:  # each label has the samples and its own pseudo-samples
            own = np.zeros((self.tables[0].present.shape[0], weights.shape[1]))
            np.add.at(own, self.label, weights[self.n_real :])
            total = (own + weights[: self.n_real].sum(axis=0)).T
        for table in self.tables:
            one = table.count(weights)
            yield one if total is None else replace(one, total=total)

    def resampled(self, n_resamples: int, seed: int) -> Iterator[Counts]:
        """Yield the counts (M, b, K) of resamples, the same ones for every model."""
        for weights in self.drawn(n_resamples, seed):
            yield self.count(weights)

    def drawn(self, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
        """Yield how often each pattern is drawn, float64 of shape (P, b).

        Of a stratum as many samples are drawn as it has. The pseudo-samples of labels, each about
        one label alone, come beside: as often as Poisson's law has it.
        """
        random = generator(seed, purpose="bootstrap")
        totals = np.bincount(self.strata, weights=self.sizes).astype(np.int64)
        inside = len(self.sizes) if self.label is None else self.n_real
        by_pattern = inside * _CELL < int(totals.sum())
        for b in _steps(n_resamples, len(self.sizes)):
            block = np.empty((len(self.sizes), b))
            if by_pattern:
                self._by_pattern(block[:inside], totals, random)
            else:
                self._one_by_one(block[:inside], totals, random)
            block[inside:] = random.poisson(self.weights[inside:], (b, len(block) - inside)).T
            yield block

    def _by_pattern(self, block: np.ndarray, totals: np.ndarray, random: Random) -> None:
        order = np.argsort(self.strata[: len(block)], kind="stable")
        edges = np.searchsorted(self.strata[order], np.arange(len(totals) + 1))
        for total, start, stop in zip(totals, edges[:-1], edges[1:], strict=True):
            if total:
                mine = order[start:stop]
                shares = self.weights[mine] / self.weights[mine].sum()
                block[mine] = random.multinomial(total, shares, size=block.shape[1]).T

    def _one_by_one(self, block: np.ndarray, totals: np.ndarray, random: Random) -> None:
        n_real, width = self.n_real, len(block)
        pattern = np.repeat(np.arange(n_real), self.sizes[:n_real])
        pattern = np.concatenate([pattern, np.arange(n_real, width)])
        beside = self.strata[n_real:width], self.weights[n_real:width]
        for rows, places in _drawn(totals, block.shape[1], random, *beside):
            block[:, rows] = _tallied(pattern[places], width).T


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
    sizes: np.ndarray,
    n_resamples: int,
    random: np.random.Generator,
    strata: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield which resamples, and the places drawn in strata that lie one after another (b, n).

    Behind the places of the samples lie those that stand for a part of a sample, if any: their
    strata, in order, and weights.
    """
    n = int(sizes.sum())
    size, start = (np.repeat(one, sizes) for one in (sizes, np.cumsum(sizes) - sizes))
    if weights is None or strata is None or not len(weights):
        strata, weights = np.zeros(0, np.int64), np.zeros(0)
    first = np.searchsorted(strata, np.arange(len(sizes) + 1))
    ends = np.concatenate([[0.0], np.cumsum(weights)])
    stratum = np.repeat(np.arange(len(sizes)), sizes)
    wide = size + (ends[first[1:]] - ends[first[:-1]])[stratum]
    step = max(_PIECE // max(n, 1), 1)
    for done in range(0, n_resamples, step):
        rows = slice(done, min(done + step, n_resamples))
        uniform = random.random((rows.stop - rows.start, n))
        uniform *= wide  # without parts below the size, whatever the rounding: sizes < 2**53
        places = uniform.astype(np.int64)
        if len(weights):
            beyond = np.nonzero(uniform >= size)
            mine = stratum[beyond[1]]
            into = ends[first[mine]] + uniform[beyond] - size[beyond[1]]
            found = np.searchsorted(ends, into, side="right") - 1
            part = np.clip(found, first[mine], first[mine + 1] - 1)
        places += start
        if len(weights):
            places[beyond] = n + part
        yield rows, places


def _tallied(drawn: np.ndarray, n_places: int) -> np.ndarray:
    """Return how often each place is drawn, int64 of shape (b, n_places)."""
    rows = np.arange(len(drawn))[:, np.newaxis] * n_places
    return np.bincount((drawn + rows).ravel(), minlength=len(drawn) * n_places).reshape(
        len(drawn), n_places
    )


def _of_models(counts: list[Counts]) -> Counts:
    """Return the counts of several models as one, along a new first axis."""
    return Counts(
        np.stack([one.hits for one in counts]),
        np.stack([one.called for one in counts]),
        np.stack([one.present for one in counts]),
        np.stack([one.total for one in counts]),
        counts[0].multi_label,
    )
