"""Inversions: the epoch at which the manifold of each class turns over, in three modes.

While a network learns, the radius of a class shrinks for a while and then grows again. A sample
that is still wrong when its class turns over is a *straggler* (L. Ciceri et al., 2024, arXiv
2303.05161; P. Pukowski and H. Lu, 2024, arXiv 2409.14401, which this follows).

- "argmin" (ours, the default): each class at the minimum of its smoothed curve.
- "snapshot" (the text of the study): each class at its own first rise.
- "shared" (its published code, and thereby its published numbers): the code keeps a reference to
  one network that trains on, so that all classes are looked at when the last of them rises.

When they mislead. A first rise on a noisy curve is no turning point. And stragglers are, to within
noise, the errors that any network makes when it is stopped at the same count of errors: the
inversion says when to stop, no more. See docs/diagnosis.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from steelyard._support.errors import SteelyardWarning
from steelyard._support.validation import check_choice, check_kind, named_few
from steelyard.diagnosis.stragglers import wrong_from
from steelyard.diagnosis.turning_points import checks, first_rise, smoothed, smoothed_minimum
from steelyard.records.inversions import MODES, Inversions
from steelyard.records.manifold_history import ManifoldHistory

_NONE = -1


def inversions(
    history: ManifoldHistory,
    mode: str = "argmin",
    *,
    every: int = 5,
    after: int = 20,
    window: int = 11,
    patience: int = 5,
) -> Inversions:
    """Return where each class turns over in each run, and which samples are wrong there.

    A class that is not seen to turn over is *censored* in that run. It is then looked at at a
    stand-in: the median epoch of the class over the runs that have one, at the nearest epoch that
    the mode looks at (the earlier of two). In "shared" the stand-in is the last rise among the
    other classes of the run, so that a run is censored in part and its set still comes from one
    epoch. If no run helps, the epoch is -1 and the class has no stragglers, with a warning.
    The study left such runs out: `Inversions.complete` tells which it would have kept.
    A class without samples has the epoch -1, and is not censored.

    Parameters
    ----------
    history : ManifoldHistory
        Radii and errors, epoch by epoch.
    mode : {"argmin", "snapshot", "shared"}
        The rule.
    every : int
        In "snapshot" and "shared": epochs divisible by this are compared. 5 as published.
    after : int
        Earlier epochs, and this one, never qualify: the first fall and rise of an untrained
        network are none of these. 20 as published, there of one update each.
    window : int
        In "argmin": epochs of the centred moving average, odd. 11 (ours) holds three swings of the
        period of three epochs that published mean curves show.
    patience : int
        In "argmin": epochs of the smoothed curve that have to follow the minimum. 5 (ours) is half
        a window: nearer averages share most of their epochs with the one at the minimum, and tell
        no rise from noise.

    Raises
    ------
    ParameterError
        If the history is none, the mode unknown or a parameter outside its range.
    DataError
        If the history lacks epochs that the mode needs, or is too short.
    """
    check_kind(
        history, ManifoldHistory, "history", "inversions",
        "ManifoldRecorder records one in your own loop.",
    )  # fmt: skip
    check_choice(mode, "mode", "inversions", MODES)
    if mode == "argmin":
        looked_at = smoothed(history.radii[0].T, history.epochs, window, after)[1]
        found = _each(
            history, lambda curve: smoothed_minimum(curve, history.epochs, window, after, patience)
        )
    else:
        looked_at = history.epochs[checks(history.epochs, every, after)]
        found = _each(history, lambda curve: first_rise(curve, history.epochs, every, after))
    present = np.bincount(history.labels, minlength=len(history.class_names)) > 0
    censored = (found == _NONE) & present
    if mode == "shared":
        last = found.max(axis=1, keepdims=True, initial=_NONE)
        epochs = np.repeat(_filled(last, looked_at), found.shape[1], axis=1)
    else:
        epochs = _filled(found, looked_at)
    epochs[:, ~present] = _NONE
    _warn_of_none(history, epochs, present)
    wrong, since = wrong_from(history, epochs)
    return Inversions(
        history.ids, history.labels, history.class_names, mode, epochs, censored, wrong, since,
        history.data_fingerprint,
    )  # fmt: skip


def _each(history: ManifoldHistory, rule: Callable[[np.ndarray], int | None]) -> np.ndarray:
    """Return the epoch that a rule finds for every run and class, (runs, K); -1 for none."""
    found = np.full((history.n_runs, len(history.class_names)), _NONE)
    for run, code in np.ndindex(found.shape):
        epoch = rule(history.radii[run, :, code])
        found[run, code] = _NONE if epoch is None else epoch
    return found


def _filled(found: np.ndarray, looked_at: np.ndarray) -> np.ndarray:
    """Return the epochs found (runs, C), with the median of a column where a run has none."""
    filled = found.copy()
    for column in filled.T:
        known = column[column != _NONE]
        if len(known):
            nearest = looked_at[np.abs(looked_at - np.median(known)).argmin()]
            column[column == _NONE] = nearest
    return filled


def _warn_of_none(history: ManifoldHistory, epochs: np.ndarray, present: np.ndarray) -> None:
    lost = present & (epochs == _NONE).any(axis=0)  # in one run, and thereby in all
    if lost.any():
        names = named_few(np.array(history.class_names)[lost])
        warnings.warn(
            f"{int(lost.sum())} of {int(present.sum())} classes turn over in none of "
            f"{history.n_runs} runs ({names}): they have no stragglers. "
            "Hint: train longer, or more runs; the radii of the history show what they do.",
            SteelyardWarning,
            stacklevel=3,
        )
