"""Carries: the frozen records that go between the rooms."""

from steelyard.records.achieved import Achieved
from steelyard.records.agreement import Agreement
from steelyard.records.class_hardness import ClassHardness
from steelyard.records.cost_verdict import CostOption, CostVerdict, PriorCosts
from steelyard.records.costs import Costs
from steelyard.records.dynamics import CHANNELS, Dynamics
from steelyard.records.evaluation import Evaluation
from steelyard.records.finding import CODES, Audit, Finding
from steelyard.records.hardness import Hardness, load_scores, save_scores
from steelyard.records.interval import Interval
from steelyard.records.labelled import PARTS, Labelled
from steelyard.records.neighbours import Neighbours
from steelyard.records.plan import Plan
from steelyard.records.predictions import Predictions
from steelyard.records.predictions_table import load_predictions, save_predictions
from steelyard.records.priors import check_prevalence, check_prior, prior_shift
from steelyard.records.recipe import Recipe
from steelyard.records.run_folder import alone_in, claim_folder, require_own_folder
from steelyard.records.stability import RunsNeeded, Stability
from steelyard.records.study import Arm, Claim, Study
from steelyard.records.thresholds import Thresholds
from steelyard.records.verdict import ClassVerdict, PriorVerdict, Verdict
from steelyard.records.weighing import Weighing

__all__ = [
    "CHANNELS",
    "CODES",
    "PARTS",
    "Achieved",
    "Agreement",
    "Arm",
    "Audit",
    "Claim",
    "ClassHardness",
    "ClassVerdict",
    "CostOption",
    "CostVerdict",
    "Costs",
    "Dynamics",
    "Evaluation",
    "Finding",
    "Hardness",
    "Interval",
    "Labelled",
    "Neighbours",
    "Plan",
    "Predictions",
    "PriorCosts",
    "PriorVerdict",
    "Recipe",
    "RunsNeeded",
    "Stability",
    "Study",
    "Thresholds",
    "Verdict",
    "Weighing",
    "alone_in",
    "check_prevalence",
    "check_prior",
    "claim_folder",
    "load_predictions",
    "load_scores",
    "prior_shift",
    "require_own_folder",
    "save_predictions",
    "save_scores",
]
