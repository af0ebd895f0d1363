"""From sets and predictions to figures, each under the key that a claim names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from steelyard._support.seeding import generator
from steelyard.evaluation.intervals import wilson_interval
from steelyard.hardness import overlap
from steelyard.records.inversions import Inversions
from steelyard.records.manifold_history import ManifoldHistory
from steelyard.workflow.in_class.sets import STRAGGLER, HardSets
from steelyard.workflow.pooled import (
    correlation_ends,
)
from steelyard.workflow.rows import Rows

EASY, HARD = "keep-easy", "keep-hard"
_PAIRS = (
    ("energy", "max-logit"), (STRAGGLER, "energy"), (STRAGGLER, "max-logit"),
    (STRAGGLER, "early-stopped"), (STRAGGLER, "random"),
)  # fmt: skip
_FEWEST_CLASSES = 3  # two correlate wholly, whatever they are
# mode, identifier, what was thinned out, share kept, part, metric -> (ratios, sets, networks)
Scores = Mapping[tuple[str, str, str, float, str, str], np.ndarray]


def add_accuracies(rows: Rows, scores: Scores, ratios: Iterable[float]) -> None:
    """Add what networks reach on hard and easy samples, at every kept share (figures 5 and 7)."""
    for (mode, identifier, which, share, part, metric), values in scores.items():
        at = f"{which}={share:g}/{part}/{metric}"
        rows.repeated(f"{mode}/{identifier}/{at}", values, "%")
        if metric == "accuracy" and len(values) > 1:
            for ratio, of_ratio in zip(ratios, values, strict=True):
                key = f"{mode}/{identifier}/ratio={ratio_name(ratio)}/{at}"
                rows.repeated(key, of_ratio[None], "%")


def add_contrasts(rows: Rows, scores: Scores) -> None:
    """Add the differences that the paper's sentences speak of, paired over sets."""
    gaps = {}
    for mode, identifier in dict.fromkeys(key[:2] for key in scores):

        def at(
            which: str, share: float, part: str, mode: str = mode, identifier: str = identifier
        ) -> np.ndarray | None:
            return scores.get((mode, identifier, which, share, part, "accuracy"))

        name = f"{mode}/{identifier}"
        hard, easy = at(EASY, 1.0, "hard"), at(EASY, 1.0, "easy")
        if hard is not None and easy is not None:
            # one value a set: of a control fewer networks train than of what it controls
            gaps[mode, identifier] = (easy - hard).mean(axis=2, keepdims=True)
            rows.repeated(f"{name}/gap", easy - hard, "points")
            for part, values in (("hard", hard), ("easy", easy)):
                if len(values) > 1:
                    # sets of other ratios are other sets
                    rows.apart(f"{name}/change/ratio/{part}", values[:1], values[-1:], "points")
        for which in (EASY, HARD):
            for part in ("hard", "easy"):
                all_of_it, none = at(which, 1.0, part), at(which, 0.0, part)
                if all_of_it is not None and none is not None:
                    key = f"{name}/change/{which}/{part}"
                    rows.repeated(key, all_of_it - none, "points")
        carried, back = at(EASY, 0.0, "easy"), at(HARD, 0.0, "hard")
        if carried is not None and back is not None:
            rows.repeated(f"{name}/transfer", carried - back, "points")
    for (mode, one), gap in gaps.items():
        for (other_mode, other), other_gap in gaps.items():
            if mode == other_mode and one != other:
                rows.repeated(f"{mode}/gap/{one}-minus-{other}", gap - other_gap, "points")


def add_counts(rows: Rows, sets: HardSets, labels: np.ndarray, n_classes: int) -> None:
    """Add how many samples of each class are hard (figure 8)."""
    for (mode, identifier), hard in sets.items():
        if identifier == "random":
            continue
        counts = class_counts(hard, labels, n_classes)
        for code in range(n_classes):
            key = f"{mode}/{identifier}/count/class={code}"
            rows.repeated(key, counts[None, :, code, None], "samples")
        total = counts.sum(axis=1).astype(float)
        rows.repeated(f"{mode}/{identifier}/count/total", total[None, :, None], "samples")
        if identifier == STRAGGLER:
            rows.repeated(f"{mode}/count/total", total[None, :, None], "samples")
            if (total > 0).all():
                share = (hard.shape[1] - total) / total
                rows.repeated(f"{mode}/easy-per-hard", share[None, :, None], "")


def add_overlaps(rows: Rows, sets: HardSets) -> None:
    """Add in how far the identifiers name the same samples, % of the first-named set."""
    for (mode, one), hard in sets.items():
        for (other_mode, other), named in sets.items():
            if mode == other_mode and (one, other) in _PAIRS:
                add_overlap(rows, f"{mode}/overlap/{one}~{other}", hard, named)
            if one == other == STRAGGLER and mode != other_mode:
                add_overlap(rows, f"{mode}/overlap/straggler~{other_mode}-straggler", hard, named)
        if one == STRAGGLER and len(hard) > 1:
            # each with the next: sets of two networks
            key = f"{mode}/overlap/straggler~other-straggler"
            add_overlap(rows, key, hard, np.roll(hard, 1, axis=0))


def add_overlap(rows: Rows, key: str, one: np.ndarray, other: np.ndarray) -> None:
    """Add the mean overlap of sets, pair by pair."""
    if one.any(axis=1).all() and other.any(axis=1).all():
        values = np.array([overlap(a, b) for a, b in zip(one, other, strict=True)])
        rows.repeated(key, values[None, :, None], "%")


def add_radii(rows: Rows, history: ManifoldHistory, seed: int) -> None:
    """Add the landmarks of the mean radius curves (figures 2 and 6)."""
    after = slice(1, None)  # the published landmarks begin with the epoch after the first check
    epochs, radii = history.epochs[after], history.radii[:, after]
    draws = generator(seed, purpose="in-class landmarks").integers(
        history.n_runs, size=(500, history.n_runs)
    )
    for code in range(radii.shape[2]):
        curves = radii[:, :, code]
        if not len(epochs) or not np.isfinite(curves).all():
            continue
        least = int(curves.mean(axis=0).argmin())
        for name, at in (("start", 0), ("minimum", least), ("end", -1)):
            rows.repeated(f"radius/class={code}/{name}", curves[None, :, at, None], "")
        moved = epochs[np.array([curves[draw].mean(axis=0).argmin() for draw in draws])]
        low, high = np.quantile(moved, [0.025, 0.975])
        key = f"radius/class={code}/minimum-epoch"
        rows.add(key, float(epochs[least]), float(moved.std()), low, high, len(curves), "epochs")


def mean_curves(history: ManifoldHistory, name: str) -> pd.DataFrame:
    """Return the mean radius of each class by epoch, with its spread over the runs."""
    mean, spread = history.radii.mean(axis=0), history.radii.std(axis=0)
    n_epochs, n_classes = mean.shape
    return pd.DataFrame(
        {
            "data": name,
            "class": np.tile(np.array(history.class_names, dtype=object), n_epochs),
            "epoch": np.repeat(history.epochs, n_classes),
            "mean": mean.ravel(),
            "spread": spread.ravel(),
            "n_runs": history.n_runs,
        }
    )


def add_inversions(rows: Rows, found: Mapping[str, Inversions]) -> None:
    """Add how many runs and classes were not seen to turn over, and when the last class did."""
    complete = found["shared"].complete
    lacking = wilson_interval(float((~complete).mean()), len(complete))
    key = "inversion/share-missing"
    rows.add(key, lacking.mean, np.nan, lacking.low, lacking.high, len(complete), "share")
    for mode, one in found.items():
        if mode != "snapshot":
            by_run = one.censored.mean(axis=1)  # classes of a run are not independent
            rows.repeated(f"{mode}/inversion/share-censored", by_run[None, :, None], "share")
        if complete.any():
            last = one.epochs[complete].max(axis=1).astype(float)
            rows.repeated(f"{mode}/inversion/epoch=last", last[None, :, None], "epochs")


def add_errors(
    rows: Rows, errors: np.ndarray, sets: HardSets, labels: np.ndarray, seed: int
) -> None:
    """Add the test error of each class and its correlation with the hard samples of the class.

    Parameters
    ----------
    errors : ndarray of shape (splits, networks, K)
        Share of each class's test samples that a network gets wrong.
    """
    n_classes = errors.shape[2]
    for code in range(n_classes):
        rows.repeated(f"error/class={code}", errors[None, :, :, code], "share")
    if n_classes < _FEWEST_CLASSES:
        return
    for (mode, identifier), hard in sets.items():
        if identifier == "random":
            continue
        counts = class_counts(hard, labels, n_classes)
        draws = generator(seed, purpose="in-class correlation", mode=mode, identifier=identifier)
        mean, low, high = correlation_ends(counts, errors.mean(axis=1), draws)
        key = f"{mode}/{identifier}/correlation/count~error"
        rows.add(key, mean, np.nan, low, high, len(counts), "")


def class_counts(hard: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the hard samples of each class, shape (sets, K)."""
    return np.stack([np.bincount(labels[one], minlength=n_classes) for one in hard])


def ratio_name(ratio: float) -> str:
    """Return a training share as the paper writes it: 0.9 is "90:10"."""
    return f"{100 * ratio:g}:{100 - 100 * ratio:g}"
