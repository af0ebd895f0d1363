"""Fits: encodings, networks, one readable loop for many at once, the recorder."""

from steelyard.training.channels import MEASURED, measure
from steelyard.training.class_weights import seen_prior
from steelyard.training.devices import checked_device, named_device
from steelyard.training.ensemble import fit_ensemble
from steelyard.training.fit import fit
from steelyard.training.fitted import (
    ALL_ROWS_SPLIT,
    LEFT_OUT_SPLIT,
    Fitted,
    first_samples,
    predicted_parts,
)
from steelyard.training.manifolds import Watched
from steelyard.training.members import CODE, Member
from steelyard.training.memory import free_bytes
from steelyard.training.networks import hidden_layers
from steelyard.training.prepared import Prepared, prepare
from steelyard.training.recipes import PROBES, default_probe
from steelyard.training.recorder import Recorder
from steelyard.training.sizes import bytes_a_network, declared_stacks
from steelyard.training.stages import record_stages
from steelyard.training.subsets import fit_subsets
from steelyard.training.traces import cartography_trace, parquet_trace, read_cartography
from steelyard.training.watched import fit_watched

__all__ = [
    "ALL_ROWS_SPLIT",
    "CODE",
    "LEFT_OUT_SPLIT",
    "MEASURED",
    "PROBES",
    "Fitted",
    "Member",
    "Prepared",
    "Recorder",
    "Watched",
    "bytes_a_network",
    "cartography_trace",
    "checked_device",
    "declared_stacks",
    "default_probe",
    "first_samples",
    "fit",
    "fit_ensemble",
    "fit_subsets",
    "fit_watched",
    "free_bytes",
    "hidden_layers",
    "measure",
    "named_device",
    "parquet_trace",
    "predicted_parts",
    "prepare",
    "read_cartography",
    "record_stages",
    "seen_prior",
]
