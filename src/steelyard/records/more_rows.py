"""More rows of the same kind: what a plan adds to its data stands behind them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from steelyard._support.errors import MismatchError
from steelyard.records.labelled import Labelled


def require_same_kind(data: Labelled, more: Labelled) -> None:
    """Raise unless rows could stand among those of the data: same classes, columns or shape.

    Raises
    ------
    MismatchError
        Saying what differs.
    """
    if more.multi_label != data.multi_label:
        raise MismatchError(
            "The added rows and the data are not of one label a sample, or not of several, alike."
        )
    if more.class_names != data.class_names:
        raise MismatchError(
            f"The added rows have the classes {list(more.class_names)[:12]}, the data "
            f"{list(data.class_names)[:12]}.",
            hint="added rows need the classes of the data, in their order.",
        )
    if _kind(more) != _kind(data):
        raise MismatchError(
            f"The added rows are not of the data's kind: {_words(more, data)}.",
            hint="added rows need the same columns, or images of the same shape.",
        )
    if more.ids.dtype.kind != data.ids.dtype.kind:
        raise MismatchError(
            f"The added rows have ids such as {more.ids[0]!r}, the data such as {data.ids[0]!r}.",
            hint="number both, or name both.",
        )
    twice = np.intersect1d(more.ids, data.ids)
    if len(twice):
        raise MismatchError(
            f"{len(twice)} added rows have ids of the data, first {str(twice[0])!r}.",
            hint="a sample that the data hold already is repeated by its count, not added.",
        )


def joined(data: Labelled, more: Labelled) -> Labelled:
    """Return the data with more rows behind them; of split data those are training rows.

    Raises
    ------
    MismatchError
        If the rows are of another kind.
    """
    require_same_kind(data, more)
    split = None if data.split is None else np.append(data.split, np.full(len(more), "train"))
    return Labelled(
        _inputs(data, more),
        np.concatenate([data.labels, more.labels]),
        data.class_names,
        np.concatenate([data.ids, more.ids]),
        split,
        name=data.name,
    )


def _inputs(data: Labelled, more: Labelled) -> pd.DataFrame | np.ndarray:
    if data.modality == "image":
        return np.concatenate([data.inputs, more.inputs])
    columns = {
        name: (
            pd.Categorical(np.append(np.asarray(column), np.asarray(more.inputs[name])))
            if isinstance(column.dtype, pd.CategoricalDtype)
            else np.append(column, more.inputs[name])
        )
        for name, column in data.inputs.items()
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(data) + len(more)))


def _kind(data: Labelled) -> tuple:
    if data.modality == "image":
        return ("image", *data.inputs.shape[1:])
    return tuple(
        (name, isinstance(column.dtype, pd.CategoricalDtype))
        for name, column in data.inputs.items()
    )


def _words(more: Labelled, data: Labelled) -> str:
    if more.modality != data.modality:
        return f"{more.modality} rows, not {data.modality} rows"
    if data.modality == "image":
        return f"images of {more.inputs.shape[1:]}, not of {data.inputs.shape[1:]}"
    return f"columns {list(more.inputs.columns)[:8]}, not {list(data.inputs.columns)[:8]}"
