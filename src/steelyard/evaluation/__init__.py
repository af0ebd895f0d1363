"""Judges: metrics, calibration, deployment priors, paired differences; sees only predictions."""

from steelyard.evaluation.arrays import evaluate_arrays, predictions_of
from steelyard.evaluation.calibration import calibration, correction_report
from steelyard.evaluation.confusion import (
    class_precision,
    class_recall,
    confusion_matrix,
)
from steelyard.evaluation.evaluate import evaluate
from steelyard.evaluation.groups import hardness_groups
from steelyard.evaluation.intervals import (
    accuracy_interval,
    recall_intervals,
    stratified_interval,
    wilson_interval,
)
from steelyard.evaluation.prior_correction import correct_prior, weighted_prior
from steelyard.evaluation.priors import deployment_priors
from steelyard.evaluation.quantities import correctness, negative_log_likelihood
from steelyard.records.priors import effective_prior

__all__ = [
    "accuracy_interval",
    "calibration",
    "class_precision",
    "class_recall",
    "confusion_matrix",
    "correct_prior",
    "correction_report",
    "correctness",
    "deployment_priors",
    "effective_prior",
    "evaluate",
    "evaluate_arrays",
    "hardness_groups",
    "negative_log_likelihood",
    "predictions_of",
    "recall_intervals",
    "stratified_interval",
    "weighted_prior",
    "wilson_interval",
]
