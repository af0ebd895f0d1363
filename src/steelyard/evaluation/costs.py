"""What decisions cost, which decision costs least, and the threshold that amounts to the same.

A sample of class i that is decided as j costs C[i, j]. Its least expected cost has the decision ::

    j* = argmin_j  sum_i  p(i | x) C[i, j]

and of two classes, with the positive one written 1, that is a threshold on its probability::

    decide 1  where  p(1 | x) > t,     t = (C01 - C00) / (C01 - C00 + C10 - C11)

Adding a number to a row of C changes no decision, nor does a factor.

References
----------
Elkan (2001), "The foundations of cost-sensitive learning", IJCAI, equations 1 and 2 (which write
the decision first).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.validation import check_choice
from steelyard.records.classes import check_codes
from steelyard.records.costs import Costs

# Expected costs that differ by less, relative to the largest difference of costs, are equal: the
# noise of a sum of products must not decide.
_TIE = 1e-12
_SUM_TOLERANCE = 1e-3  # of the probabilities of a sample, as for predictions in a table


def cost_of(truth: Any, decided: Any, costs: Costs) -> np.ndarray:
    """Return what each decision costs, shape (n,), in the unit of the costs.

    Parameters
    ----------
    truth, decided : array_like of shape (n,)
        Codes of the true class and of the decision, in the order of ``costs.class_names``.
    costs : Costs
        What they cost.

    Raises
    ------
    DataError
        If they are no codes of these classes, of one length; data with several labels a sample
        have no such codes.
    """
    if np.ndim(truth) == 2 or np.ndim(decided) == 2:
        raise DataError(
            "Costs are of data with one class a sample; these have several labels.",
            hint="judge each label by itself, as two classes.",
        )
    names = costs.class_names
    true = check_codes(truth, names, "truth", "cost_of")
    decision = check_codes(decided, names, "decisions", "cost_of")
    if len(true) != len(decision):
        raise DataError(
            f"cost_of needs a decision for each of {len(true)} samples. Got {len(decision)}."
        )
    return costs.matrix[true, decision]


def least_cost(probabilities: Any, costs: Costs) -> np.ndarray:
    """Return the decision of least expected cost for each sample, codes of shape (n,).

    Ties go to the lower code.

    Parameters
    ----------
    probabilities : array_like of shape (n, K)
        Of each class, in the order of ``costs.class_names``, each row summing to 1; of the
        distribution where the decisions are made (`correct_prior`).
    costs : Costs
        What decisions cost.

    Raises
    ------
    DataError
        If they are no probabilities of these classes.
    """
    given = _probabilities(probabilities, len(costs.class_names))
    expected = given @ costs.matrix
    spread = np.ptp(costs.matrix, axis=1).max()
    near = expected <= expected.min(axis=1, keepdims=True) + _TIE * spread
    return near.argmax(axis=1)


def cost_threshold(costs: Costs, positive: str) -> float:
    """Return the probability above which a class of two is the decision of least cost.

    At the threshold itself both decisions cost the same, and `least_cost` takes the lower code.

    Parameters
    ----------
    costs : Costs
        Of two classes.
    positive : str
        The class whose probability is compared.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    DataError
        If there are more classes, or a wrong decision costs less than the right one: then no
        threshold decides as `least_cost` does, or it decides one way whatever the probability.
    ParameterError
        If the class is not one of the two.
    """
    names = costs.class_names
    if len(names) != 2:
        raise DataError(
            f"A threshold decides between two classes; these costs are of {len(names)}.",
            hint="decide by least_cost.",
        )
    one = names.index(check_choice(positive, "positive", "cost_threshold", names))
    regret = costs.matrix - np.diag(costs.matrix)[:, np.newaxis]
    false_alarm, miss = float(regret[1 - one, one]), float(regret[one, 1 - one])
    if false_alarm < 0 or miss < 0:
        raise DataError(
            "No threshold amounts to costs by which a wrong decision is cheaper than the right one "
            f"(a false alarm costs {false_alarm:g} more, a miss {miss:g} more).",
            hint="decide by least_cost, or look whether rows and columns were exchanged.",
        )
    return false_alarm / (false_alarm + miss)


def cost_bounds(costs: Costs, prior: np.ndarray) -> tuple[float, float]:
    """Return what the best of oracles and the best constant decision cost under a prior.

    Parameters
    ----------
    costs : Costs
        Of K classes.
    prior : ndarray of shape (K,)
        Class shares.

    Returns
    -------
    known : float
        Expected cost a sample of somebody who knows the classes.
    constant : float
        Expected cost a sample of the best decision that is the same for all.
    """
    known = float(prior @ costs.matrix.min(axis=1))
    return known, float((prior @ costs.matrix).min())


def _probabilities(probabilities: Any, n_classes: int) -> np.ndarray:
    try:
        array = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"Probabilities must be numbers: {error}.") from error
    if array.ndim != 2 or array.shape[1] != n_classes:
        raise DataError(
            f"least_cost needs a probability for each of {n_classes} classes, shape "
            f"(n, {n_classes}). Got shape {array.shape}."
        )
    good = (array >= 0) & (array <= 1)  # NaN fails both
    sums = np.where(good.all(axis=1), np.abs(array.sum(axis=1) - 1), np.inf)
    if (sums > _SUM_TOLERANCE).any():
        row = int((sums > _SUM_TOLERANCE).argmax())
        raise DataError(
            "Probabilities must lie in [0, 1] and sum to 1 in each row. Row "
            f"{row} holds {array[row, :6].tolist()}.",
            hint="one class a sample is meant; of several labels judge each by itself.",
        )
    return array
