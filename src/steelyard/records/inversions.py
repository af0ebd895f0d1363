"""`Inversions`: where the manifold of each class turned over, and what was wrong there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard._support.arrays import frozen_array, frozen_ids, frozen_integers
from steelyard._support.errors import DataError
from steelyard._support.validation import check_choice
from steelyard.records.classes import check_class_names, check_codes

MODES = ("argmin", "snapshot", "shared")


@dataclass(frozen=True, eq=False)
class Inversions:
    """The inversion of every class in every run, and the samples wrong at it.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Sample ids.
    labels : ndarray of shape (n,)
        Class codes.
    class_names : tuple of str
        One name a class.
    mode : {"argmin", "snapshot", "shared"}
        How it was found: see `steelyard.diagnosis.inversions`.
    epochs : ndarray of shape (runs, K)
        Epoch at which a sample of the class is looked at; -1 where there is none.
    censored : ndarray of shape (runs, K)
        Whether the class was not seen to turn over in this run; ``epochs`` is then a stand-in.
    wrong : ndarray of shape (runs, n)
        Whether a sample was misclassified at the inversion of its class: the stragglers. False
        where there is no epoch.
    wrong_since : ndarray of shape (runs, n)
        In which share of the epochs from the inversion of its class on it was misclassified,
        in [0, 1]; the graded form. 0 where there is no epoch.
    data_fingerprint : str
        Fingerprint of the `Labelled`.

    Raises
    ------
    DataError
        If shapes differ or a share lies outside [0, 1].
    """

    ids: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    mode: str
    epochs: np.ndarray
    censored: np.ndarray
    wrong: np.ndarray
    wrong_since: np.ndarray
    data_fingerprint: str

    def __post_init__(self) -> None:
        check_choice(self.mode, "mode", "Inversions", MODES)
        names = check_class_names(self.class_names, "Inversions")
        labels = check_codes(self.labels, names, "labels", "Inversions")
        epochs = frozen_integers(self.epochs, "epochs", "Inversions")
        censored, wrong = (frozen_array(value, bool) for value in (self.censored, self.wrong))
        since = frozen_array(self.wrong_since, np.float64)
        runs = len(epochs)
        classes, samples = (runs, len(names)), (runs, len(labels))
        if (epochs.shape, censored.shape) != (classes, classes) or (
            (wrong.shape, since.shape) != (samples, samples)
        ):
            raise DataError(
                "Inversions needs epochs and censored of shape (runs, classes), and wrong and "
                f"wrong_since of shape (runs, samples). Got {epochs.shape}, {censored.shape}, "
                f"{wrong.shape} and {since.shape}."
            )
        if not ((since >= 0) & (since <= 1)).all():
            raise DataError("The wrong_since of Inversions must lie in [0, 1].")
        object.__setattr__(self, "ids", frozen_ids(self.ids, len(labels), "Inversions"))
        for name, value in (
            ("labels", labels), ("class_names", names), ("epochs", epochs),
            ("censored", censored), ("wrong", wrong), ("wrong_since", since),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    @property
    def n_runs(self) -> int:
        """Trainings."""
        return len(self.epochs)

    @property
    def complete(self) -> np.ndarray:
        """Whether every class of a run was seen to turn over, bool of shape (runs,)."""
        return np.logical_not(self.censored.any(axis=1))
