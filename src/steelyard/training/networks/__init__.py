"""Networks whose parameters carry M members as their first dimension: one file a family.

Each file has the same two parts in the same order: ``shapes``, what one network is made of, and
``forward``, from the inputs of a batch to the logits of a stack of M networks, shape (M, K, batch).
Inputs are (batch, ...) where all members see the same samples, or (M, batch, ...) where each sees
its own.
"""

from types import MappingProxyType

from steelyard.training.networks import convolutional, perceptron, residual

NETWORKS = MappingProxyType({"mlp": perceptron, "cnn": convolutional, "resnet": residual})

__all__ = ["NETWORKS"]
