"""`Recipe`: one way to train, all values, no hooks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, asdict, dataclass
from pathlib import Path
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.fingerprints import fingerprint
from steelyard._support.storage import header, read_json, write_json
from steelyard._support.validation import check_choice, check_integer, check_real, did_you_mean

MODELS = ("mlp", "cnn", "resnet", "trees")
AUGMENTATIONS = ("flip", "crop")
_TREES_ALONE = frozenset({"leaves", "library"})
_NETWORKS_ALONE = frozenset(
    {
        "widths", "activation", "initialisation", "optimiser", "smoothing", "max_gradient_norm",
        "schedule", "batch_size", "patience", "augmentation", "crop_padding", "crop_fill",
    }
)  # fmt: skip
# Named in stored recipes only where they differ from their defaults, so that a recipe which was
# stored before they came has the fingerprint that it had.
_NAMED_WHERE_USED = (
    "class_weighting", "initialisation", "augmentation", "crop_padding", "crop_fill",
)  # fmt: skip
_LISTS = ("widths", "milestones", "augmentation")  # in plain data
_CHOICES = {
    "model": MODELS,
    "activation": ("relu", "tanh"),
    "normalisation": ("none", "group", "batch"),
    "initialisation": ("he", "uniform"),
    "optimiser": ("adam", "adamw", "sgd"),
    "schedule": ("constant", "step", "cosine", "one-cycle"),
    "crop_fill": ("black", "mean"),
    "library": ("sklearn", "xgboost"),
}


@dataclass(frozen=True)
class Recipe:
    """How to train one model.

    Parameters
    ----------
    model : {"mlp", "cnn", "resnet", "trees"}
        Multi-layer perceptron, small convolutional network, residual network for small images,
        or gradient-boosted trees. What follows is unused by trees unless it says so.
    widths : tuple of int
        Hidden units a layer (mlp) or channels a block (cnn) or stage (resnet).
    blocks : int
        Residual blocks a stage; widths (64, 128, 256, 512) with 2 blocks are ResNet-18.
    activation : {"relu", "tanh"}
        Between layers.
    normalisation : {"none", "group", "batch"}
        After each convolution; unused by mlp.
    initialisation : {"he", "uniform"}
        "he": weights normal with variance 2 / inputs, biases 0. "uniform": both uniform in
        +-1/sqrt(inputs), as torch has it of itself.
    optimiser : {"adam", "adamw", "sgd"}
        What makes a step of a gradient.
    momentum : float
        Of sgd, in the range [0, 1).
    nesterov : bool
        Nesterov's form of the momentum of sgd.
    learning_rate : float
        Peak step size; shrinkage for trees.
    weight_decay : float
        L2 penalty, decoupled for adamw; for trees the L2 penalty on leaf values.
    smoothing : float
        Label smoothing, in the range [0, 1): the share of the target that all classes divide.
    class_weighting : float
        Exponent a of the class weights in the loss, 0 or above: a sample of a class that is drawn
        n_c times in an epoch weighs in proportion to n_c^(-a), 1 on average over the draws. 0
        weighs all alike, 1 is "balanced". Trees weigh their samples likewise.
    max_gradient_norm : float or None
        A gradient longer than this is shortened to it; None leaves gradients as they are.
    schedule : {"constant", "step", "cosine", "one-cycle"}
        Step size over the steps of the training. step multiplies it by ``step_factor`` at each
        of ``milestones``; cosine falls from the peak to zero; one-cycle rises over the first
        .3 of the steps from 1/25 of the peak and falls to 1/250,000 of it, by cosines.
    milestones : tuple of float
        Shares of the training at which schedule step makes a step.
    step_factor : float
        What schedule step multiplies by.
    batch_size : int or None
        Samples a step; None takes all at once.
    epochs : int
        Passes over the plan; boosting rounds for trees.
    patience : int or None
        End after so many epochs without a lower loss on the validation part, and keep the
        weights of the best epoch; None trains every epoch and keeps the last.
    augmentation : tuple of {"flip", "crop"}
        What is drawn anew for each image each time it is trained on, in any order; evaluation sees
        images as they are. "flip" mirrors left and right with probability .5; "crop" adds
        ``crop_padding`` pixels on each side and cuts a window of the old size out at random.
        Images alone can be augmented, and not for trees.
    crop_padding : int
        Pixels a side, below the image's height and width; used by crop alone.
    crop_fill : {"black", "mean"}
        What the padding holds: "black" pads the bytes with 0 and standardises then, "mean" pads
        standardised images with 0, the mean colour; used by crop alone.
    leaves : int
        Largest number of leaves of a tree; used by trees alone.
    library : {"sklearn", "xgboost"}
        Which trees; xgboost needs the extra ``trees``; used by trees alone.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    model: str = "mlp"
    _: KW_ONLY
    widths: tuple[int, ...] = (128,)
    blocks: int = 1
    activation: str = "relu"
    normalisation: str = "none"
    initialisation: str = "he"
    optimiser: str = "adam"
    momentum: float = 0.9
    nesterov: bool = False
    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    smoothing: float = 0.0
    class_weighting: float = 0.0
    max_gradient_norm: float | None = None
    schedule: str = "cosine"
    milestones: tuple[float, ...] = (0.3, 0.6, 0.8)
    step_factor: float = 0.2
    batch_size: int | None = 64
    epochs: int = 20
    patience: int | None = None
    augmentation: tuple[str, ...] = ()
    crop_padding: int = 4
    crop_fill: str = "black"
    leaves: int = 31
    library: str = "sklearn"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            check_choice(getattr(self, name), name, "Recipe", choices)
        if not isinstance(self.nesterov, bool):
            raise ParameterError(
                f"The 'nesterov' parameter of Recipe must be a bool. Got {self.nesterov!r} instead."
            )
        # each value in one type, so that recipes that compare equal have one fingerprint
        checked: dict[str, Any] = {
            "widths": tuple(
                check_integer(width, "widths", "Recipe", 1)
                for width in self._sequence("widths", "int")
            ),
            "blocks": check_integer(self.blocks, "blocks", "Recipe", 1),
            "momentum": check_real(self.momentum, "momentum", "Recipe", 0, 1, bounds="[)"),
            "learning_rate": check_real(
                self.learning_rate, "learning_rate", "Recipe", 0, bounds="()"
            ),
            "weight_decay": check_real(self.weight_decay, "weight_decay", "Recipe", 0),
            "smoothing": check_real(self.smoothing, "smoothing", "Recipe", 0, 1, bounds="[)"),
            "class_weighting": check_real(self.class_weighting, "class_weighting", "Recipe", 0),
            "milestones": tuple(
                check_real(share, "milestones", "Recipe", 0, 1)
                for share in self._sequence("milestones", "float")
            ),
            "step_factor": check_real(self.step_factor, "step_factor", "Recipe", 0, bounds="()"),
            "epochs": check_integer(self.epochs, "epochs", "Recipe", 1),
            "augmentation": self._checked_augmentation(),
            "crop_padding": check_integer(self.crop_padding, "crop_padding", "Recipe", 1),
            "leaves": check_integer(self.leaves, "leaves", "Recipe", 2),
        }
        if self.max_gradient_norm is not None:
            checked["max_gradient_norm"] = check_real(
                self.max_gradient_norm, "max_gradient_norm", "Recipe", 0, bounds="()"
            )
        for name in ("batch_size", "patience"):
            if getattr(self, name) is not None:
                checked[name] = check_integer(getattr(self, name), name, "Recipe", 1)
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.nesterov and not self.momentum:
            raise ParameterError(
                "The 'nesterov' parameter of Recipe needs a momentum above 0. Got 0.0 instead.",
                hint="set momentum=0.9, or nesterov=False.",
            )

    def _sequence(self, name: str, of: str) -> Iterable[Any]:
        values = getattr(self, name)
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise ParameterError(
                f"The {name!r} parameter of Recipe must be a tuple of {of}. Got {values!r} instead."
            )
        return values

    def _checked_augmentation(self) -> tuple[str, ...]:
        """Return the names in one order: in which they are given makes no other training."""
        names = list(self._sequence("augmentation", "str"))
        for name in names:
            check_choice(name, "augmentation", "Recipe", AUGMENTATIONS)
        if len(set(names)) < len(names):
            raise ParameterError(
                "The 'augmentation' parameter of Recipe must name each augmentation once. Got "
                f"{tuple(names)!r} instead."
            )
        if names and self.model == "trees":
            raise ParameterError(
                "The 'augmentation' parameter of Recipe must be () for trees, which read all "
                f"samples once. Got {tuple(names)!r} instead.",
                hint="choose the model mlp, cnn or resnet.",
            )
        return tuple(name for name in AUGMENTATIONS if name in names)

    @property
    def fingerprint(self) -> str:
        """Sixteen digits for the values."""
        return fingerprint("Recipe", self.to_dict())

    @property
    def in_use(self) -> tuple[str, ...]:
        """Names of the values that bear on this model, optimiser and schedule."""
        unused = _NETWORKS_ALONE if self.model == "trees" else _TREES_ALONE
        unused |= {
            *(() if self.model in ("cnn", "resnet") else ("normalisation",)),
            *(() if self.model == "resnet" else ("blocks",)),
            *(() if self.optimiser == "sgd" else ("momentum", "nesterov")),
            *(() if self.schedule == "step" else ("milestones", "step_factor")),
            *(() if "crop" in self.augmentation else ("crop_padding", "crop_fill")),
        }
        return tuple(name for name in self.to_dict() if name not in unused)

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain data."""
        lists = {name: list(getattr(self, name)) for name in _LISTS}
        values = {**asdict(self), **lists}
        unnamed = {
            name
            for name in _NAMED_WHERE_USED
            if getattr(self, name) == self.__dataclass_fields__[name].default
        }
        return {name: value for name, value in values.items() if name not in unnamed}

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
