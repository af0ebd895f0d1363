"""`steelyard weigh`: from data to a verdict and a page."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from steelyard._support.storage import header
from steelyard.cli import options
from steelyard.cli.terminal import one_line, print_json, progress_shown
from steelyard.datasets import read_costs
from steelyard.records.labelled import Labelled
from steelyard.records.run_folder import MANIFEST, REPORT, alone_in, require_own_folder
from steelyard.records.verdict import Verdict
from steelyard.report import write_report
from steelyard.workflow import weigh as weigh_data
from steelyard.workflow.engines import choose_engine

_MANY = 12  # names listed before the rest are counted


@options.reads_data
def weigh(
    read: Callable[[], Labelled],
    degrees: Annotated[
        str, typer.Option(help="How far to rebalance, separated by commas: 0 not, 1 fully.")
    ] = "0,0.25,0.5,0.75,1",
    hardness_degrees: Annotated[
        str | None,
        typer.Option(
            help="Weigh resampling by class hardness too, to these degrees: 1 follows the hardness "
            "ratios in full, for instance 0.5,1. Off by default; each degree costs as much as one "
            "of --degrees."
        ),
    ] = None,
    priors: options.Priors = "train,uniform",
    costs: Annotated[
        Path | None,
        typer.Option(
            help="What decisions cost (.json or .csv): a matrix by class names, or of two classes "
            '{"miss": 10, "false_alarm": 1, "positive": NAME}. The verdict is given in cost too.'
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Repetitions of each degree.")] = 5,
    probe: options.Probe = None,
    out: Annotated[Path, typer.Option(help="The run folder.")] = Path("steelyard-run"),
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    engine: options.EngineName = "local",
    workers: options.Workers = None,
    address: options.Address = None,
    fresh: options.Fresh = False,
    json: options.Json = False,
) -> None:
    """Say whether to rebalance, and which classes and samples are hard, rare or mislabelled."""
    stated_priors = options.read_priors(priors)
    stated_degrees = options.read_degrees(degrees)
    stated_hardness = (
        options.read_degrees(hardness_degrees, "--hardness-degrees", "0.5,1")
        if hardness_degrees
        else ()
    )
    stated_costs = None if costs is None else read_costs(costs)
    folder = require_own_folder(out)  # refused before the work, not after it
    with choose_engine(engine, workers, address) as chosen:
        if not (folder / MANIFEST).exists():  # else most is there already
            chosen.start()  # while the data are read
        labelled = read()
        with progress_shown() as progress:
            weighing = weigh_data(
                labelled,
                degrees=stated_degrees,
                hardness_degrees=stated_hardness,
                priors=stated_priors,
                costs=stated_costs,
                seeds=seeds,
                probe=probe,
                seed=seed,
                run=folder,
                fresh=fresh,
                engine=chosen,
                device=device,
                progress=progress,
            )
    manifest = {**weighing.manifest, "command": shlex.join(["steelyard", *sys.argv[1:]])}
    weighing = replace(weighing, manifest=manifest)
    with alone_in(folder):  # another process may have shared the work
        weighing.save(folder)
        write_report(folder)
    if json:
        print_json(header("Verdict", **weighing.verdict.to_dict()))
        return
    print(_summary(weighing.verdict))
    print(f"\nThe page: {folder / REPORT}")


def _summary(verdict: Verdict) -> str:
    lines = [f"{verdict.data}, seed {verdict.seed}", ""]
    lines += [f"  {answer.sentence}" for answer in verdict.priors]
    if verdict.costs:
        lines += ["", f"  In cost ({verdict.costs.costs.unit}), brackets: 95 % intervals"]
        lines += [f"  {one.sentence} {one.beside}" for one in verdict.costs.priors]
    rare = [one.name for one in verdict.classes if one.rare]
    hard = [one.name for one in verdict.classes if one.hard]
    lines += [
        "",
        f"  Rare classes: {_names(rare) or 'none'}. Hard classes: {_names(hard) or 'none shown'}.",
        f"  Training samples that look mislabelled: {verdict.n_suspect}; others of the hardest "
        f"tenth: {verdict.n_hard}.",
    ]
    return "\n".join(lines)


def _names(names: list[str]) -> str:
    shown = [one_line(name) for name in names[:_MANY]]
    more = [f"and {len(names) - _MANY} more"] if len(names) > _MANY else []
    return ", ".join(shown + more)
