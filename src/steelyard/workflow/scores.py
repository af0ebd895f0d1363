"""`Scores`: what the verb `score` returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import did_you_mean
from steelyard.hardness import (
    SCORES,
    agreement,
    class_hardness,
    runs_needed,
    stability,
    values_by_run,
)
from steelyard.records.agreement import Agreement
from steelyard.records.class_hardness import ClassHardness
from steelyard.records.dynamics import Dynamics
from steelyard.records.hardness import THRESHOLDS, Hardness
from steelyard.records.recipe import Recipe
from steelyard.records.stability import RunsNeeded, Stability


@dataclass(frozen=True)
class Growth:
    """How the number of runs grew until halves of them agreed.

    Parameters
    ----------
    name : str
        The score that decided.
    share : float
        The share of all samples that is the hardest.
    until : float
        The share of these that two halves of the runs were to have in common.
    steps : tuple of (int, float)
        Runs, and what their halves shared, after each step.
    """

    name: str
    share: float
    until: float
    steps: tuple[tuple[int, float], ...]

    @property
    def reached(self) -> bool:
        """Whether it ended because the halves agreed, not because there were runs enough."""
        return self.steps[-1][1] >= self.until

    def __str__(self) -> str:
        runs, shared = self.steps[-1]
        why = "enough" if self.reached else f"the most allowed; {100 * self.until:g} % was asked"
        return (
            f"{runs} runs ({why}): by {self.name}, two halves of {runs // 2} share "
            f"{100 * shared:.0f} % of their {tail_words(self.share)}."
        )


@dataclass(frozen=True, eq=False)
class Scores(Mapping[str, Hardness]):
    """Hardness by score, and what it was made of.

    A mapping of names to `Hardness`, in the order asked for.

    Parameters
    ----------
    hardness : mapping of str to Hardness
        The scores.
    records : tuple
        What was recorded of the samples: a `Dynamics` of all runs, and what other scores read.
    growth : Growth or None
        How the number of runs was found; None where it was given.
    seed : int
        From which the trainings derive, and the draws of intervals and orders.
    recipe : Recipe or None
        How was trained; None where no score needed a training, or nobody said.
    """

    hardness: Mapping[str, Hardness]
    records: tuple[Any, ...]
    growth: Growth | None = None
    seed: int = 0
    recipe: Recipe | None = None
    _by_run: dict[str, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hardness", MappingProxyType(dict(self.hardness)))
        object.__setattr__(self, "records", tuple(self.records))

    def __getitem__(self, name: str) -> Hardness:
        return self.hardness[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.hardness)

    def __len__(self) -> int:
        return len(self.hardness)

    def __repr__(self) -> str:
        n = len(next(iter(self.hardness.values())).ids) if self.hardness else 0
        return f"Scores({', '.join(self)}; {n} samples)"

    @property
    def dynamics(self) -> Dynamics | None:
        """What happened while training; None where no score needed a training."""
        return next((one for one in self.records if isinstance(one, Dynamics)), None)

    def by_run(self, name: str) -> np.ndarray:
        """Return a score in each run, shape (runs, n); one row where no run is involved."""
        self._named(name)
        if name not in self._by_run:
            self._by_run[name] = values_by_run(self.records, name)
        return self._by_run[name]

    def class_hardness(self, name: str, share: float = 0.1) -> ClassHardness:
        """Return the classes by one score, with intervals; see `steelyard.hardness.class_hardness`.

        Parameters
        ----------
        name : str
            One of the scores.
        share : float
            The share of all samples that is the tail.
        """
        one = self._named(name)
        (bounds,) = (score.bounds for score in SCORES if score.name == name)
        return class_hardness(
            self.by_run(name), one.labels, one.ids, one.class_names, name=name, share=share,
            seed=self.seed, bounds=bounds, data_fingerprint=one.data_fingerprint,
        )  # fmt: skip

    def stability(self, name: str, thresholds: tuple[float, ...] = THRESHOLDS) -> Stability:
        """Return how a score changes with the runs; see `steelyard.hardness.stability`.

        Raises
        ------
        ParameterError
            If there are fewer than two runs of it, or no such score.
        """
        one = self._named(name)
        return stability(
            self.by_run(name), one.labels, one.ids, name=name, thresholds=thresholds,
            seed=self.seed, data_fingerprint=one.data_fingerprint,
        )  # fmt: skip

    def runs_needed(
        self,
        name: str,
        until: float = 0.9,
        share: float = 0.1,
        stability: Stability | None = None,
    ) -> RunsNeeded:
        """Return how many runs it takes until two ensembles agree on the hardest.

        Parameters
        ----------
        name : str
            One of the scores.
        until : float
            The share of their hardest samples that the two are to have in common.
        share : float
            The share of all samples that is the hardest.
        stability : Stability, optional
            What the method of that name returned, so that it is not computed twice.
        """
        found = stability or self.stability(name, (share,))
        return runs_needed(
            self.by_run(name), self[name].ids, found, share=share, until=until, seed=self.seed
        )

    def agreement(self) -> Agreement:
        """Return how much every two scores agree; see `steelyard.hardness.agreement`."""
        return agreement(self.hardness, seed=self.seed)

    def _named(self, name: str) -> Hardness:
        if name not in self.hardness:
            raise ParameterError(
                f"The score {name!r} was not asked for.", hint=did_you_mean(name, self.hardness)
            )
        return self.hardness[name]


def tail_words(share: float) -> str:
    """Return "hardest tenth", or "hardest 5 %"."""
    return "hardest tenth" if abs(share - 0.1) < 1e-9 else f"hardest {100 * share:g} %"
