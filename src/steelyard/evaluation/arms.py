"""Predictions by arm: what is compared was predicted on the same samples, with the same seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from steelyard._support.errors import DataError, MismatchError
from steelyard.records.predictions import Predictions


def by_arm(predictions: Sequence[Predictions]) -> dict[str, list[Predictions]]:
    """Return the predictions of each arm, paired by seed and sample with those of the others.

    Raises
    ------
    DataError
        If there are none, or they hold no samples.
    MismatchError
        If samples, truth, classes or part differ between predictions, or an arm lacks a seed.
    """
    if not predictions:
        raise DataError("There are no predictions to evaluate.")
    first = predictions[0]
    if not len(first):
        raise DataError(
            "The predictions to evaluate hold no samples.", hint="check which rows were chosen."
        )
    arms: dict[str, list[Predictions]] = {}
    for one in predictions:
        if (
            one.class_names != first.class_names
            or one.split != first.split
            or not np.array_equal(one.ids, first.ids)
            or not np.array_equal(one.truth, first.truth)
        ):
            raise MismatchError(
                f"Arm {one.arm!r}, seed {one.seed} was not predicted on the same samples, truth "
                f"and classes as arm {first.arm!r}, seed {first.seed}.",
                hint="evaluate one held-out part at a time; arms are compared sample by sample.",
            )
        arms.setdefault(one.arm, []).append(one)
    seeds = [model.seed for model in arms[first.arm]]
    for arm, models in arms.items():
        found = [model.seed for model in models]
        if found != seeds or len(set(found)) != len(found):
            raise MismatchError(
                f"Arm {arm!r} has the seeds {found}, arm {first.arm!r} has {seeds}; arms are "
                "paired by seed.",
                hint="give every arm the same seeds, each once and in one order.",
            )
    return arms


def require_pairs(left: list[Predictions], right: list[Predictions]) -> None:
    """Raise unless two arms have the same seeds, samples, truth and classes.

    Raises
    ------
    MismatchError
        If they have not.
    """
    seeds, others = ([model.seed for model in arm] for arm in (left, right))
    one, other = left[0], right[0]
    same = one.class_names == other.class_names and np.array_equal(one.ids, other.ids)
    if seeds != others or not same or not np.array_equal(one.truth, other.truth):
        raise MismatchError(
            f"Arms are compared seed by seed and sample by sample. Arm {one.arm!r} has the seeds "
            f"{seeds} and {len(one)} samples, arm {other.arm!r} {others} and {len(other)}.",
            hint="give both the same seeds, samples and classes, in one order.",
        )
