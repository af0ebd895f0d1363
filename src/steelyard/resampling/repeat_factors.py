"""Repeat factors: repeat samples of labels that are rarer than a threshold, and no others.

**What it tells you.** The plan of LVIS detectors: a label with at least the threshold's share of
the samples is left alone, a rarer one is repeated. Nothing is left out.

**When it misleads.** As `by_label_count` does; and a threshold says nothing of how far labels are
brought together, which depends on the data.

**Formula.** With f_j the share of samples that have label j, r_j = max(1, (threshold / f_j) **
exponent), and a sample is repeated as the largest r_j of its labels asks. Where every label is
rarer than the threshold, r_j is proportional to n_j ** -exponent: a degree that is the exponent.

**Reference.** Gupta, Dollár and Girshick (2019), LVIS, arXiv 1908.03195, whose exponent is .5 and
threshold .001. The exponent as a parameter, the cap and single-label data are ours.
"""

from __future__ import annotations

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_integer, check_real
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.by_label_count import checked_max_repeat, rounded_plan
from steelyard.resampling.label_rules import sample_factors


def by_repeat_factor(
    data: Labelled,
    threshold: float,
    *,
    exponent: float = 0.5,
    max_repeat: float | None = None,
    seed: int = 0,
) -> Plan:
    """Return the plan that repeats samples whose rarest label is rarer than a threshold.

    Parameters
    ----------
    data : Labelled
        A training part, one class or any number of labels a sample.
    threshold : float
        Share of the samples, above 0 and up to 1, from which on a label is left alone.
    exponent : float
        0 repeats nothing, .5 is LVIS, 1 repeats a label up to the threshold.
    max_repeat : float, optional
        Most expected uses of a sample, 1 or above.
    seed : int
        Draws which samples have their fraction of a use rounded up.

    Returns
    -------
    Plan
        ``weights`` are the expected uses, 1 or above; ``counts`` one unbiased rounding of them.

    Raises
    ------
    ParameterError
        If an argument lies outside its range.
    MismatchError
        If the data hold held-out rows.
    """
    most = checked_max_repeat(max_repeat, "by_repeat_factor")
    check_integer(seed, "seed", "by_repeat_factor")
    factors = repeat_factors(data.class_counts, len(data), threshold, exponent)
    data.require_training_part("by_repeat_factor")
    weights = np.minimum(sample_factors(data.labels, factors, "max"), most)
    scheme = f"by repeat factor, threshold {threshold:g}, exponent {exponent:g}"
    if max_repeat is not None:
        scheme += f", at most {most:g} uses"
    return rounded_plan(data, weights, data.class_counts * factors, scheme, [], seed)


def repeat_factors(
    counts: np.ndarray, n_samples: int, threshold: float, exponent: float = 0.5
) -> np.ndarray:
    """Return r_j = max(1, (threshold / f_j) ** exponent), shape (K,); 1 without samples.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples with each label.
    n_samples : int
        All samples.
    threshold, exponent
        As in `by_repeat_factor`.

    Raises
    ------
    ParameterError
        If an argument lies outside its range, or a factor is too large for a number.
    """
    threshold = check_real(threshold, "threshold", "by_repeat_factor", 0, 1, bounds="(]")
    exponent = check_real(exponent, "exponent", "by_repeat_factor", 0.0)
    counts = np.asarray(counts)
    factors = np.ones(len(counts))
    present = counts > 0
    with np.errstate(over="ignore"):  # caught below
        powers = (threshold * n_samples / counts[present]) ** exponent
    if not np.isfinite(powers).all():
        raise ParameterError(
            f"Exponent {exponent:g} asks for factors that no number can hold.",
            hint="choose a smaller exponent; 1 repeats a label up to the threshold.",
        )
    factors[present] = np.maximum(1.0, powers)
    return factors
