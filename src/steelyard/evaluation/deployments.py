"""`Deployment`: where a model will be used, as shares of strata of the held-out part.

The strata are the classes (a prior) or groups that the user named (a mix). A sample of stratum h
counts for ``share_h * n / n_h``, so that every metric of the weighted samples is the metric that
the deployed population would give: exactly, where the strata change in frequency and not in looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.validation import did_you_mean
from steelyard.evaluation.priors import in_class_order
from steelyard.records.priors import check_prior


@dataclass(frozen=True, eq=False)
class Deployment:
    """Shares of strata, and the strata of the held-out samples.

    Parameters
    ----------
    name : str
        Its name.
    strata : ndarray of shape (n,)
        Codes of the samples' strata.
    shares : ndarray of shape (H,)
        How often each stratum comes; those without samples are left out and the rest rescaled.
    prior : ndarray of shape (K,)
        Class shares: those that decisions are corrected to, where the strata are classes; else
        what follows from the groups' own.
    by_class : bool
        Whether the strata are the classes.
    """

    name: str
    strata: np.ndarray
    shares: np.ndarray
    prior: np.ndarray
    by_class: bool

    @cached_property
    def tested_shares(self) -> np.ndarray:
        """Shares of the strata with samples, of sum 1, shape (H,)."""
        counts = np.bincount(self.strata, minlength=len(self.shares))
        shares = np.where(counts > 0, self.shares, 0.0)
        if shares.sum() <= 0:
            raise DataError(
                f"The deployment {self.name!r} holds only classes or groups without held-out "
                "samples: there is nothing to weigh.",
                hint="give that part samples of them, or leave the deployment out.",
            )
        return shares / shares.sum()

    @cached_property
    def weights(self) -> np.ndarray:
        """What each sample counts for, 1 on average, shape (n,)."""
        counts = np.bincount(self.strata, minlength=len(self.shares))
        return (self.tested_shares * len(self.strata) / np.maximum(counts, 1))[self.strata]


def of_priors(priors: Mapping[str, np.ndarray], truth: np.ndarray) -> list[Deployment]:
    """Return one deployment a class prior (checked ones)."""
    return [Deployment(name, truth, prior, prior, True) for name, prior in priors.items()]


def of_labels(prevalences: Mapping[str, np.ndarray], n: int) -> list[Deployment]:
    """Return one deployment a mapping of labels to shares of samples (checked ones).

    Each label is re-weighted by itself, by those who measure it: the samples are one stratum.
    """
    one = np.zeros(n, dtype=np.int64)
    return [Deployment(name, one, np.ones(1), prior, True) for name, prior in prevalences.items()]


def of_mixes(
    mixes: Mapping[str, Mapping[str, Mapping[Any, float]]],
    groupings: Mapping[str, np.ndarray],
    truth: np.ndarray,
    n_classes: int,
) -> list[Deployment]:
    """Return one deployment a mix of groups.

    Parameters
    ----------
    mixes : mapping of name to {grouping: {group: weight}}
        Weights may be shares or counts; a group that is left out has share 0.
    groupings : mapping of grouping to ndarray of str, shape (n,)
        The group of each sample, checked.
    truth : ndarray of shape (n,)
        Class codes.
    n_classes : int
        Number of classes K.

    Raises
    ------
    DataError
        If a mix is not of one grouping, names a grouping or group that is not there (nearest
        names shown), or its weights are negative or all 0.
    """
    return [_of_mix(name, mix, groupings, truth, n_classes) for name, mix in mixes.items()]


def _of_mix(
    name: str,
    mix: Mapping[str, Mapping[Any, float]],
    groupings: Mapping[str, np.ndarray],
    truth: np.ndarray,
    n_classes: int,
) -> Deployment:
    if (
        not isinstance(mix, Mapping)
        or len(mix) != 1
        or not isinstance(next(iter(mix.values())), Mapping)
    ):
        raise DataError(
            f"The mix {name!r} must give weights to the groups of one grouping. Got {mix!r}.",
            hint='for instance {"mostly hard": {"hardness": {"easy": 1, "hard": 4}}}.',
        )
    ((grouping, weights),) = mix.items()
    if grouping not in groupings:
        raise DataError(
            f"The mix {name!r} speaks of the grouping {grouping!r}, which is not there.",
            hint=did_you_mean(grouping, groupings) if groupings else "name it in the groups, too.",
        )
    groups, strata = np.unique(groupings[grouping], return_inverse=True)
    names = tuple(groups.tolist())
    given = in_class_order(weights, names, f"mix {name!r}", left_out=0.0, of="group")
    shares = check_prior(given, names, f"the mix {name!r}")
    of_classes = np.zeros((len(groups), n_classes))
    np.add.at(of_classes, (strata, truth), 1.0)
    prior = shares @ (of_classes / of_classes.sum(axis=1, keepdims=True))
    return Deployment(name, strata, shares, prior, False)
