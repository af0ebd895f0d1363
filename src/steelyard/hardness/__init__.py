"""Scores: one file a score; higher is always harder."""

from steelyard.hardness.estimate import estimate
from steelyard.hardness.registry import SCORES
from steelyard.hardness.score import Score
from steelyard.hardness.suspects import sample_kinds, suspects

__all__ = ["SCORES", "Score", "estimate", "sample_kinds", "suspects"]
