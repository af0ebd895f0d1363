"""By count: rebalance by how many samples a class has.

**What it tells you.** The plan that a balancing degree asks for: rare classes repeated, common ones
thinned out. It is the scheme to compare any other with.

**When it misleads.** Rare is not hard: a rare class may need no help, and a common one may. A model
trained by the plan has learned the plan's class shares, not the data's: its probabilities must be
corrected before they are used (`Plan.prior` says to what). Repeating a sample adds no information,
and a growing plan makes an epoch longer, which by itself changes training.

**Formula.** See `steelyard.resampling.targets`: T_c proportional to n_c ** (1 - degree), or on the
way to any other target distribution.

**Reference.** After Moore et al. (2023), Dataset balancing can hurt model performance, arXiv
2307.00079, whose degree runs from 0 (as is) to 1 (balanced). That a class of n_c samples is
repeated in proportion to (n_max / n_c) ** degree is our reading of it; which total to keep, the
target, the bounds, the rounding and the draw are ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_choice, check_integer, check_real, named_few
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.added_rows import AddedRows
from steelyard.resampling.bounds import (
    bounded_totals,
    bounds_in_words,
    class_bounds,
    notes_on_bounds,
)
from steelyard.resampling.hardness_values import values_for
from steelyard.resampling.realise import check_ways, realise
from steelyard.resampling.rounding import largest_remainder
from steelyard.resampling.select import LEAST_WEIGHT, STRENGTH
from steelyard.resampling.selection import first_in_class
from steelyard.resampling.targets import INTERPOLATIONS, SIZES, target_counts, target_shares

_SIZE_WORDS = {"constant": "constant size", "grow": "growing size", "shrink": "shrinking size"}


def by_count(
    data: Labelled,
    degree: float,
    *,
    shares: Any = None,
    interpolation: str = "exponent",
    size: str = "constant",
    floor: int | None = None,
    cap: int | None = None,
    max_repeat: float | None = None,
    under: str = "random",
    over: str | AddedRows = "random",
    hardness: Hardness | None = None,
    strength: float = STRENGTH,
    least_weight: float = LEAST_WEIGHT,
    seed: int = 0,
) -> Plan:
    """Return the plan that balances classes by their counts to a degree.

    Parameters
    ----------
    data : Labelled
        A training part, one class a sample.
    degree : float
        0 leaves the data as they are, 1 is the full target, between is between, above 1
        overshoots, below 0 makes rare classes rarer. Towards equal shares the ratio of the
        largest to the smallest class goes from rho to rho ** (1 - degree).
    shares : array_like of shape (K,) or mapping of class name to weight, optional
        The class shares to reach, as weights; equal shares of the classes that have samples by
        default. A class of weight 0 is left out: by exponent at any degree above 0, on the line
        at degree 1, before which it has what the line asks for, and at least one sample.
    interpolation : {"exponent", "linear"}
        The way between: "exponent" has ratios go from rho to rho ** (1 - degree), "linear" has
        counts go on a straight line, where a degree beyond 0 to 1 may be impossible.
    size : {"constant", "grow", "shrink"}
        What stays fixed: the total, the class that has most of what it should (the largest;
        others are repeated), or the one that has least (the smallest; others are thinned out).
    floor, cap : int, optional
        Least and most samples of a class.
    max_repeat : float, optional
        Most samples of a class for each that it has; 1 or above. With a constant size, what a
        bound takes from a class goes to the others, in proportion.
    under : {"random", "easiest", "hardest", "none"}
        Which samples a class that shrinks leaves out; "none" leaves such classes as they are,
        whatever the size and the bounds say.
    over : {"random", "easy", "hard", "none"}, Smote, Reserve or Pool
        Which samples repeat in a class that grows, or where added rows come from.
    hardness : Hardness, optional
        A score of these samples, where `under` or `over` go by it.
    strength, least_weight : float
        Of the preference of "easy" and "hard"; see `steelyard.resampling.preference`.
    seed : int
        Draws which samples of a class stand in; the same draw serves every degree.

    Returns
    -------
    Plan
        Exact counts; every class that has samples keeps at least one, unless its target is 0.
        ``requested`` is what the degree asks for, before bounds; ``weights`` are the expected
        uses, T_c / n_c of a class of n_c samples that are used T_c times at random.

    Raises
    ------
    ParameterError
        If an argument lies outside its range, the bounds cannot be met, or the plan would be too
        large to count.
    DataError
        If a sample may have several labels, or the target is no distribution.
    MismatchError
        If the data hold held-out rows.
    """
    degree = check_real(degree, "degree", "by_count")
    check_choice(interpolation, "interpolation", "by_count", INTERPOLATIONS)
    check_choice(size, "size", "by_count", SIZES)
    check_integer(seed, "seed", "by_count")
    check_ways("by_count", under, over, strength, least_weight, has_values=hardness is not None)
    if hardness is not None and under in ("random", "none") and over not in ("easy", "hard"):
        raise ParameterError(
            "The 'hardness' parameter of by_count does nothing while samples are chosen at random.",
            hint="choose under='easiest' or 'hardest', over='easy' or 'hard'; or by='hardness'.",
        )
    data.require_single_label("by_count")
    data.require_training_part("by_count")
    n, names = data.class_counts, data.class_names

    target = None if shares is None else target_shares(shares, n, names, "by_count")
    requested, totals, notes = class_totals(
        n,
        degree,
        names,
        shares=target,
        interpolation=interpolation,
        size=size,
        floor=floor,
        cap=cap,
        max_repeat=max_repeat,
        tie_break=first_in_class(data.ids, data.labels, data.n_classes),
    )
    return realise(
        data,
        totals,
        requested,
        f"by count, degree {degree:g}, {_SIZE_WORDS[size]}"
        + (", to given shares" if shares is not None else "")
        + (", on a straight line" if interpolation == "linear" else "")
        + bounds_in_words(floor, cap, max_repeat),
        under=under,
        over=over,
        values=None if hardness is None else values_for(data, hardness, "by_count"),
        strength=strength,
        least_weight=least_weight,
        seed=seed,
        notes=notes,
    )


def class_totals(
    counts: np.ndarray,
    degree: float,
    class_names: tuple[str, ...],
    *,
    shares: np.ndarray | None = None,
    interpolation: str = "exponent",
    size: str = "constant",
    floor: int | None = None,
    cap: int | None = None,
    max_repeat: float | None = None,
    tie_break: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return what a degree asks of each class, what it gets, and what to say of the difference.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples a class.
    shares : ndarray of shape (K,), optional
        The target, from `target_shares`.
    tie_break : ndarray of shape (K,), optional
        Which of equal remainders is served first; see `largest_remainder`.
    degree, class_names, interpolation, size, floor, cap, max_repeat
        As in `by_count`.

    Returns
    -------
    requested : ndarray of shape (K,)
        float64, neither bounded nor rounded.
    totals : ndarray of shape (K,)
        int64, within the bounds; a constant size is met exactly.
    notes : list of str
        A sentence each.

    Raises
    ------
    ParameterError
        If the degree or the bounds cannot be met.
    """
    requested = target_counts(counts, degree, size, shares=shares, interpolation=interpolation)
    # the line asks for some of a class of share 0, and may come to none of another
    wanted = (requested > 0) | (counts > 0 if shares is None else shares > 0)
    least, most = class_bounds(
        counts, wanted, class_names, "by_count", floor=floor, cap=cap, max_repeat=max_repeat
    )
    if size == "constant":
        totals = bounded_totals(
            requested, int(counts.sum()), least, most, tie_break, "by_count", other_size=True
        )
    else:
        # nothing has to be made up for: the number of samples follows
        asked = np.clip(requested, least, most)
        totals = largest_remainder(asked, least=least, most=most, tie_break=tie_break)
    left_out = np.flatnonzero((totals == 0) & (counts > 0))
    notes = notes_on_bounds(requested, totals, least, most, class_names)
    if len(left_out):
        which = named_few(class_names[code] for code in left_out)
        notes.insert(0, f"The target leaves out all samples of {which}.")
    return requested, totals, notes
