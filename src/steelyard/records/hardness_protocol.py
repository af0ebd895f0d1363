"""`HardnessProtocol`: one run of the hardness-based resampling or pruning study, all values."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_integer, check_kind, check_real
from steelyard.records.hardness_arm import BASELINE, HardnessArm
from steelyard.records.recipe import Recipe


@dataclass(frozen=True)
class HardnessProtocol:
    """How hardness is estimated, and what is then done about it.

    Models on all training samples are scored. The mean score of the first of them decides what
    arms do; the next of them are the baseline. No model is both: one whose training happened to
    miss a class would call that class hard and show its recall to rise in every arm. Each arm
    trains models with the initial weights of the baseline's, and is compared with it in pairs.

    Parameters
    ----------
    name : str
        What this scale is called, for instance "small".
    recipe : Recipe
        How every model trains, those that are scored and those of the arms.
    arms : tuple of HardnessArm
        What is tried; the baseline, which trains on all samples as they are, is always there.
    estimators : tuple of str
        Scores that are compared with each other, by name; the first decides which classes are
        called easy and hard.
    n_scored : int
        Models that are scored: how stable a score is comes from all of them.
    n_deciding : int
        The first of them, whose mean score the arms go by.
    n_models : int
        Models an arm, each with a draw of its own, and as many of the baseline.
    n_train : int or None
        Training samples that are drawn, class by class, in the data's proportions; None takes all.
    n_pool : int
        Of those that were not drawn, how many stand by as a pool; 0 is none.
    degrees : tuple of float
        Degrees at which allocations are told.
    thresholds : tuple of float
        Shares of the samples that are pruned where sets are compared.
    shrink : int
        Images are averaged over squares of so many pixels a side first; 1 leaves them.
    noise_share : float
        Share of the samples that an arm without noise leaves out.
    seed : int
        From which every seed derives, by named axes.

    Raises
    ------
    ParameterError
        If a number lies outside its range, or two arms have one name, or one is compared with an
        arm that is not there.
    """

    name: str
    recipe: Recipe
    arms: tuple[HardnessArm, ...]
    estimators: tuple[str, ...] = ("aum", "el2n_early", "forgetting_events")
    n_scored: int = 20
    n_deciding: int = 8
    n_models: int = 10
    n_train: int | None = None
    n_pool: int = 0
    degrees: tuple[float, ...] = (1.0, 2.0, 3.0)
    thresholds: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    shrink: int = 1
    noise_share: float = 552 / 50_000
    seed: int = 0

    def __post_init__(self) -> None:
        owner = "HardnessProtocol"
        check_kind(self.recipe, Recipe, "recipe", owner, "steelyard.records.Recipe makes one.")
        for name in ("arms", "estimators", "degrees", "thresholds"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.estimators:
            raise ParameterError(f"The 'estimators' parameter of {owner} must hold one. Got ().")
        names = Counter([BASELINE, *(arm.name for arm in self.arms)])
        ((common, times),) = names.most_common(1)
        if times > 1:
            raise ParameterError(
                f"The arms of {owner} must have names of their own. Got {common!r} {times} times."
            )
        for arm in self.arms:
            if arm.base not in names:
                raise ParameterError(f"There is no arm {arm.base!r} to compare {arm.name!r} with.")
        check_integer(self.n_scored, "n_scored", owner, 2)
        for name, least, most in (
            ("n_deciding", 1, self.n_scored), ("n_models", 2, None), ("n_pool", 0, None),
            ("shrink", 1, None), ("seed", 0, None),
        ):  # fmt: skip
            check_integer(getattr(self, name), name, owner, least, most)
        if self.n_deciding + self.n_models > self.n_scored:
            raise ParameterError(
                f"Of {self.n_scored} scored models {self.n_deciding} decide and {self.n_models} "
                "more are the baseline.",
                hint="raise n_scored, or lower n_deciding or n_models.",
            )
        if self.n_train is not None:
            check_integer(self.n_train, "n_train", owner, 2)
        for name, high, bounds in (("degrees", math.inf, "[]"), ("thresholds", 1, "()")):
            values = [check_real(one, name, owner, 0, high, bounds) for one in getattr(self, name)]
            object.__setattr__(self, name, tuple(values))
        check_real(self.noise_share, "noise_share", owner, 0, 1, "[)")

    @property
    def repetitions(self) -> range:
        """The numbers of the models of the baseline, and of every arm."""
        return range(self.n_deciding, self.n_deciding + self.n_models)

    @property
    def n_networks(self) -> int:
        """Networks in all."""
        return self.n_scored + len(self.arms) * self.n_models

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain data; arms by their names."""
        return {
            **asdict(self),
            "recipe": self.recipe.to_dict(),
            "arms": [arm.name for arm in self.arms],
        }
