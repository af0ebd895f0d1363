"""Results of a study, made up but shaped as real ones: nothing was trained for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from steelyard.records.claim import Claim, Outcome
from steelyard.records.figures import COLUMNS, Figures
from steelyard.records.study_results import StudyResults

SHARES = {"easy": (0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 0.75, 1), "hard": (0, 0.25, 0.5, 0.75, 1)}
IDENTIFIERS = ("straggler", "max-logit", "energy", "early-stopped", "random")
PUBLISHED = IDENTIFIERS[:3]
# accuracy on hard and on easy samples at share 0 and at share 1, of easy and of hard kept
_ENDS = {
    "straggler": {"easy": ((44.4, 25.3), (47.1, 97.2)), "hard": ((17.0, 25.3), (96.7, 97.2))},
    "max-logit": {"easy": ((48.7, 45.4), (64.7, 95.7)), "hard": ((38.2, 45.4), (95.2, 95.7))},
    "energy": {"easy": ((52.4, 49.6), (64.9, 95.4)), "hard": ((41.8, 49.6), (95.1, 95.4))},
    "early-stopped": {"easy": ((50.2, 28.1), (51.1, 97.7)), "hard": ((17.6, 28.1), (97.4, 97.7))},
    "random": {"easy": ((88.4, 92.5), (87.5, 91.8)), "hard": ((91.8, 92.5), (91.6, 91.8))},
}
FACTS = {
    "command": "steelyard study in-class-imbalance --scale small",
    "seed": 0,
    "seconds": 754.2,
    "versions": {"numpy": "2.1.0", "torch": "2.7.1"},
    "runs": {"sets": 3, "networks": 3},
    "fingerprints": {"mnist": "a1b2c3"},
}


class Measured:
    """Collects quantities as rows, and claims about them."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.rows: list[list] = []
        self.outcomes: list[Outcome] = []

    def add(self, key, value, half, unit, spread=None, n_runs=27):
        """Add a quantity; ``half`` is half of its interval, None for none."""
        ends = (np.nan, np.nan) if half is None else (value - half, value + half)
        spread = np.nan if spread is None else spread
        self.rows.append([key, float(value), spread, *map(float, ends), n_runs, unit])

    def claim(self, key, published, spread, where, unit, outcome=None, sentence=None):
        """Claim a quantity; by default it is reproduced where two spreads hold ours."""
        row = next((row for row in self.rows if row[0] == key), None)
        number = len(self.outcomes)
        claim = Claim(
            f"claim-{number}", sentence or f"{key} is {published}.", where, key, "=", published,
            spread, 2 * (spread or 1), unit, "shared",
        )  # fmt: skip
        if row is None:
            self.outcomes.append(Outcome(claim, "not run", "It was not measured."))
            return
        near = abs(row[1] - published) <= claim.tolerance
        found = outcome or ("reproduced" if near else "contradicted")
        low, high = (None if np.isnan(end) else end for end in row[3:5])
        why = f"Ours is {row[1]:.4g}, {abs(row[1] - published):.3g} from the published."
        self.outcomes.append(Outcome(claim, found, why, row[1], low, high, row[5], "small"))


def make_study(
    data=("mnist", "fashion-mnist"),
    claimed=("mnist", "fashion-mnist"),
    not_run=("kmnist",),
    class_names=tuple("0123456789"),
    leave_out="",
    title="In-class imbalance",
    paper="Pukowski and Lu, Investigating the Impact of Hard Samples, 2024",
    facts=None,
    epochs=500,
) -> StudyResults:
    """Return results with every quantity; keys that hold ``leave_out`` were not run."""
    made = Measured()
    for name in data:
        _kept(made, name)
        _gaps(made, name)
        _counts(made, name, class_names)
        _landmarks(made, name, class_names, epochs)
    if leave_out:
        made.rows = [row for row in made.rows if leave_out not in row[0]]
    for name in claimed:
        _claims(made, name, class_names)
    for name in not_run:
        made.claim(f"{name}/shared/straggler/gap", 71.9, None, "section 5.2", "points")
    curves = [_curves(made.rng, name, class_names, epochs) for name in data]
    empty = pd.DataFrame(columns=["data", "class", "epoch", "mean", "spread", "n_runs"])
    if not curves or "radius" in leave_out:
        curves = [empty]
    table = pd.DataFrame(made.rows, columns=list(COLUMNS))
    figures = Figures("in-class-imbalance", "small", table, FACTS if facts is None else facts)
    return StudyResults(title, paper, figures, tuple(made.outcomes), pd.concat(curves))


def _kept(made, name):
    for identifier, ends in _ENDS.items():
        for kept, shares in SHARES.items():
            for part, (start, end) in zip(("hard", "easy"), ends[kept], strict=True):
                for share in shares:
                    towards = 1 - (1 - share) ** 20 if part == kept else share**0.5
                    value = start + (end - start) * towards + made.rng.normal(0, 0.4)
                    half = 1.6 if part == "hard" else 0.25
                    key = f"{name}/shared/{identifier}/keep-{kept}={share:g}/{part}/accuracy"
                    made.add(key, value, half, "%", 2.5 * half)
            for part in ("hard", "easy"):
                key = f"{name}/shared/{identifier}/change/keep-{kept}/{part}"
                made.add(key, made.rng.normal(0, 9), 1.9, "points")
        made.add(f"{name}/shared/{identifier}/transfer", made.rng.normal(20, 9), 2.2, "points")
        made.add(f"{name}/shared/{identifier}/change/ratio/hard", 0.4, 1.5, "points")


def _gaps(made, name):
    gaps = {
        "straggler": 71.3, "max-logit": 50.1, "energy": 45.6, "early-stopped": 69.4, "random": -0.6,
    }  # fmt: skip
    for identifier, gap in gaps.items():
        made.add(f"{name}/shared/{identifier}/gap", gap, 1.7, "points")
        for family, part in (("mlp", 0.9), ("cnn", 0.4), ("trees", 0.5)):
            made.add(f"{name}/family/{family}/{identifier}/gap", part * gap, 1.2, "points")
    made.add(f"{name}/shared/gap/straggler-minus-early-stopped", 1.9, 2.4, "points")
    for protocol, count in (("shared", 1522.0), ("snapshot", 2046.0), ("argmin", 1887.0)):
        made.add(f"{name}/{protocol}/count/total", count, 61.0, "samples", 170.0)
        made.add(f"{name}/{protocol}/easy-per-hard", 20000 / count - 1, 0.5, "")
        overlaps = {
            "energy~max-logit": 88.0, "straggler~energy": 47.6, "straggler~max-logit": 51.5,
            "straggler~other-straggler": 73.8, "straggler~early-stopped": 74.4,
        }  # fmt: skip
        for pair, value in overlaps.items():
            made.add(f"{name}/{protocol}/overlap/{pair}", value, 1.1, "%")
        made.add(f"{name}/{protocol}/inversion/epoch=last", 319.0, 25.0, "epochs")
    made.add(f"{name}/snapshot/straggler/gap", 48.8, 5.1, "points")
    made.add(f"{name}/shared/straggler/correlation/count~error", 0.951, 0.011, "")


def _counts(made, name, class_names):
    for at, one in enumerate(class_names):
        error = 0.03 + 0.09 * made.rng.random()
        made.add(f"{name}/error/class={one}", error, 0.002, "share", 0.004)
        for identifier in PUBLISHED:
            value = 1400 * error + 12 * made.rng.random() + at
            made.add(f"{name}/shared/{identifier}/count/class={one}", value, 7.0, "samples", 18.0)


def _shape(at, epochs):
    """The mean radius of a class: it falls, turns, and rises a little."""
    epoch = np.arange(epochs)
    start, turn = 0.42 + 0.04 * at, 120 + 12 * at
    rise = 0.00012 * np.maximum(epoch - turn, 0)
    return start * (0.85 + 0.15 * np.exp(-epoch / 40) + rise)


def _landmarks(made, name, class_names, epochs):
    for at, one in enumerate(class_names):
        mean = _shape(at, epochs)
        lowest = int(np.argmin(mean))
        places = {"start": min(21, epochs - 1), "minimum": lowest, "end": epochs - 1}
        for landmark, place in places.items():
            made.add(f"{name}/radius/class={one}/{landmark}", mean[place], None, "", 0.03, 25)
        made.add(f"{name}/radius/class={one}/minimum-epoch", lowest, None, "epoch", None, 25)


def _claims(made, name, class_names):
    values = {row[0]: row[1] for row in made.rows}
    for identifier in PUBLISHED:
        for kept, shares in SHARES.items():
            for part, (start, end) in zip(("hard", "easy"), _ENDS[identifier][kept], strict=True):
                for share in shares:
                    key = f"{name}/shared/{identifier}/keep-{kept}={share:g}/{part}/accuracy"
                    towards = 1 - (1 - share) ** 20 if part == kept else share**0.5
                    published = round(start + (end - start) * towards, 2)
                    made.claim(key, published, 4.4 if part == "hard" else 0.5, "figure 7", "%")
        made.claim(
            f"{name}/shared/{identifier}/gap",
            {"straggler": 71.9, "max-logit": 50.3, "energy": 45.8}[identifier],
            None, "section 5.2", "points",
        )  # fmt: skip
        for one in class_names:
            key = f"{name}/shared/{identifier}/count/class={one}"
            published = round(values.get(key, 100.0) * 0.93, 2)
            made.claim(key, published, 15.0, "figure 8", "samples")
    for one in class_names:
        key = f"{name}/error/class={one}"
        made.claim(key, round(values.get(key, 0.08), 4), 0.004, "figure 8", "share")
        for landmark in ("start", "minimum", "end"):
            key = f"{name}/radius/class={one}/{landmark}"
            made.claim(key, round(values.get(key, 0.5) + 0.01, 3), 0.03, "figure 2", "")
        made.claim(f"{name}/radius/class={one}/minimum-epoch", 208.0, 20.0, "figure 2", "epoch")
    made.claim(f"{name}/shared/overlap/energy~max-logit", 87.42, 1.09, "section 5.3", "%")
    made.claim(f"{name}/shared/overlap/straggler~energy", 45.67, 3.07, "section 5.3", "%",
               "inconclusive")  # fmt: skip
    made.claim(f"{name}/shared/count/total", 1425.1, 60.0, "figure 8", "samples")
    made.claim(f"{name}/shared/straggler/correlation/count~error", 0.9507, None, "section 5.3", "")


def _curves(rng, name, class_names, epochs):
    frames = []
    for at, one in enumerate(class_names):
        epoch = np.arange(epochs)
        mean = _shape(at, epochs) + rng.normal(0, 0.001, epochs)
        frames.append(
            pd.DataFrame(
                {
                    "data": name, "class": one, "epoch": epoch, "mean": mean, "spread": 0.03,
                    "n_runs": 25,
                }
            )
        )  # fmt: skip
    return pd.concat(frames)
