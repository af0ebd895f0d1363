"""The recorder: watches logits go by in any training loop and keeps what the scores need.

Each batch is held until a block of numbers has come together; the block is then *folded* into a
few numbers an appearance (`steelyard.training.channels`), and when the epoch closes these become
sums a sample (`steelyard.training.epochs`). Memory does not grow with epochs.

Nothing depends on the order in which samples come or on how they were shared among batches and
processes: a sample that came several times in an epoch counts once, with an average that is
summed in the order of the values, not of their coming.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_npz, write_npz
from steelyard._support.validation import check_integer
from steelyard.records.dynamics import Dynamics
from steelyard.records.labelled import Labelled
from steelyard.training.batches import Batches, copied
from steelyard.training.channels import MEASURED
from steelyard.training.declared import Declared
from steelyard.training.epochs import Appearances, Epoch, OpenEpoch, Past
from steelyard.training.folding import fold
from steelyard.training.waiting import Waiting

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
    run : int
        Number of this run.
    n_epochs : int
        Epochs closed so far, which is the number of the open one.

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
        self._start(Declared(ids, labels, class_names, data_fingerprint), run, trace)

    def _start(self, declared: Declared, run: int, trace: Trace | None) -> None:
        self.run = check_integer(run, "run", "Recorder", 0)
        self.n_epochs = 0
        self._declared = declared
        self._trace = trace
        self._held = Batches()
        self._waiting = Waiting()
        self._open = OpenEpoch(len(declared))
        self._past = Past.empty(len(declared))

    @classmethod
    def of(cls, data: Labelled, *, run: int = 0, trace: Trace | None = None) -> Recorder:
        """Return a recorder of labelled data."""
        known = (data.ids, data.labels, data.class_names)
        return cls(*known, run=run, data_fingerprint=data.fingerprint, trace=trace)

    @property
    def ids(self) -> np.ndarray:
        """The declared ids, shape (n,)."""
        return self._declared.ids

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name a class; () until names or logits tell how many there are."""
        return self._declared.class_names

    @property
    def n_classes(self) -> int | None:
        """Number of classes K; None until names or logits tell it."""
        return len(self.class_names) or None

    @property
    def data_fingerprint(self) -> str:
        """Fingerprint of the data, or ""."""
        return self._declared.fingerprint

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

        The first batches are checked as they come; later ones a block of some thousand samples at
        a time, when the epoch closes at the latest, and a block is then left out as a whole.

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
            If an id was never declared, a label is out of range, shapes do not fit, or a logit of
            a complete block is NaN or infinite.
        MismatchError
            If a label differs from the declared one, or run or epoch is another than the open one.
        """
        if run is not None or epoch is not None:
            self._require_open(run, epoch)
        if not self._waiting.take(ids, logits, labels):
            self._check_waiting()
            self._check(ids, logits, labels)

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
        if self._held.hold(rows, columns, columns.numel()):
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
        came = self._open.close()
        if len(came.samples) == 0:
            raise DataError(
                f"Epoch {self.n_epochs} of run {self.run} was closed without a batch.",
                hint="call update first, and end_epoch once an epoch.",
            )
        self._past.add(came, self.n_epochs)
        self.n_epochs += 1
        if self._trace is not None:
            self._call_trace(self._trace, came)

    def dynamics(self) -> Dynamics:
        """Return the record of the closed epochs of this run.

        Raises
        ------
        DataError
            If no epoch was closed, or a sample was never seen.
        """
        if self.n_epochs == 0:
            raise DataError("No epoch was recorded.", hint="call end_epoch after each epoch.")
        unseen = np.flatnonzero(self._past.epochs_seen == 0)
        if len(unseen):
            raise DataError(
                f"{len(unseen)} of {len(self.ids)} samples were never seen in training, first id "
                f"{str(self.ids[unseen[0]])!r}.",
                hint="record a training on the natural data, in which every sample takes part, "
                "or declare only the ids that do.",
            )
        channels = self._past.channels(self.n_epochs)
        return Dynamics(
            self.ids,
            self._declared.labels,
            self.class_names,
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
        merged = Recorder.__new__(Recorder)
        merged._start(self._declared.joined(other._declared), self.run, self._trace or other._trace)
        merged.n_epochs = self.n_epochs
        merged._past = self._past.merged(other._past, self.ids)
        for one in (self, other):
            merged._open.add(one._open.appearances())
        return merged

    def state(self) -> dict[str, np.ndarray]:
        """Return all that the recorder knows as plain arrays, the open epoch included."""
        self._fold()
        return {
            **self._declared.arrays(),
            "run": np.array(self.run),
            "n_epochs": np.array(self.n_epochs),
            **self._past.arrays(),
            **self._open.appearances().arrays(),
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
        recorder = cls.__new__(cls)
        try:
            recorder._start(Declared.of(state), int(state["run"]), trace)
            recorder.n_epochs = int(state["n_epochs"])
            recorder._past = Past.of(state)
            recorder._open.add(Appearances.of(state))
        except KeyError as error:
            raise DataError(f"This is no recorder's state: {error} is missing.") from error
        if like is not None:
            recorder._trace = trace or like._trace
            like._require_same(recorder)
        return recorder

    def __reduce__(self) -> tuple:  # pickled as its state, without the trace
        return Recorder.from_state, (self.state(),)

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

    def _check(self, ids: Any, logits: Any, labels: Any) -> None:
        """Check a batch against what was declared, and hold it."""
        rows = self._declared.positions.of(ids)
        columns = copied(logits)
        shape = columns.shape
        self._declared.check_shape(len(rows), (shape[1], shape[0]))
        self._declared.check_labels(rows, labels)
        held_rows = rows if isinstance(columns, np.ndarray) else torch.from_numpy(rows)
        if self._held.hold(held_rows, columns, shape[0] * shape[1]):
            self._fold()

    def _check_waiting(self) -> None:
        waiting = self._waiting.emptied()
        if waiting is not None:
            self._check(*waiting)

    def _fold(self) -> None:
        """Turn the batches held into numbers an appearance."""
        self._check_waiting()
        wants_logits = getattr(self._trace, "wants_logits", False)
        when = f"epoch {self.n_epochs} of run {self.run}"
        folded = [
            fold(self._declared, rows, columns, when, wants_logits)
            for rows, columns in self._held.joined()
        ]
        for part in folded:  # all of them or, if one is refused, none
            self._open.add(part)
        self._held.clear()

    def _call_trace(self, trace: Trace, came: Epoch) -> None:
        channels = dict(zip(MEASURED, came.values.astype(np.float32), strict=True))
        trace(
            self.run,
            self.n_epochs - 1,
            self.ids[came.samples],
            self._declared.labels[came.samples],
            {**channels, "correct": came.correct.astype(np.float32)},
            None if came.logits is None else came.logits.T.astype(np.float32),
        )

    def _require_open(self, run: int | None, epoch: int | None) -> None:
        if run is not None and run != self.run:
            raise MismatchError(
                f"This recorder holds run {self.run}. Got run {run}.",
                hint="make a recorder for each run; Dynamics.stack joins what they recorded.",
            )
        if epoch is not None and epoch != self.n_epochs:
            closed = f" Epoch {epoch} is closed." if epoch < self.n_epochs else ""
            raise MismatchError(
                f"Epoch {self.n_epochs} of run {self.run} is open. Got epoch {epoch}.{closed}",
                hint="epochs count from 0; call end_epoch once after each.",
            )

    def _require_same(self, other: Recorder) -> None:
        if self.run != other.run:
            raise MismatchError(
                f"Runs cannot be mixed in one recorder. Got {self.run} and {other.run}."
            )
        self._declared.require_same(other._declared)
