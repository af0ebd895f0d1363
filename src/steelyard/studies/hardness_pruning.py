"""Pruning by hardness (arXiv 2504.07031): over the whole data set or class by class, and refilled.

The case study of version 1 compares data-set-level with class-level pruning of easy samples; that
of version 2 prunes at random and resamples what is left by hardness.
"""

from __future__ import annotations

from dataclasses import replace

from steelyard.records.paper_study import PaperStudy
from steelyard.studies.hardness_arms import pruning_arms
from steelyard.studies.hardness_claims import DATA, not_run
from steelyard.studies.hardness_resampling import PAPER as RESAMPLING_PAPER
from steelyard.studies.hardness_resampling import PAPER_OF, RECIPES, RESNET_FAST
from steelyard.studies.hardness_resampling import SMALL as RESAMPLING_SMALL
from steelyard.studies.hardness_resampling import SMOKE as RESAMPLING_SMOKE
from steelyard.studies.pruning_claims import claims

SMALL = replace(RESAMPLING_SMALL, arms=pruning_arms(), estimators=("aum",), n_pool=0)
PAPER = replace(
    RESAMPLING_PAPER, arms=pruning_arms(), estimators=("aum",), n_scored=28, n_deciding=20, n_pool=0
)
MAIN = replace(PAPER, name="main", recipe=RESNET_FAST, arms=pruning_arms((0.3, 0.5, 0.7), (0.5,)))
SMOKE = replace(RESAMPLING_SMOKE, arms=pruning_arms((0.5,), (0.5,)), estimators=("aum",), n_pool=0)

HARDNESS_PRUNING = PaperStudy(
    name="hardness-pruning",
    title="Pruning by hardness: of the data set, class by class, and refilled",
    paper=PAPER_OF,
    command="steelyard study hardness-pruning --scale small",
    cost="",
    data=tuple(DATA),
    built_in={"fashion-mnist": "fashion-mnist", "cifar10": "cifar10"},
    recipes=RECIPES,
    scales={"smoke": SMOKE, "small": SMALL, "main": MAIN, "paper": PAPER},
    claims=claims(SMALL, PAPER),
    not_run=not_run("hardness-pruning"),
)
