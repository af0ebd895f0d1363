"""Bounds: the fewest and the most samples of each class, and what they change of a plan."""

from __future__ import annotations

import math

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_integer, check_real, named_few
from steelyard.resampling.rounding import TINY, largest_remainder
from steelyard.resampling.targets import MOST_DRAWS


def class_bounds(
    counts: np.ndarray,
    wanted: np.ndarray,
    class_names: tuple[str, ...],
    owner: str,
    *,
    floor: int | None = None,
    cap: int | None = None,
    max_repeat: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and most samples of each class, two arrays of int64 and shape (K,).

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples a class.
    wanted : ndarray of bool and shape (K,)
        The classes that are not left out; each keeps at least one sample.
    class_names : tuple of str
        The K classes.
    owner : str
        Who asks, for the message.
    floor, cap : int, optional
        Least and most samples of a class.
    max_repeat : float, optional
        Most samples of a class for each that it has, 1 or above.

    Raises
    ------
    ParameterError
        If a bound lies outside its range, or a class cannot be within all of them.
    """
    floor = 1 if floor is None else check_integer(floor, "floor", owner, 1, MOST_DRAWS)
    least = np.where(wanted, floor, 0).astype(np.int64)
    most = np.full(len(counts), MOST_DRAWS)
    if cap is not None:
        most[:] = check_integer(cap, "cap", owner, 1, MOST_DRAWS)
    if max_repeat is not None:
        max_repeat = check_real(max_repeat, "max_repeat", owner, 1.0)
        # 1.1 x 10 is 11, though a float may fall a hair short of it
        repeated = np.floor(np.minimum(max_repeat * counts * (1 + 1e-12), MOST_DRAWS))
        most = np.minimum(most, repeated.astype(np.int64))
    impossible = np.flatnonzero(wanted & (least > most))
    if len(impossible):
        code = impossible[np.argmin(most[impossible])]
        raise ParameterError(
            f"{owner} cannot give the class {class_names[code]!r}, of {counts[code]} samples, at "
            f"least {least[code]} and at most {most[code]}.",
            hint="choose a lower floor, or a higher cap or max_repeat.",
        )
    return least, most


def bounded_totals(
    requested: np.ndarray,
    total: int,
    least: np.ndarray,
    most: np.ndarray,
    tie_break: np.ndarray | None,
    owner: str,
    other_size: bool = False,
) -> np.ndarray:
    """Return whole totals within the bounds that sum to ``total``, int64 of shape (K,).

    What a bound takes from a class goes to the others, in proportion to what they ask for.

    Parameters
    ----------
    requested : ndarray of shape (K,)
        Samples asked for; of a class that is wanted, 0 or less counts as next to nothing.
    total : int
        Their sum.
    least, most : ndarray of shape (K,)
        From `class_bounds`.
    tie_break : ndarray of shape (K,) or None
        See `largest_remainder`.
    owner : str
        Who asks, for the message.
    other_size : bool
        Whether the owner's number of samples could change too, for the hint.

    Raises
    ------
    ParameterError
        Naming the smallest and the largest total that can be met.
    """
    # what asks for nothing yields last, but yields
    asked = np.where(least > 0, np.maximum(requested, TINY), requested)
    smallest, largest = int(least.sum()), math.fsum(most[asked > 0])
    if not smallest <= total <= largest:
        choose, size = (
            ("choose a lower floor", "grow")
            if total < smallest
            else ("choose a higher cap or max_repeat", "shrink")
        )
        if other_size:
            choose += f", or size={size!r}, which lets the number of samples change"
        raise ParameterError(
            f"{owner} cannot keep the size constant at {total} samples: within these bounds a plan "
            f"has from {smallest} to {largest:.0f}.",
            hint=f"{choose}.",
        )
    return largest_remainder(asked, total, least=least, most=most, tie_break=tie_break)


def notes_on_bounds(
    requested: np.ndarray,
    totals: np.ndarray,
    least: np.ndarray,
    most: np.ndarray,
    class_names: tuple[str, ...],
) -> list[str]:
    """Return a sentence for each way in which bounds change what is asked for, by one or more."""
    notes = []
    for held, sentence in (
        ((totals == least) & (requested <= least - 1), "more"),
        ((totals == most) & (requested >= most + 1), "less"),
    ):
        if held.any():
            which = named_few(class_names[code] for code in np.flatnonzero(held))
            notes.append(f"Bounds keep {sentence} than was asked for of {which}.")
    return notes


def bounds_in_words(floor: int | None, cap: int | None, max_repeat: float | None) -> str:
    """Return the bounds that were given as they stand in the name of a scheme."""
    ways = [
        (f", at least {floor} a class", floor is not None),
        (f", at most {cap} a class", cap is not None),
        (f", at most {max_repeat} times as many", max_repeat is not None),
    ]
    return "".join(words for words, holds in ways if holds)
