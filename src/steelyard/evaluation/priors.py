"""Deployment priors by name: the training prior, equal shares, and what the user states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.validation import did_you_mean
from steelyard.records.priors import check_prior

TRAIN = "train"
UNIFORM = "uniform"


def deployment_priors(
    given: Mapping[str, Any], class_names: tuple[str, ...], train_prior: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Return the priors to judge under: those given, in their order, then train and uniform.

    Parameters
    ----------
    given : mapping of str to (mapping of class name to weight, array of shape (K,), or None)
        None stands for the prior of that name, "train" or "uniform". Weights may be shares or
        counts; a class that a mapping leaves out has share 0.
    class_names : tuple of str
        The K classes.
    train_prior : ndarray of shape (K,) or None
        Shares in the training part; where it is unknown, no "train" is added.

    Raises
    ------
    DataError
        If a name stands for nothing, a class is unknown (with the nearest names), or weights
        are negative, NaN or all zero.
    """
    known = {UNIFORM: np.ones(len(class_names))}
    if train_prior is not None:
        known[TRAIN] = train_prior
    priors = {}
    for name, weights in given.items():
        if weights is None:
            if name not in known:
                raise DataError(
                    f"The prior {name!r} needs weights; only 'train' and 'uniform' are known by "
                    "name"
                    + (", and the training prior is not known here." if name == TRAIN else "."),
                    hint="give a file with one weight a class.",
                )
            weights = known[name]
        elif name in (TRAIN, UNIFORM):
            raise DataError(f"The name {name!r} is taken.", hint="name your prior otherwise.")
        if isinstance(weights, Mapping):
            weights = _in_class_order(weights, class_names, name)
        priors[name] = check_prior(weights, class_names, f"deployment {name!r}")
    for name in (TRAIN, UNIFORM):
        if name in known and name not in priors:
            priors[name] = check_prior(known[name], class_names, f"deployment {name!r}")
    return priors


def _in_class_order(
    weights: Mapping[Any, Any], class_names: tuple[str, ...], name: str
) -> np.ndarray:
    by_name = {str(key): value for key, value in weights.items()}
    strange = [key for key in by_name if key not in class_names]
    if strange:
        raise DataError(
            f"The prior {name!r} names the class {strange[0]!r}, which the data do not have.",
            hint=did_you_mean(strange[0], class_names),
        )
    try:
        return np.array([float(by_name.get(key, 0.0)) for key in class_names])
    except (TypeError, ValueError) as error:
        raise DataError(f"The weights of the prior {name!r} must be numbers: {error}.") from error
