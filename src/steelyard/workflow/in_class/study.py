"""The in-class imbalance study of any data: search, sets, tests, figures."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError
from steelyard._support.progress import Progress, silent
from steelyard._support.seeding import derive_seed, uniform_by_id
from steelyard.records.figures import Figures
from steelyard.records.in_class_protocol import InClassProtocol
from steelyard.records.labelled import Labelled
from steelyard.records.manifold_history import ManifoldHistory
from steelyard.records.recipe import Recipe
from steelyard.training import Prepared, prepare
from steelyard.workflow.conductor import Conductor
from steelyard.workflow.engines import Engine, choose_engine
from steelyard.workflow.in_class.families import add_families
from steelyard.workflow.in_class.figures import (
    add_accuracies,
    add_contrasts,
    add_counts,
    add_errors,
    add_inversions,
    add_overlaps,
    add_radii,
    mean_curves,
)
from steelyard.workflow.in_class.sets import (
    STRAGGLER,
    Looks,
    all_inversions,
    chosen_runs,
    hard_sets,
    inversions_of,
)
from steelyard.workflow.in_class.tasks import (
    OnAll,
    history_of,
    logits_of,
    on_parts_cell,
    predicted_of,
    train_on_parts,
    train_watched,
    watched_cell,
)
from steelyard.workflow.in_class.trials import scores_of, trials
from steelyard.workflow.rows import Rows
from steelyard.workflow.store import opened

_TOGETHER = 5  # watched networks a cell
_MOST_SEARCHED = 3  # times the runs that are needed, before incomplete ones are taken too
_ERROR_SHARE = 1 / 7  # as published: 10,000 of 70,000 train, the others judge
_ERRORS_A_SPLIT = 10


def study_in_class(
    data: Labelled,
    protocol: InClassProtocol,
    *,
    name: str | None = None,
    layer: int = 0,
    families: dict[str, Recipe] | None = None,
    run: str | Path | None = None,
    fresh: bool = False,
    engine: str | Engine = "local",
    device: str = "cpu",
    progress: Progress = silent,
) -> tuple[Figures, pd.DataFrame]:
    """Find the hard samples inside the classes, and measure what they do to networks.

    All samples of the data take part; parts they come with are joined. Networks on all of them
    are watched until the manifolds of their classes turn over (`steelyard.diagnosis`), which gives
    the hard sets; each set is split, and networks train on shares of its hard and easy samples.

    Parameters
    ----------
    data : Labelled
        Any data that a recipe can train on.
    protocol : InClassProtocol
        How much of everything; `steelyard.studies` declares those of the paper.
    name : str, optional
        With which the keys of the figures begin; None takes the data's own.
    layer : int
        The hidden layer whose manifolds are watched, from 0.
    families : dict of str to Recipe, optional
        Judges of other families, by name; they are judged out of fold.
    run, fresh, engine, device, progress
        As in `steelyard.weigh`.

    Returns
    -------
    figures : Figures
        Every measured quantity.
    curves : DataFrame
        The mean radius of each class by epoch.

    Raises
    ------
    DataError
        If the data cannot be trained on, or no class turns over in any run.
    ParameterError, OutputError, ResourceError
        As `steelyard.weigh`.
    """
    started = time.perf_counter()
    whole = replace(data, split=None)
    _require_classes(whole)
    part = _drawn(whole, protocol)
    prepared = prepare(part, model=protocol.recipe.model)
    looks = Looks.of(protocol.recipe.epochs)
    declared = {"study": {"name": "in-class", "protocol": protocol.name}}
    with contextlib.ExitStack() as stack:
        workers = stack.enter_context(choose_engine(engine)) if isinstance(engine, str) else engine
        store = stack.enter_context(opened(run))
        if fresh:
            store.clear()
            store.declare(declared, ())
        conductor = Conductor(store, workers, device, declared, progress)
        history = _search(conductor, prepared, protocol, layer)
        found = all_inversions(history, looks)
        found[protocol.mode] = inversions_of(history, protocol.mode, looks)  # this one may warn
        n_sets = len(protocol.ratios) * protocol.n_sets
        other, other_logits = _watched(
            conductor, prepared, protocol, "scores", range(n_sets), layer
        )
        sets = hard_sets(
            found,
            chosen_runs(found, n_sets, protocol.mode),
            other,
            other_logits[:n_sets],
            protocol.mode,
            protocol.seed,
        )
        if not sets[protocol.mode, STRAGGLER].any():
            raise DataError(
                f"No class of {whole.name!r} turned over in {history.n_runs} runs: there are no "
                "stragglers.",
                hint="train for more epochs, or watch another layer.",
            )
        tried = list(trials(prepared, protocol, sets, device))
        cells = [cell for trial in tried for cell in trial.cells]
        predicted = iter(conductor.contents("tests", prepared, cells, train_on_parts))
        scores = scores_of(
            prepared,
            protocol,
            [(trial, [predicted_of(next(predicted)) for _ in trial.cells]) for trial in tried],
        )
        rows = Rows(name or whole.name)
        add_accuracies(rows, scores, protocol.ratios)
        add_contrasts(rows, scores)
        add_counts(rows, sets, part.labels, part.n_classes)
        add_overlaps(rows, sets)
        add_inversions(rows, found)
        add_radii(rows, history, protocol.seed)
        if protocol.n_error_networks:
            errors = _errors(conductor, whole, protocol)
            add_errors(rows, errors, sets, part.labels, protocol.seed)
        add_families(conductor, rows, part, families or {}, sets, protocol)
    facts = {
        "data": {"name": whole.name, "n": len(part), "fingerprint": part.fingerprint},
        "protocol": protocol.to_dict(),
        "layer": layer,
        "looks": asdict(looks),
        "searched": history.n_runs,
        # of this call: what the run held already took none of them
        "seconds": round(time.perf_counter() - started, 1),
    }
    key = name or whole.name
    return Figures("in-class", protocol.name, rows.table(), {key: facts}), mean_curves(history, key)


def _require_classes(data: Labelled) -> None:
    data.require_single_label("study_in_class")
    alone = int((data.class_counts == 1).sum())
    if 2 * alone > data.n_classes:
        raise DataError(
            f"{alone} of {data.n_classes} classes of {data.name!r} have one sample.",
            hint="is the target a number to predict? Name a column of classes.",
        )


def _drawn(data: Labelled, protocol: InClassProtocol) -> Labelled:
    """Return as many samples as the protocol asks for, drawn by id; all where there are fewer."""
    if protocol.n_samples is None or protocol.n_samples >= len(data):
        return data
    draws = uniform_by_id(data.ids, protocol.seed, purpose="in-class subset")
    part = data.take(np.sort(np.argsort(draws)[: protocol.n_samples]))
    lost = (part.class_counts == 0) & (data.class_counts > 0)
    if lost.any():
        raise DataError(
            f"{int(lost.sum())} classes have no sample among {len(part)} that were drawn, first "
            f"{data.class_names[int(lost.argmax())]!r}.",
            hint="leave such rare classes out, or draw more in a protocol of your own.",
        )
    return part


def _search(
    conductor: Conductor, prepared: Prepared, protocol: InClassProtocol, layer: int
) -> ManifoldHistory:
    """Return the runs that were watched, until enough of them saw every class turn over."""
    looks = Looks.of(protocol.recipe.epochs)
    needed = len(protocol.ratios) * protocol.n_sets
    n_runs = -(-needed // _TOGETHER) * _TOGETHER
    while True:
        history, _ = _watched(conductor, prepared, protocol, "search", range(n_runs), layer)
        complete = all_inversions(history, looks)["shared"].complete.sum()
        enough = protocol.mode == "argmin" or complete >= needed
        if enough or n_runs >= _MOST_SEARCHED * needed:
            return history
        n_runs += 2 * _TOGETHER  # two cells, for as many cores as most machines have at least


def _watched(
    conductor: Conductor,
    prepared: Prepared,
    protocol: InClassProtocol,
    stage: str,
    repetitions: range,
    layer: int,
) -> tuple[ManifoldHistory, np.ndarray]:
    seed = derive_seed(protocol.seed, purpose=f"in-class {stage}")
    first_epoch = Looks.of(protocol.recipe.epochs).after  # no rule looks at what came before
    cells = [
        watched_cell(
            prepared,
            OnAll(
                protocol.recipe,
                tuple(range(first, first + _TOGETHER)),
                layer,
                first_epoch,
                seed,
                conductor.device,
            ),
            f"runs {first + 1} to {first + _TOGETHER}",
        )
        for first in range(0, len(repetitions), _TOGETHER)
    ]
    contents = conductor.contents(stage, prepared, cells, train_watched)
    histories = [
        history_of(prepared, cell.task, content)
        for cell, content in zip(cells, contents, strict=True)
    ]
    return ManifoldHistory.stack(histories), logits_of(contents)


def _errors(conductor: Conductor, whole: Labelled, protocol: InClassProtocol) -> np.ndarray:
    """Return the share of each class's samples that networks on a seventh of the data get wrong.

    Ten networks share a split, (splits, networks, K): more on one split would tell of that split.
    """
    prepared = prepare(whole, model=protocol.recipe.model)
    n_splits = max(protocol.n_error_networks // _ERRORS_A_SPLIT, 1)
    n_networks = min(protocol.n_error_networks, _ERRORS_A_SPLIT)
    trains = np.stack([_seventh(whole, protocol.seed, number) for number in range(n_splits)])
    cells = [
        on_parts_cell(
            prepared,
            protocol.recipe,
            np.tile(one, (n_networks, 1)),
            range(number * n_networks, (number + 1) * n_networks),
            derive_seed(protocol.seed, purpose="in-class errors"),
            conductor.device,
            f"split {number + 1}",
        )
        for number, one in enumerate(trains)
    ]
    contents = conductor.contents("class errors", prepared, cells, train_on_parts)
    found = np.full((n_splits, n_networks, whole.n_classes), np.nan)
    for number, content in enumerate(contents):
        judges = whole.labels[~trains[number]]
        wrong = predicted_of(content)[:, ~trains[number]] != judges
        counts = np.bincount(judges, minlength=whole.n_classes)
        with np.errstate(invalid="ignore"):
            found[number] = (wrong @ np.eye(whole.n_classes)[judges]) / counts
    return found


def _seventh(whole: Labelled, seed: int, number: int) -> np.ndarray:
    draws = uniform_by_id(whole.ids, seed, purpose="in-class errors", number=number)
    trains = np.zeros(len(whole), dtype=bool)
    trains[np.argsort(draws)[: max(int(_ERROR_SHARE * len(whole) + 1e-9), 1)]] = True
    return trains
