"""Neighbour disagreement (kDN, N3): how many of the nearest samples carry another label.

**What it tells you.** No model is trained: a sample whose nearest neighbours are of other classes
lies where classes overlap, or its label is wrong. `knn_disagreement` is the share of the 5 nearest
that disagree; Smith and others found it the measure closest to how often nine learners get a sample
wrong. `n3` asks the single nearest: 1 if it is of another class, so that its mean is the
leave-one-out error of the 1-nearest-neighbour rule, the measure N3 of a data set.

**When it misleads.** It knows nothing but distance, in the columns as they are: unscaled columns or
raw pixels may put together what any trained network tells apart. A rare class has few of its own
samples near, and looks hard for being rare. Copies of a sample count as neighbours: a copy with
another label is a disagreement for both, and many copies with the same hide what lies around. There
are six values (n3: two), so that most samples tie.

**Formula.** knn_disagreement_i = #{j among the 5 nearest of i : y_j != y_i} / 5 (with fewer others,
of those there are; 0 for a sample alone); n3_i is the same with 1 for 5.

**Reference.** kDN: Smith, Martinez and Giraud-Carrier (2014), An instance level analysis of data
complexity, Machine Learning 95. N3: Ho and Basu (2002), Complexity measures of supervised
classification problems, IEEE TPAMI 24.
"""

from __future__ import annotations

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.neighbours import Neighbours

_K = 5


def knn_disagreement(neighbours: Neighbours) -> np.ndarray:
    """Return the share of the 5 nearest with another label, in [0, 1], shape (1, n)."""
    return _share_of_others(neighbours, _K)


def nearest_disagrees(neighbours: Neighbours) -> np.ndarray:
    """Return 1 where the nearest has another label, else 0, shape (1, n)."""
    return _share_of_others(neighbours, 1)


def _share_of_others(neighbours: Neighbours, k: int) -> np.ndarray:
    neighbours.require(k, "a score of neighbours")
    disagree = neighbours.disagree(k)
    return disagree.sum(axis=1, dtype=np.float64)[np.newaxis] / max(disagree.shape[1], 1)


KNN_DISAGREEMENT = Score(
    name="knn_disagreement",
    title="Disagreement of the 5 nearest neighbours (kDN)",
    unit="share of neighbours",
    formula="share of the 5 nearest other samples that carry another label",
    reference="Smith, Martinez and Giraud-Carrier 2014, Machine Learning 95",
    compute=knn_disagreement,
    taken="without a model",
    reads=Neighbours,
    bounds=(0.0, 1.0),
)

N3 = Score(
    name="n3",
    title="Disagreement of the nearest neighbour (N3)",
    unit="0 or 1",
    formula="1 if the nearest other sample carries another label, else 0",
    reference="Ho and Basu 2002, IEEE TPAMI 24",
    compute=nearest_disagrees,
    taken="without a model",
    reads=Neighbours,
    bounds=(0.0, 1.0),
)
