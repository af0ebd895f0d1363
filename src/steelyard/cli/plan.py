"""`steelyard plan`: how often to use each training sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from steelyard._support.errors import MismatchError, ParameterError
from steelyard._support.storage import header, require_own_table
from steelyard._support.validation import check_choice, did_you_mean
from steelyard.cli import options
from steelyard.cli.terminal import print_json
from steelyard.datasets import read_prior
from steelyard.hardness import read_scores
from steelyard.records.hardness import Hardness, holds_scores, load_scores
from steelyard.records.labelled import Labelled
from steelyard.records.plan import added_path
from steelyard.resampling import OVER, AddedRows, Pool, Reserve, Smote, distribution, dry_run
from steelyard.workflow import plan as plan_data
from steelyard.workflow.plan import training_part

_SMOTE = ("smote", "borderline", "adasyn")
_OF_PAPERS = ("paper-v1", "paper-v2")


@options.reads_data
def plan(
    read: Callable[..., Labelled],
    by: Annotated[
        str,
        typer.Option(
            help="What decides: count, hardness (of classes; --scores), repeat-factor (LVIS), "
            "pruning (leave a share out), coverage (the same, all levels of hardness covered)."
        ),
    ] = "count",
    degree: Annotated[
        float | None, typer.Option(help="0 leaves the data as they are, 1 balances.")
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="The table that `steelyard score` wrote, or any other.")
    ] = None,
    estimator: Annotated[
        str | None, typer.Option(help="Which of its scores; by default the first.")
    ] = None,
    harder: Annotated[
        str | None,
        typer.Option(
            help="Of a table of others: which end of the score is hard, high or low. Of low the "
            "paper modes take the inverse, as published."
        ),
    ] = None,
    shares: Annotated[
        Path | None,
        typer.Option(help="By count: the class shares to reach (.json or .csv), not equal ones."),
    ] = None,
    interpolation: Annotated[
        str | None, typer.Option(help="By count, on the way: exponent (default) or linear.")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="constant, grow (repeat only) or shrink (leave out only)."),
    ] = None,
    floor: Annotated[
        int | None, typer.Option(help="By count, by hardness: least samples of a class.")
    ] = None,
    cap: Annotated[
        int | None, typer.Option(help="By count, by hardness: most samples of a class.")
    ] = None,
    max_repeat: Annotated[
        float | None, typer.Option(help="Most uses of a class, or sample, for each that it has.")
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            help="Several labels a sample: its repeat is the max, sum, mean, geometric_mean or "
            "min of its labels'."
        ),
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Several labels: the label of repeat 1, max or median.")
    ] = None,
    soften: Annotated[
        float | None, typer.Option(help="Several labels: added to each count, for instance 100.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Repeat factor: the share that is often enough.")
    ] = None,
    exponent: Annotated[float | None, typer.Option(help="Repeat factor: 0.5 by default.")] = None,
    mode: Annotated[
        str | None, typer.Option(help="By hardness: safe (default), paper-v1 or paper-v2.")
    ] = None,
    ratio: Annotated[str | None, typer.Option(help="By hardness: rank or softplus.")] = None,
    low_is_hard: Annotated[
        bool,
        typer.Option(
            "--low-is-hard",
            help="By hardness, paper modes: the score is minus what was published; known of "
            "steelyard's own scores.",
        ),
    ] = False,
    ratios_of_all: Annotated[
        bool,
        typer.Option(
            "--ratios-of-all",
            help="By hardness, paper-v2: the class ratios of all that was scored, not of DATA.",
        ),
    ] = False,
    clip: Annotated[
        bool, typer.Option("--clip", help="By hardness: cut at the bounds and spread the rest.")
    ] = False,
    rate: Annotated[
        float | None, typer.Option(help="Pruning, coverage: the share to leave out.")
    ] = None,
    level: Annotated[
        str | None, typer.Option(help="Pruning: dataset, class (the same share) or balanced.")
    ] = None,
    remove: Annotated[str | None, typer.Option(help="Pruning: easiest, hardest or random.")] = None,
    keep_classes: Annotated[
        bool | None,
        typer.Option(
            "--keep-classes/--no-keep-classes",
            help="Pruning: whether every class keeps its last sample (default); as published not.",
        ),
    ] = None,
    hardest_left_out: Annotated[
        float | None, typer.Option(help="Coverage: a share of the hardest that is never kept.")
    ] = None,
    n_strata: Annotated[int | None, typer.Option(help="Coverage: levels of hardness.")] = None,
    under: Annotated[
        str | None,
        typer.Option(help="What a class that shrinks leaves out: random, easiest, hardest, none."),
    ] = None,
    over: Annotated[
        str | None,
        typer.Option(
            help="How a class grows: random, easy, hard (draws that prefer them), none, or "
            f"synthetic rows: {', '.join(_SMOTE)}."
        ),
    ] = None,
    strength: Annotated[
        float | None, typer.Option(help="Of the preference of easy or hard; 5 as published.")
    ] = None,
    least_weight: Annotated[
        float | None, typer.Option(help="Of what they prefer least; 0.5 as published, 0 the most.")
    ] = None,
    n_neighbours: Annotated[
        int | None, typer.Option(help="Of a class, for synthetic rows between them; 5.")
    ] = None,
    reserve: Annotated[
        str | None, typer.Option(help="Real samples put aside earlier, which a class grows by.")
    ] = None,
    pool: Annotated[
        str | None,
        typer.Option(help="Synthetic samples (a folder, an .npz, ...) that a class grows by."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The plan to write.")] = Path("plan.parquet"),
    dry_run_only: Annotated[
        bool, typer.Option("--dry-run", help="Show what it achieves and write nothing.")
    ] = False,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Plan the resampling of all rows; of split data, of the training part."""
    if not dry_run_only:
        require_own_table(out, "Plan")
    part = training_part(read())
    given = {
        "degree": degree,
        "hardness": _hardness(part, scores, estimator, harder),
        "shares": None if shares is None else read_prior(shares),
        "interpolation": interpolation,
        "size": size,
        "floor": floor,
        "cap": cap,
        "max_repeat": max_repeat,
        "rule": rule,
        "reference": reference,
        "soften": soften,
        "threshold": threshold,
        "exponent": exponent,
        "mode": mode,
        "ratio": ratio,
        "low_is_hard": low_is_hard or (harder == "low" and mode in _OF_PAPERS) or None,
        "ratios_of_all": ratios_of_all or None,
        "clip": clip or None,
        "rate": rate,
        "level": level,
        "remove": remove,
        "keep_classes": keep_classes,
        "hardest_left_out": hardest_left_out,
        "n_strata": n_strata,
        "under": under,
        "over": _over(read, part, over, n_neighbours, reserve, pool),
        "strength": strength,
        "least_weight": least_weight,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    made = plan_data(part, by=by, seed=seed, **chosen)
    if not dry_run_only:
        made.save(out)
    rows = made.table().astype(object)
    if json:
        print_json(
            header(
                "PlanTable",
                file=None if dry_run_only else str(out),
                scheme=made.scheme,
                notes=list(made.notes),
                classes=rows.where(rows.notna(), None).to_dict("records"),  # JSON has no NaN
                achieved=distribution(made, part).to_dict(),
            )
        )
        return
    print(dry_run(made, part), end="")
    if not dry_run_only:
        print(f"\nThe plan of {made.total} draws: {out}")
        if made.added is not None:
            print(f"The rows it adds: {added_path(out, made.added.modality)}")


def _hardness(
    part: Labelled, scores: Path | None, estimator: str | None, harder: str | None
) -> Hardness | None:
    """Return the score that the options name."""
    if scores is None:
        for option, given in (("--estimator", estimator), ("--harder", harder)):
            if given is not None:
                raise ParameterError(
                    f"{option} is nothing without a table.", hint="give --scores FILE too."
                )
        return None
    if not holds_scores(scores):
        if estimator is None or harder is None:
            raise ParameterError(
                f"{str(scores)!r} is a table of others: say which of its columns is the score, and "
                "which end of it is hard.",
                hint="--estimator COLUMN --harder high (or low).",
            )
        return read_scores(scores, part, columns=[estimator], harder=harder)[estimator]
    if harder is not None:
        raise ParameterError(
            f"{str(scores)!r} is a table of steelyard's own, in which high is hard; --harder does "
            "not apply.",
            hint="leave it out.",
        )
    found = load_scores(scores)
    name = next(iter(found)) if estimator is None else estimator
    if name not in found:
        raise ParameterError(
            f"{str(scores)!r} holds no score {name!r}.", hint=did_you_mean(name, found)
        )
    return found[name]


def _over(
    read: Callable[..., Labelled],
    part: Labelled,
    over: str | None,
    n_neighbours: int | None,
    reserve: str | None,
    pool: str | None,
) -> str | AddedRows | None:
    """Return how a class grows: a way to repeat, or where added rows come from."""
    ways = {"over": over, "reserve": reserve, "pool": pool}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) > 1:
        raise ParameterError(
            f"--{given[0]} and --{given[1]} exclude one another.",
            hint="a class grows in one way.",
        )
    if over is not None:
        check_choice(over, "over", "plan", (*OVER, *_SMOTE))
    if n_neighbours is not None and over not in _SMOTE:
        raise ParameterError(
            "--n-neighbours is nothing without synthetic rows.",
            hint=f"--over {' or '.join(_SMOTE)}.",
        )
    if reserve is not None:
        return Reserve(_reserved(training_part(read(reserve)), part))
    if pool is not None:
        return Pool(training_part(read(pool)))
    if over in _SMOTE:
        return Smote(over, 5 if n_neighbours is None else n_neighbours)
    return over


def _reserved(rows: Labelled, part: Labelled) -> Labelled:
    """Return the rows of a reserve, unless their ids are but numbers that the data have too."""
    if np.array_equal(rows.ids, np.arange(len(rows))) and np.isin(rows.ids, part.ids).any():
        raise MismatchError(
            "The rows of the reserve are numbered from 0, as those of the data are: whether they "
            "share samples cannot be told.",
            hint="say which column of both holds the ids: --id COLUMN.",
        )
    return rows
