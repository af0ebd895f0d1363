"""`Plan`: how often each sample is used, counted exactly, with the distribution it achieves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from steelyard._support.arrays import frozen_array, frozen_ids, frozen_integers, require_finite
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_parquet, write_parquet
from steelyard.records.classes import check_class_names
from steelyard.records.labelled import Labelled


@dataclass(frozen=True, eq=False)
class Plan:
    """Multiplicities for the samples of one data set.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Every sample of the planned data, in data-set order.
    counts : ndarray of shape (n,)
        How often each is used in an epoch; 0 leaves it out.
    class_names : tuple of str
        One name a class.
    before : ndarray of shape (K,)
        Samples a class in the data.
    requested : ndarray of shape (K,)
        Samples a class that the scheme asked for, before rounding.
    achieved : ndarray of shape (K,)
        Samples a class that the plan holds.
    scheme : str
        What made it, in words for a report, for instance "by count, degree 0.5".
    data_fingerprint : str
        Fingerprint of the planned data.

    Raises
    ------
    DataError
        If a count is negative or no whole number, all are 0, or totals contradict one another.
    """

    ids: np.ndarray
    counts: np.ndarray
    class_names: tuple[str, ...]
    before: np.ndarray
    requested: np.ndarray
    achieved: np.ndarray
    scheme: str
    data_fingerprint: str

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
        if before.sum() != len(counts) or achieved.sum() != counts.sum():
            raise DataError(
                f"A plan's totals must agree: {before.sum()} samples before against "
                f"{len(counts)} ids, {achieved.sum()} achieved against {counts.sum()} counted."
            )
        if not counts.any():
            raise DataError("A plan must use at least one sample. Got counts of 0 only.")
        object.__setattr__(self, "ids", frozen_ids(self.ids, len(counts), "Plan"))
        object.__setattr__(self, "counts", counts)
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "before", before)
        object.__setattr__(self, "requested", requested)
        object.__setattr__(self, "achieved", achieved)

    @classmethod
    def of(cls, data: Labelled, counts: np.ndarray, requested: np.ndarray, scheme: str) -> Plan:
        """Return a plan for ``data`` with its class counts worked out."""
        counts = frozen_integers(counts, "counts", "Plan")
        if counts.shape != data.labels.shape:
            raise DataError(f"A plan needs {len(data)} counts. Got shape {counts.shape}.")
        achieved = np.zeros(data.n_classes, dtype=np.int64)
        np.add.at(achieved, data.labels, counts)
        return cls(
            data.ids,
            counts,
            data.class_names,
            data.class_counts,
            requested,
            achieved,
            scheme,
            data.fingerprint,
        )

    @property
    def total(self) -> int:
        """Draws in an epoch."""
        return int(self.counts.sum())

    @property
    def prior(self) -> np.ndarray:
        """Class shares that a model trained by this plan sees, shape (K,)."""
        return self.achieved / self.achieved.sum()

    @property
    def is_identity(self) -> bool:
        """Whether the plan leaves the data as they are."""
        return bool((self.counts == 1).all())

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

    def positions(self, data: Labelled) -> np.ndarray:
        """Return the row of each draw in ``data``: shape (total,), grouped by sample.

        Raises
        ------
        MismatchError
            If the plan was made on other data, or would touch held-out rows.
        """
        if data.split is not None and (data.split != "train").any():
            raise MismatchError(
                "A plan applies to a training part alone; these data hold held-out rows.",
                hint="pass data.part('train').",
            )
        if data.fingerprint != self.data_fingerprint:
            raise MismatchError(
                f"This plan was made on data {self.data_fingerprint}; these are "
                f"{data.fingerprint}.",
                hint="plan again on these data.",
            )
        mine = np.argsort(self.ids, kind="stable")
        theirs = np.argsort(data.ids, kind="stable")
        counts = np.empty(len(data), dtype=np.int64)
        counts[theirs] = self.counts[mine]  # equal fingerprints: the same ids
        return np.repeat(np.arange(len(data)), counts)

    def save(self, path: str | Path) -> None:
        """Write the plan as parquet with the columns ``id`` and ``count``."""
        metadata = header(
            "Plan",
            class_names=list(self.class_names),
            before=self.before.tolist(),
            requested=self.requested.tolist(),
            achieved=self.achieved.tolist(),
            scheme=self.scheme,
            data_fingerprint=self.data_fingerprint,
        )
        write_parquet(pd.DataFrame({"id": self.ids, "count": self.counts}), path, metadata)

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Read what `save` wrote."""
        frame, metadata = read_parquet(path, "Plan")
        return cls(
            frame["id"],
            frame["count"],
            metadata["class_names"],
            metadata["before"],
            metadata["requested"],
            metadata["achieved"],
            metadata["scheme"],
            metadata["data_fingerprint"],
        )
