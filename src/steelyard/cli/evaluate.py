"""`steelyard evaluate`: judge anybody's predictions under several deployments."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from steelyard._support.errors import DataError, ParameterError, SteelyardWarning
from steelyard._support.storage import parse_json, write_json
from steelyard._support.validation import did_you_mean
from steelyard.cli import options
from steelyard.cli.evaluation_texts import print_evaluation
from steelyard.cli.streamed_texts import print_streamed, streamed_document
from steelyard.cli.terminal import print_json, progress_shown
from steelyard.datasets import read_arm_priors, read_costs, read_prior
from steelyard.evaluation import evaluate as evaluate_predictions
from steelyard.evaluation import hardness_groups, negative_log_likelihood
from steelyard.evaluation.priors import in_class_order
from steelyard.evaluation.stream import evaluate_in_chunks, n_probabilities, streamed_class_names
from steelyard.records.hardness import load_scores
from steelyard.records.predictions import Predictions
from steelyard.records.predictions_table import load_groups, load_predictions

_HARDNESS = "hardness"
_TUNED_ON = "validation"  # thresholds are moved for the costs where there is such a part
_IMPOSSIBLE = 690.0  # nats: what a probability of 0 comes to, and of labels next to it 708
_MOST = 2**28  # probabilities that are held at once: 2 GiB, and as much again while they are judged


def evaluate(
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS",
            help="A parquet table: id, truth, one p_<class> column a class; of several labels "
            "t_<label> of 0 and 1 in place of truth. Optionally split, arm, seed, and groups.",
        ),
    ],
    priors: options.PriorsOrNone = None,
    train_prior: Annotated[
        Path | None,
        typer.Option(
            help="Class weights that training saw, where the table does not say: of all arms, or "
            'of each, {"arm": {"class": weight}}.'
        ),
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="The arm that others are compared with; the first one.")
    ] = None,
    split: Annotated[str, typer.Option(help="The part to judge.")] = "test",
    metrics: Annotated[
        str | None, typer.Option(help="Metrics separated by commas; all by default.")
    ] = None,
    class_metrics: Annotated[
        str | None, typer.Option(help="Metrics of each class; all by default.")
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(help="Columns of the table that name groups, separated by commas."),
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(help="Scores of these samples: they make groups of equal hardness."),
    ] = None,
    score: Annotated[str, typer.Option(help="Which of the scores.")] = "aum",
    mixes: Annotated[
        Path | None,
        typer.Option(
            help='Deployments as mixes of groups: a JSON file {"name": {"grouping": {"group": '
            "weight}}}."
        ),
    ] = None,
    easy: Annotated[str | None, typer.Option(help="Classes that are easy, by commas.")] = None,
    hard: Annotated[str | None, typer.Option(help="Classes that are hard, by commas.")] = None,
    costs: Annotated[
        Path | None, typer.Option(help="What decisions cost (.json or .csv), see docs/costs.md.")
    ] = None,
    resamples: Annotated[int, typer.Option(help="Bootstrap redraws.")] = 1000,
    seed: options.Seed = 0,
    chunks: Annotated[
        bool | None,
        typer.Option(
            "--chunks/--whole",
            help="Plain metrics in bounded memory, of tables that do not fit; by default where "
            "there are more than 268 million probabilities.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A JSON file to write all of it to.")] = None,
    json: options.Json = False,
) -> None:
    """Judge predictions under every deployment: metrics, classes, comparisons, with intervals."""
    stated = None if priors is None else options.read_priors(priors)
    mixed = None if mixes is None else _read_mixes(mixes)
    if chunks or (chunks is None and n_probabilities(predictions) > _MOST):
        whole = {"--groups": groups, "--scores": scores, "--mixes": mixes, "--base": base}
        whole |= {"--metrics": metrics, "--class-metrics": class_metrics, "--costs": costs}
        whole |= {"--easy": easy, "--hard": hard}
        _in_chunks(predictions, stated, train_prior, split, whole, out, json)
        return
    models = load_predictions(predictions)
    if train_prior is not None:
        models = _with_priors(models, train_prior)
    chosen = [one for one in models if one.split == split]
    if not chosen:
        parts = sorted({one.split for one in models})
        raise DataError(f"The predictions have no part {split!r}.", hint=did_you_mean(split, parts))
    groupings = _groupings(predictions, chosen[0], _words(groups), scores, score)
    with progress_shown() as progress:
        judged = evaluate_predictions(
            chosen,
            stated,
            base,
            metrics=_words(metrics) or None,
            class_metrics=_words(class_metrics) or None,
            groups=groupings,
            mixes=mixed,
            easy=_words(easy),
            hard=_words(hard),
            costs=None if costs is None else read_costs(costs),
            validation=[one for one in models if one.split == _TUNED_ON != split] or None,
            n_resamples=resamples,
            seed=seed,
            progress=progress,
        )
    if out is not None:
        judged.save(out)
    if json:
        print_json(judged.to_dict())
        return
    print_evaluation(judged, len(chosen[0]), base or chosen[0].arm)
    impossible = sum(int((_loss(one) > _IMPOSSIBLE).sum()) for one in chosen)
    if impossible:
        print(
            f"\n{impossible} of {len(chosen) * len(chosen[0]):,} predictions give the true class "
            "the probability 0. It is read as 1e-308, and such samples rule the log loss."
        )
    if out is not None:
        print(f"\nAll of it: {out}")


def _loss(model: Predictions) -> np.ndarray:
    """Return minus the log-probability of what came, of each sample (and label)."""
    if model.multi_label:
        return np.logaddexp(0.0, np.where(model.truth, -model.logits, model.logits))
    return negative_log_likelihood(model)


def _in_chunks(
    path: Path,
    priors: dict[str, Any] | None,
    train_prior: Path | None,
    split: str,
    whole: dict[str, Any],
    out: Path | None,
    json: bool,
) -> None:
    named = [name for name, value in whole.items() if value is not None]
    if named:
        raise ParameterError(
            f"{', '.join(named)} cannot be judged in chunks: they need all predictions at once.",
            hint="leave it out, or ask for --whole where the memory suffices.",
        )
    weights = None
    if train_prior is not None:
        names = streamed_class_names(path)
        weights = in_class_order(read_prior(train_prior), names, "training prior", left_out=0.0)
    found = evaluate_in_chunks(path, priors, split=split, train_prior=weights)
    document = streamed_document(found)
    if out is not None:
        write_json(document, out)
    if json:
        print_json(document)
        return
    print_streamed(found)
    if out is not None:
        print(f"\nAll of it: {out}")


def _with_priors(models: list[Predictions], path: Path) -> list[Predictions]:
    unknown = list(dict.fromkeys(one.arm for one in models if one.prior is None))
    stated = read_arm_priors(path, unknown)
    if len(unknown) > 1 and len({id(weights) for weights in stated.values()}) == 1:
        warnings.warn(
            f"The training prior of {str(path)!r} is taken for {len(unknown)} arms alike. Of one "
            "that was trained on other shares (resampled, weighted) what is corrected is wrong: "
            'give {"arm": {"class": weight}}.',
            SteelyardWarning,
            stacklevel=2,
        )
    return [_with_prior(one, stated.get(one.arm)) for one in models]


def _with_prior(model: Predictions, weights: dict[str, float] | None) -> Predictions:
    if model.prior is not None or weights is None:
        return model
    labels = model.multi_label
    left_out = None if labels else 0.0
    names = model.class_names
    prior = in_class_order(weights, names, "training prior", left_out=left_out)
    return replace(model, prior=prior)


def _words(text: str | None) -> list[str]:
    return [] if text is None else [word.strip() for word in text.split(",") if word.strip()]


def _groupings(
    path: Path, first: Predictions, columns: list[str], scores: Path | None, score: str
) -> dict[str, Any]:
    groupings: dict[str, Any] = load_groups(path, columns, first.ids) if columns else {}
    if scores is not None:
        found = load_scores(scores)
        if score not in found:
            raise DataError(
                f"{str(scores)!r} has no score {score!r}.", hint=did_you_mean(score, found)
            )
        groupings[_HARDNESS] = hardness_groups(found[score], first.ids)
    return groupings


def _read_mixes(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError(f"There is no file of mixes {str(path)!r}.")
    try:
        mixes = parse_json(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise DataError(f"{str(path)!r} is no readable JSON: {error}.") from error
    if not isinstance(mixes, dict):
        raise DataError(f'{str(path)!r} must hold {{"name": {{"grouping": {{"group": weight}}}}}}.')
    return mixes
