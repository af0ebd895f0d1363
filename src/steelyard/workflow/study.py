"""The trainings of a study: every arm in every repetition.

Arms that resample by hardness need to know which classes are hard. That shows while the first arm
trains, so that they are trained after the others, in a second round of cells of the same run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.progress import Progress, silent
from steelyard._support.seeding import derive_seed
from steelyard.hardness import estimate
from steelyard.records.dynamics import Dynamics
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.records.predictions import Predictions
from steelyard.records.study import Arm, Study
from steelyard.resampling import by_count, by_hardness
from steelyard.training import Fitted, Member
from steelyard.workflow.engines import Engine, choose_engine
from steelyard.workflow.trainings import train_members

RESAMPLED_BY = "aum"  # the score that says which classes are hard


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
    # them, the others are the same trainings, bit for bit; and so do arms of the second round
    cells = sorted(study.cells(), key=lambda cell: cell[0].recipe != natural.recipe)
    first = [cell for cell in cells if cell[0] not in study.by_hardness]
    second = [cell for cell in cells if cell[0] in study.by_hardness]
    members = [
        _member(study, arm, repetition, plan_of(arm, study, repetition, train_part))
        for arm, repetition in first
    ]
    how: dict[str, Any] = {
        "seed": study.seed,
        "declared": {
            "study": study.to_dict(),
            "n_trainings": len(cells) + len(also),
        },
        "run": run,
        "device": device,
        "progress": progress,
    }
    # an engine that was given stays as it is: its workers may serve the next call too
    ours = choose_engine(engine) if isinstance(engine, str) else contextlib.nullcontext(engine)
    with ours as workers:
        fitted = train_members(
            train_part,
            held_out,
            [*members, *also],
            breaks=[sum(arm.recipe == natural.recipe for arm, _ in first), len(members)],
            fresh=fresh,
            engine=workers,
            **how,
        )
        dynamics = Dynamics.stack([one.dynamics for one in fitted if one.dynamics is not None])
        found, others = fitted[: len(members)], fitted[len(members) :]
        if second:
            hardness = estimate(dynamics, [RESAMPLED_BY])[RESAMPLED_BY]
            later = [
                _member(
                    study, arm, repetition, plan_of(arm, study, repetition, train_part, hardness)
                )
                for arm, repetition in second
            ]
            found += train_members(train_part, held_out, later, beside=True, engine=workers, **how)
            members += later
    predictions = (
        one
        for arm in study.arms
        for member, result in zip(members, found, strict=True)
        if member.arm == arm.name
        for one in result.predictions
    )
    return tuple(predictions), dynamics, tuple(others)


def plan_of(
    arm: Arm,
    study: Study,
    repetition: int,
    train_part: Labelled,
    hardness: Hardness | None = None,
) -> Plan:
    """Return what an arm trains on in a repetition.

    A degree by hardness that would take a class below one sample is cut there.

    Parameters
    ----------
    arm : Arm
        One of the study's.
    study : Study
        From whose seed the draws derive.
    repetition : int
        Its number.
    train_part : Labelled
        What is resampled.
    hardness : Hardness, optional
        Of these samples; an arm by hardness needs it.

    Raises
    ------
    ParameterError
        If an arm by hardness has none.
    """
    seed = plan_seed(study, repetition)
    if arm.by == "count":
        return by_count(train_part, arm.degree, seed=seed)
    if hardness is None:
        raise ParameterError(f"The arm {arm.name!r} resamples by hardness, and none is given.")
    return by_hardness(train_part, hardness, arm.degree, clip=True, seed=seed)


def plan_seed(study: Study, repetition: int) -> int:
    """Return the seed of a repetition's plans.

    Each repetition leaves out and repeats other samples, so that the intervals see that too.
    """
    return derive_seed(study.seed, purpose="plan", repetition=repetition)


def _member(study: Study, arm: Arm, repetition: int, plan: Plan) -> Member:
    return Member(arm.recipe, plan, repetition, arm.name, record=arm == study.arms[0])
