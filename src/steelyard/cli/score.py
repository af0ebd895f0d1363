"""`steelyard score`: hardness of every sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from steelyard._support.storage import header
from steelyard.cli import options
from steelyard.cli.terminal import print_json, print_table, progress_shown
from steelyard.hardness import SCORES
from steelyard.records.hardness import save_scores
from steelyard.records.labelled import Labelled
from steelyard.workflow import score as score_data
from steelyard.workflow.engines import choose_engine

_ALL = ",".join(one.name for one in SCORES)


@options.reads_data
def score(
    read: Callable[[], Labelled],
    estimators: Annotated[str, typer.Option(help=f"Separated by commas, of {_ALL}.")] = _ALL,
    runs: Annotated[int, typer.Option(help="Trainings to average.")] = 5,
    probe: options.Probe = None,
    out: Annotated[Path, typer.Option(help="The table to write.")] = Path("scores.parquet"),
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    run: Annotated[
        Path | None,
        typer.Option(help="A folder that keeps every training, so that the same command goes on."),
    ] = None,
    engine: options.EngineName = "local",
    workers: options.Workers = None,
    address: options.Address = None,
    fresh: options.Fresh = False,
    json: options.Json = False,
) -> None:
    """Score how hard each sample is; of split data, each sample of the training part."""
    names = [name.strip() for name in estimators.split(",")]
    with choose_engine(engine, workers, address) as chosen:
        chosen.start()  # while the data are read
        labelled = read()
        with progress_shown() as progress:
            scores = score_data(
                labelled,
                estimators=names,
                runs=runs,
                probe=probe,
                seed=seed,
                run=run,
                fresh=fresh,
                engine=chosen,
                device=device,
                progress=progress,
            )
    save_scores(scores, out)
    if json:
        classes = {name: one.by_class().to_dict("records") for name, one in scores.items()}
        print_json(header("Scores", file=str(out), runs=runs, classes=classes))
        return
    first = scores[names[0]].by_class().sort_values("mean_rank", ascending=False)
    rows = [
        [one["class"], f"{one['count']}", f"{one['mean']:.3f}", f"{one['mean_rank']:.3f}"]
        for one in first.to_dict("records")
    ]
    columns = ["class", "samples", f"mean {names[0]}", "mean rank (1 hardest)"]
    print_table("Classes, hardest first", columns, rows)
    print(f"\nThe scores of {len(scores[names[0]].ids)} samples: {out}")
