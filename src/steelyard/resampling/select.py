"""Which samples: who stays in a class that shrinks, and who repeats in one that grows.

A class that shrinks ("under") leaves out samples at random, the easiest, or the hardest. A class
that grows ("over") uses every sample once and then repeats: evenly ("random"), or by draws with
replacement that prefer the easy or the hard ones by their rank within the class.

**When it misleads.** Leaving the easiest out keeps every mislabelled sample: wrong labels rank
hardest. Preferring the hard ones repeats them. As published the preference is weak: the favoured
half of a class gets 54.7 % of the draws, so that "easy", "hard" and "random" are nearly one scheme
and their agreement is no evidence. `preference` shows what a stronger one looks like.
"""

from __future__ import annotations

import numpy as np

from steelyard._support.arrays import require_finite
from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import generator, uniform_by_id
from steelyard._support.validation import check_choice, check_integer, check_real
from steelyard.resampling.selection import rank_in_class, spread_evenly

UNDER = ("none", "random", "easiest", "hardest")
OVER = ("none", "random", "easy", "hard")
STRENGTH = 5.0  # as published
LEAST_WEIGHT = 0.5  # as published


def select(
    ids: np.ndarray,
    labels: np.ndarray,
    totals: np.ndarray,
    *,
    under: str = "random",
    over: str = "random",
    values: np.ndarray | None = None,
    strength: float = STRENGTH,
    least_weight: float = LEAST_WEIGHT,
    seed: int = 0,
) -> np.ndarray:
    """Return how often each sample is used, so that every class meets its total exactly.

    With "random" on both sides this is `spread_evenly`. All draws follow the ids and the seed;
    ties of the values are broken by such a draw. Plans are nested: of a larger total no sample is
    used less often.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Unique sample ids.
    labels : ndarray of shape (n,)
        Class codes 0..K-1.
    totals : ndarray of shape (K,)
        Uses a class, int64; 0 for a class without samples.
    under : {"none", "random", "easiest", "hardest"}
        Which samples a class that shrinks leaves out; "none" keeps it as it is.
    over : {"none", "random", "easy", "hard"}
        Which samples a class that grows prefers to repeat; "none" keeps it as it is.
    values : ndarray of shape (n,), optional
        Hardness, higher is harder; needed by all but "none" and "random".
    strength : float
        Shape of the preference; see `preference`.
    least_weight : float in [0, 1]
        Weight of the least favoured sample, where the most favoured has 1.
    seed : int
        The user's seed.

    Returns
    -------
    ndarray of shape (n,)
        Multiplicities, int64; they sum by class to `settled_totals`.

    Raises
    ------
    ParameterError
        If an argument lies outside its range, or values are needed and missing.
    DataError
        If values are not finite or not one a sample, or a class without samples should have some.
    """
    check_selection("select", under, over, strength, least_weight, values is not None)
    check_integer(seed, "seed", "select")
    totals = np.asarray(totals, dtype=np.int64)
    n = np.bincount(labels, minlength=len(totals))
    totals = settled_totals(totals, n, under, over)
    if (totals[n == 0] > 0).any():
        raise DataError(
            f"{int((totals[n == 0] > 0).sum())} classes without a sample should be used.",
            hint="only added rows (a Reserve or a Pool) can fill a class that has none.",
        )
    counts = spread_evenly(ids, labels, totals, seed)
    if values is None:
        return counts
    values = np.asarray(values, dtype=np.float64)
    if values.shape != np.shape(labels):
        raise DataError(f"select needs {len(labels)} values, one a sample. Got {values.shape}.")
    require_finite(values, "values", "select")
    ties = uniform_by_id(ids, seed, purpose="plan")
    if under in ("easiest", "hardest"):
        stays_first = -values if under == "easiest" else values
        stays = rank_in_class(labels, n, stays_first, ties) < totals[labels]
        counts = np.where((totals < n)[labels], stays, counts)
    if over in ("easy", "hard"):
        favoured_first = -values if over == "hard" else values
        repeats = _weighted_repeats(
            labels, n, np.maximum(totals - n, 0), favoured_first, ties, strength, least_weight, seed
        )
        counts = np.where((totals > n)[labels], 1 + repeats, counts)
    return counts


def settled_totals(totals: np.ndarray, n: np.ndarray, under: str, over: str) -> np.ndarray:
    """Return the totals after "none" has its way: what would shrink, or grow, stays as it is.

    Parameters
    ----------
    totals, n : ndarray of shape (K,)
        Uses asked for, and samples there are.
    """
    if under == "none":
        totals = np.maximum(totals, n)
    return np.minimum(totals, n) if over == "none" else totals


def preference(
    n: int, strength: float = STRENGTH, least_weight: float = LEAST_WEIGHT
) -> np.ndarray:
    r"""Return the weight of each sample of a class in favoured order, shape (n,).

    .. math:: w(t) = f + (1 - f) \frac{1 - e^{-s (1 - t)}}{1 - e^{-s}}

    with t from 0 (most favoured) to 1, s the strength and f the least weight. As published s = 5
    and f = 0.5. Strength 0 is the straight line; below 0 the weight falls steeply from the most
    favoured on, far above 5 all but the last weigh alike.

    =========  ============  ===================================
    strength   least weight  share of draws of the favoured half
    =========  ============  ===================================
    5          0.5           54.7 % (as published)
    5          0             61 %
    0          0             75 %
    -5         0             94 %
    =========  ============  ===================================
    """
    left = 1.0 - (np.arange(n) / max(n - 1, 1))
    if abs(strength) < 1e-9:
        falling = left
    elif strength > 0:
        falling = np.expm1(-strength * left) / np.expm1(-strength)
    else:  # the same, written so that nothing overflows
        falling = np.exp(strength * (1 - left)) * np.expm1(strength * left) / np.expm1(strength)
    return least_weight + (1.0 - least_weight) * falling


def check_selection(
    owner: str, under: str, over: str, strength: float, least_weight: float, has_values: bool
) -> None:
    """Raise `ParameterError` unless the arguments of `select` hold together."""
    check_choice(under, "under", owner, UNDER)
    check_choice(over, "over", owner, OVER)
    check_real(strength, "strength", owner)
    check_real(least_weight, "least_weight", owner, 0, 1)
    by_hardness = [which for which in (under, over) if which not in ("none", "random")]
    if by_hardness and not has_values:
        raise ParameterError(
            f"Selection by {by_hardness[0]!r} needs the hardness of each sample. Got none.",
            hint="pass hardness=... (--scores FILE), or choose 'random'.",
        )


def _weighted_repeats(
    labels: np.ndarray,
    n: np.ndarray,
    repeats: np.ndarray,
    favoured_first: np.ndarray,
    ties: np.ndarray,
    strength: float,
    least_weight: float,
    seed: int,
) -> np.ndarray:
    """Return how often each sample is drawn beyond its first use, shape (n,)."""
    order = np.lexsort((ties, favoured_first, labels))
    start = np.cumsum(n) - n
    drawn = np.zeros(len(labels), dtype=np.int64)
    for code in np.flatnonzero(repeats):
        members = order[start[code] : start[code] + n[code]]
        # the class is known by a draw of its ids, so that its code and its name do not matter
        draw = generator(seed, purpose="plan: repeats", known_by=ties[members].min())
        reached = np.cumsum(preference(len(members), strength, least_weight))
        places = np.searchsorted(reached, draw.random(repeats[code]) * reached[-1], side="right")
        drawn[members] = np.bincount(np.minimum(places, len(members) - 1), minlength=len(members))
    return drawn
