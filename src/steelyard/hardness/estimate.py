"""From training dynamics to hardness: each score averaged over runs, with its spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard._support.validation import did_you_mean
from steelyard.hardness.registry import SCORES
from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics
from steelyard.records.hardness import Hardness

_ALL = tuple(score.name for score in SCORES)


def estimate(dynamics: Dynamics, names: Sequence[str] = _ALL) -> dict[str, Hardness]:
    """Return the hardness of every sample by each named score.

    Runs are averaged plainly, on the score's own scale: not on ranks, not on logits.

    Parameters
    ----------
    dynamics : Dynamics
        What training recorded.
    names : sequence of str
        Names of `SCORES`; all of them by default.

    Returns
    -------
    dict of str to Hardness
        In the order of the names. The spread is the standard deviation over runs with
        n_runs - 1 in the denominator; NaN where there is one run.

    Raises
    ------
    ParameterError
        If there is no such score (with the nearest names), or the names are one text.
    """
    if isinstance(names, str):
        raise ParameterError(
            "The 'names' parameter of estimate must be a sequence of names. "
            f"Got {names!r} instead.",
            hint=f"write ({names!r},).",
        )
    return {name: _average(_score_named(name), dynamics) for name in names}


def _score_named(name: str) -> Score:
    by_name = {score.name: score for score in SCORES}
    if name not in by_name:
        raise ParameterError(f"There is no score {name!r}.", hint=did_you_mean(name, by_name))
    return by_name[name]


def _average(score: Score, dynamics: Dynamics) -> Hardness:
    by_run = score.compute(dynamics)
    one_run = dynamics.n_runs == 1
    spread = np.full(by_run.shape[1], np.nan) if one_run else by_run.std(axis=0, ddof=1)
    return Hardness(
        score.name,
        dynamics.ids,
        dynamics.labels,
        dynamics.class_names,
        by_run.mean(axis=0),
        spread,
        dynamics.n_runs,
        dynamics.data_fingerprint,
    )
