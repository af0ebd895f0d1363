"""Explains: the manifolds of classes inside a network, and where they turn over.

`class_radii` measures them, a `ManifoldRecorder` watches them in your own loop, and `inversions`
finds the epoch at which each class turns over and the samples that are wrong there.
"""

from steelyard.diagnosis.inversion import inversions
from steelyard.diagnosis.manifold_recorder import ManifoldRecorder
from steelyard.diagnosis.radii import class_radii, class_sums
from steelyard.diagnosis.turning_points import first_rise, smoothed_minimum
from steelyard.records.manifold_history import FORMULAS

__all__ = [
    "FORMULAS",
    "ManifoldRecorder",
    "class_radii",
    "class_sums",
    "first_rise",
    "inversions",
    "smoothed_minimum",
]
