"""Errors of an early-stopped network: the control that stragglers have to beat.

Stragglers are what a network gets wrong at a certain epoch. So are these, with an epoch that is
chosen for nothing but the number of errors. Where both sets behave alike, the inversion has added a
time to stop, and no more. Take another network than the one whose set gave the count: a network
compared with itself at the same count is compared with the same epoch.

**When it misleads.** The count is met as closely as the epochs allow, not exactly. Errors fall fast
in the first epochs and slowly in the last, so that a large count may be missed by far and a small
one never be reached; and where learning is unsteady the nearest count may be that of a late epoch
in which it had got worse. So the count that was found comes with the errors: look at it.

**Reference.** Ours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from steelyard._support.validation import check_integer
from steelyard.records.manifold_history import ManifoldHistory

_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)


class StoppedEarly(NamedTuple):
    """What a network got wrong after one of its epochs.

    Parameters
    ----------
    wrong : ndarray of shape (n,)
        Whether each sample was misclassified, bool.
    epoch : int
        After which epoch, counted from 0.
    """

    wrong: np.ndarray
    epoch: int

    @property
    def n_wrong(self) -> int:
        """Samples that were misclassified."""
        return int(np.count_nonzero(self.wrong))


def errors_at_count(history: ManifoldHistory, run: int, count: int) -> StoppedEarly:
    """Return the errors of a network in the epoch in which it had about so many.

    Of the epochs that were recorded it is the one whose number of errors is nearest to ``count``,
    above or below; of several, the first. Nothing is added to the errors of that epoch or left out
    of them, so that they are seldom exactly ``count``: `StoppedEarly.n_wrong` tells how many.

    Parameters
    ----------
    history : ManifoldHistory
        Errors of every epoch.
    run : int
        Which of its networks, from 0; another than the one that gave the count.
    count : int
        Errors wanted, 0 to n.

    Raises
    ------
    ParameterError
        If there is no such run, or the count lies outside its range.
    """
    check_integer(run, "run", "errors_at_count", 0, history.n_runs - 1)
    check_integer(count, "count", "errors_at_count", 0, len(history.labels))
    position = int(np.abs(_error_counts(history, run) - count).argmin())
    return StoppedEarly(history.wrong(run, position), int(history.epochs[position]))


def _error_counts(history: ManifoldHistory, run: int) -> np.ndarray:
    """Return the number of errors in each epoch, int64 of shape (E,), from the packed bits."""
    bits = history.wrong_bits[run].copy()
    beyond = -len(history.labels) % 8  # bits of the last byte that stand for no sample
    bits[:, -1:] &= 0xFF << beyond & 0xFF
    return _ONES[bits].sum(axis=1, dtype=np.int64)
