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
from steelyard.records.dynamics import FINAL, GRADIENT, Dynamics
from steelyard.records.labelled import Labelled
from steelyard.training.declared import Declared
from steelyard.training.epochs import Appearances, OpenEpoch, Past, require_open
from steelyard.training.intake import Intake
from steelyard.training.passes import Pass, checked_norms, final_values

Trace = Callable[..., None]


class Recorder:
    """Records one run of training on one data set.

    Call `update` with each batch and `end_epoch` after each epoch, and `final` with what the
    trained model says; `dynamics` returns the record.
    A sample that comes twice in an epoch counts once, with its average; one that does not come
    keeps what it had, and its means are over the epochs that it came in.

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
    early_epoch : int, optional
        The epoch, from 0, of ``early_error_norm``; 19, the published epoch 20 of 200, if left out.
        Of a shorter training its last epoch counts (with a warning, if you stated none). A
        sample that did not come in it has its value of the last epoch before it in which it
        came, or else of the first one after it.
    trace : callable, optional
        Called as each epoch closes: ``trace(run, epoch, ids, labels, channels, logits)`` with the
        samples that came, in declared order: channels by name, float32 of shape (m,), and logits,
        float32 of shape (m, K), where ``trace.wants_logits`` is true, else None. See
        `steelyard.training.traces`.

    Attributes
    ----------
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
        early_epoch: int | None = None,
        trace: Trace | None = None,
    ) -> None:
        known = (ids, labels, class_names, data_fingerprint)
        self._start(Declared(*known, run=run, early_epoch=early_epoch), trace)

    def _start(self, declared: Declared, trace: Trace | None) -> None:
        self.n_epochs = 0
        self._declared = declared
        self._trace = trace
        self._intake = Intake(declared)
        self._open = OpenEpoch(len(declared))
        self._past = Past.empty(len(declared))
        self._final = Pass(tuple(FINAL), declared, "final")
        self._gradient = Pass(tuple(GRADIENT), declared, "gradient_norms")

    @classmethod
    def of(cls, data: Labelled, **values: Any) -> Recorder:
        """Return a recorder of labelled data; other values as in the constructor."""
        known = (data.ids, data.labels, data.class_names)
        return cls(*known, data_fingerprint=data.fingerprint, **values)

    @property
    def run(self) -> int:
        """Number of this run."""
        return self._declared.run

    @property
    def early_epoch(self) -> int:
        """The early epoch that was asked for; a shorter training's is its last."""
        return self._declared.early_epoch

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
            require_open(self.run, self.n_epochs, run, epoch)
        if self._intake.take(ids, logits, labels):
            self._fold()

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
        if self._intake.hold(rows, columns):
            self._fold()

    def end_epoch(self, epoch: int | None = None) -> None:
        """Close an epoch; what `final` took before is of another model now, and forgotten.

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
        require_open(self.run, self.n_epochs, None, epoch)
        self._fold()
        came = self._open.close()
        if len(came.samples) == 0:
            raise DataError(
                f"Epoch {self.n_epochs} of run {self.run} was closed without a batch.",
                hint="call update first, and end_epoch once an epoch.",
            )
        self._past.add(came, self.n_epochs, self.early_epoch)
        self.n_epochs += 1
        self._final.clear()
        if self._trace is not None:
            known = (self.ids[came.samples], self._declared.labels[came.samples])
            self._trace(self.run, self.n_epochs - 1, *known, *came.for_trace())

    def final(self, ids: Any, logits: Any) -> None:
        """Take what the trained model says of some samples; every one is to come once.

        Parameters
        ----------
        ids, logits
            As in `update`: of the model in evaluation mode, of inputs that are not augmented.

        Raises
        ------
        DataError
            If a sample came before, or as `update` says.
        """
        self._final.take(*final_values(self._declared, ids, logits))

    def gradient_norms(self, ids: Any, norms: Any) -> None:
        """Take the norms of the gradients of some samples' losses; every one is to come once.

        Parameters
        ----------
        ids, norms : sequence, ndarray or Tensor of shape (batch,)
            Declared ids, and Euclidean norms of gradients by all weights after the early epoch.

        Raises
        ------
        DataError
            If a sample came before, an id was never declared, or a norm is no finite number of at
            least 0.
        """
        self._gradient.take(*checked_norms(self._declared, ids, norms))

    def dynamics(self) -> Dynamics:
        """Return the record of the closed epochs, and of what `final` and `gradient_norms` took.

        Without an epoch it holds the channels of the trained model alone.

        Raises
        ------
        DataError
            If nothing was recorded, a sample was never seen, or came to one of them and not to
            the other.
        """
        passed = {**self._final.channels(), **self._gradient.channels()}
        if self.n_epochs == 0 and not passed:
            raise DataError(
                "No epoch was recorded.",
                hint="call end_epoch after each epoch, or final with a trained model's logits.",
            )
        past = self._past.channels(self.n_epochs, self.ids) if self.n_epochs else {}
        channels = {name: channel[np.newaxis] for name, channel in {**past, **passed}.items()}
        return Dynamics(
            self.ids,
            self._declared.labels,
            self.class_names,
            channels,
            self.n_epochs,
            self.data_fingerprint,
            self._declared.early_of(self.n_epochs) if self.n_epochs else None,
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
        self._declared.require_same(other._declared)
        if self.n_epochs != other.n_epochs:
            raise MismatchError(
                f"Only recorders of as many epochs can be merged. Got {self.n_epochs} and "
                f"{other.n_epochs}.",
                hint="merge before end_epoch, every epoch.",
            )
        self._fold()
        other._fold()
        merged = Recorder.__new__(Recorder)
        declared = self._declared.joined(other._declared)
        merged._start(declared, self._trace or other._trace)
        merged.n_epochs = self.n_epochs
        merged._past = self._past.merged(other._past, self.ids)
        merged._final = self._final.merged(other._final, declared)
        merged._gradient = self._gradient.merged(other._gradient, declared)
        for one in (self, other):
            merged._open.add(one._open.appearances())
        return merged

    def state(self) -> dict[str, np.ndarray]:
        """Return all that the recorder knows as plain arrays, the open epoch included."""
        self._fold()
        return {
            **self._declared.arrays(),
            "n_epochs": np.array(self.n_epochs),
            **self._past.arrays(),
            **self._final.arrays(),
            **self._gradient.arrays(),
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
            recorder._start(Declared.of(state), trace)
            recorder.n_epochs = int(state["n_epochs"])
            recorder._past = Past.of(state)
            recorder._open.add(Appearances.of(state))
            recorder._final.restore(state)
            recorder._gradient.restore(state)
        except KeyError as error:
            raise DataError(f"This is no recorder's state: {error} is missing.") from error
        if like is not None:
            recorder._trace = trace or like._trace
            like._declared.require_same(recorder._declared)
        return recorder

    def __reduce__(self) -> tuple:
        return Recorder.from_state, (self.state(),)  # without the trace

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

    def _fold(self) -> None:
        """Turn the batches held into numbers an appearance; all of them, or none if one fails."""
        when = f"epoch {self.n_epochs} of run {self.run}"
        for part in self._intake.emptied(when, getattr(self._trace, "wants_logits", False)):
            self._open.add(part)
