"""Fits: encodings, models, one readable loop, the recorder."""

from steelyard.training.fit import fit
from steelyard.training.prepared import Prepared, prepare
from steelyard.training.recipes import PROBES, default_probe
from steelyard.training.recorder import Recorder

__all__ = ["PROBES", "Prepared", "Recorder", "default_probe", "fit", "prepare"]
