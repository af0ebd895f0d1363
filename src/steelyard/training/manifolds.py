"""What is watched of class manifolds: after each epoch, their radii and who is misclassified.

With x the representation of a sample at a hidden layer (in the "sphere" formulas x / |x|) and x_c
the mean over the n_c samples of class c,

    R_c^2 = 1/(2 n_c^2) sum_x sum_y |x - y|^2 = mean |x|^2 - |x_c|^2.

Only sums are kept, so that no pair is looked at and rows may come in blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from steelyard._support.errors import DataError
from steelyard._support.validation import check_choice, check_integer
from steelyard.records.class_sums import ClassSums, on_sphere
from steelyard.records.manifold_history import FORMULAS
from steelyard.training.inputs import Inputs
from steelyard.training.memory import rows_to_predict
from steelyard.training.questions import is_right
from steelyard.training.stack import Stack


@dataclass(frozen=True)
class Watched:
    """What to watch of a training.

    Parameters
    ----------
    layer : int
        Hidden layer of a perceptron, block of a cnn or stage of a resnet, from 0.
    formula : {"sphere-root", "sphere-squared", "raw-root", "raw-squared"}
        Which radius: of representations on the unit sphere or as they are, R or R^2.
    first_epoch : int
        Epochs before it, from 0, are not watched.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    layer: int = 0
    formula: str = "sphere-root"
    first_epoch: int = 0

    def __post_init__(self) -> None:
        check_choice(self.formula, "formula", "fit_watched", FORMULAS)
        for name in ("layer", "first_epoch"):
            value = check_integer(getattr(self, name), name, "fit_watched", 0)
            object.__setattr__(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain data."""
        return {"layer": self.layer, "formula": self.formula, "first_epoch": self.first_epoch}


class Epoch:
    """What M networks say of all samples at one time, in whatever blocks these come.

    Parameters
    ----------
    labels : Tensor of shape (n,)
        Class codes, on the device of the networks.
    n_classes : int
        K.
    members : int
        M.
    formula : str
        One of `FORMULAS`.
    dtype : torch.dtype
        Of what is added up within a block. float64 keeps the late digits in which an inversion
        shows where a block may be all samples; float32 will do for blocks of a thousand.
    """

    def __init__(
        self,
        labels: torch.Tensor,
        n_classes: int,
        members: int,
        formula: str,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        self._labels, self._n_classes, self._dtype = labels, n_classes, dtype
        self._formula = formula
        self._sums: torch.Tensor | float = 0.0  # (M, width, K), a tensor with the first block
        self._squares = torch.zeros((members, n_classes), dtype=torch.float64, device=labels.device)
        self.wrong = np.zeros((members, len(labels)), dtype=bool)

    def add(self, rows: torch.Tensor, x: torch.Tensor, logits: torch.Tensor) -> None:
        """Take a block of samples, each sample once.

        Parameters
        ----------
        rows : Tensor of shape (b,)
            Which samples.
        x : Tensor of shape (M, width, b)
            Their representations.
        logits : Tensor of shape (M, K, b)
            Their logits.
        """
        labels = self._labels[rows.to(self._labels.device)]
        x = x.to(self._dtype, copy=True)
        if on_sphere(self._formula):  # a representation of length zero stays where it is
            lengths = x.square().sum(dim=1, keepdim=True).sqrt_()
            x /= lengths.masked_fill_(lengths == 0, 1.0)
        membership = functional.one_hot(labels, self._n_classes).to(x.dtype)
        self._sums = self._sums + (x @ membership).double()
        self._squares += x.square().sum(dim=1) @ membership
        self.wrong[:, rows.cpu().numpy()] = ~is_right(logits, labels).cpu().numpy()

    def radii(self) -> np.ndarray:
        """Return the radius of each class, shape (M, K); NaN of a class without samples.

        Raises
        ------
        DataError
            If a representation is NaN or infinite.
        """
        assert isinstance(self._sums, torch.Tensor)
        if not torch.isfinite(self._squares).all():
            raise DataError(
                "Training diverged: a representation of a watched network is NaN or infinite.",
                hint="lower the recipe's learning rate.",
            )
        counts = torch.bincount(self._labels, minlength=self._n_classes)
        sums = ClassSums(
            counts.cpu().numpy(), self._sums.mT.cpu().numpy(), self._squares.cpu().numpy()
        )
        return sums.radii(self._formula)


class Manifolds:
    """The question of a network that is watched.

    Parameters
    ----------
    inputs : Inputs
        The training part on its device.
    n_classes : int
        K.
    watched : Watched
        What to watch.
    """

    def __init__(self, inputs: Inputs, n_classes: int, watched: Watched) -> None:
        self.inputs, self.n_classes, self.watched = inputs, n_classes, watched
        self._radii: list[np.ndarray] = []
        self._wrong_bits: list[np.ndarray] = []

    @property
    def radii(self) -> np.ndarray:
        """Radius of each class after each epoch that was watched, shape (E, K)."""
        return np.reshape(self._radii, (len(self._radii), self.n_classes))

    @property
    def wrong_bits(self) -> np.ndarray:
        """Whether each sample was misclassified then, packed, shape (E, ceil(n / 8))."""
        n_bytes = -(-len(self.inputs.labels) // 8)
        return np.reshape(np.array(self._wrong_bits, dtype=np.uint8), (-1, n_bytes))

    def ask(self, epoch: int, network: Stack) -> None:
        """Ask after each epoch that is watched."""
        ask_as_one([self], [epoch], network)

    def take(self, radii: np.ndarray, wrong: np.ndarray) -> None:
        """Take what was seen after an epoch: radii (K,) and who was misclassified (n,)."""
        self._radii.append(radii)
        self._wrong_bits.append(np.packbits(wrong))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the answers so far."""
        return {"radii": self.radii, "wrong_bits": self.wrong_bits}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned."""
        self._radii, self._wrong_bits = list(arrays["radii"]), list(arrays["wrong_bits"])


def ask_as_one(questions: Sequence[Manifolds], epochs: Sequence[int], networks: Stack) -> None:
    """Ask the networks of a stack that read the same samples, in one pass for all.

    Parameters
    ----------
    questions : sequence of Manifolds
        One a network.
    epochs : sequence of int
        The epoch, from 0, that each has ended.
    networks : Stack
        The networks.
    """
    alike: dict[Watched, list[int]] = {}
    for number, (question, epoch) in enumerate(zip(questions, epochs, strict=True)):
        if epoch >= question.watched.first_epoch:
            alike.setdefault(question.watched, []).append(number)
    for watched, numbers in alike.items():
        some, inputs = networks.take(torch.tensor(numbers)), questions[0].inputs
        seen = Epoch(inputs.labels, questions[0].n_classes, len(some), watched.formula)
        rows = torch.arange(len(inputs.labels))
        for block in rows.split(rows_to_predict(some, inputs.shape)):
            seen.add(block, *some.observed(inputs.batch(block), watched.layer))
        for number, radii, wrong in zip(numbers, seen.radii(), seen.wrong, strict=True):
            questions[number].take(radii, wrong)
