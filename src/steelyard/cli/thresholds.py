"""`steelyard thresholds`: from which probability on a class is called, chosen on validation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from steelyard._support.errors import DataError, OutputError, ParameterError
from steelyard._support.storage import read_json
from steelyard._support.validation import did_you_mean, named_few
from steelyard.cli import options
from steelyard.cli.terminal import one_line, print_json, print_table
from steelyard.datasets import read_prior
from steelyard.evaluation.thresholds import choose_thresholds
from steelyard.records.predictions import Predictions
from steelyard.records.predictions_table import load_predictions
from steelyard.records.thresholds import Thresholds


def thresholds(
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS",
            help="A parquet table: id, truth, one p_<class> column a class; of multi-label data "
            "t_<label> of 0 and 1 in place of truth. Optionally split, arm, seed.",
        ),
    ],
    objective: Annotated[
        str,
        typer.Option(help="f1, youden, 'precision>=P', 'recall>=R' or cost."),
    ] = "f1",
    split: Annotated[str, typer.Option(help="The part to choose on.")] = "validation",
    prior: Annotated[
        Path | None,
        typer.Option(
            help="Where the model will be used: a file with one weight a class (.json or .csv); "
            "by default the part as it is."
        ),
    ] = None,
    miss: Annotated[
        float | None, typer.Option(help="With cost: what a positive costs that is not called.")
    ] = None,
    false_alarm: Annotated[
        float | None, typer.Option(help="With cost: what a negative costs that is called.")
    ] = None,
    positive: Annotated[
        str | None, typer.Option(help="Of two classes, which is called; the second one.")
    ] = None,
    arm: Annotated[
        str | None, typer.Option(help="Whose thresholds, where the table has several arms.")
    ] = None,
    model_seed: Annotated[
        int | None, typer.Option(help="Of which seed, where the arm has several.")
    ] = None,
    resamples: Annotated[int, typer.Option(help="Resamples of the bootstrap.")] = 1000,
    seed: options.Seed = 0,
    allow_test: Annotated[
        bool, typer.Option("--allow-test", help="Choose on the test part all the same.")
    ] = False,
    out: Annotated[Path, typer.Option(help="The JSON file to write.")] = Path("thresholds.json"),
    json: options.Json = False,
) -> None:
    """Choose decision thresholds on validation data, and say how sure they are."""
    _require_own(out)
    chosen = choose_thresholds(
        _model(load_predictions(predictions), split, arm, model_seed),
        objective,
        miss=miss,
        false_alarm=false_alarm,
        prior=None if prior is None else read_prior(prior),
        positive=positive,
        n_resamples=resamples,
        seed=seed,
        allow_test=allow_test,
    )
    chosen.save(out)
    if json:
        print_json(chosen.to_dict())
        return
    _print(chosen)
    print(f"\nThe thresholds: {out}")


def _model(models: list[Predictions], split: str, arm: str | None, seed: int | None) -> Predictions:
    """Return the one model that is meant."""
    parts = sorted({one.split for one in models})
    if split not in parts:
        raise DataError(f"The predictions have no part {split!r}.", hint=did_you_mean(split, parts))
    models = [one for one in models if one.split == split]
    arms = list(dict.fromkeys(one.arm for one in models))
    if arm is not None and arm not in arms:
        raise DataError(f"The predictions have no arm {arm!r}.", hint=did_you_mean(arm, arms))
    if arm is None and len(arms) > 1:
        raise ParameterError(
            f"Thresholds are of one model. The predictions have the arms {named_few(arms)}.",
            hint="choose one with --arm.",
        )
    models = [one for one in models if arm in (None, one.arm)]
    seeds = [one.seed for one in models]
    if seed is not None and seed not in seeds:
        raise DataError(f"The arm has no seed {seed}.", hint=did_you_mean(seed, seeds))
    if seed is None and len(seeds) > 1:
        raise ParameterError(
            f"Thresholds are of one model. The arm has the seeds {named_few(seeds)}.",
            hint="choose one with --model-seed.",
        )
    return next(one for one in models if seed in (None, one.seed))


def _require_own(out: Path) -> None:
    """Raise unless thresholds can be written there without losing anybody's file."""
    if not out.exists():
        return
    try:
        read_json(out, "Thresholds")
    except Exception as error:
        raise OutputError(
            f"There is a file {str(out)!r} that holds no thresholds; it is left alone.",
            hint="choose another name with --out.",
        ) from error


def _print(chosen: Thresholds) -> None:
    rows = [
        [
            str(row["class"]),
            f"{row['n_positives']:,}",
            _number(row["threshold"]),
            _range(row["low"], row["high"]),
            _number(row["value"]),
            _number(row["expected"]),
            _range(row["expected_low"], row["expected_high"]),
        ]
        for row in chosen.table.to_dict("records")
    ]
    model = f"{chosen.arm}, seed {chosen.seed}"
    print_table(
        f"Thresholds for {chosen.objective}, of {model}, chosen on {chosen.split}",
        [
            *("class", "positives", "threshold", "95 % interval"),
            *("here", "expected", "95 % interval"),
        ],
        rows,
    )
    for row in chosen.table.to_dict("records"):
        if row["note"]:
            print(one_line(f"{row['class']}: {row['note']}."))


def _number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"


def _range(low: float, high: float) -> str:
    return "" if np.isnan([low, high]).all() else f"[{_number(low)}, {_number(high)}]"
