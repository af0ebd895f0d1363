"""Carries: the frozen records that go between the rooms."""

from steelyard.records.achieved import Achieved
from steelyard.records.agreement import Agreement
from steelyard.records.claim import OUTCOMES, Claim, Outcome
from steelyard.records.class_hardness import ClassHardness
from steelyard.records.class_sums import ClassSums
from steelyard.records.cost_verdict import CostOption, CostVerdict, PriorCosts
from steelyard.records.costs import Costs
from steelyard.records.dynamics import CHANNELS, Dynamics
from steelyard.records.evaluation import Evaluation
from steelyard.records.figures import Figures
from steelyard.records.finding import CODES, Audit, Finding
from steelyard.records.hardness import Hardness, load_scores, save_scores
from steelyard.records.hardness_arm import HardnessArm
from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.records.in_class_protocol import InClassProtocol
from steelyard.records.interval import Interval
from steelyard.records.inversions import Inversions
from steelyard.records.labelled import PARTS, Labelled
from steelyard.records.manifold_history import ManifoldHistory
from steelyard.records.neighbours import Neighbours
from steelyard.records.paper_study import PaperStudy
from steelyard.records.plan import Plan
from steelyard.records.predictions import Predictions
from steelyard.records.predictions_table import load_predictions, save_predictions
from steelyard.records.priors import check_prevalence, check_prior, prior_shift
from steelyard.records.recipe import Recipe
from steelyard.records.run_folder import alone_in, claim_folder, require_own_folder
from steelyard.records.stability import RunsNeeded, Stability
from steelyard.records.study import Arm, Study
from steelyard.records.thresholds import Thresholds
from steelyard.records.verdict import ClassVerdict, OtherWay, PriorVerdict, Verdict
from steelyard.records.weighing import Weighing

__all__ = [
    "CHANNELS",
    "CODES",
    "OUTCOMES",
    "PARTS",
    "Achieved",
    "Agreement",
    "Arm",
    "Audit",
    "Claim",
    "ClassHardness",
    "ClassSums",
    "ClassVerdict",
    "CostOption",
    "CostVerdict",
    "Costs",
    "Dynamics",
    "Evaluation",
    "Figures",
    "Finding",
    "Hardness",
    "HardnessArm",
    "HardnessProtocol",
    "InClassProtocol",
    "Interval",
    "Inversions",
    "Labelled",
    "ManifoldHistory",
    "Neighbours",
    "OtherWay",
    "Outcome",
    "PaperStudy",
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
