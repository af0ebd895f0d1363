"""Conducts: strings the rooms together into a weighing."""

from steelyard.workflow.correct import correct
from steelyard.workflow.out_of_fold import out_of_fold
from steelyard.workflow.plan import plan
from steelyard.workflow.resampler import Resampler
from steelyard.workflow.score import score
from steelyard.workflow.train import train
from steelyard.workflow.weigh import weigh

__all__ = ["Resampler", "correct", "out_of_fold", "plan", "score", "train", "weigh"]
