"""What comes of a training: predictions, dynamics and losses, in the caller's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from steelyard.records.dynamics import SECOND_SPLIT, Dynamics
from steelyard.records.labelled import Labelled
from steelyard.records.manifold_history import ManifoldHistory
from steelyard.records.predictions import Predictions
from steelyard.records.recipe import Recipe
from steelyard.training.class_weights import seen_prior
from steelyard.training.manifolds import Watched
from steelyard.training.members import Member
from steelyard.training.networks import hidden_layers
from steelyard.training.prepared import Prepared
from steelyard.training.recorder import Recorder

LEFT_OUT_SPLIT = "left-out"
ALL_ROWS_SPLIT = "all-rows"


@dataclass(frozen=True, eq=False)
class Fitted:
    """One trained model.

    Parameters
    ----------
    predictions : tuple of Predictions
        One for each held-out part, in its own row and class order; then, where a member was to
        predict what its plan leaves out, one of those rows in the order of the training part; then
        likewise one of every training row.
    dynamics : Dynamics or None
        What was recorded of the training part, in its row order; None where nothing was. Of a
        member that went on with other samples: of the samples of its first plan.
    losses : ndarray of shape (epochs,)
        Mean training loss of each epoch, nats, each batch before its step; empty for trees.
    history : ManifoldHistory or None
        Of one run, where the class manifolds were watched.
    """

    predictions: tuple[Predictions, ...]
    dynamics: Dynamics | None
    losses: np.ndarray
    history: ManifoldHistory | None = None


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
    unlearned: np.ndarray | None = None,
    history: ManifoldHistory | None = None,
) -> Fitted:
    """Return a result in the caller's order of rows and classes.

    Parameters
    ----------
    prepared : Prepared
        What was trained on.
    member : Member
        What was trained.
    canonical_logits : sequence of ndarray of shape (n, K)
        For each part of `predicted_parts`, rows sorted by id and classes in canonical order.
    recorder : Recorder, optional
        What watched.
    losses : sequence of float
        Mean training loss of each epoch.
    unlearned : ndarray of shape (m,), optional
        Of a member that went on with other samples: the channel, of the samples of its first plan
        in canonical order.
    history : ManifoldHistory, optional
        Of a member that was watched.
    """
    data = prepared.data
    predictions = []
    for (part, split), canonical in zip(
        predicted_parts(prepared, member), canonical_logits, strict=True
    ):
        logits = np.empty((len(part), data.n_classes))
        logits[np.ix_(np.argsort(part.ids, kind="stable"), prepared.classes)] = canonical
        predictions.append(
            Predictions(
                part.ids,
                part.labels,
                logits,
                data.class_names,
                seen_prior(data, member.plan, member.recipe),
                arm=member.arm,
                seed=member.repetition,
                split=split,
            )
        )
    dynamics = None if recorder is None else _in_callers_order(recorder.dynamics(), prepared)
    if unlearned is not None:
        part = first_samples(prepared, member)
        by_row = np.empty(len(part))
        by_row[np.argsort(part.ids, kind="stable")] = unlearned
        dynamics = unlearned_dynamics(prepared, member, by_row)
    return Fitted(tuple(predictions), dynamics, np.array(losses, dtype=np.float64), history)


def predicted_parts(prepared: Prepared, member: Member) -> list[tuple[Labelled, str]]:
    """Return what a member predicts, in the caller's order, with the names of the splits."""
    parts = [
        (part, "test" if part.split is None else str(part.split[0])) for part in prepared.held_out
    ]
    if member.left_out:
        rows = np.sort(prepared.order[prepared.left_out(member.plan)])
        parts.append((prepared.data.take(rows), LEFT_OUT_SPLIT))
    if member.all_rows:
        parts.append((prepared.data, ALL_ROWS_SPLIT))
    return parts


def first_samples(prepared: Prepared, member: Member) -> Labelled:
    """Return the samples of a member's plan, in the caller's order."""
    return prepared.data.take(np.unique(prepared.order[prepared.draws(member.plan)]))


def unlearned_dynamics(prepared: Prepared, member: Member, unlearned: np.ndarray) -> Dynamics:
    """Return the channel of a second split, of a member's first samples in the caller's order."""
    data, part = prepared.data, first_samples(prepared, member)
    (name,) = SECOND_SPLIT
    return Dynamics(
        part.ids,
        part.labels,
        data.class_names,
        {name: unlearned[np.newaxis]},
        0,
        data.fingerprint,
    )


def watched_history(
    prepared: Prepared,
    recipe: Recipe,
    watched: Watched,
    canonical_radii: np.ndarray,
    canonical_bits: np.ndarray,
) -> ManifoldHistory:
    """Return what was watched, in the caller's order of rows and classes.

    Parameters
    ----------
    prepared : Prepared
        What was trained on.
    recipe : Recipe
        By which.
    watched : Watched
        What was watched.
    canonical_radii : ndarray of shape (runs, E, K)
        Classes in canonical order.
    canonical_bits : ndarray of shape (runs, E, ceil(n / 8))
        Packed, rows sorted by id.
    """
    data = prepared.data
    radii, bits = np.empty_like(canonical_radii), np.empty_like(canonical_bits)
    radii[:, :, prepared.classes] = canonical_radii
    wrong = np.empty(len(data), dtype=bool)
    for place in np.ndindex(bits.shape[:2]):  # unpacked all at once they would fill memory
        wrong[prepared.order] = np.unpackbits(canonical_bits[place], count=len(data))
        bits[place] = np.packbits(wrong)
    return ManifoldHistory(
        data.ids,
        data.labels,
        data.class_names,
        np.arange(watched.first_epoch, recipe.epochs),
        radii,
        bits,
        watched.formula,
        hidden_layers(recipe)[watched.layer],
        data.fingerprint,
    )


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
