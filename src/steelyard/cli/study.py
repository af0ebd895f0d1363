"""`steelyard study`: run a published study again, on its data or on yours."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from steelyard._support.errors import ParameterError
from steelyard._support.progress import Progress
from steelyard._support.storage import header
from steelyard._support.validation import check_choice, did_you_mean
from steelyard.cli import options
from steelyard.cli.terminal import print_json, print_table, progress_shown
from steelyard.evaluation import outcomes, with_agreements
from steelyard.records.claim import OUTCOMES
from steelyard.records.figures import Figures
from steelyard.records.inversions import MODES
from steelyard.records.labelled import Labelled
from steelyard.records.paper_study import PaperStudy
from steelyard.records.recipe import Recipe
from steelyard.records.run_folder import REPORT, alone_in, require_no_weighing, require_own_folder
from steelyard.records.study_results import StudyResults
from steelyard.report.study_page import write_study_report
from steelyard.studies import STUDIES
from steelyard.training import PROBES
from steelyard.workflow.engines import choose_engine
from steelyard.workflow.in_class import study_in_class

_DATA = "mnist-5k"  # comes with the package's dependencies
# ours: a quarter of the probe's rounds at three times its step; judges need not be the best
_TREES = replace(PROBES["trees"], learning_rate=0.3, epochs=25)


def study(
    name: Annotated[str, typer.Argument(help=f"Which: {', '.join(STUDIES)}.")],
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="A data set, as DATA of the other verbs; may be given several times. "
            f"{_DATA} by default; those of the paper are mnist, fashion-mnist, kmnist-test.",
            show_default=False,
        ),
    ] = None,
    scale: Annotated[
        str, typer.Option(help="How much of everything: smoke (seconds), small or paper.")
    ] = "small",
    target: options.Target = None,
    no_header: options.NoHeader = False,
    id_column: options.IdColumn = None,
    drop: options.Drop = None,
    drop_missing_target: options.DropMissingTarget = False,
    image_size: options.ImageSize = None,
    skip_unreadable: options.SkipUnreadable = False,
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
    out: Annotated[
        Path, typer.Option(help="The folder of the study; what is finished there is kept.")
    ] = Path("steelyard-study"),
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    engine: options.EngineName = "local",
    workers: options.Workers = None,
    address: options.Address = None,
    fresh: options.Fresh = False,
    json: options.Json = False,
) -> None:
    """Run a published study again, and hold its claims against what comes out."""
    if name not in STUDIES:
        raise ParameterError(f"There is no study {name!r}.", hint=did_you_mean(name, STUDIES))
    paper = STUDIES[name]
    protocol = paper.scales[check_choice(scale, "scale", "study", paper.scales)]
    if mode is not None:
        check_choice(mode, "mode", "study", MODES)
    trained = protocol.recipe if recipe is None else _recipe(recipe, paper)
    folder = require_own_folder(out)
    require_no_weighing(folder)
    sources = list(dict.fromkeys(data or [_DATA]))
    sets = {
        _key(source, paper.built_in): options.read_data(
            source, target=target, no_header=no_header, id_column=id_column, drop=drop,
            drop_missing_target=drop_missing_target, image_size=image_size,
            skip_unreadable=skip_unreadable,
        )
        for source in sources
    }  # fmt: skip
    if len(sets) < len(sources):
        raise ParameterError(
            f"Two of the data sets would have one name: {', '.join(sources)}.",
            hint="rename a file, or run them into folders of their own.",
        )
    # a claim speaks of the paper's data and training, at a scale whose numbers mean something
    as_published = trained == paper.scales["paper"].recipe and layer == 0 and scale != "smoke"
    claimed = [key for key in sets if key in paper.data] if as_published else []
    measured: list[tuple[Figures, pd.DataFrame]] = []
    with choose_engine(engine, workers, address) as chosen, progress_shown() as progress:
        for number, (key, labelled) in enumerate(sets.items()):
            of_paper = key in claimed
            measured.append(
                study_in_class(
                    labelled,
                    replace(
                        protocol,
                        recipe=trained,
                        mode=mode or ("shared" if of_paper else "argmin"),
                        seed=seed,
                    ),
                    name=key,
                    layer=layer,
                    families=_families(labelled, trained) if judges else {},
                    run=folder,
                    fresh=fresh and number == 0,
                    engine=chosen,
                    device=device,
                    progress=_named(progress, key),
                )
            )
    claims = [claim for claim in paper.claims if claim.figure.split("/")[0] in claimed]
    command = _command(name, sources, scale, recipe, layer, mode, seed)
    figures = with_agreements(_joined([one for one, _ in measured], command), claims)
    curves = pd.concat([one for _, one in measured], ignore_index=True)
    found = outcomes(claims, figures, not_run=paper.not_run)
    results = StudyResults(paper.title, paper.paper if claims else "", figures, found, curves)
    with alone_in(folder):
        results.save(folder)
        write_study_report(folder)
    if json:
        print_json(header("StudyResults", **results.to_dict()))
        return
    _print_findings(results, list(sets), folder)
    print(f"\nThe page: {folder / REPORT}")


def _recipe(named: str, paper: PaperStudy) -> Recipe:
    if named in paper.recipes:
        return paper.recipes[named]
    if not Path(named).suffix:  # a name, then, and no file
        raise ParameterError(
            f"There is no recipe {named!r}.",
            hint=f"{did_you_mean(named, paper.recipes)} Or give a .json file of Recipe.save.",
        )
    return Recipe.load(named)


def _key(source: str, built_in: Mapping[str, str]) -> str:
    """Return with what the keys of a data set's figures begin: the paper's name, or a file's."""
    if source in built_in:
        return built_in[source]
    stem = Path(source).stem or "data"
    return f"{stem}-file" if stem in built_in.values() else stem  # no file passes for the paper's


def _command(
    name: str, sources: list[str], scale: str, recipe: str | None, layer: int, mode: str | None,
    seed: int,
) -> str:  # fmt: skip
    """Return the command that measures the same; where it is kept does not matter."""
    words = ["steelyard", "study", name, "--scale", scale]
    words += [word for source in sources for word in ("--data", source)]
    for option, value, default in (
        ("--recipe", recipe, None), ("--layer", layer, 0), ("--mode", mode, None),
        ("--seed", seed, 0),
    ):  # fmt: skip
        words += [] if value == default else [option, str(value)]
    return shlex.join(words)


def _families(data: Labelled, recipe: Recipe) -> dict[str, Recipe]:
    """Return the judges: the network itself, and what is unlike it."""
    images = {"cnn": PROBES["cnn"]} if data.modality == "image" else {}
    return {**images, "trees": _TREES, recipe.model: recipe}


def _named(progress: Progress, key: str) -> Progress:
    def told(done: int, total: int, what: str) -> None:
        progress(done, total, f"{key}, {what}")

    return told


def _joined(measured: list[Figures], command: str) -> Figures:
    versions = {name: metadata.version(name) for name in ("steelyard", "torch", "numpy")}
    facts: dict[str, Any] = {"command": command, "versions": versions}
    for one in measured:
        facts |= one.facts
    first = measured[0]
    table = pd.concat([one.table for one in measured], ignore_index=True)
    return Figures(first.study, first.scale, table, facts)


def _print_findings(results: StudyResults, keys: list[str], folder: Path) -> None:
    figures = results.figures
    rows = []
    for key in keys:
        for where in figures.table["key"]:
            data, *rest = where.split("/")
            if data == key and rest[-1] == "gap" and len(rest) == 3 and rest[0] != "family":
                mode, identifier, _ = rest
                at = f"{key}/{mode}/{identifier}/keep-easy=1"
                rows.append([
                    key, f"{identifier} ({mode})",
                    _shown(figures, f"{at}/hard/accuracy"), _shown(figures, f"{at}/easy/accuracy"),
                    _shown(figures, where),
                ])  # fmt: skip
    print_table(
        "Accuracy on hard and easy test samples after training on all others, % [95 %]",
        ["data", "hard by", "hard", "easy", "gap, points"], rows, left=2,
    )  # fmt: skip
    counts = Counter(one.outcome for one in results.outcomes)
    if results.outcomes:
        told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
        print(f"\nClaims of the paper: {told}. `steelyard claims --run {folder}` lists them.")


def _shown(figures: Figures, key: str) -> str:
    if key not in figures:
        return "not run"
    row = figures.row(key)
    # one set, or one that had such test samples: a value that nothing says how sure it is
    ends = " [?]" if pd.isna(row["low"]) else f" [{row['low']:.1f}, {row['high']:.1f}]"
    return f"{row['value']:.1f}{ends}"
