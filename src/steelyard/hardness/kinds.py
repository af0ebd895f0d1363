"""Kinds of samples: mislabelled, rare, hard, or none of these.

A high score says that a model found a sample difficult, not why. Four things can be told apart with
what a weighing has at hand, and each asks for something else:

- *suspect*: models and neighbours that never learned its label are three to one for another
  class, at the data's class shares and at equal ones (`label_odds`); and the networks that did
  learn it withheld at least three tenths of the probability from it, on average over epochs
  (`confidence`): a label that is right although its neighbours speak against it is learned soon.
  Look at the label.
- *rare*: among the hardest of the others, as many as a tenth of all samples, and in a class that
  has less than half of an equal share. Collect more of the class; correct the prior.
- *hard*: among these hardest, in a class that is not rare. Look at it; a better model, or more data
  like it, may help.
- *ordinary*: the rest.

So suspects are taken out first, because they would fill the hardest tenth; hardness and count
decide among what remains. The spread of a score over runs does not enter: wrong labels varied less
than hard samples on some data, and more on others. Three to one, three tenths, a tenth, and half
of an equal share are ours.

**When it misleads.** It is a list to look at, not to delete. A tenth is hard by definition,
also where nothing is. A rare *kind* of sample inside a common class is called hard or, where its
neighbours are all of another class, suspect. How often each kind was called right, on data
where it is known, is measured in docs/kinds.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_real
from steelyard.records.hardness import Hardness, require_same_samples
from steelyard.records.weighing import KINDS

# Ours: below half of the share that it would have if all classes were equal, a class is rare.
RARE_SHARE = 0.5
THREE_TO_ONE = math.log(3.0)  # ours
THREE_TENTHS = 0.3  # ours, of probability
_HARDEST_BY, _WITHHELD = "aum", "confidence"


def rare_classes(counts: np.ndarray) -> np.ndarray:
    """Return which classes are rare by their number of samples, bool of shape (K,)."""
    counts = np.asarray(counts)
    return counts < RARE_SHARE * counts.sum() / len(counts)


def sample_kinds(
    scores: Mapping[str, Hardness], odds: Hardness, hard_share: float = 0.1
) -> np.ndarray:
    """Return "ordinary", "rare", "hard" or "suspect" for every sample, shape (n,).

    Parameters
    ----------
    scores : mapping of str to Hardness
        Holds "aum", by which samples are hardest, and "confidence".
    odds : Hardness
        Log odds against each label, from `label_odds`.
    hard_share : float
        Share of all samples, in [0, 1], that is called rare or hard; rounded up to a whole number
        of samples, ties by id.

    Raises
    ------
    ParameterError
        If the share lies outside [0, 1], or one of the scores is missing.
    MismatchError
        If scores and odds are of other samples.
    """
    share = check_real(hard_share, "hard_share", "sample_kinds", 0, 1)
    absent = [name for name in (_HARDEST_BY, _WITHHELD) if name not in scores]
    if absent:
        raise ParameterError(
            f"The 'scores' parameter of sample_kinds must hold {absent[0]!r}. "
            f"Got {', '.join(scores) or 'none'}.",
            hint="pass estimate(dynamics).",
        )
    hardness = scores[_HARDEST_BY]
    n = len(hardness.values)
    for other in (scores[_WITHHELD], odds):
        require_same_samples(hardness, other)
    suspect = (odds.values >= THREE_TO_ONE) & (scores[_WITHHELD].values >= THREE_TENTHS)
    ranked = hardness.hardest(n)
    hardest = ranked[~suspect[ranked]][: math.ceil(round(share * n, 6))]  # .07 * 100 > 7
    rare = rare_classes(np.bincount(hardness.labels, minlength=len(hardness.class_names)))
    kinds = np.full(n, "ordinary", dtype=f"<U{max(map(len, KINDS))}")
    kinds[hardest] = np.where(rare[hardness.labels[hardest]], "rare", "hard")
    kinds[suspect] = "suspect"
    return kinds
