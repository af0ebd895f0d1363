"""The recorder: watches logits go by in any training loop and keeps what the scores need.

Each batch is held until a block of numbers has come together; the block is then *folded* into a
few numbers an appearance (`steelyard.training.channels`), and when the epoch closes these become
sums a sample. Memory does not grow with epochs.

Nothing depends on the order in which samples come or on how they were shared among batches and
processes: a sample that came several times in an epoch counts once, with an average that is
summed in the order of the values, not of their coming.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch

from steelyard._support.arrays import frozen_ids, frozen_integers
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_npz, write_npz
from steelyard._support.validation import check_integer
from steelyard.records.classes import check_class_names
from steelyard.records.dynamics import Dynamics
from steelyard.records.labelled import Labelled
from steelyard.training.channels import MEASURED, measure
from steelyard.training.epochs import Appearances, Past
from steelyard.training.positions import Positions

# Ours: numbers that are held before they are folded, 2 MB of float32. Smaller blocks spend their
# time on calls, larger ones leave the cache.
_BLOCK = 2**19
_UNKNOWN = -1  # the label of a sample that has not come yet

Trace = Callable[..., None]


class Recorder:
    """Records one run of training on one data set.

    Call `update` with each batch and `end_epoch` after each epoch; `dynamics` returns the record.
    A sample that comes twice in an epoch counts once, with its average; one that does not come in
    an epoch keeps what it had, and its means are over the epochs that it came in.

    Several processes record one training in one of two ways, both exact. Where every epoch shares
    the samples out anew, each process declares all ids; before the epoch is closed their `state`
    is gathered, merged, and the merged recorder closes the epoch. Where each process keeps its
    own samples throughout, each closes its own epochs, and the recorders are merged at the end.

    Parameters
    ----------
    ids : sequence of n integers or texts
        Every sample that may come, in the order of the record.
    labels : sequence of int, optional
        Class codes 0..K-1 of those samples; learned from `update` if left out.
    class_names : sequence of str, optional
        One name a class; the codes themselves if left out.
    run : int
        Number of this run; a recorder holds one.
    data_fingerprint : str
        Of the data trained on, for instance `Labelled.fingerprint`.
    trace : callable, optional
        Called as each epoch closes: ``trace(run, epoch, ids, labels, channels, logits)`` with the
        samples that came, in declared order: channels by name, float32 of shape (m,), and logits,
        float32 of shape (m, K), where ``trace.wants_logits`` is true, else None. See
        `steelyard.training.traces`.

    Attributes
    ----------
    ids : ndarray of shape (n,)
        The declared ids.
    run : int
        Number of this run.
    n_epochs : int
        Epochs closed so far, which is the number of the open one.
    data_fingerprint : str
        Of the data trained on.

    Raises
    ------
    DataError
        If ids repeat, lengths differ, or labels lie outside the classes.
    """

    def __init__(
        self,
        ids: Any,
        labels: Any = None,
        class_names: Iterable[object] | None = None,
        *,
        run: int = 0,
        data_fingerprint: str = "",
        trace: Trace | None = None,
    ) -> None:
        ids = np.asarray(ids)
        n = len(ids) if ids.ndim else 0
        if n == 0:
            raise DataError("A recorder needs the ids of the samples. Got none.")
        self.ids = frozen_ids(ids, n, "Recorder")
        self.run = check_integer(run, "run", "Recorder", 0)
        self.data_fingerprint = str(data_fingerprint)
        self.n_epochs = 0
        self._class_names: tuple[str, ...] = ()
        self._labels = np.full(n, _UNKNOWN)
        if labels is not None:
            self._labels = np.array(frozen_integers(labels, "labels", "Recorder"))
        if self._labels.shape != (n,):
            raise DataError(f"A recorder of {n} ids needs {n} labels. Got {self._labels.shape}.")
        if class_names is not None:
            self._set_classes(check_class_names(class_names, "Recorder"))
        elif self._labels.min() < 0 and labels is not None:
            self._refuse_labels(self._labels < 0, self._labels, self.ids, "0 and above")
        self._positions = Positions(self.ids)
        self._trace = trace
        self._wants_logits = bool(getattr(trace, "wants_logits", False))
        self._held: list[tuple[Any, Any]] = []  # rows and class-first logits of each batch
        self._n_held = 0
        self._open: list[Appearances] = []
        self._past = Past.empty(n)

    @classmethod
    def of(cls, data: Labelled, *, run: int = 0, trace: Trace | None = None) -> Recorder:
        """Return a recorder of labelled data."""
        return cls(
            data.ids,
            data.labels,
            data.class_names,
            run=run,
            data_fingerprint=data.fingerprint,
            trace=trace,
        )

    @property
    def n_classes(self) -> int | None:
        """Number of classes K; None until names or logits tell it."""
        return len(self._class_names) or None

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name a class; () until names or logits tell how many there are."""
        return self._class_names

    def update(
        self,
        ids: Any,
        logits: Any,
        labels: Any = None,
        *,
        run: int | None = None,
        epoch: int | None = None,
    ) -> None:
        """Take the logits of one batch; they are copied.

        Parameters
        ----------
        ids : sequence, ndarray or Tensor of shape (batch,)
            Declared ids, in any order and any number of times.
        logits : Tensor or array of shape (batch, K)
            The model's outputs before any softmax, in the order of the classes; of any device and
            framework, float64, float32 or half precision.
        labels : sequence, ndarray or Tensor of shape (batch,), optional
            Class codes; checked against what was declared, or learned where nothing was.
        run, epoch : int, optional
            The caller's own count, checked against the recorder's.

        Raises
        ------
        DataError
            If an id was never declared, a label is out of range, or shapes do not fit; the batch
            is then left out as a whole. If a block is complete, and a logit in it is NaN or
            infinite.
        MismatchError
            If a label differs from the declared one, or run or epoch is another than the open one.
        """
        self._require_open(run, epoch)
        rows = self._positions.of(ids)
        columns = _columns(logits)
        if columns.ndim != 2 or columns.shape[1] != len(rows) or len(columns) < 2:
            raise self._shape_error(len(rows), tuple(columns.shape[::-1]))
        if len(columns) != len(self._class_names):
            if self._class_names:
                raise self._shape_error(len(rows), tuple(columns.shape[::-1]))
            self._set_classes(tuple(str(code) for code in range(len(columns))))
        self._check_labels(rows, labels)
        self._hold(rows if isinstance(columns, np.ndarray) else torch.from_numpy(rows), columns)

    def update_rows(self, rows: torch.Tensor, logits: torch.Tensor) -> None:
        """Take the logits of one batch by row number, at the cost of a list's append.

        Parameters
        ----------
        rows : Tensor of shape (batch,)
            Positions of the samples among the declared ids, int64.
        logits : Tensor of shape (batch, K)
            The model's outputs. Held by reference until the block is folded: do not write to
            rows or logits afterwards. What does not fit is refused there, not here.
        """
        self.update_columns(rows, logits.T)

    def update_columns(self, rows: torch.Tensor, columns: torch.Tensor) -> None:
        """Take what `update_rows` takes, with logits of shape (K, batch)."""
        if columns.requires_grad:
            columns = columns.detach()
        self._held.append((rows, columns))
        self._n_held += columns.numel()
        if self._n_held >= _BLOCK:
            self._fold()

    def end_epoch(self, epoch: int | None = None) -> None:
        """Close an epoch.

        Parameters
        ----------
        epoch : int, optional
            The caller's own count, checked against the recorder's.

        Raises
        ------
        DataError
            If nothing was recorded in it, or a logit is NaN or infinite.
        MismatchError
            If ``epoch`` is another than the open one.
        """
        self._require_open(None, epoch)
        self._fold()
        if not any(len(part.rows) for part in self._open):
            raise DataError(
                f"Epoch {self.n_epochs} of run {self.run} was closed without a batch.",
                hint="call update first, and end_epoch once an epoch.",
            )
        samples, channels, logits = Appearances.joined(self._open).averaged(len(self.ids))
        self._past.close(samples, channels, self.n_epochs)
        if self._trace is not None:
            self._call_trace(samples, channels, logits)
        self._open = []
        self.n_epochs += 1

    def dynamics(self) -> Dynamics:
        """Return the record of the closed epochs of this run.

        Raises
        ------
        DataError
            If no epoch was closed, or a sample was never seen.
        """
        if self.n_epochs == 0:
            raise DataError("No epoch was recorded.", hint="call end_epoch after each epoch.")
        unseen = int((self._past.epochs_seen == 0).sum())
        if unseen:
            first = str(self.ids[int((self._past.epochs_seen == 0).argmax())])
            raise DataError(
                f"{unseen} of {len(self.ids)} samples were never seen in training, first id "
                f"{first!r}.",
                hint="record a training on the natural data, in which every sample takes part, "
                "or declare only the ids that do.",
            )
        channels = self._past.channels(self.n_epochs)
        return Dynamics(
            self.ids,
            self._labels,
            self._class_names,
            {name: channel[np.newaxis] for name, channel in channels.items()},
            self.n_epochs,
            self.data_fingerprint,
        )

    def merge(self, other: Recorder) -> Recorder:
        """Return a new recorder that saw what both saw; exact, in any order and grouping.

        Their open epochs are joined. Of every sample the closed epochs must be the same in both,
        or be there in one of them only.

        Parameters
        ----------
        other : Recorder
            Of the same data and run, with as many closed epochs.

        Raises
        ------
        MismatchError
            If data, run or number of epochs differ, or both closed an epoch with other logits of
            one sample.
        """
        self._require_same(other)
        if self.n_epochs != other.n_epochs:
            raise MismatchError(
                f"Only recorders of as many epochs can be merged. Got {self.n_epochs} and "
                f"{other.n_epochs}.",
                hint="merge before end_epoch, every epoch.",
            )
        self._fold()
        other._fold()
        merged = Recorder(
            self.ids,
            run=self.run,
            data_fingerprint=self.data_fingerprint or other.data_fingerprint,
            trace=self._trace or other._trace,
        )
        merged._labels = np.maximum(self._labels, other._labels)  # unknown ones are -1
        merged._class_names = self._class_names or other._class_names
        merged.n_epochs = self.n_epochs
        merged._past = self._past.merged(other._past, self.ids)
        if self._open or other._open:
            merged._open = [Appearances.joined(self._open + other._open).sorted()]
        return merged

    def state(self) -> dict[str, np.ndarray]:
        """Return all that the recorder knows as plain arrays, the open epoch included."""
        self._fold()
        open_epoch = Appearances.joined(self._open).sorted() if self._open else Appearances.none()
        return {
            "ids": self.ids,
            "labels": self._labels.copy(),
            "class_names": np.array(self._class_names, dtype=np.str_),
            "run": np.array(self.run),
            "n_epochs": np.array(self.n_epochs),
            "data_fingerprint": np.array(self.data_fingerprint),
            **{f"past_{name}": array for name, array in self._past.arrays().items()},
            **{f"open_{name}": array for name, array in open_epoch.arrays().items()},
        }

    @classmethod
    def from_state(
        cls,
        state: dict[str, np.ndarray],
        *,
        like: Recorder | None = None,
        trace: Trace | None = None,
    ) -> Recorder:
        """Return the recorder whose `state` was taken.

        Parameters
        ----------
        state : dict of str to ndarray
            What `state` returned.
        like : Recorder, optional
            A recorder declared for the data at hand; gives its trace to the new one.
        trace : callable, optional
            As in the constructor.

        Raises
        ------
        MismatchError
            If the state is of other data, or of another run, than ``like``.
        DataError
            If it is no recorder's state.
        """
        try:
            recorder = cls(
                state["ids"],
                run=int(state["run"]),
                data_fingerprint=str(state["data_fingerprint"]),
                trace=trace or (None if like is None else like._trace),
            )
            recorder._labels = np.array(state["labels"], dtype=np.int64)
            recorder._class_names = tuple(map(str, state["class_names"]))
            recorder.n_epochs = int(state["n_epochs"])
            recorder._past = Past.of(_part_of(state, "past_"))
            recorder._open = [Appearances.of(_part_of(state, "open_"))]
        except KeyError as error:
            raise DataError(f"This is no recorder's state: {error} is missing.") from error
        if like is not None:
            like._require_same(recorder)
        return recorder

    def save(self, path: str | Path) -> None:
        """Write `state` as npz, so that an interrupted training can go on."""
        write_npz(self.state(), path, header("Recorder"))

    @classmethod
    def load(
        cls, path: str | Path, *, like: Recorder | None = None, trace: Trace | None = None
    ) -> Recorder:
        """Read what `save` wrote; ``like`` and ``trace`` as in `from_state`."""
        arrays, _ = read_npz(path, "Recorder")
        return cls.from_state(arrays, like=like, trace=trace)

    def _hold(self, rows: Any, columns: Any) -> None:
        self._held.append((rows, columns))
        self._n_held += columns.shape[0] * columns.shape[1]
        if self._n_held >= _BLOCK:
            self._fold()

    def _fold(self) -> None:
        """Turn the batches held into numbers an appearance."""
        held = self._held
        if not held:
            return
        if len({columns.dtype for _, columns in held}) == 1:
            groups = [held]
        else:  # numpy and torch, or several precisions: each is computed in its own
            groups = [list(group) for _, group in groupby(held, lambda batch: batch[1].dtype)]
        folded = [self._measured(*self._joined(group)) for group in groups]
        self._open += folded
        self._held, self._n_held = [], 0

    def _joined(self, held: list[tuple[Any, Any]]) -> tuple[np.ndarray, Any]:
        """Return rows (m,) and an own copy of the logits (K, m), lifted to 32 bits at least."""
        try:
            if isinstance(held[0][1], np.ndarray):
                rows = np.concatenate([rows for rows, _ in held])
                columns: Any = np.concatenate([columns for _, columns in held], axis=1)
                return self._checked(rows, np.ascontiguousarray(columns))
            rows = torch.cat([rows for rows, _ in held]).cpu().numpy()
            columns = torch.cat([columns for _, columns in held], dim=1).contiguous()
        except (RuntimeError, ValueError) as error:
            shapes = sorted({tuple(columns.shape[::-1]) for _, columns in held})[:3]
            raise DataError(
                f"Logits of the shapes {shapes} cannot stand in one epoch: {error}."
            ) from error
        if columns.dtype not in (torch.float32, torch.float64):
            columns = columns.float()
        return self._checked(rows, columns if columns.is_cuda else columns.numpy())

    def _checked(self, rows: np.ndarray, columns: Any) -> tuple[np.ndarray, Any]:
        if not self._class_names:
            self._set_classes(tuple(str(code) for code in range(len(columns))))
        if columns.shape != (len(self._class_names), len(rows)):
            raise self._shape_error(len(rows), tuple(columns.shape[::-1]))
        if len(rows) and (rows.min() < 0 or rows.max() >= len(self.ids)):
            raise DataError(
                f"Rows must be positions from 0 to {len(self.ids) - 1}. "
                f"Got {rows.min()} to {rows.max()}."
            )
        return rows, columns

    def _measured(self, rows: np.ndarray, columns: Any) -> Appearances:
        labels = self._labels[rows]
        if len(labels) and labels.min() < 0:
            raise self._no_label(rows[labels < 0])
        on_device = isinstance(columns, torch.Tensor)
        kept = None
        if self._wants_logits:
            copied = columns.float().cpu().numpy() if on_device else columns
            kept = np.array(copied, dtype=np.float32)
        if on_device:
            values = measure(columns, torch.from_numpy(labels).to(columns.device)).cpu().numpy()
        else:
            with np.errstate(invalid="ignore", over="ignore"):  # NaN is reported below, by name
                values = measure(columns, labels)
        finite = np.isfinite(values[MEASURED.index("margin")])
        if not finite.all():
            bad = rows[~finite]
            shown = ", ".join(repr(one) for one in self.ids[bad[:3]].tolist())
            raise DataError(
                f"Training diverged in epoch {self.n_epochs} of run {self.run}: {len(bad)} "
                f"samples have NaN or infinite logits, first ids {shown}.",
                hint="lower the learning rate, or look at these samples' inputs.",
            )
        return Appearances(rows, values, kept)

    def _call_trace(
        self, samples: np.ndarray, channels: np.ndarray, logits: np.ndarray | None
    ) -> None:
        assert self._trace is not None
        order = np.argsort(samples)
        names = (*MEASURED, "correct")
        self._trace(
            self.run,
            self.n_epochs,
            self.ids[samples[order]],
            self._labels[samples[order]],
            {
                name: channel[order].astype(np.float32)
                for name, channel in zip(names, channels, strict=True)
            },
            None if logits is None else logits.T[order].astype(np.float32),
        )

    def _require_open(self, run: int | None, epoch: int | None) -> None:
        if run is not None and run != self.run:
            raise MismatchError(
                f"This recorder holds run {self.run}. Got run {run}.",
                hint="make a recorder for each run; Dynamics.stack joins what they recorded.",
            )
        if epoch is not None and epoch != self.n_epochs:
            closed = " That epoch is closed." if epoch < self.n_epochs else ""
            raise MismatchError(
                f"Epoch {self.n_epochs} of run {self.run} is open. Got epoch {epoch}.{closed}",
                hint="epochs count from 0; call end_epoch once after each.",
            )

    def _require_same(self, other: Recorder) -> None:
        """Raise unless the other recorder is of the same data and run."""
        if self.run != other.run:
            raise MismatchError(f"Runs cannot be mixed. Got {self.run} and {other.run}.")
        if not np.array_equal(self.ids, other.ids):
            raise MismatchError(
                "These recorders hold other samples: their declared ids differ.",
                hint="declare all ids in every process, in one order.",
            )
        both = (self._labels >= 0) & (other._labels >= 0)
        unlike = both & (self._labels != other._labels)
        if unlike.any():
            raise MismatchError(
                f"These recorders hold other data: {int(unlike.sum())} labels differ, first that "
                f"of id {str(self.ids[int(unlike.argmax())])!r}."
            )
        for mine, theirs, what in (
            (self._class_names, other._class_names, "classes"),
            (self.data_fingerprint, other.data_fingerprint, "fingerprints"),
        ):
            if mine and theirs and mine != theirs:
                raise MismatchError(f"These recorders hold other data: their {what} differ.")

    def _check_labels(self, rows: np.ndarray, labels: Any) -> None:
        known = self._labels[rows]
        if labels is None:
            if len(rows) and known.min() < 0:
                raise self._no_label(rows[known < 0])
            return
        if isinstance(labels, torch.Tensor):
            labels = labels.detach().cpu().numpy()
        labels = np.asarray(labels)
        if labels.shape != rows.shape or (len(rows) and labels.dtype.kind not in "iu"):
            raise DataError(
                f"The labels of a batch must be {len(rows)} class codes. Got {labels.dtype} of "
                f"shape {labels.shape}.",
                hint="one-hot or mixed labels do not tell a sample's class: pass its own code.",
            )
        if np.array_equal(labels, known):
            return
        ids = self.ids[rows]
        outside = (labels < 0) | (labels >= len(self._class_names))
        if outside.any():
            self._refuse_labels(outside, labels, ids, f"0 to {len(self._class_names) - 1}")
        self._labels[rows] = np.where(known < 0, labels, known)
        unlike = self._labels[rows] != labels  # also finds one id with two labels in the batch
        if unlike.any():
            first = int(unlike.argmax())
            declared = self._labels[rows[first]]
            self._labels[rows] = known
            raise MismatchError(
                f"{int(unlike.sum())} labels differ from the declared ones, first that of id "
                f"{str(ids[first])!r}: {labels[first]} instead of {declared}.",
                hint="ids, logits and labels of a batch must stand in one order.",
            )

    def _set_classes(self, names: tuple[str, ...]) -> None:
        outside = (self._labels >= len(names)) | (self._labels < _UNKNOWN)
        if outside.any():
            self._refuse_labels(outside, self._labels, self.ids, f"0 to {len(names) - 1}")
        self._class_names = names

    @staticmethod
    def _refuse_labels(
        outside: np.ndarray, labels: np.ndarray, ids: np.ndarray, expected: str
    ) -> None:
        first = int(outside.argmax())
        raise DataError(
            f"Labels must be class codes, {expected}. Got {int(outside.sum())} others, first "
            f"{labels[first]} for id {str(ids[first])!r}."
        )

    def _no_label(self, rows: np.ndarray) -> DataError:
        return DataError(
            f"{len(rows)} samples have no label, first id {str(self.ids[rows[0]])!r}.",
            hint="declare labels, or pass them to update.",
        )

    def _shape_error(self, batch: int, shape: tuple[int, ...]) -> DataError:
        return DataError(
            f"The recorder needs logits of shape ({batch}, {self.n_classes or 'K'}), K at least 2. "
            f"Got {shape}.",
            hint="keep the batch's axis for a batch of one; give a model of one output two: 0 and "
            "its logit.",
        )


def _columns(logits: Any) -> Any:
    """Return an own class-first copy of a batch of logits, 32 bits at least."""
    if isinstance(logits, torch.Tensor):
        logits = logits.detach()
        if logits.dtype not in (torch.float32, torch.float64):
            logits = logits.float()
        if logits.is_cuda:
            return logits.T.clone(memory_format=torch.contiguous_format)
        logits = logits.cpu().numpy()
    array = np.asarray(logits)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64 if array.dtype.kind in "iub" else np.float32)
    return np.array(array.T, order="C")


def _part_of(state: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}
