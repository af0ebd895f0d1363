"""A plan for tools that know no plans: a balanced table, a list of files, sample weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, ParameterError
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan


def balanced_frame(plan: Plan, data: Labelled) -> pd.DataFrame:
    """Return the table that a plan asks for, one row a draw, added rows included.

    Parameters
    ----------
    plan : Plan
        What to draw.
    data : Labelled
        The planned data, a table.

    Returns
    -------
    pandas.DataFrame
        ``id``, ``label`` (the class's name; of multi-label data one column of bool a label) and
        the columns of the inputs. Draws of one sample share its id: whoever splits the table
        must keep them together.

    Raises
    ------
    MismatchError
        If the plan was made on other data.
    DataError
        If the data are images, or a column is called as one of these.
    """
    whole, complete = plan.applied(data)
    if whole.modality != "table":
        raise DataError(
            "A balanced table is for tables; these data are images.",
            hint="use manifest(plan, data) for a list of files, or a torch sampler.",
        )
    first = pd.DataFrame({"id": whole.ids, **_labels(whole, "label")})
    twice = first.columns.intersection(whole.inputs.columns)
    if len(twice):
        raise DataError(
            f"The inputs have columns named {list(twice)}, which the table needs for ids and "
            "labels.",
            hint="rename them in the data.",
        )
    table = pd.concat([first, whole.inputs.reset_index(drop=True)], axis=1)
    return table.iloc[complete.rows(whole)].reset_index(drop=True)


def manifest(plan: Plan, data: Labelled) -> pd.DataFrame:
    """Return how often to use each sample, one row a sample, added rows behind them.

    Parameters
    ----------
    plan : Plan
        What to draw.
    data : Labelled
        The planned data. Of an image folder the ids are the paths of the images in it.

    Returns
    -------
    pandas.DataFrame
        ``id``, ``class`` (of multi-label data one column of bool a label), ``count``, ``weight``
        (expected uses) and ``added``.

    Raises
    ------
    MismatchError
        If the plan was made on other data.
    DataError
        If a label of multi-label data is called as one of these.
    """
    whole, complete = plan.applied(data)
    order = complete.order(whole)
    columns: dict[str, Any] = {"id": whole.ids, **_labels(whole, "class")}
    for name, values in {
        "count": complete.counts[order],
        "weight": complete.expected_uses[order],
        "added": np.arange(len(whole)) >= len(data),
    }.items():
        if name in columns:
            raise DataError(f"A label is named {name!r}, which the manifest needs for its own.")
        columns[name] = values
    return pd.DataFrame(columns)


def sample_weights(plan: Plan, data: Labelled) -> np.ndarray:
    """Return weights that stand for a plan, for ``fit(X, y, sample_weight=...)``.

    They reach the same expected loss without repeating a row. Use them with the data as they are,
    not with resampled ones: both together would count twice.

    Parameters
    ----------
    plan : Plan
        What the weights stand for.
    data : Labelled
        The planned data.

    Returns
    -------
    ndarray of shape (n,)
        Expected uses in the order of the rows, scaled to a mean of one.

    Raises
    ------
    MismatchError
        If the plan was made on other data.
    ParameterError
        If the plan adds rows, for which no row of the data can stand.
    """
    uses = plan.expected_uses[plan.order(data)]
    if plan.added is not None:
        raise ParameterError(
            f"No weights of the data's rows can stand for the {len(plan.added)} rows that this "
            "plan adds to the data.",
            hint="weigh the whole: whole, plan = plan.applied(data).",
        )
    return uses * (len(uses) / uses.sum())


def _labels(data: Labelled, name: str) -> dict[str, Any]:
    """Return the columns that say a row's class or labels."""
    if not data.multi_label:
        return {name: pd.Categorical.from_codes(data.labels, list(data.class_names))}
    if "id" in data.class_names:
        raise DataError("A label is named 'id', which the table needs for ids.")
    return dict(zip(data.class_names, np.asarray(data.labels).T, strict=True))
