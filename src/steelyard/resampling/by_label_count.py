"""By label count: rebalance data whose samples have any number of labels.

**What it tells you.** The plan that a degree asks for where labels share samples: those with rare
labels are repeated.

**When it misleads.** Full balance does not exist here. A common label rides along with the rare
ones that its samples have, so that degree 1 does not balance, and may leave labels further apart
than a smaller degree would. Samples with many labels are over-selected, a few are repeated most of
the time, and an epoch grows: look at the achieved distribution before you train (`dry_run`).

**Formula.** M_j = ((n_ref + soften) / (n_j + soften)) ** degree for a label of n_j samples, n_ref
the largest or the median count; a sample's expected uses are one number made of the M_j of its
labels by a rule (see `steelyard.resampling.label_rules`), 1 if it has none.

**Reference.** Rules, after public code: max and LVIS in detectron2; sum, with degree 1 and a
softening of 100, in PaSST (Koutini et al. 2022); sum in AST (Gong et al. 2021). The degree is after
Moore et al. (2023), arXiv 2307.00079, who do not say which rule they used. The means, the median
and the sizes are ours.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.validation import check_choice, check_integer, check_real, named_few
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.epoch import epoch_counts
from steelyard.resampling.label_rules import RULES, sample_factors, without_labels
from steelyard.resampling.targets import MOST_DRAWS

REFERENCES = ("max", "median")
LABEL_SIZES = ("grow", "constant")


def by_label_count(
    data: Labelled,
    degree: float,
    *,
    rule: str = "max",
    reference: str = "max",
    soften: float = 0.0,
    max_repeat: float | None = None,
    size: str = "grow",
    seed: int = 0,
) -> Plan:
    """Return the plan that repeats samples by how rare their labels are, to a degree.

    Parameters
    ----------
    data : Labelled
        A training part, any number of labels a sample.
    degree : float
        0 leaves the data as they are; 1 repeats a label of n_j samples n_ref / n_j times, before
        labels are put together; between is between.
    rule : {"max", "sum", "mean", "geometric_mean", "min"}
        How the factors of a sample's labels make one. "sum" does not come down to 1 as the degree
        comes down to 0, but to the number of labels; at degree 0 itself nothing changes.
    reference : {"max", "median"}
        The count at which a factor is 1: the largest, or the median of the labels that have
        samples. By the median, samples of common labels are used less than once.
    soften : float
        Added to all counts, so that the rarest labels are repeated less; 100 in PaSST.
    max_repeat : float, optional
        Most expected uses of a sample, 1 or above.
    size : {"grow", "constant"}
        Whether expected uses are left as the rule makes them, or scaled so that an epoch has as
        many draws as there are samples; those without labels keep 1 use either way.
    seed : int
        Draws which samples have their fraction of a use rounded up.

    Returns
    -------
    Plan
        ``weights`` are the expected uses, ``counts`` one unbiased rounding of them whose sum is
        theirs, rounded; ``requested`` is n_j M_j, what the rule does not reach.

    Raises
    ------
    ParameterError
        If an argument lies outside its range, or the plan would be too large to count.
    DataError
        If the data have one class a sample, or no sample has a label.
    MismatchError
        If the data hold held-out rows.
    """
    degree = check_real(degree, "degree", "by_label_count")
    check_choice(rule, "rule", "by_label_count", RULES)
    check_choice(reference, "reference", "by_label_count", REFERENCES)
    soften = check_real(soften, "soften", "by_label_count", 0.0)
    check_choice(size, "size", "by_label_count", LABEL_SIZES)
    most = checked_max_repeat(max_repeat, "by_label_count")
    check_integer(seed, "seed", "by_label_count")
    if not data.multi_label:
        raise DataError(
            f"by_label_count takes any number of labels a sample; {data.name!r} has one class.",
            hint="use by_count, which meets the class totals exactly.",
        )
    data.require_training_part("by_label_count")

    n = data.class_counts
    factors = label_factors(n, degree, reference=reference, soften=soften)
    labelled = ~without_labels(data.labels)
    weights = np.ones(len(data))
    scale = 1.0
    if degree != 0:
        weights[labelled] = sample_factors(data.labels, factors, rule)[labelled]
    if size == "constant":
        weights[labelled], scale = _scaled(weights[labelled], most)
    else:
        weights[labelled] = np.minimum(weights[labelled], most)

    scheme = f"by label count, degree {degree:g}, rule {rule}, " + (
        "growing size" if size == "grow" else "constant size"
    )
    ways = [
        (f"the {reference} count as reference", reference != "max"),
        (f"softened by {soften:g}", soften > 0),
        (f"at most {most:g} uses", max_repeat is not None),
    ]
    notes = ["Rule sum uses a sample by its number of labels, even at degrees near 0."]
    return rounded_plan(
        data,
        weights,
        np.where(n > 0, n * factors * scale, 0.0),
        scheme + "".join(f", {words}" for words, holds in ways if holds),
        notes if rule == "sum" and degree != 0 else [],
        seed,
    )


def label_factors(
    counts: np.ndarray, degree: float, *, reference: str = "max", soften: float = 0.0
) -> np.ndarray:
    """Return M_j = ((n_ref + soften) / (n_j + soften)) ** degree, shape (K,); 1 without samples.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples with each label.
    degree, reference, soften
        As in `by_label_count`.

    Raises
    ------
    ParameterError
        If a factor is too large, or too small, for a number.
    DataError
        If no label has a sample.
    """
    present = counts > 0
    if not present.any():
        raise DataError(
            "No sample has a label; there is nothing to balance.",
            hint="check which columns hold the labels.",
        )
    n = counts[present].astype(np.float64)
    count = n.max() if reference == "max" else np.median(n)
    factors = np.ones(len(counts))
    with np.errstate(over="ignore", under="ignore"):  # caught below
        factors[present] = ((count + soften) / (n + soften)) ** degree
    if not (np.isfinite(factors).all() and (factors > 1e-200).all()):
        raise ParameterError(
            f"Degree {degree:g} asks for factors that no number can hold.",
            hint="choose a degree nearer to 0; 1 is full balancing.",
        )
    return factors


def rounded_plan(
    data: Labelled,
    weights: np.ndarray,
    requested: np.ndarray,
    scheme: str,
    notes: list[str],
    seed: int,
) -> Plan:
    """Return the plan of expected uses, with one rounding of them and what there is to say.

    Parameters
    ----------
    data : Labelled
        A training part.
    weights : ndarray of shape (n,)
        Expected uses.
    requested, scheme
        As in `Plan`.
    notes : list of str
        Sentences; those on samples without labels and labels without samples are added.
    seed : int
        Draws the rounding.

    Raises
    ------
    ParameterError
        If the plan would be too large to count.
    """
    if not weights.sum() < MOST_DRAWS:
        raise ParameterError(
            f"{scheme[:1].upper()}{scheme[1:]}, asks for {weights.sum():.3g} samples.",
            hint="choose a smaller degree, or give max_repeat.",
        )
    groups = None if data.multi_label else data.labels
    counts = epoch_counts(weights, groups, ids=data.ids, seed=seed)
    notes = list(notes)
    n_without = int(without_labels(data.labels).sum())
    if n_without:
        notes.append(f"Samples without labels keep 1 use: {n_without} of {len(data)}.")
    empty = np.flatnonzero(data.class_counts == 0)
    if len(empty):
        which = named_few(data.class_names[code] for code in empty)
        notes.append(f"Labels without samples are skipped: {which}.")
    return Plan.of(data, counts, requested, scheme, weights=weights, notes=notes)


def checked_max_repeat(max_repeat: Any, owner: str) -> float:
    """Return the most expected uses of a sample, infinite if not bounded.

    Raises
    ------
    ParameterError
        If it is no number of 1 or above.
    """
    return math.inf if max_repeat is None else check_real(max_repeat, "max_repeat", owner, 1.0)


def _scaled(weights: np.ndarray, most: float) -> tuple[np.ndarray, float]:
    """Return weights of mean 1, none above the most, and the factor of those below it."""
    bounded = np.zeros(len(weights), bool)
    scale = 1.0
    while not bounded.all():
        # fsum: the order of the rows must not change the last digit
        room = len(weights) - most * bounded.sum() if bounded.any() else len(weights)
        scale = room / math.fsum(weights[~bounded])
        above = ~bounded & (weights * scale > most)
        if not above.any():
            break
        bounded |= above
    return np.where(bounded, most, weights * scale), scale
