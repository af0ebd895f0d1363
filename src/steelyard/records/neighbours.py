"""`Neighbours`: of every sample those that lie nearest to it, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from steelyard._support.arrays import frozen_array, frozen_ids, frozen_integers, require_finite
from steelyard._support.errors import DataError, ParameterError
from steelyard._support.storage import header, read_npz, write_npz
from steelyard.records.classes import check_class_names, check_codes


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The k nearest others of every sample, nearest first.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Sample ids.
    labels : ndarray of shape (n,)
        Class codes.
    class_names : tuple of str
        One name a class.
    positions : ndarray of shape (n, k)
        Rows of the neighbours; a sample is none of its own. k is 0 where there is one sample.
    distances : ndarray of shape (n, k)
        Their Euclidean distances, float64, ascending.
    data_fingerprint : str
        Fingerprint of the `Labelled` that the neighbours are of.

    Raises
    ------
    DataError
        If shapes differ, a position is no other row or comes twice in a row, or distances are not
        finite, negative or out of order.
    """

    ids: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    positions: np.ndarray
    distances: np.ndarray
    data_fingerprint: str

    def __post_init__(self) -> None:
        names = check_class_names(self.class_names, "Neighbours")
        labels = check_codes(self.labels, names, "labels", "Neighbours")
        positions = frozen_integers(self.positions, "positions", "Neighbours")
        distances = frozen_array(self.distances, np.float64)
        n = len(labels)
        if positions.ndim != 2 or positions.shape != distances.shape or len(positions) != n:
            raise DataError(
                f"Neighbours needs positions and distances of one shape (n, k), with n = {n}. "
                f"Got {positions.shape} and {distances.shape}."
            )
        require_finite(distances, "distances", "Neighbours")
        in_order = np.sort(positions, axis=1)
        if (
            ((positions < 0) | (positions >= n)).any()
            or (positions == np.arange(n)[:, None]).any()
            or (np.diff(in_order, axis=1) == 0).any()
        ):
            raise DataError(
                f"The positions of Neighbours must be other rows, 0 to {n - 1}, each once a row."
            )
        if (distances < 0).any() or (np.diff(distances, axis=1) < 0).any():
            raise DataError("The distances of Neighbours must be at least 0, and ascend in a row.")
        object.__setattr__(self, "ids", frozen_ids(self.ids, n, "Neighbours"))
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "class_names", names)
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "distances", distances)

    @property
    def k(self) -> int:
        """Number of neighbours of each sample."""
        return self.positions.shape[1]

    def require(self, k: int, owner: str) -> None:
        """Raise unless there are at least k neighbours of each, or all the others.

        Raises
        ------
        ParameterError
            Saying how many are needed.
        """
        if self.k < min(k, len(self.ids) - 1):
            raise ParameterError(
                f"The 'neighbours' parameter of {owner} must hold {k} neighbours of each sample. "
                f"Got {self.k}.",
                hint=f"neighbours(X, data, k={k}).",
            )

    def disagree(self, k: int) -> np.ndarray:
        """Return which of the k nearest (all, if fewer) carry another label, bool, (n, k)."""
        return self.labels[self.positions[:, :k]] != self.labels[:, None]

    def save(self, path: str | Path) -> None:
        """Write the record as ``.npz``."""
        arrays = {
            "ids": self.ids,
            "labels": self.labels,
            "positions": self.positions,
            "distances": self.distances,
        }
        metadata = header(
            "Neighbours",
            class_names=list(self.class_names),
            data_fingerprint=self.data_fingerprint,
        )
        write_npz(arrays, path, metadata)

    @classmethod
    def load(cls, path: str | Path) -> Neighbours:
        """Read what `save` wrote."""
        arrays, metadata = read_npz(path, "Neighbours")
        return cls(
            arrays["ids"],
            arrays["labels"],
            metadata["class_names"],
            arrays["positions"],
            arrays["distances"],
            metadata["data_fingerprint"],
        )
