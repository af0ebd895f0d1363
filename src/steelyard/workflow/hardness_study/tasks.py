"""The networks of an arm as one cell: planned and trained where the cell is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from steelyard._support.fingerprints import fingerprint
from steelyard.records.hardness_arm import HardnessArm
from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.records.predictions import Predictions
from steelyard.records.recipe import Recipe
from steelyard.training import CODE, Fitted, Member, bytes_a_network, fit_ensemble, prepare
from steelyard.workflow.cells import Cell, Content, Needs, Report
from steelyard.workflow.hardness_study.parts import Parts
from steelyard.workflow.hardness_study.plans import draws_of, together
from steelyard.workflow.hardness_study.scored import Scored
from steelyard.workflow.trainings import going_on

# Raise it when the same task comes out with other numbers: cells stored before are computed again.
_CODE = 1


@dataclass(frozen=True, eq=False)
class Shared:
    """What the cells of all arms share.

    Parameters
    ----------
    parts : Parts
        What trains, stands by and judges.
    scored : Scored
        What arms go by.
    """

    parts: Parts
    scored: Scored


@dataclass(frozen=True)
class ArmTask:
    """The networks of one arm.

    Parameters
    ----------
    arm : HardnessArm
        What is done to the training part.
    repetitions : tuple of int
        One a network; those of the baseline.
    recipe : Recipe
        How they train.
    noise_share : float
        Share of the samples that an arm without noise leaves out.
    seed : int
        From which draws, weights and orders derive.
    device : str
        Where.
    """

    arm: HardnessArm
    repetitions: tuple[int, ...]
    recipe: Recipe
    noise_share: float
    seed: int
    device: str


def arm_cells(
    arms: Sequence[HardnessArm], shared: Shared, protocol: HardnessProtocol, device: str
) -> list[Cell]:
    """Return the cell of each arm."""
    prepared = prepare(shared.parts.train, model=protocol.recipe.model)
    memory = protocol.n_models * bytes_a_network(prepared, [Member(protocol.recipe)])
    needs = Needs(gpus=1) if device.startswith("cuda") else Needs(memory=memory)
    return [_cell(arm, shared, protocol, device, needs) for arm in arms]


def _cell(
    arm: HardnessArm, shared: Shared, protocol: HardnessProtocol, device: str, needs: Needs
) -> Cell:
    task = ArmTask(
        arm,
        tuple(protocol.repetitions),
        protocol.recipe,
        protocol.noise_share,
        protocol.seed,
        device,
    )
    parts, scored = shared.parts, shared.scored
    by_id = np.argsort(parts.train.ids, kind="stable")  # rows in another order: the same cell
    by_pool_id = slice(None) if parts.pool is None else np.argsort(parts.pool.ids, kind="stable")
    # its name, its base and its family do not move a number
    done = {name: value for name, value in asdict(arm).items() if name not in _WORDS}
    address = fingerprint(
        "HardnessArm", _CODE, CODE, f"torch {metadata.version('torch')}",
        parts.train.fingerprint, parts.test.fingerprint,
        None if parts.pool is None or not arm.needs_pool else
        [parts.pool.fingerprint, np.asarray(scored.pool_confidence)[by_pool_id],
         scored.confidence[by_id]],
        scored.deciding[arm.estimator].values[by_id], done, list(task.repetitions),
        task.recipe.fingerprint,
        task.noise_share if arm.without_noise else None, task.seed,
        _SMOTE if arm.over == "smote" else None,
    )  # fmt: skip
    return Cell(address, arm.name, task, protocol.recipe.epochs * len(task.repetitions), needs)


_WORDS = ("name", "base", "family", "logits_alone")
_SMOTE = [metadata.version(name) for name in ("imbalanced-learn", "scikit-learn")]


def train_arm(shared: Shared, task: ArmTask, report: Report, checkpoint: Path | None) -> Content:
    """Plan and train the networks of an arm, with one thread, so that their bits are the same."""
    parts, arm = shared.parts, task.arm
    draws = [
        draws_of(arm, parts, shared.scored, task.noise_share, task.seed, repetition)
        for repetition in task.repetitions
    ]
    whole, plans = together(parts.train, draws, parts.test.ids)
    # every arm's inputs are standardised as the baseline's, whatever rows it adds
    prepared = prepare(whole, [parts.test], model=task.recipe.model, reference=parts.train)

    def fit() -> Sequence[Fitted]:
        return fit_ensemble(
            prepared,
            [
                Member(task.recipe, plan, number, arm.name)
                for number, plan in zip(task.repetitions, plans, strict=True)
            ],
            seed=task.seed,
            device=task.device,
            threads=1,
            checkpoint=checkpoint,
            progress=lambda done, total, what: report(done),
        )

    fitted = going_on(fit, checkpoint)
    by_id = np.argsort(parts.test.ids, kind="stable")
    logits = np.stack([one.predictions[0].logits[by_id] for one in fitted]).astype(np.float32)
    drawn = np.stack([one.of_classes(parts.train) for one in draws])
    kept = np.stack([
        np.bincount(parts.train.labels[one.counts > 0], minlength=parts.train.n_classes)
        for one in draws
    ])  # fmt: skip
    return Content(
        {"logits": logits, "drawn": drawn, "kept": kept}, {"data": parts.train.fingerprint}
    )


@dataclass(frozen=True, eq=False)
class Trained:
    """What came of an arm.

    Parameters
    ----------
    predictions : tuple of Predictions
        Of the test part, one a network.
    drawn, kept : ndarray of shape (M, K)
        Draws of each class an epoch, and how many different training samples are among them.
    """

    predictions: tuple[Predictions, ...]
    drawn: np.ndarray
    kept: np.ndarray


def trained_of(arm: HardnessArm, shared: Shared, content: Content) -> Trained:
    """Return what a cell holds, in the order of the test part's rows."""
    arrays: Mapping[str, np.ndarray] = content.arrays
    test = shared.parts.test
    by_id = np.argsort(test.ids, kind="stable")
    predictions = []
    for number, stored in enumerate(arrays["logits"]):
        logits = np.empty(stored.shape, dtype=np.float64)
        logits[by_id] = stored
        like = shared.scored.baseline[number]
        predictions.append(replace(like, logits=logits, arm=arm.name))
    return Trained(tuple(predictions), arrays["drawn"], arrays["kept"])


def moved_logits(arm: HardnessArm, shared: Shared, drawn: np.ndarray) -> Trained:
    """Return the control: the baseline's logits, moved by how an arm changes the class shares.

    Parameters
    ----------
    drawn : ndarray of shape (K,)
        Draws of each class that its plan asks for.
    """
    counts = shared.parts.train.class_counts
    with np.errstate(divide="ignore", invalid="ignore"):
        move = np.log(drawn / drawn.sum()) - np.log(counts / counts.sum())
    move = np.where(counts > 0, move, 0.0)
    predictions: list[Any] = [
        replace(one, logits=one.logits + move, arm=arm.name) for one in shared.scored.baseline
    ]
    rows = np.tile(drawn, (len(predictions), 1))
    return Trained(tuple(predictions), rows, np.tile(counts, (len(predictions), 1)))
