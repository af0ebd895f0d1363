"""Weigh the classes and samples of a data set before you balance them.

The verbs are `load`, `split`, `long_tail`, `train`, `score`, `out_of_fold`, `plan`, `evaluate`,
`audit`, `correct`, `weigh` and `report`; what they pass on are the records. `Recorder` watches your
own training loop. A plan comes out as a `dry_run` to read, a `PlanSampler` for torch,
`sample_weights`, a `balanced_frame` or a `manifest`; `balanced_stream` and `Resampler` (for
imbalanced-learn's pipelines) need no plan.
"""

from steelyard.datasets import load, long_tail, split
from steelyard.evaluation import evaluate, evaluate_arrays
from steelyard.guards import audit
from steelyard.records import (
    Agreement,
    Audit,
    ClassHardness,
    Dynamics,
    Evaluation,
    Finding,
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
from steelyard.resampling import (
    Pool,
    Reserve,
    Smote,
    balanced_frame,
    balanced_stream,
    dry_run,
    manifest,
    sample_weights,
)
from steelyard.resampling.torch_sampler import PlanSampler
from steelyard.training import Recorder
from steelyard.workflow import Resampler, correct, out_of_fold, plan, score, train, weigh

__version__ = "0.1.0"

__all__ = [
    "Agreement",
    "Audit",
    "ClassHardness",
    "Dynamics",
    "Evaluation",
    "Finding",
    "Hardness",
    "Interval",
    "Labelled",
    "Plan",
    "PlanSampler",
    "Pool",
    "Predictions",
    "Recipe",
    "Recorder",
    "Resampler",
    "Reserve",
    "Smote",
    "Stability",
    "Study",
    "Verdict",
    "Weighing",
    "audit",
    "balanced_frame",
    "balanced_stream",
    "correct",
    "dry_run",
    "evaluate",
    "evaluate_arrays",
    "load",
    "long_tail",
    "manifest",
    "out_of_fold",
    "plan",
    "report",
    "sample_weights",
    "score",
    "split",
    "train",
    "weigh",
]
