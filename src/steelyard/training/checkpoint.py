"""Checkpoints: the state of a stack between two turns, in one npz that is written whole.

A resumed training goes on bit for bit: orders follow from the seed and the number of the epoch,
and everything else stands here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_json, read_npz, write_json, write_npz
from steelyard.records.recipe import Recipe
from steelyard.training.loop import Job, Training
from steelyard.training.patience import Patience
from steelyard.training.recorder import Recorder
from steelyard.training.stack import Stack

_KIND = "Checkpoint"


class Checkpoint:
    """The file of one stack.

    Parameters
    ----------
    path : Path
        Where.
    fingerprint : str
        Of all that determines the result: data, recipes, plans, seeds, order, precision.
    every : float
        Seconds between two writings; each comes after an epoch.
    """

    def __init__(self, path: Path, fingerprint: str, every: float) -> None:
        self.path = path
        self._fingerprint = fingerprint
        self._every = every
        self._written = time.monotonic()

    def load(self, recipe: Recipe, jobs: Sequence[Job], device: torch.device) -> Training | None:
        """Return the stored state, if there is one, and give the recorders theirs back.

        Raises
        ------
        MismatchError
            If it belongs to another training.
        DataError
            If the file is damaged.
        """
        if not self.path.exists():
            return None
        arrays, metadata = read_npz(self.path, _KIND)
        _require_same(metadata, self._fingerprint, self.path)
        groups = _by_prefix(arrays)
        for number, job in enumerate(jobs):
            state = groups.get(f"recorder{number}")
            if job.recorder is not None and state is not None:
                job.recorder = Recorder.from_state(state, like=job.recorder)
            if job.question is not None:
                job.question.restore(groups[f"question{number}"])
        patience = None
        if "best" in groups:
            best = Stack.of_arrays(recipe, groups["best"], device)
            patience = Patience(best, arrays["lowest"].tolist(), arrays["waited"].tolist())
        return Training(
            metadata["step"],
            metadata["alive"],
            Stack.of_arrays(recipe, groups["stack"], device),
            {
                number: Stack.of_arrays(recipe, groups[f"finished{number}"], device)
                for number in metadata["finished"]
            },
            metadata["losses"],
            torch.from_numpy(arrays["epoch_losses"]).to(device),
            patience,
        )

    def save_if_due(self, training: Training, jobs: Sequence[Job]) -> None:
        """Write the state if enough time has passed, or if nothing is left to do."""
        if training.alive and time.monotonic() - self._written < self._every:
            return
        self.save(training, jobs)

    def save(self, training: Training, jobs: Sequence[Job]) -> None:
        """Write the state.

        Raises
        ------
        OutputError
            If it cannot be written; what was there before stays.
        """
        parts = {"stack": training.stack.arrays()}
        parts |= {f"finished{number}": one.arrays() for number, one in training.finished.items()}
        parts |= {
            f"recorder{number}": job.recorder.state()
            for number, job in enumerate(jobs)
            if job.recorder is not None
        }
        parts |= {
            f"question{number}": job.question.arrays()
            for number, job in enumerate(jobs)
            if job.question is not None
        }
        patience = training.patience
        if patience is not None:
            parts["best"] = patience.best.arrays()
            parts[""] = {
                "lowest": np.array(patience.lowest),
                "waited": np.array(patience.waited, dtype=np.int64),
            }
        arrays = {
            f"{part}/{name}".lstrip("/"): array
            for part, arrays in parts.items()
            for name, array in arrays.items()
        }
        arrays["epoch_losses"] = training.epoch_losses.cpu().numpy()
        metadata = header(
            _KIND,
            fingerprint=self._fingerprint,
            step=training.step,
            alive=training.alive,
            finished=sorted(training.finished),
            losses=training.losses,
        )
        write_npz(arrays, self.path, metadata, compress=False)
        self._written = time.monotonic()


def _by_prefix(arrays: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    groups: dict[str, dict[str, np.ndarray]] = {}
    for path, array in arrays.items():
        prefix, _, name = path.partition("/")
        groups.setdefault(prefix, {})[name] = array
    return groups


class CheckpointFolder:
    """The checkpoints of an ensemble: a file a stack, and a list of which members are in which.

    Parameters
    ----------
    path : Path
        The folder; made when it is needed.
    fingerprint : str
        Of all that determines the ensemble's result.
    every : float
        Seconds between two writings of a stack.
    """

    def __init__(self, path: Path, fingerprint: str, every: float) -> None:
        self._path = path
        self._list = path / "ensemble.json"
        self._fingerprint, self._every = fingerprint, every

    def stacks(self, n_members: int) -> list[list[int]] | None:
        """Return the numbers of the members of each stack, if an ensemble was begun here.

        Raises
        ------
        MismatchError
            If it was another one.
        DataError
            If the list does not name every member once; the numbers become names of files.
        """
        if not self._list.exists():
            return None
        document = read_json(self._list, "Ensemble")
        _require_same(document, self._fingerprint, self._list)
        return _checked_stacks(document.get("stacks"), n_members, self._list)

    def write(self, stacks: Sequence[Sequence[int]]) -> None:
        """Remember which members are in which stack."""
        document = header("Ensemble", fingerprint=self._fingerprint, stacks=stacks)
        write_json(document, self._list)

    def checkpoint(self, numbers: Sequence[int]) -> Checkpoint:
        """Return the checkpoint of a stack, told by its first member and its size."""
        path = self._path / f"stack-{numbers[0]}-{len(numbers)}.npz"
        return Checkpoint(path, self._fingerprint, self._every)


def _checked_stacks(stacks: Any, n_members: int, path: Path) -> list[list[int]]:
    listed = isinstance(stacks, list) and all(isinstance(one, list) and one for one in stacks)
    numbers = [number for one in stacks for number in one] if listed else []
    whole = all(type(number) is int for number in numbers)
    if not whole or sorted(numbers) != list(range(n_members)):
        raise DataError(
            f"{str(path)!r} must name each of {n_members} members once. Got {repr(stacks)[:80]}.",
            hint="choose another folder, or remove this one and train again.",
        )
    return stacks


def _require_same(metadata: dict[str, Any], fingerprint: str, path: Path) -> None:
    if metadata.get("fingerprint") != fingerprint:
        raise MismatchError(
            f"The checkpoint {str(path)!r} belongs to another training: its data, recipes, plans, "
            "seed, order or precision are not these.",
            hint="resume with what it was started with, or choose another folder.",
        )
