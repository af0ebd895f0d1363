"""`Predictions`: one model's logits on one held-out part, with truth, ids and training prior."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.special import log_softmax

from steelyard._support.arrays import frozen_array, frozen_ids, require_finite
from steelyard._support.errors import DataError
from steelyard.records.classes import check_class_names, check_codes, check_multi_hot
from steelyard.records.priors import check_prevalence, check_prior, prior_shift


@dataclass(frozen=True, eq=False)
class Predictions:
    """What one trained model says about one held-out part.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Sample ids.
    truth : ndarray of shape (n,), or of bool and shape (n, K)
        Class codes; or, where a sample may have any number of labels, which of them it has
        (multi-label).
    logits : ndarray of shape (n, K)
        Unnormalised log-probabilities; of multi-label data, the log-odds of each label.
    class_names : tuple of str
        One name a class or label.
    prior : ndarray of shape (K,), optional
        Class shares that training saw, or the share of samples with each label (which need not
        sum to 1); None if unknown, and then nothing can be corrected.
    arm : str
        What was done in training, for instance "degree=0.5".
    seed : int
        The repetition; arms with the same one are paired.
    split : str
        The part, "validation" or "test".

    Raises
    ------
    DataError
        If shapes differ or a logit is NaN or infinite.
    """

    ids: np.ndarray
    truth: np.ndarray
    logits: np.ndarray
    class_names: tuple[str, ...]
    prior: np.ndarray | None = None
    arm: str = field(default="model", kw_only=True)
    seed: int = field(default=0, kw_only=True)
    split: str = field(default="test", kw_only=True)

    def __post_init__(self) -> None:
        names = check_class_names(self.class_names, "Predictions")
        check = check_multi_hot if np.ndim(self.truth) == 2 else check_codes
        truth = check(self.truth, names, "truth", "Predictions")
        logits = frozen_array(self.logits, np.float64)
        require_finite(logits, "logits", "Predictions")
        if logits.shape != (len(truth), len(names)):
            raise DataError(
                f"Predictions need logits of shape ({len(truth)}, {len(names)}). "
                f"Got {logits.shape}."
            )
        object.__setattr__(self, "ids", frozen_ids(self.ids, len(truth), "Predictions"))
        object.__setattr__(self, "truth", truth)
        object.__setattr__(self, "logits", logits)
        object.__setattr__(self, "class_names", names)
        if self.prior is not None:
            object.__setattr__(self, "prior", self._checked(self.prior, "Predictions"))

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def multi_label(self) -> bool:
        """Whether a sample may have any number of labels."""
        return self.truth.ndim == 2

    @cached_property
    def log_probabilities(self) -> np.ndarray:
        """Natural logarithms of the class probabilities, shape (n, K).

        Of multi-label data: of the probability that the label is present.
        """
        if self.multi_label:
            return frozen_array(-np.logaddexp(0.0, -self.logits))
        return frozen_array(log_softmax(self.logits, axis=1))

    @cached_property
    def predicted(self) -> np.ndarray:
        """Code of the most probable class, shape (n,); ties go to the lower code.

        Of multi-label data: which labels are more probable than not, bool of shape (n, K).
        """
        if self.multi_label:
            return frozen_array(self.logits > 0)
        return frozen_array(self.logits.argmax(axis=1))

    def corrected(self, prior: np.ndarray) -> Predictions:
        """Return the predictions for another class prior: logits + log(prior / train prior).

        Under label shift (the classes change in frequency, not in looks) this is Bayes' rule,
        exact for a calibrated model. A class that training never saw stays as it is; a class
        that the new prior excludes is never predicted. Of multi-label data each label is
        corrected by itself, its log-odds by those of the two shares: exact where each label
        shifts by itself, too.

        Parameters
        ----------
        prior : ndarray of shape (K,)
            Class shares, or shares of samples with each label, where the model will be used.

        Raises
        ------
        DataError
            If the prior that training saw is unknown, or the new one does not fit the classes.

        References
        ----------
        Saerens, Latinne and Decaestecker (2002), Neural Computation 14(1), equation 2.4.
        """
        if self.prior is None:
            raise DataError(
                f"The training prior of arm {self.arm!r} is unknown, so nothing can be corrected.",
                hint="state it: --train-prior FILE.",
            )
        prior = self._checked(prior, "Predictions.corrected")
        shift = prior_shift(self.prior, prior, multi_label=self.multi_label)
        # far beyond any real margin, and finite where log 0 is not
        spread = np.abs(self.logits) if self.multi_label else np.ptp(self.logits, axis=1)
        beyond = spread.max(initial=0) + 1e3
        shift = np.where(np.isinf(shift), np.copysign(beyond, shift), shift)
        return replace(self, logits=self.logits + shift, prior=prior)

    def _checked(self, prior: np.ndarray, owner: str) -> np.ndarray:
        check = check_prevalence if self.multi_label else check_prior
        return check(prior, self.class_names, owner)
