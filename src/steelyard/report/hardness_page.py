"""The pages of the hardness studies: whether more data for hard classes, or pruning, helps."""

from __future__ import annotations

from typing import Any

from steelyard.records.study_results import StudyResults
from steelyard.report import (
    hardness_method,
    ledger,
    paper_versions,
    pruning_findings,
    resampling_findings,
)
from steelyard.report.allocations import allocations
from steelyard.report.class_changes import class_changes
from steelyard.report.digits import plain
from steelyard.report.document import document
from steelyard.report.estimator_agreement import estimator_agreement
from steelyard.report.gap_evidence import findings
from steelyard.report.gap_tables import gaps
from steelyard.report.hardest_samples import hardest_samples
from steelyard.report.hardness_classes import hardness_classes
from steelyard.report.hardness_quantities import HardnessQuantities
from steelyard.report.names import one_line, shortened
from steelyard.report.noise_shares import noise_shares
from steelyard.report.pruning_curves import pruning_curves
from steelyard.report.refill_curves import refill_curves
from steelyard.report.robustness import robustness


def render_resampling(results: StudyResults) -> str:
    """Return the page of the study of resampling by hardness.

    Parameters
    ----------
    results : StudyResults
        Of the study "hardness-resampling".
    """
    quantities = HardnessQuantities(results)
    told = resampling_findings.told(quantities, claimed=bool(results.paper))
    return _page(
        results,
        quantities,
        headline=resampling_findings.headline(quantities),
        told=told,
        changes=class_changes(quantities),
        gaps=gaps(quantities),
        robustness=robustness(quantities),
        agreement=estimator_agreement(quantities),
        noise=noise_shares(quantities),
        is_pruning=False,
        pruning=(),
        refills=(),
    )


def render_pruning(results: StudyResults) -> str:
    """Return the page of the study of pruning by hardness.

    Parameters
    ----------
    results : StudyResults
        Of the study "hardness-pruning".
    """
    quantities = HardnessQuantities(results)
    told = pruning_findings.told(quantities, claimed=bool(results.paper))
    return _page(
        results,
        quantities,
        headline=pruning_findings.headline(quantities),
        told=told,
        changes=(),
        gaps=(),
        robustness=(),
        agreement=(),
        noise=(),
        is_pruning=True,
        pruning=pruning_curves(quantities),
        refills=refill_curves(quantities),
    )


def _page(
    results: StudyResults, quantities: HardnessQuantities, *, told: Any, **sections: Any
) -> str:
    found, ends = findings(told)
    return document(
        "hardness.html",
        title=shortened(results.title, 80),
        paper=one_line(results.paper) if results.paper else "",
        scale=one_line(results.figures.scale),
        versions=paper_versions.versions(results.outcomes),
        not_run=paper_versions.not_run(quantities, results.outcomes),
        findings=found,
        scale_ends=tuple(plain(round(end, 1)) for end in ends),
        classes=hardness_classes(quantities),
        allocations=allocations(quantities),
        hardest=hardest_samples(results.hardest),
        ledger=ledger.ledger(results.outcomes),
        facts=hardness_method.study_facts(results),
        data_facts=hardness_method.data_facts(quantities),
        **sections,
    )
