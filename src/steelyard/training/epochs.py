"""An open epoch and the closed ones: appearances become one value a sample, and then sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch

from steelyard._support.errors import DataError, MismatchError
from steelyard.training.channels import MEASURED

_MARGIN, _PROBABILITY, _ERROR_NORM = map(MEASURED.index, ("margin", "probability", "error_norm"))
SUMMED = (*MEASURED, "correct")


@dataclass(frozen=True, eq=False)
class Appearances:
    """Samples as they came in an open epoch.

    Parameters
    ----------
    rows : ndarray of shape (m,)
        Which sample, int64.
    values : ndarray of shape (7, m)
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

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields that there are as arrays, named for a recorder's state."""
        every = {"open_rows": self.rows, "open_values": self.values, "open_logits": self.logits}
        return {name: array for name, array in every.items() if array is not None}

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> Appearances:
        """Return what `arrays` took apart."""
        return cls(arrays["open_rows"], arrays["open_values"], arrays.get("open_logits"))


@dataclass(frozen=True, eq=False)
class Epoch:
    """A closed epoch: every sample that came, once.

    Parameters
    ----------
    samples : ndarray of shape (s,)
        Their rows, ascending.
    values : ndarray of shape (7, s)
        The channels of `MEASURED`, averaged over a sample's appearances.
    correct : ndarray of shape (s,)
        Share of its appearances in which the margin was above 0; bool where each came once.
    logits : ndarray of shape (K, s) or None
        Averaged in the same way, where every part kept its own.
    """

    samples: np.ndarray
    values: np.ndarray
    correct: np.ndarray
    logits: np.ndarray | None

    def for_trace(self) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
        """Return channels by name, and logits of shape (s, K) if there are; float32."""
        channels = dict(zip(MEASURED, self.values.astype(np.float32), strict=True))
        channels["correct"] = self.correct.astype(np.float32)
        return channels, None if self.logits is None else self.logits.T.astype(np.float32)


class OpenEpoch:
    """What came since the last epoch was closed.

    As long as no sample comes twice, its channels are written to their final place, which makes
    closing an addition of whole arrays. Parts in which one does are kept as they came.

    Parameters
    ----------
    n : int
        Number of declared samples.
    """

    def __init__(self, n: int) -> None:
        self._placed = np.zeros((len(MEASURED), n), dtype=np.float32)
        self._is_placed = np.zeros(n, dtype=bool)
        self._n_placed = 0
        self._others: list[Appearances] = []

    def add(self, part: Appearances) -> None:
        """Take some appearances."""
        if not self._place(part):
            self._others.append(part)

    def _place(self, part: Appearances) -> bool:
        if self._n_placed == 0 and self._placed.dtype != part.values.dtype:
            self._placed = np.zeros(self._placed.shape, dtype=part.values.dtype)
        fits = part.logits is None and self._placed.dtype == part.values.dtype
        if not fits or self._is_placed[part.rows].any():
            return False
        self._is_placed[part.rows] = True
        n_placed = int(np.count_nonzero(self._is_placed))
        if n_placed < self._n_placed + len(part.rows):
            self._is_placed[part.rows] = False  # a sample comes twice in this part
            return False
        self._n_placed = n_placed
        rows = torch.from_numpy(part.rows).expand(len(MEASURED), -1)
        # torch needs two thirds of numpy's time for this
        torch.from_numpy(self._placed).scatter_(1, rows, torch.from_numpy(part.values))
        return True

    def appearances(self) -> Appearances:
        """Return all that came, in the one order that does not tell how it came."""
        rows = np.flatnonzero(self._is_placed)
        placed = Appearances(rows, self._placed[:, rows])
        return Appearances.joined([placed, *self._others]).sorted()

    def close(self) -> Epoch:
        """Return the epoch and begin the next; the return holds until something is added."""
        if self._others:
            epoch = _averaged(self.appearances())
        else:
            rows = np.flatnonzero(self._is_placed)
            every = len(rows) == len(self._is_placed)
            values = self._placed if every else self._placed[:, rows]
            epoch = Epoch(rows, values, values[_MARGIN] > 0, None)
        self._is_placed[:] = False
        self._n_placed, self._others = 0, []
        return epoch


def _averaged(came: Appearances) -> Epoch:
    """Average sorted appearances, so that neither order nor sharing out changes a bit."""
    samples, slot, times = np.unique(came.rows, return_inverse=True, return_counts=True)

    def means(channels: np.ndarray) -> np.ndarray:
        sums = np.empty((len(channels), len(samples)))
        for total, channel in zip(sums, channels, strict=True):
            total[:] = np.bincount(slot, weights=channel)  # adds one after the other
        return sums / times

    (correct,) = means(came.values[[_MARGIN]] > 0)
    logits = None if came.logits is None else means(came.logits)
    return Epoch(samples, means(came.values), correct, logits)


@dataclass(eq=False)
class Past:
    """What remains of the closed epochs, a few numbers a sample.

    Parameters
    ----------
    sums : ndarray of shape (8, n)
        Of each channel of `SUMMED` over the epochs in which the sample came, float64.
    epochs_seen : ndarray of shape (n,)
        How many those were.
    forgetting : ndarray of shape (n,)
        Changes from right to wrong.
    was_correct : ndarray of shape (n,)
        Whether the sample was right when it last came.
    first_learned : ndarray of shape (n,)
        The first epoch in which it was right; -1 where there was none yet.
    centre : ndarray of shape (n,)
        Mean over those epochs of the probability, float64, as Welford's recurrence has it.
    squares : ndarray of shape (n,)
        Sum of the squared distances of the probability from their mean.
    early : ndarray of shape (n,)
        Error norm in the early epoch; before it comes, in the last one in which the sample did.
    """

    sums: np.ndarray
    epochs_seen: np.ndarray
    forgetting: np.ndarray
    was_correct: np.ndarray
    first_learned: np.ndarray
    centre: np.ndarray
    squares: np.ndarray
    early: np.ndarray

    @classmethod
    def empty(cls, n: int) -> Past:
        """Return the past of n samples that never came."""
        return cls(
            np.zeros((len(SUMMED), n)),
            np.zeros(n, dtype=np.int32),
            np.zeros(n, dtype=np.int32),
            np.zeros(n, dtype=bool),
            np.full(n, -1, dtype=np.int32),
            np.zeros(n),
            np.zeros(n),
            np.zeros(n),
        )

    def add(self, epoch: Epoch, number: int, early_epoch: int) -> None:
        """Add an epoch of the given number."""
        # all samples came in most epochs: whole arrays are added then
        every = len(epoch.samples) == len(self.epochs_seen)
        here = slice(None) if every else epoch.samples
        self.sums[:-1, here] += epoch.values
        self.sums[-1, here] += epoch.correct
        self._keep_early(epoch, here, number <= early_epoch)
        self.epochs_seen[here] += 1
        self._spread(epoch.values[_PROBABILITY], here)
        correct = epoch.correct > 0.5
        self.forgetting[here] += self.was_correct[here] & ~correct
        self.was_correct[here] = correct
        first = self.first_learned[here]
        self.first_learned[here] = np.where(correct & (first < 0), number, first)

    def _keep_early(self, epoch: Epoch, here: slice | np.ndarray, is_early: bool) -> None:
        error_norm = epoch.values[_ERROR_NORM]
        if is_early:
            self.early[here] = error_norm
            return
        seen = self.epochs_seen[here]
        if not seen.all():  # a sample that comes for the first time after the early epoch
            self.early[here] = np.where(seen == 0, error_norm, self.early[here])

    def _spread(self, probability: np.ndarray, here: slice | np.ndarray) -> None:
        """Move centre and squares; a probability that stays what it was adds exactly 0.

        B. P. Welford (1962), Technometrics 4(3), doi:10.1080/00401706.1962.10490022.
        """
        before = probability - self.centre[here]
        self.centre[here] += before / self.epochs_seen[here]
        self.squares[here] += before * (probability - self.centre[here])

    def channels(self, n_epochs: int, ids: np.ndarray) -> dict[str, np.ndarray]:
        """Return every channel of `TRAINING`, float64 of shape (n,).

        Raises
        ------
        DataError
            If a sample never came.
        """
        unseen = np.flatnonzero(self.epochs_seen == 0)
        if len(unseen):
            raise DataError(
                f"{len(unseen)} of {len(ids)} samples were never seen in training, first id "
                f"{str(ids[unseen[0]])!r}.",
                hint="record a training on the natural data, in which every sample takes part, "
                "or declare only the ids that do.",
            )
        channels = dict(zip(SUMMED, self.sums / self.epochs_seen, strict=True))
        channels["forgetting"] = self.forgetting.astype(np.float64)
        first = np.where(self.first_learned < 0, n_epochs, self.first_learned)
        channels["first_learned"] = first.astype(np.float64)
        channels["variability"] = np.sqrt(self.squares / self.epochs_seen)
        channels["early_error_norm"] = self.early.copy()
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
        """Return the fields as arrays, named for a recorder's state."""
        return {f"past_{field.name}": getattr(self, field.name).copy() for field in fields(self)}

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> Past:
        """Return what `arrays` took apart."""
        return cls(*(np.array(arrays[f"past_{field.name}"]) for field in fields(cls)))


def require_open(own_run: int, own_epoch: int, run: int | None, epoch: int | None) -> None:
    """Raise `MismatchError` unless a caller's run and epoch, where given, are the open ones."""
    if run is not None and run != own_run:
        raise MismatchError(
            f"This recorder holds run {own_run}. Got run {run}.",
            hint="make a recorder for each run; Dynamics.stack joins what they recorded.",
        )
    if epoch is not None and epoch != own_epoch:
        closed = f" Epoch {epoch} is closed." if epoch < own_epoch else ""
        raise MismatchError(
            f"Epoch {own_epoch} of run {own_run} is open. Got epoch {epoch}.{closed}",
            hint="epochs count from 0; call end_epoch once after each.",
        )
