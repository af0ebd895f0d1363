"""Scores: one file a score; higher is always harder."""

from steelyard.hardness.aum_csv import read_aum_csv, write_aum_csv
from steelyard.hardness.class_measures import impurity, intrinsic_dimension
from steelyard.hardness.estimate import estimate
from steelyard.hardness.imagenet_metrics import read_imagenet_metric
from steelyard.hardness.neighbours import neighbours
from steelyard.hardness.read_scores import read_scores
from steelyard.hardness.registry import SCORES
from steelyard.hardness.score import Score
from steelyard.hardness.suspects import sample_kinds, suspects

__all__ = [
    "SCORES",
    "Score",
    "estimate",
    "impurity",
    "intrinsic_dimension",
    "neighbours",
    "read_aum_csv",
    "read_imagenet_metric",
    "read_scores",
    "sample_kinds",
    "suspects",
    "write_aum_csv",
]
