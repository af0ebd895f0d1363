"""Pruning: train on a part of the samples, chosen by hardness or at random.

**What it tells you.** How much of the data is needed, and what happens to each class when the easy
or the hard part goes. Compare it with random pruning of the same rate: hardness often loses.

**When it misleads.** Removing the easiest over the whole data set ("dataset") empties easy classes
and so changes the class shares; compare with "class", which does not, before you credit hardness.
What remains is rich in wrong labels, for these rank hardest; `coverage` cuts them off first.

**Levels.** "dataset": the samples that go are those of the whole set (dlp). "class": each class
loses the same share (clp). "balanced": the samples left are shared among the classes as equally as
their numbers allow.

**Reference.** P. Pukowski and V. Osmani, arXiv 2504.07031. Their code keeps int((1 - rate) n) in
floating point: 3,349 of 5,000 at 33 %, where 3,350 remain here. "balanced" and keeping a sample of
every class are ours.
"""

from __future__ import annotations

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.seeding import uniform_by_id
from steelyard._support.simplest_fraction import simplest_fraction
from steelyard._support.validation import check_choice, check_integer, check_real
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.hardness_values import values_for
from steelyard.resampling.rounding import largest_remainder
from steelyard.resampling.select import select
from steelyard.resampling.selection import first_in_class, rank_in_class

LEVELS = ("dataset", "class", "balanced")
REMOVE = ("easiest", "hardest", "random")
_WORDS = {"dataset": "data set", "class": "samples of each class", "balanced": "data set, balanced"}


def prune(
    data: Labelled,
    rate: float,
    *,
    hardness: Hardness | None = None,
    level: str = "dataset",
    remove: str = "easiest",
    keep_classes: bool = True,
    seed: int = 0,
) -> Plan:
    """Return the plan that leaves a share of the samples out and uses the others once.

    Parameters
    ----------
    data : Labelled
        A training part, one class a sample.
    rate : float in [0, 1)
        Share to leave out, read as the fraction you mean: exactly floor((1 - rate) N) samples
        stay.
    hardness : Hardness, optional
        A score of these samples; not needed to remove at random.
    level : {"dataset", "class", "balanced"}
        Over which samples the share is taken.
    remove : {"easiest", "hardest", "random"}
        Which go first.
    keep_classes : bool
        Whether every class keeps at least one sample, at the cost of another class's last. Without
        it, as published, a class may vanish at level "dataset".
    seed : int
        Draws at random, and among ties.

    Raises
    ------
    ParameterError
        If an argument lies outside its range, hardness is needed and missing, or fewer samples
        stay than there are classes to keep.
    MismatchError
        If the score is of other samples, or the data hold held-out rows.
    DataError
        If a sample may have several labels.
    """
    rate = check_real(rate, "rate", "prune", 0, 1, "[)")
    check_choice(level, "level", "prune", LEVELS)
    check_choice(remove, "remove", "prune", REMOVE)
    check_integer(seed, "seed", "prune")
    data.require_single_label("prune")
    data.require_training_part("prune")
    if hardness is None and remove != "random":
        raise ParameterError(
            f"Removing the {remove} needs the hardness of each sample. Got none.",
            hint="pass hardness=... (--scores FILE), or remove='random'.",
        )
    values = None if hardness is None else values_for(data, hardness, "prune")
    keep = kept_after(rate, len(data), "prune")
    present = int((data.class_counts > 0).sum())
    if keep < present and (keep_classes or level != "dataset"):
        raise ParameterError(
            f"At rate {rate:g} {keep} of {len(data)} samples stay, fewer than the {present} "
            "classes.",
            # rounded down, so that what is named is not refused
            hint=f"choose a rate of at most {(len(data) - present) * 10**6 // len(data) / 1e6:g}.",
        )
    scheme = f"pruned by {rate:g} of the {_WORDS[level]}, {remove} left out"
    if hardness is not None and remove != "random":
        scheme += f" by {hardness.name!r}"
    if level == "dataset":
        counts, notes = _whole(data, keep, values, remove, keep_classes, seed)
        left = np.bincount(data.labels, weights=counts, minlength=data.n_classes)
        return Plan.of(data, counts, left, scheme, notes=notes)
    requested = (
        data.class_counts * (keep / len(data))
        if level == "class"
        else _equal_shares(data.class_counts, keep)
    )
    totals = largest_remainder(
        requested,
        keep,
        least=data.class_counts > 0,
        tie_break=first_in_class(data.ids, data.labels, data.n_classes),
    )
    counts = select(data.ids, data.labels, totals, under=remove, values=values, seed=seed)
    return Plan.of(data, counts, requested, scheme)


def kept_after(rate: float, n: int, owner: str) -> int:
    """Return floor((1 - rate) n) in exact arithmetic: 33 % of 5,000 leaves 3,350.

    Raises
    ------
    ParameterError
        If nothing stays.
    """
    keep = int((1 - simplest_fraction(rate)) * n)
    if keep == 0:
        raise ParameterError(
            f"At rate {rate:g} {owner} leaves none of {n} samples.", hint="choose a smaller rate."
        )
    return keep


def removal_order(data: Labelled, values: np.ndarray | None, remove: str, seed: int) -> np.ndarray:
    """Return the rows in the order in which they stay, those that go first last, shape (n,)."""
    ties = uniform_by_id(data.ids, seed, purpose="plan")
    if remove == "random" or values is None:
        return np.argsort(ties, kind="stable")
    return np.lexsort((ties, -values if remove == "easiest" else values))


def _whole(
    data: Labelled,
    keep: int,
    values: np.ndarray | None,
    remove: str,
    keep_classes: bool,
    seed: int,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return which rows stay, shape (n,), and what to know about it."""
    order = removal_order(data, values, remove, seed)
    place = np.empty(len(data), dtype=np.int64)
    place[order] = np.arange(len(data))
    lost = data.n_classes - len(np.unique(data.labels[order[:keep]]))
    lost -= int((data.class_counts == 0).sum())
    if keep_classes:  # the last of each class to go stands before all others
        last = rank_in_class(data.labels, data.class_counts, place) == 0
        order = np.lexsort((place, ~last))
    counts = np.zeros(len(data), dtype=np.int64)
    counts[order[:keep]] = 1
    if not lost:
        return counts, ()
    kept = "each keeps its last" if keep_classes else "a model trained by it cannot tell them"
    return counts, (f"Of {lost} classes every sample would go; {kept}.",)


def _equal_shares(counts: np.ndarray, keep: int) -> np.ndarray:
    """Return min(n_c, level) with the level at which they sum to ``keep``, shape (K,)."""
    rising = np.sort(counts[counts > 0]).astype(np.float64)
    below = np.cumsum(rising) - rising  # what the smaller classes give
    level = (keep - below) / np.arange(len(rising), 0, -1)
    return np.minimum(counts, level[np.argmax(level <= rising)])
