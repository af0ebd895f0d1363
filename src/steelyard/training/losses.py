"""The loss of every network of a stack."""

from __future__ import annotations

import torch
from torch.nn import functional


def member_losses(
    logits: torch.Tensor,
    labels: torch.Tensor,
    smoothing: torch.Tensor | None = None,
    sample_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return each member's mean cross-entropy, nats.

    Parameters
    ----------
    logits : Tensor of shape (M, K, batch)
        Outputs.
    labels : Tensor of shape (batch,) or (M, batch)
        Class codes, of everybody's samples or each member's own.
    smoothing : Tensor of shape (M,), optional
        Share of the target that all K classes divide equally.
    sample_weights : Tensor of shape (M, batch), optional
        Weights with mean one over an epoch; the mean is over the batch, not over the weights.

    Returns
    -------
    Tensor of shape (M,)
    """
    labels = labels.expand(len(logits), -1)
    if smoothing is None:
        losses = functional.cross_entropy(logits, labels, reduction="none")
    else:
        log_probabilities = functional.log_softmax(logits, dim=1)
        own = log_probabilities.gather(1, labels[:, None]).squeeze(1)
        share = smoothing[:, None]
        losses = (share - 1) * own - share * log_probabilities.mean(dim=1)
    if sample_weights is not None:
        losses = losses * sample_weights
    return losses.mean(dim=1)
