"""`steelyard evaluate`: judge anybody's predictions under several priors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steelyard._support.errors import DataError
from steelyard._support.validation import did_you_mean
from steelyard.cli import options
from steelyard.cli.terminal import print_json, print_table
from steelyard.datasets import read_prior
from steelyard.evaluation import deployment_priors
from steelyard.evaluation import evaluate as evaluate_predictions
from steelyard.records.predictions_table import load_predictions


def evaluate(
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS",
            help="A parquet table: id, truth, one p_<class> column a class; "
            "optionally split, arm, seed.",
        ),
    ],
    priors: options.Priors = "uniform",
    train_prior: Annotated[
        Path | None,
        typer.Option(help="Class weights that training saw, where the table does not say."),
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="The arm that others are compared with; the first one.")
    ] = None,
    split: Annotated[str, typer.Option(help="The part to judge.")] = "test",
    out: Annotated[Path | None, typer.Option(help="A JSON file to write all of it to.")] = None,
    json: options.Json = False,
) -> None:
    """Judge predictions: accuracy, log loss and per-class recall, with intervals."""
    stated = options.read_priors(priors)
    models = load_predictions(predictions)
    names = models[0].class_names
    if train_prior is not None:
        weights = deployment_priors({"stated": read_prior(train_prior)}, names, None)["stated"]
        models = load_predictions(predictions, weights)
    chosen = [one for one in models if one.split == split]
    if not chosen:
        parts = sorted({one.split for one in models})
        raise DataError(f"The predictions have no part {split!r}.", hint=did_you_mean(split, parts))
    judged = evaluate_predictions(chosen, stated, base)
    if out is not None:
        judged.save(out)
    if json:
        print_json(judged.to_dict())
        return
    rows = [
        [
            f"{one['arm']}, {one['decision']}",
            one["prior"],
            one["metric"],
            f"{one['mean']:.4f}",
            f"[{one['low']:.4f}, {one['high']:.4f}]",
        ]
        for one in judged.overall.to_dict("records")
    ]
    print_table(f"On {split}", ["arm", "prior", "metric", "mean", "95 % interval"], rows)
    first = judged.by_class[
        (judged.by_class["prior"] == next(iter(judged.priors)))
        & (judged.by_class["decision"] == "as trained")
    ]
    rows = [
        [
            f"{one['class']}, {one['arm']}",
            f"{one['n']}",
            *(
                [f"{one['recall']:.4f}", f"[{one['low']:.4f}, {one['high']:.4f}]"]
                if one["n"]
                else ["no data", ""]
            ),
        ]
        for one in first.to_dict("records")
    ]
    print()
    print_table("By class", ["class, arm", "samples", "recall", "95 % interval"], rows)
    if out is not None:
        print(f"\nAll of it: {out}")
