"""Metrics of decisions, bootstrapped: the same redrawn samples for every arm, decision and seed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from steelyard.evaluation.count_ends import count_ends, with_data
from steelyard.evaluation.count_metrics import AVERAGES, CLASS_METRICS, Metric, n_counted
from steelyard.evaluation.counts import Counts, joined, under_prevalence
from steelyard.evaluation.crossed import seeds_mean
from steelyard.evaluation.deployments import Deployment
from steelyard.evaluation.evidence import OfClasses, OfResamples
from steelyard.evaluation.figure import Ends, Figure
from steelyard.evaluation.gap_metrics import GAP_METRICS, class_metric_of, easy_hard_metrics
from steelyard.evaluation.influence import class_influences, influences
from steelyard.evaluation.resamples import Patterns

_KEPT = 2**25  # drawn numbers that are kept rather than drawn again
# Of each class, what is compared by redraws; recall has a formula (`class_estimates`).
COMPARED = ("precision", "f1")


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
        cells: Sequence[int],
    ) -> Redrawn:
        """Find the different samples.

        ``predicted`` holds what each model called, ``cells`` of which arm and decision it is.
        """
        labels = truth.ndim == 2
        strata, shares = deployment.strata, deployment.tested_shares
        patterns = Patterns.of(truth, predicted, n_classes, strata, shares, cells)
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
    redrawn: Callable[[], Redrawn],
    rows: slice,
    metrics: Collection[str],
    class_metrics: Collection[str],
    easy: Sequence[int] = (),
    hard: Sequence[int] = (),
) -> tuple[dict[str, Figure], dict[str, list[Ends]], dict[str, OfClasses]]:
    """Return the metrics of decisions, overall and of each class, of one arm's models.

    And of each class what those of `COMPARED` rest on.

    Parameters
    ----------
    redrawn : callable
        Returns the redraws of all models.
    rows : slice
        Which models are this arm's, one a seed.
    metrics, class_metrics : collection of str
        What is wanted, of which others are left to others.
    easy, hard : sequence of int
        Codes of the classes that are compared as such.
    """
    known: dict[str, Metric] = {**AVERAGES, **GAP_METRICS, **easy_hard_metrics(easy, hard)}
    measures = {name: known[name] for name in metrics if name in known}
    of_classes = {name: CLASS_METRICS[name] for name in class_metrics if name in CLASS_METRICS}
    if not measures and not of_classes:
        return {}, {}, {}
    drawn_anew = redrawn()
    patterns = drawn_anew.models(rows)
    now = drawn_anew.under(patterns.counts())
    blocks: list[list[Counts]] = [[] for _ in patterns.tables]
    for weights in drawn_anew.drawn():
        for mine, one in zip(blocks, patterns.by_model(weights), strict=True):
            mine.append(drawn_anew.under(one))
    many = [joined(mine) for mine in blocks]
    about = drawn_anew.under(patterns.expected())

    def of_both(measure: Metric) -> tuple[np.ndarray, np.ndarray]:
        of_seeds = measure(now)
        drawn = np.stack([measure(one) for one in many])
        return of_seeds, with_data(of_seeds, drawn)

    overall, by_class, compared = {}, {}, {}
    leaning = influences(patterns, measures, drawn_anew.under, seeds_mean)
    for name, measure in measures.items():
        of_seeds, drawn = of_both(measure)
        evidence = OfResamples(of_seeds, drawn, leaning[name], patterns.weights, patterns.strata)
        low, high = count_ends(name, of_seeds, drawn, measure(about), evidence.freedom)
        level = float(seeds_mean(of_seeds)), float(low), float(high)
        overall[name] = Figure(evidence, level, _n_classes(name, now))
    paired = {name: of_classes[name] for name in COMPARED if name in of_classes}
    leaning = class_influences(patterns, paired, drawn_anew.under) if paired else {}
    for name, measure in of_classes.items():
        of_seeds, drawn = of_both(measure)
        if name in paired:
            rests_on = leaning[name], patterns.weights, patterns.strata
            compared[name] = OfClasses(of_seeds, drawn, *rests_on)
        ends = count_ends(name, of_seeds, drawn, measure(about))
        three = (one.tolist() for one in (seeds_mean(of_seeds), *ends))
        by_class[name] = list(zip(*three, strict=True))
    return overall, by_class, compared


def _n_classes(metric: str, counts: Counts) -> int:
    """Return how many classes a metric counts; of several seeds the most."""
    if metric in AVERAGES:
        return int(n_counted(metric, counts).max())
    return int((~np.isnan(class_metric_of(metric)(counts))).sum(axis=-1).max())
