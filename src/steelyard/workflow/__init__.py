"""Conducts: strings the rooms together into a weighing."""

from steelyard.workflow.plan import plan
from steelyard.workflow.score import score
from steelyard.workflow.train import train
from steelyard.workflow.weigh import weigh

__all__ = ["plan", "score", "train", "weigh"]
