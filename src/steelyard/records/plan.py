"""`Plan`: how often each sample is used, counted exactly, with the distribution it achieves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array, frozen_ids, frozen_integers, require_finite
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_parquet, require_own_record, write_parquet
from steelyard._support.validation import check_kind
from steelyard.records.classes import check_class_names, check_codes, sums_by_class
from steelyard.records.labelled import Labelled
from steelyard.records.more_rows import joined, require_same_kind


@dataclass(frozen=True, eq=False)
class Plan:
    """How often each sample of one data set is used, and rows that are added to them.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Every sample of the planned data, in data-set order.
    counts : ndarray of shape (n,)
        How often each is used in an epoch; 0 leaves it out.
    class_names : tuple of str
        One name a class or label.
    before : ndarray of shape (K,)
        Samples a class in the data.
    requested : ndarray of shape (K,)
        Samples a class that the scheme asked for, before rounding.
    achieved : ndarray of shape (K,)
        Samples a class that the plan holds, added rows included.
    scheme : str
        What made it, in words for a report, for instance "by count, degree 0.5".
    data_fingerprint : str
        Fingerprint of the planned data.
    labels : ndarray of shape (n,), optional
        Class codes, of data with one class a sample; for whoever has to keep class totals exact.
    weights : ndarray of shape (n,), optional
        Expected uses, where they are fractions of which ``counts`` is one rounding: a sampler
        may round anew each epoch. None says that the counts are meant as they are.
    added : Labelled, optional
        Rows beyond the data, each used once: synthetic ones, or real ones that were put aside.
    multi_label : bool
        Whether a sample may have any number of labels; the class totals then do not sum to the
        draws.
    expected : ndarray of shape (K,), optional
        Expected draws with each label, where the uses are fractions and samples have several.
    notes : tuple of str
        What to know before training by it, a sentence each.

    Raises
    ------
    DataError
        If a count or weight is negative or no number, all are 0, or totals contradict one
        another.
    """

    ids: np.ndarray
    counts: np.ndarray
    class_names: tuple[str, ...]
    before: np.ndarray
    requested: np.ndarray
    achieved: np.ndarray
    scheme: str
    data_fingerprint: str
    labels: np.ndarray | None = field(default=None, kw_only=True)
    weights: np.ndarray | None = field(default=None, kw_only=True)
    added: Labelled | None = field(default=None, kw_only=True)
    multi_label: bool = field(default=False, kw_only=True)
    expected: np.ndarray | None = field(default=None, kw_only=True)
    notes: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        counts = frozen_integers(self.counts, "counts", "Plan")
        names = check_class_names(self.class_names, "Plan")
        before = frozen_integers(self.before, "class counts before", "Plan")
        requested = frozen_array(self.requested, np.float64)
        achieved = frozen_integers(self.achieved, "achieved class counts", "Plan")
        require_finite(requested, "requested class counts", "Plan")
        if counts.ndim != 1 or (counts < 0).any():
            raise DataError("A plan's counts must be a vector of integers in the range [0, inf).")
        if not before.shape == requested.shape == achieved.shape == (len(names),):
            raise DataError(f"A plan needs its class counts for each of {len(names)} classes.")
        total = int(counts.sum()) + (0 if self.added is None else len(self.added))
        if not self.multi_label and (before.sum() != len(counts) or achieved.sum() != total):
            raise DataError(
                f"A plan's totals must agree: {before.sum()} samples before against "
                f"{len(counts)} ids, {achieved.sum()} achieved against {total} counted."
            )
        if not total:
            raise DataError("A plan must use at least one sample. Got counts of 0 only.")
        object.__setattr__(self, "ids", frozen_ids(self.ids, len(counts), "Plan"))
        object.__setattr__(self, "counts", counts)
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "before", before)
        object.__setattr__(self, "requested", requested)
        object.__setattr__(self, "achieved", achieved)
        object.__setattr__(self, "notes", tuple(self.notes))
        if self.labels is not None:
            object.__setattr__(self, "labels", check_codes(self.labels, names, "labels", "Plan"))
        if self.weights is not None:
            object.__setattr__(self, "weights", _checked_weights(self.weights, counts))
        if self.expected is not None:
            expected = frozen_array(self.expected, np.float64)
            require_finite(expected, "expected draws", "Plan")
            if expected.shape != (len(names),):
                raise DataError(f"A plan needs its expected draws for each of {len(names)} labels.")
            object.__setattr__(self, "expected", expected)

    @classmethod
    def of(
        cls,
        data: Labelled,
        counts: np.ndarray,
        requested: np.ndarray,
        scheme: str,
        *,
        weights: np.ndarray | None = None,
        added: Labelled | None = None,
        notes: Iterable[str] = (),
    ) -> Plan:
        """Return a plan for ``data`` with its class counts worked out.

        Raises
        ------
        MismatchError
            If the data, or the added rows, hold held-out rows, or the rows have other classes.
        """
        data.require_training_part("A plan")
        counts = frozen_integers(counts, "counts", "Plan")
        if counts.shape != (len(data),):
            raise DataError(f"A plan needs {len(data)} counts. Got shape {counts.shape}.")
        achieved = np.rint(sums_by_class(data.labels, counts, data.n_classes)).astype(np.int64)
        expected = None
        if data.multi_label and weights is not None:
            expected = sums_by_class(data.labels, np.asarray(weights, float), data.n_classes)
        if added is not None:
            require_same_kind(data, added)
            added.require_training_part("A plan that adds rows")
            achieved = achieved + added.class_counts
            expected = None if expected is None else expected + added.class_counts
        return cls(
            data.ids,
            counts,
            data.class_names,
            data.class_counts,
            requested,
            achieved,
            scheme,
            data.fingerprint,
            labels=None if data.multi_label else data.labels,
            weights=weights,
            added=added,
            multi_label=data.multi_label,
            expected=expected,
            notes=tuple(notes),
        )

    def __repr__(self) -> str:
        return (
            f"Plan({self.scheme!r}, samples={len(self.ids)}, draws={self.total}, "
            f"classes={len(self.class_names)}, data={self.data_fingerprint})"
        )

    @property
    def total(self) -> int:
        """Draws in an epoch, added rows included."""
        return int(self.counts.sum()) + (0 if self.added is None else len(self.added))

    @property
    def expected_uses(self) -> np.ndarray:
        """Expected uses of each sample of the data in an epoch, shape (n,)."""
        return self.counts.astype(np.float64) if self.weights is None else self.weights

    @property
    def prior(self) -> np.ndarray:
        """Share of the draws with each class, shape (K,): what a model trained by it sees.

        Expected where uses are fractions that are rounded anew each epoch.
        """
        if self.expected is None:
            return self.achieved / self.total
        rows = 0 if self.added is None else len(self.added)
        return np.minimum(self.expected / (self.expected_uses.sum() + rows), 1.0)

    @property
    def is_identity(self) -> bool:
        """Whether the plan leaves the data as they are."""
        once = (self.counts == 1).all() and (self.expected_uses == 1).all()
        return bool(once) and self.added is None

    def table(self) -> pd.DataFrame:
        """Return the achieved-distribution table: one row a class.

        Returns
        -------
        pandas.DataFrame
            Columns ``class``, ``before``, ``requested``, ``achieved``, ``share`` and ``repeat``
            (achieved / before; NaN for a class without samples).
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            repeat = np.where(self.before > 0, self.achieved / self.before, np.nan)
        return pd.DataFrame(
            {
                "class": self.class_names,
                "before": self.before,
                "requested": self.requested,
                "achieved": self.achieved,
                "share": self.prior,
                "repeat": repeat,
            }
        )

    def rows(self, data: Labelled) -> np.ndarray:
        """Return the row of each draw in ``data``: shape (counts.sum(),), grouped by sample.

        Added rows are not among them: `applied` puts them behind the data.

        Raises
        ------
        MismatchError
            If the plan was made on other data, or would touch held-out rows.
        """
        return np.repeat(np.arange(len(data)), self.counts[self.order(data)])

    def order(self, data: Labelled) -> np.ndarray:
        """Return the place in the plan of each row of ``data``, shape (n,).

        Raises
        ------
        MismatchError
            If the plan was made on other data, or would touch held-out rows.
        """
        check_kind(data, Labelled, "data", "a plan", "load it as it was planned: steelyard.load.")
        data.require_training_part("A plan")
        if data.fingerprint != self.data_fingerprint:
            raise MismatchError(
                f"This plan was made on data {self.data_fingerprint}; these are "
                f"{data.fingerprint}.",
                hint="plan again on these data; or read them as they were planned, with the same "
                "target, ids and columns.",
            )
        order = np.empty(len(data), dtype=np.int64)
        # equal fingerprints: the same ids
        order[np.argsort(data.ids, kind="stable")] = np.argsort(self.ids, kind="stable")
        return order

    def applied(self, data: Labelled) -> tuple[Labelled, Plan]:
        """Return the data with the added rows behind them, and the plan over all of them.

        Raises
        ------
        MismatchError
            If the plan was made on other data, or would touch held-out rows.
        """
        order = self.order(data)
        if self.added is None:
            return data, self
        whole = joined(data, self.added)
        ones = np.ones(len(self.added))
        weights = None if self.weights is None else np.append(self.weights[order], ones)
        counts = np.append(self.counts[order], ones)
        plan = Plan.of(
            whole, counts, self.requested, self.scheme, weights=weights, notes=self.notes
        )
        return whole, plan

    def save(self, path: str | Path) -> None:
        """Write the plan as parquet: ``id``, ``count``, and ``class`` and ``weight`` if known.

        Added rows stand beside it: those of plan.parquet in plan.added.parquet, or .npz for
        images.

        Raises
        ------
        OutputError
            If there is a file of that name that steelyard did not write.
        """
        metadata = header(
            "Plan",
            class_names=list(self.class_names),
            before=self.before.tolist(),
            requested=self.requested.tolist(),
            achieved=self.achieved.tolist(),
            scheme=self.scheme,
            data_fingerprint=self.data_fingerprint,
            multi_label=self.multi_label,
            expected=None if self.expected is None else self.expected.tolist(),
            notes=list(self.notes),
            added=None if self.added is None else [self.added.modality, self.added.fingerprint],
        )
        columns: dict[str, Any] = {"id": self.ids, "count": self.counts}
        if self.weights is not None:
            columns["weight"] = self.weights
        if self.labels is not None:
            columns["class"] = pd.Categorical.from_codes(self.labels, list(self.class_names))
        if self.added is not None:
            beside = added_path(path, self.added.modality)
            require_own_record(beside, "Labelled")
            self.added.save(beside)
        write_parquet(pd.DataFrame(columns), path, metadata)

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Read what `save` wrote.

        Raises
        ------
        DataError
            If it is no plan.
        MismatchError
            If the added rows beside it are not those that it was saved with.
        """
        frame, metadata = read_parquet(path, "Plan")
        added = None
        if metadata.get("added"):
            modality, fingerprint = metadata["added"]
            added = Labelled.load(added_path(path, modality))
            if added.fingerprint != fingerprint:
                raise MismatchError(
                    f"The rows in {added_path(path, modality).name!r} are not those that the plan "
                    f"{Path(path).name!r} adds.",
                    hint="keep the two files of a plan together, or plan again.",
                )
        return cls(
            frame["id"],
            frame["count"],
            metadata["class_names"],
            metadata["before"],
            metadata["requested"],
            metadata["achieved"],
            metadata["scheme"],
            metadata["data_fingerprint"],
            labels=_codes(frame.get("class"), metadata["class_names"]),
            weights=frame.get("weight"),
            added=added,
            multi_label=metadata.get("multi_label", False),
            expected=metadata.get("expected"),
            notes=tuple(metadata.get("notes", ())),
        )


def _checked_weights(weights: np.ndarray, counts: np.ndarray) -> np.ndarray:
    weights = frozen_array(weights, np.float64)
    require_finite(weights, "weights", "Plan")
    if weights.shape != counts.shape or (weights < 0).any():
        raise DataError(
            f"A plan needs {len(counts)} weights, one a sample, in the range [0, inf). Got shape "
            f"{weights.shape}{f', smallest {weights.min():g}' if weights.size else ''}."
        )
    far = (counts < np.floor(weights)) | (counts > np.ceil(weights))
    if far.any() or abs(weights.sum() - counts.sum()) > 1:
        row = int(far.argmax())
        raise DataError(
            f"A plan's counts must be a rounding of its weights: these sum to {weights.sum():g}, "
            f"the counts to {counts.sum()}; row {row} has {weights[row]:g} and {counts[row]}."
        )
    return weights


def _codes(named: pd.Series | None, class_names: list[str]) -> np.ndarray | None:
    if named is None:
        return None
    codes = pd.Index(class_names).get_indexer(named.astype("category").cat.categories)
    return codes[named.astype("category").cat.codes]


def added_path(path: str | Path, modality: str) -> Path:
    """Return where the added rows of a plan stand: beside it."""
    path = Path(path)
    return path.with_name(f"{path.stem}.added{'.npz' if modality == 'image' else '.parquet'}")
