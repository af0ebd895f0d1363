"""Groups of held-out samples: those that a user names, and strata of hardness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError
from steelyard._support.validation import check_integer
from steelyard.records.hardness import Hardness

MISSING = "missing"  # the group of samples that have none
_LEVELS = {2: ("easy", "hard"), 3: ("easy", "middle", "hard")}


def check_groupings(groups: Mapping[str, Any], n: int) -> dict[str, np.ndarray]:
    """Return the groups of the samples as text, by grouping.

    Parameters
    ----------
    groups : mapping of grouping to array_like of shape (n,)
        The group of each sample; a missing value makes the group "missing".
    n : int
        Samples of the part.

    Raises
    ------
    DataError
        If they are no mapping, or a grouping has another length or shape, no name for a group
        (empty text), or one group alone.
    """
    if not isinstance(groups, Mapping):
        raise DataError(
            f"Groups must be a mapping of a name to the group of each sample. "
            f"Got {type(groups).__name__}.",
            hint='for instance groups={"hospital": hospitals}.',
        )
    return {str(name): _checked(str(name), values, n) for name, values in groups.items()}


def _checked(name: str, values: Any, n: int) -> np.ndarray:
    array = np.asarray(values, dtype=object)
    if array.ndim != 1:
        raise DataError(
            f"The groups {name!r} must name one for each of {n} samples. Got shape {array.shape}.",
            hint="give each column as a grouping of its own.",
        )
    column = pd.Series(array)
    if len(column) != n:
        raise DataError(
            f"The groups {name!r} must name one for each of {n} samples. Got {len(column)}."
        )
    named = column.where(column.notna(), MISSING).map(str).to_numpy(dtype=object)
    if (named == "").any():
        raise DataError(
            f"The groups {name!r} hold {int((named == '').sum())} empty names.",
            hint="name them; missing values are called 'missing'.",
        )
    if len(set(named)) < 2:
        raise DataError(
            f"The groups {name!r} are one group alone, {named[0]!r}: nothing to compare."
            if n
            else f"The groups {name!r} are empty."
        )
    return named


def hardness_groups(hardness: Hardness, ids: Any, n_groups: int = 3) -> np.ndarray:
    """Return the hardness group of each sample: equally many in each, the harder the later.

    Parameters
    ----------
    hardness : Hardness
        A score of the held-out samples (from `steelyard.out_of_fold`, say: one of a model that
        trained on them tells less).
    ids : array_like of shape (n,)
        Ids of the held-out samples.
    n_groups : int
        2 ("easy", "hard"), 3 ("easy", "middle", "hard") or more ("1 of 5" the easiest).

    Returns
    -------
    ndarray of str, shape (n,)
        Ties go by the order of the samples.

    Raises
    ------
    DataError
        If a sample has no score, or there are fewer samples than groups.
    """
    check_integer(n_groups, "n_groups", "hardness_groups", 2)
    wanted = pd.Index(np.asarray(ids))
    places = pd.Index(hardness.ids).get_indexer(wanted)
    if (places < 0).any():
        absent = wanted[places < 0]
        raise DataError(
            f"{len(absent)} of {len(wanted)} held-out samples have no {hardness.name!r} score, "
            f"the first is {str(absent[0])!r}.",
            hint="score the held-out samples, too: steelyard score, or out_of_fold.",
        )
    n = len(wanted)
    if n < n_groups:
        raise DataError(f"{n} samples cannot make {n_groups} groups of hardness.")
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(hardness.values[places], kind="stable")] = np.arange(n)
    names = _LEVELS.get(n_groups, tuple(f"{k + 1} of {n_groups}" for k in range(n_groups)))
    return np.array(names, dtype=object)[rank * n_groups // n]
