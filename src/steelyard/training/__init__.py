"""Fits: encodings, models, one readable loop, the recorder."""

from steelyard.training.fit import fit
from steelyard.training.prepared import Prepared, prepare
from steelyard.training.recipes import PROBES, default_probe
from steelyard.training.recorder import Recorder
from steelyard.training.stages import record_stages
from steelyard.training.traces import cartography_trace, parquet_trace, read_cartography

__all__ = [
    "PROBES",
    "Prepared",
    "Recorder",
    "cartography_trace",
    "default_probe",
    "fit",
    "parquet_trace",
    "prepare",
    "read_cartography",
    "record_stages",
]
