"""How much a figure leans on each sample: what it gains by one more of the kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from steelyard.evaluation.count_metrics import Metric
from steelyard.evaluation.counts import Counts
from steelyard.evaluation.resamples import Patterns

_STEP = 1e-4  # of a sample: how far one is made heavier to see what follows
_BLOCK = 2**21  # counts at a time


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
    base = patterns.expected()
    now = under(base)
    figures = {name: measure(now) for name, measure in measures.items()}
    blocks: dict[str, list[np.ndarray]] = {name: [] for name in measures}
    n_patterns = len(patterns.sizes)
    step = max(_BLOCK // (base.n_classes * len(patterns.tables)), 1)
    for start in range(0, n_patterns, step):
        stop = min(start + step, n_patterns)
        heavier = under(patterns.heavier(base, start, stop, _STEP))
        for name, measure in measures.items():
            gained = (measure(heavier) - figures[name][:, np.newaxis]) / _STEP
            blocks[name].append(join(gained))
    return {name: np.nan_to_num(np.concatenate(mine)) for name, mine in blocks.items()}
