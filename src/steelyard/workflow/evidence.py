"""Evidence: what the asked scores read is trained, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.progress import Progress, silent
from steelyard._support.validation import check_integer
from steelyard.hardness import SCORES
from steelyard.hardness.score import Score
from steelyard.records.dynamics import (
    FINAL,
    GRADIENT,
    GROUPS,
    LEFT_OUT,
    SECOND_SPLIT,
    TRAINING,
    Dynamics,
)
from steelyard.records.labelled import Labelled
from steelyard.records.neighbours import Neighbours
from steelyard.records.recipe import Recipe
from steelyard.training import Fitted, Member
from steelyard.workflow.engines import Engine
from steelyard.workflow.nearest import nearest_neighbours
from steelyard.workflow.out_of_fold import (
    fold_members,
    joined_folds,
    left_out_dynamics,
    require_no_lone_sample,
)
from steelyard.workflow.second_split import half_members, second_split_dynamics
from steelyard.workflow.trainings import train_members

# Records that need no training, by type: each maker takes the samples and the progress.
MODEL_FREE: Mapping[type, Callable[[Labelled, Progress], Any]] = {Neighbours: nearest_neighbours}
_NETWORKS_ALONE = {
    "trees have no gradient by weights": GRADIENT,
    "trees cannot go on with another half of the samples": SECOND_SPLIT,
}


def plain_scores() -> tuple[str, ...]:
    """Return the names of the scores that plain trainings give, one training for all of them."""
    plain = {*TRAINING, *FINAL}
    return tuple(
        score.name for score in SCORES if score.reads is Dynamics and plain.issuperset(score.needs)
    )


def comes_of_training(name: str) -> bool:
    """Tell whether a score is made of trainings, so that more of them change it."""
    return next(score.reads for score in SCORES if score.name == name) not in MODEL_FREE


def gathered(score: Score) -> bool:
    """Tell whether `gather` can get what a score reads."""
    return score.reads is Dynamics or score.reads in MODEL_FREE


def require_gathered(scores: Sequence[Score]) -> None:
    """Raise if `gather` cannot get what one of the scores reads.

    Raises
    ------
    ParameterError
        With the ways to get it.
    """
    for score in scores:
        if not gathered(score):
            raise ParameterError(
                f"The score {score.name!r} reads {score.reads.__name__}, of trainings that are "
                "watched for it. 'score' trains none.",
                hint="'steelyard study in-class --data ...' does; or watch a training with "
                "steelyard.diagnosis.ManifoldRecorder and give what its 'inversions' finds to "
                "steelyard.hardness.estimate.",
            )


def gather(
    part: Labelled,
    scores: Sequence[Score],
    *,
    runs: int,
    recipe: Recipe,
    grown_from: Sequence[int] = (),
    seed: int = 0,
    run: str | Path | None = None,
    fresh: bool = False,
    engine: str | Engine = "local",
    device: str = "cpu",
    progress: Progress = silent,
) -> list[Any]:
    """Train what the scores read.

    One training a run gives all channels of `TRAINING` and `FINAL`, and of `GRADIENT` if a score
    reads it. `LEFT_OUT` takes five more a run, of four fifths of the samples, and `SECOND_SPLIT`
    two, of half of them and for twice as many epochs.

    Parameters
    ----------
    part : Labelled
        The samples.
    scores : sequence of Score
        What is to be computed.
    runs : int
        Of each kind of training.
    recipe : Recipe
        How to train.
    grown_from : sequence of int, optional
        Numbers of runs, rising, for which the same was gathered before in the same folder: these
        trainings are found there. Without them the last stack of the first runs is trained again,
        as part of a larger one.
    seed : int
        From which all seeds derive.
    run, fresh, engine, device, progress
        As in `steelyard.weigh`.

    Returns
    -------
    list of records
        A `Dynamics` of as many runs with all channels of the groups that are needed, if any is;
        then a record of each other type that a score reads.

    Raises
    ------
    ParameterError
        If a score cannot be had of trees or reads what is not gathered here, or numbers of runs do
        not rise.
    DataError
        If the data cannot be trained on; for `LEFT_OUT`, if a class has one sample.
    ResourceError, OutputError
        As `steelyard.weigh`.
    """
    check_integer(runs, "runs", "score", 1)
    steps = [0, *grown_from, runs]
    if steps != sorted(set(steps)):
        raise ParameterError(
            "The 'grown_from' parameter of gather must rise from above 0 to below "
            f"{runs}. Got {list(grown_from)!r} instead."
        )
    require_gathered(scores)
    needed = _needed(scores)
    if LEFT_OUT in needed:
        require_no_lone_sample(part)
    _require_network(scores, recipe)
    kinds = [kind for kind in _KINDS if any(group in needed for group in kind.gives)]
    members: list[Member] = []
    breaks: list[int] = []
    for kind in kinds:
        for first, last in pairwise(steps):
            breaks.append(len(members))
            for repetition in range(first, last):
                members += kind.members(part, recipe, repetition, seed, GRADIENT in needed)
    records: list[Any] = []
    if members:
        fitted = train_members(
            part,
            (),
            members,
            breaks=breaks,
            seed=seed,
            declared={
                "score": {
                    "runs": runs,
                    "recipe": recipe.to_dict(),
                    "seed": seed,
                    "scores": [score.name for score in scores],
                }
            },
            run=run,
            fresh=fresh,
            engine=engine,
            device=device,
            progress=progress,
        )
        found = []
        for kind in kinds:
            mine = [one for one, its in zip(fitted, members, strict=True) if kind.made(its)]
            found.append(kind.dynamics(part, mine))
        records.append(reduce(Dynamics.joined, found))
    types = dict.fromkeys(score.reads for score in scores if score.reads is not Dynamics)
    return records + [MODEL_FREE[record](part, progress) for record in types]


@dataclass(frozen=True)
class _Kind:
    """Trainings that give some groups of channels.

    Parameters
    ----------
    gives : tuple of groups
        Which.
    members : callable
        Takes the samples, the recipe, the repetition, the seed and whether gradients are needed;
        returns the members of a run.
    made : callable
        Tells whether a member is one of these.
    dynamics : callable
        Takes the samples and what came of the members of all runs.
    """

    gives: tuple[Mapping[str, str], ...]
    members: Callable[[Labelled, Recipe, int, int, bool], list[Member]]
    made: Callable[[Member], bool]
    dynamics: Callable[[Labelled, Sequence[Fitted]], Dynamics]


def _recorded(fitted: Sequence[Fitted]) -> list[Dynamics]:
    return [one.dynamics for one in fitted if one.dynamics is not None]


_KINDS = (
    _Kind(
        (TRAINING, FINAL, GRADIENT),
        lambda part, recipe, repetition, seed, gradient: [
            Member(recipe, None, repetition, record=True, gradient=gradient)
        ],
        lambda member: member.record,
        lambda part, fitted: Dynamics.stack(_recorded(fitted)),
    ),
    _Kind(
        (LEFT_OUT,),
        lambda part, recipe, repetition, seed, gradient: fold_members(
            part, recipe, repetition, seed=seed
        ),
        lambda member: member.left_out,
        lambda part, fitted: left_out_dynamics(part, joined_folds(part, fitted)),
    ),
    _Kind(
        (SECOND_SPLIT,),
        lambda part, recipe, repetition, seed, gradient: half_members(
            part, recipe, repetition, seed=seed
        ),
        lambda member: member.then is not None,
        lambda part, fitted: second_split_dynamics(part, _recorded(fitted)),
    ),
)


def _needed(scores: Sequence[Score]) -> list[dict[str, str]]:
    """Return the groups of channels that the scores read."""
    channels = {
        channel
        for score in scores
        if score.reads is Dynamics
        for channel in (score.needs or TRAINING)
    }
    return [group for group in GROUPS if channels & set(group)]


def _require_network(scores: Sequence[Score], recipe: Recipe) -> None:
    for why, group in _NETWORKS_ALONE.items():
        for score in scores:
            if recipe.model == "trees" and set(group) & set(score.needs):
                raise ParameterError(
                    f"The score {score.name!r} needs a network: {why}.",
                    hint="choose the probe mlp or cnn, or leave the score out.",
                )
