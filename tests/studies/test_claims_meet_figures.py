"""Every claim on the published protocol names a figure that a run of the study measures."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

import steelyard as sy
from steelyard._support.errors import SteelyardWarning
from steelyard.evaluation import outcomes, with_agreements
from steelyard.studies import STUDIES
from steelyard.workflow.engines import choose_engine
from steelyard.workflow.in_class import study_in_class

PAPER = STUDIES["in-class"]
# the axes are the paper's; all else is as small as it can be
TINY = replace(
    PAPER.scales["small"],
    recipe=replace(PAPER.recipes["stragglers-code"], widths=(5,), epochs=40, learning_rate=1.0),
    n_sets=1, n_samples=400, n_error_networks=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def figures():
    digits = sy.load("digits")
    noise = np.random.default_rng(0).normal(0, 60, digits.inputs.shape)
    pixels = np.clip(digits.inputs + noise, 0, 255).astype(np.uint8)
    data = sy.load((pixels, digits.labels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SteelyardWarning)  # of so few some class may not turn over
        measured, _ = study_in_class(data, TINY, name="mnist", engine=choose_engine("local", 1))
    return with_agreements(measured, PAPER.claims)


def test_of_the_published_protocol_nothing_is_left_out(figures):
    asked = [one for one in PAPER.claims if one.figure.startswith("mnist/")]
    found = outcomes(asked, figures, not_run=PAPER.not_run)  # refuses another unit
    left_out = {one.claim.figure for one in found if one.outcome == "not run"}
    # a second network of a set, and tests of the text's protocol, need more than one set and run
    expected = {one for one in left_out if one.startswith("mnist/snapshot/")}
    expected |= {"mnist/shared/overlap/straggler~other-straggler"}
    assert left_out <= expected
    assert len(found) - len(left_out) > 450


def test_of_the_text_the_sets_and_the_ends_are_measured(figures):
    asked = [one for one in PAPER.claims if one.figure.startswith("mnist/snapshot/")]
    found = {one.claim.figure: one.outcome for one in outcomes(asked, figures)}
    for key in (
        "count/total", "easy-per-hard", "overlap/energy~max-logit", "overlap/straggler~energy",
        "straggler/gap", "straggler/keep-easy=0/hard/accuracy", "straggler/transfer",
        "straggler/correlation/count~error", "correlation/count~published-count",
        "max-logit/count/class=3",
    ):  # fmt: skip
        assert found[f"mnist/snapshot/{key}"] != "not run", key


def test_agreement_counts_published_points(figures):
    row = figures.row("mnist/agreement/figure-7")
    points = [
        one for one in PAPER.claims
        if one.where == "figure 7" and one.relation == "=" and one.protocol == "shared"
        and one.figure.endswith("/accuracy")
    ]  # fmt: skip
    assert len(points) == 84
    near = [
        abs(figures.row(one.figure)["value"] - one.published) <= one.tolerance for one in points
    ]
    assert row["value"] == pytest.approx(100 * np.mean(near))
