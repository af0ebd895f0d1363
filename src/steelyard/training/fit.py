"""Train one model on prepared data and predict its held-out parts."""

from __future__ import annotations

import numpy as np

from steelyard._support.errors import DataError, MismatchError
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.records.predictions import Predictions
from steelyard.records.recipe import Recipe
from steelyard.training.loop import train_network
from steelyard.training.prepared import Prepared
from steelyard.training.recorder import Recorder
from steelyard.training.threads import bounded_threads
from steelyard.training.trees import train_trees


def fit(
    prepared: Prepared,
    recipe: Recipe,
    *,
    plan: Plan | None = None,
    seed: int = 0,
    repetition: int = 0,
    arm: str = "model",
    recorder: Recorder | None = None,
) -> tuple[Predictions, ...]:
    """Train one model.

    Parameters
    ----------
    prepared : Prepared
        The training part and the held-out parts.
    recipe : Recipe
        How to train; its model is the one that the data were prepared for.
    plan : Plan, optional
        How often each training sample is used; None uses each once.
    seed, repetition : int
        Axes of the seeds. Models of one repetition share initial weights, whatever their plan,
        so that their difference is the plan's.
    arm : str
        The name that the predictions carry.
    recorder : Recorder, optional
        Watches the training. It must have been made for the training part.

    Returns
    -------
    tuple of Predictions
        One for each held-out part, in its own row and class order.

    Raises
    ------
    MismatchError
        If the plan or the recorder belongs to other data, or the recipe to other models.
    DataError
        If training diverges, or the plan leaves trees no sample of a class.
    """
    data = prepared.data
    if recipe.model != prepared.model:
        raise MismatchError(
            f"The data were prepared for {prepared.model!r}; the recipe trains {recipe.model!r}."
        )
    if recorder is not None and not _made_for(recorder, data):
        raise MismatchError("The recorder was made for other data than the training part.")
    rows = np.arange(len(data)) if plan is None else plan.positions(data)
    if recipe.model == "trees":
        _require_every_class(data, rows)
    canonical_position = np.argsort(prepared.order, kind="stable")
    draws = np.sort(canonical_position[rows])
    canonical_recorder = _canonical_recorder(prepared) if recorder is not None else None
    watch = None if canonical_recorder is None else canonical_recorder.update_rows
    end_epoch = None if canonical_recorder is None else canonical_recorder.end_epoch
    train = train_trees if recipe.model == "trees" else train_network
    with bounded_threads(prepared):
        predict = train(prepared, recipe, draws, seed, repetition, watch, end_epoch)
        canonical_logits = [predict(X) for X in prepared.X_held_out]
    if recorder is not None and canonical_recorder is not None:
        _hand_over(canonical_recorder, recorder, canonical_position)
    predictions = []
    for part, canonical in zip(prepared.held_out, canonical_logits, strict=True):
        logits = np.empty((len(part), data.n_classes))
        logits[np.ix_(np.argsort(part.ids, kind="stable"), prepared.classes)] = canonical
        predictions.append(
            Predictions(
                part.ids,
                part.labels,
                logits,
                data.class_names,
                data.prior if plan is None else plan.prior,
                arm=arm,
                seed=repetition,
                split="test" if part.split is None else str(part.split[0]),
            )
        )
    return tuple(predictions)


def _require_every_class(data: Labelled, rows: np.ndarray) -> None:
    # trees have an output for each class that they see: without one, the others would shift
    unseen = np.flatnonzero(np.bincount(data.labels[rows], minlength=data.n_classes) == 0)
    if len(unseen):
        raise DataError(
            f"The plan leaves {len(unseen)} classes without a sample, first "
            f"{data.class_names[unseen[0]]!r}; trees cannot be told of a class that they never "
            "see.",
            hint="keep a sample of every class, or choose the probe mlp.",
        )


def _made_for(recorder: Recorder, data: Labelled) -> bool:
    same_ids = np.array_equal(recorder.ids, data.ids)
    return same_ids and recorder.data_fingerprint == data.fingerprint


def _canonical_recorder(prepared: Prepared) -> Recorder:
    names = [prepared.data.class_names[code] for code in prepared.classes]
    return Recorder(prepared.data.ids[prepared.order], prepared.y, names)


def _hand_over(canonical: Recorder, recorder: Recorder, position: np.ndarray) -> None:
    """Give the caller's recorder what was recorded in canonical order."""
    n = len(position)
    recorded = {
        name: array[..., position] if array.shape[-1:] == (n,) else array
        for name, array in canonical.state().items()
        if name.startswith(("past_", "open_"))
    }
    state = {**recorder.state(), **recorded, "n_epochs": np.array(canonical.n_epochs)}
    vars(recorder).update(vars(Recorder.from_state(state, like=recorder)))
