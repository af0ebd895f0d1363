"""Distribution: what a plan, or any weights, make of the data, before anything is trained."""

from __future__ import annotations

import numpy as np

from steelyard._support.errors import DataError
from steelyard.records.achieved import Achieved
from steelyard.records.classes import sums_by_class
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.epoch import checked_weights


def distribution(plan: Plan | np.ndarray, data: Labelled) -> Achieved:
    """Return the distribution that training by a plan sees.

    Parameters
    ----------
    plan : Plan, or ndarray of shape (n,)
        A plan for the data, or expected uses of each of their rows.
    data : Labelled
        The data that were planned.

    Raises
    ------
    MismatchError
        If the plan was made on other data.
    DataError
        If the weights are not one a row, or all 0; NaN or infinite.
    ParameterError
        If a weight is negative.
    """
    if isinstance(plan, Plan):
        uses, added = plan.expected_uses[plan.order(data)], plan.added
    else:
        uses, added = checked_weights(plan, "distribution"), None
    if uses.shape != (len(data),):
        raise DataError(f"distribution needs {len(data)} weights, one a row. Got {uses.shape}.")
    after = sums_by_class(data.labels, uses, data.n_classes)
    if added is not None:
        after = after + added.class_counts
        uses = np.append(uses, np.ones(len(added)))
    draws = float(uses.sum())
    if not draws:
        raise DataError("distribution needs a weight above 0. Got only 0.")
    relative = uses / uses.max()  # the squares of tiny weights would vanish
    return Achieved(
        data.class_names,
        data.class_counts,
        after,
        len(data),
        draws,
        float(relative.sum() ** 2 / (relative @ relative)),
        float(uses.max()),
        float(np.minimum(uses, 1.0).sum()),
    )
