"""Fits: encodings, networks, one readable loop for many at once, the recorder."""

from steelyard.training.ensemble import fit_ensemble
from steelyard.training.fit import fit
from steelyard.training.fitted import Fitted
from steelyard.training.members import Member
from steelyard.training.prepared import Prepared, prepare
from steelyard.training.recipes import PROBES, default_probe
from steelyard.training.recorder import Recorder
from steelyard.training.stages import record_stages
from steelyard.training.traces import cartography_trace, parquet_trace, read_cartography

__all__ = [
    "PROBES",
    "Fitted",
    "Member",
    "Prepared",
    "Recorder",
    "cartography_trace",
    "default_probe",
    "fit",
    "fit_ensemble",
    "parquet_trace",
    "prepare",
    "read_cartography",
    "record_stages",
]
