"""What is wrong at the inversion of its class, and in which share of the epochs from there on."""

from __future__ import annotations

import numpy as np

from steelyard.records.manifold_history import ManifoldHistory

_UNPACKED = 2**24  # ours: errors that are held as bytes at once


def wrong_from(history: ManifoldHistory, epochs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which samples are wrong at the epoch of their class, and how often from there on.

    Errors are unpacked once, from the earliest epoch asked for on: O(n E) a run, whatever the
    number of classes.

    Parameters
    ----------
    history : ManifoldHistory
        Errors of each run and epoch.
    epochs : ndarray of shape (runs, K)
        A recorded epoch for each class; -1 for none.

    Returns
    -------
    wrong : ndarray of bool, shape (runs, n)
        False where the class has no epoch.
    since : ndarray of shape (runs, n)
        Share of the recorded epochs, the class's own included; 0 where it has none.
    """
    runs, n = history.n_runs, len(history.labels)
    wrong, since = np.zeros((runs, n), dtype=bool), np.zeros((runs, n))
    members = [np.flatnonzero(history.labels == code) for code in range(len(history.class_names))]
    for run in range(runs):
        later = np.zeros(n, dtype=np.int64)  # epochs from `stop` on at which a sample is wrong
        stop = len(history.epochs)
        # from the last epoch asked for to the first, so that every count contains those before
        for epoch in np.unique(epochs[run][epochs[run] >= 0])[::-1]:
            start = int(np.searchsorted(history.epochs, epoch))
            later += _times_wrong(history.wrong_bits[run, start:stop], n)
            stop = start
            now = history.wrong(run, start)
            for code in np.flatnonzero(epochs[run] == epoch):
                own = members[code]
                wrong[run, own] = now[own]
                since[run, own] = later[own] / (len(history.epochs) - start)
    return wrong, since


def _times_wrong(bits: np.ndarray, n: int) -> np.ndarray:
    """Return at how many of some epochs each sample is wrong, from bits of shape (E, bytes)."""
    times = np.zeros(n, dtype=np.int64)
    step = min(255, max(1, _UNPACKED // max(n, 1)))  # as many as a byte can count
    for start in range(0, len(bits), step):
        block = np.unpackbits(bits[start : start + step], axis=1, count=n)
        times += block.sum(axis=0, dtype=np.uint8)
    return times
