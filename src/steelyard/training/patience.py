"""Early stopping: each member ends by its own losses on the validation part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from steelyard.training.stack import Stack


@dataclass
class Patience:
    """What each member's best epoch was.

    Parameters
    ----------
    best : Stack
        Weights and statistics of the best epochs; their moments do not matter.
    lowest : list of float
        Validation losses of the best epochs.
    waited : list of int
        Epochs since.
    """

    best: Stack
    lowest: list[float]
    waited: list[int]

    @classmethod
    def start(cls, stack: Stack) -> Patience:
        """Return the state before the first epoch."""
        everyone = torch.arange(len(stack))
        return cls(stack.take(everyone), [float("inf")] * len(stack), [0] * len(stack))

    def lost(
        self, stack: Stack, ended: Sequence[int], validate: Callable[[Stack], torch.Tensor]
    ) -> set[int]:
        """Judge the members whose epoch has ended; return those whose patience is at its end."""
        losses = validate(stack.take(torch.tensor(ended))).tolist()
        patience = stack.recipe.patience or 0
        for k, loss in zip(ended, losses, strict=True):
            if loss < self.lowest[k]:
                self.lowest[k], self.waited[k] = loss, 0
                self.best.copy_member(k, stack)
            else:
                self.waited[k] += 1
        return {k for k in ended if self.waited[k] >= patience}

    def take(self, members: torch.Tensor) -> Patience:
        """Return the state of some members."""
        chosen = members.tolist()
        return Patience(
            self.best.take(members),
            [self.lowest[k] for k in chosen],
            [self.waited[k] for k in chosen],
        )
