"""The contract of a plan scheme: what every way of rebalancing by class must hold to."""

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

COUNTS = (40, 17, 5, 1)
NAMES = ("cat", "dog", "Zebra", "-1")
DEGREES = (-0.5, 0.0, 0.3, 0.5, 1.0, 1.5)
SEED = 5


def check_plan_scheme(scheme: Scheme, *, constant_size: bool = True) -> None:
    """Hold a plan scheme to its contract; return nothing if it keeps every clause of `CLAUSES`.

    Parameters
    ----------
    scheme : callable
        Takes a `Labelled`, a degree and a seed, in that order, and returns a `Plan`. For a
        scheme with more arguments pass a lambda.
    constant_size : bool
        Whether a plan must hold as many draws as the data; if not, the clause
        ``constant_total`` is left out.

    Raises
    ------
    ContractError
        Naming the broken clause and what was found.
    """
    clauses = [clause for clause in CLAUSES if constant_size or clause is not constant_total]
    name = getattr(scheme.func if isinstance(scheme, partial) else scheme, "__name__", "?")
    run_clauses(f"The plan scheme {name!r}", scheme, clauses)


def keeps_ids(scheme: Scheme) -> None:
    """Hold every id of the data, in order, and name the data the plan was made on."""
    for degree in DEGREES:
        plan = scheme(case(), degree, SEED)
        require(np.array_equal(plan.ids, case().ids), f"At degree {degree} the ids differ.")
        require(
            plan.data_fingerprint == case().fingerprint and plan.class_names == case().class_names,
            f"At degree {degree} it names data {plan.data_fingerprint}.",
        )


def achieved_is_counted(scheme: Scheme) -> None:
    """State the class counts before and achieved that the data and the plan really hold."""
    for degree in DEGREES:
        plan = scheme(case(), degree, SEED)
        counted = _by_class(case(), plan.counts)
        require(
            np.array_equal(plan.achieved, counted),
            f"At degree {degree} it says {plan.achieved}; counted {counted}.",
        )
        require(np.array_equal(plan.before, COUNTS), f"It says {plan.before} before.")


def weights_agree(scheme: Scheme) -> None:
    """Sum expected uses, where it states them, to the counts, and so by class."""
    for degree in DEGREES:
        plan = scheme(case(), degree, SEED)
        expected = _by_class(case(), plan.expected_uses)
        counted = _by_class(case(), plan.counts)
        require(
            np.allclose(expected, counted, rtol=1e-9, atol=1e-9),
            f"At degree {degree} it expects {expected} uses; counted {counted}.",
        )


def constant_total(scheme: Scheme) -> None:
    """Draw exactly as many samples as the data hold, at every degree."""
    for degree in DEGREES:
        total = scheme(case(), degree, SEED).total
        require(total == len(case()), f"At degree {degree} it holds {total}, not {len(case())}.")


def identity_at_zero(scheme: Scheme) -> None:
    """Leave the data as they are at degree 0: every sample once."""
    plan = scheme(case(), 0.0, SEED)
    require(plan.is_identity, f"It uses samples {plan.counts.min()} to {plan.counts.max()} times.")


def balanced_at_one(scheme: Scheme) -> None:
    """Balance the classes to within one sample at degree 1."""
    achieved = scheme(case(), 1.0, SEED).achieved
    require(np.ptp(achieved) <= 1, f"It achieves {achieved}.")


def balanced_stays(scheme: Scheme) -> None:
    """Leave balanced data as they are, at every degree."""
    balanced = labelled(np.repeat(np.arange(4), 6), NAMES)
    for degree in DEGREES:
        plan = scheme(balanced, degree, SEED)
        require(plan.is_identity, f"At degree {degree} it changes {(plan.counts != 1).sum()}.")


def keeps_classes(scheme: Scheme) -> None:
    """Keep at least one draw of a class with samples, be it one; draw none where there is none."""
    absent = labelled(case().labels, (*NAMES, "no sample"), case().ids)
    for degree in DEGREES:
        achieved = scheme(absent, degree, SEED).achieved
        require(
            (achieved[:-1] >= 1).all() and achieved[-1] == 0, f"At degree {degree}: {achieved}."
        )


def follows_rows(scheme: Scheme) -> None:
    """Give every id the same count when the rows are permuted."""
    order = np.random.default_rng(1).permutation(len(case()))
    for degree in DEGREES:
        plan, permuted = scheme(case(), degree, SEED), scheme(case().take(order), degree, SEED)
        _require_same(permuted.counts, plan.counts[order], degree)


def blind_to_names(scheme: Scheme) -> None:
    """Change no count for other class names: -1 and 1, 1 and 2, or text in any order."""
    data = case()
    for degree in DEGREES:
        expected = scheme(data, degree, SEED).counts
        for names in (("-1", "1", "2", "3"), ("3", "2", "1", "-1"), ("<b>", "\n", "é", "'")):
            renamed = labelled(data.labels, names, data.ids)
            _require_same(scheme(renamed, degree, SEED).counts, expected, degree)


def blind_to_codes(scheme: Scheme) -> None:
    """Change no count when the classes are numbered in another order."""
    data = tied_case()
    for degree in DEGREES:
        expected = scheme(data, degree, SEED).counts
        recoded = labelled(3 - data.labels, NAMES[::-1], data.ids)
        _require_same(scheme(recoded, degree, SEED).counts, expected, degree)


def repeats(scheme: Scheme) -> None:
    """Give the same plan for the same seed."""
    for degree in DEGREES:
        first, second = (scheme(case(), degree, SEED).counts for _ in range(2))
        _require_same(second, first, degree)


def seed_draws(scheme: Scheme) -> None:
    """Draw other samples with another seed, and achieve the same class counts."""
    plans = [scheme(case(), 0.5, seed) for seed in range(8)]
    draws = {plan.counts.tobytes() for plan in plans}
    require(len(draws) > 1, "Eight seeds gave one plan.")
    require(
        all(np.array_equal(plan.achieved, plans[0].achieved) for plan in plans),
        "The class counts change with the seed.",
    )


def refuses_held_out(scheme: Scheme) -> None:
    """Refuse data that hold validation or test rows, with an error of steelyard's."""
    for part in ("validation", "test"):
        split = np.full(len(case()), "train", dtype="<U10")
        split[3] = part
        held_out = labelled(case().labels, NAMES, case().ids, split)
        try:
            scheme(held_out, 0.5, SEED)
        except SteelyardError:
            continue
        require(False, f"It planned data with a {part} row.")


def leaves_inputs(scheme: Scheme) -> None:
    """Leave the data as they were."""
    data = case()
    scheme(data, 0.5, SEED)
    same = np.array_equal(data.labels, case().labels) and data.inputs.equals(case().inputs)
    require(same and np.array_equal(data.ids, case().ids), "It changed labels, ids or inputs.")


CLAUSES = (
    keeps_ids,
    achieved_is_counted,
    weights_agree,
    constant_total,
    identity_at_zero,
    balanced_at_one,
    balanced_stays,
    keeps_classes,
    follows_rows,
    blind_to_names,
    blind_to_codes,
    repeats,
    seed_draws,
    refuses_held_out,
    leaves_inputs,
)


def case() -> Labelled:
    """Return data of four classes with `COUNTS` samples, rows mixed, one class of one sample."""
    labels = np.random.default_rng(3).permutation(np.repeat(np.arange(len(COUNTS)), COUNTS))
    return labelled(labels, NAMES)


def tied_case() -> Labelled:
    """Return data whose three equal classes must share a remainder, so that a tie is broken."""
    counts = (13, 2, 2, 2)
    labels = np.random.default_rng(4).permutation(np.repeat(np.arange(len(counts)), counts))
    return labelled(labels, NAMES)


def _by_class(data: Labelled, counts: np.ndarray) -> np.ndarray:
    return np.array([counts[data.labels == code].sum() for code in range(data.n_classes)])


def _require_same(counts: np.ndarray, expected: np.ndarray, degree: float) -> None:
    differ = int((counts != expected).sum())
    require(differ == 0, f"At degree {degree} the counts of {differ} ids differ.")
