"""The nearest neighbours of labelled samples, in the space that a perceptron would see."""

from __future__ import annotations

import numpy as np

from steelyard._support.progress import Progress, silent
from steelyard.hardness import neighbours
from steelyard.records.labelled import Labelled
from steelyard.records.neighbours import Neighbours
from steelyard.training import prepare

_K = 25  # as many as any score or rule asks for


def nearest_neighbours(
    part: Labelled, progress: Progress = silent, among: int | None = None
) -> Neighbours:
    """Return the 25 nearest others of every sample.

    Images lie where their pixels are; columns of a table where the encoding for networks puts
    them: numbers standardised, categories a column each.

    Parameters
    ----------
    part : Labelled
        The samples.
    progress : callable
        Told after each block of rows.
    among : int, optional
        How many samples may be somebody's neighbours; None takes all.
    """
    prepared = prepare(part, model="mlp")
    points = prepared.X.reshape(len(part), -1)[np.argsort(prepared.order, kind="stable")]
    return neighbours(points, part, _K, progress, among)
