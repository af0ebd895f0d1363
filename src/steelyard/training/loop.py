"""The training loop of a stack of networks, readable whole.

Every network that has steps left makes one at each turn: one forward, one backward, one optimiser
step for all. Epochs of different lengths end at different turns; a network that is done leaves the
stack. What each one does is what it would do alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch

from steelyard._support.errors import DataError
from steelyard.records.recipe import Recipe
from steelyard.training.augmentation import Augmentation
from steelyard.training.inputs import Inputs
from steelyard.training.losses import member_losses
from steelyard.training.manifolds import Manifolds, ask_as_one
from steelyard.training.patience import Patience
from steelyard.training.questions import Question
from steelyard.training.recorder import Recorder
from steelyard.training.schedules import schedule_factor
from steelyard.training.stack import Stack
from steelyard.training.walks import Sequel, Walk
from steelyard.training.watching import Watch


@dataclass
class Job:
    """What one network of a stack is to do.

    Parameters
    ----------
    recipe : Recipe
        Its own learning rate, weight decay, smoothing, class weights and epochs; the rest is the
        stack's.
    walk : Walk or Sequel
        Its batches; equal for all members where they share the order.
    sample_weights : Tensor of shape (n,), optional
        A weight for every training row, with mean one over an epoch: of class weights, and of a
        plan where the order is shared.
    recorder : Recorder, optional
        Watches it.
    question : Question, optional
        Asked after each of its epochs.
    name : str
        What a message calls it.
    """

    recipe: Recipe
    walk: Walk | Sequel
    sample_weights: torch.Tensor | None
    recorder: Recorder | None
    question: Question | None
    name: str


@dataclass
class Training:
    """The state between two turns; a checkpoint holds exactly this and the recorders.

    Parameters
    ----------
    step : int
        Turns taken.
    alive : list of int
        Jobs that have steps left, in the order of ``stack``.
    stack : Stack
        Their networks.
    finished : dict of int to Stack
        Networks that have left, one each.
    losses : list of list of float
        For each job the mean training loss of each epoch.
    epoch_losses : Tensor of shape (alive,)
        Sums over the samples of the open epochs.
    patience : Patience, optional
        Best epochs so far, where the recipe stops early.
    """

    step: int
    alive: list[int]
    stack: Stack
    finished: dict[int, Stack]
    losses: list[list[float]]
    epoch_losses: torch.Tensor
    patience: Patience | None

    @classmethod
    def start(cls, stack: Stack, patient: bool) -> Training:
        """Return the state before the first turn."""
        device = next(iter(stack.weights.values())).device
        n = len(stack)
        return cls(
            0,
            list(range(n)),
            stack,
            {},
            [[] for _ in range(n)],
            torch.zeros(n, device=device),
            Patience.start(stack) if patient else None,
        )


def train_stack(
    training: Training,
    jobs: Sequence[Job],
    inputs: Inputs,
    *,
    share_order: bool,
    validate: Callable[[Stack], torch.Tensor] | None = None,
    autocast: Callable[[], AbstractContextManager],
    before_step: Callable[[], None],
    after_epoch: Callable[[int], None],
) -> None:
    """Train until no job has steps left; ``training`` is changed in place.

    Parameters
    ----------
    training : Training
        Where to begin: the start, or what a checkpoint held.
    jobs : sequence of Job
        One for each network.
    inputs : Inputs
        The training part on its device.
    share_order : bool
        Whether all jobs walk together, so that a batch is read once for all.
    validate : callable, optional
        From a stack to its members' losses on the validation part; needed for patience.
    autocast : callable
        Gives the context of mixed precision for a forward pass.
    before_step : callable
        Called before each turn; may raise to end the training there.
    after_epoch : callable
        Told after each turn that closed epochs how many it closed.

    Raises
    ------
    DataError
        If the loss of a member becomes NaN or infinite at the end of an epoch.
    """
    read, x = torch.empty(0), torch.empty(0)
    augmentation = Augmentation.of(training.stack.recipe)
    while training.alive:
        step, alive, stack = training.step, training.alive, training.stack
        mine = [jobs[job] for job in alive]
        smoothing = _smoothing(mine, inputs.labels.device)
        watch = Watch([job.recorder for job in mine])
        settings = _Settings(mine)
        sample_weights = _sample_weights(mine)
        while alive == training.alive:  # until a network leaves
            before_step()
            total = torch.zeros((), device=inputs.labels.device)
            for members, rows in _batches(mine, step, share_order):
                with autocast():
                    if augmentation is not None:
                        luck = _luck(mine, step, share_order, members)
                        x = inputs.augmented(rows, augmentation, luck)
                    elif rows is not read:  # a full batch has the very same rows at each step
                        read, x = rows, inputs.batch(rows)
                    logits = stack.logits(x, True, members).float()
                chosen = slice(None) if members is None else members
                losses = member_losses(
                    logits,
                    inputs.labels[rows],
                    None if smoothing is None else smoothing[chosen],
                    None if sample_weights is None else _weights_of(sample_weights, chosen, rows),
                )
                total = total + losses.sum()
                training.epoch_losses[chosen] += losses.detach() * rows.shape[-1]
                watch.add(members, rows, logits.detach())
            stack.descend(total, step, settings.at(step))
            training.step = step = step + 1
            ended = [k for k, job in enumerate(mine) if job.walk.ends_epoch(step - 1)]
            if ended:
                watch.flush()
                _ask(training, mine, ended)
                _end_epochs(training, mine, ended, validate)
                after_epoch(len(ended))


def _batches(
    jobs: Sequence[Job], step: int, share_order: bool
) -> list[tuple[torch.Tensor | None, torch.Tensor]]:
    """Return the rows of a step: of all members as one, or of members with batches of one size.

    At the end of an epoch the last batch is shorter. Going apart there, instead of filling up with
    rows that do not count, keeps the statistics of batch normalisation exact.
    """
    if share_order:
        return [(None, jobs[0].walk.rows(step))]
    rows = [job.walk.rows(step) for job in jobs]
    by_size = defaultdict(list)
    for member, chosen in enumerate(rows):
        by_size[len(chosen)].append(member)
    if len(by_size) == 1:
        return [(None, torch.stack(rows))]
    return [
        (torch.tensor(members), torch.stack([rows[member] for member in members]))
        for members in by_size.values()
    ]


def _luck(
    jobs: Sequence[Job], step: int, share_order: bool, members: torch.Tensor | None
) -> torch.Tensor:
    """Return the luck of the rows of a step: (LUCK, batch) for all, or (LUCK, M, batch)."""
    if share_order:
        return jobs[0].walk.luck(step)
    chosen = range(len(jobs)) if members is None else members.tolist()
    return torch.stack([jobs[member].walk.luck(step) for member in chosen], dim=1)


class _Settings:
    """Learning rate and weight decay of each member at a step."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = [(job.recipe, job.walk) for job in jobs]

    def at(self, step: int) -> list[tuple[float, float]]:
        settings, known = [], {}
        for recipe, walk in self._jobs:
            place = walk.place(step)
            if place not in known:  # the schedule is the stack's; only its length may differ
                known[place] = schedule_factor(recipe, *place)
            settings.append((recipe.learning_rate * known[place], recipe.weight_decay))
        return settings


def _smoothing(jobs: Sequence[Job], device: torch.device) -> torch.Tensor | None:
    shares = [job.recipe.smoothing for job in jobs]
    return torch.tensor(shares, device=device) if any(shares) else None


def _sample_weights(jobs: Sequence[Job]) -> torch.Tensor | None:
    """Return weights of shape (M, n), or None where every sample counts once."""
    given = [job.sample_weights for job in jobs if job.sample_weights is not None]
    if not given:
        return None
    ones = torch.ones_like(given[0])
    return torch.stack([ones if job.sample_weights is None else job.sample_weights for job in jobs])


def _weights_of(
    weights: torch.Tensor, members: torch.Tensor | slice, rows: torch.Tensor
) -> torch.Tensor:
    """Return the weights of a batch, (M, batch), of rows (batch,) for all or (M, batch)."""
    if rows.ndim == 1:
        return weights[members][:, rows]
    return weights[members][torch.arange(len(rows))[:, None], rows]


def _ask(training: Training, jobs: Sequence[Job], ended: Sequence[int]) -> None:
    watched: dict[int, Manifolds] = {}
    epochs = {k: len(training.losses[training.alive[k]]) for k in ended}
    for k in ended:
        question = jobs[k].question
        if isinstance(question, Manifolds):
            watched[k] = question
        elif question is not None:
            question.ask(epochs[k], training.stack.take(torch.tensor([k])))
    if watched:
        networks = training.stack.take(torch.tensor(list(watched)))
        ask_as_one(list(watched.values()), [epochs[k] for k in watched], networks)


def _end_epochs(
    training: Training,
    jobs: Sequence[Job],
    ended: Sequence[int],
    validate: Callable[[Stack], torch.Tensor] | None,
) -> None:
    """Close the epochs of some members, and let go of those that are done."""
    sums = training.epoch_losses.tolist()
    for k in ended:
        job, losses = jobs[k], training.losses[training.alive[k]]
        if job.recorder is not None:
            job.recorder.end_epoch()  # first: it names the samples of a training that diverged
        if not np.isfinite(sums[k]):
            raise DataError(
                f"Training diverged: the loss of {job.name} is NaN or infinite in epoch "
                f"{len(losses)}.",
                hint="lower the recipe's learning rate.",
            )
        losses.append(sums[k] / job.walk.epoch_rows(training.step - 1))
    training.epoch_losses[list(ended)] = 0.0
    done = {k for k in ended if training.step >= jobs[k].walk.n_steps}
    if training.patience is not None and validate is not None:
        done |= training.patience.lost(training.stack, ended, validate)
    if not done:
        return
    for k in sorted(done):
        member = torch.tensor([k])
        best = training.stack if training.patience is None else training.patience.best
        finished = training.finished[training.alive[k]] = best.take(member)
        finished.moments = {}  # it makes no step any more
    kept = torch.tensor([k for k in range(len(jobs)) if k not in done], dtype=torch.int64)
    training.alive = [training.alive[k] for k in kept.tolist()]
    training.stack = training.stack.take(kept)
    training.epoch_losses = training.epoch_losses[kept]
    if training.patience is not None:
        training.patience = training.patience.take(kept)
