"""How much a figure leans on each sample: what it gains by one more of the kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from steelyard.evaluation.count_metrics import Metric
from steelyard.evaluation.counts import Counts, joined
from steelyard.evaluation.crossed import seeds_mean
from steelyard.evaluation.resamples import Patterns

_STEP = 1e-4  # of a sample: how far one is made heavier to see what follows
_BLOCK = 2**21  # counts at a time
_ROUNDING = 1e-9  # of a sample's gain: what lies below is none


def influences(
    patterns: Patterns,
    measures: Mapping[str, Metric],
    under: Callable[[Counts], Counts],
    join: Callable[[np.ndarray], np.ndarray],
) -> dict[str, np.ndarray]:
    """Return what figures gain by one more sample of each pattern, by differences.

    At the counts about which the resamples scatter, pseudo-samples included: there no two classes
    are tied for the worst because each has but a sample or two.

    Parameters
    ----------
    patterns : Patterns
        With one table a model.
    measures : mapping of str to callable
        Functions of counts.
    under : callable
        What the counts become where the models are deployed.
    join : callable
        From the models' gains (M, b, ...) to the figure's (b, ...): the mean of seeds, say.

    Returns
    -------
    dict of str to ndarray of shape (P, ...)
        0 where a figure has no data.

    References
    ----------
    Hampel (1974), JASA 69(346), the influence curve.
    """
    blocks: dict[str, list[np.ndarray]] = {name: [] for name in measures}
    for gains in _gains(patterns, measures, under):
        for name, gained in gains.items():
            blocks[name].append(join(gained))
    return {name: np.nan_to_num(np.concatenate(mine)) for name, mine in blocks.items()}


def class_influences(
    patterns: Patterns, measures: Mapping[str, Metric], under: Callable[[Counts], Counts]
) -> dict[str, Any]:
    """Return what the seeds' mean figure of each class gains by one more sample of each pattern.

    A sample moves the precision of what it is called and the F1 of its class, and no other: of many
    classes nearly all gains are 0.

    Parameters
    ----------
    patterns, measures, under
        As in `influences`; each measure gives one figure a class.

    Returns
    -------
    dict of str to scipy.sparse.csc_array of shape (P, K)
    """
    blocks: dict[str, list[Any]] = {name: [] for name in measures}
    for gains in _gains(patterns, measures, under):
        for name, gained in gains.items():
            mean = np.nan_to_num(seeds_mean(gained))
            blocks[name].append(sparse.csr_array(np.where(np.abs(mean) < _ROUNDING, 0.0, mean)))
    return {name: sparse.vstack(mine).tocsc() for name, mine in blocks.items()}


def _gains(
    patterns: Patterns, measures: Mapping[str, Metric], under: Callable[[Counts], Counts]
) -> Iterator[dict[str, np.ndarray]]:
    """Yield, block after block of patterns, what each model's figures gain, (M, b, ...).

    Told by one of each kind of pattern that the model counts alike.
    """
    base = patterns.expected()
    now = under(base)
    figures = {name: measure(now) for name, measure in measures.items()}
    n_patterns, n_models = len(patterns.sizes), len(patterns.tables)
    step = max(_BLOCK // (base.n_classes * n_models), 1)
    for start in range(0, n_patterns, step):
        stop = min(start + step, n_patterns)
        kinds = [alike(patterns, model, start, stop) for model in range(n_models)]
        moved = under(
            joined(
                [
                    heavier(patterns, base, model, places, _STEP)
                    for model, (places, _) in enumerate(kinds)
                ]
            )
        )
        model_of = np.repeat(np.arange(n_models), [len(places) for places, _ in kinds])
        before = np.searchsorted(model_of, np.arange(n_models))
        kind = np.stack([first + mine for first, (_, mine) in zip(before, kinds, strict=True)])
        yield {
            name: ((measure(moved) - figures[name][model_of]) / _STEP)[kind]
            for name, measure in measures.items()
        }


def heavier(patterns: Patterns, base: Counts, model: int, places: np.ndarray, by: float) -> Counts:
    """Return the counts (b, K) of one model with one pattern each a bit heavier.

    Parameters
    ----------
    patterns : Patterns
        With one table a model.
    base : Counts
        What their `counts` or `expected` gives.
    model : int
        Which model.
    places : ndarray of int, shape (b,)
        The patterns.
    by : float
        How many samples are added to each.
    """
    table = patterns.tables[model]
    hits, called, present = (
        now[model] + by * one[:, places].toarray().T
        for now, one in (
            (base.hits, table.hits),
            (base.called, table.called),
            (base.present, table.present),
        )
    )
    total = present.sum(axis=-1)
    if base.multi_label:
        total = base.total[model] + by * _adds_to(patterns, places, base.n_classes)
    return Counts(hits, called, present, total, base.multi_label)


def alike(patterns: Patterns, model: int, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Return one of each kind of pattern that a model counts alike, and which kind each is.

    Of several labels each pattern is a kind of its own.
    """
    if patterns.tables[model].multi_label:
        places = np.arange(start, stop)
        return places, places - start
    code = patterns.strata[start:stop]
    for of in (patterns.tables[model].present, patterns.tables[model].called):
        code = code * of.shape[0] + of.indices[start:stop]
    _, first, kind = np.unique(code, return_index=True, return_inverse=True)
    return first + start, kind


def _adds_to(patterns: Patterns, places: np.ndarray, n_labels: int) -> np.ndarray:
    """Return what some patterns add to the total of each label, (b, n_labels)."""
    adds = np.repeat(patterns.worth[places, np.newaxis], n_labels, axis=1)
    if patterns.label is not None:
        about = places >= patterns.n_real
        mine = patterns.label[places[about] - patterns.n_real, np.newaxis]
        adds[about] = mine == np.arange(n_labels)
    return adds
