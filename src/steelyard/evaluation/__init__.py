"""Judges: metrics, calibration, deployment priors, paired differences; sees only predictions."""

from steelyard.evaluation.agreements import with_agreements
from steelyard.evaluation.arrays import evaluate_arrays, predictions_of
from steelyard.evaluation.best_arm import BestArm, best_arm
from steelyard.evaluation.bootstrap import bootstrap, hierarchical_bootstrap
from steelyard.evaluation.calibration import calibration, correction_report
from steelyard.evaluation.claim_sums import ClaimSum, claim_sums
from steelyard.evaluation.claims import outcomes
from steelyard.evaluation.class_differences import class_estimates
from steelyard.evaluation.cost_report import cost_report
from steelyard.evaluation.costs import cost_of, cost_threshold, least_cost
from steelyard.evaluation.count_metrics import AVERAGES, CLASS_METRICS
from steelyard.evaluation.counts import count
from steelyard.evaluation.coverage import aurc, coverage, risk_coverage
from steelyard.evaluation.estimate import Estimate
from steelyard.evaluation.evaluate import evaluate
from steelyard.evaluation.fixed_prior import fixed_prior_average_precision
from steelyard.evaluation.gaps import equal_classes_null
from steelyard.evaluation.groups import hardness_groups
from steelyard.evaluation.intervals import (
    accuracy_interval,
    jeffreys_interval,
    recall_intervals,
    stratified_estimate,
    stratified_interval,
    wilson_interval,
)
from steelyard.evaluation.many_tests import holm
from steelyard.evaluation.paired_tests import paired_t, sign_flip_test, swap_test
from steelyard.evaluation.prior_correction import correct_prior, weighted_prior
from steelyard.evaluation.priors import deployment_priors
from steelyard.evaluation.quantities import correctness, negative_log_likelihood
from steelyard.evaluation.rank_correlation import mean_ranks, rank_agreement
from steelyard.evaluation.rank_estimates import rank_differences, rank_estimates
from steelyard.evaluation.rarity import rarity_test
from steelyard.evaluation.relative_gaps import relative_gaps
from steelyard.evaluation.repeated_splits import folds_estimate, splits_estimate
from steelyard.evaluation.stream import evaluate_in_chunks
from steelyard.evaluation.thresholds import choose_thresholds
from steelyard.records.priors import effective_prior

__all__ = [
    "AVERAGES",
    "CLASS_METRICS",
    "BestArm",
    "ClaimSum",
    "Estimate",
    "accuracy_interval",
    "aurc",
    "best_arm",
    "bootstrap",
    "calibration",
    "choose_thresholds",
    "claim_sums",
    "class_estimates",
    "correct_prior",
    "correction_report",
    "correctness",
    "cost_of",
    "cost_report",
    "cost_threshold",
    "count",
    "coverage",
    "deployment_priors",
    "effective_prior",
    "equal_classes_null",
    "evaluate",
    "evaluate_arrays",
    "evaluate_in_chunks",
    "fixed_prior_average_precision",
    "folds_estimate",
    "hardness_groups",
    "hierarchical_bootstrap",
    "holm",
    "jeffreys_interval",
    "least_cost",
    "mean_ranks",
    "negative_log_likelihood",
    "outcomes",
    "paired_t",
    "predictions_of",
    "rank_agreement",
    "rank_differences",
    "rank_estimates",
    "rarity_test",
    "recall_intervals",
    "relative_gaps",
    "risk_coverage",
    "sign_flip_test",
    "splits_estimate",
    "stratified_estimate",
    "stratified_interval",
    "swap_test",
    "weighted_prior",
    "wilson_interval",
    "with_agreements",
]
