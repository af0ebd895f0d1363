"""The contract of a score: what every score must hold to, whatever it measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from steelyard.checks.contract import require, run_clauses
from steelyard.checks.score_cases import (
    Bench,
    N,
    Record,
    benches,
    contents,
    permuted,
    recoded,
    rows,
    take_runs,
    with_others_spoilt,
)
from steelyard.checks.score_cases import (
    case as dynamics_case,
)
from steelyard.records.dynamics import (
    AFTER_EACH_EPOCH,
    CHANNELS,
    TAKEN,
    WITHOUT_MODEL,
    Dynamics,
)
from steelyard.records.inversions import Inversions
from steelyard.records.neighbours import Neighbours

_ROUNDING = 1e-9  # by which a value may pass its bound
_TAKEN_FOR = {Neighbours: WITHOUT_MODEL, Inversions: AFTER_EACH_EPOCH}


class AnyScore(Protocol):
    """What a score must offer; `steelyard.hardness.Score` does.

    ``reads``, ``bounds`` and ``rises_with`` may be left out: `Dynamics`, without bounds, and with
    contradiction. Only a score of dynamics needs channels.
    """

    name: str
    title: str
    unit: str
    formula: str
    reference: str
    compute: Callable[[Any], np.ndarray]
    taken: str
    needs: tuple[str, ...]


def check_score(score: AnyScore) -> None:
    """Hold a score to its contract; return nothing if it keeps every clause for its record type.

    Parameters
    ----------
    score : Score
        What a file of `steelyard.hardness` declares, or yours.

    Raises
    ------
    ContractError
        Naming the broken clause and what was found.
    """
    without = WITHOUT.get(_reads(score), ())
    clauses = [clause for clause in CLAUSES if clause not in without]
    run_clauses(f"The score {getattr(score, 'name', '?')!r}", score, clauses)


def declared(score: AnyScore) -> None:
    """Say what the score is: name, title, unit, formula and reference, in words.

    And in which pass a network is asked: that of a group of channels that it needs, or of the
    record that it reads.
    """
    for part in ("name", "title", "unit", "formula", "reference"):
        text = getattr(score, part, None)
        require(isinstance(text, str) and text.strip(), f"Its {part} is {text!r}.")
    require(
        score.name.isidentifier() and not score.name.endswith("_spread"),
        f"Its name {score.name!r} cannot be a column of scores.parquet; use letters and _.",
    )
    require(score.name not in ("id", "label"), f"The column {score.name!r} is taken.")
    require(_reads(score) in benches(), f"It reads {_reads(score)!r}, which is no record of ours.")
    require(_rises_with(score) in _bench(score).hardest, f"It rises with {_rises_with(score)!r}.")
    channels = CHANNELS if _reads(score) is Dynamics else {}
    known = set(score.needs) <= set(channels)
    require(known and bool(score.needs) == bool(channels), f"It needs {score.needs}, no channels.")
    passes = {name for name, group in TAKEN.items() if set(group) & set(score.needs)}
    passes = passes or {_TAKEN_FOR.get(_reads(score), WITHOUT_MODEL)}
    taken = getattr(score, "taken", None)
    require(taken in passes, f"It is taken {taken!r}, not {' or '.join(sorted(passes))!r}.")


def one_finite_value(score: AnyScore) -> None:
    """Give one finite number for each run and sample.

    There is no value for "not known". Evidence that cannot be had of every sample is refused where
    it is gathered: of the only sample of a class no model without it can know the class, so that
    scores out of fold refuse such data.
    """
    _values(score, _bench(score).case)


def higher_is_harder(score: AnyScore) -> None:
    """Rank above the others the sample that is hard by what the score says it rises with.

    With contradiction: wrong in every epoch, above right in every epoch; or among points of another
    class, above those among their own; or wrong from the inversion of its class on, above wrong
    before it alone. With doubt: undecided, above surely right and surely wrong.
    With change: right and wrong in turn, above always right and always wrong.
    """
    values = _values(score, _bench(score).hardest[_rises_with(score)])
    require(
        (values[:, -1:] > values[:, :-1]).all(),
        f"Easy gets {values[0, :-1]}, hard {values[0, -1]}.",
    )


def keeps_bounds(score: AnyScore) -> None:
    """Give no value below the least or above the largest that it says there can be."""
    low, high = getattr(score, "bounds", (-np.inf, np.inf))
    bench = _bench(score)
    for record in (bench.case, *bench.hardest.values(), bench.constant, *bench.little):
        values = _values(score, record)
        require(
            (values >= low - _ROUNDING).all() and (values <= high + _ROUNDING).all(),
            f"It gave {values.min()} to {values.max()}, not within {low} to {high}.",
        )


def reads_what_it_needs(score: AnyScore) -> None:
    """Read no channel but those that it says it needs: the others may hold anything."""
    case = dynamics_case()
    spoilt = with_others_spoilt(case, score.needs)
    _require_same(_values(score, spoilt), _values(score, case))


def follows_rows(score: AnyScore) -> None:
    """Permute the values when the samples are permuted, and change none."""
    order = np.random.default_rng(1).permutation(N)
    case = _bench(score).case
    _require_same(_values(score, permuted(case, order)), _values(score, case)[:, order])


def blind_to_names(score: AnyScore) -> None:
    """Change no value for other class names or other ids."""
    case = _bench(score).case
    renamed = replace(case, class_names=("2", "1", "<b>\n"), ids=np.arange(N).astype(str))
    _require_same(_values(score, renamed), _values(score, case))


def blind_to_codes(score: AnyScore) -> None:
    """Change no value when the classes are numbered in another order."""
    case = _bench(score).case
    _require_same(_values(score, recoded(case)), _values(score, case))


def runs_alone(score: AnyScore) -> None:
    """Score each run by itself: alone it gets the values it gets among others."""
    case = _bench(score).case
    together = _values(score, case)
    for run in range(len(together)):
        _require_same(_values(score, take_runs(case, [run])), together[[run]])


def samples_alone(score: AnyScore) -> None:
    """Score each sample by itself: a data set of one sample, its class alone, will do."""
    case = _bench(score).case
    together = _values(score, case)
    for row in range(N):
        _require_same(_values(score, rows(case, np.array([row]))), together[:, [row]])


def survives_ties(score: AnyScore) -> None:
    """Give samples that are alike the same value, even where all logits or all points are equal."""
    values = _values(score, _bench(score).constant)
    require((values == values[:, :1]).all(), f"Equal samples got {values[0]}.")


def survives_little(score: AnyScore) -> None:
    """Need no more than one recorded epoch, or a sample without any other."""
    for record in _bench(score).little:
        _values(score, record)


def leaves_inputs(score: AnyScore) -> None:
    """Leave the record as it was."""
    record = _bench(score).case
    before = {name: array.copy() for name, array in contents(record).items()}
    _values(score, record)
    for name, array in contents(record).items():
        require(np.array_equal(array, before[name]), f"It changed {name!r}.")


def repeats(score: AnyScore) -> None:
    """Give the same bits when scoring twice."""
    case = _bench(score).case
    first = _values(score, case).copy()
    _require_same(_values(score, case), first)


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
    survives_little,
    leaves_inputs,
    repeats,
)
# The clauses that say nothing of a record: neighbours and inversions have no channels; neighbours
# have no runs, and a sample's are nothing without the others.
WITHOUT: Mapping[type, tuple[Callable[[AnyScore], None], ...]] = {
    Neighbours: (reads_what_it_needs, runs_alone, samples_alone),
    Inversions: (reads_what_it_needs,),
}


def _values(score: AnyScore, record: Record) -> np.ndarray:
    values = np.asarray(score.compute(record))
    shape = (1 if isinstance(record, Neighbours) else record.n_runs, len(record.ids))
    require(values.shape == shape, f"It gave shape {values.shape} instead of {shape}.")
    require(
        values.dtype.kind == "f" and np.isfinite(values).all(),
        f"It gave {values.dtype} values, {int((~np.isfinite(values)).sum())} of them not finite.",
    )
    return values


def _reads(score: AnyScore) -> type:
    return getattr(score, "reads", Dynamics)


def _bench(score: AnyScore) -> Bench:
    return benches()[_reads(score)]


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
