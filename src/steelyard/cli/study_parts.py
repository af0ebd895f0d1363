"""What the studies' commands share: data sets by their keys, and results into their folder."""

from __future__ import annotations

import inspect
import shlex
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from steelyard._support.errors import ParameterError
from steelyard._support.progress import Progress
from steelyard._support.storage import header
from steelyard._support.validation import did_you_mean
from steelyard.cli import options
from steelyard.cli.terminal import print_json
from steelyard.evaluation import claim_sums, outcomes, with_agreements
from steelyard.records.claim import OUTCOMES
from steelyard.records.figures import Figures
from steelyard.records.labelled import Labelled
from steelyard.records.paper_study import PaperStudy
from steelyard.records.recipe import Recipe
from steelyard.records.run_folder import REPORT, alone_in
from steelyard.records.study_results import StudyResults
from steelyard.report.study_page import write_study_report

DEFAULT = "mnist-5k"  # comes with the package's dependencies

Sources = Annotated[
    list[str] | None,
    typer.Option(
        help="A data set, as DATA of the other verbs; may be given several times. "
        f"{DEFAULT} by default.",
        show_default=False,
    ),
]
Scale = Annotated[
    str,
    typer.Option(
        help="How much of everything: smoke (seconds), small, paper, or main (hardness, on a GPU)."
    ),
]
Out = Annotated[Path, typer.Option(help="The folder of the study; what is finished there is kept.")]


@dataclass(frozen=True)
class DataSets:
    """Data sets as the command line names them.

    Parameters
    ----------
    sources : tuple of str
        What was given after --data.
    read : callable
        From a source to its data, by the reading options.
    """

    sources: tuple[str, ...]
    read: Callable[[str], Labelled]

    def by_key(self, built_in: Mapping[str, str]) -> dict[str, Labelled]:
        """Return the data by that with which the keys of their figures begin.

        Parameters
        ----------
        built_in : mapping of str to str
            The keys of data sets that the paper used, by their names for `steelyard.load`.

        Raises
        ------
        ParameterError
            If two would have one key.
        """
        found = {_key(source, built_in): self.read(source) for source in self.sources}
        if len(found) < len(self.sources):
            raise ParameterError(
                f"Two of the data sets would have one name: {', '.join(self.sources)}.",
                hint="rename a file, or run them into folders of their own.",
            )
        return found


def reads_data_sets(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb --data, which may come several times, and the options that say how to read.

    The verb takes ``sets``, a `DataSets`, in their place.
    """
    left_out = ("data", "targets", "long_tail", "long_tail_order", "seed")
    reading = {
        name: one
        for name, one in inspect.signature(options.read_data, eval_str=True).parameters.items()
        if one.kind is not inspect.Parameter.KEYWORD_ONLY and name not in left_out
    }
    own = inspect.signature(verb, eval_str=True).parameters

    def command(**values: Any) -> None:
        how = {name: values[name] for name in reading}
        sources = tuple(dict.fromkeys(values["data"] or [DEFAULT]))
        sets = DataSets(sources, lambda source: options.read_data(source, **how))
        verb(sets=sets, **{name: values[name] for name in own if name != "sets"})

    data = inspect.Parameter(
        "data", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Sources
    )
    merged = [data, *reading.values(), *(one for name, one in own.items() if name != "sets")]
    keyword_only = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in merged]
    command.__name__, command.__doc__ = verb.__name__, verb.__doc__
    command.__annotations__ = {one.name: one.annotation for one in keyword_only}
    command.__signature__ = inspect.Signature(keyword_only)  # type: ignore[attr-defined]
    return command


def recipe_named(named: str, paper: PaperStudy) -> Recipe:
    """Return a recipe of the paper by its name, or one that `Recipe.save` wrote.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    if named in paper.recipes:
        return paper.recipes[named]
    if not Path(named).suffix:  # a name, then, and no file
        raise ParameterError(
            f"There is no recipe {named!r}.",
            hint=f"{did_you_mean(named, paper.recipes)} Or give a .json file of Recipe.save.",
        )
    return Recipe.load(named)


def command_of(
    name: str, scale: str, sources: Sequence[str], asked: Mapping[str, tuple[Any, Any]]
) -> str:
    """Return the command that measures the same; where it is kept does not matter.

    Parameters
    ----------
    name, scale : str
        Of the study.
    sources : sequence of str
        Its data sets.
    asked : mapping of str to (value, default)
        Options by their words; those at their defaults are left out.
    """
    words = ["steelyard", "study", name, "--scale", scale]
    words += [word for source in sources for word in ("--data", source)]
    for option, (value, default) in asked.items():
        words += [] if value == default else [option, str(value)]
    return shlex.join(words)


def told_of(progress: Progress, key: str) -> Progress:
    """Return a progress that names the data set before each step."""

    def told(done: int, total: int, what: str) -> None:
        progress(done, total, f"{key}, {what}")

    return told


def joined(measured: Sequence[Figures], command: str) -> Figures:
    """Return the figures of several data sets as one, with how they were measured."""
    versions = {name: metadata.version(name) for name in ("steelyard", "torch", "numpy")}
    facts: dict[str, Any] = {"command": command, "versions": versions}
    for one in measured:
        facts |= one.facts
    first = measured[0]
    table = pd.concat([one.table for one in measured], ignore_index=True)
    return Figures(first.study, first.scale, table, facts)


def held_against(
    paper: PaperStudy, figures: Figures, claimed: Sequence[str], **more: Any
) -> StudyResults:
    """Return the results of a study: its figures, and what came of the claims about them.

    Parameters
    ----------
    paper : PaperStudy
        What is claimed.
    figures : Figures
        What was measured.
    claimed : sequence of str
        The data sets, by their keys, that the paper's claims are held against.
    **more
        What else the results hold: curves, galleries.
    """
    claims = [claim for claim in paper.claims if claim.figure.split("/")[0] in claimed]
    figures = with_agreements(figures, claims)
    found = outcomes(claims, figures, not_run=paper.not_run)
    return StudyResults(paper.title, paper.paper if claims else "", figures, found, **more)


def kept(
    results: StudyResults, folder: Path, json: bool, print_findings: Callable[[], None]
) -> None:
    """Write results and their page into the folder, and tell of them."""
    with alone_in(folder):
        results.save(folder)
        write_study_report(folder)
    if json:
        print_json(header("StudyResults", **results.to_dict()))
        return
    print_findings()
    counts = Counter(one.outcome for one in results.outcomes)
    if results.outcomes:
        told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
        print(f"\nClaims of the paper: {told}. `steelyard claims --run {folder}` lists them.")
    for one in claim_sums(results.outcomes):
        if one.primary or one.detectable:  # what inconclusive claims could have shown
            print(textwrap.fill(one.words, 100, subsequent_indent="  "))
    print(f"\nThe page: {folder / REPORT}")


def shown(figures: Figures, key: str) -> str:
    """Return a figure with its interval, to a tenth."""
    if key not in figures:
        return "not run"
    row = figures.row(key)
    # one set, or one that had such test samples: a value that nothing says how sure it is
    ends = " [?]" if pd.isna(row["low"]) else f" [{row['low']:.1f}, {row['high']:.1f}]"
    return f"{row['value']:.1f}{ends}"


def _key(source: str, built_in: Mapping[str, str]) -> str:
    """Return with what the keys of a data set's figures begin: the paper's name, or a file's."""
    if source in built_in:
        return built_in[source]
    stem = Path(source).stem or "data"
    return f"{stem}-file" if stem in built_in.values() else stem  # no file passes for the paper's
