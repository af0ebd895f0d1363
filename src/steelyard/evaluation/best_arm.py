"""The best of many arms, told honestly: chosen on one half, told on the other.

The smallest gap of forty arms is small by skill and by luck. Told on the samples and models that
it was chosen by, it flatters: of forty arms that are all the base in truth, one cuts the gap
"significantly". So samples are parted into halves, class by class, and seeds too, because an arm
whose trainings happened to come out well did so on every sample. The arm is chosen on one half of
both and its cut told on the other half of both, which knows nothing of the choice; then the other
way round.

References
----------
Cawley and Talbot (2010), Journal of Machine Learning Research 11, 2079-2107, on selection bias;
Cox (1975), Biometrika 62(2), 441-444, on splitting data to choose what is then estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.seeding import uniform_by_id
from steelyard._support.validation import check_choice, did_you_mean
from steelyard.evaluation.arms import by_arm
from steelyard.evaluation.counts import count
from steelyard.evaluation.gap_metrics import GAP_METRICS
from steelyard.evaluation.relative_gaps import N_RESAMPLES, relative_gaps
from steelyard.records.interval import Interval
from steelyard.records.predictions import Predictions

_SEEDS = 6  # from how many on they are parted: two do not tell how far seeds differ


@dataclass(frozen=True)
class BestArm:
    """The arm with the narrowest gap, and by how much it narrows it elsewhere.

    Parameters
    ----------
    change : Interval or None
        What to report: change of the gap in % of the base's, below 0 where it is narrower. The
        mean of both directions, with an interval that holds both of theirs. None where a half does
        not show the base's gap to be above 0.
    chosen : tuple of str
        The arm that each half chose.
    told : tuple of Interval or None
        The change of that arm on the other half.
    naive_arm : str
        The arm with the narrowest gap on all samples and seeds.
    naive : Interval or None
        Its change there: what a table shows, and too good.
    seeds_parted : bool
        Whether seeds were parted, too; of fewer than six they are not, and what is told is then of
        these very trainings.
    """

    change: Interval | None
    chosen: tuple[str, str]
    told: tuple[Interval | None, Interval | None]
    naive_arm: str
    naive: Interval | None
    seeds_parted: bool


def best_arm(
    predictions: Sequence[Predictions],
    base_arm: str,
    gap: str = "recall_max_min",
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> BestArm:
    """Choose the arm whose gap is narrowest on one half, tell its change on the other, and back.

    Parameters
    ----------
    predictions : sequence of Predictions
        One for each arm and seed, all of one part, of one class a sample; the part is judged as it
        is.
    base_arm : str
        What the others are compared with.
    gap : str
        Which gap is to be narrow: any between classes but "easy_hard", whose sign is no quality.
    n_resamples : int
        Redraws for the intervals.
    seed : int
        Of the halves and the redraws. Halves go by id, not by the order of rows.

    Raises
    ------
    DataError
        If the base arm is not there or alone, a class has fewer than two samples, or samples have
        several labels.
    MismatchError
        If samples, truth, classes or part differ between predictions, or an arm lacks a seed.
    ParameterError
        If the gap is unknown, or a number lies outside its range.

    Notes
    -----
    Half of the samples and seeds tell less than all: the interval is wider than the naive one,
    which is what honesty about the choice costs. Where the halves choose different arms, the mean
    speaks of the rule "take the narrowest", not of one arm.
    """
    check_choice(gap, "gap", "best_arm", GAP_METRICS)
    arms = by_arm(list(predictions))
    if base_arm not in arms:
        raise DataError(
            f"There is no arm {base_arm!r} to compare with.", hint=did_you_mean(base_arm, arms)
        )
    if len(arms) < 2:
        raise DataError(f"There is no arm beside {base_arm!r} to choose.")
    parts = _halves(predictions[0], seed)
    n_seeds = len(arms[base_arm])
    parted = n_seeds >= _SEEDS
    middle = n_seeds // 2
    groups = (slice(0, middle), slice(middle, None)) if parted else (slice(None), slice(None))

    def change(arm: str, samples: np.ndarray, models: slice) -> Interval | None:
        mine, base = ([_of(one, samples) for one in arms[name][models]] for name in (arm, base_arm))
        return relative_gaps(mine, base, (gap,), n_resamples=n_resamples, seed=seed)[gap]

    others = {arm: models for arm, models in arms.items() if arm != base_arm}
    everything = np.ones(len(predictions[0]), dtype=bool)
    naive = _narrowest(others, gap, everything, slice(None))
    chosen, told = [], []
    for here, there in ((0, 1), (1, 0)):
        chosen.append(_narrowest(others, gap, parts[here], groups[here]))
        told.append(change(chosen[-1], parts[there], groups[there]))
    return BestArm(
        _together(told[0], told[1]),
        (chosen[0], chosen[1]),
        (told[0], told[1]),
        naive,
        change(naive, everything, slice(None)),
        parted,
    )


def _halves(first: Predictions, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which samples are in either half, bool of shape (n,): of each class half the ids."""
    if first.multi_label:
        raise DataError("best_arm parts samples class by class. Got several labels a sample.")
    sizes = np.bincount(first.truth, minlength=len(first.class_names))
    few = np.flatnonzero(sizes == 1)
    if len(few):
        raise DataError(
            f"best_arm needs a sample of each class in both halves. The class "
            f"{first.class_names[few[0]]!r} has one in all.",
            hint="leave out samples of such classes.",
        )
    order = np.lexsort((uniform_by_id(first.ids, seed, purpose="halves"), first.truth))
    rank = np.empty(len(first), dtype=np.int64)
    rank[order] = np.arange(len(first)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    mine = rank < (sizes[first.truth] + first.truth % 2) // 2  # odd ones go here and there in turn
    return mine, ~mine


def _narrowest(
    arms: dict[str, list[Predictions]], gap: str, samples: np.ndarray, models: slice
) -> str:
    """Return the arm whose gap, the mean of its seeds', is smallest; of equals the first."""

    def mean(arm: str) -> float:
        return float(
            np.mean(
                [
                    GAP_METRICS[gap](
                        count(one.truth[samples], one.predicted[samples], len(one.class_names))
                    )
                    for one in arms[arm][models]
                ]
            )
        )

    return min(arms, key=mean)


def _of(one: Predictions, samples: np.ndarray) -> Predictions:
    if samples.all():
        return one
    return replace(one, ids=one.ids[samples], truth=one.truth[samples], logits=one.logits[samples])


def _together(one: Interval | None, other: Interval | None) -> Interval | None:
    if one is None or other is None:
        return None
    mean = (one.mean + other.mean) / 2
    return Interval(mean, min(one.low, other.low), max(one.high, other.high))
