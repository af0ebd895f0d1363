"""One stratified split into train, validation and test that never loses a class."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from fractions import Fraction

import numpy as np

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard._support.seeding import uniform_by_id
from steelyard._support.simplest_fraction import simplest_fraction
from steelyard._support.validation import check_integer, check_real
from steelyard.records.labelled import Labelled


def split(data: Labelled, *, validation: float = 0.2, test: float = 0.2, seed: int = 0) -> Labelled:
    """Give every sample a part; each class is shared out by itself.

    A class of n samples gets its share of each part, rounded by largest remainders (ties go to
    test, then to validation) and at least one sample in every part. A sample's part follows from
    its id, the seed and its class's size, so that neither the order of the rows nor the names of
    the classes matter. Rows that belong together (one patient, one minute of a recording) are
    not known here: split those yourself and pass the parts.

    Parameters
    ----------
    data : Labelled
        If it has a split already, its parts stay, and only a missing validation or test part is
        drawn, from the training part and as a share of that.
    validation, test : float in (0, 1)
        Shares of the whole; together below 1. Not used for a part that is there.
    seed : int
        Draws the samples of each part.

    Returns
    -------
    Labelled
        The same samples in the same order, split.

    Raises
    ------
    ParameterError
        If a share is out of range.
    DataError
        If a class has too few samples for the parts to be drawn, or no training sample.

    Warns
    -----
    SteelyardWarning
        If a class has training samples and none in a given held-out part: its recall there is
        "no data".
    """
    shares = _checked_shares(validation, test)
    data.require_single_label("split")
    seed = check_integer(seed, "seed", "split")
    given = set() if data.split is None else set(np.unique(data.split).tolist())
    parts = np.full(len(data), "train") if data.split is None else data.split
    parts = parts.astype("<U10")  # wide enough for "validation"
    missing = {part: share for part, share in shares.items() if part not in given}
    _check_enough(data, parts, 1 + len(missing))
    if missing:
        draws = uniform_by_id(data.ids, seed, purpose="split")
        for code in range(data.n_classes):
            positions = np.flatnonzero((data.labels == code) & (parts == "train"))
            positions = positions[np.argsort(draws[positions])]
            for part, count in part_counts(len(positions), missing).items():
                parts[positions[:count]] = part
                positions = positions[count:]
    _warn_of_absent_classes(data, parts)
    return data if not missing else replace(data, split=parts)


def part_counts(n: int, shares: dict[str, Fraction]) -> dict[str, int]:
    """Return how many of a class's n samples each held-out part gets; the rest is for training.

    Parameters
    ----------
    n : int
        Samples to share out, more than there are parts.
    shares : dict of str to Fraction
        Share of each part, in the order in which ties are settled.
    """
    exact = [*(n * share for share in shares.values()), n * (1 - sum(shares.values()))]
    counts = [math.floor(count) for count in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (counts[i] - exact[i], i))
    for i in by_remainder[: n - sum(counts)]:
        counts[i] += 1
    while min(counts) == 0:  # a part without the class could not judge it
        counts[counts.index(max(counts))] -= 1
        counts[counts.index(0)] += 1
    return dict(zip(shares, counts[:-1], strict=True))


def _checked_shares(validation: float, test: float) -> dict[str, Fraction]:
    shares = {
        "test": simplest_fraction(check_real(test, "test", "split", 0, 1, "()")),
        "validation": simplest_fraction(check_real(validation, "validation", "split", 0, 1, "()")),
    }
    if sum(shares.values()) >= 1:
        raise ParameterError(
            "The 'validation' and 'test' parameters of split must sum to less than 1. "
            f"Got {validation!r} and {test!r} instead.",
            hint="the rest is what the models train on.",
        )
    return shares


def _check_enough(data: Labelled, parts: np.ndarray, needed: int) -> None:
    counts = np.bincount(data.labels[parts == "train"], minlength=data.n_classes)
    few = np.flatnonzero(counts < needed)
    if len(few) == 0:
        return
    named = ", ".join(f"{data.class_names[code]!r} ({counts[code]})" for code in few[:5])
    what = "samples" if data.split is None else "training samples"
    hint = "merge such a class with another, collect more of it, or leave its rows out."
    if len(few) > data.n_classes / 2:
        hint = "is it the right target? An identifier or a number to predict is no class."
    raise DataError(
        f"{len(few)} of {data.n_classes} classes have fewer than {needed} {what}, one for each "
        f"part: {named}{', ...' if len(few) > 5 else ''}.",
        hint=hint,
    )


def _warn_of_absent_classes(data: Labelled, parts: np.ndarray) -> None:
    for part in ("validation", "test"):
        counts = np.bincount(data.labels[parts == part], minlength=data.n_classes)
        absent = [data.class_names[code] for code in np.flatnonzero(counts == 0)]
        if absent:
            warnings.warn(
                f"{len(absent)} of {data.n_classes} classes have no {part} sample and will be "
                f"reported as no data there, first {absent[0]!r}.",
                SteelyardWarning,
                stacklevel=3,
            )
