import dataclasses
import math

import numpy as np
import pytest

from steelyard.records.plan import Plan
from steelyard.report import plans


def advised(weighing, outcome, prior=1):
    first = dataclasses.replace(weighing.verdict.priors[prior], outcome=outcome)
    verdict = dataclasses.replace(weighing.verdict, priors=(first,))
    return plans.advice(dataclasses.replace(weighing, verdict=verdict))


def test_leaving_the_data_changes_nothing_and_folds_the_table(images):
    found = advised(images, "leave")
    assert "Use each of the 2,478 training samples once" in found.words
    assert found.correction == ""
    assert found.folded


def test_a_correction_is_given_class_by_class(images):
    found = advised(images, "correct")
    assert "logit" in found.correction
    assert not found.folded
    assert found.table.columns[-1].title == "Correction, nats"
    for row, one in zip(found.table.rows, images.verdict.classes, strict=True):
        shift = float(row[-1].text.replace("\N{MINUS SIGN}", "-"))
        assert shift == pytest.approx(math.log(0.1 / one.share), abs=5e-4)


def test_a_rebalancing_plan_shows_what_it_achieves(images):
    counts = images.plan.counts.copy()
    counts[:2] = [3, 0]
    labels = images.hardness["aum"].labels
    achieved = np.bincount(labels, weights=counts).astype(int)
    old = images.plan
    plan = Plan(
        old.ids, counts, old.class_names, old.before, achieved + 0.4, achieved,
        "by count, degree 0.5", old.data_fingerprint,
    )  # fmt: skip
    found = advised(dataclasses.replace(images, plan=plan), "rebalance")
    assert found.words == (
        "Rebalance by count, degree 0.5: 2,479 draws in an epoch from 2,478 training "
        "samples; 1 used more than once, 1 not at all."
    )
    first = found.table.rows[0]
    assert first[1].text == "1,000"
    assert first[2].text == f"{achieved[0] + 0.4:,.1f}"
    assert first[3].text == f"{achieved[0]:,}"
    assert not found.folded
