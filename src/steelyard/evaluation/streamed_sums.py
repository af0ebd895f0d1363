"""The sums that are kept of one model's predictions, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from steelyard.evaluation import count_metrics
from steelyard.evaluation.counts import Counts
from steelyard.evaluation.crossed import share_interval
from steelyard.evaluation.intervals import wilson_interval, within
from steelyard.evaluation.strata_sums import StrataSums, samples_worth, shares_of_present
from steelyard.records.interval import Interval

_TINY = np.finfo(np.float64).tiny  # a probability of 0 is read as it, as in a table read whole
_PENDING = 2**21  # confusions that wait to be summed

# Decided by counts alone: no interval here, which with as many rows as need this is narrow.
_OF_COUNTS = ("macro_f1", "macro_precision", "mcc")


class Sums:
    """Sums by true class of one model's predictions, row by row added.

    Parameters
    ----------
    n_classes : int
        K.
    n_bins : int
        Bins of equal width of the calibration error.
    """

    def __init__(self, n_classes: int, n_bins: int) -> None:
        self.n_classes = n_classes
        self.n = np.zeros(n_classes, dtype=np.int64)
        self._values = {name: np.zeros((2, n_classes)) for name in ("log_loss", "brier")}
        self._bins = np.zeros((n_classes, n_bins))  # sums of right - confidence
        self._kinds = np.zeros(0, dtype=np.int64)  # truth * K + predicted, sorted
        self._often = np.zeros(0, dtype=np.int64)
        self._pending: list[np.ndarray] = []
        self._n_pending = 0

    def add(self, truth: np.ndarray, chosen: np.ndarray | slice, columns: list[np.ndarray]) -> None:
        """Add rows.

        Parameters
        ----------
        truth : ndarray of shape (n,)
            Codes of the true classes of the chosen rows.
        chosen : ndarray of shape (n,), or slice
            Which rows of the columns.
        columns : list of K ndarrays of float
            Probabilities of each class, non-negative, summing to about 1 a row.
        """
        n = len(truth)
        sums, squares, own = np.zeros(n), np.zeros(n), np.zeros(n)
        best = np.full(n, -1.0, dtype=np.result_type(*columns))
        predicted = np.zeros(n, dtype=np.int32)
        order = np.argsort(truth, kind="stable")
        edges = np.searchsorted(truth[order], np.arange(self.n_classes + 1))
        wide = np.empty(n)
        # column by column, as parquet holds them: a matrix of n x K is never made
        for code, column in enumerate(columns):
            values = column[chosen]
            higher = values > best  # ties go to the lower code
            predicted[higher] = code
            np.maximum(best, values, out=best)
            np.copyto(wide, values)
            sums += wide
            mine = order[edges[code] : edges[code + 1]]
            own[mine] = wide[mine]
            wide *= wide
            squares += wide
        loss = np.log(sums) - np.log(np.maximum(own, _TINY))
        brier = squares / sums**2 - 2 * own / sums + 1
        for name, values in (("log_loss", loss), ("brier", brier)):
            for power in (1, 2):
                self._values[name][power - 1] += np.bincount(
                    truth, weights=values**power, minlength=self.n_classes
                )
        self.n += np.bincount(truth, minlength=self.n_classes)
        confidence = best / sums
        n_bins = self._bins.shape[1]
        edges_of_bins = np.linspace(0, 1, n_bins + 1)
        at = np.clip(np.searchsorted(edges_of_bins, confidence, side="right") - 1, 0, n_bins - 1)
        self._bins += np.bincount(
            truth * n_bins + at,
            weights=(predicted == truth) - confidence,
            minlength=self._bins.size,
        ).reshape(self._bins.shape)
        self._pending.append(truth * self.n_classes + predicted)
        self._n_pending += n
        if self._n_pending > _PENDING:
            self._sum_confusions()

    def overall(self, prior: np.ndarray) -> Iterator[tuple[str, float, float, float, int]]:
        """Yield metric, mean, low, high and classes counted, under a prior of shape (K,)."""
        shares = self._shares(prior)
        counts = self.counts(shares)
        n_classes = int((shares > 0).sum())
        hits = self._hits().astype(np.float64)
        equal = (shares > 0) / n_classes
        for name, weights in (("accuracy", shares), ("balanced_accuracy", equal)):
            yield name, *_ends(self._mean_of(hits, hits, weights, share=True), 1.0), n_classes
        for name, most in (("log_loss", np.inf), ("brier", 2.0)):
            first, second = self._values[name]
            yield name, *_ends(self._mean_of(first, second, shares), most), n_classes
        weights = np.divide(shares, self.n, out=np.zeros(self.n_classes), where=self.n > 0)
        error = float(np.abs(weights @ self._bins).sum())
        yield "ece_width", error, np.nan, np.nan, n_classes
        for name in _OF_COUNTS:
            counted = int(count_metrics.n_counted(name, counts))
            value = float(count_metrics.AVERAGES[name](counts))
            yield name, value, np.nan, np.nan, counted

    def by_class(
        self, prior: np.ndarray
    ) -> Iterator[tuple[int, float, float, float, float, float]]:
        """Yield samples, recall with its ends, precision and F1 of each class, under a prior."""
        counts = self.counts(self._shares(prior))
        of_classes = count_metrics.precision(counts), count_metrics.f1(counts)
        each = zip(self.n, prior, self._hits(), *of_classes, strict=True)
        for n, share, hits, precision, f1 in each:
            recall = low = high = np.nan
            if n and share > 0:  # a class of share 0 is absent there
                interval = wilson_interval(float(hits / n), float(n))
                recall, low, high = interval.mean, interval.low, interval.high
            yield int(n), recall, low, high, float(precision), float(f1)

    def confusions(self, most: int) -> list[tuple[int, int, int, float]]:
        """Return the most frequent confusions: class, called, how often, share of the class."""
        self._sum_confusions()
        came, called = np.divmod(self._kinds, self.n_classes)
        wrong = np.flatnonzero(came != called)
        order = wrong[np.argsort(-self._often[wrong], kind="stable")][:most]
        return [
            (int(came[at]), int(called[at]), int(self._often[at]),
             float(self._often[at] / self.n[came[at]]))
            for at in order
        ]  # fmt: skip

    def counts(self, shares: np.ndarray) -> Counts:
        """Return the counts where classes come in shares of shape (K,)."""
        self._sum_confusions()
        came, called = np.divmod(self._kinds, self.n_classes)
        weights = np.divide(
            shares * self.n.sum(), self.n, out=np.zeros(self.n_classes), where=self.n > 0
        )
        of_calls = np.bincount(
            called, weights=weights[came] * self._often, minlength=self.n_classes
        )
        present = weights * self.n
        return Counts(weights * self._hits(), of_calls, present, np.asarray(present.sum()))

    def _hits(self) -> np.ndarray:
        self._sum_confusions()
        came, called = np.divmod(self._kinds, self.n_classes)
        right = came == called
        return np.bincount(
            came[right], weights=self._often[right], minlength=self.n_classes
        ).astype(np.int64)

    def _sum_confusions(self) -> None:
        if not self._pending:
            return
        kinds, at = np.unique(np.concatenate([self._kinds, *self._pending]), return_inverse=True)
        often = np.bincount(at[len(self._kinds) :], minlength=len(kinds))
        often[at[: len(self._kinds)]] += self._often
        self._kinds, self._often, self._pending, self._n_pending = kinds, often, [], 0

    def _shares(self, prior: np.ndarray) -> np.ndarray:
        return shares_of_present(self.n, prior)

    def _mean_of(
        self, first: np.ndarray, second: np.ndarray, shares: np.ndarray, share: bool = False
    ) -> Interval:
        """Return a mean of samples with its interval, from sums and sums of squares by class.

        `stratified_interval` of one seed, and `accuracy_interval` of a share.
        """
        means = first / np.maximum(self.n, 1)
        # sums of squares about the means: what is left of 16 digits after nothing varied is 0
        squares = second - first * means
        squares[squares < 1e-12 * second] = 0.0
        known = StrataSums.of(self.n, means, squares, shares).estimate()
        if not share:
            return known.interval()
        inside = min(max(known.mean, 0.0), 1.0)
        return share_interval(replace(known, mean=inside), samples_worth(self.n, shares))


def _ends(interval: Interval, most: float) -> tuple[float, float, float]:
    inside = within(interval, (0.0, most))
    return inside.mean, inside.low, inside.high
