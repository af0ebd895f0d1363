"""Plans: one file a scheme."""

from steelyard.resampling.by_count import by_count
from steelyard.resampling.targets import SIZES
from steelyard.resampling.translations import (
    class_weights,
    degree_to_sampling_exponent,
    degree_to_temperature,
    sampling_exponent_to_degree,
    temperature_to_degree,
)

__all__ = [
    "SIZES",
    "by_count",
    "class_weights",
    "degree_to_sampling_exponent",
    "degree_to_temperature",
    "sampling_exponent_to_degree",
    "temperature_to_degree",
]
