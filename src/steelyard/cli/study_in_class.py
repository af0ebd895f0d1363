"""`steelyard study in-class`: hard and easy samples inside every class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pandas as pd
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
from steelyard.records.inversions import MODES
from steelyard.records.labelled import Labelled
from steelyard.records.recipe import Recipe
from steelyard.records.run_folder import require_no_weighing, require_own_folder
from steelyard.records.study_results import StudyResults
from steelyard.studies import STUDIES
from steelyard.training import PROBES
from steelyard.workflow.engines import choose_engine
from steelyard.workflow.in_class import study_in_class

# ours: a quarter of the probe's rounds at three times its step; judges need not be the best
_TREES = replace(PROBES["trees"], learning_rate=0.3, epochs=25)


@reads_data_sets
def in_class(
    *,
    sets: DataSets,
    scale: Scale = "small",
    recipe: Annotated[
        str | None,
        typer.Option(
            help="How networks train: a recipe of the paper by name (stragglers-code, "
            "stragglers-text) or a .json file of Recipe.save; stragglers-code by default.",
            show_default=False,
        ),
    ] = None,
    layer: Annotated[
        int, typer.Option(help="The hidden layer whose class manifolds are watched, from 0.")
    ] = 0,
    mode: Annotated[
        str | None,
        typer.Option(
            help="Where a class turns over: shared (what produced the published numbers), "
            "snapshot (the paper's text) or argmin (ours). By default shared for the paper's data "
            "and recipe, argmin otherwise.",
            show_default=False,
        ),
    ] = None,
    judges: Annotated[
        bool,
        typer.Option(
            "--judges/--no-judges",
            help="Also ask models of other families, out of fold: a small CNN (images), trees.",
        ),
    ] = True,
    out: Out = Path("steelyard-study"),
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    engine: options.EngineName = "local",
    workers: options.Workers = None,
    address: options.Address = None,
    fresh: options.Fresh = False,
    json: options.Json = False,
) -> None:
    """Find the hard samples inside every class, and what they do to a network.

    The paper's data sets are mnist, fashion-mnist and kmnist-test.
    """
    paper = STUDIES["in-class"]
    protocol = paper.scales[check_choice(scale, "scale", "study", paper.scales)]
    if mode is not None:
        check_choice(mode, "mode", "study", MODES)
    trained = protocol.recipe if recipe is None else recipe_named(recipe, paper)
    folder = require_own_folder(out)
    require_no_weighing(folder)
    data = sets.by_key(paper.built_in)
    # a claim speaks of the paper's data and training, at a scale whose numbers mean something
    as_published = trained == paper.scales["paper"].recipe and layer == 0 and scale != "smoke"
    claimed = [key for key in data if key in paper.data] if as_published else []
    measured: list[tuple[Figures, pd.DataFrame]] = []
    with choose_engine(engine, workers, address) as chosen, progress_shown() as progress:
        for number, (key, labelled) in enumerate(data.items()):
            asked = mode or ("shared" if key in claimed else "argmin")
            measured.append(
                study_in_class(
                    labelled,
                    replace(protocol, recipe=trained, mode=asked, seed=seed),
                    name=key,
                    layer=layer,
                    families=_families(labelled, trained) if judges else {},
                    run=folder,
                    fresh=fresh and number == 0,
                    engine=chosen,
                    device=device,
                    progress=told_of(progress, key),
                )
            )
    options_asked = {
        "--recipe": (recipe, None), "--layer": (layer, 0),
        "--mode": (mode, None), "--seed": (seed, 0),
    }  # fmt: skip
    command = command_of(paper.name, scale, sets.sources, options_asked)
    figures = joined([one for one, _ in measured], command)
    curves = pd.concat([one for _, one in measured], ignore_index=True)
    results = held_against(paper, figures, claimed, curves=curves)
    kept(results, folder, json, lambda: _print_gaps(results, list(data)))


def _families(data: Labelled, recipe: Recipe) -> dict[str, Recipe]:
    """Return the judges: the network itself, and what is unlike it."""
    images = {"cnn": PROBES["cnn"]} if data.modality == "image" else {}
    return {**images, "trees": _TREES, recipe.model: recipe}


def _print_gaps(results: StudyResults, keys: Sequence[str]) -> None:
    figures = results.figures
    rows = []
    for key in keys:
        for where in figures.table["key"]:
            data, *rest = where.split("/")
            if data == key and rest[-1] == "gap" and len(rest) == 3 and rest[0] != "family":
                mode, identifier, _ = rest
                at = f"{key}/{mode}/{identifier}/keep-easy=1"
                rows.append([
                    key, f"{identifier} ({mode})", shown(figures, f"{at}/hard/accuracy"),
                    shown(figures, f"{at}/easy/accuracy"), shown(figures, where),
                ])  # fmt: skip
    print_table(
        "Accuracy on hard and easy test samples after training on all others, % [95 %]",
        ["data", "hard by", "hard", "easy", "gap, points"], rows, left=2,
    )  # fmt: skip
