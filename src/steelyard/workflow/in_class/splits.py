"""Which samples train and which judge: pools of hard and easy samples, split at one share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from steelyard._support.seeding import uniform_by_id

# Ours: rounding down, as published, of what binary fractions miss: .29 * 100 is 28.999999999999996
_NEARLY = 1e-9


@dataclass(frozen=True, eq=False)
class Split:
    """One split of hard and easy samples, and the parts of it that networks train on.

    Parameters
    ----------
    hard : ndarray of bool, shape (n,)
        The hard set.
    test : ndarray of bool, shape (n,)
        What judges; the same for every part.
    parts : dict of (str, float) to ndarray of bool, shape (n,)
        What trains, by what was thinned out ("keep-easy" or "keep-hard") and the share kept; a
        share that leaves no sample is not there.
    """

    hard: np.ndarray
    test: np.ndarray
    parts: dict[tuple[str, float], np.ndarray]


def split_pools(
    ids: np.ndarray,
    hard: np.ndarray,
    ratio: float,
    keep_easy: Sequence[float],
    keep_hard: Sequence[float],
    *,
    seed: int,
    number: int,
) -> Split:
    """Split hard and easy samples each at one share, and thin out the one or the other in training.

    One random order of all samples decides: each pool gives its first samples to training, and
    each kept share is a beginning of them. Smaller parts lie inside larger ones, so that arms
    differ in nothing but what was taken away; identifiers share the order. (The published code
    drew a new split for each share.) Pools are split whole, not class by class, as published.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Sample ids: the order stays with them.
    hard : ndarray of bool, shape (n,)
        The hard set.
    ratio : float
        Share of each pool that trains, in (0, 1).
    keep_easy, keep_hard : sequence of float
        Shares of the easy (hard) training samples that are kept, with all of the others.
    seed, number : int
        The axes of the order: the study's seed and which split this is.
    """
    order = np.argsort(uniform_by_id(ids, seed, purpose="in-class split", number=number))
    pools = {"keep-hard": order[hard[order]], "keep-easy": order[~hard[order]]}
    training = {which: pool[: _share(ratio, len(pool))] for which, pool in pools.items()}
    test = np.ones(len(ids), dtype=bool)
    for pool in training.values():
        test[pool] = False
    parts = {}
    for which, shares in (("keep-easy", keep_easy), ("keep-hard", keep_hard)):
        other = training["keep-hard" if which == "keep-easy" else "keep-easy"]
        for share in shares:
            part = np.zeros(len(ids), dtype=bool)
            part[other] = True
            part[training[which][: _share(share, len(training[which]))]] = True
            if part.any():  # nothing trains on nothing
                parts[which, share] = part
    return Split(hard, test, parts)


def _share(share: float, n: int) -> int:
    return int(share * n + _NEARLY)
