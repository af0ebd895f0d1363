"""From what was recorded to hardness: each score averaged over runs, with its spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from steelyard._support.errors import MismatchError, ParameterError
from steelyard._support.validation import did_you_mean
from steelyard.hardness.registry import SCORES
from steelyard.hardness.score import Score
from steelyard.records.dynamics import FINAL, GRADIENT, LEFT_OUT, SECOND_SPLIT, TRAINING, Dynamics
from steelyard.records.hardness import Hardness
from steelyard.records.inversions import Inversions
from steelyard.records.neighbours import Neighbours

Record = Dynamics | Neighbours | Inversions

# What a user does to get the evidence; the verb `score` gathers each channel by itself.
_HOW_TO_RECORD = (
    (TRAINING, "record a training with steelyard.Recorder"),
    (FINAL, "call recorder.final(ids, logits) with what the trained model says"),
    (GRADIENT, "steelyard.score(..., estimators=[...]) takes gradients while it trains"),
    (SECOND_SPLIT, "steelyard.score(..., estimators=[...]) trains on the second half"),
    (LEFT_OUT, "steelyard.score(..., estimators=[...]) trains without each fold"),
)
# Of the records without channels: what they hold, and how to get them.
_HOW_TO_FIND = {
    Neighbours: (
        "nearest neighbours",
        "find them with steelyard.hardness.neighbours(X, data), and pass them too.",
    ),
    Inversions: (
        "inversions of the classes",
        "watch a training with steelyard.diagnosis.ManifoldRecorder, find them in its history with "
        "steelyard.diagnosis.inversions, and pass them too.",
    ),
}


def estimate(
    records: Record | Sequence[Record], names: Sequence[str] | None = None
) -> dict[str, Hardness]:
    """Return the hardness of every sample by each named score.

    Runs are averaged plainly, on the score's own scale: not on ranks, not on logits.

    Parameters
    ----------
    records : Dynamics, Neighbours or Inversions, or sequence of them
        What was recorded of the samples: one record, or several that hold other evidence of the
        same samples, in the same order.
    names : sequence of str, optional
        Names of `SCORES`; by default all those whose evidence is there, in the order of `SCORES`.

    Returns
    -------
    dict of str to Hardness
        In the order of the names. The spread is the standard deviation over runs with
        n_runs - 1 in the denominator; NaN where there is one run.

    Raises
    ------
    ParameterError
        If there is no such score (with the nearest names), its evidence was not recorded (with
        what records it), or the names are one text.
    MismatchError
        If the records are of other samples, or two of them hold the evidence of one score.
    """
    records = [records] if isinstance(records, Record) else list(records)
    _require_same_samples(records)
    if names is None:
        scores = [score for score in SCORES if any(_holds(each, score) for each in records)]
    elif isinstance(names, str):
        raise ParameterError(
            "The 'names' parameter of estimate must be a sequence of names. "
            f"Got {names!r} instead.",
            hint=f"write ({names!r},).",
        )
    else:
        scores = [_score_named(name) for name in names]
    return {score.name: _average(score, _evidence(score, records)) for score in scores}


def values_by_run(records: Record | Sequence[Record], name: str) -> np.ndarray:
    """Return a score in each run, shape (runs, n); one row where no run is involved.

    Parameters
    ----------
    records : Dynamics, Neighbours, Inversions or sequence of them
        As in `estimate`.
    name : str
        Name of one of `SCORES`.

    Raises
    ------
    ParameterError, MismatchError
        As `estimate`.
    """
    records = [records] if isinstance(records, Record) else list(records)
    _require_same_samples(records)
    score = _score_named(name)
    return score.compute(_evidence(score, records))


def _score_named(name: str) -> Score:
    by_name = {score.name: score for score in SCORES}
    if name not in by_name:
        raise ParameterError(f"There is no score {name!r}.", hint=did_you_mean(name, by_name))
    return by_name[name]


def _require_same_samples(records: Sequence[Record]) -> None:
    if not records:
        raise ParameterError("The 'records' parameter of estimate must hold a record. Got none.")
    first = records[0]
    for record in records[1:]:
        if (
            record.data_fingerprint != first.data_fingerprint
            or not np.array_equal(record.ids, first.ids)
            or not np.array_equal(record.labels, first.labels)
        ):
            raise MismatchError("Only records of the same samples, in one order, can be scored.")


def _holds(record: Record, score: Score) -> bool:
    """Tell whether a record holds the evidence that a score reads."""
    return isinstance(record, score.reads) and set(score.needs) <= _channels(record)


def _channels(record: Record) -> set[str]:
    return set(record.channels) if isinstance(record, Dynamics) else set()


def _evidence(score: Score, records: Sequence[Record]) -> Record:
    """Return the one record that a score reads."""
    having = [record for record in records if _holds(record, score)]
    if len(having) > 1:
        raise MismatchError(
            f"{len(having)} records hold the evidence of the score {score.name!r}.",
            hint="Dynamics.stack joins runs of the same evidence into one record."
            if score.reads is Dynamics
            else "pass one of them.",
        )
    if not having and score.reads in _HOW_TO_FIND:
        what, how = _HOW_TO_FIND[score.reads]
        raise ParameterError(
            f"The score {score.name!r} needs the {what}, which are not there.", hint=how
        )
    if not having:
        raise ParameterError(
            f"The score {score.name!r} needs {', '.join(map(repr, score.needs))}, which was not "
            "recorded.",
            hint=_how_to_record(score, records),
        )
    return having[0]


def _how_to_record(score: Score, records: Sequence[Record]) -> str:
    absent = set(score.needs).difference(*map(_channels, records))
    hows = [how for group, how in _HOW_TO_RECORD if absent & set(group)]
    return f"{'; '.join(hows)}."


def _average(score: Score, record: Record) -> Hardness:
    by_run = score.compute(record)
    n_runs = len(by_run)
    spread = np.full(by_run.shape[1], np.nan) if n_runs == 1 else by_run.std(axis=0, ddof=1)
    return Hardness(
        score.name,
        record.ids,
        record.labels,
        record.class_names,
        by_run.mean(axis=0),
        spread,
        n_runs,
        record.data_fingerprint,
    )
