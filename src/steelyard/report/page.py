"""The page of a weighing: every section from one `Weighing`, in one self-contained file."""

from __future__ import annotations

from pathlib import Path

from steelyard.records.weighing import Weighing
from steelyard.report import (
    agreement,
    answers,
    by_hardness_changes,
    classes,
    costs,
    curves,
    gallery,
    methods,
    plans,
    priors,
)
from steelyard.report.document import document, written
from steelyard.report.names import one_line, shortened


def render(weighing: Weighing) -> str:
    """Return the page as HTML; the same records give the same text.

    It holds the verdict first, then costs where they were stated, the degree curves, the classes,
    the samples, the scores, the plan and the methods, with the drawing library inside: about 5 MB,
    and nothing to fetch.

    Parameters
    ----------
    weighing : Weighing
        What `steelyard.weigh` returned, or `Weighing.load` read.
    """
    verdict = weighing.verdict
    agreed = agreement.section(weighing)
    open_table, closed_table = classes.tables(verdict)
    return document(
        "page.html",
        name=shortened(verdict.data, 80),
        facts_line=methods.data_facts(weighing),
        headline=one_line(verdict.headline),
        answers=answers.answers(weighing),
        scale_ends=answers.common_scale(verdict).ends,
        priors_table=priors.shares_table(verdict),
        costs=costs.section(weighing),
        curves_lead=curves.lead(verdict),
        curves=[curves.curves(weighing, metric) for metric in (curves.ACCURACY, curves.LOG_LOSS)],
        class_changes=by_hardness_changes.section(weighing),
        classes_lead=classes.lead(verdict),
        classes_chart=classes.chart(verdict),
        classes_notes=[classes.not_drawn(verdict), classes.label_limit_note(verdict)],
        classes_table=open_table,
        classes_rest=closed_table,
        verdict=verdict,
        hardest_by=methods.score_words(gallery.hardest_by(weighing).name),
        suspect_by=methods.score_words(gallery.suspect_by(weighing).name),
        hardest=gallery.hardest(weighing),
        suspects=gallery.suspects(weighing),
        agreement=agreed,
        advice=plans.advice(weighing),
        gaps=methods.gaps(weighing),
        steps=methods.steps(weighing),
        recipes=methods.recipes(weighing),
        facts=methods.facts(weighing),
    )


def write_report(folder: str | Path) -> Path:
    """Render the run in a folder into its ``report.html`` and return the path.

    Raises
    ------
    DataNotFoundError, DataError
        If the folder holds no complete run, or values that no page can show.
    OutputError
        If the page cannot be written; nothing is left half-written.
    """
    weighing = Weighing.load(folder)
    return written(folder, "run folder", lambda: render(weighing))
