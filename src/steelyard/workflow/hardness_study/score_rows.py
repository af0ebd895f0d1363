"""Figures of the scores: class by class, against each other, and against the number of models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from scipy.special import stdtrit
from scipy.stats import rankdata, spearmanr

from steelyard._support.seeding import generator, uniform_by_id
from steelyard.hardness import nested_changes, stability
from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.records.labelled import Labelled
from steelyard.workflow.hardness_study.scored import Scored
from steelyard.workflow.rows import Rows

_RESAMPLES = 1000  # ours
_COMPARED = 3  # estimators of which stability is told: those of version 1 of the paper
_LEFT_OUT = 10  # models that the jackknife leaves out in turn
_FEWEST_CLASSES = 3  # two correlate wholly, whatever they are


def add_class_scores(
    rows: Rows, scored: Scored, train: Labelled, protocol: HardnessProtocol
) -> None:
    """Add the mean score of each class, and its rank among the classes, 1 the hardest.

    Intervals are over models: Student's t of the means, and the percentiles of the ranks when
    models are drawn anew.
    """
    present = np.flatnonzero(train.class_counts)
    for name in protocol.estimators:
        means = class_means_by_run(scored.by_run[name], train)[:, present]
        half = stdtrit(len(means) - 1, 0.975) * means.std(axis=0, ddof=1) / np.sqrt(len(means))
        draws = generator(protocol.seed, purpose="class ranks", estimator=name).integers(
            len(means), size=(_RESAMPLES, len(means))
        )
        redrawn = np.array([rankdata(-means[draw].mean(axis=0)) for draw in draws])
        ranks, ends = rankdata(-means.mean(axis=0)), np.quantile(redrawn, [0.025, 0.975], axis=0)
        for place, code in enumerate(present):
            mean, spread = means[:, place].mean(), means[:, place].std()
            rows.add(
                f"score/{name}/class={code}",
                mean,
                spread,
                mean - half[place],
                mean + half[place],
                len(means),
            )
            rows.add(
                f"score/{name}/rank/class={code}", ranks[place], redrawn[:, place].std(),
                float(ends[0, place]), float(ends[1, place]), len(means),
            )  # fmt: skip


def add_agreements(rows: Rows, scored: Scored, train: Labelled, protocol: HardnessProtocol) -> None:
    """Add how far two estimators agree: rank correlations, and the sets that pruning leaves out.

    Of means over all models. Intervals leave one model out at a time (the jackknife), Student's t.
    """
    for one, other in combinations(protocol.estimators, 2):
        left, right = scored.by_run[one], scored.by_run[other]
        name = f"{one}~{other}"

        def of(
            chosen: np.ndarray, left: np.ndarray = left, right: np.ndarray = right
        ) -> np.ndarray:
            return _agreement(
                left[chosen].mean(axis=0), right[chosen].mean(axis=0), train, protocol.thresholds
            )

        everyone = np.arange(len(left))
        value = of(everyone)
        half = jackknife_half(of, everyone)
        for place, what in enumerate(("samples", "classes")):
            low = max(value[place] - half[place], -1.0)
            high = min(value[place] + half[place], 1.0)
            rows.add(f"agreement/{name}/{what}", value[place], np.nan, low, high, len(left))
        for place, share in enumerate(protocol.thresholds, 2):
            low = 100 * max(value[place] - half[place], 0.0)
            high = 100 * min(value[place] + half[place], 1.0)
            key = f"overlap/{name}/pruned={share:g}"
            rows.add(key, 100 * value[place], np.nan, low, high, len(left), "%")


def add_stability(rows: Rows, scored: Scored, train: Labelled, protocol: HardnessProtocol) -> None:
    """Add how the pruned sets and the order of samples and classes change with the models.

    Nested ensembles differ by one model, disjoint ones have none in common
    (`steelyard.hardness.stability`).
    """
    names = protocol.estimators[:_COMPARED]
    for name in names:
        found = stability(
            scored.by_run[name], train.labels, train.ids, name=name,
            thresholds=protocol.thresholds, seed=protocol.seed,
        )  # fmt: skip
        sets = found.sets[found.sets["side"] == "easiest"]
        for row in sets.itertuples(index=False):
            key = f"stability/{name}/{row.kind}/runs={row.runs}/pruned={row.threshold:g}"
            ends = 100 * row.change_low, 100 * row.change_high
            rows.add(f"{key}/change", 100 * row.change, np.nan, *ends, found.n_runs, "%")
            rows.add(f"{key}/by-chance", row.by_chance, n_runs=found.n_runs)
        for row in found.correlations.itertuples(index=False):
            key = f"stability/{name}/{row.kind}/runs={row.runs}/{row.level}"
            rows.add(key, row.spearman, np.nan, row.low, row.high, found.n_runs)
    for one, other in combinations(names, 2):
        pair = [scored.by_run[name] for name in (one, other)]

        def difference(chosen: np.ndarray, pair: Sequence[np.ndarray] = pair) -> np.ndarray:
            changes = [
                nested_changes(
                    values[chosen], train.ids, thresholds=protocol.thresholds, seed=protocol.seed
                )
                for values in pair
            ]
            return np.array([changes[0] - changes[1]])

        everyone = np.arange(len(pair[0]))
        (value,), (half,) = difference(everyone), jackknife_half(difference, everyone)
        key = f"stability/{one}-minus-{other}/change"
        ends = 100 * (value - half), 100 * (value + half)
        rows.add(key, 100 * value, np.nan, *ends, len(everyone), "points")


def add_published_order(
    rows: Rows, scored: Scored, train: Labelled, protocol: HardnessProtocol, shares: np.ndarray
) -> None:
    """Add how the hardness of the classes agrees with shares that were published as safe to prune.

    The rank correlation of the classes' mean score with minus the shares; models are drawn anew
    for the interval.

    Parameters
    ----------
    shares : ndarray of shape (K,)
        The larger, the easier the class.
    """
    means = class_means_by_run(scored.by_run[protocol.estimators[0]], train)
    draws = generator(protocol.seed, purpose="published order").integers(
        len(means), size=(_RESAMPLES, len(means))
    )
    redrawn = [_spearman(means[draw].mean(axis=0), -shares) for draw in draws]
    low, high = np.quantile(redrawn, [0.025, 0.975])
    value = _spearman(means.mean(axis=0), -shares)
    rows.add("agreement/published/classes", value, np.nan, float(low), float(high), len(means))


def class_means_by_run(by_run: np.ndarray, train: Labelled) -> np.ndarray:
    """Return the mean score of each class in each run, (runs, K); NaN of a class without samples.

    Parameters
    ----------
    by_run : ndarray of shape (runs, n)
        A score.
    """
    counts = train.class_counts
    sums = np.stack([
        np.bincount(train.labels, weights=values, minlength=len(counts)) for values in by_run
    ])  # fmt: skip
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _agreement(
    left: np.ndarray, right: np.ndarray, train: Labelled, thresholds: Sequence[float]
) -> np.ndarray:
    """Return both rank correlations, then Jaccard's index of the easiest at each threshold."""
    means = class_means_by_run(np.stack([left, right]), train)[:, train.class_counts > 0]
    of_classes = _spearman(*means) if means.shape[1] >= _FEWEST_CLASSES else np.nan
    places = []
    for number, values in enumerate((left, right)):  # ties are broken by each score for itself
        draws = uniform_by_id(train.ids, number, purpose="overlap of estimators")
        place = np.empty(len(values), dtype=np.int64)
        place[np.lexsort((draws, values))] = np.arange(len(values))
        places.append(place)
    later = np.maximum(*places)
    overlaps = []
    for share in thresholds:
        size = int(share * len(left))
        both = int(np.count_nonzero(later < size))
        either = 2 * size - both
        overlaps.append(both / either if either else np.nan)
    return np.array([_spearman(left, right), of_classes, *overlaps])


def jackknife_half(of: Callable[[np.ndarray], np.ndarray], everyone: np.ndarray) -> np.ndarray:
    """Return half of the 95 % interval of a function of the models that take part."""
    n = len(everyone)
    left_out = (
        everyone if n <= _LEFT_OUT else everyone[np.linspace(0, n - 1, _LEFT_OUT).astype(int)]
    )
    if n < _FEWEST_CLASSES:
        return np.full(np.shape(of(everyone)), np.nan)
    without = np.stack([of(everyone[everyone != one]) for one in left_out])
    error = np.sqrt(without.var(axis=0, ddof=1) * (n - 1) ** 2 / n)
    return np.asarray(stdtrit(len(left_out) - 1, 0.975) * error)


def _spearman(left: np.ndarray, right: np.ndarray) -> float:
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return float("nan")
    return float(spearmanr(left, right).statistic)
