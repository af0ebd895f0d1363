"""Long tails: exponentially falling class counts, as in the published long-tailed benchmarks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import uniform_by_id
from steelyard._support.simplest_fraction import simplest_fraction
from steelyard._support.validation import check_choice, check_integer, check_real, did_you_mean
from steelyard.records.labelled import Labelled

ORDERS = ("given", "reversed", "largest", "shuffled")


def long_tail_counts(n_max: int, ratio: float, n_classes: int) -> np.ndarray:
    r"""Return how many samples each class keeps, from the most to the least frequent.

    .. math:: n_c = \lfloor n_{max} \, ratio^{c / (K - 1)} \rfloor, \quad c = 0 .. K - 1

    in integer arithmetic: the last count is exactly ``floor(n_max * ratio)``, and ratio 1 gives
    ``n_max`` everywhere. Counts are truncated, not rounded, as in the published generators
    (Cui et al., 2019; Cao et al., 2019); CIFAR-10 at ratio 0.01 keeps 12,406 of 50,000.

    Parameters
    ----------
    n_max : int
        Samples of the most frequent class.
    ratio : float in (0, 1]
        Samples of the rarest class to those of the most frequent: 0.01 is an imbalance factor
        of 100.
    n_classes : int
        K, at least 2.

    Returns
    -------
    ndarray of int64, shape (K,)
        May end in zeros; `long_tail` refuses those.
    """
    owner = "long_tail_counts"
    n_max = check_integer(n_max, "n_max", owner, 1)
    ratio = check_real(ratio, "ratio", owner, 0, 1, "(]")
    n_classes = check_integer(n_classes, "n_classes", owner, 2)
    counts = [_count(n_max, ratio, c, n_classes - 1) for c in range(n_classes)]
    return np.array(counts, np.int64)


def _count(n_max: int, ratio: float, c: int, steps: int) -> int:
    """Return the largest n with (n / n_max)**steps <= ratio**c, exactly."""
    fraction = simplest_fraction(ratio)
    bound = n_max**steps * fraction.numerator**c

    def fits(n: int) -> bool:
        return n**steps * fraction.denominator**c <= bound

    n = max(0, math.floor(n_max * ratio ** (c / steps)) - 1)  # a float may be off by one
    while fits(n + 1):
        n += 1
    return n


def long_tail(
    data: Labelled, ratio: float, *, order: str | Sequence[str] = "given", seed: int = 0
) -> Labelled:
    """Keep a long-tailed subset: class counts fall exponentially from head to tail.

    The subset mixes two changes, fewer samples and unequal classes: compare it with a balanced
    subset of the same size before you blame the imbalance. With one seed a smaller ratio keeps a
    subset of what a larger one keeps, whatever the order of the rows.

    Parameters
    ----------
    data : Labelled
        If split, the test part stays whole, and the training and validation parts are each
        carved by the same ratio.
    ratio : float in (0, 1]
        Samples of the rarest class to those of the most frequent one.
    order : {"given", "reversed", "largest", "shuffled"} or sequence of str
        Which classes are frequent: in code order, from the last, the largest first (ties in
        code order), in an order drawn from the seed, or the class names from the most to the
        least frequent. Published benchmarks use "given", so that rarity and class index go
        together.
    seed : int
        Draws the samples that stay, and the shuffled order.

    Returns
    -------
    Labelled
        The kept samples in the order of the data, with their ids and parts.

    Raises
    ------
    ParameterError
        If the ratio or the order is out of range.
    DataError
        If a class has fewer samples than its count, or the ratio would empty classes.

    References
    ----------
    Y. Cui et al., "Class-balanced loss based on effective number of samples", CVPR 2019.
    """
    ratio = check_real(ratio, "ratio", "long_tail", 0, 1, "(]")
    seed = check_integer(seed, "seed", "long_tail")
    data.require_single_label("long_tail")
    ranked = _ranked_classes(data, order, seed)
    draws = uniform_by_id(data.ids, seed, purpose="long tail: samples")
    if data.split is None:
        kept = _carve(data, np.ones(len(data), bool), ranked, ratio, draws)
    else:
        kept = data.split == "test"
        for part in ("train", "validation"):
            if (data.split == part).any():
                kept = kept | _carve(data, data.split == part, ranked, ratio, draws)
    return replace(data.take(kept), name=f"{data.name}, long-tailed at ratio {ratio:g}")


def _ranked_classes(data: Labelled, order: str | Sequence[str], seed: int) -> np.ndarray:
    """Return the class codes from the most to the least frequent."""
    codes = np.arange(data.n_classes)
    if isinstance(order, str):
        order = check_choice(order, "order", "long_tail", ORDERS)
        if order == "shuffled":
            return _shuffled_classes(data, seed)
        if order == "largest":
            return np.argsort(-data.class_counts, kind="stable")
        return codes if order == "given" else codes[::-1]
    names = [str(name) for name in order]
    for name in names:
        if name not in data.class_names:
            raise ParameterError(
                f"The 'order' parameter of long_tail names a class that is not there: {name!r}.",
                hint=did_you_mean(name, data.class_names),
            )
    if len(names) != data.n_classes or len(set(names)) != len(names):
        raise ParameterError(
            f"The 'order' parameter of long_tail must name each of the {data.n_classes} classes "
            f"once. Got {len(names)} names, {len(set(names))} of them different."
        )
    return np.array([data.class_names.index(name) for name in names])


def _shuffled_classes(data: Labelled, seed: int) -> np.ndarray:
    # each class draws with its smallest id, so that neither row order nor class names matter
    draws = uniform_by_id(data.ids, seed, purpose="long tail: classes")
    by_id = np.argsort(data.ids, kind="stable")
    present, first = np.unique(data.labels[by_id], return_index=True)
    absent = np.setdiff1d(np.arange(data.n_classes), present)
    return np.concatenate([present[np.argsort(draws[by_id[first]])], absent])


def _carve(
    data: Labelled, members: np.ndarray, ranked: np.ndarray, ratio: float, draws: np.ndarray
) -> np.ndarray:
    """Return which of the members stay, shape (n,) of bool."""
    available = np.bincount(data.labels[members], minlength=data.n_classes)
    counts = np.empty(data.n_classes, np.int64)
    counts[ranked] = long_tail_counts(int(available.max()), ratio, data.n_classes)
    _check_counts(data, counts, available, ratio)
    kept = np.zeros(len(data), bool)
    for code, count in enumerate(counts):
        positions = np.flatnonzero(members & (data.labels == code))
        kept[positions[np.argsort(draws[positions])[:count]]] = True
    return kept


def _check_counts(data: Labelled, counts: np.ndarray, available: np.ndarray, ratio: float) -> None:
    empty = int((counts == 0).sum())
    if empty:
        raise DataError(
            f"At ratio {ratio:g} {empty} of {data.n_classes} classes would keep no sample: the "
            f"largest class has {available.max():,}.",
            hint=f"a ratio of 1/{available.max()} or more leaves every class a sample.",
        )
    short = np.flatnonzero(available < counts)
    if len(short):
        code = short[0]
        raise DataError(
            f"Class {data.class_names[code]!r} has {available[code]:,} samples and its place in "
            f"the order asks for {counts[code]:,}.",
            hint="let the largest class lead, order='largest' (--long-tail-order largest), or "
            "lower the ratio.",
        )
