"""Which samples a network sees at a step: its own draws in its own order, or everybody's."""

from __future__ import annotations

import math

import numpy as np
import torch

from steelyard._support.seeding import derive_seed

LUCK = 3  # numbers that a row gets each time it comes


class Walk:
    """The batches of one network, step after step; any step can be asked for.

    Each epoch passes once over the draws in an order of its own, drawn from the seed's axes and
    the number of the epoch alone, as is the luck of each row in it: a resumed training needs no
    state of a generator.

    Parameters
    ----------
    draws : ndarray of shape (m,)
        The rows that make up an epoch, repeated as the plan says.
    batch_size : int or None
        Rows a step; the last batch of an epoch may hold fewer. None takes all at once.
    epochs : int
        Passes.
    seed : int
        The user's seed.
    **axes : int
        The named axes of the order; none for an order that a whole ensemble shares.
    """

    def __init__(
        self, draws: np.ndarray, batch_size: int | None, epochs: int, seed: int, **axes: int
    ) -> None:
        self._draws = torch.from_numpy(draws)
        self._batch_size = batch_size
        self._seed, self._axes = seed, axes
        self._epoch, self._order = -1, self._draws
        self._lucky_epoch, self._luck = -1, torch.empty(LUCK, 0)
        self.n_rows = len(draws)
        self.epoch_steps = 1 if batch_size is None else math.ceil(len(draws) / batch_size)
        self.n_steps = epochs * self.epoch_steps

    def rows(self, step: int) -> torch.Tensor:
        """Return the rows of a step in [0, n_steps)."""
        if self._batch_size is None:
            return self._draws
        epoch, batch = divmod(step, self.epoch_steps)
        if epoch != self._epoch:
            order = torch.randperm(len(self._draws), generator=self._generator("order", epoch))
            self._epoch, self._order = epoch, self._draws[order]
        return self._order[batch * self._batch_size : (batch + 1) * self._batch_size]

    def luck(self, step: int) -> torch.Tensor:
        """Return uniform numbers in [0, 1) for the rows of a step, shape (LUCK, batch).

        They decide how a row is augmented. What is drawn knows nothing of the recipe, so that
        networks with other augmentations, or with none, share all the luck that they can share.
        """
        epoch, batch = divmod(step, self.epoch_steps)
        if epoch != self._lucky_epoch:
            generator = self._generator("augmentation", epoch)
            self._luck = torch.rand(LUCK, self.n_rows, dtype=torch.float32, generator=generator)
            self._lucky_epoch = epoch
        size = self._batch_size or self.n_rows
        return self._luck[:, batch * size : (batch + 1) * size]

    def ends_epoch(self, step: int) -> bool:
        """Whether a step is the last of its epoch."""
        return (step + 1) % self.epoch_steps == 0

    def epoch_rows(self, step: int) -> int:
        """Return the rows of the epoch that a step belongs to."""
        return self.n_rows

    def place(self, step: int) -> tuple[int, int]:
        """Return where a step stands in its schedule, and how long that is, in steps."""
        return step, self.n_steps

    def _generator(self, purpose: str, epoch: int) -> torch.Generator:
        seed = derive_seed(self._seed, purpose=purpose, epoch=epoch, **self._axes)
        return torch.Generator().manual_seed(seed)


class Sequel:
    """One walk after another: a network that goes on with other samples, its schedule begun anew.

    Parameters
    ----------
    first, second : Walk
        The walks.
    """

    def __init__(self, first: Walk, second: Walk) -> None:
        self._walks = first, second
        self.n_steps = first.n_steps + second.n_steps

    def rows(self, step: int) -> torch.Tensor:
        """Return the rows of a step in [0, n_steps)."""
        walk, own = self._at(step)
        return walk.rows(own)

    def luck(self, step: int) -> torch.Tensor:
        """Return uniform numbers in [0, 1) for the rows of a step, shape (LUCK, batch)."""
        walk, own = self._at(step)
        return walk.luck(own)

    def ends_epoch(self, step: int) -> bool:
        """Whether a step is the last of its epoch."""
        walk, own = self._at(step)
        return walk.ends_epoch(own)

    def epoch_rows(self, step: int) -> int:
        """Return the rows of the epoch that a step belongs to."""
        return self._at(step)[0].n_rows

    def place(self, step: int) -> tuple[int, int]:
        """Return where a step stands in its schedule, and how long that is, in steps."""
        walk, own = self._at(step)
        return own, walk.n_steps

    def _at(self, step: int) -> tuple[Walk, int]:
        first, second = self._walks
        return (first, step) if step < first.n_steps else (second, step - first.n_steps)
