"""`Score`: what a file of this room declares about its score."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.records.dynamics import Dynamics


@dataclass(frozen=True)
class Score:
    """A score of single samples, declared once; higher is always harder.

    Parameters
    ----------
    name : str
        Short name, a column of ``scores.parquet``.
    title : str
        Full name for a report.
    unit : str
        Unit of the values.
    formula : str
        The score in one line of plain text.
    reference : str
        Where the score comes from.
    compute : callable
        Takes a record of the type ``reads`` and returns one value a run and sample, shape
        (runs, n), or (1, n) where no run is involved. `steelyard.checks.check_score` states what
        it must hold to.
    taken : str
        In which pass a network is asked, or that none is: a key of
        `steelyard.records.dynamics.TAKEN`, "after each epoch" of a training that is watched as a
        whole, or "without a model". What is taken in the training pass is of each batch as the
        network trains on it: augmented if the recipe augments, with dropout if there is any, and of
        the weights before the step on that batch. All others are evaluation passes.
    needs : tuple of str
        Channels of `Dynamics` that it reads; their groups must have been recorded.
    reads : type
        `Dynamics`; `Neighbours` for a score that needs no training; `Inversions` for one of class
        manifolds that turn over.
    bounds : tuple of two floats
        The least and the largest value that there can be.
    rises_with : {"contradiction", "doubt", "change"}
        What makes a sample hard by this score: its label being *contradicted*; the model being
        *in doubt*, where a label that it firmly contradicts is as easy as one it firmly shares;
        or the model *changing* its mind, where what never changes is easy, right or wrong.
    negated : bool
        Whether it is minus a quantity of which low is hard (a margin, a logit), so that whoever
        needs that quantity as it was published turns the sign back.
    """

    name: str
    title: str
    unit: str
    formula: str
    reference: str
    compute: Callable[[Any], np.ndarray]
    taken: str
    needs: tuple[str, ...] = ()
    reads: type = Dynamics
    bounds: tuple[float, float] = (-math.inf, math.inf)
    rises_with: str = "contradiction"
    negated: bool = False
