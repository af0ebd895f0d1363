"""Train one stack of an ensemble, from its members to what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from steelyard._support.errors import DataError
from steelyard._support.seeding import derive_seed
from steelyard.training.checkpoint import Checkpoint
from steelyard.training.devices import mixed_precision
from steelyard.training.fitted import Fitted, as_fitted, canonical_recorder, watched_history
from steelyard.training.inputs import Inputs
from steelyard.training.loop import Job, Training, train_stack
from steelyard.training.losses import member_losses
from steelyard.training.manifolds import Manifolds
from steelyard.training.members import Member, shared_recipe
from steelyard.training.memory import is_out_of_memory, members_that_fit, rows_to_predict
from steelyard.training.prepared import Prepared
from steelyard.training.questions import EarlyGradient, Question, Unlearning, evaluated
from steelyard.training.sizes import bytes_a_network, shapes_of, shares_order
from steelyard.training.stack import Stack
from steelyard.training.tally import Tally
from steelyard.training.walks import Sequel, Walk


@dataclass(frozen=True)
class Bench:
    """What all stacks of an ensemble share.

    Parameters
    ----------
    prepared : Prepared
        The training part and the held-out parts.
    inputs : Inputs
        The training part on its device.
    seed : int
        From which all seeds derive.
    order : {"own", "shared"}
        Whose order members walk in.
    device : torch.device
        Where they train.
    precision : str
        Of forward and backward passes.
    threads : int
        That it may use.
    """

    prepared: Prepared
    inputs: Inputs
    seed: int
    order: str
    device: torch.device
    precision: str
    threads: int

    def members_at_once(self, members: Sequence[Member], memory: int | None) -> int:
        """Return how many members may train at the same time."""
        each = bytes_a_network(self.prepared, members, self.order)
        return members_that_fit(len(members), each, self.device, memory)

    def workers(self, n_stacks: int, fit: int) -> int:
        """Return how many of the stacks train side by side, if so many fit into memory."""
        threads = self.threads if self.device.type == "cpu" else 1
        return max(1, min(threads, n_stacks, fit))

    def train(
        self,
        members: Sequence[Member],
        checkpoint: Checkpoint | None,
        tally: Tally,
    ) -> list[Fitted]:
        """Train members that are alike as one stack."""
        recipe = shared_recipe(members[0].recipe)
        # a network that goes on with other samples walks in its own order
        share_order = shares_order(recipe, self.order) and members[0].then is None
        jobs = [self._job(member, share_order) for member in members]
        training = checkpoint.load(recipe, jobs, self.device) if checkpoint else None
        if training is None:
            seeds = [
                derive_seed(self.seed, purpose="weights", repetition=member.repetition)
                for member in members
            ]
            stack = Stack.initial(recipe, shapes_of(self.prepared, recipe), seeds, self.device)
            training = Training.start(stack, recipe.patience is not None)
        tally.add(sum(len(losses) for losses in training.losses))

        def after_epoch(n_closed: int) -> None:
            if checkpoint is not None:
                checkpoint.save_if_due(training, jobs)
            tally.add(n_closed)

        try:
            train_stack(
                training,
                jobs,
                self.inputs,
                share_order=share_order,
                validate=self._validation() if recipe.patience is not None else None,
                autocast=mixed_precision(self.device, self.precision),
                before_step=tally.go_on,
                after_epoch=after_epoch,
            )
        except Exception as error:
            if is_out_of_memory(error):  # its members begin again in smaller stacks
                tally.add(-sum(len(losses) for losses in training.losses))
            raise
        return [
            self._fitted(member, job, training.finished[k], training.losses[k])
            for k, (member, job) in enumerate(zip(members, jobs, strict=True))
        ]

    def _fitted(self, member: Member, job: Job, network: Stack, losses: Sequence[float]) -> Fitted:
        """Return what comes of a member; one that is recorded is shown every sample once more."""
        recorder, question = job.recorder, job.question
        if recorder is not None:
            rows = torch.arange(len(self.inputs.labels))
            for block, columns in evaluated(network, self.inputs, rows):
                recorder.final(recorder.ids[block.numpy()], columns[0].T)
        if isinstance(question, EarlyGradient) and recorder is not None:
            question.finish(network)
            recorder.gradient_norms(recorder.ids, question.norms)
        unlearned = question.unlearned if isinstance(question, Unlearning) else None
        history = None
        if isinstance(question, Manifolds) and member.watch is not None:
            radii, bits = question.radii[np.newaxis], question.wrong_bits[np.newaxis]
            history = watched_history(self.prepared, member.recipe, member.watch, radii, bits)
        logits = self._logits(network, member)
        return as_fitted(self.prepared, member, logits, recorder, losses, unlearned, history)

    def _job(self, member: Member, share_order: bool) -> Job:
        n, recipe = len(self.inputs.labels), member.recipe
        draws = self.prepared.draws(member.plan)
        if member.record and not share_order:
            _require_every_sample(member, draws, n)
        axes = {} if share_order else {"repetition": member.repetition}
        rows = np.arange(n) if share_order else draws
        first = Walk(rows, recipe.batch_size, recipe.epochs, self.seed, **axes)
        walk: Walk | Sequel = first
        question: Question | None = None
        if member.then is not None:
            others, axes["then"] = self.prepared.draws(member.then), 1
            second = Walk(others, recipe.batch_size, recipe.epochs, self.seed, **axes)
            walk = Sequel(first, second)
            question = Unlearning(self.inputs, np.unique(draws), recipe.epochs)
        elif member.watch is not None:
            question = Manifolds(self.inputs, self.prepared.data.n_classes, member.watch)
        elif member.gradient:
            question = EarlyGradient(self.inputs, member.early_epoch)
        weights = self.prepared.weights(draws, recipe.class_weighting)
        if share_order and member.plan is not None and not member.plan.is_identity:
            counts = np.bincount(draws, minlength=n) * (n / len(draws))
            weights = counts if weights is None else counts * weights
        tensor = None if weights is None else torch.from_numpy(weights).float().to(self.device)
        recorder = canonical_recorder(self.prepared, member)
        return Job(recipe, walk, tensor, recorder, question, member.name)

    def _logits(self, network: Stack, member: Member) -> list[np.ndarray]:
        """Return a network's logits of all that it predicts, (n, K), rows sorted by id."""
        inputs = list(self.prepared.X_held_out)
        if member.left_out:
            inputs.append(self.prepared.X[self.prepared.left_out(member.plan)])
        if member.all_rows:
            inputs.append(self.prepared.X)
        return [self._predicted(network, X)[0].T.double().cpu().numpy() for X in inputs]

    @torch.no_grad()
    def _predicted(self, stack: Stack, X: np.ndarray) -> torch.Tensor:
        batches = self.inputs.held_out(X, rows_to_predict(stack, self.inputs.shape))
        return torch.cat([stack.logits(batch, training=False) for batch in batches], dim=-1)

    def _validation(self) -> Callable[[Stack], torch.Tensor]:
        prepared = self.prepared
        for part, X, y in zip(
            prepared.held_out, prepared.X_held_out, prepared.y_held_out, strict=True
        ):
            if part.split is not None and part.split[0] == "validation":
                labels = torch.from_numpy(y).to(self.device)
                return lambda stack: member_losses(self._predicted(stack, X), labels)
        raise DataError(
            "A recipe with patience needs a validation part among the held-out parts.",
            hint="split the data with a validation part, or leave patience None.",
        )


def _require_every_sample(member: Member, draws: np.ndarray, n: int) -> None:
    n_left_out = n - len(np.unique(draws))
    if n_left_out:
        raise DataError(
            f"The plan of {member.name} leaves out {n_left_out} samples, of which nothing would "
            "be recorded.",
            hint="record a training by a plan that uses every sample, or in order='shared', where "
            "every sample is seen.",
        )
