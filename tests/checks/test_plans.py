"""Our plan scheme keeps the contract, and every clause catches a scheme that breaks it."""

import random
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from steelyard.checks import ContractError, check_plan_scheme
from steelyard.checks.contract import run_clauses
from steelyard.checks.plans import CLAUSES
from steelyard.records.hardness import Hardness
from steelyard.records.plan import Plan
from steelyard.resampling import by_count, by_hardness
from steelyard.resampling.rounding import largest_remainder
from steelyard.resampling.targets import target_counts


def good(data, degree, seed):
    return by_count(data, degree, seed=seed)


def with_counts(plan, data, counts):
    return Plan.of(data, counts, plan.requested, plan.scheme)


def reversed_ids(data, degree, seed):
    plan = good(data, degree, seed)
    return replace(plan, ids=plan.ids[::-1])


def other_data(data, degree, seed):
    return replace(good(data, degree, seed), data_fingerprint="0" * 16)


def nominal_as_achieved(data, degree, seed):
    plan = good(data, degree, seed)
    achieved = plan.achieved.copy()
    achieved[[0, 1]] += [1, -1]  # the total still agrees
    return replace(plan, achieved=achieved)


def growing(data, degree, seed):
    return by_count(data, degree, size="grow", seed=seed)


def with_replacement(data, degree, seed):
    plan = good(data, degree, seed)
    draw = np.random.default_rng(seed)
    counts = np.zeros(len(data), int)
    by_id = np.argsort(data.ids)
    for code, total in enumerate(plan.achieved):
        mine = by_id[data.labels[by_id] == code]
        np.add.at(counts, draw.choice(mine, total), 1)
    return with_counts(plan, data, counts)


def half_hearted(data, degree, seed):
    return by_count(data, degree / 2, seed=seed)


def loses_rare_classes(data, degree, seed):
    plan = good(data, degree, seed)
    counts = plan.counts.copy()
    rare = (np.bincount(data.labels) == 1)[data.labels]
    counts[np.flatnonzero(~rare)[0]] += counts[rare].sum()
    counts[rare] = 0
    return with_counts(plan, data, counts)


def first_rows_first(data, degree, seed):
    plan = good(data, degree, seed)
    counts = plan.counts.copy()
    for code in range(data.n_classes):
        mine = data.labels == code
        counts[mine] = np.sort(counts[mine])[::-1]
    return with_counts(plan, data, counts)


def seeded_by_names(data, degree, seed):
    return good(data, degree, sum(map(ord, "".join(data.class_names))) + seed)


def seeded_by_code(data, degree, seed):
    return good(data, degree, int(data.labels[np.argmin(data.ids)]) + seed)


def ties_by_code(data, degree, seed):
    plan = good(data, degree, seed)
    totals = largest_remainder(
        target_counts(data.class_counts, degree), len(data), least=data.class_counts > 0
    )
    counts = plan.counts.copy()
    for code, change in enumerate(totals - plan.achieved):
        counts[np.flatnonzero(data.labels == code)[0]] += change
    return with_counts(plan, data, counts)


def unseeded(data, degree, seed):
    return good(data, degree, random.SystemRandom().randrange(10**9))


def deaf_to_its_seed(data, degree, seed):
    return good(data, degree, 0)


def counts_drift_with_the_seed(data, degree, seed):
    return by_count(data, degree + 0.05 * seed, seed=seed)


def takes_held_out(data, degree, seed):
    plan = good(replace(data, split=None), degree, seed)
    return replace(plan, data_fingerprint=data.fingerprint)


def spoils_labels(data, degree, seed):
    plan = good(data, degree, seed)
    labels = data.labels
    labels.flags.writeable = True
    labels[:] = labels[::-1].copy()
    return plan


BROKEN = {
    "keeps_ids": [reversed_ids, other_data],
    "achieved_is_counted": [nominal_as_achieved],
    "constant_total": [growing],
    "identity_at_zero": [with_replacement],
    "balanced_at_one": [half_hearted],
    "balanced_stays": [with_replacement],
    "keeps_classes": [loses_rare_classes],
    "follows_rows": [first_rows_first],
    "blind_to_names": [seeded_by_names],
    "blind_to_codes": [ties_by_code, seeded_by_code],
    "repeats": [unseeded],
    "seed_draws": [deaf_to_its_seed, counts_drift_with_the_seed],
    "refuses_held_out": [takes_held_out],
    "leaves_inputs": [spoils_labels],
}


def test_by_count_keeps_the_contract():
    check_plan_scheme(good)


@pytest.mark.parametrize("size", ["grow", "shrink"])
def test_other_sizes_keep_it_but_for_the_total(size):
    scheme = lambda data, degree, seed: by_count(data, degree, size=size, seed=seed)  # noqa: E731
    check_plan_scheme(scheme, constant_size=False)
    with pytest.raises(ContractError, match="constant_total"):
        check_plan_scheme(scheme)


@pytest.mark.parametrize("over", ["random", "easy", "hard"])
@pytest.mark.parametrize("under", ["random", "easiest", "hardest"])
def test_by_hardness_keeps_it_where_all_classes_are_equally_hard(under, over):
    def scheme(data, degree, seed):
        values = np.ones(len(data))
        hardness = Hardness(
            "tied", data.ids, data.labels, data.class_names, values, values, 2, data.fingerprint
        )
        return by_hardness(data, hardness, degree, clip=True, under=under, over=over, seed=seed)

    check_plan_scheme(scheme)


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
    with pytest.raises(ContractError):
        check_plan_scheme(scheme)


def test_the_error_names_the_scheme_the_clause_and_what_was_found():
    with pytest.raises(ContractError) as error:
        check_plan_scheme(half_hearted)
    assert str(error.value).startswith(
        "The plan scheme 'half_hearted' breaks 'balanced_at_one': Balance the classes to within "
        "one sample at degree 1. It achieves ["
    )


def test_a_partial_is_named_for_its_function():
    with pytest.raises(ContractError, match="The plan scheme 'half_hearted'"):
        check_plan_scheme(partial(half_hearted))


def test_touching_global_random_state_is_caught():
    def scheme(data, degree, seed):
        random.random()
        return good(data, degree, seed)

    with pytest.raises(ContractError, match="global random state"):
        check_plan_scheme(scheme)
