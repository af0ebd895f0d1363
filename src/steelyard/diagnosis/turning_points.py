"""Where one curve turns from falling to rising, by two rules.

`first_rise` is the rule of the study (P. Pukowski and H. Lu, 2024, arXiv 2409.14401, algorithm 2):
look at every fifth epoch, and stop at the first value above the one before. On a noisy curve that
finds the first upward flicker and no turning point: it comes too early, and by chance.

`smoothed_minimum` is ours: the lowest point of a moving average. It needs the whole curve, and
answers "none" where the curve only falls, only rises, or had no time left to rise.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.validation import check_integer


def checks(epochs: np.ndarray, every: int, after: int) -> np.ndarray:
    """Return the positions of the epochs at which `first_rise` looks, the reference first.

    Parameters
    ----------
    epochs, every, after
        As in `first_rise`.

    Raises
    ------
    ParameterError
        If a parameter lies outside its range.
    DataError
        If an epoch that is to be looked at was not recorded, or none is left to rise at.
    """
    every = check_integer(every, "every", "inversions", 1)
    after = check_integer(after, "after", "inversions", 0)
    wanted = np.arange(after // every * every, (epochs.max() if len(epochs) else -1) + 1, every)
    if len(wanted) < 2:
        raise DataError(
            f"A rise is looked for at epochs divisible by {every}, after epoch {after}. "
            f"The last one recorded is {epochs.max() if len(epochs) else 'none'}.",
            hint="train longer, or lower after.",
        )
    missing = np.setdiff1d(wanted, epochs)
    if len(missing):
        raise DataError(
            f"A rise is looked for at every epoch divisible by {every} from {wanted[0]} on. "
            f"{len(missing)} of {len(wanted)} were not recorded, first epoch {missing[0]}.",
            hint="set every to the step of the epochs recorded, or use mode 'argmin'.",
        )
    return np.flatnonzero(np.isin(epochs, wanted))


def first_rise(
    radii: np.ndarray, epochs: np.ndarray, every: int = 5, after: int = 20
) -> int | None:
    """Return the first epoch whose radius exceeds that of the check before; None if there is none.

    Parameters
    ----------
    radii : ndarray of shape (E,)
        The curve.
    epochs : ndarray of shape (E,)
        Epochs of its values, ascending.
    every : int
        Epochs divisible by this are looked at.
    after : int
        Only later epochs qualify; the last check up to this one is the first to be compared with.
        With 5 and 20 epoch 20 is the reference and epoch 25 the first that can qualify.

    Notes
    -----
    As published a rise is any rise: one in the last digit counts.

    Raises
    ------
    ParameterError, DataError
        As `checks`.
    """
    epochs = np.asarray(epochs)
    positions = checks(epochs, every, after)
    seen = np.asarray(radii)[positions]
    rises = np.flatnonzero(seen[1:] > seen[:-1])
    return int(epochs[positions[rises[0] + 1]]) if len(rises) else None


def smoothed(
    radii: np.ndarray, epochs: np.ndarray, window: int = 11, after: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centred moving average of a curve, and its epochs.

    Parameters
    ----------
    radii : ndarray of shape (..., E)
        One curve, or several.
    epochs : ndarray of shape (E,)
        Ascending; evenly spaced after ``after``.
    window : int
        Epochs that are averaged, odd. Of a curve that knows every s-th epoch alone the window
        holds the recorded ones among them.
    after : int
        Only later epochs are averaged.

    Returns
    -------
    curve : ndarray of shape (..., E')
        Where the whole window was recorded.
    epochs : ndarray of shape (E',)
        The middle of each window.

    Raises
    ------
    ParameterError
        If a parameter lies outside its range.
    DataError
        If epochs are missing in between, or fewer than three windows fit.
    """
    window = check_integer(window, "window", "inversions", 1)
    after = check_integer(after, "after", "inversions", 0)
    if window % 2 == 0:
        raise ParameterError(
            f"The 'window' parameter of inversions must be odd, to have a middle. Got {window} "
            "instead."
        )
    epochs = np.asarray(epochs)
    late = epochs > after
    centres = epochs[late]
    steps = np.diff(centres)
    step = int(steps[0]) if len(steps) else 1
    if (steps != step).any():
        gap = int((steps != step).argmax())
        raise DataError(
            f"A moving average needs epochs at even steps after epoch {after}. Got a step of "
            f"{step}, and one of {steps[gap]} after epoch {centres[gap]}.",
            hint="record every epoch, or every fifth.",
        )
    half = window // 2 // step
    if window > 1 and not half:
        raise DataError(
            f"A window of {window} epochs holds one of the epochs recorded, every {step}th.",
            hint=f"take window={2 * step + 1} or more, or 1 to leave the curve as it is.",
        )
    if len(centres) < 2 * half + 3:
        raise DataError(
            f"A minimum is looked for in a moving average over {window} epochs after epoch "
            f"{after}, which needs {2 * half + 3} of them. Got {len(centres)}.",
            hint="train longer, or lower after or window.",
        )
    windows = sliding_window_view(np.asarray(radii)[..., late], 2 * half + 1, axis=-1)
    # each window by itself: equal values give equal averages, of a running sum they would not
    return windows.mean(axis=-1), centres[half : len(centres) - half]


def smoothed_minimum(
    radii: np.ndarray, epochs: np.ndarray, window: int = 11, after: int = 20, patience: int = 5
) -> int | None:
    """Return the epoch of the minimum of the smoothed curve; None if it is at either end.

    Parameters
    ----------
    radii : ndarray of shape (E,)
        The curve.
    epochs, window, after
        As in `smoothed`.
    patience : int
        Epochs of the smoothed curve that have to follow the minimum, of which one at least has to
        lie above it. With a window of 11, whose last half has no average, 5 means that the
        training went on for ten epochs.

    Raises
    ------
    ParameterError, DataError
        As `smoothed`.
    """
    patience = check_integer(patience, "patience", "inversions", 0)
    curve, centres = smoothed(radii, epochs, window, after)
    lowest = np.flatnonzero(curve == curve.min())
    # of a flat bottom the first epoch counts, but it has to end before the curve does
    turns = len(lowest) > 0 and lowest[0] > 0 and lowest[-1] < len(curve) - 1
    if not turns or centres[-1] - centres[lowest[-1]] < patience:
        return None
    return int(centres[lowest[0]])
