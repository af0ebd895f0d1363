"""`Figure`: a metric of one arm and decision under one deployment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard.evaluation.evidence import Evidence
from steelyard.records.interval import Interval

Ends = tuple[float, float, float]  # mean, low, high
NO_DATA: Ends = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, eq=False)
class Figure:
    """A metric of one arm and decision under one deployment.

    Parameters
    ----------
    evidence : Evidence
        What it rests on.
    ends : tuple of float
        Mean, low and high; NaN ends where there is no interval.
    n_classes : int
        How many classes or labels it counts.
    """

    evidence: Evidence
    ends: Ends
    n_classes: int


def ends_of(interval: Interval | None) -> Ends:
    """Return mean, low and high; NaN without data."""
    return NO_DATA if interval is None else (interval.mean, interval.low, interval.high)
