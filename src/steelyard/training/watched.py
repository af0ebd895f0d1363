"""stub until merged"""
from __future__ import annotations
import torch
from steelyard._support.progress import silent
from steelyard.training.descents import descend_watched, descend_subsets
from steelyard.training.threads import bounded_threads
from steelyard.training.devices import checked_device

def fit_watched(prepared, recipe, repetitions, *, layer=0, formula="sphere-root", first_epoch=0, seed=0, device="cpu", threads=1, progress=silent):
    with bounded_threads(prepared, threads):
        return descend_watched(prepared, recipe, repetitions, layer=layer, formula=formula, first_epoch=first_epoch, seed=seed, device=checked_device(device), progress=progress)

def fit_subsets(prepared, recipe, subsets, repetitions, *, seed=0, device="cpu", threads=1, progress=silent):
    with bounded_threads(prepared, threads):
        return descend_subsets(prepared, recipe, subsets, repetitions, seed=seed, device=checked_device(device), progress=progress)
