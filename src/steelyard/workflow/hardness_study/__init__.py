"""The hardness studies of any data: resampling and pruning by hardness."""

from steelyard.workflow.hardness_study.study import study_hardness

__all__ = ["study_hardness"]
