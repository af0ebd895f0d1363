"""A pool of synthetic samples: whatever a generator made, picked at random or by confidence.

**What it tells you.** What samples from a generative model add, and whether it matters which.

**When it misleads.** "hardest" takes those that a model calls least their class, which are also
those that most likely are not. "average" matches the confidence of real samples: with confidence
on samples that the model *trained* on it is near 1, so that it picks the easiest of the pool. Use
held-out confidence (`steelyard.score` gives it by cross-fitting) for both.

**Reference.** rEDM, hEDM and aEDM of arXiv 2504.07031, version 2: n at random, or n at random
from the 2n that stand first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from steelyard._support.arrays import require_finite
from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import uniform_by_id
from steelyard._support.simplest_fraction import simplest_fraction
from steelyard._support.validation import check_choice, check_kind, check_real
from steelyard.records.labelled import Labelled
from steelyard.resampling.added_rows import (
    LOAD,
    chosen_rows,
    require_enough,
    rows_like,
    synthetic_rows,
)
from steelyard.resampling.hardness_targets import class_means
from steelyard.resampling.selection import rank_in_class

PICKS = ("random", "hardest", "average")


@dataclass(frozen=True, eq=False)
class Pool:
    """Synthetic samples to draw from, without replacement.

    Parameters
    ----------
    rows : Labelled
        Any array, table or folder that `steelyard.load` reads; its classes are matched to the
        data's by name. Ids may be those of the data: added rows get ids of their own, which say
        which row of the pool they are.
    pick : {"random", "hardest", "average"}
        Any; those whose p_y is lowest; or nearest to the mean p_y of the class's real samples.
    confidence : ndarray of shape (m,), optional
        p_y of each row of the pool: what a model gives its own class. Needed but for "random".
    data_confidence : ndarray of shape (n,), optional
        p_y of each sample of the data, in the order of its rows; needed for "average".
    width : float, 1 or above
        How many times the rows wanted stand first, to be drawn from; 2 as published.
    """

    rows: Labelled
    pick: str = "random"
    confidence: np.ndarray | None = None
    data_confidence: np.ndarray | None = None
    width: float = 2.0

    note = "Added rows are synthetic, drawn from a pool."

    def __post_init__(self) -> None:
        check_kind(self.rows, Labelled, "rows", "Pool", LOAD)
        check_choice(self.pick, "pick", "Pool", PICKS)
        check_real(self.width, "width", "Pool", 1)
        if self.pick != "random":
            _require_confidence(self.confidence, "confidence", self.pick, len(self.rows))
        if self.pick == "average" and self.data_confidence is None:
            _require_confidence(None, "data_confidence", self.pick, 0)

    @property
    def words(self) -> str:
        """How a scheme's name tells of it."""
        return f"grown from a pool, {self.pick}"

    def rows_for(self, data: Labelled, wanted: np.ndarray, seed: int) -> Labelled:
        """Return ``wanted`` rows a class, drawn by the pool's ids.

        Raises
        ------
        DataError
            If a class has too few rows, or "average" meets a class without real samples.
        MismatchError
            If the rows do not fit the data, or are held out.
        ParameterError
            If confidences are not one a sample, or lie outside [0, 1].
        """
        pool = rows_like(self.rows, data, "The pool")
        require_enough(
            pool,
            wanted,
            "The pool",
            "generate more, choose a smaller degree, or repeat samples: over='random'.",
        )
        draws = uniform_by_id(pool.ids, seed, purpose="pool")
        taken = chosen_rows(pool, wanted, self._outside(pool, data, wanted, draws) + draws)
        place = np.empty(len(pool), dtype=np.int64)
        place[np.argsort(pool.ids, kind="stable")] = np.arange(len(pool))
        rows = pool.take(taken)
        return synthetic_rows(rows.inputs, rows.labels, place[taken], data)

    def _outside(
        self, pool: Labelled, data: Labelled, wanted: np.ndarray, draws: np.ndarray
    ) -> np.ndarray:
        """Return 1 for rows that do not stand first in their class, 0 for those that do."""
        if self.pick == "random":
            return np.zeros(len(pool))
        distance = _require_confidence(self.confidence, "confidence", self.pick, len(pool))
        if self.pick == "average":
            real = _require_confidence(
                self.data_confidence, "data_confidence", self.pick, len(data)
            )
            means = class_means(real, data.labels, data.ids, data.n_classes)
            absent = (wanted > 0) & np.isnan(means)
            if absent.any():
                raise DataError(
                    f"Class {data.class_names[int(absent.argmax())]!r} has no real sample to take "
                    "the average confidence of.",
                    hint="pick 'random' or 'hardest'.",
                )
            distance = np.abs(distance - means[pool.labels])
        width = simplest_fraction(self.width)
        first = np.array([math.ceil(int(n) * width) for n in wanted])
        rank = rank_in_class(pool.labels, pool.class_counts, distance, draws)
        return (rank >= first[pool.labels]).astype(np.float64)


def _require_confidence(values: object, name: str, pick: str, n: int) -> np.ndarray:
    if values is None:
        raise ParameterError(
            f"The {name!r} parameter of Pool is needed to pick {pick!r}. Got None.",
            hint="pass the probability of its own class of each sample, or pick 'random'.",
        )
    array = np.asarray(values, dtype=np.float64)
    require_finite(array, name, "Pool")
    if array.shape != (n,) or (n and not (array.min() >= 0 and array.max() <= 1)):
        raise ParameterError(
            f"The {name!r} parameter of Pool must be {n} probabilities, one a sample. Got shape "
            f"{array.shape}{f', {array.min():g} to {array.max():g}' if array.size else ''}."
        )
    return array
