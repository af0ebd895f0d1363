"""Scores: one file a score; higher is always harder."""

from steelyard.hardness.agreement import agreement
from steelyard.hardness.aum_csv import read_aum_csv, write_aum_csv
from steelyard.hardness.class_hardness import class_hardness
from steelyard.hardness.estimate import estimate
from steelyard.hardness.registry import SCORES
from steelyard.hardness.runs_needed import runs_needed
from steelyard.hardness.score import Score
from steelyard.hardness.stability import halves_share, stability
from steelyard.hardness.suspects import sample_kinds, suspects

__all__ = [
    "SCORES",
    "Score",
    "agreement",
    "class_hardness",
    "estimate",
    "halves_share",
    "read_aum_csv",
    "runs_needed",
    "sample_kinds",
    "stability",
    "suspects",
    "write_aum_csv",
]
