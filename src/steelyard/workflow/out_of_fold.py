"""Predictions of every sample by models that did not train on it: folds, left out in turn."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

from steelyard._support.errors import DataError
from steelyard._support.progress import Progress, silent
from steelyard._support.seeding import derive_seed
from steelyard._support.validation import check_integer
from steelyard.datasets import load
from steelyard.guards import row_hashes
from steelyard.records.dynamics import Dynamics
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.records.predictions import Predictions
from steelyard.records.recipe import Recipe
from steelyard.records.run_folder import require_no_weighing
from steelyard.training import LEFT_OUT_SPLIT, MEASURED, Fitted, Member, measure
from steelyard.workflow.engines import Engine
from steelyard.workflow.plan import training_part
from steelyard.workflow.probes import probe_recipe
from steelyard.workflow.trainings import train_members

FOLDS = 5  # ours


def out_of_fold(
    data: Any,
    target: Any = None,
    *,
    folds: int = FOLDS,
    repetitions: int = 1,
    probe: str | Recipe | None = None,
    seed: int = 0,
    run: str | Path | None = None,
    fresh: bool = False,
    engine: str | Engine = "local",
    device: str = "cpu",
    progress: Progress = silent,
) -> tuple[Predictions, ...]:
    """Predict every sample by a model that did not train on it.

    The samples are dealt to folds, class by class; for each fold a model trains on all the others
    and predicts it.

    Parameters
    ----------
    data, target
        What `steelyard.load` takes. Of split data the training part is predicted, else all rows.
    folds : int
        How many; at most as many as the largest class has samples.
    repetitions : int
        How often, each time with folds and seeds of its own.
    probe : Recipe, {"mlp", "cnn", "trees", "xgboost"} or None
        How to train; None takes the probe that suits the data.
    seed : int
        From which every seed derives.
    run, fresh, engine, device, progress
        As in `steelyard.weigh`.

    Returns
    -------
    tuple of Predictions
        One a repetition, of the split "out-of-fold", in the order of the rows.

    Raises
    ------
    ParameterError
        If a number lies outside its range.
    DataError
        If a class has one sample, or the data cannot be read or trained on.
    ResourceError, OutputError
        As `steelyard.weigh`.
    """
    check_integer(repetitions, "repetitions", "out_of_fold", 1)
    check_integer(seed, "seed", "out_of_fold", 0)
    require_no_weighing(run)
    part = training_part(load(data, target))
    part.require_single_label("out_of_fold")
    part.require_inputs("out_of_fold")
    require_no_lone_sample(part)
    recipe = probe_recipe(part, probe)
    members = [
        member
        for repetition in range(repetitions)
        for member in fold_members(part, recipe, repetition, seed=seed, folds=folds)
    ]
    fitted = train_members(
        part,
        (),
        members,
        seed=seed,
        declared={"out_of_fold": {"folds": folds, "repetitions": repetitions}},
        run=run,
        fresh=fresh,
        engine=engine,
        device=device,
        progress=progress,
    )
    return joined_folds(part, fitted)


def fold_members(
    part: Labelled, recipe: Recipe, repetition: int, *, seed: int, folds: int = FOLDS
) -> list[Member]:
    """Return a member for each fold of a repetition, to train without it and predict it.

    Raises
    ------
    ParameterError
        If there are fewer than two folds.
    """
    fold_of = deal(part, folds, seed, repetition)
    members = []
    for fold in range(fold_of.max() + 1):
        counts = (fold_of != fold).astype(np.int64)
        kept = np.bincount(part.labels, weights=counts, minlength=part.n_classes)
        plan = Plan.of(part, counts, kept, f"without fold {fold + 1} of {fold_of.max() + 1}")
        members.append(Member(recipe, plan, repetition, plan.scheme, left_out=True))
    return members


def deal(part: Labelled, folds: int, seed: int, repetition: int) -> np.ndarray:
    """Return the fold of every sample, int64 from 0.

    Each class is dealt out evenly: a class of fewer samples than folds has them in as many
    different ones. Exact copies go to one fold, whatever their labels: a model that trained on a
    copy has seen the sample. Where a fold would hold the whole of a class, these samples are in
    none, -1, so that every model sees all classes; the only sample of a class is the usual case.
    Nothing depends on the order of rows or the names of classes.

    Raises
    ------
    ParameterError
        If there are fewer than two folds.
    """
    check_integer(folds, "folds", "out_of_fold", 2)
    by_id = np.argsort(part.ids, kind="stable")
    _, first, content = np.unique(row_hashes(part)[by_id], return_index=True, return_inverse=True)
    dealt_out = np.sort(first)  # the first of each set of copies stands for all
    labels = part.labels[by_id[dealt_out]]
    most = int(np.bincount(labels).max())
    if most < 2:
        return np.full(len(part), -1)
    fold_of_content = np.empty(len(first), dtype=np.int64)
    dealt = StratifiedKFold(
        min(folds, most),
        shuffle=True,
        random_state=derive_seed(seed, purpose="folds", repetition=repetition) % 2**32,
    )
    with warnings.catch_warnings():
        # that a class has fewer samples than folds
        warnings.simplefilter("ignore", UserWarning)
        for fold, (_, left_out) in enumerate(dealt.split(dealt_out, labels)):
            fold_of_content[content[dealt_out[left_out]]] = fold
    fold_of = np.empty(len(part), dtype=np.int64)
    fold_of[by_id] = fold_of_content[content]
    there = np.zeros((part.n_classes, fold_of.max() + 1), dtype=bool)
    there[part.labels, fold_of] = True
    whole_class = there.sum(axis=1) == 1
    fold_of[whole_class[part.labels]] = -1
    return fold_of


def require_no_lone_sample(part: Labelled) -> None:
    """Raise unless every class that has a sample has two.

    Raises
    ------
    DataError
        Naming the first class that has one.
    """
    alone = [part.class_names[code] for code in np.flatnonzero(part.class_counts == 1)]
    if alone:
        raise DataError(
            f"{len(alone)} classes have one sample, first {alone[0]!r}: a model that does not "
            "train on it does not know its class.",
            hint="collect another, leave the class out, or ask for no score that needs it.",
        )


def joined_folds(part: Labelled, fitted: Sequence[Fitted]) -> tuple[Predictions, ...]:
    """Return what the models of each repetition say of the samples that they did not see.

    Of samples that every model saw, they say nothing: all classes alike.
    """
    logits: dict[int, np.ndarray] = {}
    row_of = {sample: row for row, sample in enumerate(part.ids.tolist())}
    for one in fitted:
        (left_out,) = (found for found in one.predictions if found.split == LEFT_OUT_SPLIT)
        rows = [row_of[sample] for sample in left_out.ids.tolist()]
        whole = logits.setdefault(left_out.seed, np.zeros((len(part), part.n_classes)))
        whole[rows] = left_out.logits
    return tuple(
        Predictions(
            part.ids,
            part.labels,
            found,
            part.class_names,
            part.prior,
            arm="out of fold",
            seed=repetition,
            split="out-of-fold",
        )
        for repetition, found in logits.items()
    )


def left_out_dynamics(part: Labelled, predictions: Sequence[Predictions]) -> Dynamics:
    """Return the channels of `LEFT_OUT`, a repetition a run."""
    measured = [
        dict(zip(MEASURED, measure(np.array(one.logits.T, order="C"), one.truth), strict=True))
        for one in predictions
    ]
    channels = {
        "left_out_probability": np.stack([one["probability"] for one in measured]),
        "left_out_margin": np.stack([one["probability_margin"] for one in measured]),
    }
    return Dynamics(part.ids, part.labels, part.class_names, channels, 0, part.fingerprint)
