"""Trainings by `descend`: watched while they descend, or each on a part of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from steelyard._support.progress import Progress, silent
from steelyard._support.seeding import derive_seed
from steelyard.records.class_sums import ClassSums
from steelyard.records.manifold_history import ManifoldHistory
from steelyard.records.recipe import Recipe
from steelyard.training.descent import descend
from steelyard.training.inputs import Inputs
from steelyard.training.prepared import Prepared
from steelyard.training.sizes import shapes_of
from steelyard.training.stack import Stack


def descend_watched(
    prepared: Prepared,
    recipe: Recipe,
    repetitions: Sequence[int],
    *,
    layer: int,
    formula: str,
    first_epoch: int,
    seed: int,
    device: torch.device,
    progress: Progress = silent,
) -> tuple[ManifoldHistory, np.ndarray]:
    """Do what `fit_watched` does, for a recipe that `descends`."""
    data, n_classes = prepared.data, prepared.data.n_classes
    X, y = _inputs(prepared, device)
    watch = _Watch(y, n_classes, len(repetitions), recipe, layer, formula, first_epoch)
    descend(
        _stack(prepared, recipe, repetitions, seed, device),
        X,
        y,
        n_classes,
        np.ones((len(repetitions), len(y)), dtype=bool),
        look=watch,
        after_epoch=_told(recipe, len(repetitions), progress),
    )
    rows = np.argsort(prepared.order, kind="stable")  # of each sample, in the order of the data
    classes = np.argsort(prepared.classes, kind="stable")
    history = ManifoldHistory(
        data.ids,
        data.labels,
        data.class_names,
        np.arange(first_epoch, recipe.epochs),
        watch.radii()[..., classes],
        np.packbits(watch.wrong[..., rows], axis=-1),
        formula,
        f"layer {layer}",
        data.fingerprint,
    )
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
        self,
        y: torch.Tensor,
        n_classes: int,
        n_runs: int,
        recipe: Recipe,
        layer: int,
        formula: str,
        first_epoch: int,
    ) -> None:
        self._y, self._layer, self._first = y, layer, first_epoch
        self._last = recipe.epochs - 1
        self._sphere, self._root = formula.startswith("sphere"), formula.endswith("root")
        self._one_hot = torch.nn.functional.one_hot(y, n_classes).float()
        kept = max(recipe.epochs - first_epoch, 0)
        width = recipe.widths[layer]
        self._sums = np.zeros((n_runs, kept, n_classes, width))
        self._squares = np.zeros((n_runs, kept, n_classes))
        self.wrong = np.zeros((n_runs, kept, len(y)), dtype=bool)
        self.logits = np.zeros((n_runs, len(y), n_classes), dtype=np.float32)

    def __call__(
        self,
        epoch: int,
        rows: torch.Tensor,
        activations: Sequence[torch.Tensor],
        logits: torch.Tensor,
    ) -> None:
        if epoch >= self._first:
            at, positions = epoch - self._first, rows.cpu().numpy()
            x, one_hot = activations[self._layer], self._one_hot[rows]
            norms = torch.linalg.vector_norm(x, dim=1, keepdim=True)
            if self._sphere:  # a zero vector stays where it is
                x = x / torch.where(norms > 0, norms, 1.0)
                norms = (norms > 0).to(x.dtype)
            self._sums[:, at] += (x @ one_hot).mT.cpu().numpy()
            self._squares[:, at] += (norms.squeeze(1).square() @ one_hot).cpu().numpy()
            self.wrong[:, at, positions] = _wrong(logits, self._y[rows]).cpu().numpy()
        if epoch == self._last:
            self.logits[:, rows.cpu().numpy()] = logits.mT.cpu().numpy()

    def radii(self) -> np.ndarray:
        """Return the radii by the formula asked for, shape (runs, epochs, K)."""
        counts = self._one_hot.sum(dim=0).cpu().numpy()
        squared = ClassSums(counts, self._sums, self._squares).squared_radii
        return np.sqrt(squared) if self._root else squared


def _wrong(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return whether the label does not have the largest logit alone; logits are (m, K, b)."""
    at = labels.expand(len(logits), 1, -1)
    own = logits.gather(1, at)
    rival = logits.scatter(1, at, -torch.inf).amax(dim=1, keepdim=True)
    return (own <= rival).squeeze(1)


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
