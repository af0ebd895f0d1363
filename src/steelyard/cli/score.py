"""`steelyard score`: hardness of every sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from steelyard._support.errors import ParameterError
from steelyard._support.storage import header, require_own_table, write_json
from steelyard.cli import options
from steelyard.cli.terminal import print_json, print_table, progress_shown
from steelyard.hardness import SCORES
from steelyard.records.agreement import Agreement
from steelyard.records.class_hardness import ClassHardness
from steelyard.records.hardness import save_scores
from steelyard.records.interval import supported_decimals
from steelyard.records.labelled import Labelled
from steelyard.records.stability import RunsNeeded, Stability
from steelyard.report.digits import percent
from steelyard.workflow import score as score_data
from steelyard.workflow.engines import choose_engine
from steelyard.workflow.evidence import comes_of_training, gathered, plain_scores
from steelyard.workflow.scores import Scores, tail_words

_ALL = ", ".join(one.name for one in SCORES if gathered(one))
_PLAIN = ",".join(plain_scores())
_MOST_RUNS = 40
_SHARE = 0.1  # the hardest tenth
_TIED = 0.02  # ours: the share of it that equal values leave open from which on this is said


@options.reads_data
def score(
    read: Callable[[], Labelled],
    estimators: Annotated[
        str,
        typer.Option(
            help=f"Separated by commas, of {_ALL}. By default those that plain trainings give.",
            show_default=False,
        ),
    ] = _PLAIN,
    runs: Annotated[int, typer.Option(help="Trainings to average.")] = 5,
    until: Annotated[
        float | None,
        typer.Option(
            help="Train more, --runs each time, until two halves of the runs share this much of "
            "their hardest tenth by the first score, for instance 0.9."
        ),
    ] = None,
    most_runs: Annotated[
        int | None, typer.Option(help=f"Where --until ends in any case; {_MOST_RUNS}.")
    ] = None,
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
    require_own_table(out, "Hardness")  # before the work, not after it
    if most_runs is not None and until is None:
        raise ParameterError(
            "--most-runs says where --until ends, and is nothing without it.",
            hint="give --until too, for instance --until 0.9; or the number of trainings, --runs.",
        )
    with choose_engine(engine, workers, address) as chosen:
        chosen.start()  # while the data are read
        labelled = read()
        with progress_shown() as progress:
            scores = score_data(
                labelled,
                estimators=names,
                runs=runs,
                until=until,
                share=_SHARE,
                most_runs=_MOST_RUNS if most_runs is None else most_runs,
                probe=probe,
                seed=seed,
                run=run,
                fresh=fresh,
                engine=chosen,
                device=device,
                progress=progress,
            )
    save_scores(scores, out)
    summary = out.with_name(f"{out.stem}-summary.json")
    said = _Said.of(scores, names[0], until or 0.9)
    trained = scores.dynamics
    document = header(
        "Scores",
        file=str(out),
        summary=str(summary),
        runs=0 if trained is None else trained.n_runs,
        n_epochs=0 if trained is None else trained.n_epochs,
        early_epoch=None if trained is None else trained.early_epoch,
        recipe=None if scores.recipe is None else scores.recipe.to_dict(),
        seed=seed,
        growth=None if scores.growth is None else asdict(scores.growth),
        classes={name: one.by_class().to_dict("records") for name, one in scores.items()},
        class_hardness=said.classes.to_dict(),
        stability=None if said.stability is None else said.stability.to_dict(),
        runs_needed=None if said.needed is None else asdict(said.needed),
        agreement=said.agreement.to_dict(),
    )
    write_json(document, summary)
    if json:
        print_json(document)
        return
    _print_classes(said.classes)
    for line in (scores.growth, _stability_line(said), _agreement_line(said.agreement)):
        if line:
            print(f"\n{line}")
    n = len(scores[names[0]].ids)
    print(f"\nThe scores of {n:,} samples: {out}\nAll that was said of them: {summary}")


@dataclass(frozen=True)
class _Said:
    """What is said of the first score, and of all of them together."""

    classes: ClassHardness
    stability: Stability | None
    needed: RunsNeeded | None
    agreement: Agreement

    @classmethod
    def of(cls, scores: Scores, name: str, until: float) -> _Said:
        stability = needed = None
        if len(scores.by_run(name)) > 1:
            stability = scores.stability(name)
            needed = scores.runs_needed(name, until, _SHARE, stability)
        return cls(scores.class_hardness(name, _SHARE), stability, needed, scores.agreement())


def _print_classes(classes: ClassHardness) -> None:
    columns = ["class", "samples", f"mean {classes.name}", "median", "in the hardest tenth, %"]
    rows = []
    for name in classes.hardest_first():
        code = classes.class_names.index(name)
        cells = (
            _interval(classes, code, figure, 100 if figure == "tail" else 1)
            for figure in ("mean", "median", "tail")
        )
        rows.append([name, f"{classes.counts[code]:,}", *cells])
    rows += [
        [name, "0", *["no data"] * 3]
        for name, count in zip(classes.class_names, classes.counts, strict=True)
        if not count
    ]
    print_table("Classes, hardest first", columns, rows)
    print(f"\nBrackets: 95 % intervals over {classes.counted}.")


def _interval(classes: ClassHardness, code: int, figure: str, scale: float) -> str:
    mean, low, high = (scale * float(end) for end in classes.figures[figure][code])
    if low != low:  # NaN: nothing tells how sure it is
        return f"{mean:.3g}"
    places = supported_decimals((high - low) / 2, 4)
    return f"{mean:.{places}f} [{low:.{places}f}, {high:.{places}f}]"


def _stability_line(said: _Said) -> str:
    if not comes_of_training(said.classes.name):
        return f"{said.classes.name} comes of no training: more --runs do not change it."
    if said.stability is None:
        return f"{said.classes.name} of one run: more --runs tell how stable it is."
    size = said.stability.most_disjoint
    estimate, interval = said.stability.shared(_SHARE)
    shared = f"{100 * estimate:.0f} %"
    if interval is not None:
        figure = percent(interval)
        shared = f"{figure.value} % {figure.range}"
    tied = said.stability.tied(_SHARE)
    left_open = f" Equal values leave {100 * tied:.0f} % of it open."
    return (
        f"{said.classes.name}: two ensembles of {size} run{'s' * (size > 1)} share {shared} of "
        f"their {tail_words(_SHARE)}; {said.needed}.{left_open * (tied > _TIED)}"
    )


def _agreement_line(agreement: Agreement) -> str:
    pairs = agreement.table().dropna(subset="spearman")
    if pairs.empty:
        return ""
    most, least = (pairs.loc[at] for at in (pairs["spearman"].idxmax(), pairs["spearman"].idxmin()))
    line = f"Rank correlation: {most['one']} and {most['other']} {most['spearman']:.2f}"
    if len(pairs) > 1:
        line += f" (the most alike), {least['one']} and {least['other']} {least['spearman']:.2f}"
    return f"{line}{' (the least)' * (len(pairs) > 1)}."
