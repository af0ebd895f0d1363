"""Deployment priors by name: the training prior, equal shares, and what the user states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.validation import did_you_mean
from steelyard.records.priors import check_prevalence, check_prior

TRAIN = "train"
UNIFORM = "uniform"


def deployment_priors(
    given: Mapping[str, Any],
    class_names: tuple[str, ...],
    train_prior: np.ndarray | None,
    *,
    multi_label: bool = False,
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
    multi_label : bool
        Whether a prior is the share of samples with each label, in [0, 1]. "uniform" is then
        one half of each, and a mapping must name every label: a share of 0 says that a label
        does not occur.

    Raises
    ------
    DataError
        If a name stands for nothing, a class is unknown (with the nearest names), or weights
        are negative, NaN or all zero; of multi-label data, if a share lies outside [0, 1].
    """
    check = check_prevalence if multi_label else check_prior
    known = {UNIFORM: np.full(len(class_names), 0.5 if multi_label else 1.0)}
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
            weights = in_class_order(
                weights, class_names, f"prior {name!r}", left_out=None if multi_label else 0.0
            )
        priors[name] = check(weights, class_names, f"deployment {name!r}")
    for name in (TRAIN, UNIFORM):
        if name in known and name not in priors:
            priors[name] = check(known[name], class_names, f"deployment {name!r}")
    return priors


def in_class_order(
    weights: Mapping[Any, Any], class_names: tuple[str, ...], what: str, *, left_out: float | None
) -> np.ndarray:
    """Return the numbers that a mapping has for the classes, in their order, shape (K,).

    Parameters
    ----------
    weights : mapping of class name to number
        Names are compared as text.
    class_names : tuple of str
        The K classes.
    what : str
        What the mapping is, for the message.
    left_out : float or None
        What a class counts as that it does not name; None refuses that.

    Raises
    ------
    DataError
        If a class is unknown (with the nearest names) or may not be left out, or a value is no
        number.
    """
    by_name = {str(key): value for key, value in weights.items()}
    strange = [key for key in by_name if key not in class_names]
    if strange:
        raise DataError(
            f"The {what} names the class {strange[0]!r}, which the data do not have.",
            hint=did_you_mean(strange[0], class_names),
        )
    missing = [name for name in class_names if name not in by_name]
    if missing and left_out is None:
        raise DataError(
            f"The {what} must name every label. It leaves out {missing[:5]}.",
            hint="a label that does not occur has the share 0.",
        )
    try:
        return np.array([float(by_name.get(key, left_out or 0.0)) for key in class_names])
    except (TypeError, ValueError) as error:
        raise DataError(f"The weights of the {what} must be numbers: {error}.") from error
