"""What comes of a training: predictions, dynamics and losses, in the caller's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from steelyard.records.dynamics import Dynamics
from steelyard.records.predictions import Predictions
from steelyard.training.members import Member
from steelyard.training.prepared import Prepared
from steelyard.training.recorder import Recorder


@dataclass(frozen=True, eq=False)
class Fitted:
    """One trained model.

    Parameters
    ----------
    predictions : tuple of Predictions
        One for each held-out part, in its own row and class order.
    dynamics : Dynamics or None
        What was recorded of the training part, in its row order; None where nothing was.
    losses : ndarray of shape (epochs,)
        Mean training loss of each epoch, nats, each batch before its step; empty for trees.
    """

    predictions: tuple[Predictions, ...]
    dynamics: Dynamics | None
    losses: np.ndarray


def canonical_recorder(prepared: Prepared, member: Member) -> Recorder | None:
    """Return what records a member, if it is to be recorded.

    It sees rows and classes in the order of training, not of names, so that its sums have the same
    bits however rows stand or classes are called.
    """
    if not member.record:
        return None
    data = prepared.data
    return Recorder(
        data.ids[prepared.order],
        prepared.y,
        tuple(data.class_names[code] for code in prepared.classes),
        run=member.repetition,
        data_fingerprint=data.fingerprint,
        early_epoch=member.early_epoch,
    )


def as_fitted(
    prepared: Prepared,
    member: Member,
    canonical_logits: Sequence[np.ndarray],
    recorder: Recorder | None,
    losses: Sequence[float] = (),
) -> Fitted:
    """Return a result in the caller's order of rows and classes.

    Parameters
    ----------
    prepared : Prepared
        What was trained on.
    member : Member
        What was trained.
    canonical_logits : sequence of ndarray of shape (n, K)
        For each held-out part, rows sorted by id and classes in canonical order.
    recorder : Recorder, optional
        What watched.
    losses : sequence of float
        Mean training loss of each epoch.
    """
    data = prepared.data
    predictions = []
    for part, canonical in zip(prepared.held_out, canonical_logits, strict=True):
        logits = np.empty((len(part), data.n_classes))
        logits[np.ix_(np.argsort(part.ids, kind="stable"), prepared.classes)] = canonical
        predictions.append(
            Predictions(
                part.ids,
                part.labels,
                logits,
                data.class_names,
                data.prior if member.plan is None else member.plan.prior,
                arm=member.arm,
                seed=member.repetition,
                split="test" if part.split is None else str(part.split[0]),
            )
        )
    dynamics = None if recorder is None else _in_callers_order(recorder.dynamics(), prepared)
    return Fitted(tuple(predictions), dynamics, np.array(losses, dtype=np.float64))


def _in_callers_order(dynamics: Dynamics, prepared: Prepared) -> Dynamics:
    data, position = prepared.data, np.argsort(prepared.order, kind="stable")
    channels = {name: channel[:, position] for name, channel in dynamics.channels.items()}
    return replace(
        dynamics,
        ids=data.ids,
        labels=data.labels,
        class_names=data.class_names,
        channels=MappingProxyType(channels),
    )
