"""The hardness studies of any data: score, allocate, train every arm, compare."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.progress import Progress, silent
from steelyard.records.figures import Figures
from steelyard.records.hardness_arm import BASELINE, HardnessArm
from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.records.labelled import Labelled
from steelyard.workflow.conductor import Conductor
from steelyard.workflow.engines import Engine, choose_engine
from steelyard.workflow.hardness_study.allocations import add_allocations, hard_classes
from steelyard.workflow.hardness_study.change_rows import (
    Judged,
    Sides,
    add_chance,
    add_changes,
    add_levels,
)
from steelyard.workflow.hardness_study.gap_rows import (
    add_best,
    add_pools,
    add_refills,
    add_relative,
)
from steelyard.workflow.hardness_study.parts import Parts, parts_of
from steelyard.workflow.hardness_study.plans import draws_of
from steelyard.workflow.hardness_study.score_rows import (
    add_agreements,
    add_class_scores,
    add_published_order,
    add_stability,
    class_means_by_run,
)
from steelyard.workflow.hardness_study.scored import Scored, score_baseline
from steelyard.workflow.hardness_study.tasks import (
    Shared,
    Trained,
    arm_cells,
    moved_logits,
    train_arm,
    trained_of,
)
from steelyard.workflow.rows import Rows
from steelyard.workflow.store import opened

_GALLERY = 30  # samples, as published


def study_hardness(
    data: Labelled,
    protocol: HardnessProtocol,
    *,
    study: str = "hardness-resampling",
    name: str | None = None,
    safe_shares: Sequence[float] | None = None,
    run: str | Path | None = None,
    fresh: bool = False,
    engine: str | Engine = "local",
    device: str = "cpu",
    progress: Progress = silent,
) -> tuple[Figures, Labelled]:
    """Find which classes are hard, give them more samples, and measure what that does.

    Parameters
    ----------
    data : Labelled
        Any data that a recipe can train on, one class a sample.
    protocol : HardnessProtocol
        What is tried, and how much of it; `steelyard.studies` declares those of the paper.
    study : str
        Name of the study.
    name : str, optional
        With which the keys of the figures begin; None takes the data's own.
    safe_shares : sequence of float, optional
        Shares of each class that were published as safe to prune, to compare hardness with.
    run, fresh, engine, device, progress
        As in `steelyard.weigh`.

    Returns
    -------
    figures : Figures
        Every measured quantity. Its facts name the arms that could not run, and why.
    hardest : Labelled
        The hardest training samples, hardest first.

    Raises
    ------
    DataError
        If the data cannot be split or trained on.
    ParameterError, OutputError, ResourceError
        As `steelyard.weigh`.
    """
    started = time.perf_counter()
    parts = parts_of(data, protocol)
    key = name or data.name
    declared = {"study": {"name": study, "protocol": protocol.name}}
    with contextlib.ExitStack() as stack:
        workers = stack.enter_context(choose_engine(engine)) if isinstance(engine, str) else engine
        store = stack.enter_context(opened(run))
        if fresh:
            store.clear()
            store.declare(declared, ())
        conductor = Conductor(store, workers, device, declared, progress)
        scored = score_baseline(conductor, parts, protocol)
        shared = Shared(parts, scored)
        trained, not_run, notes = _arms(conductor, shared, protocol)
    deciding = scored.deciding[protocol.estimators[0]]
    sides = _sides(scored, parts, protocol)
    judged: Judged = {
        BASELINE: scored.baseline,
        **{arm: found.predictions for arm, found in trained.items()},
    }
    rows = Rows(key)
    add_class_scores(rows, scored, parts.train, protocol)
    if len(protocol.estimators) > 1:
        add_agreements(rows, scored, parts.train, protocol)
        add_stability(rows, scored, parts.train, protocol)
    if safe_shares is not None:
        shares = np.asarray(safe_shares, dtype=np.float64)
        add_published_order(rows, scored, parts.train, protocol, shares)
    add_allocations(rows, scored, parts.train, protocol)
    _add_noise(rows, scored, parts.train, protocol)
    _add_draws(rows, trained, parts.train)
    add_levels(rows, judged, sides, protocol.seed)
    add_chance(rows, judged, protocol.seed)
    add_changes(rows, protocol.arms, judged, sides, protocol.seed)
    add_relative(rows, protocol.arms, judged, sides, protocol.seed)
    add_best(rows, protocol.arms, judged, protocol.seed)
    add_pools(rows, protocol.arms, judged, sides, protocol.seed)
    add_refills(rows, protocol.arms, judged, sides, protocol.seed)
    names = parts.train.class_names
    facts: dict[str, Any] = {
        "name": data.name,
        "fingerprint": data.fingerprint,
        "n_train": len(parts.train),
        "n_test": len(parts.test),
        "n_pool": 0 if parts.pool is None else len(parts.pool),
        "class_names": list(names),
        "easy": [names.index(one) for one in sides.easy],
        "hard": [names.index(one) for one in sides.hard],
        "protocol": protocol.to_dict(),
        "arms": {arm.name: arm.words for arm in protocol.arms},
        "not_run": not_run,
        "notes": notes,
        # of this call: what the run held already took none of them
        "seconds": round(time.perf_counter() - started, 1),
    }
    hardest = parts.train.take(deciding.hardest(_GALLERY))
    return Figures(study, protocol.name, rows.table(), {key: facts}), hardest


def _arms(
    conductor: Conductor, shared: Shared, protocol: HardnessProtocol
) -> tuple[dict[str, Trained], dict[str, str], dict[str, str]]:
    """Train every arm that can be; return what came of each, why others could not, and notes."""
    asked: dict[HardnessArm, np.ndarray] = {}
    notes, not_run = {}, {}
    for arm in protocol.arms:
        try:  # the first network's; rows that it adds are not kept
            draws = draws_of(
                arm, shared.parts, shared.scored, protocol.noise_share, protocol.seed,
                protocol.repetitions[0],
            )  # fmt: skip
        except (ParameterError, DataError) as error:
            # without its hint, which is for whoever plans by hand
            not_run[arm.name] = str(error).partition(" Hint: ")[0]
            continue
        asked[arm] = draws.of_classes(shared.parts.train)
        if draws.notes:
            notes[arm.name] = " ".join(draws.notes)
    train = [arm for arm in asked if not arm.logits_alone]
    cells = arm_cells(train, shared, protocol, conductor.device)
    contents = conductor.contents("arms", shared, cells, train_arm)
    found: dict[HardnessArm, Trained] = {
        arm: trained_of(arm, shared, content) for arm, content in zip(train, contents, strict=True)
    }
    found |= {arm: moved_logits(arm, shared, asked[arm]) for arm in asked if arm.logits_alone}
    trained = {arm.name: found[arm] for arm in protocol.arms if arm in found}
    return trained, not_run, notes


def _sides(scored: Scored, parts: Parts, protocol: HardnessProtocol) -> Sides:
    """Return which classes are easy and hard among those that train and are tested."""
    deciding = scored.deciding[protocol.estimators[0]]
    (means,) = class_means_by_run(deciding.values[None], parts.train)
    hard = hard_classes(deciding, parts.train)
    there = (parts.train.class_counts > 0) & (parts.test.class_counts > 0)
    names = np.array(parts.train.class_names, dtype=object)
    sides = [tuple(names[there & side]) for side in (~hard, hard)]
    easy, hard_names = sides if all(sides) else ((), ())
    return Sides(easy, hard_names, means)


def _add_noise(rows: Rows, scored: Scored, train: Labelled, protocol: HardnessProtocol) -> None:
    """Add how much of each class is among the hardest, which version 1 takes for noise."""
    deciding = scored.deciding[protocol.estimators[0]]
    taken = deciding.hardest(int(protocol.noise_share * len(train)))
    counts = np.bincount(train.labels[taken], minlength=train.n_classes)
    for code in np.flatnonzero(train.class_counts):
        share = 100 * counts[code] / train.class_counts[code]
        rows.add(f"noise/class={code}", share, n_runs=deciding.n_runs, unit="%")


def _add_draws(rows: Rows, trained: dict[str, Trained], train: Labelled) -> None:
    """Add the draws an epoch of each arm, and how much of each class was left out."""
    for name, found in trained.items():
        totals = found.drawn.sum(axis=1).astype(float)
        rows.add(
            f"arm/{name}/draws", totals.mean(), totals.std(), n_runs=len(totals), unit="samples"
        )
        for code in np.flatnonzero(train.class_counts):
            gone = 100 * (1 - found.kept[:, code] / train.class_counts[code])
            key = f"arm/{name}/class={code}/share"
            rows.add(key, gone.mean(), gone.std(), n_runs=len(gone), unit="%")
