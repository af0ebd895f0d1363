"""`Recipe`: one way to train, all values, no hooks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.fingerprints import fingerprint
from steelyard._support.storage import header, read_json, write_json
from steelyard._support.validation import check_choice, check_integer, check_real, did_you_mean

MODELS = ("mlp", "cnn", "trees")


@dataclass(frozen=True)
class Recipe:
    """How to train one model.

    Parameters
    ----------
    model : {"mlp", "cnn", "trees"}
        Multi-layer perceptron, small convolutional network, or gradient-boosted trees.
    widths : tuple of int
        Hidden units a layer (mlp) or channels a block (cnn); unused by trees.
    activation : {"relu", "tanh"}
        Between layers; unused by trees.
    optimiser : {"adam", "adamw", "sgd"}
        sgd has momentum .9; unused by trees.
    learning_rate : float
        Peak step size; shrinkage for trees.
    weight_decay : float
        L2 penalty; for trees the L2 penalty on leaf values.
    schedule : {"cosine", "constant"}
        Step size over the steps of the training; unused by trees.
    batch_size : int
        Samples a step; unused by trees.
    epochs : int
        Passes over the plan; boosting rounds for trees.
    leaves : int
        Largest number of leaves of a tree; unused by networks.
    library : {"sklearn", "xgboost"}
        Which trees; xgboost needs the extra ``trees``; unused by networks.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    model: str = "mlp"
    widths: tuple[int, ...] = (128,)
    activation: str = "relu"
    optimiser: str = "adam"
    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    schedule: str = "cosine"
    batch_size: int = 64
    epochs: int = 20
    leaves: int = 31
    library: str = "sklearn"

    def __post_init__(self) -> None:
        check_choice(self.model, "model", "Recipe", MODELS)
        check_choice(self.activation, "activation", "Recipe", ("relu", "tanh"))
        check_choice(self.optimiser, "optimiser", "Recipe", ("adam", "adamw", "sgd"))
        check_choice(self.schedule, "schedule", "Recipe", ("cosine", "constant"))
        check_choice(self.library, "library", "Recipe", ("sklearn", "xgboost"))
        if isinstance(self.widths, (str, bytes)) or not isinstance(self.widths, Iterable):
            raise ParameterError(
                f"The 'widths' parameter of Recipe must be a tuple of int. "
                f"Got {self.widths!r} instead."
            )
        # each value in one type, so that recipes that compare equal have one fingerprint
        checked = {
            "widths": tuple(check_integer(width, "widths", "Recipe", 1) for width in self.widths),
            "learning_rate": check_real(
                self.learning_rate, "learning_rate", "Recipe", 0, bounds="()"
            ),
            "weight_decay": check_real(self.weight_decay, "weight_decay", "Recipe", 0),
            "batch_size": check_integer(self.batch_size, "batch_size", "Recipe", 1),
            "epochs": check_integer(self.epochs, "epochs", "Recipe", 1),
            "leaves": check_integer(self.leaves, "leaves", "Recipe", 2),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def fingerprint(self) -> str:
        """Sixteen digits for the values."""
        return fingerprint("Recipe", self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain data."""
        return {**asdict(self), "widths": list(self.widths)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """Return the recipe of plain data.

        Raises
        ------
        ParameterError
            If a name is unknown (with the nearest names) or a value is out of range.
        """
        for name in values:
            if name not in cls.__dataclass_fields__:
                raise ParameterError(
                    f"Recipe has no value named {name!r}.",
                    hint=did_you_mean(name, cls.__dataclass_fields__),
                )
        return cls(**values)

    def save(self, path: str | Path) -> None:
        """Write the recipe as JSON."""
        write_json(header("Recipe", values=self.to_dict()), path)

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """Read what `save` wrote."""
        return cls.from_dict(read_json(path, "Recipe")["values"])
