"""Trainings as cells: what trains as one stack is one cell, and each booster is one.

Networks of a stack share every matrix product, so that the bits of each depend on the others. The
stacks follow from what was declared, never from what happens to be missing: a run that was killed
trains its missing stacks as they would have been trained.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard._support.fingerprints import fingerprint
from steelyard._support.progress import Progress, silent
from steelyard.records.dynamics import Dynamics
from steelyard.records.labelled import Labelled
from steelyard.records.predictions import Predictions
from steelyard.records.recipe import Recipe
from steelyard.training import (
    CODE,
    Fitted,
    Member,
    Prepared,
    bytes_a_network,
    checked_device,
    declared_stacks,
    first_samples,
    fit_ensemble,
    named_device,
    predicted_parts,
    prepare,
    seen_prior,
)
from steelyard.workflow.cells import Cell, Content, Needs, Report
from steelyard.workflow.conduct import conduct
from steelyard.workflow.engines import Engine, Local, choose_engine
from steelyard.workflow.store import opened


@dataclass(frozen=True)
class Stack:
    """The task of a cell: members that train as one.

    Parameters
    ----------
    members : tuple of Member
        What to train.
    seed : int
        From which their seeds derive.
    device : str
        Where.
    """

    members: tuple[Member, ...]
    seed: int
    device: str


def train_members(
    train_part: Labelled,
    held_out: Sequence[Labelled],
    members: Sequence[Member],
    *,
    breaks: Sequence[int] = (),
    seed: int = 0,
    declared: Mapping[str, Any] | None = None,
    beside: bool = False,
    run: str | Path | None = None,
    fresh: bool = False,
    engine: str | Engine = "local",
    device: str = "cpu",
    progress: Progress = silent,
) -> list[Fitted]:
    """Train members as cells of a run.

    Parameters
    ----------
    train_part : Labelled
        What they train on.
    held_out : sequence of Labelled
        What they predict.
    members : sequence of Member
        What to train.
    breaks : sequence of int, optional
        Numbers of members before which a stack ends, beside where stacks end anyway.
    seed : int
        From which all seeds derive.
    declared : mapping, optional
        What the run says of itself beside its data, as plain values.
    beside : bool
        Whether the run keeps what was declared before: work that follows from other work of it.
    run, fresh, engine, device, progress
        As in `steelyard.weigh`.

    Returns
    -------
    list of Fitted
        One a member, in their order.
    """
    if not members:
        raise ParameterError("The 'members' parameter of train_members must hold one. Got [].")
    if engine == "local" or isinstance(engine, Local):
        checked_device(device)
    else:  # what devices other machines have is seen there
        named_device(device)
    trainings = Trainings.of(train_part, held_out, members, breaks=breaks, seed=seed, device=device)
    document = {
        "n_trainings": len(members),
        **(declared or {}),
        "data": {"name": train_part.name, "fingerprint": train_part.fingerprint},
    }
    # an engine that was given stays as it is: its workers may serve the next call too
    ours = choose_engine(engine) if isinstance(engine, str) else contextlib.nullcontext(engine)
    with opened(run) as store, ours as workers:
        if fresh:
            store.clear()
        declare = store.declare_more if beside else store.declare
        declare(document, trainings.cells)
        contents = conduct(trainings.cells, train_stack, trainings.shared, store, workers, progress)
        return trainings.fitted(contents)


@dataclass(frozen=True, eq=False)
class Trainings:
    """Members as cells, and cells as what came of the members.

    Parameters
    ----------
    members : tuple of Member
        What to train.
    shared : dict of str to Prepared
        The data as each family of models reads them: what all cells share.
    numbered : tuple of (Cell, list of int)
        The cells, with the numbers of the members of each.
    """

    members: tuple[Member, ...]
    shared: dict[str, Prepared]
    numbered: tuple[tuple[Cell, list[int]], ...]

    @classmethod
    def of(
        cls,
        train_part: Labelled,
        held_out: Sequence[Labelled],
        members: Sequence[Member],
        *,
        breaks: Sequence[int] = (),
        seed: int = 0,
        device: str = "cpu",
    ) -> Trainings:
        """Return the cells of some members; the parameters are those of `train_members`."""
        models = dict.fromkeys(member.recipe.model for member in members)
        shared = {model: prepare(train_part, held_out, model=model) for model in models}
        numbered = tuple(
            (cell, numbers)
            for prepared in shared.values()
            for one in _between(breaks, len(members))
            for cell, numbers in _cells(prepared, members, one, seed, device)
        )
        return cls(tuple(members), shared, numbered)

    @property
    def cells(self) -> list[Cell]:
        """The cells, for `train_stack`."""
        return [cell for cell, _ in self.numbered]

    def fitted(self, contents: Iterable[Content]) -> list[Fitted]:
        """Return what came of each member, from the contents of the cells."""
        fitted: dict[int, Fitted] = {}
        for (_, numbers), content in zip(self.numbered, contents, strict=True):
            mine = [self.members[number] for number in numbers]
            prepared = self.shared[mine[0].recipe.model]
            fitted |= zip(numbers, fitted_of(prepared, mine, content), strict=True)
        return [fitted[number] for number in range(len(self.members))]


def _between(breaks: Sequence[int], n: int) -> list[range]:
    ends = sorted({0, *breaks, n})
    return [range(first, last) for first, last in pairwise(ends)]


def _cells(
    prepared: Prepared, members: Sequence[Member], some: range, seed: int, device: str
) -> Iterator[tuple[Cell, list[int]]]:
    """Yield the cells of some members, of one family of models, with the numbers of each."""
    model = prepared.model
    mine = [number for number in some if members[number].recipe.model == model]
    if not mine:
        return
    data = [prepared.data.fingerprint, [part.fingerprint for part in prepared.held_out]]
    trees = model == "trees"
    for stack in declared_stacks(prepared, [members[number] for number in mine], device=device):
        numbers = [mine[position] for position in stack]
        trained = tuple(members[number] for number in numbers)
        cell = Cell(
            fingerprint(
                "Training", CODE, _library(trained[0].recipe), *data,
                [member.to_dict() for member in trained], seed,
            ),
            _name(trained),
            Stack(trained, seed, device),
            1 if trees else sum(member.n_epochs for member in trained),
            # networks on a GPU lie in its own memory
            Needs(gpus=1) if device.startswith("cuda") and not trees
            else Needs(memory=len(trained) * bytes_a_network(prepared, trained)),
        )  # fmt: skip
        yield cell, numbers


def train_stack(
    shared: Mapping[str, Prepared], stack: Stack, report: Report, checkpoint: Path | None
) -> Content:
    """Train a cell; it has one thread, whatever machine it is on, so that its bits are the same."""
    prepared = shared[stack.members[0].recipe.model]

    def fit() -> Sequence[Fitted]:
        return fit_ensemble(
            prepared,
            stack.members,
            seed=stack.seed,
            device=stack.device,
            threads=1,
            checkpoint=None if prepared.model == "trees" else checkpoint,
            progress=lambda done, total, what: report(done),
        )

    fitted = going_on(fit, None if prepared.model == "trees" else checkpoint)
    arrays: dict[str, np.ndarray] = {}
    for number, one in enumerate(fitted):
        for predictions in one.predictions:
            rows = np.argsort(predictions.ids, kind="stable")
            arrays[f"{number}/logits/{predictions.split}"] = _narrowed(predictions.logits[rows])
        arrays[f"{number}/losses"] = one.losses
        if one.dynamics is not None:
            rows = np.argsort(one.dynamics.ids, kind="stable")
            for name, channel in one.dynamics.channels.items():
                arrays[f"{number}/dynamics/{name}"] = channel[0, rows]
    content = {
        "data": prepared.data.fingerprint,
        "class_names": list(prepared.data.class_names),
        "seed": stack.seed,
        "trainings": [
            {
                "recipe": member.recipe.to_dict(),
                "repetition": member.repetition,
                "n_epochs": None if one.dynamics is None else one.dynamics.n_epochs,
                "early_epoch": None if one.dynamics is None else one.dynamics.early_epoch,
            }
            for member, one in zip(stack.members, fitted, strict=True)
        ],
    }
    return Content(arrays, content)


def going_on(fit: Callable[[], Sequence[Fitted]], checkpoint: Path | None) -> Sequence[Fitted]:
    """Return what a fit gives that keeps checkpoints; damaged ones are removed, and it begins anew.

    Parameters
    ----------
    fit : callable
        Trains, from the checkpoint if there is one.
    checkpoint : path or None
        Its folder.
    """
    goes_on = checkpoint is not None and checkpoint.exists()
    try:
        return fit()
    except (DataError, MismatchError):
        if checkpoint is None or not goes_on:
            raise
        # what a killed process left may be damaged; without it, only an error of its own comes back
        shutil.rmtree(checkpoint, ignore_errors=True)
        return fit()


def fitted_of(prepared: Prepared, members: Sequence[Member], content: Content) -> list[Fitted]:
    """Return what came of the members of a cell, in the caller's order of rows.

    Parameters
    ----------
    prepared : Prepared
        What they trained on.
    members : sequence of Member
        Those of the cell; their names are taken from here.
    content : Content
        The cell's.

    Raises
    ------
    DataError
        If the content is not what `train_stack` returns.
    """
    try:
        return _fitted_of(prepared, members, content)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DataError(
            f"A stored training holds something else than it should: {error}.",
            hint="start the run over with --fresh.",
        ) from error


def _fitted_of(prepared: Prepared, members: Sequence[Member], content: Content) -> list[Fitted]:
    data = prepared.data
    found = []
    for number, member in enumerate(members):
        predictions = []
        for part, split in predicted_parts(prepared, member):
            stored = content.arrays[f"{number}/logits/{split}"]
            logits = np.empty(stored.shape)
            logits[np.argsort(part.ids, kind="stable")] = stored
            predictions.append(
                Predictions(
                    part.ids,
                    part.labels,
                    logits,
                    data.class_names,
                    seen_prior(data, member.plan, member.recipe),
                    arm=member.arm,
                    seed=member.repetition,
                    split=split,
                )
            )
        dynamics = None
        if member.record or member.then is not None:
            part = prepared.data if member.record else first_samples(prepared, member)
            dynamics = _dynamics(prepared.data, part, content, number)
        losses = content.arrays[f"{number}/losses"]
        found.append(Fitted(tuple(predictions), dynamics, losses))
    return found


def _dynamics(data: Labelled, part: Labelled, content: Content, number: int) -> Dynamics:
    prefix, training = f"{number}/dynamics/", content.metadata["trainings"][number]
    rows = np.argsort(part.ids, kind="stable")
    channels = {}
    for name, stored in content.arrays.items():
        if name.startswith(prefix):
            channel = np.empty((1, len(rows)))
            channel[0, rows] = stored
            channels[name.removeprefix(prefix)] = channel
    return Dynamics(
        part.ids,
        part.labels,
        data.class_names,
        channels,
        training["n_epochs"],
        data.fingerprint,
        training["early_epoch"],
    )


def _narrowed(logits: np.ndarray) -> np.ndarray:
    """Return logits as float32 where that loses nothing: those of networks were never more."""
    narrow = logits.astype(np.float32)
    return narrow if np.array_equal(narrow, logits) else logits


def _library(recipe: Recipe) -> str:
    """Return the library that trains, with its version: another adds up otherwise."""
    if recipe.model != "trees":
        return _version("torch")
    return _version("scikit-learn" if recipe.library == "sklearn" else recipe.library)


@cache
def _version(library: str) -> str:
    try:
        return f"{library} {metadata.version(library)}"
    except metadata.PackageNotFoundError:  # the training itself will say how to get it
        return library


def _name(members: Sequence[Member]) -> str:
    arms = list(dict.fromkeys(member.arm for member in members))
    repetitions = sorted({member.repetition + 1 for member in members})
    of_arms = arms[0] if len(arms) == 1 else f"{len(arms)} arms"
    first, last = repetitions[0], repetitions[-1]
    return f"{of_arms}, repetition {first}" + (f" to {last}" if last > first else "")
