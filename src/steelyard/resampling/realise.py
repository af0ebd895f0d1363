"""Totals made into a plan: the joint of every scheme of single-label data.

A scheme decides how often each class is used; this decides by which samples, and by which added
rows, and says what a user must know.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.added_rows import AddedRows
from steelyard.resampling.select import (
    LEAST_WEIGHT,
    OVER,
    STRENGTH,
    check_selection,
    select,
    settled_totals,
)

_UNDER_WORDS = {
    "none": "nothing left out",
    "random": "",
    "easiest": "easiest left out",
    "hardest": "hardest left out",
}
_OVER_WORDS = {
    "none": "nothing repeated",
    "random": "",
    "easy": "easy repeated more",
    "hard": "hard repeated more",
}


def realise(
    data: Labelled,
    totals: np.ndarray,
    requested: np.ndarray,
    scheme: str,
    *,
    under: str = "random",
    over: str | AddedRows = "random",
    values: np.ndarray | None = None,
    strength: float = STRENGTH,
    least_weight: float = LEAST_WEIGHT,
    seed: int = 0,
    notes: Iterable[str] = (),
) -> Plan:
    """Return the plan that uses each class as often as its total says.

    Parameters
    ----------
    data : Labelled
        A training part, one class a sample.
    totals : ndarray of shape (K,)
        Uses a class, int64.
    requested : ndarray of shape (K,)
        What the scheme asked for, before rounding.
    scheme : str
        What made the totals, in words; the ways chosen are added unless they are "random".
    under : {"none", "random", "easiest", "hardest"}
        Which samples a class that shrinks leaves out.
    over : {"none", "random", "easy", "hard"}, Smote, Reserve or Pool
        Which samples repeat in a class that grows, or where added rows come from; then every
        sample of it is used once.
    values, strength, least_weight, seed
        As in `select`.
    notes : iterable of str
        Of the scheme; notes on the ways are added.

    Raises
    ------
    ParameterError
        If an argument lies outside its range.
    DataError
        If the totals cannot be met: too few rows to add, or a class without samples.
    MismatchError
        If rows to add do not fit, or the data hold held-out rows.
    """
    check_ways("realise", under, over, strength, least_weight, has_values=values is not None)
    data.require_single_label("A plan by class totals")
    data.require_training_part("A plan by class totals")
    totals = np.asarray(totals, dtype=np.int64)
    n = data.class_counts
    rows_from = None if isinstance(over, str) else over
    repeated = over if isinstance(over, str) else "random"
    settled = settled_totals(totals, n, under, repeated)
    wanted = np.zeros_like(n) if rows_from is None else np.maximum(settled - n, 0)
    counts = select(
        data.ids,
        data.labels,
        settled - wanted,
        under=under,
        over=repeated,
        values=values,
        strength=strength,
        least_weight=least_weight,
        seed=seed,
    )
    added = rows_from.rows_for(data, wanted, seed) if rows_from and wanted.any() else None
    over_words = rows_from.words if rows_from else _OVER_WORDS[repeated]
    words = [word for word in (scheme, _UNDER_WORDS[under], over_words) if word]
    told = list(notes)
    if (settled != totals).any():
        told.append(
            f"{(settled != totals).sum()} classes stay as they are, for nothing may be left out or "
            f"repeated of them: the plan holds {settled.sum()} draws of {totals.sum()} asked for."
        )
    if rows_from and added is not None:
        told.append(f"{rows_from.note} They are {len(added)} of {settled.sum()} draws.")
    weights = _expected_uses(data.labels, n, settled - wanted, counts, under, repeated)
    return Plan.of(
        data, counts, requested, ", ".join(words), weights=weights, added=added, notes=told
    )


def _expected_uses(
    labels: np.ndarray, n: np.ndarray, totals: np.ndarray, counts: np.ndarray, under: str, over: str
) -> np.ndarray | None:
    """Return T / n where samples are drawn at random, the counts elsewhere; None if nowhere."""
    drawn = np.where(totals < n, under == "random", (over == "random") & (totals > n))
    if not drawn.any():
        return None
    return np.where(drawn[labels], (totals / np.maximum(n, 1))[labels], counts)


def check_ways(
    owner: str, under: str, over: Any, strength: float, least_weight: float, *, has_values: bool
) -> None:
    """Raise `ParameterError` unless under and over are ways that exist and hold together."""
    if not isinstance(over, (str, AddedRows)) or isinstance(over, type):
        raise ParameterError(
            f"The 'over' parameter of {owner} must be one of {', '.join(map(repr, OVER))}, a "
            f"Smote, a Reserve or a Pool. Got {over!r:.80} instead.",
            hint="for instance over=Smote(n_neighbours=3).",
        )
    named = over if isinstance(over, str) else "random"
    check_selection(owner, under, named, strength, least_weight, has_values)
    if named not in ("easy", "hard") and (strength, least_weight) != (STRENGTH, LEAST_WEIGHT):
        raise ParameterError(
            f"The 'strength' and 'least_weight' parameters of {owner} are of over='easy' and "
            f"over='hard'. Got over={named!r}.",
            hint="leave them out, or choose one of these.",
        )
