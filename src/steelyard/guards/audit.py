"""`audit`: every guard that these data allow, and a word on each that they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.validation import check_choice, check_integer, check_kind, did_you_mean
from steelyard.guards.aligned import aligned
from steelyard.guards.cannot_tell import CannotTell
from steelyard.guards.choices import best_of_arms, chosen_on
from steelyard.guards.copies import copies_within, held_out_copies, parts_overlap, shared_ids
from steelyard.guards.interpolated import made_from_held_out, made_up
from steelyard.guards.near import near_copies
from steelyard.guards.predicted import (
    classes_of_predictions,
    ids_of_predictions,
    probabilities,
    truth_of_predictions,
)
from steelyard.guards.predictions_table import Table, read_table
from steelyard.guards.shares import class_shares, label_shares, unseen_classes
from steelyard.records.finding import CODES, Audit, Finding
from steelyard.records.labelled import PARTS, Labelled

_Guard = Callable[..., "Finding | Iterable[Finding] | None"]
_TRAIN, _VALIDATION, _TEST = PARTS


def audit(
    train: Labelled,
    evaluation: Labelled | None = None,
    *,
    validation: Labelled | None = None,
    predictions: pd.DataFrame | None = None,
    raw_prior: Mapping[str, float] | np.ndarray | None = None,
    reported: str | None = None,
    thresholds: tuple[str, np.ndarray | None] | None = None,
    part: str = _TEST,
    quick: bool = False,
    seed: int = 0,
) -> Audit:
    """Look for what makes figures flatter or worthless.

    Parameters
    ----------
    train : Labelled
        What was trained on, resampled or not. Without `evaluation`: data with a split, whose
        parts are taken.
    evaluation : Labelled, optional
        What judges.
    validation : Labelled, optional
        What choices are made on.
    predictions : DataFrame, optional
        The documented table: ``id``, ``truth``, one ``p_<class>`` column a class; perhaps
        ``split``, ``arm``, ``seed``. It need not be a sound one.
    raw_prior : mapping of class name to weight, or ndarray of shape (K,), optional
        Class shares where the data came from, before any resampling; or their counts (whole
        numbers of a sum above 100), which are then taken for a sample. Of multi-label data the
        share of samples with each label.
    reported : str, optional
        The arm whose figures are stated.
    thresholds : (str, ndarray or None), optional
        The part on which thresholds (a degree, an epoch) were chosen, and the ids of its samples
        if they are known.
    part : str
        What the evaluation part is called, in the predictions too.
    quick : bool
        Leave out the two searches that take more than a moment: near copies and interpolations.
    seed : int
        Draws what is looked at where there is too much to look at all of it.

    Returns
    -------
    Audit
        Findings, the worst first; which guards ran, and which could not and why.

    Raises
    ------
    DataError
        If there is no part to judge, or the predictions have not the columns that they need.
    MismatchError
        If the parts hold different kinds of things.
    ParameterError
        If the prior names no class, or the reported arm is none.
    """
    check_kind(train, Labelled, "train", "audit", "steelyard.load reads one.")
    check_integer(seed, "seed", "audit", 0)
    if evaluation is None:
        train, evaluation, validation, part = _own_parts(train, validation, part)
    given = {_TRAIN: train, part: evaluation}
    if validation is not None:
        given[_VALIDATION] = validation
    if len(given) != 2 + (validation is not None):
        raise ParameterError(f"The 'part' parameter of audit must not be {part!r} here.")
    parts, left_out = aligned(given)
    log = _Log()
    for column in left_out:
        log.not_run.append((f"column {column!r}", "it is not in all parts as one kind"))
    for name, one in parts.items():
        if name != _TRAIN:
            _look_for_leaks(log, parts[_TRAIN], one, name, quick=quick, seed=seed)
    if validation is None:
        log.skip("G106", "there is no validation part")
    else:
        log.run("G106", parts_overlap, parts[_VALIDATION], parts[part], part)
    _look_at_shares(log, parts, raw_prior)
    _look_at_choices(log, thresholds, part, evaluation)
    if predictions is None:
        for code in (
            "G302",
            "G401",
            "G402",
            "G403",
            "G404",
            "G405",
            "G406",
            "G407",
            "G408",
            "G410",
        ):
            log.skip(code, "there are no predictions")
    else:
        _look_at_predictions(log, read_table(predictions), parts, part, reported)
    return Audit(
        tuple(log.findings), tuple(dict.fromkeys(log.ran)), tuple(dict.fromkeys(log.not_run))
    )


class _Log:
    """What was found so far."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.ran: list[str] = []
        self.not_run: list[tuple[str, str]] = []

    def run(self, codes: str, guard: _Guard, *values: Any, **named: Any) -> None:
        """Run a guard, and keep what it finds."""
        try:
            found = guard(*values, **named)
        except CannotTell as error:
            for code in codes.split():
                self.skip(code, error.message)
            return
        self.ran += codes.split()
        if found is not None:
            self.findings += [found] if isinstance(found, Finding) else found

    def skip(self, code: str, why: str) -> None:
        """Note that a guard did not run."""
        self.not_run.append((f"{code} {CODES[code].title}", why))


def _own_parts(
    data: Labelled, validation: Labelled | None, part: str
) -> tuple[Labelled, Labelled, Labelled | None, str]:
    if _TRAIN not in data.parts or len(data.parts) < 2:
        raise DataError(
            f"An audit compares training with a held-out part; {data.name!r} has "
            f"{'the parts ' + ', '.join(data.parts) if data.parts else 'no split'}.",
            hint="name the other source: --evaluation FILE (evaluation=).",
        )
    if part not in data.parts:
        part = next(one for one in reversed(data.parts) if one != _TRAIN)
    if validation is None and _VALIDATION in data.parts and part != _VALIDATION:
        validation = data.part(_VALIDATION)
    return data.part(_TRAIN), data.part(part), validation, part


def _look_for_leaks(
    log: _Log, train: Labelled, one: Labelled, name: str, *, quick: bool, seed: int
) -> None:
    if one.modality == "table" and not len(one.inputs.columns):
        for code in ("G101", "G103", "G104", "G105", "G203"):
            log.skip(code, "the data are labels alone")
    else:
        log.run("G101", held_out_copies, train, one, name)
        log.run("G203", copies_within, one, name)
        if not quick:
            log.run("G103", near_copies, train, one, name, seed)
            log.run("G104", made_from_held_out, train, one, name, seed)
            log.run("G105", made_up, train, one, name, seed)
    if _row_numbers(train) and _row_numbers(one):
        log.skip("G102", f"the ids of training and {name} are row numbers")
    else:
        log.run("G102", shared_ids, train, one, name)


def _look_at_shares(
    log: _Log, parts: Mapping[str, Labelled], raw_prior: Mapping[str, float] | np.ndarray | None
) -> None:
    train = parts[_TRAIN]
    names = train.class_names
    held_out = {name: one for name, one in parts.items() if name != _TRAIN}
    for name, one in held_out.items():
        log.run("G409", unseen_classes, train.class_counts, one.class_counts, names, name)
    raw = None if raw_prior is None else _raw(raw_prior, names)
    if raw is None:
        log.skip("G201", "the raw class shares were not stated")
    if train.multi_label:
        log.skip("G202", "a sample may have several labels")
    for name, one in held_out.items():
        if not train.multi_label:
            log.run(
                "G202" if raw is None else "G201 G202",
                class_shares,
                one.class_counts,
                train.class_counts if raw is None else raw,
                names,
                name,
                n_parts=len(held_out),
                raw_words="the training part" if raw is None else "the raw data",
                balanced_alone=raw is None,
            )
        elif raw is not None:
            log.run(
                "G201",
                label_shares,
                one.class_counts,
                len(one),
                raw,
                names,
                name,
                n_parts=len(held_out),
            )


def _look_at_choices(
    log: _Log, thresholds: tuple[str, np.ndarray | None] | None, part: str, evaluation: Labelled
) -> None:
    if thresholds is None:
        log.skip("G301", "nobody said where thresholds were chosen")
        return
    split, ids = thresholds
    judged = None if ids is None else evaluation.ids
    log.run("G301", chosen_on, split, part, ids=ids, judged_ids=judged)


def _look_at_predictions(
    log: _Log, table: Table, parts: Mapping[str, Labelled], part: str, reported: str | None
) -> None:
    of_all = table
    data = parts[part]
    table = table.of(part)
    if not len(table.ids):
        raise DataError(
            f"The predictions have no part {part!r}.",
            hint=did_you_mean(part, dict.fromkeys(of_all.split.tolist())),
        )
    if reported is not None:
        check_choice(reported, "reported", "audit", list(dict.fromkeys(table.arm.tolist())))
    elsewhere = {name: one.ids for name, one in parts.items() if name != part}
    log.run(
        "G401 G402 G403",
        ids_of_predictions,
        table.ids,
        table.model,
        data.ids,
        part,
        elsewhere,
    )
    several = data.multi_label
    right: np.ndarray | None = _truth(data, table.class_names)
    truth = table.truth
    if truth is None or right is None or truth.ndim != right.ndim:
        log.skip("G404", "the predictions carry no truth of the kind of the data")
    else:
        log.run("G404", truth_of_predictions, table.ids, truth, data.ids, right)
    log.run(
        "G405 G406 G407 G408",
        probabilities,
        table.probabilities,
        table.ids,
        table.model,
        multi_label=several,
    )
    if several:
        log.skip("G302", "arms of several labels a sample are not compared")
        log.skip("G410", "a sample may have several labels")
        return
    # a row without a number decides for nothing
    best = np.where(np.isnan(table.probabilities), -np.inf, table.probabilities).argmax(axis=1)
    train = parts[_TRAIN]
    names = np.asarray(data.class_names, dtype=object)
    log.run(
        "G409 G410",
        classes_of_predictions,
        best,
        table.class_names,
        set(names[train.class_counts > 0]),
        set(names[data.class_counts > 0]),
        part,
    )
    log.run("G302", _compared, of_all, parts, part, reported)


def _compared(
    table: Table, parts: Mapping[str, Labelled], part: str, reported: str | None
) -> Finding | None:
    here = _right(table.of(part), parts[part])
    if here.shape[1] < 2:
        return None
    if here.empty:
        raise CannotTell("no sample was predicted by every arm")
    there = None
    if part != _VALIDATION and (table.split == _VALIDATION).any():
        chosen = _right(table.of(_VALIDATION), parts.get(_VALIDATION))
        if set(here.columns) <= set(chosen.columns) and not chosen.empty:
            there = chosen[list(here.columns)].mean().to_numpy()
    return best_of_arms(
        here.to_numpy().T, list(here.columns), part, reported=reported, on_validation=there
    )


def _right(table: Table, data: Labelled | None) -> pd.DataFrame:
    """Return the share of seeds that are right, a row a sample and a column an arm.

    Samples that not every arm predicts are left out. Without data the table's own truth counts.
    """
    names = np.asarray(table.class_names, dtype=object)
    said = names[np.nan_to_num(table.probabilities, nan=-np.inf).argmax(axis=1)]
    if data is not None:
        labels = np.asarray(data.class_names, dtype=object)[data.labels]
        truth = pd.Series(labels, index=data.ids.astype(np.str_)).reindex(table.ids).to_numpy()
    else:
        truth = np.full(len(said), np.nan) if table.truth is None else table.truth
    rows = pd.DataFrame({"id": table.ids, "arm": table.arm, "right": said == truth})
    rows = rows[pd.notna(truth)]
    return rows.groupby(["id", "arm"], sort=False)["right"].mean().unstack().dropna()


def _truth(data: Labelled, class_names: Sequence[str]) -> np.ndarray | None:
    """Return the labels as a table of predictions tells them: names, or a column a label."""
    names = np.asarray(data.class_names, dtype=object)
    if not data.multi_label:
        return names[data.labels]
    if set(class_names) - set(data.class_names):
        return None
    place = [data.class_names.index(name) for name in class_names]
    return data.labels[:, place].astype(np.float64)


def _raw(raw_prior: Any, class_names: tuple[str, ...]) -> np.ndarray:
    if not isinstance(raw_prior, Mapping):
        return np.asarray(raw_prior, dtype=np.float64)
    for name in raw_prior:
        if name not in class_names:
            raise ParameterError(
                f"The raw prior names {name!r}, which is no class.",
                hint=did_you_mean(name, class_names),
            )
    return np.array([raw_prior.get(name, 0.0) for name in class_names], dtype=np.float64)


def _row_numbers(data: Labelled) -> bool:
    return data.ids.dtype.kind == "i" and bool((np.sort(data.ids) == np.arange(len(data))).all())
