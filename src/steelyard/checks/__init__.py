"""Proves: public contracts that every score and every plan scheme must pass."""

from steelyard.checks.contract import ContractError
from steelyard.checks.label_plans import check_label_plan_scheme
from steelyard.checks.plans import check_plan_scheme
from steelyard.checks.scores import check_score

__all__ = ["ContractError", "check_label_plan_scheme", "check_plan_scheme", "check_score"]
