"""`ManifoldHistory`: the radii of class manifolds and the errors, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from steelyard._support.arrays import frozen_array, frozen_ids, frozen_integers, require_finite
from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import header, read_npz, write_npz
from steelyard._support.validation import check_choice
from steelyard.records.classes import check_class_names, check_codes

# how a radius is taken: representations on the unit sphere or as they are, R or R^2; the first is
# what published code does, `steelyard.diagnosis.radii` tells them apart
FORMULAS = ("sphere-root", "sphere-squared", "raw-squared", "raw-root")


@dataclass(frozen=True, eq=False)
class ManifoldHistory:
    """What was seen of every class and sample after each epoch of some trainings.

    Any rule for where a class turns over can be applied to it afterwards.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Sample ids.
    labels : ndarray of shape (n,)
        Class codes.
    class_names : tuple of str
        One name a class.
    epochs : ndarray of shape (E,)
        Epochs that were looked at, ascending; epoch 0 is over when each sample was seen once.
    radii : ndarray of shape (runs, E, K)
        Radius of each class, in the variant that ``formula`` names; NaN of a class without samples.
    wrong_bits : ndarray of shape (runs, E, ceil(n / 8))
        Whether each sample was misclassified, one bit a sample, as `numpy.packbits` has it.
    formula : str
        One of `FORMULAS`.
    layer : str
        Where the representations were taken.
    data_fingerprint : str
        Fingerprint of the `Labelled` that was looked at.

    Raises
    ------
    DataError
        If shapes differ, epochs do not ascend, or a radius is negative or infinite.
    ParameterError
        If there is no such formula.
    """

    ids: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    epochs: np.ndarray
    radii: np.ndarray
    wrong_bits: np.ndarray
    formula: str
    layer: str
    data_fingerprint: str

    def __post_init__(self) -> None:
        check_choice(self.formula, "formula", "ManifoldHistory", FORMULAS)
        names = check_class_names(self.class_names, "ManifoldHistory")
        labels = check_codes(self.labels, names, "labels", "ManifoldHistory")
        epochs = frozen_integers(self.epochs, "epochs", "ManifoldHistory")
        radii = frozen_array(self.radii, np.float64)
        bits = frozen_array(self.wrong_bits, np.uint8)
        n = len(labels)
        runs = radii.shape[0] if radii.ndim == 3 else 0
        shapes = ((runs, len(epochs), len(names)), (runs, len(epochs), -(-n // 8)))
        if not runs or (radii.shape, bits.shape) != shapes:
            raise DataError(
                "ManifoldHistory needs radii of shape (runs, epochs, classes) and wrong_bits of "
                f"shape (runs, epochs, {-(-n // 8)}), with {len(epochs)} epochs and {len(names)} "
                f"classes. Got {radii.shape} and {bits.shape}."
            )
        if (np.diff(epochs) <= 0).any():
            raise DataError("The epochs of ManifoldHistory must ascend.")
        present = np.bincount(labels, minlength=len(names)) > 0
        require_finite(radii[:, :, present], "radii", "ManifoldHistory")
        if (radii < 0).any():
            raise DataError(f"A radius is at least 0. Got {np.nanmin(radii):g}.")
        object.__setattr__(self, "ids", frozen_ids(self.ids, n, "ManifoldHistory"))
        for name, value in (
            ("labels", labels), ("class_names", names), ("epochs", epochs), ("radii", radii),
            ("wrong_bits", bits),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    @property
    def n_runs(self) -> int:
        """Trainings."""
        return len(self.radii)

    def wrong(self, run: int, position: int) -> np.ndarray:
        """Return which samples a run got wrong at ``epochs[position]``, bool of shape (n,)."""
        bits = self.wrong_bits[run, position]
        return np.unpackbits(bits, count=len(self.labels)).astype(bool)

    def take_runs(self, runs: Sequence[int]) -> ManifoldHistory:
        """Return some of the runs, in the order given."""
        chosen = list(runs)
        return ManifoldHistory(
            self.ids, self.labels, self.class_names, self.epochs, self.radii[chosen],
            self.wrong_bits[chosen], self.formula, self.layer, self.data_fingerprint,
        )  # fmt: skip

    @classmethod
    def stack(cls, histories: Sequence[ManifoldHistory]) -> ManifoldHistory:
        """Return several histories of the same samples as one, run after run.

        Raises
        ------
        MismatchError
            If they are of other data, epochs, layers or radii.
        """
        first = histories[0]
        for other in histories[1:]:
            if (
                (other.data_fingerprint, other.formula, other.layer)
                != (first.data_fingerprint, first.formula, first.layer)
                or not np.array_equal(other.ids, first.ids)
                or not np.array_equal(other.epochs, first.epochs)
            ):
                raise MismatchError(
                    "Only histories of the same samples, epochs and layer can be stacked."
                )
        return cls(
            first.ids, first.labels, first.class_names, first.epochs,
            np.concatenate([one.radii for one in histories]),
            np.concatenate([one.wrong_bits for one in histories]),
            first.formula, first.layer, first.data_fingerprint,
        )  # fmt: skip

    def save(self, path: str | Path) -> None:
        """Write the record as ``.npz``."""
        arrays = {
            "ids": self.ids,
            "labels": self.labels,
            "epochs": self.epochs,
            "radii": self.radii,
            "wrong_bits": self.wrong_bits,
        }
        metadata = header(
            "ManifoldHistory",
            class_names=list(self.class_names),
            formula=self.formula,
            layer=self.layer,
            data_fingerprint=self.data_fingerprint,
        )
        write_npz(arrays, path, metadata)

    @classmethod
    def load(cls, path: str | Path) -> ManifoldHistory:
        """Read what `save` wrote."""
        arrays, metadata = read_npz(path, "ManifoldHistory")
        return cls(
            arrays["ids"], arrays["labels"], metadata["class_names"], arrays["epochs"],
            arrays["radii"], arrays["wrong_bits"], metadata["formula"], metadata["layer"],
            metadata["data_fingerprint"],
        )  # fmt: skip
