"""Plans: one file a scheme."""

from steelyard.resampling.by_count import SELECTIONS, by_count
from steelyard.resampling.by_label_count import LABEL_SIZES, REFERENCES, by_label_count
from steelyard.resampling.distribution import distribution
from steelyard.resampling.dry_run import dry_run
from steelyard.resampling.label_rules import RULES
from steelyard.resampling.repeat_factors import by_repeat_factor, repeat_factors
from steelyard.resampling.targets import INTERPOLATIONS, SIZES
from steelyard.resampling.translations import (
    class_weights,
    degree_to_sampling_exponent,
    degree_to_temperature,
    sampling_exponent_to_degree,
    temperature_to_degree,
)

__all__ = [
    "INTERPOLATIONS",
    "LABEL_SIZES",
    "REFERENCES",
    "RULES",
    "SELECTIONS",
    "SIZES",
    "by_count",
    "by_label_count",
    "by_repeat_factor",
    "class_weights",
    "degree_to_sampling_exponent",
    "degree_to_temperature",
    "distribution",
    "dry_run",
    "repeat_factors",
    "sampling_exponent_to_degree",
    "temperature_to_degree",
]
