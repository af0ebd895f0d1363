"""Our multi-label schemes keep the contract, and every clause catches a scheme that breaks it."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard.checks import ContractError, check_label_plan_scheme
from steelyard.checks.contract import run_clauses
from steelyard.checks.label_plans import CLAUSES
from steelyard.records.plan import Plan
from steelyard.resampling import LABEL_SIZES, REFERENCES, RULES, by_label_count, by_repeat_factor


def good(data, degree, seed):
    return by_label_count(data, degree, seed=seed)


def again(plan, data, counts=None, weights=None):
    return Plan.of(
        data,
        plan.counts if counts is None else counts,
        plan.requested,
        plan.scheme,
        weights=plan.weights if weights is None else weights,
        notes=plan.notes,
    )


def reversed_ids(data, degree, seed):
    plan = good(data, degree, seed)
    return replace(plan, ids=plan.ids[::-1])


def nominal_as_achieved(data, degree, seed):
    plan = good(data, degree, seed)
    return replace(plan, achieved=np.rint(plan.requested).astype(int))


def with_replacement(data, degree, seed):
    plan = good(data, degree, seed)
    by_id = np.argsort(data.ids)
    shares = plan.weights[by_id] / plan.weights.sum()
    drawn = np.random.default_rng(seed).choice(by_id, plan.total, p=shares)
    return again(plan, data, counts=np.bincount(drawn, minlength=len(data)))


def rounded_alone(data, degree, seed):
    plan = good(data, degree, seed)
    return again(plan, data, counts=np.floor(plan.weights).astype(int), weights=plan.weights)


def sum_at_zero(data, degree, seed):
    plan = good(data, degree, seed)
    if degree:
        return plan
    uses = data.labels.sum(axis=1)
    return again(plan, data, counts=uses, weights=uses)


def unlabelled_dropped(data, degree, seed):
    plan = good(data, degree, seed)
    uses = plan.weights * data.labels.any(axis=1)
    return again(plan, data, counts=plan.counts * data.labels.any(axis=1), weights=uses)


def silent(data, degree, seed):
    return replace(good(data, degree, seed), notes=())


def repeats_the_common(data, degree, seed):
    return by_label_count(data, -degree, seed=seed)


def first_rows_first(data, degree, seed):
    plan = good(data, degree, seed)
    fraction = plan.weights % 1
    up = np.cumsum(fraction).round(9) // 1 > np.append(0, np.cumsum(fraction)[:-1].round(9) // 1)
    return again(plan, data, counts=np.floor(plan.weights).astype(int) + up)


def seeded_by_names(data, degree, seed):
    return good(data, degree, sum(map(ord, "".join(data.class_names))) + seed)


def seeded_by_order(data, degree, seed):
    return good(data, degree, int(data.class_counts[0]) + seed)


def deaf_to_its_seed(data, degree, seed):
    return good(data, degree, 0)


def expects_by_the_seed(data, degree, seed):
    return by_label_count(data, degree * (1 + seed / 100), seed=seed)


def takes_held_out(data, degree, seed):
    plan = good(replace(data, split=None), degree, seed)
    return replace(plan, data_fingerprint=data.fingerprint)


BROKEN = {
    "keeps_ids": [reversed_ids],
    "achieved_is_counted": [nominal_as_achieved],
    "rounds_its_weights": [with_replacement, rounded_alone],
    "identity_at_zero": [sum_at_zero],
    "keeps_unlabelled": [unlabelled_dropped, silent],
    "names_empty_labels": [silent],
    "repeats_rare_labels": [repeats_the_common],
    "follows_rows": [first_rows_first],
    "blind_to_names": [seeded_by_names],
    "blind_to_order": [seeded_by_order],
    "seed_draws": [deaf_to_its_seed, expects_by_the_seed],
    "refuses_held_out": [takes_held_out],
}


@pytest.mark.parametrize("size", LABEL_SIZES)
@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("rule", RULES)
def test_by_label_count_keeps_the_contract(rule, reference, size):
    def scheme(data, degree, seed):
        return by_label_count(data, degree, rule=rule, reference=reference, size=size, seed=seed)

    check_label_plan_scheme(scheme)


def test_softened_and_bounded_it_keeps_the_contract():
    check_label_plan_scheme(
        lambda data, degree, seed: by_label_count(
            data, degree, soften=3, max_repeat=2.5, size="constant", seed=seed
        )
    )


def test_repeat_factors_keep_the_contract():
    def scheme(data, degree, seed):
        return by_repeat_factor(data, 0.4, exponent=degree, seed=seed)

    check_label_plan_scheme(scheme)


def test_every_clause_has_a_scheme_that_breaks_it():
    assert set(BROKEN) == {clause.__name__ for clause in CLAUSES}


@pytest.mark.parametrize(
    ("clause", "scheme"),
    [(clause, scheme) for clause, schemes in BROKEN.items() for scheme in schemes],
)
def test_a_clause_catches_what_breaks_it(clause, scheme):
    by_name = {each.__name__: each for each in CLAUSES}
    with pytest.raises(ContractError, match=f"breaks {clause!r}"):
        run_clauses("It", scheme, [by_name[clause]])
    with pytest.raises(ContractError, match="The plan scheme"):
        check_label_plan_scheme(scheme)
