"""A sampler for torch's DataLoader: one seeded stream of rows, shared by ranks, resumed exactly."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch.utils.data import Sampler

from steelyard._support.errors import DataError, MismatchError, ParameterError, SteelyardWarning
from steelyard._support.fingerprints import fingerprint
from steelyard._support.seeding import generator
from steelyard._support.validation import check_choice, check_integer
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.draws import cumulative, draw_rows
from steelyard.resampling.epoch import checked_weights, epoch_counts, epoch_total

LAST = ("keep", "drop", "pad")
_BLOCK = 2**16  # rows that are Python integers at a time
_STATE = {"seed": "seed", "replacement": "kind of draw", "draws": "number of draws in an epoch"}


class PlanSampler(Sampler[int]):
    """Rows of a data set in the order that a plan asks for, for ``DataLoader(sampler=...)``.

    Every epoch is one stream of rows, determined by plan, seed and epoch. Of several processes
    each takes every world_size-th row of it, so that together they see what one would have seen.

    Parameters
    ----------
    plan : Plan or array_like of shape (n,)
        A plan, whose order of ids is the order of the data set's rows; rows that it adds have the
        numbers n, n + 1, ... (``ConcatDataset([data, added])``). Or a weight for each row:
        expected uses in an epoch, or relative weights if drawn with replacement.
    data : Labelled, optional
        The planned data in the order of the data set's rows, if that is not the plan's.
    seed : int
        Determines the stream; epoch e is shuffled by a torch generator of seed + e.
    replacement : bool
        Draw every row independently of all others instead of shuffling each epoch's uses. An
        epoch of the plan that changes nothing then holds 63 % of the data, some several times.
    n_draws : int, optional
        Draws in an epoch with replacement; as many as the plan holds, or as there are weights, by
        default.
    rank, world_size : int, optional
        This process among how many; asked of torch.distributed when an epoch begins, by default.
    last : {"keep", "drop", "pad"}
        What happens where the processes do not divide the stream: some see one row more; the rows
        left over are dropped; or all see as many, with rows from the beginning of the epoch again.

    Raises
    ------
    ParameterError
        If a value lies outside its range, or there is nothing to draw.
    DataError
        If a weight is NaN or infinite.
    MismatchError
        If the plan was made on other data.

    Notes
    -----
    Without replacement a row comes as often as the plan counts. Where the plan has weights, they
    are rounded anew in each epoch: a row of weight 0.3 comes in 3 epochs of 10, and class totals
    stay exact. A plan that changes nothing gives, bit for bit, the order of torch's
    ``DistributedSampler(shuffle=True, seed=seed)``, also with ``drop_last`` (last="drop") or
    without (last="pad").

    Like that sampler, `set_epoch` says which epoch comes next. Unlike it, a new iteration without
    `set_epoch` goes on to the next epoch instead of repeating the last.
    """

    def __init__(
        self,
        plan: Plan | Any,
        *,
        data: Labelled | None = None,
        seed: int = 0,
        replacement: bool = False,
        n_draws: int | None = None,
        rank: int | None = None,
        world_size: int | None = None,
        last: str = "keep",
    ) -> None:
        self.seed = check_integer(seed, "seed", "PlanSampler", 0, 2**62)
        self.replacement = bool(replacement)
        self.last = check_choice(last, "last", "PlanSampler", LAST)
        self._given_place = _checked_place(rank, world_size)
        self._uses = _uses_of_plan(plan, data) if isinstance(plan, Plan) else _uses(plan, data)
        if self.replacement:
            self._sums = cumulative(self._uses.each, "PlanSampler")
            n_draws = self._uses.total if n_draws is None else n_draws
            self.n_draws = check_integer(n_draws, "n_draws", "PlanSampler", 1)
        else:
            if n_draws is not None:
                raise ParameterError(
                    "The 'n_draws' parameter of PlanSampler goes with replacement=True. Without, "
                    "an epoch holds as many draws as the plan.",
                    hint="scale the weights, or plan another size.",
                )
            self.n_draws = self._uses.total
            if self.n_draws == 0:
                raise ParameterError(
                    "The weights of PlanSampler must be expected uses. These sum to "
                    f"{self._uses.each.sum():.3g}: an epoch would be empty.",
                    hint="scale them to the draws of an epoch, or pass replacement=True.",
                )
        self._epoch = 0
        self._start = 0  # where in the stream the next iteration begins
        self._iteration: _Iteration | None = None
        self._warned = False

    @property
    def epoch(self) -> int:
        """The epoch that is being drawn or, before it began, comes next."""
        return self._epoch

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next; of an epoch that was resumed the rest, else all of it.

        The epoch that is under way begins anew: where it was resumed, if it was.
        """
        epoch = check_integer(epoch, "epoch", "PlanSampler.set_epoch", 0)
        one = self._iteration
        if epoch != self._epoch or (one is not None and one.is_over(one.given)):
            self._start = 0
        self._epoch = epoch
        self._iteration = None

    def __len__(self) -> int:
        """Return how many rows this process sees in a whole epoch."""
        return self._share(0, *self._place())

    def __iter__(self) -> Iterator[int]:
        # a generator: an epoch begins when its first row is asked for
        if self._iteration is not None:
            self.set_epoch(self._epoch + 1)
        rank, world_size = self._place()
        share = self._share(self._start, rank, world_size)
        one = self._iteration = _Iteration(self._epoch, self._start, rank, world_size, share)
        self._warn_if_uneven(one)
        rows = self._rows(one)
        for start in range(0, share, _BLOCK):
            for row in rows[start : start + _BLOCK].tolist():
                one.given += 1
                yield row

    def state_dict(self, drawn: int | None = None) -> dict[str, Any]:
        """Return where the stream stands, in plain values.

        Parameters
        ----------
        drawn : int, optional
            Rows that this process has trained on in this iteration, that is, since the epoch
            began or was resumed. By default all that were handed out; a DataLoader with workers
            is ahead of the training loop, which then has to say how far it is.

        Raises
        ------
        ParameterError
            If more were drawn than handed out.
        """
        one = self._iteration
        given = 0 if one is None else one.given
        drawn = given if drawn is None else check_integer(drawn, "drawn", "state_dict", 0)
        if drawn > given:
            raise ParameterError(
                f"The 'drawn' parameter of state_dict must be at most the {given} rows handed out "
                f"since the epoch began or was resumed. Got {drawn} instead."
            )
        position = self._start
        if one is not None:
            # the others are taken to have drawn as many, as they have after a step of all
            position = one.start + drawn * one.world_size
            if one.is_over(drawn):
                position = self.n_draws  # also where others see a row more, or rows are dropped
        return {
            "plan": self._fingerprint,
            "seed": self.seed,
            "replacement": self.replacement,
            "draws": self.n_draws,
            "epoch": self._epoch,
            "position": min(self.n_draws, position),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken, with any number of processes.

        What is left of the epoch is shared anew by the processes there are now. Take the state
        of one process, after a step that all have made, and load it into all.

        Raises
        ------
        MismatchError
            If it was taken with another plan, data set, seed, or number or kind of draws.
        DataError
            If it is no such state.
        """
        wanted = {"plan", *_STATE, "epoch", "position"}
        if not isinstance(state, Mapping) or not wanted <= set(state):
            raise DataError(f"The state of a PlanSampler must hold {sorted(wanted)}.")
        mine = self.state_dict(0)
        for key, name in _STATE.items():
            if state[key] != mine[key]:
                raise MismatchError(
                    f"This state was taken with another {name}: {state[key]}; the sampler has "
                    f"{mine[key]}.",
                    hint="make the sampler as it was when the state was taken.",
                )
        if state["plan"] != mine["plan"]:
            raise MismatchError(
                "This state was taken with another plan, other weights, or rows in another order.",
                hint="make the sampler as it was when the state was taken.",
            )
        epoch = check_integer(state["epoch"], "epoch", "load_state_dict", 0)
        start = check_integer(state["position"], "position", "load_state_dict", 0, self.n_draws)
        self._epoch, self._start, self._iteration = epoch, start, None

    def _place(self) -> tuple[int, int]:
        """Return the rank and the number of processes."""
        if self._given_place is not None:
            return self._given_place
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            return torch.distributed.get_rank(), torch.distributed.get_world_size()
        return 0, 1

    def _share(self, start: int, rank: int, world_size: int) -> int:
        """Return how many of the draws from ``start`` on a process takes."""
        rest = self.n_draws - start
        if self.last == "keep":
            return len(range(rank, rest, world_size))
        return rest // world_size if self.last == "drop" else -(-rest // world_size)

    def _rows(self, one: _Iteration) -> np.ndarray:
        """Return the rows that this process takes of the stream, in their order."""
        places = one.start + one.rank + one.world_size * np.arange(one.share)
        places %= self.n_draws  # padding comes from the beginning of the epoch
        if self.replacement:
            random = generator(self.seed, purpose="draws", epoch=one.epoch)
            return draw_rows(self._sums, self.n_draws, random)[places]
        shuffled = torch.Generator().manual_seed(self.seed + one.epoch)
        order = torch.randperm(self.n_draws, generator=shuffled).numpy()[places]
        return self._uses.rows(self.seed, one.epoch)[order]

    def _warn_if_uneven(self, one: _Iteration) -> None:
        over = (self.n_draws - one.start) % one.world_size
        if self.last == "keep" and over and not self._warned:
            self._warned = True
            warnings.warn(
                f"{self.n_draws - one.start} draws for {one.world_size} processes: {over} of them "
                "see one row more, and may see one batch more. DistributedDataParallel waits "
                "forever for a batch that does not come: use last='drop', last='pad' or its Join.",
                SteelyardWarning,
                stacklevel=3,
            )

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint("PlanSampler", self._uses.each, self._uses.groups, self._uses.ids)


@dataclass
class _Iteration:
    """What one iteration draws, and how many rows it has handed out."""

    epoch: int
    start: int
    rank: int
    world_size: int
    share: int  # rows that this process takes of it
    given: int = 0

    def is_over(self, drawn: int) -> bool:
        return drawn == self.share


@dataclass(frozen=True, eq=False)
class _Uses:
    """How often each row is used: int64 and exact, or float64 and on average."""

    each: np.ndarray
    groups: np.ndarray | None = None
    ids: np.ndarray | None = None

    @cached_property
    def total(self) -> int:
        return epoch_total(self.each) if self.each.dtype.kind == "f" else int(self.each.sum())

    def rows(self, seed: int, epoch: int) -> np.ndarray:
        """Return the row of every use in an epoch, in ascending order."""
        counts = self.each
        if counts.dtype.kind == "f":
            counts = epoch_counts(counts, self.groups, ids=self.ids, seed=seed, epoch=epoch)
        return np.repeat(np.arange(len(counts)), counts)


def _uses(weights: Any, data: Labelled | None) -> _Uses:
    if data is not None:
        raise ParameterError(
            "The 'data' parameter of PlanSampler goes with a Plan; weights are taken row by row."
        )
    return _Uses(checked_weights(weights, "PlanSampler").copy())


def _uses_of_plan(plan: Plan, data: Labelled | None) -> _Uses:
    order = slice(None) if data is None else plan.order(data)
    each = (plan.counts if plan.weights is None else plan.weights)[order]
    groups = None if plan.labels is None else plan.labels[order]
    ids = plan.ids[order]
    if plan.added is not None:
        each = np.append(each, np.ones(len(plan.added), each.dtype))
        groups = None if groups is None else np.append(groups, plan.added.labels)
        ids = np.append(ids, plan.added.ids)
    return _Uses(each, groups, ids)


def _checked_place(rank: int | None, world_size: int | None) -> tuple[int, int] | None:
    if rank is None and world_size is None:
        return None
    if rank is None or world_size is None:
        raise ParameterError(
            "PlanSampler takes rank and world_size together, or neither.",
            hint="leave both out to have torch.distributed asked.",
        )
    world_size = check_integer(world_size, "world_size", "PlanSampler", 1)
    return check_integer(rank, "rank", "PlanSampler", 0, world_size - 1), world_size
