"""Forgetting events: how often the network unlearned the sample again.

**What it tells you.** The number of times a sample went from right to wrong between two epochs. A
sample that is never forgotten once learned can often be left out without loss; one that is
forgotten again and again lies between classes.

**When it misleads.** It is a small whole number, so that most samples tie, above all with few
epochs or runs. And a sample that was *never learned* is never forgotten either. Two conventions
exist for it:

* the published one treats its count as infinite: never learned is harder than anything forgotten;
* much public code leaves it at 0, where it stands among the *easiest* samples.

`forgetting` follows the published convention and stays finite: a sample that no epoch taught
counts as ``n_epochs`` events, more than any sample can have (a sample needs two epochs an event,
so that n_epochs / 2 is the most). The mean over runs is then no mean of event counts for samples
that only some runs learned; it is still in the right order. `forgetting_events` is the plain count
of the other convention: it is there to compare with such code, and it rises with *change*, not with
a wrong label.

A sample that comes several times in an epoch (drawn with replacement, or resampled) is right in
that epoch if it was right in more than half of its appearances, for events and for being learned
alike. The published count goes from one appearance to the next; where each sample comes once an
epoch, the two are the same.

**Formula.** forgetting_events_i = #{e : right in e - 1 and wrong in e}; forgetting_i is the same,
or E if right in no epoch of E. Right in e: in more than half of the appearances in e.

**Reference.** Toneva, Sordoni, Tachet des Combes, Trischler, Bengio and Gordon (2019), An empirical
study of example forgetting during deep neural network learning, arXiv 1812.05159.
"""

from __future__ import annotations

import math

import numpy as np

from steelyard.hardness.score import Score
from steelyard.records.dynamics import Dynamics


def forgetting(dynamics: Dynamics) -> np.ndarray:
    """Return forgetting events a run, shape (runs, n); ``n_epochs`` for a never learned sample."""
    # not by the share of right answers: one of them in an epoch of three has not taught the sample
    never_learned = dynamics.channels["first_learned"] >= dynamics.n_epochs
    return np.where(never_learned, float(dynamics.n_epochs), dynamics.channels["forgetting"])


def forgetting_events(dynamics: Dynamics) -> np.ndarray:
    """Return forgetting events a run, shape (runs, n); 0 for a never learned sample."""
    return dynamics.channels["forgetting"]


FORGETTING = Score(
    name="forgetting",
    title="Forgetting events, never learned hardest",
    unit="events",
    formula="changes from right to wrong between epochs; the number of epochs if never right",
    reference="Toneva et al. 2019, arXiv 1812.05159",
    compute=forgetting,
    taken="in the training pass",
    needs=("first_learned", "forgetting"),
    bounds=(0.0, math.inf),
)

FORGETTING_EVENTS = Score(
    name="forgetting_events",
    title="Forgetting events, never learned 0",
    unit="events",
    formula="changes from right to wrong between epochs",
    reference="after Toneva et al. 2019, arXiv 1812.05159 (there: infinite if never learned)",
    compute=forgetting_events,
    taken="in the training pass",
    needs=("forgetting",),
    bounds=(0.0, math.inf),
    rises_with="change",
)
