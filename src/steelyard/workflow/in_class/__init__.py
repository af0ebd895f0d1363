"""Conducts the in-class imbalance study on any data: search, sets, tests, figures."""

from steelyard.workflow.in_class.study import study_in_class

__all__ = ["study_in_class"]
