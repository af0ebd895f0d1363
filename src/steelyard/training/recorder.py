"""The recorder: watches logits go by in any training loop and keeps what the scores need.

One epoch's logits are held until the epoch closes; then a few sums a sample remain. Memory does
not grow with epochs.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import torch

from steelyard._support.errors import DataError
from steelyard.records.dynamics import CHANNELS, Dynamics
from steelyard.records.labelled import Labelled

_EVERY_EPOCH = [name for name in CHANNELS if name != "forgetting"]


class Recorder:
    """Records one run of training on one data set.

    Call `update` with each batch's logits and `end_epoch` after each epoch; `dynamics` returns
    the record. A sample that comes twice in an epoch counts once, with its average; one that
    does not come in an epoch keeps what it had.

    Parameters
    ----------
    data : Labelled
        The training part, whose row numbers `update` takes.
    """

    def __init__(self, data: Labelled) -> None:
        self.data = data
        n = len(data)
        self._labels = torch.from_numpy(data.labels.copy())
        self._sums = {name: torch.zeros(n, dtype=torch.float64) for name in _EVERY_EPOCH}
        self._epochs_seen = torch.zeros(n, dtype=torch.int64)
        self._events = torch.zeros(n, dtype=torch.float64)
        self._was_correct = torch.zeros(n, dtype=torch.bool)
        self._batches: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.n_epochs = 0

    def update(self, rows: torch.Tensor, logits: torch.Tensor) -> None:
        """Take the logits of one batch.

        Parameters
        ----------
        rows : Tensor of shape (batch,)
            Rows of the data, integers.
        logits : Tensor of shape (batch, K)
            The model's outputs for them, in class order; detached here.

        Raises
        ------
        DataError
            If shapes differ.
        """
        if logits.shape != (len(rows), self.data.n_classes):
            raise DataError(
                f"The recorder needs logits of shape ({len(rows)}, {self.data.n_classes}). "
                f"Got {tuple(logits.shape)}."
            )
        self._batches.append((rows.detach().cpu(), logits.detach().cpu()))

    def end_epoch(self) -> None:
        """Close an epoch.

        Raises
        ------
        DataError
            If nothing was recorded in it, or a logit is NaN or infinite.
        """
        if not self._batches:
            raise DataError("An epoch was closed without a batch.", hint="call update first.")
        rows = torch.cat([rows for rows, _ in self._batches])
        logits = torch.cat([logits for _, logits in self._batches]).double()
        self._batches = []
        if not torch.isfinite(logits).all():
            bad = rows[~torch.isfinite(logits).all(dim=1)]
            raise DataError(
                f"Training diverged in epoch {self.n_epochs}: {len(bad)} samples have NaN or "
                f"infinite logits, first id {str(self.data.ids[int(bad[0])])!r}.",
                hint="lower the recipe's learning rate.",
            )
        times = torch.zeros_like(self._epochs_seen).index_add_(0, rows, torch.ones_like(rows))
        seen = times > 0
        for name, values in _channels(logits, self._labels[rows]).items():
            total = torch.zeros_like(self._sums[name]).index_add_(0, rows, values)
            mean = total[seen] / times[seen]
            self._sums[name][seen] += mean
            if name == "correct":
                correct = mean > 0.5
                self._events[seen] += self._was_correct[seen] & ~correct
                self._was_correct[seen] = correct
        self._epochs_seen += seen
        self.n_epochs += 1

    def dynamics(self) -> Dynamics:
        """Return the record of this run.

        Raises
        ------
        DataError
            If a sample was never seen.
        """
        unseen = int((self._epochs_seen == 0).sum())
        if unseen:
            raise DataError(
                f"{unseen} of {len(self.data)} samples were never seen in training.",
                hint="record a training on the natural data, in which every sample takes part.",
            )
        channels = {name: (sums / self._epochs_seen).numpy() for name, sums in self._sums.items()}
        channels["forgetting"] = self._events.numpy()
        return Dynamics(
            self.data.ids,
            self.data.labels,
            self.data.class_names,
            MappingProxyType({name: channel[np.newaxis] for name, channel in channels.items()}),
            self.n_epochs,
            self.data.fingerprint,
        )


def _channels(logits: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    own = logits.gather(1, labels[:, None])
    # sorted: a sum over the other classes then has the same bits however classes are numbered
    others = logits.scatter(1, labels[:, None], -torch.inf).sort(dim=1, descending=True).values
    margin = (own - others[:, :1]).squeeze(1)
    log_total = torch.cat([own, others], dim=1).logsumexp(dim=1, keepdim=True)
    loss = (log_total - own).squeeze(1)
    probability = torch.exp(-loss)
    others_squared = (others - log_total).exp().square().sum(dim=1)
    return {
        "margin": margin,
        "probability": probability,
        "loss": loss,
        "error_norm": ((1 - probability).square() + others_squared).sqrt(),
        "correct": (margin > 0).double(),
    }
