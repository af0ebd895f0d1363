"""The page of the study of in-class imbalance: its figures drawn anew beside the published."""

from __future__ import annotations

from steelyard.records.study_results import StudyResults
from steelyard.report import (
    effects,
    gap_controls,
    hard_counts,
    kept_shares,
    ledger,
    protocol_table,
    radii,
    study_findings,
    study_method,
)
from steelyard.report.document import document
from steelyard.report.names import one_line, shortened
from steelyard.report.quantities import Quantities


def render_in_class(results: StudyResults) -> str:
    """Return the page as HTML; the same records give the same text.

    It holds what came of the claims first, then each figure of the paper drawn anew, ours with
    its interval beside the published, then the controls, text against code, every claim, and how
    it was done. What was not run is named.

    Parameters
    ----------
    results : StudyResults
        What the study measured, and its claims with their outcomes.
    """
    quantities = Quantities(results)
    return document(
        "study.html",
        title=shortened(results.title, 80),
        paper=one_line(results.paper) if results.paper else "",
        scale=one_line(results.figures.scale),
        headline=study_findings.headline(results.outcomes),
        not_run=study_findings.not_run(quantities),
        findings=study_findings.findings(quantities),
        scale_ends=study_findings.scale_ends(quantities),
        kept=kept_shares.kept_shares(quantities),
        effects=effects.effects(quantities),
        counts=hard_counts.hard_counts(quantities),
        radii=radii.radii(quantities, results.curves),
        controls=gap_controls.controls(quantities),
        protocols=protocol_table.protocols(quantities),
        claimed=bool(results.outcomes),
        ledger=ledger.ledger(results.outcomes),
        facts=study_method.facts(results),
    )
