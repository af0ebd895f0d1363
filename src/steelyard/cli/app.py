"""The command line as a whole: its verbs, its exit codes, its one-line errors."""

from __future__ import annotations

import sys
import traceback

import typer

import steelyard
from steelyard._support.errors import SteelyardError
from steelyard.cli.apply import apply
from steelyard.cli.audit import audit
from steelyard.cli.claims import claims
from steelyard.cli.correct import correct
from steelyard.cli.datasets import datasets
from steelyard.cli.evaluate import evaluate
from steelyard.cli.plan import plan
from steelyard.cli.report import report
from steelyard.cli.runs import app as runs
from steelyard.cli.score import score
from steelyard.cli.study import app as study
from steelyard.cli.terminal import one_line, our_warnings_alone
from steelyard.cli.thresholds import thresholds
from steelyard.cli.weigh import weigh

DONE, OURS, USERS, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    name="steelyard",
    help="Weigh the classes and samples of a data set before you balance them.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
VERBS = (
    weigh, score, plan, apply, audit, evaluate, thresholds, correct, report, claims, datasets,
)  # fmt: skip
for verb in VERBS:
    app.command()(verb)
app.add_typer(study)
app.add_typer(runs)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(steelyard.__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        The words after the command's name; those of the process by default.
    """
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 2 the user's mistake, 1 ours."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        with our_warnings_alone():
            # a group alone is a question, not a mistake
            asked = words if words not in ([], ["runs"], ["study"]) else [*words, "--help"]
            returned = app(args=asked, standalone_mode=False)
        code = returned if isinstance(returned, int) else DONE
    except SteelyardError as error:
        print(f"Error: {one_line(str(error))}", file=sys.stderr)
        return USERS
    except typer.TyperException as error:
        print(f"Error: {one_line(error.format_message())} Hint: see --help.", file=sys.stderr)
        return USERS
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception:
        traceback.print_exc()
        print("Error: a defect of steelyard; please report the lines above.", file=sys.stderr)
        return OURS
    if code == INTERRUPTED:
        print(
            "Interrupted. What is finished is kept; the same command goes on from there.",
            file=sys.stderr,
        )
    return code
