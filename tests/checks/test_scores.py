"""Our scores keep the contract, and every clause of it catches a score that breaks it."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard._support.errors import SteelyardError
from steelyard.checks import ContractError, check_score
from steelyard.checks.contract import run_clauses
from steelyard.checks.scores import CLAUSES
from steelyard.hardness import SCORES
from steelyard.records import Labelled

BY_NAME = {score.name: score for score in SCORES}
GOOD, KDN = BY_NAME["aum"], BY_NAME["knn_disagreement"]
SINCE = BY_NAME["wrong_since_inversion"]
ENTROPY, EVENTS = BY_NAME["final_entropy"], BY_NAME["forgetting_events"]
FORGETTING = BY_NAME["forgetting"]


def with_compute(compute):
    return replace(GOOD, compute=compute)


def of_neighbours(compute):
    return replace(KDN, compute=compute)


def of_inversions(compute):
    return replace(SINCE, compute=compute)


def margin(dynamics):
    return -dynamics.channels["margin"]


def unlock(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    array.flags.writeable = True
    return array


def spoils_its_input(dynamics):
    values = margin(dynamics).copy()
    unlock(dynamics.channels["loss"])[:] = 0.0
    return values


def spoils_distances(neighbours):
    values = KDN.compute(neighbours)
    unlock(neighbours.distances)[:] = 0.0
    return values


def spoils_epochs(inversions):
    values = SINCE.compute(inversions).copy()
    unlock(inversions.epochs)[:] = 0
    return values


def needs_two_runs(inversions):
    if inversions.n_runs < 2:
        raise ZeroDivisionError("no other run")
    return SINCE.compute(inversions)


def drifts(calls=[0]):  # noqa: B006 - the fault on purpose: a score with a memory
    def compute(dynamics):
        calls[0] += 1
        return margin(dynamics) + calls[0]

    return compute


def first_sample_hardest(dynamics):
    values = margin(dynamics).copy()
    values[:, 0] += 1
    return values


def by_alphabet(dynamics):
    place = np.argsort(np.argsort(dynamics.class_names))
    return margin(dynamics) + place[dynamics.labels]


def divided_by_class_size(dynamics):
    n = np.bincount(dynamics.labels, minlength=len(dynamics.class_names))
    return margin(dynamics) - 1.0 / n[dynamics.labels]


def standardised(dynamics):
    values = margin(dynamics)
    return (values - values.mean()) / values.std()


def needs_epochs(dynamics):
    if dynamics.n_epochs < 2:
        raise ZeroDivisionError("no epoch before the last")
    return margin(dynamics)


def breaks_ties_by_row(dynamics):
    values = margin(dynamics)
    tied = values == values[:, :1]
    return values + np.where(tied.all(), np.arange(values.shape[1]), 0)


def relative_to_first_run(dynamics):
    values = margin(dynamics)
    return values if len(values) == 1 else values + values[:1]


def alone_is_nan(dynamics):
    values = margin(dynamics).copy()
    return values * np.nan if values.shape[1] == 1 else values


BROKEN = {
    "declared": [
        replace(GOOD, name="area under margin"),
        replace(GOOD, name="id"),
        replace(GOOD, name="aum_spread"),
        replace(GOOD, reference=" "),
        replace(GOOD, formula=None),
        replace(GOOD, needs=()),
        replace(GOOD, needs=("margin", "gradient")),
        replace(GOOD, rises_with="the moon"),
        replace(GOOD, reads=Labelled),
        replace(GOOD, taken=""),
        replace(GOOD, taken="by the trained model"),
        replace(ENTROPY, taken="in the training pass"),
        replace(KDN, taken="out of fold"),
        replace(KDN, needs=("margin",)),
        replace(KDN, rises_with="doubt"),
        replace(SINCE, needs=("margin",)),
        replace(SINCE, taken="without a model"),
        replace(SINCE, rises_with="change"),
        replace(KDN, taken="after each epoch"),
    ],
    "one_finite_value": [
        with_compute(lambda dynamics: margin(dynamics).mean(axis=0)),
        of_neighbours(lambda n: KDN.compute(n)[0]),
        of_inversions(lambda i: SINCE.compute(i).mean(axis=0, keepdims=True)),
        of_inversions(lambda i: i.wrong),
        with_compute(lambda dynamics: margin(dynamics) * np.nan),
        with_compute(lambda dynamics: margin(dynamics) > 0),
        with_compute(lambda dynamics: dynamics.channels["gradient"]),
        with_compute(lambda dynamics: margin(dynamics) + 0 * np.random.rand()),  # noqa: NPY002
    ],
    "higher_is_harder": [
        with_compute(lambda dynamics: dynamics.channels["margin"]),
        with_compute(lambda dynamics: dynamics.channels["forgetting"]),  # never learned is 0
        with_compute(lambda dynamics: np.zeros_like(margin(dynamics))),
        replace(GOOD, rises_with="doubt"),  # surely wrong is harder than undecided by it
        replace(GOOD, rises_with="change"),
        replace(ENTROPY, compute=lambda dynamics: -ENTROPY.compute(dynamics)),
        replace(ENTROPY, rises_with="change"),
        replace(ENTROPY, rises_with="contradiction"),
        replace(EVENTS, rises_with="doubt"),
        of_neighbours(lambda n: 1 - KDN.compute(n)),
        of_inversions(lambda i: 1 - SINCE.compute(i)),
        replace(EVENTS, compute=lambda dynamics: -EVENTS.compute(dynamics)),
    ],
    "keeps_bounds": [
        replace(KDN, bounds=(0, 0.5)),
        replace(SINCE, bounds=(0, 0.9)),
        replace(GOOD, bounds=(0, np.inf)),
        replace(GOOD, bounds=(-np.inf, 1.0)),
        replace(ENTROPY, bounds=(0.1, 1.1)),  # no entropy of the case is as low
    ],
    "reads_what_it_needs": [
        replace(GOOD, needs=("loss",)),
        replace(FORGETTING, needs=("forgetting",)),
    ],
    "follows_rows": [
        with_compute(first_sample_hardest),
        of_neighbours(lambda n: KDN.compute(n) * (1 - n.positions[:, 0] / 100)),
        of_inversions(lambda i: SINCE.compute(i) * np.arange(len(i.ids), 0, -1)),
    ],
    "blind_to_names": [
        with_compute(by_alphabet),
        with_compute(lambda dynamics: margin(dynamics) + 1e-6 * dynamics.ids.astype(float)),
        of_neighbours(lambda n: KDN.compute(n) + 1e-6 * n.ids.astype(float)),
        of_inversions(lambda i: SINCE.compute(i) + 1e-6 * i.ids.astype(float)),
    ],
    "blind_to_codes": [
        with_compute(lambda dynamics: margin(dynamics) * (1 + 0.1 * dynamics.labels)),
        of_neighbours(lambda n: KDN.compute(n) * (1 + 0.1 * n.labels)),
        of_inversions(lambda i: SINCE.compute(i) * (1 + 0.1 * i.labels)),
        of_inversions(lambda i: SINCE.compute(i) * (1 + i.epochs[:, :1])),
    ],
    "runs_alone": [
        with_compute(relative_to_first_run),
        of_inversions(lambda i: SINCE.compute(i) / i.n_runs),
    ],
    "samples_alone": [
        with_compute(standardised),
        with_compute(divided_by_class_size),
        with_compute(alone_is_nan),
        of_inversions(lambda i: SINCE.compute(i) / len(i.ids)),
    ],
    "survives_ties": [
        with_compute(breaks_ties_by_row),
        of_neighbours(lambda n: KDN.compute(n) - (np.arange(len(n.ids)) < 1) * (n.k == 5) / 9),
        of_inversions(lambda i: SINCE.compute(i) + (i.ids == 0)),
    ],
    "survives_little": [
        of_inversions(needs_two_runs),
        with_compute(needs_epochs),
        of_neighbours(lambda n: n.disagree(1)[:, 0][np.newaxis].astype(float)),  # n = 1: none
    ],
    "leaves_inputs": [
        with_compute(spoils_its_input),
        of_neighbours(spoils_distances),
        of_inversions(spoils_epochs),
    ],
    "repeats": [with_compute(drifts())],
}


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.name)
def test_our_scores_keep_the_contract(score):
    check_score(score)


def test_every_clause_has_a_score_that_breaks_it():
    assert set(BROKEN) == {clause.__name__ for clause in CLAUSES}


@pytest.mark.parametrize(
    ("clause", "score"), [(clause, score) for clause, scores in BROKEN.items() for score in scores]
)
def test_a_clause_catches_what_breaks_it(clause, score):
    by_name = {each.__name__: each for each in CLAUSES}
    with pytest.raises(ContractError, match=f"breaks {clause!r}"):
        run_clauses("It", score, [by_name[clause]])
    with pytest.raises(ContractError):
        check_score(score)


def test_a_contract_error_is_both_ours_and_a_failed_assertion():
    with pytest.raises(AssertionError):
        check_score(replace(GOOD, name=""))
    assert issubclass(ContractError, SteelyardError)


def test_the_error_names_the_score_the_clause_and_what_was_found():
    broken = replace(GOOD, name="upside_down", compute=lambda d: d.channels["margin"])
    with pytest.raises(
        ContractError, match=r"'upside_down' breaks 'higher_is_harder': .*Easy gets"
    ):
        check_score(broken)


def test_an_exception_inside_a_score_is_told_with_its_clause():
    with pytest.raises(ContractError, match=r"one_finite_value.*KeyError: 'gradient'"):
        check_score(with_compute(lambda dynamics: dynamics.channels["gradient"]))


def test_touching_global_random_state_is_caught():
    with pytest.raises(ContractError, match="global random state"):
        check_score(with_compute(lambda d: margin(d) + 0 * np.random.rand()))  # noqa: NPY002
