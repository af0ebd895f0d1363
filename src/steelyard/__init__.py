"""Weigh the classes and samples of a data set before you balance them.

The verbs are `load`, `split`, `long_tail`, `train`, `score`, `out_of_fold`, `plan`, `evaluate`,
`correct`, `weigh` and `report`; what they pass on are the records. `Recorder` watches your own
training loop.
"""

from steelyard.datasets import load, long_tail, split
from steelyard.evaluation import evaluate
from steelyard.records import (
    Agreement,
    ClassHardness,
    Dynamics,
    Evaluation,
    Hardness,
    Interval,
    Labelled,
    Plan,
    Predictions,
    Recipe,
    Stability,
    Study,
    Verdict,
    Weighing,
)
from steelyard.report import write_report as report
from steelyard.training import Recorder
from steelyard.workflow import correct, out_of_fold, plan, score, train, weigh

__version__ = "0.1.0"

__all__ = [
    "Agreement",
    "ClassHardness",
    "Dynamics",
    "Evaluation",
    "Hardness",
    "Interval",
    "Labelled",
    "Plan",
    "Predictions",
    "Recipe",
    "Recorder",
    "Stability",
    "Study",
    "Verdict",
    "Weighing",
    "correct",
    "evaluate",
    "load",
    "long_tail",
    "out_of_fold",
    "plan",
    "report",
    "score",
    "split",
    "train",
    "weigh",
]
