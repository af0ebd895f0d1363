"""The trainings of the study as cells: networks that are watched, and networks on parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from steelyard._support.fingerprints import fingerprint
from steelyard.records.manifold_history import ManifoldHistory
from steelyard.records.recipe import Recipe
from steelyard.training import Prepared, fit_subsets, fit_watched, hidden_layers
from steelyard.workflow.cells import Cell, Content, Needs, Report

# Raise it when the same task comes out with other numbers: cells stored before are computed again.
_CODE = 1
FORMULA = "sphere-root"  # of the published code; see `steelyard.diagnosis.class_radii`


@dataclass(frozen=True)
class OnAll:
    """Networks on all samples, with the radii and errors of every epoch.

    Parameters
    ----------
    recipe : Recipe
        How they train.
    repetitions : tuple of int
        One a network.
    layer : int
        The hidden layer that is watched, from 0.
    first_epoch : int
        The first epoch that is kept.
    seed : int
        From which their weights derive.
    device : str
        Where.
    """

    recipe: Recipe
    repetitions: tuple[int, ...]
    layer: int
    first_epoch: int
    seed: int
    device: str = "cpu"


@dataclass(frozen=True)
class OnParts:
    """Networks that train each on its own samples.

    Parameters
    ----------
    recipe : Recipe
        How they train.
    subsets : bytes
        Which samples each network trains on: packed bits, network after network.
    repetitions : tuple of int
        One a network; equal ones begin with equal weights.
    seed : int
        From which their weights derive.
    device : str
        Where.
    """

    recipe: Recipe
    subsets: bytes
    repetitions: tuple[int, ...]
    seed: int
    device: str = "cpu"


def watched_cell(prepared: Prepared, task: OnAll, name: str) -> Cell:
    """Return the cell of some watched networks."""
    address = fingerprint(
        "Watched", _CODE, _torch(), prepared.data.fingerprint, task.recipe.fingerprint,
        list(task.repetitions), task.layer, task.first_epoch, FORMULA, task.seed,
    )  # fmt: skip
    return Cell(address, name, task, task.recipe.epochs * len(task.repetitions), _needs(task))


def on_parts_cell(
    prepared: Prepared,
    recipe: Recipe,
    subsets: np.ndarray,
    repetitions: Sequence[int],
    seed: int,
    device: str,
    name: str,
) -> Cell:
    """Return the cell of networks on parts, ``subsets`` being bool of shape (M, n)."""
    bits = np.packbits(subsets, axis=1)
    task = OnParts(recipe, bits.tobytes(), tuple(repetitions), seed, device)
    address = fingerprint(
        "OnParts", _CODE, _torch(), prepared.data.fingerprint, recipe.fingerprint, bits,
        list(repetitions), seed,
    )  # fmt: skip
    return Cell(address, name, task, recipe.epochs * len(repetitions), _needs(task))


def train_watched(
    prepared: Prepared, task: OnAll, report: Report, checkpoint: Path | None
) -> Content:
    """Train and watch the networks of a cell, with one thread, so that its bits are the same."""
    history, logits = fit_watched(
        prepared,
        task.recipe,
        task.repetitions,
        layer=task.layer,
        formula=FORMULA,
        first_epoch=task.first_epoch,
        seed=task.seed,
        device=task.device,
        threads=1,
        progress=lambda done, total, what: report(done),
    )
    arrays = {
        "epochs": history.epochs,
        "radii": history.radii,
        "wrong_bits": history.wrong_bits,
        "logits": logits,
    }
    return Content(arrays, {"data": history.data_fingerprint})


def train_on_parts(
    prepared: Prepared, task: OnParts, report: Report, checkpoint: Path | None
) -> Content:
    """Train the networks of a cell, and keep what each says of every sample."""
    n = len(prepared.data)
    bits = np.frombuffer(task.subsets, np.uint8).reshape(len(task.repetitions), -1)
    predicted = fit_subsets(
        prepared,
        task.recipe,
        np.unpackbits(bits, axis=1, count=n).astype(bool),
        task.repetitions,
        seed=task.seed,
        device=task.device,
        threads=1,
        progress=lambda done, total, what: report(done),
    )
    codes = np.uint8 if prepared.data.n_classes <= 256 else np.uint32
    return Content({"predicted": predicted.astype(codes)}, {"data": prepared.data.fingerprint})


def history_of(prepared: Prepared, task: OnAll, content: Content) -> ManifoldHistory:
    """Return the history that a cell of watched networks holds."""
    data, arrays = prepared.data, content.arrays
    return ManifoldHistory(
        data.ids, data.labels, data.class_names, arrays["epochs"], arrays["radii"],
        arrays["wrong_bits"], FORMULA, hidden_layers(task.recipe)[task.layer], data.fingerprint,
    )  # fmt: skip


def logits_of(contents: Sequence[Content]) -> np.ndarray:
    """Return the logits of all watched networks of some cells, shape (runs, n, K)."""
    return np.concatenate([content.arrays["logits"] for content in contents])


def predicted_of(content: Content) -> np.ndarray:
    """Return the predicted class codes of a cell of networks on parts, shape (M, n)."""
    arrays: Mapping[str, np.ndarray] = content.arrays
    return arrays["predicted"]


def _needs(task: OnAll | OnParts) -> Needs:
    return Needs(gpus=1) if task.device.startswith("cuda") else Needs()


def _torch() -> str:
    return f"torch {metadata.version('torch')}"
