"""Copies: held-out rows that stand in the training part too, in another part, or twice.

**What it tells you.** How many held-out rows a model may simply remember.

**Chance.** In a table of few coarse columns two samples may agree in every cell without being one.
How often is estimated by the pairs of rows that agree in *all columns but one*. If two such rows
agree in that one, j, as often as any two rows do (with probability l_j), chance makes
N_j l_j / (1 - l_j) equal pairs out of the N_j pairs that differ in j alone. The largest of these
numbers over the columns is taken. Copies of a leak have no such surroundings, so that nothing is
expected there. The estimate is ours, and rough: columns that depend on one another make more equal
rows than it says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import poisson

from steelyard.guards.row_hashes import cell_hashes, row_hashes
from steelyard.records.finding import Finding
from steelyard.records.labelled import Labelled

EXAMPLES = 5
WORTHLESS = 0.05  # ours: from this share of the held-out rows on, a leak is an error
_COUNTED = 2**20  # ours: rows that there can be, of columns of few values
_ROUGH = 1.5  # ours: the expected number may be wrong by so much
_SURPRISE = 0.999


@dataclass(frozen=True)
class Copies:
    """Rows of one part that stand in another.

    Parameters
    ----------
    rows : ndarray of int
        Positions in the one part.
    twins : ndarray of int
        Position of an equal row in the other, for each.
    n_other_label : int
        How many have an equal row of another label: no model can be right about both.
    expected : float
        How many chance explains.
    """

    rows: np.ndarray
    twins: np.ndarray
    n_other_label: int
    expected: float


def copies_among(other: Labelled, part: Labelled) -> Copies:
    """Return which rows of a part have equal inputs to a row of another.

    Parameters
    ----------
    other, part : Labelled
        Of the same columns and classes.
    """
    hashes, labels = row_hashes(other), _label_keys(other, part)
    first = pd.Series(np.arange(len(other)), index=hashes).groupby(level=0).first()
    twins = first.reindex(row_hashes(part)).to_numpy(np.float64)
    rows = np.flatnonzero(~np.isnan(twins))
    if not len(rows):
        return Copies(rows, rows, 0, 0.0)
    by_row = pd.Series(labels[: len(other)]).groupby(hashes).agg(["min", "max"])
    lowest_highest = by_row.loc[row_hashes(part)[rows]].to_numpy()
    differs = (lowest_highest != labels[len(other) :][rows, None]).any(axis=1)
    expected = _chance_pairs(other, part) if part.modality == "table" else 0.0
    expected = min(expected * len(part) / len(np.unique(row_hashes(part))), float(len(part)))
    return Copies(rows, twins[rows].astype(np.int64), int(differs.sum()), expected)


def held_out_copies(train: Labelled, part: Labelled, name: str) -> Finding | None:
    """G101: rows of a held-out part whose inputs stand, exactly, in the training part.

    Parameters
    ----------
    train, part : Labelled
        Of the same columns and classes.
    name : str
        What to call the part, for instance "test".
    """
    found = copies_among(train, part)
    count, n = len(found.rows), len(part)
    if not count:
        return None
    chance = by_chance(count, found.expected)
    return Finding(
        "G101",
        "note" if chance else share_severity(count, n),
        f"{count} of {n} {name} rows have the same inputs as a training row, "
        f"{found.n_other_label} of them with another label. {_of_chance(part, found.expected)}",
        count,
        n,
        _pairs(part.ids[found.rows], train.ids[found.twins]),
        "leave it: so many are expected of these columns."
        if chance
        else "remove the copies from training, or split again so that equal rows stay together; "
        "resample after the split, never before.",
    )


def shared_ids(train: Labelled, part: Labelled, name: str) -> Finding | None:
    """G102: ids that stand in the training part and in a held-out part.

    Ids of which none has the same inputs in both parts are taken for a numbering that begins anew
    in each, and only noted.
    """
    shared, at_train, at_part = np.intersect1d(_texts(train), _texts(part), return_indices=True)
    if not len(shared):
        return None
    same = int((row_hashes(train)[at_train] == row_hashes(part)[at_part]).sum())
    count, n = len(shared), len(part)
    return Finding(
        "G102",
        share_severity(count, n) if same else "note",
        f"{count} of {n} {name} ids also stand in training, {same} of them with the same inputs.",
        count,
        n,
        tuple(shared[:EXAMPLES]),
        "split so that each sample is in one part alone."
        if same
        else "none is the same sample, it seems; give each source ids of its own, or keep the rows "
        "of one subject in one part.",
    )


def parts_overlap(validation: Labelled, part: Labelled, name: str) -> Finding | None:
    """G106: samples of the validation part, on which choices are made, in the part that judges.

    They are told by their inputs; ids alone may be numberings.
    """
    found = copies_among(validation, part)
    count, n = len(found.rows), len(part)
    if not count:
        return None
    chance = by_chance(count, found.expected)
    all_of_it = count == n and len(copies_among(part, validation).rows) == len(validation)
    what = (
        f"The validation part and the {name} part are the same {n} samples."
        if all_of_it
        else f"{count} of {n} {name} rows also stand in the validation part."
    )
    return Finding(
        "G106",
        "note" if chance else share_severity(count, n),
        f"{what} {_of_chance(part, found.expected)}",
        count,
        n,
        _pairs(part.ids[found.rows], validation.ids[found.twins]),
        "leave it: so many are expected of these columns."
        if chance
        else "choose on one part and judge on another; draw the validation part from training.",
    )


def copies_within(part: Labelled, name: str) -> Finding | None:
    """G203: rows of a held-out part that repeat an earlier row of it: it was resampled, perhaps."""
    hashes = row_hashes(part)
    again = pd.Series(hashes).duplicated().to_numpy()
    count, n = int(again.sum()), len(part)
    if not count:
        return None
    expected = 0.0
    if part.modality == "table":
        expected = max(_chance_pairs(part, None), _chance_repeats(part))
    chance = by_chance(count, expected)
    per_class = (
        part.labels[again].sum(axis=0)
        if part.multi_label
        else np.bincount(part.labels[again], minlength=part.n_classes)
    )
    shares = per_class / np.maximum(part.class_counts, 1)
    most = int(shares.argmax())
    return Finding(
        "G203",
        "note" if chance else "warning",
        f"{count} of {n} {name} rows repeat another row of that part; of class "
        f"{part.class_names[most]!r} it is {int(per_class[most])} of "
        f"{int(part.class_counts[most])}. {_of_chance(part, expected)}",
        count,
        n,
        tuple(map(str, part.ids[again][:EXAMPLES])),
        "leave it: so many are expected of these columns."
        if chance
        else "judge each sample once: intervals take copies for new samples and come out too "
        "narrow.",
    )


def by_chance(count: int, expected: float) -> bool:
    """Tell whether chance explains a count, given that what is expected is roughly known."""
    return expected > 0 and count <= poisson.ppf(_SURPRISE, _ROUGH * expected)


def share_severity(count: int, n: int) -> str:
    """Return how bad it is that so many held-out rows of n are known from training."""
    return "error" if count >= WORTHLESS * n else "warning"


def _chance_pairs(left: Labelled, right: Labelled | None) -> float:
    """Return how many pairs of different samples chance makes equal: of two parts, or within one.

    Each distinct row counts once, so that copies make no chance.
    """
    one = left.take(np.unique(row_hashes(left), return_index=True)[1])
    other = one if right is None else right.take(np.unique(row_hashes(right), return_index=True)[1])
    totals, other_totals = row_hashes(one), row_hashes(other)
    equal = _n_pairs(totals, other_totals)
    most = 0.0
    for cells, other_cells in zip(cell_hashes(one.inputs), cell_hashes(other.inputs), strict=True):
        differ_here = _n_pairs(totals - cells, other_totals - other_cells) - equal
        alike = _n_pairs(cells, other_cells) / (len(cells) * len(other_cells))
        if differ_here and alike < 1:
            most = max(most, differ_here * alike / (1 - alike))
    return most if right is not None else most / 2  # within one part each pair was met twice


def _chance_repeats(part: Labelled) -> float:
    """Return how many rows repeat an earlier one where columns of few values are independent.

    ``n - sum over all rows there can be of 1 - (1 - p)^n``, p the product of the shares of their
    values; 0 where there can be more rows than anybody counts.
    """
    n = len(part)
    shares = np.ones(1)
    for cells in cell_hashes(part.inputs):
        counts = np.unique(cells, return_counts=True)[1]
        if len(shares) * len(counts) > _COUNTED:
            return 0.0
        shares = np.outer(shares, counts / n).ravel()
    return float(n - (-np.expm1(n * np.log1p(-np.minimum(shares, 1 - 1e-12)))).sum())


def _n_pairs(left: np.ndarray, right: np.ndarray) -> float:
    values, counts = np.unique(left, return_counts=True)
    others, other_counts = np.unique(right, return_counts=True)
    _, at, other_at = np.intersect1d(values, others, assume_unique=True, return_indices=True)
    return float((counts[at].astype(np.float64) * other_counts[other_at]).sum())


def _of_chance(part: Labelled, expected: float) -> str:
    if part.modality == "image":
        return "Of images none are expected."
    told = f"{expected:,.0f}" if expected >= 10 else f"{expected:.2g}"
    about = "none is" if expected < 0.01 else f"about {told} are"
    return f"By chance, in columns as coarse as these, {about} expected."


def _label_keys(other: Labelled, part: Labelled) -> np.ndarray:
    """Return a number for the label or labels of each row of both."""
    labels = np.concatenate([other.labels, part.labels])
    if labels.ndim == 1:
        return labels
    return np.unique(labels, axis=0, return_inverse=True)[1].reshape(-1)


def _texts(data: Labelled) -> np.ndarray:
    return data.ids.astype(np.str_)


def _pairs(ids: np.ndarray, twins: np.ndarray) -> tuple[str, ...]:
    return tuple(f"{one} = {twin}" for one, twin in zip(ids[:EXAMPLES], twins, strict=False))
