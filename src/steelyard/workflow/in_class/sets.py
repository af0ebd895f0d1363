"""The hard sets of the study: stragglers in every mode, identifiers of their size, controls."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from steelyard._support.errors import SteelyardWarning
from steelyard._support.seeding import derive_seed
from steelyard.diagnosis import inversions
from steelyard.hardness import errors_at_count, hardest_set, random_set
from steelyard.records.inversions import MODES, Inversions
from steelyard.records.manifold_history import ManifoldHistory

STRAGGLER = "straggler"
_PUBLISHED_EPOCHS = 500
CONTROLS = ("random", "early-stopped")
# From the logits of a network that the stragglers have not seen, (n, K): higher is harder.
IDENTIFIERS = {
    "max-logit": lambda logits: -logits.max(axis=1),
    "energy": lambda logits: -np.logaddexp.reduce(logits, axis=1),
}

HardSets = dict[tuple[str, str], np.ndarray]  # (mode, identifier) -> bool (sets, n)


def chosen_runs(found: dict[str, Inversions], n_sets: int, mode: str) -> list[int]:
    """Return the runs that give the sets: the first in which every class was seen to turn over.

    Published code begins again where a class does not turn over; what is left out is counted in
    the figures. Where too few runs are complete, the first others stand in, flagged the same way.
    In "argmin" every run counts: a class that is censored has its stand-in.
    """
    complete = found["shared"].complete
    if mode == "argmin":
        complete = np.ones(len(complete), dtype=bool)
    runs = [*np.flatnonzero(complete), *np.flatnonzero(~complete)]
    return [int(run) for run in runs[:n_sets]]


@dataclass(frozen=True)
class Looks:
    """When a training of so many epochs is looked at: of 500 as published, of fewer in proportion.

    Parameters
    ----------
    after : int
        The last epoch before any class may turn over.
    every : int
        Epochs between the checks of "snapshot" and "shared".
    window : int
        Epochs that "argmin" averages over.
    """

    after: int
    every: int
    window: int

    @classmethod
    def of(cls, n_epochs: int) -> Looks:
        """Return them for a number of epochs."""
        share = min(n_epochs / _PUBLISHED_EPOCHS, 1.0)
        half = max(round(share * 5), 1)
        return cls(int(share * 20), max(round(share * 5), 1), 2 * half + 1)


def all_inversions(history: ManifoldHistory, looks: Looks) -> dict[str, Inversions]:
    """Return the inversions of every mode; what a mode misses is in its record, unsaid here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SteelyardWarning)
        return {mode: inversions_of(history, mode, looks) for mode in MODES}


def inversions_of(history: ManifoldHistory, mode: str, looks: Looks) -> Inversions:
    """Return the inversions of one mode, with a warning of classes that have none at all."""
    return inversions(
        history,
        mode,
        every=looks.every,
        after=looks.after,
        window=looks.window,
        patience=looks.window // 2,
    )


def hard_sets(
    found: dict[str, Inversions],
    runs: Sequence[int],
    other: ManifoldHistory,
    other_logits: np.ndarray,
    mode: str,
    seed: int,
) -> HardSets:
    """Return every hard set of the study.

    Parameters
    ----------
    found : dict of str to Inversions
        Of each mode.
    runs : sequence of int
        Which run gives each set.
    other, other_logits : ManifoldHistory, ndarray of shape (sets, n, K)
        Of other networks, one a set: what they say gives the identifiers, their errors at the
        same count the control.
    mode : str
        Whose stragglers give the counts that the others match.
    seed : int
        The study's.
    """
    sets: HardSets = {(each, STRAGGLER): found[each].wrong[list(runs)] for each in MODES}
    stragglers, ids = sets[mode, STRAGGLER], other.ids
    for name, values in IDENTIFIERS.items():
        sets[mode, name] = np.stack(
            [
                hardest_set(
                    values(logits.astype(np.float64)), like, ids=ids, seed=_seed(seed, name, number)
                )
                for number, (like, logits) in enumerate(zip(stragglers, other_logits, strict=True))
            ]
        )
    sets[mode, "random"] = np.stack(
        [
            random_set(like, ids=ids, seed=_seed(seed, "random", number))
            for number, like in enumerate(stragglers)
        ]
    )
    sets[mode, "early-stopped"] = np.stack(
        [
            errors_at_count(other, number, int(like.sum())).wrong
            for number, like in enumerate(stragglers)
        ]
    )
    return sets


def _seed(seed: int, name: str, number: int) -> int:
    return derive_seed(seed, purpose="in-class set", identifier=name, number=number)
