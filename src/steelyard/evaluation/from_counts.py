"""Metrics of decisions, bootstrapped: the same redrawn samples for every arm, decision and seed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from types import MappingProxyType

import numpy as np

from steelyard.evaluation.count_metrics import (
    AVERAGES,
    CLASS_METRICS,
    RANGES,
    Metric,
    n_counted,
)
from steelyard.evaluation.counts import Counts, joined, under_prevalence
from steelyard.evaluation.crossed import crossed_estimate, reflected_ends, share_ends
from steelyard.evaluation.deployments import Deployment
from steelyard.evaluation.evidence import OfResamples
from steelyard.evaluation.figure import Ends, Figure
from steelyard.evaluation.gaps import easy_hard, mad, max_min, standard_deviation, top_bottom
from steelyard.evaluation.resamples import Patterns
from steelyard.evaluation.samples_behind import samples_behind

# Of recall and of precision; the average is balanced accuracy and macro precision.
GAPS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = MappingProxyType(
    {
        "max_min": max_min,
        "top_bottom": top_bottom,
        "standard_deviation": standard_deviation,
        "mad": mad,
    }
)
GAPS_OF = ("recall", "precision")
EASY_HARD = "easy_hard"
_STEP = 1e-4  # of a sample: how far one is made heavier to see what follows
_KEPT = 2**25  # drawn numbers that are kept rather than drawn again
_BLOCK = 2**21  # counts at a time


@dataclass(frozen=True, eq=False)
class Redrawn:
    """The different samples of a part, for all models that are compared, and their redraws.

    Parameters
    ----------
    patterns : Patterns
        With one table a model.
    prevalence : ndarray of shape (K,) or None
        Of several labels, the share of samples with each where the models are deployed.
    n_resamples, seed : int
        Of the redraws.
    """

    patterns: Patterns
    prevalence: np.ndarray | None
    n_resamples: int
    seed: int

    @classmethod
    def of(
        cls,
        truth: np.ndarray,
        predicted: Sequence[np.ndarray],
        n_classes: int,
        deployment: Deployment,
        n_resamples: int,
        seed: int,
    ) -> Redrawn:
        """Find the different samples; ``predicted`` holds what each model called."""
        labels = truth.ndim == 2
        patterns = Patterns.of(
            truth, predicted, n_classes, deployment.strata, deployment.tested_shares
        )
        return cls(patterns, deployment.prior if labels else None, n_resamples, seed)

    @cached_property
    def _kept(self) -> list[np.ndarray] | None:
        if len(self.patterns.sizes) * self.n_resamples > _KEPT:
            return None
        return list(self.patterns.drawn(self.n_resamples, self.seed))

    def drawn(self) -> Iterator[np.ndarray]:
        """Yield how often each pattern is drawn, (P, b), the same at each call."""
        yield from self._kept or self.patterns.drawn(self.n_resamples, self.seed)

    def models(self, rows: slice) -> Patterns:
        """Return the patterns with the tables of some models alone."""
        return replace(self.patterns, tables=self.patterns.tables[rows])

    def under(self, counts: Counts) -> Counts:
        """Return counts of labels as frequent as in deployment; classes are weighed already."""
        return counts if self.prevalence is None else under_prevalence(counts, self.prevalence)


def counted(
    redrawn: Redrawn,
    rows: slice,
    metrics: Collection[str],
    class_metrics: Collection[str],
    easy: Sequence[int] = (),
    hard: Sequence[int] = (),
) -> tuple[dict[str, Figure], dict[str, list[Ends]]]:
    """Return the metrics of decisions, overall and of each class, of one arm's models.

    Parameters
    ----------
    redrawn : Redrawn
        Of all models.
    rows : slice
        Which models are this arm's, one a seed.
    metrics, class_metrics : collection of str
        What is wanted, of which others are left to others.
    easy, hard : sequence of int
        Codes of the classes that are compared as such.
    """
    measures = {name: _measure(name, easy, hard) for name in metrics if _is_counted(name)}
    of_classes = {name: CLASS_METRICS[name] for name in class_metrics if name in CLASS_METRICS}
    if not measures and not of_classes:
        return {}, {}
    patterns = redrawn.models(rows)
    now = redrawn.under(patterns.counts())
    blocks: list[list[Counts]] = [[] for _ in patterns.tables]
    for weights in redrawn.drawn():
        for mine, table in zip(blocks, patterns.tables, strict=True):
            mine.append(redrawn.under(table.count(weights)))
    many = [joined(mine) for mine in blocks]
    squares = redrawn.under(patterns.weighing(patterns.worth).counts())

    def behind(name: str) -> np.ndarray:
        return samples_behind(name, now, squares).mean(axis=0)

    overall, by_class = {}, {}
    influences = _influences(redrawn, patterns, measures, now)
    for name, measure in measures.items():
        of_seeds, drawn = measure(now), np.stack([measure(one) for one in many])
        evidence = OfResamples(of_seeds, drawn, influences[name], patterns.sizes, patterns.strata)
        estimates = evidence.estimates()
        if name in RANGES:
            ends = share_ends(estimates, behind(name), RANGES[name])
        else:
            ends = reflected_ends(estimates, drawn)
            if not name.endswith(EASY_HARD):  # a signed gap; the others cannot be below 0
                ends = np.clip(ends[0], 0.0, estimates.mean), np.minimum(ends[1], 1.0)
        level = float(estimates.mean), float(ends[0]), float(ends[1])
        overall[name] = Figure(evidence, level, _n_classes(name, now))
    for name, measure in of_classes.items():
        of_seeds, drawn = measure(now), np.stack([measure(one) for one in many])
        estimates = crossed_estimate(of_seeds, drawn)
        low, high = share_ends(estimates, behind(name), RANGES[name])
        by_class[name] = list(
            zip(estimates.mean.tolist(), low.tolist(), high.tolist(), strict=True)
        )
    return overall, by_class


def _influences(
    redrawn: Redrawn, patterns: Patterns, measures: Mapping[str, Metric], now: Counts
) -> dict[str, np.ndarray]:
    """Return what the seeds' mean metrics gain by one more sample of each pattern, (P,) each."""
    base = patterns.counts()
    n_patterns, n_models = len(patterns.sizes), len(patterns.tables)
    found = {name: np.empty(n_patterns) for name in measures}
    figures = {name: measure(now) for name, measure in measures.items()}
    step = max(_BLOCK // (base.n_classes * n_models), 1)
    for start in range(0, n_patterns, step):
        stop = min(start + step, n_patterns)
        heavier = redrawn.under(patterns.heavier(base, start, stop, _STEP))
        for name, measure in measures.items():
            gained = (measure(heavier) - figures[name][:, np.newaxis]) / _STEP
            found[name][start:stop] = np.nan_to_num(gained).mean(axis=0)
    return found


def _is_counted(metric: str) -> bool:
    of, _, gap = metric.partition("_")
    return metric in AVERAGES or (of in GAPS_OF and gap in (*GAPS, EASY_HARD))


def _measure(metric: str, easy: Sequence[int], hard: Sequence[int]) -> Metric:
    if metric in AVERAGES:
        return AVERAGES[metric]
    of, _, name = metric.partition("_")
    gap = partial(easy_hard, easy=easy, hard=hard) if name == EASY_HARD else GAPS[name]
    return lambda counts: gap(CLASS_METRICS[of](counts))


def _n_classes(metric: str, counts: Counts) -> int:
    """Return how many classes a metric counts; of several seeds the most."""
    if metric in AVERAGES:
        return int(n_counted(metric, counts).max())
    of = CLASS_METRICS[metric.partition("_")[0]](counts)
    return int((~np.isnan(of)).sum(axis=-1).max())
