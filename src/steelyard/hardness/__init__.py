"""Scores: one file a score; higher is always harder."""

from steelyard.hardness.agreement import agreement
from steelyard.hardness.aum_csv import read_aum_csv, write_aum_csv
from steelyard.hardness.class_hardness import class_hardness
from steelyard.hardness.class_measures import impurity, intrinsic_dimension
from steelyard.hardness.early_stopped import StoppedEarly, errors_at_count
from steelyard.hardness.estimate import estimate, values_by_run
from steelyard.hardness.hardest_set import hardest_set, random_set
from steelyard.hardness.imagenet_metrics import read_imagenet_metric
from steelyard.hardness.kinds import rare_classes, sample_kinds
from steelyard.hardness.label_doubt import label_doubt
from steelyard.hardness.label_odds import label_odds, unopposed
from steelyard.hardness.neighbours import neighbours
from steelyard.hardness.overlap import overlap, overlap_by_chance
from steelyard.hardness.read_scores import read_scores
from steelyard.hardness.registry import SCORES
from steelyard.hardness.runs_needed import runs_needed
from steelyard.hardness.score import Score
from steelyard.hardness.stability import halves_share, nested_changes, stability

__all__ = [
    "SCORES",
    "Score",
    "StoppedEarly",
    "agreement",
    "class_hardness",
    "errors_at_count",
    "estimate",
    "halves_share",
    "hardest_set",
    "impurity",
    "intrinsic_dimension",
    "label_doubt",
    "label_odds",
    "neighbours",
    "nested_changes",
    "overlap",
    "overlap_by_chance",
    "random_set",
    "rare_classes",
    "read_aum_csv",
    "read_imagenet_metric",
    "read_scores",
    "runs_needed",
    "sample_kinds",
    "stability",
    "unopposed",
    "values_by_run",
    "write_aum_csv",
]
