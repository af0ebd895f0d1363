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

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_choice, check_integer, check_real
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
from steelyard.resampling.hardness_targets import (
    RATIOS,
    class_means,
    feasible_degrees,
    positive_hardness,
    published_targets,
    require_countable,
    safe_targets,
)
from steelyard.resampling.hardness_values import values_for
from steelyard.resampling.realise import check_ways, realise
from steelyard.resampling.select import LEAST_WEIGHT, STRENGTH
from steelyard.resampling.selection import first_in_class
from steelyard.resampling.targets import MOST_DRAWS

MODES = ("safe", "paper-v1", "paper-v2")
_OWNER = "by_hardness"
# the scores of steelyard that declare themselves minus something of which low is hard
NEGATED = (
    "aum",
    "aum_probability",
    "confidence_logit",
    "final_margin",
    "final_max_logit",
    "final_energy",
    "self_margin",
)


def by_hardness(
    data: Labelled,
    hardness: Hardness,
    degree: float,
    *,
    mode: str = "safe",
    ratio: str = "rank",
    low_is_hard: bool | None = None,
    ratios_of_all: bool = False,
    floor: int | None = None,
    cap: int | None = None,
    max_repeat: float | None = None,
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
        are then 1 / H. By default so of the margins, logits and energies among steelyard's scores
        (`NEGATED`), known by their names.
    ratios_of_all : bool
        In mode "paper-v2", whether class hardness is that of all samples that the score holds, not
        of ``data`` alone: as published where ``data`` are what a pruning left.
    floor, cap : int, optional
        In mode "safe", the fewest (1 by default) and the most uses of a class that has samples.
    max_repeat : float, optional
        In mode "safe", most uses of a class for each sample that it has; 1 or above.
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
        Exact counts; every class that has samples keeps at least one. ``requested`` is what the
        degree asks for, before bounds. Notes name the classes that a bound holds, and say where a
        published rule did something you may not expect.

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
    only_in = {
        "safe": {
            "ratio": ratio != "rank",
            "floor": floor is not None,
            "cap": cap is not None,
            "max_repeat": max_repeat is not None,
            "clip": clip,
        },
        "paper-v1": {"low_is_hard": low_is_hard is not None},
        "paper-v2": {"low_is_hard": low_is_hard is not None, "ratios_of_all": ratios_of_all},
    }
    _require_of_mode(mode, only_in)
    values = values_for(data, hardness, _OWNER)
    if mode == "safe":
        names = data.class_names
        least, most = class_bounds(
            data.class_counts,
            data.class_counts > 0,
            names,
            _OWNER,
            floor=floor,
            cap=cap,
            max_repeat=max_repeat,
        )
        requested = _safe(data, values, degree, ratio, least, most, clip)
        tie_break = first_in_class(data.ids, data.labels, data.n_classes)
        totals = bounded_totals(requested, len(data), least, most, tie_break, _OWNER)
        notes = notes_on_bounds(requested, totals, least, most, names)
    else:
        low_is_hard = hardness.name in NEGATED if low_is_hard is None else low_is_hard
        means = (
            _means_of_all(data, hardness)
            if ratios_of_all
            else class_means(values, data.labels, data.ids, data.n_classes)
        )
        requested, notes = _published(data, means, degree, mode, low_is_hard)
        totals = requested.astype(np.int64)
    return realise(
        data,
        totals,
        requested,
        f"by hardness {hardness.name!r}, degree {degree:g}, {mode}"
        + bounds_in_words(floor, cap, max_repeat)
        + (", by the ratios of all that were scored" if ratios_of_all else ""),
        under=under,
        over=over,
        values=values,
        strength=strength,
        least_weight=least_weight,
        seed=seed,
        notes=notes,
    )


def _safe(
    data: Labelled,
    values: np.ndarray,
    degree: float,
    ratio: str,
    least: np.ndarray,
    most: np.ndarray,
    clip: bool,
) -> np.ndarray:
    """Return the targets of mode "safe", shape (K,), within the bounds unless they are to clip."""
    counts = data.class_counts
    hard = class_means(positive_hardness(values, ratio), data.labels, data.ids, data.n_classes)
    targets = safe_targets(counts, hard, degree)
    first, last = feasible_degrees(counts, hard, least, most)
    if clip or first - 1e-9 <= degree <= last + 1e-9:
        return targets
    outside = (targets < least) | (targets > most)
    code = int(np.argmax(np.maximum(least - targets, targets - most)))
    fits = (
        f"degrees from {first:.4g} to {last:.4g} fit (alpha_max is {last:.4g})"
        if first <= last
        else "no degree fits these bounds"
    )
    at_most = "" if most[code] == MOST_DRAWS else f" and at most {most[code]}"
    raise ParameterError(
        f"Degree {degree:g} takes {int(outside.sum())} classes out of their bounds: class "
        f"{data.class_names[code]!r} to {targets[code]:.1f} samples, at least {least[code]}"
        f"{at_most}; {fits}.",
        hint="choose such a degree, or clip=True (--clip), which spreads what the bounds cut off.",
    )


def _means_of_all(data: Labelled, hardness: Hardness) -> np.ndarray:
    """Return the class means over all that was scored, shape (K,); NaN where the data have none."""
    means = class_means(hardness.values, hardness.labels, hardness.ids, len(hardness.class_names))
    of = dict(zip(hardness.class_names, means, strict=True))
    found = np.array([of.get(name, np.nan) for name in data.class_names])
    return np.where(data.class_counts > 0, found, np.nan)


def _published(
    data: Labelled, means: np.ndarray, degree: float, mode: str, low_is_hard: bool
) -> tuple[np.ndarray, list[str]]:
    """Return the targets of a paper mode, shape (K,), and what to know about them."""
    check_real(degree, "degree", f"{_OWNER} in mode {mode!r}", 0)
    if mode == "paper-v1" and not degree.is_integer():
        raise ParameterError(
            f"The 'degree' parameter of {_OWNER} in mode 'paper-v1' must be a whole number. "
            f"Got {degree:g} instead.",
            hint="the published code takes no other; mode='safe' does.",
        )
    hard = -means if low_is_hard else means
    version = 1 if mode == "paper-v1" else 2
    targets = published_targets(hard, len(data), degree, version, low_is_hard)
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
    return targets, notes


def _require_of_mode(mode: str, only_in: dict[str, dict[str, bool]]) -> None:
    """Raise for an argument that was given and that the mode would ignore."""
    for given in only_in.values():
        for name, changed in given.items():
            if changed and name not in only_in[mode]:
                raise ParameterError(
                    f"The {name!r} parameter of {_OWNER} does not apply to mode {mode!r}.",
                    hint="leave it out, or choose another mode.",
                )
