"""A block of batches becomes a few numbers an appearance."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from steelyard._support.errors import DataError
from steelyard.training.channels import MEASURED, measure
from steelyard.training.declared import Declared
from steelyard.training.epochs import Appearances


def fold(
    declared: Declared, rows: np.ndarray, columns: Any, when: str, wants_logits: bool
) -> Appearances:
    """Measure logits; overwrites them.

    Parameters
    ----------
    declared : Declared
        Gives the labels.
    rows : ndarray of shape (m,)
        Positions of the samples.
    columns : ndarray or Tensor of shape (K, m)
        Their logits.
    when : str
        Epoch and run, for the message.
    wants_logits : bool
        Whether a trace needs the logits themselves.

    Raises
    ------
    DataError
        If shapes do not fit, a row has no label, or a logit is NaN or infinite.
    """
    declared.check_shape(len(rows), tuple(columns.shape[::-1]))
    labels = declared.labels_of(rows)
    logits = np.array(torch.as_tensor(columns).cpu().numpy()) if wants_logits else None
    if isinstance(columns, np.ndarray):
        with np.errstate(invalid="ignore", over="ignore"):  # named below
            values = measure(columns, labels)
    else:
        values = measure(columns, torch.from_numpy(labels).to(columns.device)).cpu().numpy()
    finite = np.isfinite(values[MEASURED.index("margin")])
    if not finite.all():
        bad = declared.ids[rows[~finite]]
        raise DataError(
            f"Training diverged in {when}: {len(bad)} samples have NaN or infinite logits, first "
            f"ids {', '.join(map(repr, bad[:3].tolist()))}.",
            hint="lower the learning rate, or look at the inputs of these samples.",
        )
    return Appearances(rows, values, logits)
