"""The hardness of the samples that are planned, in the order of their rows."""

from __future__ import annotations

import numpy as np

from steelyard._support.errors import MismatchError
from steelyard._support.validation import check_kind
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled


def values_for(data: Labelled, hardness: Hardness, owner: str) -> np.ndarray:
    """Return one value a sample of ``data``, shape (n,), higher is harder.

    The rows may stand in another order, and the score may hold more samples than the data: what
    was scored whole can be planned in part.

    Raises
    ------
    ParameterError
        If that is no `Hardness`.
    MismatchError
        If a sample has no score, or was scored under another class.
    """
    check_kind(
        hardness,
        Hardness,
        "hardness",
        owner,
        "steelyard.score(data)['aum'] gives one; steelyard.hardness.read_scores reads a table.",
    )
    order = np.argsort(hardness.ids, kind="stable")
    if data.ids.dtype.kind != hardness.ids.dtype.kind:
        raise MismatchError(
            f"The score {hardness.name!r} given to {owner} names its samples by "
            f"{_kind(hardness.ids)}, the data by {_kind(data.ids)}.",
            hint="score these data.",
        )
    places = np.searchsorted(hardness.ids, data.ids, sorter=order)
    rows = order[np.minimum(places, len(order) - 1)]
    missing = hardness.ids[rows] != data.ids
    if missing.any():
        raise MismatchError(
            f"The score {hardness.name!r} given to {owner} lacks {int(missing.sum())} of "
            f"{len(data)} samples, first id {str(data.ids[missing.argmax()])!r}.",
            hint="score these data.",
        )
    if hardness.data_fingerprint != data.fingerprint:
        scored = np.asarray(hardness.class_names)[hardness.labels[rows]]
        other = scored != np.asarray(data.class_names)[data.labels]
        if other.any():
            raise MismatchError(
                f"The score {hardness.name!r} given to {owner} was taken on data "
                f"{hardness.data_fingerprint}, where {int(other.sum())} of these {len(data)} "
                "samples had another class.",
                hint="score these data.",
            )
    return hardness.values[rows]


def _kind(ids: np.ndarray) -> str:
    return "text" if ids.dtype.kind == "U" else "integers"
