"""From an arm to what its networks train on: pruned first, then resampled, exact counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import derive_seed
from steelyard.records.hardness import Hardness
from steelyard.records.hardness_arm import HardnessArm
from steelyard.records.labelled import Labelled
from steelyard.records.more_rows import joined
from steelyard.records.plan import Plan
from steelyard.resampling import Pool, Reserve, Smote, by_hardness, prune
from steelyard.resampling.added_rows import AddedRows
from steelyard.resampling.by_hardness import NEGATED
from steelyard.resampling.hardness_targets import class_means
from steelyard.resampling.hardness_values import values_for
from steelyard.workflow.hardness_study.parts import Parts
from steelyard.workflow.hardness_study.scored import Scored

_LEVELS = {"dataset": "dataset", "class": "class", "random": "class"}


@dataclass(frozen=True, eq=False)
class Draws:
    """What one network of an arm trains on.

    Parameters
    ----------
    counts : ndarray of shape (n,)
        How often each training sample is used.
    added : Labelled or None
        Rows beside them, made or taken from the pool.
    notes : tuple of str
        What to know of the plan.
    """

    counts: np.ndarray
    added: Labelled | None
    notes: tuple[str, ...] = ()

    def of_classes(self, train: Labelled) -> np.ndarray:
        """Return the draws of each class, shape (K,)."""
        drawn = np.bincount(train.labels, weights=self.counts, minlength=train.n_classes)
        return drawn.astype(np.int64) + (0 if self.added is None else self.added.class_counts)


def draws_of(
    arm: HardnessArm, parts: Parts, scored: Scored, noise_share: float, seed: int, repetition: int
) -> Draws:
    """Return what a network of an arm trains on.

    Whatever is drawn at random is drawn anew for each repetition, and alike for all arms: of two
    arms with one pruning, repetition by repetition the same samples are left.

    Raises
    ------
    ParameterError, DataError
        If the arm asks for what there is not: fewer than one sample of a class, a larger pool, a
        neighbour where there is none.
    """
    train, hardness = parts.train, scored.deciding[arm.estimator]
    own_seed = derive_seed(seed, purpose="hardness plan", repetition=repetition)
    kept = np.ones(len(train), dtype=bool)
    if arm.without_noise:
        kept[hardness.hardest(int(noise_share * len(train)))] = False
    if arm.pruning != "none":
        kept[kept] = _left(arm, train.take(np.flatnonzero(kept)), hardness, own_seed)
    if arm.mode == "none":
        return Draws(kept.astype(np.int64), None)
    left = train.take(np.flatnonzero(kept))
    _require_margins(arm, left, hardness)
    rest = train.take(np.flatnonzero(~kept)) if arm.over == "held-out" else None
    plan = by_hardness(
        left, hardness, arm.degree, mode=arm.mode, under=arm.under,
        over=_source(arm, parts, scored, kept, rest), seed=own_seed,
        ratios_of_all=arm.mode == "paper-v2" and arm.pruning != "none",
    )  # fmt: skip
    counts = np.zeros(len(train), dtype=np.int64)
    counts[kept] = plan.counts
    if rest is None or plan.added is None:
        return Draws(counts, plan.added, plan.notes)
    counts[np.isin(train.ids, plan.added.ids)] += 1  # they are training samples like the others
    return Draws(counts, None, plan.notes)


def _require_margins(arm: HardnessArm, left: Labelled, hardness: Hardness) -> None:
    """Raise where all class margins are negative: easy classes would be given most."""
    if arm.mode == "safe" or hardness.name not in NEGATED:
        return
    means = class_means(values_for(left, hardness, "An arm"), left.labels, left.ids, left.n_classes)
    if np.nanmin(means) > 0:  # minus a margin; higher is harder
        raise ParameterError(
            f"The mean {hardness.name} of every class is negative, so that the published ratios "
            "would turn round and give easy classes most."
        )


def _left(arm: HardnessArm, train: Labelled, hardness: Hardness, seed: int) -> np.ndarray:
    remove = "random" if arm.pruning == "random" else "easiest"
    plan = prune(
        train, arm.rate, hardness=hardness, level=_LEVELS[arm.pruning], remove=remove, seed=seed
    )
    return plan.counts > 0


def _source(
    arm: HardnessArm, parts: Parts, scored: Scored, kept: np.ndarray, rest: Labelled | None
) -> str | AddedRows:
    """Return how classes grow."""
    if arm.over == "smote":
        return Smote()
    if rest is not None:
        return Reserve(rest)
    if not arm.needs_pool:
        return arm.over
    if parts.pool is None:
        raise DataError(
            "There is no pool to grow from: all samples train.",
            hint="draw fewer than there are.",
        )
    return Pool(
        parts.pool,
        pick=arm.over.removeprefix("pool-"),
        confidence=scored.pool_confidence,
        data_confidence=scored.confidence[kept],
    )


def together(
    train: Labelled, draws: Sequence[Draws], taken: np.ndarray
) -> tuple[Labelled, list[Plan]]:
    """Return the training samples with all added rows behind them, and a plan over them for each.

    Parameters
    ----------
    train : Labelled
        The training samples.
    draws : sequence of Draws
        One a network.
    taken : ndarray
        Ids that no added row may have: those of the test part.

    Returns
    -------
    whole : Labelled
        What they train on as one.
    plans : list of Plan
        One a network.
    """
    rows = [one.added for one in draws if one.added is not None]
    first = np.cumsum([0, *(0 if one.added is None else len(one.added) for one in draws)])
    ids = _new_ids(np.concatenate([train.ids, taken]), int(first[-1]))
    whole = train
    for added in rows:  # each with ids of its own: two networks may be given the same row
        start = len(whole) - len(train)
        own = replace(added, ids=ids[start : start + len(added)], split=None)
        whole = joined(whole, own)
    plans = []
    for number, one in enumerate(draws):
        counts = np.zeros(len(whole), dtype=np.int64)
        counts[: len(train)] = one.counts
        counts[len(train) + first[number] : len(train) + first[number + 1]] = 1
        asked = one.of_classes(train).astype(np.float64)
        plans.append(Plan.of(whole, counts, asked, "of a study"))
    return whole, plans


def _new_ids(there: np.ndarray, n: int) -> np.ndarray:
    if there.dtype.kind != "U":
        return min(int(there.min()), 0) - 1 - np.arange(n)
    known, digits = set(there.tolist()), len(str(n))
    prefix = "added"
    while any(one.startswith(prefix) for one in known):
        prefix += "+"
    return np.array([f"{prefix}{number:0{digits}d}" for number in range(n)])
