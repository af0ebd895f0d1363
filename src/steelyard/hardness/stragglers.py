"""Stragglers: samples that are wrong at the moment in which their class turns over.

**What they tell you.** While a network learns, the representations of a class first draw together
and then spread again; the turn is the inversion of the class. By then most samples of it are
learned: the few that are not are its stragglers. `straggler` is 1 for these and 0 for the others,
so that its mean over runs is the share of networks that call a sample one. `wrong_since_inversion`
is its graded form: it sets apart those that are learned soon afterwards from those that stay wrong
to the end. Both count each class at its own time, where a score of the trained model asks all
classes at once.

**When they mislead.** The inversion gives a time to stop, and little more: stragglers are, to
within what networks differ by, the errors of *any* network of their kind that is stopped at as many
errors. On 20,000 digits of MNIST the stragglers of two networks (mode "shared") had 73.8 %
(standard deviation 5.9) in common, and those of one with the errors of another, stopped at the same
count, 74.4 % (1.7); trained on all data, networks got 27 % of the stragglers right and 30 % of
those errors (measured by us). So a large gap between stragglers and the rest is partly built in:
they were chosen for what networks of one kind get wrong, and are then tried on networks of that
kind. Compare with `errors_at_count` and `random_set`, and ask another family of models. A wrong
label is wrong at the inversion too: read `label_doubt` before you call a straggler hard. The first
rise of a noisy radius is no turn, and a network in which a class does not turn says nothing of it;
leaving such networks out selects among networks. With few networks there are few values, and most
samples tie.

**Formula.** With e_c the inversion of class c = y_i and E epochs, counted from 0: straggler_i =
[prediction of i after epoch e_c is not y_i]; wrong_since_inversion_i = #{e : e_c <= e < E,
prediction of i after epoch e is not y_i} / #{e : e_c <= e < E}, over the epochs that were looked
at. Where the inversion lies is said by `steelyard.diagnosis.inversions`, in three modes: at the
first rise of the class's own radius (the paper's text), at the last first rise of all classes (its
code), or at the minimum of the smoothed radius (ours).

**Reference.** Pukowski and Lu (2024), Investigating the impact of hard samples on accuracy reveals
in-class data imbalance, arXiv 2409.14401, after Ciceri and others (2024), Inversion dynamics of
class manifolds in deep learning reveals tradeoffs underlying generalization, arXiv 2303.05161. The
graded form is ours.
"""

from __future__ import annotations

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.validation import named_few
from steelyard.hardness.score import Score
from steelyard.records.dynamics import AFTER_EACH_EPOCH
from steelyard.records.inversions import Inversions


def straggler(inversions: Inversions) -> np.ndarray:
    """Return 1 where a sample was wrong at the inversion of its class, else 0, shape (runs, n)."""
    _require_every_inversion(inversions, "straggler")
    return inversions.wrong.astype(np.float64)


def wrong_since_inversion(inversions: Inversions) -> np.ndarray:
    """Return the share of epochs from the inversion on, in [0, 1], shape (runs, n)."""
    _require_every_inversion(inversions, "wrong_since_inversion")
    return inversions.wrong_since


def _require_every_inversion(inversions: Inversions, name: str) -> None:
    """Raise where a class with samples has no inversion: its samples would pass for easy."""
    present = np.bincount(inversions.labels, minlength=len(inversions.class_names)) > 0
    missing = (inversions.epochs < 0) & present
    if not missing.any():
        return
    classes = [inversions.class_names[code] for code in np.flatnonzero(missing.any(axis=0))]
    having = np.flatnonzero(~missing.any(axis=1)).tolist()
    raise DataError(
        f"The score {name!r} needs an inversion of every class in every run. "
        f"{int(missing.any(axis=1).sum())} of {inversions.n_runs} runs lack that of "
        f"{named_few(classes)}.",
        hint=f"score the runs that have all of them: history.take_runs({having})."
        if having
        else "train for more epochs, or look for inversions in another mode.",
    )


STRAGGLER = Score(
    name="straggler",
    title="Straggler, wrong when its class turns over",
    unit="0 or 1",
    formula="1 if the prediction is wrong at the inversion of the sample's class, else 0",
    reference="Pukowski and Lu 2024, arXiv 2409.14401",
    compute=straggler,
    taken=AFTER_EACH_EPOCH,
    reads=Inversions,
    bounds=(0.0, 1.0),
)

WRONG_SINCE_INVERSION = Score(
    name="wrong_since_inversion",
    title="Wrong since its class turned over",
    unit="share of epochs",
    formula="share of the epochs from the inversion of the sample's class on with a wrong "
    "prediction",
    reference="after Pukowski and Lu 2024, arXiv 2409.14401 (there: at the inversion alone)",
    compute=wrong_since_inversion,
    taken=AFTER_EACH_EPOCH,
    reads=Inversions,
    bounds=(0.0, 1.0),
)
