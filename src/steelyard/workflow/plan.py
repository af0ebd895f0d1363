"""The verb `plan`: how often to use each training sample."""

from __future__ import annotations

from typing import Any

from steelyard._support.validation import check_choice
from steelyard.datasets import load
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling import by_count

SCHEMES = ("count",)


def plan(
    data: Any,
    target: Any = None,
    *,
    by: str = "count",
    degree: float,
    size: str = "constant",
    seed: int = 0,
) -> Plan:
    """Plan the resampling of a data set; of its training part, where it is split.

    Parameters
    ----------
    data, target
        What `steelyard.load` takes.
    by : {"count"}
        What decides the class shares.
    degree : float
        0 leaves the data as they are, 1 balances fully, above 1 overshoots.
    size : {"constant", "grow", "shrink"}
        Whether the number of draws stays, grows (over-sampling only) or shrinks (under-sampling
        only).
    seed : int
        Decides which samples repeat or stay out.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """
    check_choice(by, "by", "plan", SCHEMES)
    return by_count(training_part(load(data, target)), degree, size=size, seed=seed)


def training_part(data: Labelled) -> Labelled:
    """Return the training part of split data, and all of data that are not split."""
    return data if data.split is None else data.part("train")
