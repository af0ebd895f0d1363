"""Supplies: reads sources, splits them, carves imbalance."""

from steelyard.datasets.built_in import BuiltIn, built_in_sets
from steelyard.datasets.cost_files import read_costs
from steelyard.datasets.load import load
from steelyard.datasets.long_tail import ORDERS, long_tail, long_tail_counts
from steelyard.datasets.prior_files import read_arm_priors, read_prior
from steelyard.datasets.split import split

__all__ = [
    "ORDERS",
    "BuiltIn",
    "built_in_sets",
    "load",
    "long_tail",
    "long_tail_counts",
    "read_arm_priors",
    "read_costs",
    "read_prior",
    "split",
]
