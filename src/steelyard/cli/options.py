"""Options that several verbs share, and how they become data."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from steelyard._support.errors import ParameterError
from steelyard.datasets import ORDERS, load, read_prior
from steelyard.datasets import long_tail as carve
from steelyard.evaluation.priors import DIRECTIONS, KNOWN
from steelyard.records.labelled import Labelled

DEMO = "mnist-5k-tail"

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A built-in set (see `steelyard datasets`), a .csv or .parquet file with --target, "
        "a folder of images with one folder a class, or an .npz with X and y.",
    ),
]
Target = Annotated[
    str | None, typer.Option(help="The column to predict: its name, or its index (-1 the last).")
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        help="Where a sample may have several labels: a column of 0 and 1, or a pattern such as "
        "'label_*'; may be given several times."
    ),
]
NoHeader = Annotated[bool, typer.Option("--no-header", help="The table has no line of names.")]
IdColumn = Annotated[
    str | None, typer.Option("--id", help="The column of unique ids; row numbers by default.")
]
Drop = Annotated[
    list[str] | None, typer.Option(help="A column to leave out; may be given several times.")
]
DropMissingTarget = Annotated[
    bool, typer.Option("--drop-missing-target", help="Leave out rows without a label.")
]
ImageSize = Annotated[int | None, typer.Option(help="Resize images to this height and width.")]
SkipUnreadable = Annotated[
    bool, typer.Option("--skip-unreadable", help="Leave out images that cannot be read.")
]
LongTail = Annotated[
    float | None,
    typer.Option(help="First carve the data long-tailed: rarest class / most frequent class."),
]
LongTailOrder = Annotated[
    str,
    typer.Option(help=f"Which classes are to be frequent, with --long-tail: {', '.join(ORDERS)}."),
]
Probe = Annotated[
    str | None,
    typer.Option(
        help="mlp, cnn, trees or xgboost; by default trees for tables and mlp for images."
    ),
]
Seed = Annotated[int, typer.Option(help="Equal data and seed give an equal result.")]
Device = Annotated[
    str, typer.Option(help="Where networks train: cpu, cuda or cuda:N; trees grow on the CPU.")
]
EngineName = Annotated[
    str,
    typer.Option("--engine", help="Where trainings run: local (processes of this machine) or ray."),
]
Workers = Annotated[
    int | None, typer.Option(help="Trainings at the same time; by default one a core.")
]
Address = Annotated[
    str | None,
    typer.Option(help="Of a Ray cluster, with --engine ray; by default one on this machine."),
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Forget what the run folder holds, and start over.")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print the result as one JSON document, nothing else.")
]
_PRIORS = typer.Option(
    help="Where the model will be used, most important first: train, uniform, test (the part as it "
    "is), forward:R or backward:R (long tails), long-tail (the family), or files with one weight a "
    "class (.json or .csv), separated by commas."
)
Priors = Annotated[str, _PRIORS]
PriorsOrNone = Annotated[str | None, _PRIORS]


def read_data(
    data: Data = DEMO,
    target: Target = None,
    targets: Targets = None,
    long_tail: LongTail = None,
    long_tail_order: LongTailOrder = "given",
    no_header: NoHeader = False,
    id_column: IdColumn = None,
    drop: Drop = None,
    drop_missing_target: DropMissingTarget = False,
    image_size: ImageSize = None,
    skip_unreadable: SkipUnreadable = False,
    seed: Seed = 0,
    *,
    one_class: bool = False,
) -> Labelled:
    """Return the data that the reading options name, carved if that is asked for."""
    labelled = load(
        data,
        target,
        targets=tuple(targets) if targets else None,
        id_column=id_column,
        header=not no_header,
        drop=tuple(drop or ()),
        image_size=image_size,
        skip_unreadable=skip_unreadable,
        drop_missing_target=drop_missing_target,
        one_class=one_class,
    )
    if long_tail is None:
        return labelled
    return carve(labelled, long_tail, order=long_tail_order, seed=seed)


def reads_data(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the argument DATA and the options that say how to read it.

    The verb takes ``read``, a function that returns the data (or ``read(source)`` another source
    by the same options, of one class perhaps), and ``seed``; on the command line the reading
    options stand in place of ``read``.
    """
    own = inspect.signature(verb, eval_str=True).parameters
    reading = {
        name: one
        for name, one in inspect.signature(read_data, eval_str=True).parameters.items()
        if one.kind is not inspect.Parameter.KEYWORD_ONLY
    }

    def command(**values: Any) -> None:
        how = {name: values[name] for name in reading}
        rest = {name: values[name] for name in own if name != "read"}

        def read(source: str | None = None) -> Labelled:
            if source is None:
                return read_data(**how)
            return read_data(**{**how, "data": source, "long_tail": None}, one_class=True)

        verb(read=read, **rest)

    merged = {**reading, **{name: one for name, one in own.items() if name != "read"}}
    required_first = sorted(merged.values(), key=lambda one: one.default is not inspect._empty)
    keyword_only = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in required_first]
    command.__name__, command.__doc__ = verb.__name__, verb.__doc__
    command.__annotations__ = {one.name: one.annotation for one in keyword_only}
    command.__signature__ = inspect.Signature(keyword_only)  # type: ignore[attr-defined]
    return command


def read_priors(text: str) -> dict[str, Any]:
    """Return the priors that a comma-separated list names; files are called by their stem.

    Raises
    ------
    ParameterError
        If the list is empty or names one twice.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise ParameterError(
            f"The priors must be names or files separated by commas. Got {text!r} instead.",
            hint="for instance --priors train,uniform.",
        )
    priors: dict[str, Any] = {}
    for word in words:
        known = word in KNOWN or word.partition(":")[0] in DIRECTIONS
        name = word if known else Path(word).stem
        if name in priors:
            raise ParameterError(
                f"The prior {name!r} was given twice.", hint="rename one of the files."
            )
        priors[name] = None if known else read_prior(word)
    return priors


def read_degrees(text: str, option: str = "--degrees", example: str = "0,0.5,1") -> list[float]:
    """Return the numbers of a comma-separated list.

    Raises
    ------
    ParameterError
        If a word is no number.
    """
    try:
        return [float(word) for word in text.split(",")]
    except ValueError as error:
        raise ParameterError(
            f"The degrees must be numbers separated by commas. Got {text!r} instead.",
            hint=f"for instance {option} {example}.",
        ) from error
