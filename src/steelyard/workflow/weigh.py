"""The verb `weigh`: from data to a verdict."""

from __future__ import annotations

import datetime
import platform
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard._support.progress import Progress, silent
from steelyard._support.validation import check_integer, check_real
from steelyard.datasets import load, split
from steelyard.evaluation import deployment_priors, evaluate
from steelyard.guards import audit
from steelyard.hardness import estimate, label_doubt, label_odds, sample_kinds, unopposed
from steelyard.records.costs import Costs
from steelyard.records.finding import Finding
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import PARTS, Labelled
from steelyard.records.recipe import Recipe
from steelyard.records.study import Arm, Study
from steelyard.records.verdict import PriorVerdict, Verdict
from steelyard.records.weighing import Weighing
from steelyard.workflow.classes import judge_classes
from steelyard.workflow.decide import decide
from steelyard.workflow.decide_costs import CLASS_WEIGHTS, decide_costs
from steelyard.workflow.engines import Engine
from steelyard.workflow.nearest import nearest_neighbours
from steelyard.workflow.out_of_fold import fold_members, joined_folds
from steelyard.workflow.probes import probe_recipe
from steelyard.workflow.study import RESAMPLED_BY, plan_of, train_study

DEGREES = (0.0, 0.25, 0.5, 0.75, 1.0)
SEEDS = 5
_GALLERY = 24  # samples shown of each kind
# Ours: so that looking for neighbours stays below the time of the trainings.
_NEIGHBOURS_AMONG = 20_000
# Other class shares in the part that judges do no harm here: every figure is re-weighed to a prior.
_RE_WEIGHED = ("G201", "G202")


def weigh(
    data: Any,
    target: Any = None,
    *,
    degrees: Sequence[float] = DEGREES,
    hardness_degrees: Sequence[float] = (),
    priors: Mapping[str, Any] | None = None,
    costs: Any = None,
    seeds: int = SEEDS,
    probe: str | Recipe | None = None,
    seed: int = 0,
    validation: float = 0.2,
    test: float = 0.2,
    run: str | Path | None = None,
    fresh: bool = False,
    engine: str | Engine = "local",
    device: str = "cpu",
    progress: Progress = silent,
) -> Weighing:
    """Weigh a data set: which classes and samples are hard, and whether to rebalance.

    The data are split once. A probe is trained for every degree of rebalancing and every
    repetition. The degree is chosen on the validation part; what is stated comes from the test
    part, under every deployment prior, beside the control of natural training with the prior
    corrected afterwards.

    Parameters
    ----------
    data, target
        What `steelyard.load` takes.
    degrees : sequence of float
        How far to rebalance by count, at constant size; 0 is always among them.
    hardness_degrees : sequence of float, optional
        How far to resample by hardness too: harder classes get more samples, easier ones fewer,
        at constant size, by the safe ratios of the area under the margin that natural training
        recorded (`steelyard.resampling.by_hardness`). The arms are trained after the others. The
        better way, and its degree, is chosen on the validation part. A degree that would empty a
        class is cut there, with a warning.
    priors : mapping of str to (mapping of class name to weight, or array), optional
        Deployment priors by name, the most important first. "train" and "uniform" are always
        judged; name them with the value None to place them first.
    costs : Costs, or what `Costs.of` takes, optional
        What decisions cost. The verdict is then given in cost too: of every arm, of one more that
        weighs classes in the loss in full, and of every rule of decision (`cost_report`), the
        cheapest on validation.
    seeds : int
        Repetitions of each degree.
    probe : Recipe, {"mlp", "cnn", "trees", "xgboost"} or None
        How to train; None takes the probe that suits the data.
    seed : int
        From which every seed derives. Equal data and seed give an equal verdict.
    validation, test : float
        Shares of the parts that the data do not bring along.
    run : path, optional
        A folder that keeps every finished training: a weighing that was stopped goes on from
        there, to the same bits. `Weighing.save` may write into it. None keeps nothing.
    fresh : bool
        Forget what the run holds, and start over.
    engine : {"local", "ray"} or Engine
        Where trainings run; `steelyard.workflow.engines` has what can be told them.
    device : str
        Where networks train: "cpu", "cuda" or "cuda:N".
    progress : callable
        Told after each epoch of a network, and after each booster.

    Returns
    -------
    Weighing
        Every record; ``print(weighing)`` gives the verdict in words.

    Raises
    ------
    ParameterError
        If a number lies outside its range.
    DataError
        If the data cannot be read, split or trained on, or a prior or the costs do not fit the
        classes.
    ResourceError
        If the device is not there, or workers die of a training again and again.
    OutputError
        If the run cannot be written, or another process is at work in it on something else.
    """
    started, clock = datetime.datetime.now(datetime.UTC), time.monotonic()
    check_integer(seeds, "seeds", "weigh", 1)
    check_integer(seed, "seed", "weigh", 0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SteelyardWarning)
        given = load(data, target)
        given.require_single_label("weigh")
        given.require_inputs("weigh")
        parted = split(given, validation=validation, test=test, seed=seed)
        guarded = [one for one in audit(parted, quick=True).findings if one.code not in _RE_WEIGHED]
        stated = None if costs is None else Costs.of(costs, parted.class_names)
    notes = _pass_on(caught)
    _warn_of(guarded)
    parts = [parted.part(part) for part in PARTS]
    train_part = parts[0]
    recipe = probe_recipe(train_part, probe)
    study = declare(
        degrees, recipe, seeds, seed, by_hardness=hardness_degrees, class_weights=stated is not None
    )
    # a prior that does not fit is refused before the work, not after it
    checked = deployment_priors(priors or {}, parted.class_names, train_part.prior)
    _require_judges(checked, parts[1:])
    predictions, dynamics, of_folds = train_study(
        study,
        train_part,
        parts[1:],
        also=fold_members(train_part, recipe, 0, seed=seed),
        run=run,
        fresh=fresh,
        engine=engine,
        device=device,
        progress=progress,
    )
    held_out, tested = ([one for one in predictions if one.split == part] for part in PARTS[1:])
    on_validation, on_test = (
        evaluate(part, priors, metrics=("accuracy", "log_loss"), class_metrics=("recall",))
        for part in (held_out, tested)
    )
    hardness = estimate(dynamics)
    notes += _cut(study, train_part, hardness[RESAMPLED_BY])
    out_of_fold = joined_folds(train_part, of_folds)
    near = nearest_neighbours(train_part, progress, _NEIGHBOURS_AMONG)
    # with one sample a class nothing can be left out, and nothing is known against any label
    odds = label_odds(out_of_fold, near) if out_of_fold else unopposed(near)
    doubt = label_doubt(hardness["el2n"], odds)
    kinds = sample_kinds(hardness, odds)
    natural = study.arms[0]
    answers = decide(study, on_validation, on_test)
    verdict = Verdict(
        parted.name,
        parted.fingerprint,
        answers[0].sentence,
        answers,
        judge_classes(train_part, natural.name, on_test, hardness["aum"], kinds),
        int((kinds == "suspect").sum()),
        int(np.isin(kinds, ("rare", "hard")).sum()),
        seed,
        None if stated is None else decide_costs(study, held_out, tested, stated, on_test.priors),
    )
    recommended = _recommended(study, answers[0])
    manifest = {
        "name": parted.name,
        "modality": parted.modality,
        "n": len(parted),
        **{f"n_{part}": len(one) for part, one in zip(PARTS, parts, strict=True)},
        "classes": list(parted.class_names),
        "fingerprint": parted.fingerprint,
        "seed": seed,
        "probe": recipe.to_dict(),
        "split": {
            "given": list(given.parts),
            "drawn": {
                part: share
                for part, share in (("validation", validation), ("test", test))
                if part not in given.parts
            },
        },
        "findings": [one.to_dict() for one in guarded],
        "warnings": notes,
        "command": None,
        "versions": _versions(),
        "started": started.isoformat(timespec="seconds"),
        "wall_seconds": round(time.monotonic() - clock, 1),
    }
    return Weighing(
        study,
        {**hardness, odds.name: odds, doubt.name: doubt},
        kinds,
        plan_of(recommended, study, 0, train_part, hardness[RESAMPLED_BY]),
        predictions,
        on_validation,
        on_test,
        verdict,
        train_part.take(_worth_a_look(hardness["aum"], doubt, kinds)),
        manifest,
    )


def declare(
    degrees: Sequence[float],
    recipe: Recipe,
    seeds: int,
    seed: int,
    *,
    by_hardness: Sequence[float] = (),
    class_weights: bool = False,
) -> Study:
    """Return the weighing as a study: one arm a degree, natural training first.

    Parameters
    ----------
    degrees, seeds, seed
        As in `weigh`.
    recipe : Recipe
        Of every arm.
    by_hardness : sequence of float
        The ``hardness_degrees`` of `weigh`; 0 is natural training, and no arm of its own.
    class_weights : bool
        Whether one more arm weighs the classes of the data as they are, in full.

    Raises
    ------
    ParameterError
        If a degree is no finite number of at least 0, or none rebalances; or if the recipe weighs
        classes, which the other arms do instead.
    """
    if recipe.class_weighting:
        raise ParameterError(
            "The 'probe' parameter of weigh must have a class_weighting of 0: its arms are ways to "
            f"weigh classes themselves. Got {recipe.class_weighting:g} instead.",
            hint="class weights are an arm of their own where costs are stated.",
        )
    checked = {check_real(degree, "degrees", "weigh", 0) + 0.0 for degree in degrees}  # no -0
    hard = {check_real(degree, "hardness_degrees", "weigh", 0) for degree in by_hardness} - {0.0}
    if not checked - {0.0} and not hard:
        raise ParameterError(
            "The 'degrees' parameter of weigh must hold a degree above 0. "
            f"Got {list(degrees)!r} instead.",
            hint="for instance 0,0.5,1.",
        )
    arms = tuple(Arm(f"degree={degree:g}", recipe, degree) for degree in sorted(checked | {0.0}))
    arms += tuple(
        Arm(f"hardness degree={degree:g}", recipe, degree, "hardness") for degree in sorted(hard)
    )
    if class_weights:
        arms += (Arm(CLASS_WEIGHTS, replace(recipe, class_weighting=1.0)),)
    return Study("weigh", arms, seeds, seed)


def _recommended(study: Study, answer: PriorVerdict) -> Arm:
    """Return the arm that the answer says to train by."""
    if answer.outcome != "rebalance":
        return study.arms[0]
    arms = study.by_hardness if answer.by == "hardness" else study.by_degree
    return next(arm for arm in arms if arm.degree == answer.degree)


def _cut(study: Study, train_part: Labelled, hardness: Hardness) -> list[str]:
    """Warn of degrees by hardness that bounds cut, and return what was said."""
    found = []
    for arm in study.by_hardness:
        held = " ".join(plan_of(arm, study, 0, train_part, hardness).notes)
        if held:
            found.append(f"Degree {arm.degree:g} by hardness cannot be met in full. {held}")
            warnings.warn(found[-1], SteelyardWarning, stacklevel=3)
    return found


def _worth_a_look(hardness: Hardness, doubt: Hardness, kinds: np.ndarray) -> np.ndarray:
    hardest, doubtful = hardness.hardest(len(kinds)), doubt.hardest(len(kinds))
    hard = hardest[np.isin(kinds[hardest], ("rare", "hard"))]
    suspect = doubtful[kinds[doubtful] == "suspect"]
    return np.concatenate([hard[:_GALLERY], suspect[:_GALLERY]])


def _require_judges(priors: Mapping[str, np.ndarray], held_out: Sequence[Labelled]) -> None:
    for part, (name, prior) in product(held_out, priors.items()):
        if not part.class_counts[prior > 0].any():
            raise DataError(
                f"The prior {name!r} holds only classes without {part.parts[0]} samples.",
                hint="give that part samples of them, or leave the prior out.",
            )


def _pass_on(caught: Sequence[warnings.WarningMessage]) -> list[str]:
    for one in caught:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return [str(one.message) for one in caught if issubclass(one.category, SteelyardWarning)]


def _warn_of(guarded: Sequence[Finding]) -> None:
    for one in guarded:
        if one.severity != "note":
            text = f"{one.message} Hint: {one.hint} ({one.code})"
            warnings.warn(text, SteelyardWarning, stacklevel=3)


def _versions() -> dict[str, str]:
    libraries = ("steelyard", "numpy", "scipy", "scikit-learn", "pandas", "torch")
    return {
        "python": platform.python_version(),
        **{library: metadata.version(library) for library in libraries},
    }
