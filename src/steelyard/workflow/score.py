"""The verb `score`: hardness of every sample, averaged over runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steelyard._support.progress import Progress, silent
from steelyard._support.validation import check_choice, check_integer
from steelyard.datasets import load
from steelyard.hardness import SCORES, estimate
from steelyard.records.hardness import Hardness
from steelyard.records.recipe import Recipe
from steelyard.workflow.engines import Engine
from steelyard.workflow.evidence import gather, plain_scores
from steelyard.workflow.plan import training_part
from steelyard.workflow.probes import probe_recipe

_ALL = tuple(one.name for one in SCORES)
_PLAIN = plain_scores()


def score(
    data: Any,
    target: Any = None,
    *,
    estimators: Sequence[str] = _PLAIN,
    runs: int = 5,
    probe: str | Recipe | None = None,
    seed: int = 0,
    run: str | Path | None = None,
    fresh: bool = False,
    engine: str | Engine = "local",
    device: str = "cpu",
    progress: Progress = silent,
) -> dict[str, Hardness]:
    """Score how hard each sample is to learn; what the scores read is trained, once for all.

    Parameters
    ----------
    data, target
        What `steelyard.load` takes. Of split data the training part is scored, else all rows.
    estimators : sequence of str
        Names of scores; by default all that plain trainings give. Others take trainings of their
        own, which `steelyard.workflow.evidence.gather` tells.
    runs : int
        Trainings to average; one run shows no spread.
    probe : Recipe, {"mlp", "cnn", "trees", "xgboost"} or None
        How to train; None takes the probe that suits the data.
    seed : int
        From which every seed derives.
    run, fresh, engine
        As in `steelyard.weigh`.
    device : str
        Where networks train: "cpu", "cuda" or "cuda:N".
    progress : callable
        Told after each epoch of a network, and after each booster.

    Returns
    -------
    dict of str to Hardness
        By name, in the order asked for.

    Raises
    ------
    ParameterError
        If a name or number lies outside its range, or a score cannot be had of trees.
    DataError
        If the data cannot be read or trained on.
    ResourceError
        If the device is not there.
    OutputError
        If the run cannot be written.
    """
    check_integer(runs, "runs", "score", 1)
    check_integer(seed, "seed", "score", 0)
    for name in estimators:  # before the work, not after it
        check_choice(name, "estimators", "score", _ALL)
    part = training_part(load(data, target))
    recipe = probe_recipe(part, probe)
    records = gather(
        part,
        [one for one in SCORES if one.name in estimators],
        runs=runs,
        recipe=recipe,
        seed=seed,
        run=run,
        fresh=fresh,
        engine=engine,
        device=device,
        progress=progress,
    )
    return estimate(records[0], estimators)
