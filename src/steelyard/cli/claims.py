"""`steelyard claims`: what papers claim, what came of checking it, and on which numbers."""

from __future__ import annotations

import textwrap
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from steelyard._support.errors import (
    DataNotFoundError,
    MismatchError,
    ParameterError,
    SteelyardWarning,
)
from steelyard._support.storage import header
from steelyard._support.validation import check_choice, did_you_mean
from steelyard.cli import options
from steelyard.cli.terminal import one_line, print_facts, print_json, print_table
from steelyard.evaluation import claim_sums, outcomes
from steelyard.records.claim import OUTCOMES, Claim, Outcome
from steelyard.records.figures import FIGURES, Figures
from steelyard.records.interval import supported_decimals
from steelyard.records.paper_study import PaperStudy
from steelyard.studies import STUDIES, stored_figures

_MOST_DECIMALS = 3
_COLUMNS = ["claim", "where", "protocol", "outcome", "paper", "ours", "runs", "scale"]


def claims(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="[STUDY]", help=f"One study ({', '.join(STUDIES)}); all by default."
        ),
    ] = None,
    run: Annotated[
        list[Path] | None,
        typer.Option(
            help="A run folder of `steelyard study`, whose figures stand in front of those that "
            "come with steelyard; may be given several times."
        ),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(help="List these alone: reproduced, contradicted, inconclusive or not-run."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="List claims of this data set alone, for instance mnist.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(help='List what stands there in the paper alone, for instance "figure 7".'),
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="Give the reason of each outcome.")] = False,
    json: options.Json = False,
) -> None:
    """List what papers claim: their numbers, ours, and whether we could reproduce them."""
    studies = list(STUDIES.values()) if study is None else [_study(study)]
    given = [_figures_of(folder) for folder in run or ()]
    _require_known(given, run or [], studies)
    judged = [
        (one, result)
        for one in studies
        for result in _outcomes(one, [figures for figures in given if figures.study == one.name])
    ]
    wanted_data = _among(data, "data", {_data(result.claim) for _, result in judged})
    places = _among(where, "where", {result.claim.where for _, result in judged})
    named = _outcome_named(outcome)
    kept = [
        (one, result)
        for one, result in judged
        if result.outcome in named
        and _data(result.claim) in wanted_data
        and result.claim.where in places
    ]
    results = [result for _, result in kept]
    if json:
        counts = Counter(result.outcome for result in results)
        rows = [_document(one, result) for one, result in kept]
        print_json(header("Claims", counts={name: counts[name] for name in OUTCOMES}, claims=rows))
        return
    if not results:
        print("There are no such claims.")
        return
    _print_summary(results)
    print()
    for one in claim_sums(results):
        if one.primary or one.detectable:  # what inconclusive claims could have shown
            print(textwrap.fill(one.words, 100, subsequent_indent="  "))
    print_table("Claims", _COLUMNS, [_row(result) for result in results], left=4)
    _print_reasons(results, why)


def _study(name: str) -> PaperStudy:
    if name not in STUDIES:
        raise ParameterError(
            f"There is no study {name!r}.",
            hint=did_you_mean(name, STUDIES),
        )
    return STUDIES[name]


def _figures_of(folder: Path) -> Figures:
    if not folder.is_dir():
        there = sorted(path.parent.name for path in folder.parent.glob(f"*/{FIGURES}"))
        raise DataNotFoundError(
            f"There is no run folder {str(folder)!r}.",
            hint=did_you_mean(folder.name, there) if there else "`steelyard study` makes them.",
        )
    if not (folder / FIGURES).is_file():
        raise DataNotFoundError(
            f"The folder {str(folder)!r} holds no {FIGURES}.",
            hint="`steelyard study` writes it when a study has ended; the same command goes on.",
        )
    return Figures.load(folder / FIGURES)


def _require_known(
    given: Sequence[Figures], folders: Sequence[Path], studies: Sequence[PaperStudy]
) -> None:
    """Refuse runs of other studies; warn of runs that no claim speaks of."""
    for figures, folder in zip(given, folders, strict=True):
        mine = [one for one in studies if one.name == figures.study]
        if not mine:
            raise MismatchError(
                f"The run {str(folder)!r} is of the study {figures.study!r}, whose claims are not "
                "listed.",
                hint=did_you_mean(figures.study, [one.name for one in studies]),
            )
        if not any(claim.figure in figures for claim in mine[0].claims):
            warnings.warn(
                f"No claim of {figures.study!r} speaks of what {str(folder)!r} measured.",
                SteelyardWarning,
                stacklevel=2,
            )


def _outcomes(study: PaperStudy, given: Sequence[Figures]) -> list[Outcome]:
    """Judge by the runs given, and what they did not measure by those that come with us."""
    by_given = outcomes(study.claims, given, not_run=study.not_run)
    by_stored = outcomes(study.claims, stored_figures(study.name), not_run=study.not_run)
    return [
        stored if own.outcome == "not run" else own
        for own, stored in zip(by_given, by_stored, strict=True)
    ]


def _outcome_named(name: str | None) -> tuple[str, ...]:
    if name is None:
        return OUTCOMES
    return (check_choice(name.replace("-", " "), "--outcome", "steelyard claims", OUTCOMES),)


def _among(name: str | None, option: str, there: set[str]) -> set[str]:
    if name is None:
        return there
    if name not in there:
        raise ParameterError(
            f"No claim has --{option} {name!r}.", hint=did_you_mean(name, sorted(there))
        )
    return {name}


def _data(claim: Claim) -> str:
    return claim.figure.split("/")[0]


def _print_summary(results: Sequence[Outcome]) -> None:
    counts = Counter(((_data(one.claim), one.claim.protocol), one.outcome) for one in results)
    groups = list(dict.fromkeys(group for group, _ in counts))
    rows = [
        [*group, *(f"{counts[group, outcome]:,}" for outcome in OUTCOMES)]
        for group in sorted(groups)
    ]
    if len(rows) > 1:
        totals = Counter(one.outcome for one in results)
        rows.append(["all", "", *(f"{totals[outcome]:,}" for outcome in OUTCOMES)])
    title = f"{len(results):,} claims" if len(results) > 1 else "1 claim"
    print_table(title, ["data", "protocol", *OUTCOMES], rows, left=2)


def _row(result: Outcome) -> list[str]:
    """Return an outcome in `_COLUMNS`."""
    claim = result.claim
    return [
        claim.sentence,
        claim.where,
        claim.protocol,
        result.outcome,
        _published(claim),
        _ours(result),
        f"{result.n_runs:,}" if result.n_runs else "",
        result.scale,
    ]


def _published(claim: Claim) -> str:
    value = "" if claim.published is None else _number(claim.published)
    if claim.spread is not None:
        value += f" ± {_number(claim.spread)}"
    if claim.relation == "=":
        return value
    return f"{claim.relation} {_number(claim.tolerance)}" + (f" ({value})" if value else "")


def _ours(result: Outcome) -> str:
    if result.value is None:
        return ""
    if result.low is None or result.high is None:
        return _number(result.value)
    places = supported_decimals((result.high - result.low) / 2, _MOST_DECIMALS)
    value, low, high = (
        f"{round(end, places) + 0.0:,.{places}f}"  # no "-0.0"
        for end in (result.value, result.low, result.high)
    )
    return f"{value} [{low}, {high}]"


def _number(number: float) -> str:
    """Return a number with four digits, or all those before its point."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def _print_reasons(results: Sequence[Outcome], each: bool) -> None:
    """Print why claims were not run, a line a reason; where asked, why each came out as it did."""
    if each:
        print()
        print_facts([(one.outcome, f"{one.claim.key}: {one.why}") for one in results])
        return
    reasons = Counter(one.why for one in results if one.outcome == "not run")
    if reasons:
        print()
    for reason, count in reasons.most_common():
        print(f"Not run, {count:,}: {one_line(reason)}")
    if len(reasons) < len({one.why for one in results}):
        print("\nThe reasons of the others: --why.")


def _document(study: PaperStudy, result: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data."""
    values = asdict(result)
    return {"study": study.name, **values.pop("claim"), **values}
