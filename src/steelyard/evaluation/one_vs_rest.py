"""One class against the rest of the samples, as a deployment weighs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from steelyard._support.errors import DataError
from steelyard.evaluation.arms import by_arm
from steelyard.evaluation.borrowed import borrowed_variance
from steelyard.evaluation.priors import deployment_priors
from steelyard.evaluation.rank_intervals import kish_size
from steelyard.records.predictions import Predictions


@dataclass(frozen=True, eq=False)
class OneVsRest:
    """A class against the rest.

    Parameters
    ----------
    positive : ndarray of bool and shape (n,)
        Which samples are of the class, or have the label.
    strata : ndarray of shape (n,)
        Code of each sample's stratum: its class; of a label, 1 with it and 0 without.
    shares : ndarray
        What each stratum makes up of the deployment; they sum to 1.
    """

    positive: np.ndarray
    strata: np.ndarray
    shares: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """What each sample counts for, of mean 1, shape (n,)."""
        counts = np.bincount(self.strata, minlength=len(self.shares))
        return (self.shares * len(self.strata) / np.maximum(counts, 1))[self.strata]

    @property
    def n_positive(self) -> int:
        """Samples of the class."""
        return int(self.positive.sum())

    @property
    def n_negative(self) -> int:
        """Samples of the rest."""
        return len(self.positive) - self.n_positive

    @property
    def borrowed(self) -> float:
        """What the variance of a rank metric borrows; see `steelyard.evaluation.borrowed`."""
        counts = np.bincount(self.strata, minlength=len(self.shares))
        kinds = self._of_class
        among = np.where(kinds, self.shares[kinds].sum(), self.shares[~kinds].sum())
        return borrowed_variance(self.shares / among, counts)

    @property
    def worth(self) -> float:
        """Samples of the rarer kind, weighted ones counting for what they are worth."""
        weights = self.weights
        sizes = kish_size(weights[self.positive]), kish_size(weights[~self.positive])
        return max(min(sizes), 1.0)

    def at(self, share: float) -> OneVsRest:
        """Return the same where the class makes up another share, the rest keeping its mixture."""
        kinds = self._of_class
        of_class, rest = self.shares[kinds].sum(), self.shares[~kinds].sum()
        shares = self.shares * np.where(kinds, share / of_class, (1 - share) / rest)
        return OneVsRest(self.positive, self.strata, shares)

    @property
    def _of_class(self) -> np.ndarray:
        kinds = np.zeros(len(self.shares), dtype=bool)
        kinds[self.strata[self.positive]] = True
        return kinds


def against_the_rest(
    truth: np.ndarray, code: int, n_classes: int, prior: np.ndarray | None
) -> OneVsRest | None:
    """Return a class against the rest; None if either is absent, or has no share.

    Parameters
    ----------
    truth : ndarray of shape (n,), or of bool and shape (n, K)
        Class codes; or which labels each sample has.
    code : int
        The class.
    n_classes : int
        K.
    prior : ndarray of shape (K,) or None
        Class shares, or shares of samples with each label, where the model is deployed; those of
        classes without samples count as 0. None takes the samples as they are.
    """
    if truth.ndim == 2:
        positive = truth[:, code]
        strata = positive.astype(np.int64)
        stated = None if prior is None else np.array([1 - prior[code], prior[code]])
        mine, n_strata = 1, 2
    else:
        positive, strata, stated = truth == code, truth, prior
        mine, n_strata = code, n_classes
    counts = np.bincount(strata, minlength=n_strata)
    shares = np.where(counts > 0, counts if stated is None else stated, 0.0)
    if shares[mine] <= 0 or shares[mine] >= shares.sum():
        return None
    return OneVsRest(positive, strata, shares / shares.sum())


def checked_prior(
    prior: Mapping[str, float] | np.ndarray | None, first: Predictions
) -> np.ndarray | None:
    """Return a stated deployment prior in the order of the classes, shape (K,); None stays.

    Raises
    ------
    DataError
        If it does not fit the classes (with the nearest names), or a share is no share.
    """
    if prior is None:
        return None
    stated = {"stated": prior}
    multi_label = first.multi_label
    return deployment_priors(stated, first.class_names, None, multi_label=multi_label)["stated"]


def one_arm(predictions: Predictions | Sequence[Predictions], owner: str) -> list[Predictions]:
    """Return the predictions of one arm, one a seed, on the same samples.

    Raises
    ------
    DataError
        If there are none, or those of several arms.
    MismatchError
        If they are not of the same samples, or a seed occurs twice.
    """
    models = [predictions] if isinstance(predictions, Predictions) else list(predictions)
    arms = by_arm(models)
    if len(arms) > 1:
        raise DataError(
            f"{owner} takes one arm's predictions. Got those of {list(arms)[:5]}.",
            hint="give one arm at a time.",
        )
    return models
