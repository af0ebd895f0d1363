"""An open epoch and the closed ones: appearances become one value a sample, and then sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from steelyard._support.errors import DataError, MismatchError
from steelyard.training.channels import MEASURED

SUMMED = (*MEASURED, "correct")
_CORRECT = SUMMED.index("correct")
_MARGIN = MEASURED.index("margin")


@dataclass(frozen=True, eq=False)
class Appearances:
    """Samples as they came in an open epoch.

    Parameters
    ----------
    rows : ndarray of shape (m,)
        Which sample, int64.
    values : ndarray of shape (5, m)
        The channels of `MEASURED`.
    logits : ndarray of shape (K, m), optional
        Kept for a trace that wants them.
    """

    rows: np.ndarray
    values: np.ndarray
    logits: np.ndarray | None = None

    @classmethod
    def none(cls) -> Appearances:
        """Return an epoch in which nothing came yet."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros((len(MEASURED), 0), dtype=np.float32))

    @classmethod
    def joined(cls, parts: Sequence[Appearances]) -> Appearances:
        """Return the appearances of several parts of an epoch."""
        parts = [part for part in parts if len(part.rows)] or [cls.none()]
        if len(parts) == 1:
            return parts[0]
        kept = [part.logits for part in parts if part.logits is not None]
        return cls(
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.values for part in parts], axis=1),
            # one part without logits leaves the epoch without
            np.concatenate(kept, axis=1) if len(kept) == len(parts) else None,
        )

    def sorted(self) -> Appearances:
        """Return the same in the one order that does not tell how they came."""
        keys = [*self.values[::-1], self.rows]
        if self.logits is not None:
            keys = [*self.logits[::-1], *keys]
        order = np.lexsort(keys)
        logits = None if self.logits is None else self.logits[:, order]
        return Appearances(self.rows[order], self.values[:, order], logits)

    def averaged(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return each sample once.

        Parameters
        ----------
        n : int
            Number of declared samples.

        Returns
        -------
        samples : ndarray of shape (s,)
            Rows that came, in no order.
        channels : ndarray of shape (6, s)
            The channels of `SUMMED`, averaged over the appearances of a sample.
        logits : ndarray of shape (K, s) or None
            Averaged in the same way.
        """
        correct = self.values[_MARGIN] > 0
        channels = np.concatenate([self.values, correct[np.newaxis]])
        times = np.bincount(self.rows, minlength=n)
        if times.max() <= 1:
            return self.rows, channels, self.logits
        once = times[self.rows] == 1
        again, slot = np.unique(self.rows[~once], return_inverse=True)

        def one_each(values: np.ndarray) -> np.ndarray:
            means = _means(values[:, ~once], slot, times[again])
            return np.concatenate([values[:, once], means], axis=1)

        logits = None if self.logits is None else one_each(self.logits)
        return np.concatenate([self.rows[once], again]), one_each(channels), logits

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields that there are as arrays."""
        every = {"rows": self.rows, "values": self.values, "logits": self.logits}
        return {name: array for name, array in every.items() if array is not None}

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> Appearances:
        """Return what `arrays` took apart."""
        return cls(arrays["rows"], arrays["values"], arrays.get("logits"))


def _means(values: np.ndarray, slot: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return means (channels, slots) in float64; the order of equal slots does not matter.

    bincount adds one value after the other, so the values of a slot are sorted first.
    """
    means = np.empty((len(values), len(times)))
    for channel, mean in zip(values, means, strict=True):
        order = np.lexsort((channel, slot))
        mean[:] = np.bincount(slot[order], weights=channel[order]) / times
    return means


@dataclass(eq=False)
class Past:
    """What remains of the closed epochs, a few numbers a sample.

    Parameters
    ----------
    sums : ndarray of shape (6, n)
        Of each channel of `SUMMED` over the epochs in which the sample came, float64.
    epochs_seen : ndarray of shape (n,)
        How many those were.
    forgetting : ndarray of shape (n,)
        Changes from right to wrong.
    was_correct : ndarray of shape (n,)
        Whether the sample was right when it last came.
    first_learned : ndarray of shape (n,)
        The first epoch in which it was right; -1 where there was none yet.
    """

    sums: np.ndarray
    epochs_seen: np.ndarray
    forgetting: np.ndarray
    was_correct: np.ndarray
    first_learned: np.ndarray

    @classmethod
    def empty(cls, n: int) -> Past:
        """Return the past of n samples that never came."""
        return cls(
            np.zeros((len(SUMMED), n)),
            np.zeros(n, dtype=np.int32),
            np.zeros(n, dtype=np.int32),
            np.zeros(n, dtype=bool),
            np.full(n, -1, dtype=np.int32),
        )

    def close(self, samples: np.ndarray, channels: np.ndarray, epoch: int) -> None:
        """Add an epoch: each sample once, channels of shape (6, s)."""
        n = len(self.epochs_seen)
        if len(samples) == n:  # all of them: whole arrays are added, in order
            place = np.empty(n, dtype=np.int64)
            place[samples] = np.arange(n)
            channels = channels.take(place, axis=1)
            here: slice | np.ndarray = slice(None)
        else:
            here = samples
        self.sums[:, here] += channels
        self.epochs_seen[here] += 1
        correct = channels[_CORRECT] > 0.5
        self.forgetting[here] += self.was_correct[here] & ~correct
        self.was_correct[here] = correct
        first = self.first_learned[here]
        self.first_learned[here] = np.where(correct & (first < 0), epoch, first)

    def channels(self, n_epochs: int) -> dict[str, np.ndarray]:
        """Return every channel of a `Dynamics`, float64 of shape (n,)."""
        channels = dict(zip(SUMMED, self.sums / self.epochs_seen, strict=True))
        channels["forgetting"] = self.forgetting.astype(np.float64)
        first = np.where(self.first_learned < 0, n_epochs, self.first_learned)
        channels["first_learned"] = first.astype(np.float64)
        return channels

    def merged(self, other: Past, ids: np.ndarray) -> Past:
        """Return the past of samples that one or the other saw.

        Raises
        ------
        MismatchError
            If both saw a sample, and not the same of it.
        """
        mine, theirs = self.arrays(), other.arrays()
        both = (self.epochs_seen > 0) & (other.epochs_seen > 0)
        same = np.ones(len(ids), dtype=bool)
        for name, array in mine.items():
            same &= (array == theirs[name]).reshape(-1, len(ids)).all(axis=0)
        unlike = both & ~same
        if unlike.any():
            raise MismatchError(
                f"{int(unlike.sum())} samples have closed epochs in both recorders, with other "
                f"logits, first id {str(ids[int(unlike.argmax())])!r}.",
                hint="merge before end_epoch, every epoch; or give each process its own samples.",
            )
        take_mine = self.epochs_seen > 0
        return Past(*(np.where(take_mine, mine[name], theirs[name]) for name in mine))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields as arrays."""
        return {field.name: getattr(self, field.name).copy() for field in fields(self)}

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> Past:
        """Return what `arrays` took apart."""
        missing = {field.name for field in fields(cls)} - set(arrays)
        if missing:
            raise DataError(f"A recorder's past needs {sorted(missing)}.")
        return cls(**{name: np.array(array) for name, array in arrays.items()})
