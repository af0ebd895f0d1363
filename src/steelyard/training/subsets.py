"""Train each network on samples of its own, and ask it what every sample is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.progress import Progress, silent
from steelyard.records.plan import Plan
from steelyard.records.recipe import Recipe
from steelyard.training.descent import descends
from steelyard.training.descents import descend_subsets
from steelyard.training.devices import checked_device
from steelyard.training.ensemble import fit_ensemble
from steelyard.training.members import Member
from steelyard.training.prepared import Prepared
from steelyard.training.threads import bounded_threads

_LOGITS = 2**26  # ours: logits that may wait to become classes, half a gigabyte


def fit_subsets(
    prepared: Prepared,
    recipe: Recipe,
    subsets: np.ndarray,
    repetitions: Sequence[int],
    *,
    seed: int = 0,
    device: str = "cpu",
    threads: int | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Train model m on the rows ``subsets[m]`` alone, and predict every row.

    Models of a recipe of plain gradient descent (see `descend`) share the products of the rows that
    they share.

    Inputs are standardised with all rows, as ``prepared`` has them.

    Parameters
    ----------
    prepared : Prepared
        The training part, from which all subsets are taken.
    recipe : Recipe
        How to train each. A batch size of None takes all rows of the subset at once.
    subsets : ndarray of bool, shape (M, n)
        The rows of each model, in the caller's order. A class may be missing, except from trees.
    repetitions : sequence of M int
        Axis of the seeds: models of one repetition share initial weights, and where their subsets
        are equal the order of samples.
    seed, device, threads, progress
        As in `steelyard.training.fit_ensemble`.

    Returns
    -------
    ndarray of int, shape (M, n)
        The class code that each model gives every row, its own rows included.

    Raises
    ------
    ParameterError
        If subsets or repetitions are of another shape or type.
    MismatchError
        If the data were prepared for other models, or hold held-out rows.
    DataError
        If a subset is empty or leaves trees no sample of a class, or training diverges.
    ResourceError
        If the device is not there, or not even one network fits into memory.
    """
    data = prepared.data
    _check(subsets, repetitions, len(data))
    if descends(recipe) and prepared.model == recipe.model and not prepared.held_out:
        with bounded_threads(prepared, threads or 1):
            return descend_subsets(
                prepared,
                recipe,
                subsets,
                repetitions,
                seed=seed,
                device=checked_device(device),
                progress=progress,
            )
    if recipe.batch_size is None and (recipe.normalisation == "batch" or recipe.augmentation):
        # networks that share a full batch read all rows and weigh some by 0; the statistics of
        # batch normalisation would know of those, and all would see the same flips and crops. One
        # batch of the own rows does neither.
        recipe = replace(recipe, batch_size=len(data))
    predicted = np.empty(subsets.shape, dtype=np.int64)
    at_once = max(1, _LOGITS // (len(data) * data.n_classes))
    for start in range(0, len(subsets), at_once):
        here = slice(start, start + at_once)
        members = [
            Member(recipe, _plan_of(prepared, subset), int(repetition), all_rows=True)
            for subset, repetition in zip(subsets[here], repetitions[here], strict=True)
        ]
        fitted = fit_ensemble(
            prepared,
            members,
            seed=seed,
            device=device,
            threads=threads,
            progress=_of_all(progress, start, len(members), len(subsets)),
        )
        for row, one in zip(predicted[here], fitted, strict=True):
            # of classes that tie the first in canonical order, whatever they are called
            logits = one.predictions[-1].logits[:, prepared.classes]
            row[:] = prepared.classes[logits.argmax(axis=1)]
    return predicted


def _of_all(progress: Progress, before: int, now: int, every: int) -> Progress:
    """Return what tells of some models as of a part of all."""

    def tell(done: int, total: int, what: str) -> None:
        each = total // now
        progress(before * each + done, every * each, what)

    return tell


def _check(subsets: np.ndarray, repetitions: Sequence[int], n: int) -> None:
    shape, dtype = np.shape(subsets), getattr(subsets, "dtype", None)
    if dtype != np.bool_ or len(shape) != 2 or shape[1] != n or not shape[0]:
        raise ParameterError(
            f"The 'subsets' parameter of fit_subsets must be an array of bool of shape (M, {n}). "
            f"Got shape {shape} and type {dtype} instead.",
            hint="mark the rows of each model with True.",
        )
    if len(repetitions) != len(subsets):
        raise ParameterError(
            f"The 'repetitions' parameter of fit_subsets must hold one for each of "
            f"{len(subsets)} subsets. Got {len(repetitions)} instead."
        )
    empty = np.flatnonzero(~subsets.any(axis=1))
    if len(empty):
        raise DataError(
            f"{len(empty)} of {len(subsets)} subsets are empty, first number {empty[0]}.",
            hint="mark at least one row of each.",
        )


def _plan_of(prepared: Prepared, subset: np.ndarray) -> Plan:
    data, counts = prepared.data, subset.astype(np.int64)
    requested = np.bincount(data.labels, weights=counts, minlength=data.n_classes)
    return Plan.of(data, counts, requested, "subset")
