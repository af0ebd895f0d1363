"""Trainings by `descend`: watched while they descend, or each on a part of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from steelyard._support.progress import Progress, silent
from steelyard._support.seeding import derive_seed
from steelyard.records.manifold_history import ManifoldHistory
from steelyard.records.recipe import Recipe
from steelyard.training.descent import descend
from steelyard.training.fitted import watched_history
from steelyard.training.inputs import Inputs
from steelyard.training.manifolds import Epoch, Watched
from steelyard.training.prepared import Prepared
from steelyard.training.sizes import shapes_of
from steelyard.training.stack import Stack


def descend_watched(
    prepared: Prepared,
    recipe: Recipe,
    repetitions: Sequence[int],
    watched: Watched,
    *,
    seed: int,
    device: torch.device,
    progress: Progress = silent,
) -> tuple[ManifoldHistory, np.ndarray]:
    """Do what `fit_watched` does, for a recipe that `descends`."""
    n_classes, n_runs = prepared.data.n_classes, len(repetitions)
    X, y = _inputs(prepared, device)
    watch = _Watch(y, n_classes, n_runs, recipe, watched)
    descend(
        _stack(prepared, recipe, repetitions, seed, device),
        X,
        y,
        n_classes,
        np.ones((n_runs, len(y)), dtype=bool),
        look=watch,
        after_epoch=_told(recipe, n_runs, progress),
    )
    history = watched_history(prepared, recipe, watched, *watch.seen())
    rows = np.argsort(prepared.order, kind="stable")
    classes = np.argsort(prepared.classes, kind="stable")
    return history, watch.logits[:, rows][..., classes]


def descend_subsets(
    prepared: Prepared,
    recipe: Recipe,
    subsets: np.ndarray,
    repetitions: Sequence[int],
    *,
    seed: int,
    device: torch.device,
    progress: Progress = silent,
) -> np.ndarray:
    """Do what `fit_subsets` does, for a recipe that `descends`."""
    X, y = _inputs(prepared, device)
    predicted = descend(
        _stack(prepared, recipe, repetitions, seed, device),
        X,
        y,
        prepared.data.n_classes,
        subsets[:, prepared.order],
        after_epoch=_told(recipe, len(repetitions), progress),
    )
    rows = np.argsort(prepared.order, kind="stable")
    return prepared.classes[predicted.cpu().numpy()[:, rows]]


class _Watch:
    """What `descend` shows its networks to: radii and errors of every epoch, the last logits."""

    def __init__(
        self, y: torch.Tensor, n_classes: int, n_runs: int, recipe: Recipe, watched: Watched
    ) -> None:
        self._y, self._n_classes, self._n_runs = y, n_classes, n_runs
        self._watched, self._last = watched, recipe.epochs - 1
        self._epochs: dict[int, Epoch] = {}
        self._radii: list[np.ndarray] = []
        self._wrong_bits: list[np.ndarray] = []
        self.logits = np.zeros((n_runs, len(y), n_classes), dtype=np.float32)

    def __call__(
        self,
        epoch: int,
        rows: torch.Tensor,
        activations: Sequence[torch.Tensor],
        logits: torch.Tensor,
    ) -> None:
        if epoch >= self._watched.first_epoch:
            if epoch not in self._epochs:
                self._close()
                self._epochs[epoch] = Epoch(
                    self._y, self._n_classes, self._n_runs, self._watched.formula, torch.float32
                )
            self._epochs[epoch].add(rows, activations[self._watched.layer], logits)
        if epoch == self._last:
            self.logits[:, rows.cpu().numpy()] = logits.mT.cpu().numpy()

    def seen(self) -> tuple[np.ndarray, np.ndarray]:
        """Return radii (runs, epochs, K), and errors (runs, epochs, n) in packed bits."""
        self._close()
        return np.stack(self._radii, axis=1), np.stack(self._wrong_bits, axis=1)

    def _close(self) -> None:
        for epoch in self._epochs.values():
            self._radii.append(epoch.radii())
            self._wrong_bits.append(np.packbits(epoch.wrong, axis=-1))
        self._epochs.clear()


def _inputs(prepared: Prepared, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    inputs = Inputs(prepared, device)
    return inputs.batch(torch.arange(len(inputs.labels))), inputs.labels


def _stack(
    prepared: Prepared,
    recipe: Recipe,
    repetitions: Sequence[int],
    seed: int,
    device: torch.device,
) -> Stack:
    # as `fit_ensemble` derives them: both engines begin with the same weights
    seeds = [derive_seed(seed, purpose="weights", repetition=one) for one in repetitions]
    return Stack.initial(recipe, shapes_of(prepared, recipe), seeds, device)


def _told(recipe: Recipe, n_networks: int, progress: Progress) -> Callable[[int], None]:
    total = recipe.epochs * n_networks
    return lambda epoch: progress((epoch + 1) * n_networks, total, "epochs of networks")
