"""What an ensemble is made of, and which of its networks can train as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_integer
from steelyard.records.plan import Plan
from steelyard.records.recipe import Recipe
from steelyard.training.manifolds import Watched
from steelyard.training.networks import hidden_layers

# Raise it whenever the same member comes out with other numbers: results stored before are then
# computed again.
CODE = 2
# What members of one stack may have of their own; in all else their recipes are equal.
OWN_SETTINGS = ("learning_rate", "weight_decay", "smoothing", "class_weighting", "epochs")


@dataclass(frozen=True)
class Member:
    """One model of an ensemble.

    Parameters
    ----------
    recipe : Recipe
        How to train it.
    plan : Plan, optional
        How often each training sample is used; None uses each once.
    repetition : int
        Axis of the seeds: members of one repetition share initial weights and, where their plans
        are equal, the order of samples.
    arm : str
        The name that its predictions carry.
    record : bool
        Whether to record its dynamics: while it trains, and of the trained model. Every sample has
        to take part.
    gradient : bool
        Whether to record gradient norms too, of the weights at the end of the early epoch.
    left_out : bool
        Whether to predict the training rows that its plan leaves out.
    then : Plan, optional
        With what it goes on after its plan, for as many epochs, the schedule begun anew and the
        optimiser as it was. After each of these epochs it is asked about the samples of its first
        plan; what it unlearned is its dynamics.
    watch : Watched, optional
        What to watch of the class manifolds of all samples after each epoch.
    all_rows : bool
        Whether to predict every training row, whatever its plan uses.

    Raises
    ------
    ParameterError
        If these do not go together, or trees are asked for what networks have.
    """

    recipe: Recipe
    plan: Plan | None = None
    repetition: int = 0
    arm: str = "model"
    record: bool = False
    gradient: bool = False
    left_out: bool = False
    then: Plan | None = None
    watch: Watched | None = None
    all_rows: bool = False

    def __post_init__(self) -> None:
        for is_asked, what in (
            (self.gradient, "have no gradient by weights"),
            (self.then is not None, "cannot go on with a half"),
            (self.watch is not None, "have no hidden layer to watch"),
        ):
            if is_asked and self.recipe.model == "trees":
                raise ParameterError(
                    f"Trees {what}.",
                    hint="choose the probe mlp or cnn, or leave out what needs it.",
                )
        self._require(not self.gradient or self.record, "gradient", "record=True")
        self._require(not self.left_out or self.plan is not None, "left_out", "a plan")
        self._require(
            self.then is None
            or (
                self.plan is not None
                and not self.record
                and self.recipe.patience is None
                and not self.recipe.class_weighting
            ),
            "then",
            "a plan, record=False and a recipe without patience and class weights",
        )
        if self.watch is not None:
            self._require_watchable(self.watch)

    def _require_watchable(self, watch: Watched) -> None:
        self._require(
            self.then is None and not self.gradient and self.recipe.patience is None,
            "watch",
            "then=None, gradient=False and a recipe without patience, so that one question is "
            "asked after each epoch",
        )
        names = hidden_layers(self.recipe)
        if watch.layer >= len(names):
            raise ParameterError(
                f"The 'layer' parameter of fit_watched must name one of {len(names)} hidden "
                f"layers, from 0. Got {watch.layer} instead.",
                hint=f"this recipe has {', '.join(names)}." if names else "give the recipe widths.",
            )
        check_integer(watch.first_epoch, "first_epoch", "fit_watched", 0, self.recipe.epochs - 1)

    def _require(self, fits: bool, name: str, what: str) -> None:
        if not fits:
            raise ParameterError(f"The {name!r} parameter of Member needs {what}.")

    @property
    def n_epochs(self) -> int:
        """Epochs that it trains at most."""
        return self.recipe.epochs * (1 if self.then is None else 2)

    @property
    def early_epoch(self) -> int:
        """The epoch, from 0, that counts as early: a tenth of them, as published 20 of 200.

        That the share is kept for other lengths, and for rounds of boosting, is ours.
        """
        return -(-self.recipe.epochs // 10) - 1

    @property
    def name(self) -> str:
        """What a message calls it."""
        return f"{self.arm!r}, repetition {self.repetition}"

    def to_dict(self) -> dict[str, Any]:
        """Return all that determines its result, as plain values and arrays.

        What came later is named only where it is used: what was stored before stays valid.
        """
        later: dict[str, Any] = {"all_rows": True} if self.all_rows else {}
        if self.watch is not None:
            later["watch"] = self.watch.to_dict()
        return {
            "recipe": self.recipe.fingerprint,
            "plan": _plain(self.plan),
            "repetition": self.repetition,
            "record": self.record,
            "gradient": self.gradient,
            "left_out": self.left_out,
            "then": _plain(self.then),
            **later,
        }


def _plain(plan: Plan | None) -> list[Any] | None:
    return None if plan is None else [plan.data_fingerprint, plan.ids, plan.counts]


def shared_recipe(recipe: Recipe) -> Recipe:
    """Return what members of one stack have in common of their recipes."""
    plain = Recipe(recipe.model)
    return replace(recipe, **{name: getattr(plain, name) for name in OWN_SETTINGS})


def alike(members: Sequence[Member]) -> list[list[int]]:
    """Return the numbers of members that can train as one stack, in the order of their first."""
    stacks: dict[tuple[Recipe, bool], list[int]] = {}
    for number, member in enumerate(members):
        kind = shared_recipe(member.recipe), member.then is None
        stacks.setdefault(kind, []).append(number)
    return list(stacks.values())


def in_stacks(members: Sequence[Member], size: Callable[[Member], int]) -> list[list[int]]:
    """Return the numbers of the members of each stack, in the order of their first.

    A stack takes whole repetitions while they fit: an ensemble that is asked for more repetitions
    finds its first ones in the stacks that they were in.

    Parameters
    ----------
    members : sequence of Member
        What to train.
    size : callable
        How many members like this one a stack may hold.
    """
    found: list[list[int]] = []
    for group in alike(members):
        most = size(members[group[0]])
        repetitions: dict[int, list[int]] = {}
        for number in group:
            repetitions.setdefault(members[number].repetition, []).append(number)
        stack: list[int] = []
        for numbers in repetitions.values():
            if len(stack) + len(numbers) > most:
                found += parts(stack, most)
                stack = []
            stack += numbers
        found += parts(stack, most)
    return found


def parts(numbers: Sequence[int], size: int) -> list[list[int]]:
    """Return numbers in as few parts of at most ``size`` as possible, their sizes nearly equal."""
    n_parts = -(-len(numbers) // size)
    return [
        list(numbers[part * len(numbers) // n_parts : (part + 1) * len(numbers) // n_parts])
        for part in range(n_parts)
    ]
