"""`Study`: arms and repetitions as data; what a weighing asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.storage import header, read_json, write_json
from steelyard._support.validation import check_choice, check_integer, check_real
from steelyard.records.recipe import Recipe

WAYS = ("count", "hardness")  # to rebalance


@dataclass(frozen=True)
class Arm:
    """One way to treat the training data.

    Parameters
    ----------
    name : str
        Unique in its study, for instance "degree=0.5" or "hardness degree=0.5".
    recipe : Recipe
        How to train.
    degree : float
        How far to rebalance; 0 leaves the data as they are.
    by : {"count", "hardness"}
        Which way: towards equal counts, or towards the hardness ratios of the classes.
    """

    name: str
    recipe: Recipe
    degree: float = 0.0
    by: str = "count"

    def __post_init__(self) -> None:
        check_choice(self.by, "by", "Arm", WAYS)
        object.__setattr__(self, "degree", check_real(self.degree, "degree", "Arm"))


@dataclass(frozen=True)
class Study:
    """Arms crossed with repetitions.

    Parameters
    ----------
    name : str
        A short name.
    arms : tuple of Arm
        What is compared.
    repetitions : int
        Trainings of each arm; arms of one repetition share initial weights.
    seed : int
        From which every seed derives, by named axes.

    Raises
    ------
    ParameterError
        If arm names repeat, or a number lies outside its range.
    """

    name: str
    arms: tuple[Arm, ...]
    repetitions: int
    seed: int = 0

    def __post_init__(self) -> None:
        repetitions = check_integer(self.repetitions, "repetitions", "Study", 1)
        object.__setattr__(self, "repetitions", repetitions)
        object.__setattr__(self, "seed", check_integer(self.seed, "seed", "Study", 0))
        object.__setattr__(self, "arms", tuple(self.arms))
        names = [arm.name for arm in self.arms]
        if not names or len(set(names)) != len(names):
            raise ParameterError(f"The arms of a Study need names that differ. Got {names}.")

    def cells(self) -> Iterator[tuple[Arm, int]]:
        """Yield every (arm, repetition), repetition by repetition."""
        for repetition in range(self.repetitions):
            for arm in self.arms:
                yield arm, repetition

    @property
    def by_degree(self) -> tuple[Arm, ...]:
        """The arms that differ from the first in degree by count alone, it among them."""
        return tuple(arm for arm in self.arms if self._differs_in_plan(arm) and arm.by == "count")

    @property
    def by_hardness(self) -> tuple[Arm, ...]:
        """The arms that differ from the first in that they resample by hardness."""
        return tuple(
            arm for arm in self.arms if self._differs_in_plan(arm) and arm.by == "hardness"
        )

    def _differs_in_plan(self, arm: Arm) -> bool:
        return arm.recipe == self.arms[0].recipe

    def to_dict(self) -> dict[str, Any]:
        """Return the study as plain data; an arm by count has no word of its way."""
        return {
            "name": self.name,
            "arms": [_plain(arm) for arm in self.arms],
            "repetitions": self.repetitions,
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Study:
        """Return the study of plain data."""
        arms = tuple(
            Arm(
                arm["name"],
                Recipe.from_dict(arm["recipe"]),
                arm["degree"],
                arm.get("by", "count"),
            )
            for arm in values["arms"]
        )
        return cls(values["name"], arms, values["repetitions"], values["seed"])

    def save(self, path: str | Path) -> None:
        """Write the study as JSON."""
        write_json(header("Study", values=self.to_dict()), path)

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """Read what `save` wrote."""
        return cls.from_dict(read_json(path, "Study")["values"])


def _plain(arm: Arm) -> dict[str, Any]:
    values = {"name": arm.name, "degree": arm.degree, "recipe": arm.recipe.to_dict()}
    return values if arm.by == "count" else {**values, "by": arm.by}
