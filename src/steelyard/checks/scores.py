"""The contract of a score: what every score must hold to, whatever it measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from steelyard.checks.contract import require, run_clauses
from steelyard.checks.score_cases import (
    CLASSES,
    NAMES,
    RUNS,
    N,
    case,
    constant,
    right_or_wrong,
    rows,
    run_alone,
    steady_or_not,
    sure_or_not,
    with_others_spoilt,
)
from steelyard.records.dynamics import CHANNELS, Dynamics

# What a score may rise with, and the record whose last sample must be hardest by such a score.
_HARDEST = {"contradiction": right_or_wrong, "doubt": sure_or_not, "change": steady_or_not}
_ROUNDING = 1e-9  # by which a value may pass its bound


class AnyScore(Protocol):
    """What a score must offer; `steelyard.hardness.Score` does.

    ``bounds`` and ``rises_with`` may be left out: without bounds, and with contradiction.
    """

    name: str
    title: str
    unit: str
    formula: str
    reference: str
    compute: Callable[[Dynamics], np.ndarray]
    needs: tuple[str, ...]


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
    unknown = set(score.needs) - set(CHANNELS)
    require(score.needs and not unknown, f"It needs {score.needs}, which are no channels.")
    require(_rises_with(score) in _HARDEST, f"It rises with {_rises_with(score)!r}.")


def one_finite_value(score: AnyScore) -> None:
    """Give one finite number for each run and sample."""
    _values(score, case())


def higher_is_harder(score: AnyScore) -> None:
    """Rank above the others the sample that is hard by what the score says it rises with.

    With contradiction: wrong in every epoch, above right in every epoch. With doubt: undecided,
    above surely right and surely wrong. With change: right and wrong in turn, above always right
    and always wrong.
    """
    values = _values(score, _HARDEST[_rises_with(score)]())
    require(
        (values[:, -1:] > values[:, :-1]).all(),
        f"Easy gets {values[0, :-1]}, hard {values[0, -1]}.",
    )


def keeps_bounds(score: AnyScore) -> None:
    """Give no value below the least or above the largest that it says there can be."""
    low, high = getattr(score, "bounds", (-np.inf, np.inf))
    for dynamics in (case(), right_or_wrong(), sure_or_not(), steady_or_not(), constant()):
        values = _values(score, dynamics)
        require(
            (values >= low - _ROUNDING).all() and (values <= high + _ROUNDING).all(),
            f"It gave {values.min()} to {values.max()}, not within {low} to {high}.",
        )


def reads_what_it_needs(score: AnyScore) -> None:
    """Read no channel but those that it says it needs: the others may hold anything."""
    spoilt = with_others_spoilt(case(), score.needs)
    _require_same(_values(score, spoilt), _values(score, case()))


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
    keeps_bounds,
    reads_what_it_needs,
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


def _values(score: AnyScore, dynamics: Dynamics) -> np.ndarray:
    values = np.asarray(score.compute(dynamics))
    shape = (dynamics.n_runs, len(dynamics.ids))
    require(values.shape == shape, f"It gave shape {values.shape} instead of {shape}.")
    require(
        values.dtype.kind == "f" and np.isfinite(values).all(),
        f"It gave {values.dtype} values, {int((~np.isfinite(values)).sum())} of them not finite.",
    )
    return values


def _rises_with(score: AnyScore) -> str:
    return getattr(score, "rises_with", "contradiction")


def _require_same(values: np.ndarray, expected: np.ndarray) -> None:
    differs = values != expected
    if differs.any():
        run, row = np.argwhere(differs)[0]
        require(
            False,
            f"{int(differs.sum())} values differ, the first in run {run}, row {row}: "
            f"{values[run, row]!r} instead of {expected[run, row]!r}.",
        )
