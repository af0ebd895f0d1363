"""By hardness: give hard classes more samples and easy classes fewer.

**What it tells you.** The plan that follows class hardness as by_count follows class counts: at
degree 1 the shares are the raw ratios of the class means of a score, at degree 0 the data stay as
they are. Of balanced data too, for a class may be hard without being rare.

**When it misleads.** Classes are ranked by a score that is itself uncertain: look at its spread
over runs first. Hard may mean mislabelled; leaving the easiest samples out then keeps the wrong
labels. The two published versions of the method disagree on whether it helps at all. And the
published ratios break where a class mean is near 0 or negative, which is why "safe" is the
default: docs/hardness-plans.md shows 49,981 of 50,000 samples go to one class.

**Formula.** See `steelyard.resampling.hardness_targets`.

**Reference.** P. Pukowski and V. Osmani, arXiv 2504.07031: version 1 (April 2025) and version 2
(April 2026), modes "paper-v1" and "paper-v2", read from the authors' public code. Mode "safe",
its floors and caps are ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from steelyard._support.arrays import frozen_integers
from steelyard._support.errors import DataError, ParameterError
from steelyard._support.validation import check_choice, check_integer, check_real
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.added_rows import AddedRows
from steelyard.resampling.hardness_targets import (
    RATIOS,
    class_means,
    clipped,
    feasible_degrees,
    positive_hardness,
    published_targets,
    require_countable,
    safe_targets,
)
from steelyard.resampling.hardness_values import values_for
from steelyard.resampling.realise import check_ways, realise
from steelyard.resampling.rounding import largest_remainder
from steelyard.resampling.select import LEAST_WEIGHT, STRENGTH
from steelyard.resampling.selection import first_in_class

MODES = ("safe", "paper-v1", "paper-v2")
_OWNER = "by_hardness"
_NEGATED = ("aum", "confidence_logit", "final_margin")  # scores whose published sign is the other


def by_hardness(
    data: Labelled,
    hardness: Hardness,
    degree: float,
    *,
    mode: str = "safe",
    ratio: str = "rank",
    low_is_hard: bool | None = None,
    floor: Any = 1,
    cap: Any = None,
    clip: bool = False,
    under: str = "easiest",
    over: str | AddedRows = "random",
    strength: float = STRENGTH,
    least_weight: float = LEAST_WEIGHT,
    seed: int = 0,
) -> Plan:
    """Return the plan that shares the samples among classes by their hardness, to a degree.

    Parameters
    ----------
    data : Labelled
        A training part, one class a sample.
    hardness : Hardness
        A score of these samples, in any order of the rows; it may hold more samples.
    degree : float
        0 leaves the data as they are, 1 takes the raw hardness ratios, above 1 exaggerates. In the
        paper modes it is the imbalance factor alpha: 0 is equal classes in "paper-v1", which takes
        whole numbers only; "paper-v2" takes any below 1 for 1, as its code does.
    mode : {"safe", "paper-v1", "paper-v2"}
        How targets are found. "safe" holds exactly N samples between floors and caps; the paper
        modes are the published code, whose totals drift.
    ratio : {"rank", "softplus"}
        In mode "safe", what makes the score positive; see `positive_hardness`.
    low_is_hard : bool, optional
        In the paper modes, whether the published score is the negative of this one; its ratios
        are then 1 / H. By default so of "aum", "confidence_logit" and "final_margin" alone.
    floor, cap : int, or sequence of K int, optional
        In mode "safe", the fewest and the most uses of each class that has samples.
    clip : bool
        In mode "safe", whether a degree that would leave those bounds is cut at them, the rest
        going to the other classes; otherwise it is refused.
    under : {"easiest", "hardest", "random", "none"}
        Which samples a class that shrinks leaves out; "easiest" as published.
    over : {"random", "easy", "hard", "none"}, Smote, Reserve or Pool
        How a class grows.
    strength, least_weight : float
        Of the preference of "easy" and "hard"; see `steelyard.resampling.preference`.
    seed : int
        Draws which samples stand in.

    Returns
    -------
    Plan
        Exact counts. Its notes say where a published rule did something you may not expect.

    Raises
    ------
    ParameterError
        If an argument lies outside its range or does not apply to the mode, or the degree is not
        feasible.
    MismatchError
        If the score is of other samples, or the data hold held-out rows.
    DataError
        If a sample may have several labels.
    """
    degree = check_real(degree, "degree", _OWNER)
    check_choice(mode, "mode", _OWNER, MODES)
    check_choice(ratio, "ratio", _OWNER, RATIOS)
    check_integer(seed, "seed", _OWNER)
    check_ways(_OWNER, under, over, strength, least_weight, has_values=True)
    data.require_single_label(_OWNER)
    data.require_training_part(_OWNER)
    _require_of_mode(mode, ratio, low_is_hard, floor, cap, clip)
    values = values_for(data, hardness, _OWNER)
    notes: tuple[str, ...] = ()
    if mode == "safe":
        requested = _safe(data, values, degree, ratio, floor, cap, clip)
        totals = largest_remainder(
            requested,
            len(data),
            least=_bounds(data, floor, cap)[0],
            tie_break=first_in_class(data.ids, data.labels, data.n_classes),
        )
    else:
        requested, notes = _published(data, values, hardness.name, degree, mode, low_is_hard)
        totals = requested.astype(np.int64)
    return realise(
        data,
        totals,
        requested,
        f"by hardness {hardness.name!r}, degree {degree:g}, {mode}",
        under=under,
        over=over,
        values=values,
        strength=strength,
        least_weight=least_weight,
        seed=seed,
        notes=notes,
    )


def _safe(
    data: Labelled, values: np.ndarray, degree: float, ratio: str, floor: Any, cap: Any, clip: bool
) -> np.ndarray:
    """Return the targets of mode "safe", shape (K,)."""
    counts = data.class_counts
    hard = class_means(positive_hardness(values, ratio), data.labels, data.ids, data.n_classes)
    low, high = _bounds(data, floor, cap)
    targets = safe_targets(counts, hard, degree)
    least, most = feasible_degrees(counts, hard, low, high)
    if least - 1e-9 <= degree <= most + 1e-9:
        return np.clip(targets, low, high)
    if clip:
        return clipped(targets, low, high)
    outside = (targets < low) | (targets > high)
    code = int(np.argmax(np.maximum(low - targets, targets - high)))
    fits = (
        f"degrees from {least:.4g} to {most:.4g} fit (alpha_max is {most:.4g})"
        if least <= most
        else "no degree fits these bounds"
    )
    raise ParameterError(
        f"Degree {degree:g} takes {int(outside.sum())} classes out of their bounds: class "
        f"{data.class_names[code]!r} to {targets[code]:.1f} samples, bounds {low[code]} to "
        f"{high[code]}; {fits}.",
        hint="choose such a degree, or clip=True, which cuts at the bounds and spreads the rest.",
    )


def _bounds(data: Labelled, floor: Any, cap: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the fewest and the most uses of each class, int64 of shape (K,)."""
    present = data.class_counts > 0
    low, high = (
        _one_a_class(bound, name, data.n_classes)
        for bound, name in ((floor, "floor"), (len(data) if cap is None else cap, "cap"))
    )
    crossed = present & (low > high)
    if crossed.any():
        code = int(crossed.argmax())
        raise ParameterError(
            f"The floor of class {data.class_names[code]!r} is {low[code]}, above its cap of "
            f"{high[code]}.",
            hint="lower the floor or raise the cap.",
        )
    return np.where(present, low, 0), np.where(present, high, 0)


def _one_a_class(bound: Any, name: str, n_classes: int) -> np.ndarray:
    if np.ndim(bound) == 0:
        return np.full(n_classes, check_integer(bound, name, _OWNER, 0))
    bounds = frozen_integers(bound, name, _OWNER)
    if bounds.shape != (n_classes,) or (bounds < 0).any():
        raise DataError(
            f"The {name} of {_OWNER} must be one int in the range [0, inf), or {n_classes} of "
            f"them, one a class. Got shape {bounds.shape}."
        )
    return bounds


def _published(
    data: Labelled,
    values: np.ndarray,
    score: str,
    degree: float,
    mode: str,
    low_is_hard: bool | None,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the targets of a paper mode, shape (K,), and what to know about them."""
    check_real(degree, "degree", f"{_OWNER} in mode {mode!r}", 0)
    if mode == "paper-v1" and not degree.is_integer():
        raise ParameterError(
            f"The 'degree' parameter of {_OWNER} in mode 'paper-v1' must be a whole number. "
            f"Got {degree:g} instead.",
            hint="the published code takes no other; mode='safe' does.",
        )
    low_is_hard = score in _NEGATED if low_is_hard is None else low_is_hard
    published = -values if low_is_hard else values
    hard = class_means(published, data.labels, data.ids, data.n_classes)
    targets = published_targets(
        hard, len(data), degree, 1 if mode == "paper-v1" else 2, low_is_hard
    )
    require_countable(targets, data.class_counts, data.class_names)
    notes = []
    if mode == "paper-v2" and degree < 1:
        notes.append(f"The published code applies degrees above 1 only: {degree:g} acts as 1.")
    if mode == "paper-v2" and np.nanmin(hard) < 0:
        notes.append(
            "A class mean of the score is negative: the published shift gives the class nearest "
            "to 0 almost everything, or almost nothing. Use mode 'safe'."
        )
    if mode == "paper-v1" and np.nanmax(hard) < 0:
        notes.append(
            "All class means of the score are negative: the published ratios turn round, and easy "
            "classes get most. Turn low_is_hard round, or use mode 'safe'."
        )
    if targets.sum() != len(data):
        notes.append(
            f"The published rounding drifts: {targets.sum():.0f} draws for {len(data)} samples."
        )
    return targets, tuple(notes)


def _require_of_mode(
    mode: str, ratio: str, low_is_hard: bool | None, floor: Any, cap: Any, clip: bool
) -> None:
    """Raise for an argument that the mode would ignore."""
    of_safe = {
        "ratio": ratio != "rank",
        "floor": np.ndim(floor) > 0 or floor != 1,
        "cap": cap is not None,
        "clip": clip,
    }
    given = [] if low_is_hard is None else ["low_is_hard"]
    if mode != "safe":
        given = [name for name, changed in of_safe.items() if changed]
    if given:
        raise ParameterError(
            f"The {given[0]!r} parameter of {_OWNER} does not apply to mode {mode!r}.",
            hint="leave it out, or choose another mode.",
        )
