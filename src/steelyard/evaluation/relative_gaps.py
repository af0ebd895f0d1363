"""By how many per cent an arm narrows or widens the gap between classes, with an interval.

"It cuts the gap by a third" is a ratio of two noisy numbers that share samples and seeds. Its
interval is Fieller's: all ratios rho for which "gap of the arm = rho times gap of the base" is not
refuted, by the same crossed error that the difference of two arms has. It is bounded where the
gap of the base is shown to be above 0, and there is no other case in which per cent of it say
anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import optimize

from steelyard._support.errors import DataError
from steelyard._support.validation import check_choice, check_integer
from steelyard.evaluation.arms import by_arm, require_pairs
from steelyard.evaluation.deployments import of_priors
from steelyard.evaluation.evidence import OfResamples
from steelyard.evaluation.figure import Figure
from steelyard.evaluation.from_counts import Redrawn, counted
from steelyard.evaluation.gap_metrics import EASY_HARD_METRICS, GAP_METRICS, codes_of
from steelyard.records.interval import Interval
from steelyard.records.predictions import Predictions

N_RESAMPLES = 1000
_DOUBLINGS = 40  # of the way from the ratio to where it is refuted


def relative_gaps(
    arm: Sequence[Predictions],
    base: Sequence[Predictions],
    gaps: Sequence[str] = ("recall_max_min",),
    *,
    easy: Sequence[str] = (),
    hard: Sequence[str] = (),
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval | None]:
    """Return the change of each gap in per cent of the base's: (arm - base) / base.

    Parameters
    ----------
    arm, base : sequence of Predictions
        The same seeds and samples, of one class a sample; the part is judged as it is.
    gaps : sequence of str
        Names such as "recall_max_min" or "f1_easy_hard" (docs/metrics.md).
    easy, hard : sequence of str
        Names of the classes that gaps named "easy_hard" compare.
    n_resamples, seed : int
        Redraws, shared by both arms, and what they follow from.

    Returns
    -------
    dict of str to Interval or None
        In %, below 0 where the arm's gap is narrower. None where the base's gap has no data or is
        not shown to be above 0: its interval holds 0. 0 with an interval of no width where the arms
        decide alike on every sample.

    Raises
    ------
    DataError
        If there are no predictions, they are of several arms on one side or of several labels a
        sample, or an easy or hard class is none of theirs.
    MismatchError
        If seeds, samples or classes differ.
    ParameterError
        If a gap is unknown, or one of easy and hard classes lacks them.

    Notes
    -----
    Noise adds to the gaps of both arms (`reflected_ends`), so that of gaps hardly wider than what
    chance gives (`equal_classes_null`) the change reads smaller than it is.

    References
    ----------
    Fieller (1954), Journal of the Royal Statistical Society B 16(2), 175-185.
    """
    known = [*GAP_METRICS, *(EASY_HARD_METRICS if easy and hard else ())]
    for gap in gaps:
        check_choice(gap, "gaps", "relative_gaps", known)
    n_resamples = check_integer(n_resamples, "n_resamples", "relative_gaps", 2)
    first = _checked(arm, base)
    sides = [codes_of(names, first.class_names) for names in (easy, hard)]
    n_classes = len(first.class_names)
    predicted = [one.predicted for one in (*arm, *base)]
    if np.array_equal(predicted[: len(arm)], predicted[len(arm) :]):
        return dict.fromkeys(gaps, Interval(0.0, 0.0, 0.0))
    shares = np.bincount(first.truth, minlength=n_classes) / len(first)
    (as_it_is,) = of_priors({"test": shares}, first.truth)
    cells = [0] * len(arm) + [1] * len(base)
    redrawn = Redrawn.of(first.truth, predicted, n_classes, as_it_is, n_resamples, seed, cells)
    of_arm, of_base = (
        counted(lambda: redrawn, rows, gaps, (), *sides)[0]
        for rows in (slice(0, len(arm)), slice(len(arm), len(predicted)))
    )
    return {gap: _relative(gap, of_arm[gap], of_base[gap]) for gap in gaps}


def _checked(arm: Sequence[Predictions], base: Sequence[Predictions]) -> Predictions:
    for models in (arm, base):
        if len(by_arm(models)) > 1:
            raise DataError(
                f"relative_gaps compares one arm with one other. Got {list(by_arm(models))[:5]}.",
                hint="give the models of one arm as arm, and those of the other as base.",
            )
    require_pairs(list(arm), list(base))
    if base[0].multi_label:
        raise DataError("relative_gaps is of one class a sample. Got several labels.")
    return base[0]


def _relative(gap: str, arm: Figure, base: Figure) -> Interval | None:
    """Return the change in %; None where the base's gap, or a bound of the ratio, is not shown."""
    above, below = arm.evidence, base.evidence
    assert isinstance(above, OfResamples)  # gaps are of counts
    assert isinstance(below, OfResamples)
    low = min(base.ends[1], below.estimate().interval().low)
    if not (low > 0 and np.isfinite(above.by_seed).all()):  # NaN: no data
        return None
    ratio = float(above.by_seed.mean() / below.by_seed.mean())
    first, last = (_refuted(above, below, ratio, side) for side in (-1.0, 1.0))
    if first is None or last is None:
        return None
    if gap not in EASY_HARD_METRICS:  # never below 0
        first = max(first, 0.0)
    return Interval(100 * (ratio - 1), 100 * (first - 1), 100 * (last - 1))


def _refuted(above: OfResamples, below: OfResamples, ratio: float, side: float) -> float | None:
    """Return the next ratio on one side that is just refuted, if there is one."""

    def beyond(other: float) -> float:
        rest = (above - below.times(other)).estimate()
        return abs(rest.mean) - rest.interval().half_width

    step = -beyond(ratio) / float(below.by_seed.mean())
    if step <= 0:  # nothing varies
        return ratio
    for _ in range(_DOUBLINGS):
        if beyond(ratio + side * step) > 0:
            return float(optimize.brentq(beyond, ratio, ratio + side * step, xtol=1e-6))
        step *= 2
    return None
