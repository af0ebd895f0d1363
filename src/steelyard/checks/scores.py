"""The contract of a score: what every score must hold to, whatever it measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

import numpy as np

from steelyard.checks.contract import require, run_clauses
from steelyard.checks.hand_made import dynamics_from_logits
from steelyard.records.dynamics import Dynamics

RUNS, EPOCHS, N, CLASSES = 3, 6, 12, 3
NAMES = ("cat", "dog", "-1")


class AnyScore(Protocol):
    """What a score must offer; `steelyard.hardness.Score` does."""

    name: str
    title: str
    unit: str
    formula: str
    reference: str
    compute: Callable[[Dynamics], np.ndarray]


def check_score(score: AnyScore) -> None:
    """Hold a score to its contract; return nothing if it keeps every clause of `CLAUSES`.

    Parameters
    ----------
    score : Score
        What a file of `steelyard.hardness` declares, or yours.

    Raises
    ------
    ContractError
        Naming the broken clause and what was found.
    """
    run_clauses(f"The score {getattr(score, 'name', '?')!r}", score, CLAUSES)


def declared(score: AnyScore) -> None:
    """Say what the score is: name, title, unit, formula and reference, in words."""
    for part in ("name", "title", "unit", "formula", "reference"):
        text = getattr(score, part, None)
        require(isinstance(text, str) and text.strip(), f"Its {part} is {text!r}.")
    require(
        score.name.isidentifier() and not score.name.endswith("_spread"),
        f"Its name {score.name!r} cannot be a column of scores.parquet; use letters and _.",
    )
    require(score.name not in ("id", "label"), f"The column {score.name!r} is taken.")


def one_finite_value(score: AnyScore) -> None:
    """Give one finite number for each run and sample."""
    _values(score, case())


def higher_is_harder(score: AnyScore) -> None:
    """Rank a sample that is wrong in every epoch above one that is right in every epoch."""
    values = _values(score, right_or_wrong())
    require(
        (values[:, 1] > values[:, 0]).all(), f"Right gets {values[:, 0]}, wrong {values[:, 1]}."
    )


def follows_rows(score: AnyScore) -> None:
    """Permute the values when the samples are permuted, and change none."""
    order = np.random.default_rng(1).permutation(N)
    _require_same(_values(score, rows(case(), order)), _values(score, case())[:, order])


def blind_to_names(score: AnyScore) -> None:
    """Change no value for other class names or other ids."""
    renamed = replace(case(), class_names=("2", "1", "<b>\n"), ids=np.arange(N).astype(str))
    _require_same(_values(score, renamed), _values(score, case()))


def blind_to_codes(score: AnyScore) -> None:
    """Change no value when the classes are numbered in another order."""
    recoded = replace(
        case(), labels=(case().labels + 1) % CLASSES, class_names=(NAMES[2], *NAMES[:2])
    )
    _require_same(_values(score, recoded), _values(score, case()))


def runs_alone(score: AnyScore) -> None:
    """Score each run by itself: alone it gets the values it gets among others."""
    together = _values(score, case())
    for run in range(RUNS):
        _require_same(_values(score, run_alone(case(), run)), together[[run]])


def samples_alone(score: AnyScore) -> None:
    """Score each sample by itself: a data set of one sample, its class alone, will do."""
    together = _values(score, case())
    for row in range(N):
        _require_same(_values(score, rows(case(), np.array([row]))), together[:, [row]])


def survives_ties(score: AnyScore) -> None:
    """Give samples that did the same the same value, even where all logits are equal."""
    values = _values(score, constant())
    require((values == values[:, :1]).all(), f"Equal samples got {values[0]}.")


def survives_one_epoch(score: AnyScore) -> None:
    """Need no more than one recorded epoch."""
    _values(score, case(epochs=1))


def leaves_inputs(score: AnyScore) -> None:
    """Leave the dynamics as they were."""
    dynamics = case()
    before = {name: channel.copy() for name, channel in dynamics.channels.items()}
    _values(score, dynamics)
    for name, channel in before.items():
        require(np.array_equal(dynamics.channels[name], channel), f"It changed channel {name!r}.")
    require(np.array_equal(dynamics.labels, case().labels), "It changed the labels.")


def repeats(score: AnyScore) -> None:
    """Give the same bits when scoring twice."""
    dynamics = case()
    first = _values(score, dynamics).copy()
    _require_same(_values(score, dynamics), first)


CLAUSES = (
    declared,
    one_finite_value,
    higher_is_harder,
    follows_rows,
    blind_to_names,
    blind_to_codes,
    runs_alone,
    samples_alone,
    survives_ties,
    survives_one_epoch,
    leaves_inputs,
    repeats,
)


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


def run_alone(dynamics: Dynamics, run: int) -> Dynamics:
    """Return the dynamics of one run."""
    channels = {name: channel[[run]] for name, channel in dynamics.channels.items()}
    return replace(dynamics, channels=MappingProxyType(channels))


def _values(score: AnyScore, dynamics: Dynamics) -> np.ndarray:
    values = np.asarray(score.compute(dynamics))
    shape = dynamics.channels["margin"].shape
    require(values.shape == shape, f"It gave shape {values.shape} instead of {shape}.")
    require(
        values.dtype.kind == "f" and np.isfinite(values).all(),
        f"It gave {values.dtype} values, {int((~np.isfinite(values)).sum())} of them not finite.",
    )
    return values


def _require_same(values: np.ndarray, expected: np.ndarray) -> None:
    differs = values != expected
    if differs.any():
        run, row = np.argwhere(differs)[0]
        require(
            False,
            f"{int(differs.sum())} values differ, the first in run {run}, row {row}: "
            f"{values[run, row]!r} instead of {expected[run, row]!r}.",
        )
