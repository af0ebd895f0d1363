"""Train networks on all samples and watch how each class lies in a hidden layer, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.progress import Progress, silent
from steelyard.records.manifold_history import ManifoldHistory
from steelyard.records.recipe import Recipe
from steelyard.training.descent import descends
from steelyard.training.descents import descend_watched
from steelyard.training.devices import checked_device
from steelyard.training.ensemble import fit_ensemble
from steelyard.training.manifolds import Watched
from steelyard.training.members import Member
from steelyard.training.prepared import Prepared
from steelyard.training.threads import bounded_threads


def fit_watched(
    prepared: Prepared,
    recipe: Recipe,
    repetitions: Sequence[int],
    *,
    layer: int = 0,
    formula: str = "sphere-root",
    first_epoch: int = 0,
    seed: int = 0,
    device: str = "cpu",
    threads: int | None = None,
    checkpoint: str | Path | None = None,
    progress: Progress = silent,
) -> tuple[ManifoldHistory, np.ndarray]:
    """Train one network a repetition on all samples, and ask it about all of them as epochs end.

    After each epoch every training sample is shown to the network in evaluation mode: its
    representation enters the radius of its class, and it counts as misclassified unless its label
    has the largest logit alone. A recipe of plain gradient descent (see `descend`) trains several
    times as fast as another, unless a checkpoint is asked for.

    Parameters
    ----------
    prepared : Prepared
        The training part; held-out parts are not looked at.
    recipe : Recipe
        How to train: a network without patience.
    repetitions : sequence of int
        Axis of the seeds, one a network.
    layer : int
        Where representations are taken, from 0: a hidden layer of a perceptron after its
        activation; a block of a cnn or a stage of a resnet, as the mean over each channel's pixels.
    formula : {"sphere-root", "sphere-squared", "raw-root", "raw-squared"}
        Which radius: of representations on the unit sphere or as they are, R or R^2. On the sphere
        a representation of length zero stays where it is.
    first_epoch : int
        Epochs before it, from 0, are not kept.
    seed, device, threads, checkpoint, progress
        As in `steelyard.training.fit_ensemble`.

    Returns
    -------
    tuple of ManifoldHistory and ndarray of shape (runs, n, K)
        What was seen after each epoch, and the logits of the trained networks; a run for each
        repetition, rows and classes in the caller's order.

    Raises
    ------
    ParameterError
        If there is no repetition, the recipe is of trees or has patience, or the layer or an
        argument lies outside its range.
    MismatchError
        If the data were prepared for other models, or the checkpoint belongs to another training.
    DataError
        If training diverges.
    ResourceError
        If the device is not there, or not even one network fits into memory.
    """
    if not len(repetitions):
        raise ParameterError("The 'repetitions' parameter of fit_watched must hold one. Got none.")
    watch = Watched(layer, formula, first_epoch)
    members = [
        Member(recipe, repetition=int(one), watch=watch, all_rows=True) for one in repetitions
    ]
    if descends(recipe) and prepared.model == recipe.model and checkpoint is None:
        with bounded_threads(prepared, threads or 1):
            return descend_watched(
                prepared,
                recipe,
                repetitions,
                watch,
                seed=seed,
                device=checked_device(device),
                progress=progress,
            )
    fitted = fit_ensemble(
        prepared,
        members,
        seed=seed,
        device=device,
        threads=threads,
        checkpoint=checkpoint,
        progress=progress,
    )
    histories = [one.history for one in fitted if one.history is not None]
    logits = np.stack([one.predictions[-1].logits for one in fitted])
    return ManifoldHistory.stack(histories), logits
