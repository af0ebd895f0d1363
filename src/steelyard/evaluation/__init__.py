"""Judges: metrics, intervals, deployment priors, paired differences; sees only predictions."""

from steelyard.evaluation.confusion import (
    class_precision,
    class_recall,
    confusion_matrix,
)
from steelyard.evaluation.evaluate import evaluate
from steelyard.evaluation.intervals import (
    accuracy_interval,
    recall_intervals,
    stratified_interval,
    wilson_interval,
)
from steelyard.evaluation.priors import deployment_priors
from steelyard.evaluation.quantities import correctness, negative_log_likelihood

__all__ = [
    "accuracy_interval",
    "class_precision",
    "class_recall",
    "confusion_matrix",
    "correctness",
    "deployment_priors",
    "evaluate",
    "negative_log_likelihood",
    "recall_intervals",
    "stratified_interval",
    "wilson_interval",
]
