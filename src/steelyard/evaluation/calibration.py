"""How calibrated predictions are, overall and by class, where they were tested or are deployed.

Three measures. *Log loss*, in nats, and the *Brier score* are proper: only the true probabilities
reach their least. The *expected calibration error* looks at calibration alone, in bins of equal
mass (``ece_mass``) and of equal width (``ece_width``); it has no interval, because it is biased
upwards by what a finite sample scatters, and a bootstrap of it is more so.

Overall, of one class a sample: log loss and Brier score are over all classes (the Brier score is
the sum over classes, from 0 to 2), the calibration error is that of the most probable class. By
class, and of each label, they are of that one against the rest (the Brier score from 0 to 1).
Overall, of multi-label data: the means over the labels that have data.

Under a deployment prior each sample counts for ``prior_c / share of c in the test part``, which
under label shift is what the deployed population would give, without bias.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from steelyard._support.errors import DataError
from steelyard._support.validation import check_integer
from steelyard.evaluation.arms import by_arm
from steelyard.evaluation.intervals import paired_estimate, stratified_interval, within
from steelyard.evaluation.priors import deployment_priors
from steelyard.evaluation.quantities import negative_log_likelihood
from steelyard.evaluation.reliability import BINNINGS, calibration_error, log_odds
from steelyard.records.predictions import Predictions

_Measured = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]

OVERALL, BY_CLASS = "overall", "class"
MEANS = ("log_loss", "brier")  # of a quantity of each sample, so that they have intervals
MEASURES = (*MEANS, *BINNINGS)
_KEY = ["arm", "scope", "class", "n", "measure"]
COLUMNS = MappingProxyType(
    {
        "calibration": (*_KEY, "mean", "low", "high", "n_seeds"),
        "report": (*_KEY, "before", "after", "difference", "low", "high", "n_seeds"),
    }
)


def calibration(
    predictions: Predictions | Sequence[Predictions],
    prior: Mapping[str, float] | np.ndarray | None = None,
    n_bins: int = 15,
) -> pd.DataFrame:
    """Return how calibrated predictions are, overall and by class.

    Parameters
    ----------
    predictions : Predictions or sequence of them
        Of held-out parts: those of one arm of the same samples, each seed once.
    prior : mapping of class name to weight, or ndarray of shape (K,), optional
        Where the model is deployed: class shares, or the share of samples with each label. The
        samples are re-weighted to it. None takes the held-out part as it is.
    n_bins : int
        Bins of the calibration errors.

    Returns
    -------
    pandas.DataFrame
        A row for each ``arm``, ``scope`` ("overall" or "class"), ``class`` (missing overall) and
        ``measure`` ("log_loss", "brier", "ece_mass", "ece_width"): ``n``, the samples (of that
        class); ``mean`` over seeds; ``low`` and ``high``, the ends of its 95 % interval over
        samples and seeds (NaN for the calibration errors); ``n_seeds``. A class without samples
        has n = 0 and NaN; NaN also a class of deployment share 0, which is absent there, and a
        label that cannot be re-weighted because every sample has it.

    Raises
    ------
    DataError
        If there are no predictions, or the prior does not fit the classes or gives every class
        that has samples a share of 0.
    MismatchError
        If the predictions of an arm are not of the same samples, or a seed occurs twice.

    References
    ----------
    Brier (1950), Monthly Weather Review 78(1); Naeini, Cooper and Hauskrecht (2015), AAAI 29; Nixon
    and others (2019), CVPR workshops, on bins of equal mass and errors by class.
    """
    check_integer(n_bins, "n_bins", "calibration", 1)
    rows: list[tuple] = []
    for arm, mine in _arms(predictions).items():
        shares = None if prior is None else _checked(prior, mine[0])
        groups = [
            [(arm, *part.key, measure, *part.level(measure), len(mine)) for measure in MEASURES]
            for part in _parts(mine, shares, n_bins)
        ]
        rows += chain(groups[-1], *groups[:-1])
    return pd.DataFrame(rows, columns=COLUMNS["calibration"])


def correction_report(
    predictions: Predictions | Sequence[Predictions],
    prior: Mapping[str, float] | np.ndarray,
    n_bins: int = 15,
) -> pd.DataFrame:
    """Return how calibrated predictions are under a prior, before and after correction to it.

    Parameters
    ----------
    predictions, prior, n_bins
        As in `calibration`; the prior that training saw must be known.

    Returns
    -------
    pandas.DataFrame
        As from `calibration`, with ``before``, ``after``, and their ``difference`` (below 0 where
        the correction helps), whose interval is paired by sample and seed.

    Raises
    ------
    DataError
        As for `calibration`, or if the prior that training saw is unknown.
    MismatchError
        As for `calibration`.
    """
    check_integer(n_bins, "n_bins", "correction_report", 1)
    rows: list[tuple] = []
    for arm, mine in _arms(predictions).items():
        shares = _checked(prior, mine[0])
        corrected = [model.corrected(shares) for model in mine]
        both = zip(_parts(mine, shares, n_bins), _parts(corrected, shares, n_bins), strict=True)
        groups = [
            [
                (
                    *(arm, *before.key, measure),
                    *(before.level(measure)[0], after.level(measure)[0]),
                    *after.difference(before, measure),
                    len(mine),
                )
                for measure in MEASURES
            ]
            for before, after in both
        ]
        rows += chain(groups[-1], *groups[:-1])
    return pd.DataFrame(rows, columns=COLUMNS["report"])


@dataclass(frozen=True)
class Part:
    """All predictions, or those of one class against the rest: what their measures rest on."""

    scope: str
    name: str | None
    n: int
    strata: np.ndarray  # of each sample
    shares: np.ndarray  # of each stratum, where the model is deployed
    values: dict[str, np.ndarray]  # of MEANS, each (seeds, n); empty without data
    errors: dict[str, np.ndarray]  # of BINNINGS, each (seeds,)

    @property
    def key(self) -> tuple[str, str | None, int]:
        """Scope, name and samples."""
        return self.scope, self.name, self.n

    def level(self, measure: str) -> tuple[float, float, float]:
        """Return a measure and the ends of its interval, as far as there are such."""
        if not self.values:
            return np.nan, np.nan, np.nan
        if measure in self.errors:
            return float(self.errors[measure].mean()), np.nan, np.nan
        most = {"log_loss": np.inf, "brier": 2.0 if self.scope == OVERALL else 1.0}[measure]
        interval = stratified_interval(self.values[measure], self.strata, self.shares)
        interval = within(interval, (0.0, most))
        return interval.mean, interval.low, interval.high

    def difference(self, other: Part, measure: str) -> tuple[float, float, float]:
        """Return by how much a measure exceeds that of other predictions, and the interval."""
        if not self.values:
            return np.nan, np.nan, np.nan
        if measure in self.errors:
            return float((self.errors[measure] - other.errors[measure]).mean()), np.nan, np.nan
        mine, others = self.values[measure], other.values[measure]
        interval = paired_estimate(mine, others, self.strata, self.shares).interval()
        return interval.mean, interval.low, interval.high


def _arms(predictions: Predictions | Sequence[Predictions]) -> dict[str, list[Predictions]]:
    models = [predictions] if isinstance(predictions, Predictions) else list(predictions)
    if not models:
        raise DataError("There are no predictions to judge.")
    arms: dict[str, list[Predictions]] = {}
    for one in models:
        arms.setdefault(one.arm, []).append(one)
    # arms are not compared here: each by itself must be of the same samples, seed by seed
    return {arm: by_arm(mine)[arm] for arm, mine in arms.items()}


def _checked(prior: Mapping[str, float] | np.ndarray, first: Predictions) -> np.ndarray:
    names, labels = first.class_names, first.multi_label
    return deployment_priors({"stated": prior}, names, None, multi_label=labels)["stated"]


def _parts(models: list[Predictions], prior: np.ndarray | None, n_bins: int) -> Iterator[Part]:
    """Yield the part of each class or label, and at last that of all together."""
    if models[0].multi_label:
        return parts_of_labels(models, prior, n_bins)
    truth, names = models[0].truth, models[0].class_names
    shares = _shares(np.bincount(truth, minlength=len(names)), prior)
    if not shares.any():
        raise DataError("No class with a positive deployment share has held-out samples.")
    return parts_of_classes(models, truth, shares, n_bins)


def parts_of_classes(
    models: list[Predictions], strata: np.ndarray, shares: np.ndarray, n_bins: int
) -> Iterator[Part]:
    """Yield the part of each class, and at last that of all together.

    Parameters
    ----------
    models : list of Predictions
        Of one arm.
    strata, shares : ndarray of shape (n,) and (H,)
        Codes of what the deployment re-weights, and its shares: of strata with samples, of sum 1.
    n_bins : int
        Bins of the calibration errors.
    """
    truth, names = models[0].truth, models[0].class_names
    counts = np.bincount(truth, minlength=len(names))
    weights = _sample_weights(strata, shares)
    odds = [log_odds(model) for model in models]
    for code, name in enumerate(names):
        measured: _Measured = ({}, {})
        # a class of deployment share 0 is absent there: no data, as one that was not tested
        if weights[truth == code].any():
            columns = np.stack([one[:, code] for one in odds])
            measured = _measured_one(columns, truth == code, weights, n_bins)
        yield Part(BY_CLASS, name, int(counts[code]), strata, shares, *measured)
    probabilities = [np.exp(model.log_probabilities) for model in models]
    own = [p[np.arange(len(truth)), truth] for p in probabilities]
    values = {
        "log_loss": np.stack([negative_log_likelihood(model) for model in models]),
        "brier": np.stack(
            [(p**2).sum(axis=1) - 2 * mine + 1 for p, mine in zip(probabilities, own, strict=True)]
        ),
    }
    confidence = np.stack([p.max(axis=1) for p in probabilities])
    right = np.stack([model.predicted == truth for model in models])
    errors = _errors(confidence, right, weights, n_bins)
    yield Part(OVERALL, None, len(truth), strata, shares, values, errors)


def parts_of_labels(
    models: list[Predictions], prior: np.ndarray | None, n_bins: int
) -> Iterator[Part]:
    """Yield the part of each label, re-weighted to its own share, and at last their mean."""
    truth, names = models[0].truth, models[0].class_names
    values: dict[str, Any] = dict.fromkeys(MEANS, 0.0)
    errors: dict[str, Any] = dict.fromkeys(BINNINGS, 0.0)
    n_labels = 0
    for code, name in enumerate(names):
        present = truth[:, code]
        strata = present.astype(np.int64)
        counts = np.bincount(strata, minlength=2)
        stated = None if prior is None else np.array([1 - prior[code], prior[code]])
        # a stratum that is deployed and was not tested leaves nothing to re-weight
        tested = stated is None or not ((stated > 0) & (counts == 0)).any()
        shares = _shares(counts, stated)
        measured: _Measured = ({}, {})
        if counts[1] and shares[1] and tested:
            weights = _sample_weights(strata, shares)
            columns = np.stack([model.logits[:, code] for model in models])
            measured = _measured_one(columns, present, weights, n_bins)
            n_labels += 1
            for measure in MEANS:
                values[measure] = values[measure] + measured[0][measure] * weights
            for measure in BINNINGS:
                errors[measure] = errors[measure] + measured[1][measure]
        yield Part(BY_CLASS, name, int(counts[1]), strata, shares, *measured)
    # one stratum: the values hold the weights, which differ from label to label
    one = np.zeros(len(truth), dtype=np.int64)
    means = {measure: total / n_labels for measure, total in values.items() if n_labels}
    mean_errors = {measure: total / n_labels for measure, total in errors.items() if n_labels}
    yield Part(OVERALL, None, len(truth), one, np.ones(1), means, mean_errors)


def _shares(counts: np.ndarray, prior: np.ndarray | None) -> np.ndarray:
    """Return what each stratum counts for; without samples nothing."""
    shares = np.where(counts > 0, counts if prior is None else prior, 0.0)
    return shares / shares.sum() if shares.any() else shares


def _sample_weights(strata: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return what each sample counts for, 1 on average."""
    counts = np.bincount(strata, minlength=len(shares))
    return (shares * len(strata) / np.maximum(counts, 1))[strata]


def _measured_one(
    odds: np.ndarray, came: np.ndarray, weights: np.ndarray, n_bins: int
) -> _Measured:
    """Measure the log-odds (seeds, n) of one thing that came or did not."""
    probabilities = expit(odds)
    values = {
        "log_loss": np.logaddexp(0.0, np.where(came, -odds, odds)),
        "brier": (probabilities - came) ** 2,
    }
    right = np.broadcast_to(came, odds.shape)
    return values, _errors(probabilities, right, weights, n_bins)


def _errors(
    confidence: np.ndarray, right: np.ndarray, weights: np.ndarray, n_bins: int
) -> dict[str, np.ndarray]:
    return {
        measure: np.array(
            [
                calibration_error(stated, came, weights, binned(stated, weights, n_bins))
                for stated, came in zip(confidence, right, strict=True)
            ]
        )
        for measure, binned in BINNINGS.items()
    }
