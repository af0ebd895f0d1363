"""The trainings of a study: every arm in every repetition."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from steelyard._support.progress import Progress, silent
from steelyard._support.seeding import derive_seed
from steelyard.records.dynamics import Dynamics
from steelyard.records.labelled import Labelled
from steelyard.records.predictions import Predictions
from steelyard.records.study import Study
from steelyard.resampling import by_count
from steelyard.training import Fitted, Member
from steelyard.workflow.engines import Engine
from steelyard.workflow.trainings import train_members


def train_study(
    study: Study,
    train_part: Labelled,
    held_out: Sequence[Labelled],
    *,
    also: Sequence[Member] = (),
    run: str | Path | None = None,
    fresh: bool = False,
    engine: str | Engine = "local",
    device: str = "cpu",
    progress: Progress = silent,
) -> tuple[tuple[Predictions, ...], Dynamics, tuple[Fitted, ...]]:
    """Train every arm and repetition; what the run holds already is not trained again.

    Parameters
    ----------
    study : Study
        The arms and repetitions.
    train_part : Labelled
        What they train on.
    held_out : sequence of Labelled
        What they predict.
    also : sequence of Member
        Trainings beside the arms, with the same parts and seed.
    run, fresh, engine, device, progress
        As in `steelyard.weigh`.

    Returns
    -------
    predictions : tuple of Predictions
        Arm by arm, in the order of repetitions, one for each held-out part.
    dynamics : Dynamics
        Recorded while the first arm trained, so that hardness costs no training of its own.
    others : tuple of Fitted
        What came of ``also``.

    Raises
    ------
    DataError
        If a class has no training sample, or training diverges.
    OutputError, ResourceError
        As `steelyard.weigh`.
    """
    natural = study.arms[0]
    # arms by another recipe come after the others and make stacks of their own: with or without
    # them, the others are the same trainings, bit for bit
    cells = sorted(study.cells(), key=lambda cell: cell[0].recipe != natural.recipe)
    members = [
        Member(
            arm.recipe,
            by_count(train_part, arm.degree, seed=plan_seed(study, repetition)),
            repetition,
            arm.name,
            record=arm == natural,
        )
        for arm, repetition in cells
    ]
    fitted = train_members(
        train_part,
        held_out,
        [*members, *also],
        breaks=[sum(arm.recipe == natural.recipe for arm, _ in cells), len(members)],
        seed=study.seed,
        declared={"study": study.to_dict()},
        run=run,
        fresh=fresh,
        engine=engine,
        device=device,
        progress=progress,
    )
    predictions = {
        arm.name: [
            one
            for member, result in zip(members, fitted[: len(members)], strict=True)
            if member.arm == arm.name
            for one in result.predictions
        ]
        for arm in study.arms
    }
    recorded = [result.dynamics for result in fitted if result.dynamics is not None]
    return (
        tuple(one for arm in predictions.values() for one in arm),
        Dynamics.stack(recorded),
        tuple(fitted[len(members) :]),
    )


def plan_seed(study: Study, repetition: int) -> int:
    """Return the seed of a repetition's plans.

    Each repetition leaves out and repeats other samples, so that the intervals see that too.
    """
    return derive_seed(study.seed, purpose="plan", repetition=repetition)
