"""Second-split forgetting: each half of the samples is learned first, and then left for the other.

P. Maini, S. Garg, Z. Lipton and J. Z. Kolter (2022), "Characterizing datapoints via second-split
forgetting", arXiv 2210.15031. A run is two networks, each of which learns one half and then goes on
with the other, so that every sample is once among those that are no longer shown. That the second
training is as long as the first, and its schedule begun anew, is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from steelyard._support.seeding import uniform_by_id
from steelyard.records.dynamics import SECOND_SPLIT, Dynamics
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.records.recipe import Recipe
from steelyard.training import Member


def half_members(part: Labelled, recipe: Recipe, repetition: int, *, seed: int) -> list[Member]:
    """Return the two members of a run.

    Raises
    ------
    ParameterError
        If the recipe trains trees, or has patience.
    """
    half = in_second_half(part, seed, repetition)
    first, second = (
        Plan.of(part, counts, np.bincount(part.labels, counts, part.n_classes), name)
        for name, counts in (("first half", (~half).astype(int)), ("second half", half.astype(int)))
    )
    return [
        Member(recipe, first, repetition, "first half, then second", then=second),
        Member(recipe, second, repetition, "second half, then first", then=first),
    ]


def in_second_half(part: Labelled, seed: int, repetition: int) -> np.ndarray:
    """Return which samples make up the second half: of each class half, give or take one.

    Nothing depends on the order of rows or the names of classes.
    """
    draw = uniform_by_id(part.ids, seed, purpose="halves", repetition=repetition)
    # classes in the order of their smallest draw, which is not one of names or rows
    smallest = np.full(part.n_classes, np.inf)
    np.minimum.at(smallest, part.labels, draw)
    dealt = np.lexsort((draw, smallest[part.labels]))
    half = np.empty(len(part), dtype=bool)
    half[dealt] = np.arange(len(part)) % 2 == 1
    return half


def second_split_dynamics(part: Labelled, halves: Sequence[Dynamics]) -> Dynamics:
    """Return what pairs of members unlearned, a pair a run, of all samples."""
    (name,) = SECOND_SPLIT
    row_of = {sample: row for row, sample in enumerate(part.ids.tolist())}
    unlearned = np.full((len(halves) // 2, len(part)), np.nan)
    for number, one in enumerate(halves):
        rows = [row_of[sample] for sample in one.ids.tolist()]
        unlearned[number // 2, rows] = one.channels[name][0]
    channels = {name: unlearned}
    return Dynamics(part.ids, part.labels, part.class_names, channels, 0, part.fingerprint)
