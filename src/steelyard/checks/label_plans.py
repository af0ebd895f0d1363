"""The contract of a plan scheme for data whose samples have any number of labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from steelyard._support.errors import SteelyardError
from steelyard.checks.contract import require, run_clauses
from steelyard.checks.hand_made import labelled
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan

Scheme = Callable[[Labelled, float, int], Plan]

NAMES = ("cat", "dog", "Zebra", "-1", "no sample")
DEGREES = (0.0, 0.3, 0.5, 1.0, 1.5)
SEED = 5


def check_label_plan_scheme(scheme: Scheme) -> None:
    """Hold a scheme for multi-label data to its contract; return nothing if it keeps every clause.

    Parameters
    ----------
    scheme : callable
        Takes a multi-label `Labelled`, a degree and a seed, in that order, and returns a `Plan`.

    Raises
    ------
    ContractError
        Naming the broken clause and what was found.
    """
    name = getattr(scheme.func if isinstance(scheme, partial) else scheme, "__name__", "?")
    run_clauses(f"The plan scheme {name!r}", scheme, CLAUSES)


def keeps_ids(scheme: Scheme) -> None:
    """Hold every id of the data, in order, and name the data the plan was made on."""
    for degree in DEGREES:
        plan = scheme(case(), degree, SEED)
        require(np.array_equal(plan.ids, case().ids), f"At degree {degree} the ids differ.")
        require(plan.data_fingerprint == case().fingerprint, f"It names {plan.data_fingerprint}.")


def achieved_is_counted(scheme: Scheme) -> None:
    """State the samples with each label, before and achieved, that data and plan really hold."""
    for degree in DEGREES:
        plan = scheme(case(), degree, SEED)
        counted = plan.counts @ case().labels.astype(np.int64)
        require(
            np.array_equal(plan.achieved, counted),
            f"At degree {degree} it says {plan.achieved}; counted {counted}.",
        )


def rounds_its_weights(scheme: Scheme) -> None:
    """Count each sample as its expected uses rounded down or up, and all as their rounded sum."""
    for degree in DEGREES:
        plan = scheme(case(), degree, SEED)
        far = np.abs(plan.counts - plan.expected_uses).max()
        total = round(float(plan.expected_uses.sum()))
        require(far < 1, f"At degree {degree} a count lies {far:g} from its expected uses.")
        require(plan.counts.sum() == total, f"It holds {plan.counts.sum()} draws, not {total}.")


def identity_at_zero(scheme: Scheme) -> None:
    """Leave the data as they are at degree 0: every sample once."""
    plan = scheme(case(), 0.0, SEED)
    changed = (plan.expected_uses != 1).sum()
    require(plan.is_identity and not changed, f"It changes the uses of {changed} samples.")


def keeps_unlabelled(scheme: Scheme) -> None:
    """Use a sample without labels exactly once, and say so in a note."""
    for degree in DEGREES[1:]:
        plan = scheme(case(), degree, SEED)
        uses = plan.expected_uses[~case().labels.any(axis=1)]
        require((uses == 1).all(), f"At degree {degree} it uses them {uses} times.")
        require(any("without labels" in note for note in plan.notes), "It says nothing of them.")


def names_empty_labels(scheme: Scheme) -> None:
    """Name the labels without samples in a note, and stay finite."""
    for degree in DEGREES[1:]:
        plan = scheme(case(), degree, SEED)
        require(plan.achieved[-1] == 0 and plan.requested[-1] == 0, "It asks for what is not.")
        require(any("'no sample'" in note for note in plan.notes), f"It notes {plan.notes}.")


def repeats_rare_labels(scheme: Scheme) -> None:
    """Expect more of a sample whose only label is rare than of one whose only label is common."""
    only = case().labels.sum(axis=1) == 1
    common, rare = (only & case().labels[:, code] for code in (0, 3))
    for degree in DEGREES[1:]:
        uses = scheme(case(), degree, SEED).expected_uses
        require(
            uses[rare].min() > uses[common].max(),
            f"At degree {degree} it uses them {uses[rare].min():g} and {uses[common].max():g} "
            "times.",
        )


def follows_rows(scheme: Scheme) -> None:
    """Give every id the same expected uses and count when the rows are permuted."""
    order = np.random.default_rng(1).permutation(len(case()))
    for degree in DEGREES:
        plan, permuted = scheme(case(), degree, SEED), scheme(case().take(order), degree, SEED)
        _require_same(permuted, plan.expected_uses[order], plan.counts[order], degree)


def blind_to_names(scheme: Scheme) -> None:
    """Change nothing for other names of the labels."""
    for degree in DEGREES:
        plan = scheme(case(), degree, SEED)
        renamed = labelled(case().labels, ("<b>", "\n", "é", "'", "no sample"), case().ids)
        _require_same(scheme(renamed, degree, SEED), plan.expected_uses, plan.counts, degree)


def blind_to_order(scheme: Scheme) -> None:
    """Change nothing when the labels stand in another order."""
    order = [2, 4, 0, 3, 1]
    for degree in DEGREES:
        plan = scheme(case(), degree, SEED)
        moved = labelled(case().labels[:, order], [NAMES[code] for code in order], case().ids)
        _require_same(scheme(moved, degree, SEED), plan.expected_uses, plan.counts, degree)


def seed_draws(scheme: Scheme) -> None:
    """Give the same plan for the same seed; with another, round anew what is expected as before."""
    plans = [scheme(case(), 0.5, seed) for seed in (*range(8), 0)]
    _require_same(plans[-1], plans[0].expected_uses, plans[0].counts, 0.5)
    require(len({plan.counts.tobytes() for plan in plans}) > 1, "Eight seeds gave one plan.")
    expected = {plan.expected_uses.tobytes() for plan in plans}
    require(len(expected) == 1, "The expected uses change with the seed.")


def refuses_held_out(scheme: Scheme) -> None:
    """Refuse data that hold validation or test rows, with an error of steelyard's."""
    for part in ("validation", "test"):
        split = np.full(len(case()), "train", dtype="<U10")
        split[3] = part
        try:
            scheme(labelled(case().labels, NAMES, case().ids, split), 0.5, SEED)
        except SteelyardError:
            continue
        require(False, f"It planned data with a {part} row.")


CLAUSES = (
    keeps_ids,
    achieved_is_counted,
    rounds_its_weights,
    identity_at_zero,
    keeps_unlabelled,
    names_empty_labels,
    repeats_rare_labels,
    follows_rows,
    blind_to_names,
    blind_to_order,
    seed_draws,
    refuses_held_out,
)


def case() -> Labelled:
    """Return data of five labels, the last without a sample, and some samples without labels."""
    random = np.random.default_rng(3)
    labels = random.random((120, 5)) < np.array([0.6, 0.3, 0.3, 0.06, 0.0])
    labels[0] = [False, False, False, True, False]
    labels[1] = False
    return labelled(random.permutation(labels), NAMES)


def _require_same(plan: Plan, uses: np.ndarray, counts: np.ndarray, degree: float) -> None:
    differ = int(((plan.expected_uses != uses) | (plan.counts != counts)).sum())
    require(differ == 0, f"At degree {degree} the uses of {differ} ids differ.")
