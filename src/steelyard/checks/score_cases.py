"""Hand-made records of few samples on which the contract of a score is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from steelyard.checks.hand_made import dynamics_from_logits
from steelyard.records.dynamics import Dynamics

RUNS, EPOCHS, N, CLASSES = 3, 6, 12, 3
NAMES = ("cat", "dog", "-1")


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


def rows(dynamics: Dynamics, positions: np.ndarray) -> Dynamics:
    """Return the dynamics of the samples at the positions, in that order."""
    channels = {name: channel[:, positions] for name, channel in dynamics.channels.items()}
    return replace(
        dynamics,
        ids=dynamics.ids[positions],
        labels=dynamics.labels[positions],
        channels=MappingProxyType(channels),
    )


def with_others_spoilt(dynamics: Dynamics, needs: Sequence[str]) -> Dynamics:
    """Return the dynamics with other values in every channel but those needed."""
    draw = np.random.default_rng(6)
    channels = {
        name: channel if name in needs else draw.normal(size=channel.shape)
        for name, channel in dynamics.channels.items()
    }
    return replace(dynamics, channels=MappingProxyType(channels))


def run_alone(dynamics: Dynamics, run: int) -> Dynamics:
    """Return the dynamics of one run."""
    channels = {name: channel[[run]] for name, channel in dynamics.channels.items()}
    return replace(dynamics, channels=MappingProxyType(channels))
