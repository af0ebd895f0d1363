"""What a figure rests on: values of single samples, or redrawn samples; both can be subtracted.

A figure of several models (seeds) is the mean of theirs. Its evidence knows each seed's figure and
how it would move with other samples, so that one formula gives the interval, with seeds and samples
as crossed random effects; and the difference of two arms' evidence, sample by sample and seed by
seed, is the evidence of their paired difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from steelyard.evaluation.borrowed import with_borrowed
from steelyard.evaluation.crossed import Estimates, crossed_estimate, freedom_of_strata
from steelyard.evaluation.estimate import Estimate
from steelyard.evaluation.intervals import stratified_estimate

_BLOCK = 2**21  # numbers that are dense at a time


@dataclass(frozen=True, eq=False)
class OfSamples:
    """A mean over samples, or a statistic that is one to first order.

    Parameters
    ----------
    values : ndarray of shape (S, n)
        Of each seed and sample; their mean by strata is the figure.
    strata : ndarray of shape (n,)
        Codes of the samples' strata.
    shares : ndarray of shape (H,)
        Deployment shares of the strata.
    borrowed : float
        Variance that the error holds beside that of the values, for what few samples do not show
        (see `steelyard.evaluation.borrowed`); those of two arms add up in their difference.
    """

    values: np.ndarray
    strata: np.ndarray
    shares: np.ndarray
    borrowed: float = 0.0

    @property
    def by_seed(self) -> np.ndarray:
        """The figure of each seed, shape (S,)."""
        return np.array([self._of(row).mean for row in self.values[:, np.newaxis]])

    def estimate(self) -> Estimate:
        """Return the mean over seeds, with its error."""
        return with_borrowed(self._of(self.values), self.borrowed)

    def _of(self, values: np.ndarray) -> Estimate:
        return stratified_estimate(values, self.strata, self.shares)

    def __sub__(self, other: OfSamples) -> OfSamples:
        borrowed = self.borrowed + other.borrowed
        return OfSamples(self.values - other.values, self.strata, self.shares, borrowed)


@dataclass(frozen=True, eq=False)
class OfResamples:
    """A function of counts, and what it becomes as the samples are redrawn.

    Parameters
    ----------
    by_seed : ndarray of shape (S,)
        The figure of each seed.
    redrawn : ndarray of shape (S, B)
        The same after each of B redraws, which are those of every seed and arm.
    influence : ndarray of shape (P,)
        What the seeds' mean figure gains by one more sample of each pattern of samples.
    weights, strata : ndarray of shape (P,)
        Samples, or parts of one, and stratum of each pattern.
    """

    by_seed: np.ndarray
    redrawn: np.ndarray
    influence: np.ndarray
    weights: np.ndarray
    strata: np.ndarray

    @property
    def freedom(self) -> np.ndarray:
        """Degrees of freedom of the spread by samples, shape ()."""
        return freedom_of_strata(self.influence, self.weights, self.strata)

    def estimates(self) -> Estimates:
        """Return the mean over seeds with its error, as arrays of shape ()."""
        return crossed_estimate(self.by_seed, self.redrawn, self.freedom)

    def estimate(self) -> Estimate:
        """Return the mean over seeds, with its error."""
        return self.estimates().at()

    def times(self, factor: float) -> OfResamples:
        """Return the evidence of the figure times a number."""
        return OfResamples(
            self.by_seed * factor,
            self.redrawn * factor,
            self.influence * factor,
            self.weights,
            self.strata,
        )

    def __sub__(self, other: OfResamples) -> OfResamples:
        return OfResamples(
            self.by_seed - other.by_seed,
            self.redrawn - other.redrawn,
            self.influence - other.influence,
            self.weights,
            self.strata,
        )


@dataclass(frozen=True, eq=False)
class OfClasses:
    """A function of counts for each class, and what it becomes as the samples are redrawn.

    Parameters
    ----------
    by_seed : ndarray of shape (S, K)
        The figures of each seed; NaN is no data.
    redrawn : ndarray of shape (S, B, K)
        The same after each of B redraws, which are those of every seed and arm.
    influence : scipy.sparse.csc_array of shape (P, K)
        What the seeds' mean figures gain by one more sample of each pattern of samples.
    weights, strata : ndarray of shape (P,)
        Samples, or parts of one, and stratum of each pattern.
    """

    by_seed: np.ndarray
    redrawn: np.ndarray
    influence: Any
    weights: np.ndarray
    strata: np.ndarray

    def estimates(self) -> Estimates:
        """Return the mean over the seeds with data, with its error, as arrays of shape (K,).

        Where there are several seeds and one alone has data, no error of other seeds is known: it
        is NaN.
        """
        found = crossed_estimate(self.by_seed, self.redrawn, self._freedom())
        alone = (~np.isnan(self.by_seed)).sum(axis=0) < min(len(self.by_seed), 2)
        return Estimates(found.mean, np.where(alone, np.nan, found.error), found.freedom)

    def _freedom(self) -> np.ndarray:
        n_patterns, n_classes = self.influence.shape
        step = max(_BLOCK // n_patterns, 1)  # few classes at a time: dense, they would fill memory
        blocks = [
            freedom_of_strata(
                self.influence[:, start : start + step].toarray(), self.weights, self.strata
            )
            for start in range(0, n_classes, step)
        ]
        return np.concatenate(blocks)

    def __sub__(self, other: OfClasses) -> OfClasses:
        return OfClasses(
            self.by_seed - other.by_seed,
            self.redrawn - other.redrawn,
            self.influence - other.influence,
            self.weights,
            self.strata,
        )


@dataclass(frozen=True, eq=False)
class OfSeeds:
    """A figure without an interval, such as a calibration error: its bias outweighs its scatter."""

    by_seed: np.ndarray

    def estimate(self) -> None:
        """Return nothing: no error is known."""

    def __sub__(self, other: OfSeeds) -> OfSeeds:
        return OfSeeds(self.by_seed - other.by_seed)


class Evidence(Protocol):
    """What a figure rests on: one of the above, always the same one of the same metric."""

    @property
    def by_seed(self) -> np.ndarray:
        """The figure of each seed, shape (S,)."""

    def estimate(self) -> Estimate | None:
        """Return the mean over seeds, with its error where one is known."""

    def __sub__(self, other: Any) -> Evidence:
        """Return the evidence of the paired difference."""
