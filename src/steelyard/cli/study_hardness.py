"""`steelyard study hardness-resampling` and `hardness-pruning`: what hard classes need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from steelyard._support.validation import check_choice
from steelyard.cli import options
from steelyard.cli.study_parts import (
    DataSets,
    Out,
    Scale,
    command_of,
    held_against,
    joined,
    kept,
    reads_data_sets,
    recipe_named,
    shown,
    told_of,
)
from steelyard.cli.terminal import print_table, progress_shown
from steelyard.records.figures import Figures
from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.records.labelled import Labelled
from steelyard.records.paper_study import PaperStudy
from steelyard.records.run_folder import require_no_weighing, require_own_folder
from steelyard.records.study_results import StudyResults
from steelyard.studies import STUDIES
from steelyard.studies.hardness_published import SAFE_SHARES
from steelyard.studies.hardness_resampling import FOR_COLOUR, SMALL_MLP
from steelyard.workflow.engines import choose_engine
from steelyard.workflow.hardness_study import study_hardness

_SMALL_SIDE = 16  # ours: pixels a side to which the small network's images are averaged down
# scales that train a ResNet as the paper does, and the marks of keys that its claims speak of
_FULL_SCALES = ("main", "paper")
_NETWORKS = ("resnet18", "resnet18-fast")
_PRINTED = ("accuracy", "recall/easy_hard", "recall/max_min")

RecipeName = Annotated[
    str | None,
    typer.Option(
        help="How networks train: resnet18 (as published), resnet18-fast, small-cnn, small-mlp, or "
        "a .json file of Recipe.save. By default resnet18 at scale paper, and at others small-cnn "
        "for colour images, averaged down, and small-mlp for all else.",
        show_default=False,
    ),
]
Shrink = Annotated[
    int | None,
    typer.Option(help="Average images over squares of so many pixels a side.", show_default=False),
]
Models = Annotated[
    int | None, typer.Option(help="Networks an arm; the scale's by default.", show_default=False)
]
Train = Annotated[
    int | None,
    typer.Option(
        "--train", help="Training samples that are drawn; the scale's by default.",
        show_default=False,
    ),
]  # fmt: skip


def _command(name: str, words: str) -> Callable[..., None]:
    """Return the command of one of the two studies, which take the same options."""

    def study(
        *,
        sets: DataSets,
        scale: Scale = "small",
        recipe: RecipeName = None,
        shrink: Shrink = None,
        models: Models = None,
        train: Train = None,
        out: Out = Path("steelyard-study"),
        seed: options.Seed = 0,
        device: options.Device = "cpu",
        engine: options.EngineName = "local",
        workers: options.Workers = None,
        address: options.Address = None,
        fresh: options.Fresh = False,
        json: options.Json = False,
    ) -> None:
        paper = STUDIES[name]
        protocol = paper.scales[check_choice(scale, "scale", "study", paper.scales)]
        chosen = {} if recipe is None else {"recipe": recipe_named(recipe, paper)}
        wanted = {
            **chosen,
            **({} if shrink is None else {"shrink": shrink}),
            **({} if models is None else {"n_models": models}),
            **({} if train is None else {"n_train": train}),
            "seed": seed,
        }
        folder = require_own_folder(out)
        require_no_weighing(folder)
        data, claimed = {}, []
        for key, labelled in sets.by_key(paper.built_in).items():
            own = _protocol_for(labelled, protocol, wanted)
            marked = _marked(key, labelled, own, paper)
            data[marked] = (labelled, own)
            if _is_claimed(marked, own, _protocol_for(labelled, protocol, chosen), paper):
                claimed.append(marked)
        measured: list[tuple[Figures, Labelled]] = []
        with choose_engine(engine, workers, address) as workers_there, progress_shown() as progress:
            for number, (key, (labelled, own)) in enumerate(data.items()):
                measured.append(
                    study_hardness(
                        labelled,
                        own,
                        study=name,
                        name=key,
                        safe_shares=_safe_shares(labelled),
                        run=folder,
                        fresh=fresh and number == 0,
                        engine=workers_there,
                        device=device,
                        progress=told_of(progress, key),
                    )
                )
        asked = {
            "--recipe": (recipe, None), "--shrink": (shrink, None),
            "--models": (models, None), "--train": (train, None), "--seed": (seed, 0),
        }  # fmt: skip
        figures = joined([one for one, _ in measured], command_of(name, scale, sets.sources, asked))
        hardest = dict(zip(data, (one for _, one in measured), strict=True))
        results = held_against(paper, figures, claimed, hardest=hardest)
        kept(results, folder, json, lambda: _print_changes(results, list(data)))

    study.__doc__ = words
    return reads_data_sets(study)


_DATA = "The paper's data set at hand is cifar10; the small study is of fashion-mnist, too."
hardness_resampling = _command(
    "hardness-resampling",
    "Give hard classes more samples and easy ones fewer, and see whether their gaps shrink.\n\n"
    + _DATA,
)
hardness_pruning = _command(
    "hardness-pruning",
    "Leave easy samples out, of the data set or of each class; or any, and resample the rest.\n\n"
    + _DATA,
)


def _protocol_for(
    data: Labelled, protocol: HardnessProtocol, wanted: dict[str, Any]
) -> HardnessProtocol:
    """Return the protocol of a data set: small networks look at colour images, averaged down."""
    own: dict[str, Any] = {}
    colour = data.modality == "image" and data.inputs.shape[3] == 3
    if colour and protocol.recipe == SMALL_MLP and "recipe" not in wanted:
        own = {**FOR_COLOUR, "shrink": _divisor(data)}
    own |= wanted
    least = protocol.n_deciding + own.get("n_models", protocol.n_models)
    return replace(protocol, **own, n_scored=max(protocol.n_scored, least))


def _divisor(data: Labelled) -> int:
    """Return by how much images are averaged down: to 16 pixels a side, or as near as it goes."""
    height, width = data.inputs.shape[1:3]
    sides = range(1, max(min(height, width) // _SMALL_SIDE, 1) + 1)
    return max(times for times in sides if height % times == 0 and width % times == 0)


def _marked(key: str, data: Labelled, protocol: HardnessProtocol, paper: PaperStudy) -> str:
    """Return the key with what must be told with every number: a copy, and a large network.

    Published numbers are of the published training: another one has a key of its own.
    """
    copy = "-jpeg" if "JPEG" in data.name and not key.endswith("-jpeg") else ""
    network = "resnet" if protocol.recipe.model == "resnet" else ""
    for name in _NETWORKS:
        if protocol.recipe == paper.recipes[name]:
            network = name
    return f"{key}{copy}" + (f"-{network}" if network else "")


def _is_claimed(
    key: str, own: HardnessProtocol, declared: HardnessProtocol, paper: PaperStudy
) -> bool:
    """Return whether the paper's claims speak of a run: its data and nothing of ours changed.

    ``declared`` is the scale as it stands, with the recipe that was asked for.
    """
    if key not in paper.data or own.name == "smoke" or own.recipe not in paper.recipes.values():
        return False
    changed = (own.n_train, own.shrink) != (declared.n_train, declared.shrink)
    if changed or own.n_models < declared.n_models:
        return False
    return own.recipe.model != "resnet" or (own.name in _FULL_SCALES and own.n_train is None)


def _safe_shares(data: Labelled) -> list[float] | None:
    """Return what was published of CIFAR-10's classes, if these are they."""
    if set(data.class_names) != set(SAFE_SHARES):
        return None
    return [SAFE_SHARES[name] for name in data.class_names]


def _print_changes(results: StudyResults, keys: Sequence[str]) -> None:
    figures = results.figures
    for key in keys:
        arms = list(figures.facts[key]["protocol"]["arms"])
        rows = [
            [arm, *(shown(figures, f"{key}/change/{arm}/{what}") for what in _PRINTED)]
            for arm in arms
            if f"{key}/change/{arm}/accuracy" in figures
        ]
        print_table(
            f"{key}: change against the base, points [95 %]",
            ["arm", "accuracy", "gap of easy and hard", "gap of best and worst"], rows, left=1,
        )  # fmt: skip
        left = figures.facts[key]["not_run"]
        if left:
            print(f"\nNot run, {len(left)} arms: {', '.join(left)}. The page says why.")
