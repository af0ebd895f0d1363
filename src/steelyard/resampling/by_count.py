"""By count: rebalance by how many samples a class has.

**What it tells you.** The plan that a balancing degree asks for: rare classes repeated, common ones
thinned out. It is the scheme to compare any other with.

**When it misleads.** Rare is not hard: a rare class may need no help, and a common one may. A model
trained by the plan has learned the plan's class shares, not the data's: its probabilities must be
corrected before they are used (`Plan.prior` says to what). Repeating a sample adds no information,
and a growing plan makes an epoch longer, which by itself changes training.

**Formula.** See `steelyard.resampling.targets`: T_c proportional to n_c ** (1 - degree).

**Reference.** After Moore et al. (2023), Dataset balancing can hurt model performance, arXiv
2307.00079, whose degree runs from 0 (as is) to 1 (balanced). That a class of n_c samples is
repeated in proportion to (n_max / n_c) ** degree is our reading of it; which total to keep, the
rounding and the draw are ours.
"""

from __future__ import annotations

from steelyard._support.errors import MismatchError
from steelyard._support.validation import check_choice, check_integer, check_real
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.rounding import largest_remainder
from steelyard.resampling.selection import first_in_class, spread_evenly
from steelyard.resampling.targets import SIZES, target_counts

_SIZE_WORDS = {"constant": "constant size", "grow": "growing size", "shrink": "shrinking size"}


def by_count(data: Labelled, degree: float, *, size: str = "constant", seed: int = 0) -> Plan:
    """Return the plan that balances classes by their counts to a degree.

    Parameters
    ----------
    data : Labelled
        A training part.
    degree : float
        0 leaves the data as they are, 1 balances fully, between is between, above 1 overshoots,
        below 0 makes rare classes rarer. The ratio of the largest to the smallest class goes
        from rho to rho ** (1 - degree).
    size : {"constant", "grow", "shrink"}
        What stays fixed: the total, the largest class (rare ones are repeated), or the smallest
        class (common ones are thinned out).
    seed : int
        Draws which samples of a class stand in; the same draw serves every degree.

    Returns
    -------
    Plan
        Exact counts; every class that has samples keeps at least one.

    Raises
    ------
    ParameterError
        If an argument lies outside its range, or the plan would be too large to count.
    MismatchError
        If the data hold held-out rows.
    """
    degree = check_real(degree, "degree", "by_count")
    check_choice(size, "size", "by_count", SIZES)
    check_integer(seed, "seed", "by_count")
    if data.split is not None and (data.split != "train").any():
        raise MismatchError(
            "Only a training part can be planned; these data hold held-out rows.",
            hint="pass data.part('train').",
        )
    requested = target_counts(data.class_counts, degree, size)
    totals = largest_remainder(
        requested,
        len(data) if size == "constant" else None,
        least=data.class_counts > 0,
        tie_break=first_in_class(data.ids, data.labels, data.n_classes),
    )
    counts = spread_evenly(data.ids, data.labels, totals, seed)
    return Plan.of(data, counts, requested, f"by count, degree {degree:g}, {_SIZE_WORDS[size]}")
