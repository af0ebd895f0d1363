"""Networks whose parameters carry M members as their first dimension: one file a family.

Each file has the same two parts in the same order: ``shapes``, what one network is made of, and
``forward``, from the inputs of a batch to the logits of a stack of M networks, shape (M, K, batch).
Inputs are (batch, ...) where all members see the same samples, or (M, batch, ...) where each sees
its own. On the way ``forward`` shows whoever looks what each hidden layer, block or stage hands on,
as it comes: (M, width, batch), or images with the members' channels side by side.
"""

from types import MappingProxyType

from steelyard.records.recipe import Recipe
from steelyard.training.networks import convolutional, perceptron, residual

NETWORKS = MappingProxyType({"mlp": perceptron, "cnn": convolutional, "resnet": residual})
_HIDDEN = {"mlp": "layer", "cnn": "block", "resnet": "stage"}


def hidden_layers(recipe: Recipe) -> tuple[str, ...]:
    """Return the names of what a network can be watched at, one for each of the recipe's widths."""
    return tuple(f"{_HIDDEN[recipe.model]}{number}" for number in range(len(recipe.widths)))


__all__ = ["NETWORKS", "hidden_layers"]
