"""The answer in cost: arm and rule chosen on validation, stated from test with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from steelyard.evaluation.cost_report import CostTable, Option, cost_table
from steelyard.evaluation.cost_rules import (
    AS_TRAINED,
    LEAST_COST,
    PRIOR_CORRECTED,
    THRESHOLD_MOVED,
)
from steelyard.records.cost_verdict import CostOption, CostVerdict, PriorCosts
from steelyard.records.costs import Costs
from steelyard.records.interval import Interval, decimals_of_difference, supported_decimals
from steelyard.records.predictions import Predictions
from steelyard.records.study import Study
from steelyard.workflow.decide import where

CLASS_WEIGHTS = "class weights"  # the name of the arm that weighs classes in full
_PER = 1000  # samples that costs are told for
_MOST = 6  # decimals
_RULES = {
    AS_TRAINED: ", decided by the most probable class",
    PRIOR_CORRECTED: ", with the prior corrected",
    THRESHOLD_MOVED: ", with the threshold moved",
    LEAST_COST: ", decided at least cost",
}


def decide_costs(
    study: Study,
    validation: Sequence[Predictions],
    test: Sequence[Predictions],
    costs: Costs,
    priors: Mapping[str, np.ndarray],
) -> CostVerdict:
    """Return the answer in cost for each deployment prior.

    Parameters
    ----------
    study : Study
        Its first arm is natural training; of the others some rebalance, some weigh classes.
    validation, test : sequence of Predictions
        Every arm and seed: the option is chosen on the first, and every stated number comes from
        the second.
    costs : Costs
        In the order of the classes.
    priors : mapping of str to ndarray of shape (K,)
        The deployment priors.
    """
    return CostVerdict(
        costs,
        tuple(
            _decide_one(
                study,
                cost_table(validation, costs, prior, validation),
                cost_table(test, costs, prior, validation),
                name,
            )
            for name, prior in priors.items()
        ),
    )


def _decide_one(study: Study, validation: CostTable, test: CostTable, prior: str) -> PriorCosts:
    natural = study.arms[0].name
    options = list(test.values)
    base = (natural, AS_TRAINED)
    chosen = validation.cheapest(options)  # of equals the first: the least done
    of_natural = validation.cheapest(one for one in options if one[0] == natural)
    alone = _alone(study, validation, options)
    over_natural = test.saved(chosen, of_natural)
    found = {one: _option(one, base, validation, test) for one in options}
    sentence = _sentence(
        prior, test.costs.unit, natural, base, chosen, of_natural, over_natural, found
    )
    at = {one: number for number, one in enumerate(options)}
    return PriorCosts(
        prior,
        sentence,
        _beside({measure: found[one] for measure, one in alone.items() if one != chosen}),
        at[base],
        at[chosen],
        at[of_natural],
        over_natural,
        {measure: at[one] for measure, one in alone.items()},
        tuple(found.values()),
    )


def _alone(study: Study, validation: CostTable, options: list[Option]) -> dict[str, Option]:
    """Return the option that is each measure alone; how far to rebalance validation tells."""
    natural, *rebalanced = (arm.name for arm in study.by_degree)
    by_hardness = [arm.name for arm in study.by_hardness]
    by_degree = {"rebalancing": rebalanced, "resampling by hardness": by_hardness}
    wanted = {
        **{
            measure: validation.cheapest((arm, AS_TRAINED) for arm in arms)
            for measure, arms in by_degree.items()
            if arms
        },
        "class weights": (CLASS_WEIGHTS, AS_TRAINED),
        "prior correction": (natural, PRIOR_CORRECTED),
        "threshold": (natural, THRESHOLD_MOVED),
        "least cost": (natural, LEAST_COST),
    }
    return {measure: option for measure, option in wanted.items() if option in options}


def _option(one: Option, base: Option, validation: CostTable, test: CostTable) -> CostOption:
    relative = test.relative(one)
    return CostOption(
        *one,
        validation.cost(one).mean,
        test.cost(one),
        test.saved(one, base),
        None if np.isnan(relative) else relative,
    )


def _sentence(
    prior: str,
    unit: str,
    natural: str,
    base: Option,
    chosen: Option,
    of_natural: Option,
    over_natural: Interval,
    found: Mapping[Option, CostOption],
) -> str:
    level = _level(found[base].cost)
    said = f"{where(prior)}the cheapest choice on validation is {_words(chosen, natural)}"
    if chosen == base:
        return f"{said}. It costs {level} {unit} per 1,000 samples."
    saved = found[chosen].saved
    against = f"{unit} per 1,000 samples against {_words(base)}, which costs {level}."
    if saved.above_zero:
        said += f". It saves {savings(saved)} {against}"
    else:
        said += f", but on test it was not shown to save anything: {savings(saved)} {against}"
    if chosen[0] == natural or of_natural == base:
        return said
    control = _words(of_natural, natural)
    if over_natural.above_zero:
        said += f" Beyond {control}, it saves {savings(over_natural)}"
    else:
        said += f" That it saves more than {control}, was not shown: {savings(over_natural)}"
    return f"{said}; the latter needs no other training."


def _beside(alone: Mapping[str, CostOption]) -> str:
    each = [
        f"{_measure(measure, option)} {savings(option.saved)}" for measure, option in alone.items()
    ]
    return f"Alone save: {', '.join(each)}." if each else ""


def _words(option: Option, natural: str | None = None) -> str:
    """Return an option in words; without a name of natural training, as natural training."""
    arm, rule = option
    as_is = natural is None or arm == natural
    trained = "the data as they are" if as_is else arm.replace("=", " ")
    return f"{trained}{_RULES[rule]}"


def _measure(measure: str, option: CostOption) -> str:
    degree = option.arm.replace("=", " ").removeprefix("hardness ")
    by_degree = measure in ("rebalancing", "resampling by hardness")
    return f"{measure} ({degree})" if by_degree else measure


def savings(saved: Interval) -> str:
    """Return a saving per 1,000 samples with its interval; below zero it costs more."""
    ends = [_PER * end for end in (saved.mean, saved.low, saved.high)]
    decimals = decimals_of_difference(ends[1], ends[2], most=_MOST)
    mean, low, high = (
        f"{round(end, decimals) + 0.0:,.{decimals}f}".replace("-", "\N{MINUS SIGN}") for end in ends
    )
    return f"{mean} [{low}, {high}]"


def _level(cost: Interval) -> str:
    decimals = supported_decimals(_PER * cost.half_width, most=_MOST)
    return f"{_PER * cost.mean:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")
