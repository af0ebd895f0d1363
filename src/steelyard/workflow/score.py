"""The verb `score`: hardness of every sample, averaged over runs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.progress import Progress, silent
from steelyard._support.validation import check_choice, check_integer
from steelyard.datasets import load
from steelyard.hardness import SCORES, estimate
from steelyard.records.dynamics import Dynamics
from steelyard.records.recipe import Recipe
from steelyard.records.run_folder import require_no_weighing
from steelyard.workflow.adaptive import check_adaptive, gather_until, kept
from steelyard.workflow.engines import Engine
from steelyard.workflow.evidence import gather, plain_scores, require_gathered
from steelyard.workflow.plan import training_part
from steelyard.workflow.probes import probe_recipe
from steelyard.workflow.scores import Scores

_ALL = tuple(one.name for one in SCORES)
_PLAIN = plain_scores()


def score(
    data: Any,
    target: Any = None,
    *,
    estimators: Sequence[str] = _PLAIN,
    runs: int = 5,
    until: float | None = None,
    share: float = 0.1,
    most_runs: int = 40,
    probe: str | Recipe | None = None,
    seed: int = 0,
    run: str | Path | None = None,
    fresh: bool = False,
    engine: str | Engine = "local",
    device: str = "cpu",
    progress: Progress = silent,
) -> Scores:
    """Score how hard each sample is to learn; what the scores read is trained, once for all.

    Parameters
    ----------
    data, target
        What `steelyard.load` takes. Of split data the training part is scored, else all rows.
    estimators : sequence of str
        Names of scores; by default all that plain trainings give. Others take trainings of their
        own, which `steelyard.workflow.evidence.gather` tells. Those of inversions cannot be had so:
        their page in docs/scores says how.
    runs : int
        Trainings to average; one run shows no spread.
    until : float, optional
        Train more runs, as many again each time, until two halves of them have this share of
        their hardest samples in common by the first score; averaged over many ways to halve them,
        which is cautious: two ensembles of all of them would share more.
    share : float
        With ``until``: the share of all samples that is the hardest.
    most_runs : int
        With ``until``: where it ends in any case; `Scores.growth` says how it ended.
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
    Scores
        A mapping of names to `Hardness`, in the order asked for, that also tells how hard classes
        are, how stable the scores and whether they agree.

    Raises
    ------
    ParameterError
        If a name or number lies outside its range, or a score cannot be had of trees or of any
        training that this verb knows (with what to do instead).
    DataError
        If the data cannot be read or trained on.
    ResourceError
        If the device is not there.
    OutputError
        If the run cannot be written.
    """
    check_integer(runs, "runs", "score", 1)
    check_integer(seed, "seed", "score", 0)
    if isinstance(estimators, str):
        raise ParameterError(
            "The 'estimators' parameter of score must be a sequence of names. "
            f"Got {estimators!r} instead.",
            hint=f"write ({estimators!r},).",
        )
    for name in estimators:  # before the work, not after it
        check_choice(name, "estimators", "score", _ALL)
    asked = [one for one in SCORES if one.name in estimators]
    require_gathered(asked)
    if not estimators:
        raise ParameterError("The 'estimators' parameter of score must name one. Got none.")
    if until is not None:
        check_adaptive(estimators[0], until, share, runs, most_runs)
    require_no_weighing(run)
    part = training_part(load(data, target))
    part.require_single_label("score")
    part.require_inputs("score")
    recipe = probe_recipe(part, probe)
    with contextlib.ExitStack() as stack:
        folder = run if until is None else stack.enter_context(kept(run))

        def of_runs(total: int, grown_from: Sequence[int] = ()) -> list[Any]:
            return gather(
                part,
                asked,
                runs=total,
                recipe=recipe,
                grown_from=grown_from,
                seed=seed,
                run=folder,
                fresh=fresh and not grown_from,
                engine=engine,
                device=device,
                progress=progress,
            )

        growth = None
        if until is None:
            records = of_runs(runs)
        else:
            records, growth = gather_until(
                of_runs,
                estimators[0],
                until=until,
                share=share,
                runs=runs,
                most_runs=most_runs,
                seed=seed,
            )
    trained = any(isinstance(one, Dynamics) for one in records)
    return Scores(
        estimate(records, estimators), tuple(records), growth, seed, recipe if trained else None
    )
