"""The baseline: networks on all training samples, recorded; from them the hardness of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from steelyard.hardness import SCORES, estimate
from steelyard.records.dynamics import Dynamics
from steelyard.records.hardness import Hardness
from steelyard.records.hardness_arm import BASELINE
from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.records.labelled import Labelled
from steelyard.records.predictions import Predictions
from steelyard.training import Fitted, Member
from steelyard.workflow.conductor import Conductor
from steelyard.workflow.hardness_study.parts import Parts
from steelyard.workflow.trainings import Trainings, train_stack

_CONFIDENCE = "final_confidence"  # 1 - p_y of the trained network, without augmentation


@dataclass(frozen=True, eq=False)
class Scored:
    """What the baseline tells.

    Parameters
    ----------
    by_run : dict of str to ndarray of shape (runs, n)
        Each score by network; higher is harder.
    deciding : dict of str to Hardness
        Each score's mean over the networks that decide: what arms go by.
    confidence : ndarray of shape (n,)
        Mean p_y of the deciding networks on the samples that they trained on.
    pool_confidence : ndarray of shape (m,) or None
        The same on the pool, which they did not.
    baseline : tuple of Predictions
        Of the test part, one a model of the arm "baseline".
    """

    by_run: dict[str, np.ndarray]
    deciding: dict[str, Hardness]
    confidence: np.ndarray
    pool_confidence: np.ndarray | None
    baseline: tuple[Predictions, ...]


def score_baseline(conductor: Conductor, parts: Parts, protocol: HardnessProtocol) -> Scored:
    """Train the baseline, or read what the run holds of it, and score every training sample."""
    members = [
        Member(protocol.recipe, None, repetition, BASELINE, record=True)
        for repetition in range(protocol.n_scored)
    ]
    held_out = [parts.test] if parts.pool is None else [parts.test, _unseen(parts.pool)]
    trainings = Trainings.of(
        parts.train, held_out, members, seed=protocol.seed, device=conductor.device
    )
    contents = conductor.contents("baseline", trainings.shared, trainings.cells, train_stack)
    fitted = trainings.fitted(contents)
    return scored_of(fitted, protocol)


def scored_of(fitted: list[Fitted], protocol: HardnessProtocol) -> Scored:
    """Return what networks tell that were trained."""
    runs = [one.dynamics for one in fitted if one.dynamics is not None]
    names = list(dict.fromkeys([*protocol.estimators, *(arm.estimator for arm in protocol.arms)]))
    score = {one.name: one for one in SCORES}
    deciding = Dynamics.stack(runs[: protocol.n_deciding])
    on_pool = [one.predictions[1] for one in fitted[: protocol.n_deciding] if one.predictions[1:]]
    return Scored(
        {name: np.concatenate([score[name].compute(run) for run in runs]) for name in names},
        estimate(deciding, names),
        1.0 - estimate(deciding, [_CONFIDENCE])[_CONFIDENCE].values,
        np.mean([_own_probability(one) for one in on_pool], axis=0) if on_pool else None,
        tuple(
            replace(fitted[number].predictions[0], prior=None) for number in protocol.repetitions
        ),
    )  # fmt: skip


def _unseen(pool: Labelled) -> Labelled:
    """Return the pool as a part to predict, told apart from the test part by its name."""
    return replace(pool, split=np.full(len(pool), "validation"))


def _own_probability(predictions: Predictions) -> np.ndarray:
    rows = np.arange(len(predictions))
    return np.exp(predictions.log_probabilities[rows, predictions.truth])
