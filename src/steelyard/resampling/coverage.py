"""Coverage: a part of the samples that covers every level of hardness.

**What it tells you.** Whether pruning fails for want of easy samples. At high rates keeping the
hardest loses to keeping a random part; keeping some of every level, without the very hardest, did
not (Zheng et al., 2023).

**When it misleads.** How many of the hardest to cut off (their beta) has to be tuned, on
validation data: it depends on how many labels are wrong. Strata have equal widths of the score, so
a score with a few far values puts nearly all samples in one stratum and the part is nearly random.
Classes play no role: a rare one may vanish, which the notes say.

**Formula.** Of N samples the floor(beta N) hardest are left out. The others fall into strata of
equal width between their least and their greatest score. The budget goes from the smallest stratum
to the largest: each gets floor(what is left / strata left), or all its samples if it has fewer.
Within a stratum the draw is uniform without replacement.

**Reference.** H. Zheng, R. Liu, F. Lai and A. Prakash, Coverage-centric coreset selection for high
pruning rates, ICLR 2023; 50 strata as there.
"""

from __future__ import annotations

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.seeding import uniform_by_id
from steelyard._support.simplest_fraction import simplest_fraction
from steelyard._support.validation import check_integer, check_real
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.hardness_values import values_for
from steelyard.resampling.pruning import kept_after, removal_order
from steelyard.resampling.selection import rank_in_class

_OWNER = "coverage"


def coverage(
    data: Labelled,
    hardness: Hardness,
    rate: float,
    *,
    n_strata: int = 50,
    hardest_left_out: float = 0.0,
    seed: int = 0,
) -> Plan:
    """Return the plan that keeps some samples of every level of hardness.

    Parameters
    ----------
    data : Labelled
        A training part, one class a sample.
    hardness : Hardness
        A score of these samples.
    rate : float in [0, 1)
        Share to leave out in all: floor((1 - rate) N) samples stay, exactly.
    n_strata : int
        Strata of equal width of the score.
    hardest_left_out : float in [0, 1)
        Share of the samples that go first for being hardest (beta); part of ``rate``, so at most
        that.
    seed : int
        Draws within strata, and among ties.

    Raises
    ------
    ParameterError
        If an argument lies outside its range, or more of the hardest go than may.
    MismatchError
        If the score is of other samples, or the data hold held-out rows.
    DataError
        If a sample may have several labels.
    """
    rate = check_real(rate, "rate", _OWNER, 0, 1, "[)")
    beta = check_real(hardest_left_out, "hardest_left_out", _OWNER, 0, 1, "[)")
    check_integer(n_strata, "n_strata", _OWNER, 1)
    check_integer(seed, "seed", _OWNER)
    data.require_single_label(_OWNER)
    data.require_training_part(_OWNER)
    values = values_for(data, hardness, _OWNER)
    keep = kept_after(rate, len(data), _OWNER)
    cut = int(simplest_fraction(beta) * len(data))
    if len(data) - cut < keep:
        raise ParameterError(
            f"The 'hardest_left_out' parameter of {_OWNER} leaves {len(data) - cut} samples, of "
            f"which {keep} should stay.",
            hint=f"choose at most the rate, {rate:g}.",
        )
    eligible = removal_order(data, values, "hardest", seed)[: len(data) - cut]
    stratum = strata(values[eligible], n_strata)
    sizes = np.bincount(stratum, minlength=n_strata)
    budget = shared_from_the_smallest(sizes, keep)
    draws = uniform_by_id(data.ids, seed, purpose="coverage")[eligible]
    counts = np.zeros(len(data), dtype=np.int64)
    counts[eligible[rank_in_class(stratum, sizes, draws) < budget[stratum]]] = 1
    requested = np.bincount(data.labels, weights=counts, minlength=data.n_classes)
    lost = int(((requested == 0) & (data.class_counts > 0)).sum())
    notes = (f"Of {lost} classes no sample is left.",) if lost else ()
    scheme = (
        f"covering {int((sizes > 0).sum())} strata of {hardness.name!r}, pruned by {rate:g}, "
        f"the hardest {beta:g} left out first"
    )
    return Plan.of(data, counts, requested, scheme, notes=notes)


def strata(values: np.ndarray, n_strata: int) -> np.ndarray:
    """Return the stratum of each value, 0 lowest, of equal widths from the least to the greatest.

    Parameters
    ----------
    values : ndarray of shape (m,)
        Scores; if all are equal there is one stratum.
    n_strata : int
        How many; some may hold no value.
    """
    low, high = values.min(), values.max()
    if low == high:
        return np.zeros(len(values), dtype=np.int64)
    places = np.floor((values - low) / (high - low) * n_strata).astype(np.int64)
    return np.minimum(places, n_strata - 1)  # the greatest closes the last


def shared_from_the_smallest(sizes: np.ndarray, total: int) -> np.ndarray:
    """Return how many to take of each stratum, shape of ``sizes``; they sum to the total.

    Parameters
    ----------
    sizes : ndarray of shape (n_strata,)
        Samples of each, ``total`` or more in all.
    total : int
        To take in all.
    """
    taken = np.zeros_like(sizes)
    for done, place in enumerate(np.argsort(sizes, kind="stable")):
        taken[place] = min(sizes[place], (total - int(taken.sum())) // (len(sizes) - done))
    return taken
