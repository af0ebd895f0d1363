"""`steelyard correct`: probabilities for the population that a model will meet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from steelyard._support.errors import OutputError
from steelyard._support.storage import header, require_own_table
from steelyard.cli import options
from steelyard.cli.terminal import one_line, print_json, print_table
from steelyard.datasets import read_prior
from steelyard.records.plan import Plan
from steelyard.records.predictions_table import load_predictions, save_predictions
from steelyard.workflow.correct import correction, told

_TITLES = {
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece_mass": "ECE, equal mass",
    "ece_width": "ECE, equal width",
}


def correct(
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS",
            help="A parquet table: id, truth, one p_<class> column a class; of multi-label data "
            "t_<label> of 0 and 1 in place of truth. Optionally split, arm, seed.",
        ),
    ],
    prior: Annotated[
        str,
        typer.Option(
            help="Where the model will be used: train (the data before a plan or weights), "
            "uniform, or a file with one weight a class (.json or .csv)."
        ),
    ] = "train",
    plan: Annotated[
        Path | None, typer.Option(help="The plan that the model was trained by.")
    ] = None,
    train_prior: Annotated[
        Path | None,
        typer.Option(help="Class weights that training saw, where nothing else says."),
    ] = None,
    class_weights: Annotated[
        Path | None,
        typer.Option(
            help="Weights in the loss, one a class (.json or .csv); those left out weigh 1. Of "
            "multi-label data pos_weight."
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="The part to judge the correction on.")] = "test",
    bins: Annotated[int, typer.Option(help="Bins of the calibration errors.")] = 15,
    out: Annotated[Path, typer.Option(help="The table to write.")] = Path("corrected.parquet"),
    json: options.Json = False,
) -> None:
    """Correct probabilities to another prior, and say what that does to their calibration."""
    require_own_table(out, "Predictions")
    if out.exists() and predictions.exists() and out.samefile(predictions):
        raise OutputError(
            f"The corrected predictions would be written over those they come from, {str(out)!r}.",
            hint="choose another name with --out.",
        )
    by_name = prior in ("train", "uniform")
    name = prior if by_name else Path(prior).stem
    trained_by = None if plan is None else Plan.load(plan)
    done = correction(
        load_predictions(predictions),
        prior if by_name else read_prior(prior),
        plan=trained_by,
        class_weights=None if class_weights is None else read_prior(class_weights),
        train_prior=None if train_prior is None else read_prior(train_prior),
    )
    report = done.report(split, bins)
    sentences = told(report, name)
    save_predictions(done.corrected, out)
    if json:
        first = done.corrected[0]
        document = header(
            "Correction",
            file=str(out),
            verdict=sentences,
            prior=name,
            shares=done.prior.tolist(),
            class_names=list(first.class_names),
            multi_label=first.multi_label,
            trained={one.arm: _listed(one.prior) for one in done.as_trained},
            plan=None if trained_by is None else trained_by.scheme,
            split=split,
            n_bins=bins,
            report=[_without_nan(row) for row in report.to_dict("records")],
        )
        print_json(document)
        return
    print("\n".join(one_line(sentence) for sentence in sentences))
    print()
    _print_overall(report, f"On {split}, under the prior {name!r}")
    print()
    _print_by_class(report)
    for note in () if trained_by is None else trained_by.notes:
        print(f"\n{one_line(note)}")
    print(f"\nThe corrected predictions: {out}")


def _print_overall(report: pd.DataFrame, title: str) -> None:
    rows = [
        [
            f"{row['arm']}, {_TITLES[row['measure']]}",
            *(_number(row[column]) for column in ("before", "after", "difference")),
            "" if pd.isna(row["low"]) else f"[{row['low']:+.4f}, {row['high']:+.4f}]",
        ]
        for row in report[report["scope"] == "overall"].to_dict("records")
    ]
    print_table(title, ["arm, measure", "before", "after", "difference", "95 % interval"], rows)


def _print_by_class(report: pd.DataFrame) -> None:
    classes = report[report["scope"] == "class"]
    loss, error = (classes[classes["measure"] == name] for name in ("log_loss", "ece_mass"))
    rows = [
        [
            f"{row['class']}, {row['arm']}",
            f"{row['n']:,}",
            *(_number(one[column]) for one in (row, other) for column in ("before", "after")),
        ]
        for row, other in zip(loss.to_dict("records"), error.to_dict("records"), strict=True)
    ]
    columns = ["class, arm", "samples", "log loss before", "after", "ECE before", "after"]
    print_table("Each class against the rest (ECE: bins of equal mass)", columns, rows)


def _number(value: float) -> str:
    return "no data" if pd.isna(value) else f"{value:.4f}"


def _listed(prior: Any) -> list[float]:
    return [float(share) for share in prior]


def _without_nan(row: dict[Any, Any]) -> dict[str, Any]:
    return {key: None if pd.isna(value) else value for key, value in row.items()}
