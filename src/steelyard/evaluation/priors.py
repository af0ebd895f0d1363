"""Deployment priors by name: what training saw, equal shares, long tails, what users state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.validation import did_you_mean
from steelyard.records.priors import check_prevalence, check_prior

TRAIN = "train"
UNIFORM = "uniform"
TEST = "test"  # the shares of the held-out part itself: nothing is re-weighted
LONG_TAIL = "long-tail"  # the whole family
KNOWN = (TRAIN, UNIFORM, TEST, LONG_TAIL)
DIRECTIONS = ("forward", "backward")
# Of the most frequent class to the rarest; Hong and others (2021), CVPR, judge under these.
FAMILY = (50, 25, 10, 5, 2)


def deployment_priors(
    given: Mapping[str, Any],
    class_names: tuple[str, ...],
    train_prior: np.ndarray | None,
    *,
    test_prior: np.ndarray | None = None,
    multi_label: bool = False,
) -> dict[str, np.ndarray]:
    """Return the priors to judge under: those given, in their order, then those always judged.

    Always judged are "train" where it is known, else "test" where that is; and "uniform", but of
    multi-label data "test".

    Parameters
    ----------
    given : mapping of str to (mapping of class name to weight, array of shape (K,), or None)
        None stands for the prior of that name: "train", "uniform", "test", "forward:R" or
        "backward:R" (see `long_tail_prior`), or "long-tail", the family of these with R = 50, 25,
        10, 5, 2, uniform, and back. Weights may be shares or counts; a class that a mapping
        leaves out has share 0.
    class_names : tuple of str
        The K classes.
    train_prior : ndarray of shape (K,) or None
        Shares in the training part; where it is unknown, there is no "train".
    test_prior : ndarray of shape (K,), optional
        Shares in the held-out part.
    multi_label : bool
        Whether a prior is the share of samples with each label, in [0, 1]. "uniform" is then
        one half of each, and a mapping must name every label: a share of 0 says that a label
        does not occur.

    Raises
    ------
    DataError
        If they are no mapping, a name stands for nothing, a class is unknown (with the nearest
        names), or weights are negative, NaN or all zero; of multi-label data, if a share lies
        outside [0, 1].
    """
    check = check_prevalence if multi_label else check_prior
    known = {UNIFORM: np.full(len(class_names), 0.5 if multi_label else 1.0)}
    if train_prior is not None:
        known[TRAIN] = train_prior
    if test_prior is not None:
        known[TEST] = test_prior
    priors = {}
    for name, weights in _spelled_out(given).items():
        if weights is None and name.partition(":")[0] in DIRECTIONS and not multi_label:
            weights = long_tail_prior(name, train_prior, class_names)
        elif weights is None:
            if name not in known:
                raise DataError(
                    f"The prior {name!r} needs weights; by name are known {_listed(known)}"
                    + (", and the training prior is not known here." if name == TRAIN else "."),
                    hint="give a file with one weight a class.",
                )
            weights = known[name]
        elif name in (TRAIN, UNIFORM, TEST):
            raise DataError(f"The name {name!r} is taken.", hint="name your prior otherwise.")
        if isinstance(weights, Mapping):
            weights = in_class_order(
                weights, class_names, f"prior {name!r}", left_out=None if multi_label else 0.0
            )
        priors[name] = check(weights, class_names, f"deployment {name!r}")
    always: tuple[str, ...] = (TEST, TRAIN) if multi_label and TEST in known else (TRAIN, UNIFORM)
    if TRAIN not in known and TEST in known:
        always = (TEST, *always)
    for name in always:
        if name in known and name not in priors:
            priors[name] = check(known[name], class_names, f"deployment {name!r}")
    return priors


def long_tail_prior(
    name: str, train_prior: np.ndarray | None, class_names: tuple[str, ...]
) -> np.ndarray:
    """Return the prior "forward:R" or "backward:R": shares that fall geometrically, shape (K,).

    ``share_j ~ R^(-j / (K - 1))`` for the class of rank j, so that the first comes R times as
    often as the last. Forward, the ranks are those of the training prior (the most frequent class
    comes most often); backward, they are turned round. Ties go by the order of the classes.

    Raises
    ------
    DataError
        If R is no finite number of 1 or more, or the training prior is unknown.

    References
    ----------
    Hong and others (2021), Disentangling label distribution for long-tailed visual recognition,
    CVPR.
    """
    direction, _, number = name.partition(":")
    try:
        ratio = float(number)
    except ValueError:
        ratio = np.nan
    if direction not in DIRECTIONS or not 1 <= ratio < np.inf:
        raise DataError(
            f"The prior {name!r} must be 'forward:R' or 'backward:R' with R, most frequent to "
            "rarest class, a number of 1 or more.",
            hint="for instance forward:10.",
        )
    if train_prior is None:
        raise DataError(
            f"The prior {name!r} goes by the training prior, which is not known here.",
            hint="state it: --train-prior FILE.",
        )
    order = np.argsort(-train_prior, kind="stable")
    if direction == "backward":
        order = order[::-1]
    shares = np.empty(len(class_names))
    shares[order] = np.geomspace(1, 1 / ratio, len(class_names))
    return shares


def _spelled_out(given: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise DataError(
            f"Priors must be a mapping of a name to weights. Got {given!r}.",
            hint='for instance {"clinic": {"healthy": 9, "ill": 1}}, or {"forward:10": None}.',
        )
    family = [f"forward:{ratio}" for ratio in FAMILY]
    family += [UNIFORM, *(f"backward:{ratio}" for ratio in reversed(FAMILY))]
    priors: dict[str, Any] = {}
    for name, weights in given.items():
        whole = name == LONG_TAIL and weights is None
        priors |= dict.fromkeys(family) if whole else {name: weights}
    return priors


def _listed(known: Mapping[str, np.ndarray]) -> str:
    return " and ".join(repr(name) for name in (TRAIN, UNIFORM, TEST) if name in known)


def in_class_order(
    weights: Mapping[Any, Any],
    class_names: tuple[str, ...],
    what: str,
    *,
    left_out: float | None,
    of: str = "class",
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
    of : str
        What the names are of, for the message.

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
            f"The {what} names the {of} {strange[0]!r}, which the data do not have.",
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
