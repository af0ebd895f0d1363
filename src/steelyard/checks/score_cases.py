"""Hand-made records of few samples on which the contract of a score is tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from steelyard.checks.hand_made import (
    dynamics_from_logits,
    inversions_of_errors,
    neighbours_of_points,
)
from steelyard.records.dynamics import Dynamics
from steelyard.records.inversions import Inversions
from steelyard.records.neighbours import Neighbours

RUNS, EPOCHS, N, CLASSES = 3, 6, 12, 3
NAMES = ("cat", "dog", "-1")

Record = Dynamics | Neighbours | Inversions


def case(epochs: int = EPOCHS) -> Dynamics:
    """Return dynamics of random logits in which the classes differ in size, one of one sample."""
    logits = np.random.default_rng(0).normal(scale=2, size=(RUNS, epochs, N, CLASSES))
    labels = np.array([0] * 8 + [1] * 3 + [2])
    ids = np.random.default_rng(2).permutation(100)[:N]
    return dynamics_from_logits(logits, labels, ids, NAMES)


def right_or_wrong() -> Dynamics:
    """Return dynamics of a sample right in every epoch (first) and one always wrong (second)."""
    logits = np.zeros((RUNS, EPOCHS, 2, CLASSES))
    logits[:, :, :, 0] = 3.0
    return dynamics_from_logits(logits, np.array([0, 1]), np.array([7, 3]), NAMES)


def sure_or_not() -> Dynamics:
    """Return dynamics of a sample surely given to its label, one surely not, and one undecided."""
    logits = np.zeros((RUNS, EPOCHS, 3, CLASSES))
    logits[:, :, :2, 0] = 3.0
    return dynamics_from_logits(logits, np.array([0, 1, 0]), np.array([7, 3, 5]), NAMES)


def steady_or_not() -> Dynamics:
    """Return dynamics of a sample always right, one never, and one right in every second epoch."""
    logits = np.zeros((RUNS, EPOCHS, 3, CLASSES))
    logits[:, :, :2, 0] = 3.0
    logits[:, ::2, 2, 0], logits[:, 1::2, 2, 1] = 3.0, 3.0
    return dynamics_from_logits(logits, np.array([0, 1, 0]), np.array([7, 3, 5]), NAMES)


def constant() -> Dynamics:
    """Return dynamics of three samples of one class whose logits never leave zero."""
    logits = np.zeros((RUNS, EPOCHS, 3, CLASSES))
    return dynamics_from_logits(logits, np.zeros(3, np.int64), np.array([2, 0, 1]), NAMES)


def neighbour_case(n: int = N) -> Neighbours:
    """Return the 5 nearest of random points with the labels of `case`; fewer, if there are few."""
    points = np.random.default_rng(4).normal(size=(N, 2))[:n]
    source = case()
    return neighbours_of_points(points, source.labels[:n], source.ids[:n], NAMES, 5)


def among_own_or_others() -> Neighbours:
    """Return the neighbours of two groups of points; the last one's label is the other group's."""
    pairs = np.array([0, 0.1, 1, 1.1, 2, 2.1])
    points = np.array([*pairs, *(pairs + 80), 1.5])[:, None]
    labels = np.array([0] * 6 + [1] * 7)
    return neighbours_of_points(points, labels, np.arange(13)[::-1], NAMES, 5)


def copies() -> Neighbours:
    """Return the neighbours of seven copies of one point, all of one class."""
    return neighbours_of_points(
        np.zeros((7, 2)), np.zeros(7, np.int64), np.arange(7)[::-1], NAMES, 5
    )


def inversion_case() -> Inversions:
    """Return inversions of random errors, at another epoch for each class and run."""
    draw = np.random.default_rng(5)
    wrong = draw.random((RUNS, EPOCHS, N)) < 0.5
    source = case()
    turns = draw.permuted(np.tile(np.arange(EPOCHS), (RUNS, 1)), axis=1)[:, :CLASSES]
    return inversions_of_errors(wrong, turns, source.labels, source.ids, NAMES)


def right_or_wrong_since() -> Inversions:
    """Return inversions of two samples wrong in every epoch before them alone, one ever since."""
    wrong = np.ones((RUNS, EPOCHS, 3), dtype=bool)
    wrong[:, 3:, 0], wrong[:, 2:, 1] = False, False
    turns = np.tile([3, 2, -1], (RUNS, 1))
    return inversions_of_errors(wrong, turns, np.array([0, 1, 0]), np.array([7, 3, 5]), NAMES)


def all_right() -> Inversions:
    """Return inversions of three samples of one class that were always right."""
    never = np.zeros((RUNS, EPOCHS, 3), dtype=bool)
    turns = np.tile([2, -1, -1], (RUNS, 1))
    return inversions_of_errors(never, turns, np.zeros(3, np.int64), np.array([2, 0, 1]), NAMES)


@dataclass(frozen=True)
class Bench:
    """The records that scores of one record type are tried on.

    Parameters
    ----------
    case : record
        Different samples in classes of different size, one of one sample.
    hardest : mapping of str to record
        For each thing that a score may rise with, a record whose last sample must be harder than
        all the others.
    constant : record
        Samples that are all alike.
    little : tuple of records
        With the least evidence that there can be.
    """

    case: Record
    hardest: Mapping[str, Record]
    constant: Record
    little: tuple[Record, ...]


def benches() -> dict[type, Bench]:
    """Return the bench of every record type that a score may read."""
    contradicted = {"contradiction": right_or_wrong()}
    other = {"doubt": sure_or_not(), "change": steady_or_not()}
    return {
        Dynamics: Bench(case(), contradicted | other, constant(), (case(epochs=1),)),
        Neighbours: Bench(
            neighbour_case(),
            {"contradiction": among_own_or_others()},
            copies(),
            (neighbour_case(1), neighbour_case(2), neighbour_case(4)),
        ),
        Inversions: Bench(
            inversion_case(),
            {"contradiction": right_or_wrong_since()},
            all_right(),
            (rows(take_runs(inversion_case(), [1]), np.array([3])),),
        ),
    }


def permuted(record: Record, order: np.ndarray) -> Record:
    """Return the record of the same samples in another order."""
    if not isinstance(record, Neighbours):
        return rows(record, order)
    place = np.argsort(order)  # the new row of each old one
    return replace(
        record,
        ids=record.ids[order],
        labels=record.labels[order],
        positions=place[record.positions[order]],
        distances=record.distances[order],
    )


def recoded(record: Record) -> Record:
    """Return the record with each class numbered as the one before it was, the first as the last.

    That is, of three classes 0, 1 and 2 are now 1, 2 and 0.
    """
    names = (record.class_names[-1], *record.class_names[:-1])
    other = replace(record, labels=(record.labels + 1) % len(names), class_names=names)
    if not isinstance(other, Inversions):
        return other
    turned = {name: np.roll(getattr(other, name), 1, axis=1) for name in ("epochs", "censored")}
    return replace(other, **turned)


def contents(record: Record) -> dict[str, np.ndarray]:
    """Return every array that a record holds."""
    shared = {"ids": record.ids, "labels": record.labels}
    if isinstance(record, Dynamics):
        return {**shared, **record.channels}
    own = (
        ("positions", "distances")
        if isinstance(record, Neighbours)
        else ("epochs", "censored", "wrong", "wrong_since")
    )
    return shared | {name: getattr(record, name) for name in own}


def rows(record: Any, positions: np.ndarray) -> Any:
    """Return the dynamics or inversions of the samples at the positions, in that order."""
    mine = {"ids": record.ids[positions], "labels": record.labels[positions]}
    if isinstance(record, Dynamics):
        channels = {name: channel[:, positions] for name, channel in record.channels.items()}
        return replace(record, **mine, channels=MappingProxyType(channels))
    wrong, since = record.wrong[:, positions], record.wrong_since[:, positions]
    return replace(record, **mine, wrong=wrong, wrong_since=since)


def with_others_spoilt(dynamics: Dynamics, needs: Sequence[str]) -> Dynamics:
    """Return the dynamics with other values in every channel but those needed."""
    draw = np.random.default_rng(6)
    channels = {
        name: channel if name in needs else draw.normal(size=channel.shape)
        for name, channel in dynamics.channels.items()
    }
    return replace(dynamics, channels=MappingProxyType(channels))


def take_runs(record: Any, runs: Sequence[int]) -> Any:
    """Return the dynamics or inversions of some of the runs, in that order."""
    if isinstance(record, Dynamics):
        channels = {name: channel[list(runs)] for name, channel in record.channels.items()}
        return replace(record, channels=MappingProxyType(channels))
    of_runs = ("epochs", "censored", "wrong", "wrong_since")
    return replace(record, **{name: getattr(record, name)[list(runs)] for name in of_runs})
