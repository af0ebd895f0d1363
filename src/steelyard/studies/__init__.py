"""Declares: one file a paper; protocols, claims and published numbers, values alone."""

from steelyard.studies.hardness_pruning import HARDNESS_PRUNING
from steelyard.studies.hardness_resampling import HARDNESS_RESAMPLING
from steelyard.studies.in_class_imbalance import IN_CLASS
from steelyard.studies.stored import stored_figures

STUDIES = {study.name: study for study in (IN_CLASS, HARDNESS_RESAMPLING, HARDNESS_PRUNING)}

__all__ = ["STUDIES", "stored_figures"]
