"""What comes of the claims of the hardness study where its figures are made up."""

import numpy as np
import pandas as pd
import pytest

from steelyard.evaluation import claim_sums, outcomes
from steelyard.records import Figures
from steelyard.records.figures import COLUMNS
from steelyard.studies import STUDIES

RESAMPLING = STUDIES["hardness-resampling"]
RESNET = "cifar10-jpeg-resnet18"
FAST = f"{RESNET}-fast"
CHANGE = "cifar10-jpeg/change/v1/alpha=1/random+easiest"
NARROWER = "fashion-mnist/change/v2/alpha=1.5/smote+easiest/recall"
PICKED = "cifar10-jpeg/pool/hardest-minus-random/alpha=1/recall"


def row(key, value, half=np.nan, unit="points"):
    return (key, value, np.nan, value - half, value + half, 10, unit)


@pytest.mark.parametrize(
    ("figure", "value", "half", "unit", "outcome"),
    [
        (f"{CHANGE}/recall/max_min", 0.3, 0.6, "points", "reproduced"),
        (f"{CHANGE}/recall/max_min", -0.3, 0.6, "points", "reproduced"),
        (f"{CHANGE}/recall/max_min", -2.0, 0.9, "points", "contradicted"),
        (f"{CHANGE}/recall/max_min", 0.0, 1.1, "points", "inconclusive"),
        (f"{CHANGE}/recall/mad", 0.4, 0.05, "points", "contradicted"),
        (f"{CHANGE}/systematic", 0.1, 0.3, "", "reproduced"),
        (f"{CHANGE}/systematic", 0.9, 0.1, "", "contradicted"),
        (f"{CHANGE}/systematic", 0.5, 0.3, "", "inconclusive"),
        ("cifar10-jpeg/best/v1/recall/max_min", -4, 3, "%", "reproduced"),
        ("cifar10-jpeg/best/v1/recall/max_min", -20, 5, "%", "contradicted"),
        ("fashion-mnist/best/v2/recall/max_min", -4, 3, "%", "reproduced"),
        ("fashion-mnist/best/v2/recall/max_min", 4, 3, "%", "contradicted"),
        (f"{NARROWER}/mad", -1, 0.5, "points", "reproduced"),
        (f"{NARROWER}/mad", 1, 0.5, "points", "contradicted"),
        (f"{NARROWER}/mad", -1, 2, "points", "inconclusive"),
        ("fashion-mnist/agreement/aum~el2n_early/samples", 0.6, 0.01, "", "reproduced"),
        ("fashion-mnist/agreement/aum~el2n_early/samples", 0.9, 0.01, "", "contradicted"),
        ("fashion-mnist/stability/aum-minus-el2n_early/change", -1, 0.2, "points", "reproduced"),
        ("cifar10-jpeg/score/aum/rank/class=3", 1, 0, "", "reproduced"),
        ("cifar10-jpeg/score/aum/rank/class=1", 7, 0, "", "contradicted"),
        ("cifar10-jpeg/arm/baseline/recall/easy_hard", 9, 2, "points", "reproduced"),
        ("cifar10-jpeg/agreement/published/classes", 0.2, 0, "", "contradicted"),
        ("cifar10-jpeg/agreement/published/classes", 0.7, 0.04, "", "reproduced"),
        (f"{FAST}/arm/baseline/recall", 95.0, 0.2, "%", "reproduced"),
        (f"{PICKED}/max_min", 0.5, 1, "points", "inconclusive"),
        (f"{RESNET}/arm/baseline/recall", 95.0, 0.2, "%", "reproduced"),
        (f"{RESNET}/arm/baseline/class=5/recall", 92, 1, "%", "reproduced"),
    ],
)  # fmt: skip
def test_what_comes_of_made_up_figures(figure, value, half, unit, outcome):
    table = pd.DataFrame([row(figure, value, half, unit)], columns=list(COLUMNS))
    figures = Figures(RESAMPLING.name, "small", table, {})
    found = outcomes(RESAMPLING.claims, figures, not_run=RESAMPLING.not_run)
    mine = [one for one in found if one.claim.figure == figure]
    assert {one.outcome for one in mine} == {outcome}
    assert {one.outcome for one in found if one not in mine} == {"not run"}


def test_the_two_versions_can_both_be_right_of_one_small_change():
    keys = {"v1": "change/v1/alpha=1/random+easiest", "v2": "change/v2/alpha=1/random+easiest"}
    rows = [row(f"cifar10-jpeg/{one}/recall/max_min", -0.5, 0.2) for one in keys.values()]
    wide = [row(f"fashion-mnist/{one}/recall/max_min", -2, 2.5) for one in keys.values()]
    beside = [row(f"fashion-mnist/{keys['v2']}/recall/max_min/detectable", 3.6)]
    table = pd.DataFrame([*rows, *wide, *beside], columns=list(COLUMNS))
    found = outcomes(RESAMPLING.claims, Figures(RESAMPLING.name, "small", table, {}))
    of_v1, of_v2 = (one for one in claim_sums(found) if one.protocol != "both")
    if of_v1.protocol != "paper-v1":
        of_v1, of_v2 = of_v2, of_v1
    n = of_v1.primary.n_claims
    assert of_v1.words == (
        f"paper-v1: of {n} primary claims: 1 reproduced, 0 contradicted, 1 inconclusive, {n - 2} "
        f"not run; of all {of_v1.n_claims}: 1 reproduced, 0 contradicted, 1 inconclusive, "
        f"{of_v1.n_claims - 2} not run"
    )
    assert of_v2.words.startswith(
        f"paper-v2: of {of_v2.primary.n_claims} primary claims: 1 reproduced, 0 "
        "contradicted, 1 inconclusive (least detectable difference 3.6 "
        "points), "
    )
