"""Made-up rows where only real ones belong: the marks of SMOTE applied before the split.

**What it tells you.** G104: training rows lie exactly between two rows of which one is held out, so
that training has seen a mixture of held-out samples. G105: held-out rows lie exactly between two
rows, so that part of the judgement is about samples that nobody ever measured. SMOTE applied to the
training part alone is as it should be, and leads to neither.

**When it misleads.** Rows of a class are compared in their columns of numbers without missing
values. Whoever standardised, took logarithms or rounded to few digits *after* SMOTE changes what is
a line (standardising does not), and is seen less or not at all. SVM-SMOTE extrapolates in part, and
"borderline-2" mixes classes; their rows are found where they lie between two of one class. Columns
that really are interpolated (a gap in a time series) look the same.
"""

from __future__ import annotations

import numpy as np

from steelyard._support.seeding import uniform_by_id
from steelyard.guards.cannot_tell import CannotTell
from steelyard.guards.copies import EXAMPLES, by_chance, share_severity
from steelyard.guards.segments import LEAST_COLUMNS, segments
from steelyard.records.finding import Finding
from steelyard.records.labelled import Labelled

_MOST_ROWS = 20_000  # looked at of each part; the rows that they may lie between are all there are


def made_from_held_out(train: Labelled, part: Labelled, name: str, seed: int = 0) -> Finding | None:
    """G104: training rows that lie exactly between two rows of which one is held out.

    Raises
    ------
    CannotTell
        If there are fewer than three columns of numbers without missing values.
    """
    pairs, n_looked, n_decoys, n_held_out = _search(train, part, of_part=False, seed=seed)
    count = len(pairs)
    if not count or by_chance(count, n_decoys + 0.5):
        return None
    return Finding(
        "G104",
        "error",
        f"{count} of {n_looked} training rows looked at lie exactly between two rows of their "
        f"class of which at least one is a {name} row; {n_held_out} of {len(part)} {name} rows are "
        f"such ends. Chance puts {n_decoys} there.",
        count,
        n_looked,
        tuple(_words(pair) for pair in pairs[:EXAMPLES]),
        "split first, and let SMOTE see the training part alone: steelyard.Resampler in a "
        "pipeline, or a plan for data.part('train').",
    )


def made_up(train: Labelled, part: Labelled, name: str, seed: int = 0) -> Finding | None:
    """G105: rows of a held-out part that lie exactly between two other rows.

    Raises
    ------
    CannotTell
        If there are fewer than three columns of numbers without missing values.
    """
    pairs, n_looked, n_decoys, _ = _search(train, part, of_part=True, seed=seed)
    count = len(pairs)
    if not count or by_chance(count, n_decoys + 0.5):
        return None
    return Finding(
        "G105",
        share_severity(count, n_looked),
        f"{count} of {n_looked} {name} rows looked at lie exactly between two other rows of their "
        f"class, as rows that SMOTE made do. Chance puts {n_decoys} there.",
        count,
        n_looked,
        tuple(_words(pair) for pair in pairs[:EXAMPLES]),
        "judge real samples alone: split before anything is resampled.",
    )


def _search(
    train: Labelled, part: Labelled, *, of_part: bool, seed: int
) -> tuple[list[tuple[str, str, str]], int, int, int]:
    """Return rows with their two ends by id, rows looked at, decoys, and held-out ends."""
    points = np.concatenate([_numbers(train, part), _numbers(part, train)])
    held_out = np.arange(len(points)) >= len(train)
    ids = [*map(str, train.ids), *map(str, part.ids)]
    order = uniform_by_id(np.arange(len(points)), seed, purpose="guards: segments")
    groups = _groups(train, part)
    most = max(_MOST_ROWS // max(len(groups), 1), 200)
    pairs: list[tuple[str, str, str]] = []
    n_looked = n_decoys = 0
    ends: set[int] = set()
    for group in groups:
        # of equal rows one is enough; a held-out one where the question is about such
        group = group[np.argsort(held_out[group] != of_part, kind="stable")]
        if not of_part:
            copies_held_out = _equal_to_any(points[group], held_out[group])
        first = np.sort(np.unique(points[group], axis=0, return_index=True)[1])
        mine = group[first]
        queries = np.flatnonzero(held_out[mine] == of_part)
        queries = np.sort(queries[np.argsort(order[mine[queries]], kind="stable")[:most]])
        needed = None if of_part else copies_held_out[first]
        found = segments(points[mine].astype(np.float64), queries, needed, seed)
        n_looked += len(queries)
        n_decoys += found.n_decoys
        ends |= {int(one) for one in mine[found.ends].ravel() if held_out[one]}
        for row, (left, right) in zip(mine[found.rows], mine[found.ends], strict=True):
            pairs.append((ids[row], ids[left], ids[right]))
    return pairs, n_looked, n_decoys, len(ends)


def _numbers(data: Labelled, other: Labelled) -> np.ndarray:
    if data.modality == "image":
        return data.inputs.reshape(len(data), -1)
    columns = [
        name
        for name, column in data.inputs.items()
        if column.dtype != "category"
        and not column.isna().any()
        and not other.inputs[name].isna().any()
    ]
    if len(columns) < LEAST_COLUMNS:
        raise CannotTell(
            f"{len(columns)} columns of numbers without missing values; a line shows in "
            f"{LEAST_COLUMNS} or more"
        )
    return data.inputs[columns].to_numpy(np.float64)


def _groups(train: Labelled, part: Labelled) -> list[np.ndarray]:
    """Return the positions of each class in both parts; of several labels a sample, of all."""
    if train.multi_label:
        return [np.arange(len(train) + len(part))]
    labels = np.concatenate([train.labels, part.labels])
    return [np.flatnonzero(labels == code) for code in np.unique(labels)]


def _equal_to_any(rows: np.ndarray, these: np.ndarray) -> np.ndarray:
    """Tell which rows are equal to any of these, themselves included."""
    which = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)
    return np.isin(which, which[these])


def _words(pair: tuple[str, str, str]) -> str:
    row, left, right = pair
    return f"{row} between {left} and {right}"
