"""`InClassProtocol`: one run of the in-class imbalance study, all values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_choice, check_integer, check_kind, check_real
from steelyard.records.inversions import MODES
from steelyard.records.recipe import Recipe

IDENTIFIERS = ("straggler", "max-logit", "energy")


@dataclass(frozen=True)
class InClassProtocol:
    """How hard samples are found, and on which shares of hard and easy ones networks train.

    Every identifier finds a hard set in each of ``n_sets`` searches; each set is split at every
    ratio; on each split ``n_initialisations`` networks train for every kept share.

    Parameters
    ----------
    name : str
        What this scale is called, for instance "small".
    recipe : Recipe
        How the networks train, those of the search and those that are judged.
    identifiers : tuple of {"straggler", "max-logit", "energy"}
        What finds hard samples. Controls, and stragglers in the other modes, are tested beside
        them, with all or none of the easy (hard) training samples.
    ratios : tuple of float
        Shares of the samples that train, in (0, 1).
    keep_easy, keep_hard : tuple of float
        Shares of the easy (hard) training samples that are kept, with all of the others.
    n_sets : int
        Hard sets of each identifier.
    n_initialisations : int
        Networks on each training set.
    n_samples : int or None
        As many samples are drawn from the data first; None takes them all.
    seed : int
        From which every seed derives, by named axes.
    mode : {"argmin", "snapshot", "shared"}
        Where a class has its inversion: see `steelyard.diagnosis.inversions`.
    n_error_networks : int
        Networks whose error on each class is set against its hard samples; 0 leaves that out.

    Raises
    ------
    ParameterError
        If a name is unknown, a number lies outside its range, or an axis is empty or repeats.
    """

    name: str
    recipe: Recipe
    identifiers: tuple[str, ...]
    ratios: tuple[float, ...]
    keep_easy: tuple[float, ...]
    keep_hard: tuple[float, ...]
    n_sets: int
    n_initialisations: int
    n_samples: int | None = None
    seed: int = 0
    mode: str = "shared"
    n_error_networks: int = 0

    def __post_init__(self) -> None:
        owner = "InClassProtocol"
        check_kind(self.recipe, Recipe, "recipe", owner, "steelyard.records.Recipe makes one.")
        check_choice(self.mode, "mode", owner, MODES)
        for identifier in self._axis("identifiers"):
            check_choice(identifier, "identifiers", owner, IDENTIFIERS)
        for name, bounds in (("ratios", "()"), ("keep_easy", "[]"), ("keep_hard", "[]")):
            shares = [check_real(one, name, owner, 0, 1, bounds) for one in self._axis(name)]
            object.__setattr__(self, name, tuple(shares))
        object.__setattr__(self, "identifiers", tuple(self.identifiers))
        counts = {"n_sets": 1, "n_initialisations": 1, "seed": 0, "n_error_networks": 0}
        for name, least in counts.items():
            checked = check_integer(getattr(self, name), name, owner, least)
            object.__setattr__(self, name, checked)
        if self.n_samples is not None:
            n_samples = check_integer(self.n_samples, "n_samples", owner, 1)
            object.__setattr__(self, "n_samples", n_samples)

    def _axis(self, name: str) -> tuple:
        values = getattr(self, name)
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise ParameterError(
                f"The {name!r} parameter of InClassProtocol must be a tuple. Got {values!r}."
            )
        found = tuple(values)
        if not found or len(set(found)) != len(found):
            raise ParameterError(
                f"The {name!r} parameter of InClassProtocol must hold values that differ, at least "
                f"one. Got {found}."
            )
        return found

    @property
    def n_runs(self) -> int:
        """Networks behind a point that pools the ratios."""
        return len(self.ratios) * self.n_sets * self.n_initialisations

    @property
    def n_networks(self) -> int:
        """Networks that are judged, over all points of all identifiers; the search adds its own."""
        points = len(self.keep_easy) + len(self.keep_hard)
        return len(self.identifiers) * points * self.n_runs

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain data."""
        return {**asdict(self), "recipe": self.recipe.to_dict()}
