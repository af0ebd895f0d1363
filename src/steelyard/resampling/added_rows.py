"""Added rows: what stands in for more samples of a class, beyond repeating those there are.

Each kind is a small frozen record of values, passed as ``over=`` to a scheme: `Smote`, `Reserve`
and `Pool`. A scheme asks it for rows; it answers with a `Labelled` that fits behind the data.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.fingerprints import fingerprint
from steelyard._support.validation import did_you_mean
from steelyard.records.labelled import Labelled

_FAR = 2**52  # added rows have ids from -2 * _FAR on; float64 holds whole numbers that far


LOAD = "steelyard.load reads them, with one_class=True where they are of one class."  # a hint


@runtime_checkable
class AddedRows(Protocol):
    """Where added rows come from."""

    @property
    def words(self) -> str:
        """How a scheme's name tells of it, for instance "grown by SMOTE"."""

    @property
    def note(self) -> str:
        """What to know before training on such rows, in a sentence."""

    def rows_for(self, data: Labelled, wanted: np.ndarray, seed: int) -> Labelled:
        """Return exactly ``wanted`` rows a class, shape (K,), at least one in all.

        Their ids are not among those of the data; class names, columns and dtypes are the data's.
        """


def rows_like(rows: Labelled, data: Labelled, what: str) -> Labelled:
    """Return rows of another source with the classes, the columns and the order of the data.

    Classes are matched by name, columns too; ids stay.

    Raises
    ------
    MismatchError
        If columns or image shapes differ, a class is unknown, or there are held-out rows.
    """
    rows.require_single_label(what)
    rows.require_training_part(what)
    code_of = {name: code for code, name in enumerate(data.class_names)}
    for name, count in zip(rows.class_names, rows.class_counts, strict=True):
        if count and name not in code_of:
            raise MismatchError(
                f"{what} holds {count} rows of class {name!r}, which the data do not have.",
                hint=did_you_mean(name, data.class_names),
            )
    if rows.modality != data.modality:
        raise MismatchError(f"{what} holds {rows.modality} rows; the data are {data.modality}s.")
    inputs = rows.inputs
    if data.modality == "table":
        differ = sorted(set(map(str, inputs)) ^ set(map(str, data.inputs)))
        if differ:
            raise MismatchError(
                f"{what} has other columns than the data: {differ[:5]} stand in one of them only.",
                hint="load both with the same columns, drop=[...] leaves some out.",
            )
        inputs = inputs[list(data.inputs)]
        kinds = (inputs.dtypes == "category") != (data.inputs.dtypes == "category")
        if kinds.any():
            raise MismatchError(
                f"{what} holds numbers where the data hold categories, or the reverse, in "
                f"{list(kinds.index[kinds])[:5]}."
            )
    elif inputs.shape[1:] != data.inputs.shape[1:]:
        raise MismatchError(
            f"{what} holds images of shape {inputs.shape[1:]}; the data's are "
            f"{data.inputs.shape[1:]}.",
            hint="load both with the same image_size.",
        )
    codes = np.array([code_of.get(name, -1) for name in rows.class_names])[rows.labels]
    return Labelled(inputs, codes, data.class_names, rows.ids, _split(data, len(rows)))


def synthetic_rows(
    inputs: object, labels: np.ndarray, names: np.ndarray, data: Labelled
) -> Labelled:
    """Return made rows as a `Labelled` with ids that the data do not have.

    Parameters
    ----------
    inputs : DataFrame or ndarray of m rows
        As the data's.
    labels : ndarray of shape (m,)
        Class codes of the data.
    names : ndarray of shape (m,)
        Whole numbers from 0 on, each once, that tell the rows apart.
    data : Labelled
        What they are added to.
    """
    ids = _new_ids(data.ids, names)
    return Labelled(inputs, labels, data.class_names, ids, _split(data, len(labels)))


def chosen_rows(rows: Labelled, wanted: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the positions of the first ``wanted`` rows of each class in an order of all rows.

    Parameters
    ----------
    rows : Labelled
        With at least as many rows a class as wanted.
    wanted : ndarray of shape (K,)
        Rows a class.
    order : ndarray of shape (m,)
        Smallest first.
    """
    by_class = np.lexsort((order, rows.labels))
    start = np.cumsum(rows.class_counts) - rows.class_counts
    return np.concatenate(
        [by_class[start[code] : start[code] + n] for code, n in enumerate(wanted)]
    )


def require_enough(rows: Labelled, wanted: np.ndarray, what: str, hint: str) -> None:
    """Raise if a class lacks rows.

    Raises
    ------
    DataError
        Naming the class that lacks most.
    """
    lack = wanted - rows.class_counts
    if (lack > 0).any():
        code = int(lack.argmax())
        raise DataError(
            f"{what} holds {rows.class_counts[code]} rows of class {rows.class_names[code]!r}; "
            f"{wanted[code]} are wanted. Classes that lack rows: {int((lack > 0).sum())}.",
            hint=hint,
        )


def _split(data: Labelled, n: int) -> np.ndarray | None:
    return None if data.split is None else np.full(n, "train")


def _new_ids(ids: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return ids that neither these samples have nor, but by a rare chance, any held-out ones.

    The training part does not know the ids of the others, so that the number next to its largest
    may be one of theirs. What is added is named by a fingerprint of the ids instead: text by its
    digits, integers far below 0 (and float64 still holds them). Rows that are added to what was
    added to already have another fingerprint.
    """
    digits = fingerprint("added rows", np.sort(ids))
    while True:
        if ids.dtype.kind == "U":
            new = np.array([f"synthetic-{digits}-{name}" for name in names.tolist()])
        else:
            new = int(digits, 16) % _FAR - 2 * _FAR + names
        if not np.isin(new, ids).any():
            return new
        digits = fingerprint(digits)
