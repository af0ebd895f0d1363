"""What every way to train and to decide costs under every deployment prior, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.validation import did_you_mean
from steelyard.evaluation.arms import by_arm
from steelyard.evaluation.cost_rules import AS_TRAINED, cost_rules
from steelyard.evaluation.costs import cost_bounds, cost_of
from steelyard.evaluation.intervals import stratified_interval, within
from steelyard.evaluation.priors import deployment_priors
from steelyard.records.costs import Costs
from steelyard.records.interval import Interval
from steelyard.records.predictions import Predictions

COLUMNS = (
    "prior", "arm", "rule", "cost", "low", "high", "saved", "saved_low", "saved_high", "relative",
    "n_seeds", "unit",
)  # fmt: skip

Option = tuple[str, str]  # an arm and a rule


@dataclass(frozen=True, eq=False)
class CostTable:
    """What each option costs on each sample, under one prior.

    Parameters
    ----------
    prior : ndarray of shape (K,)
        The deployment prior.
    costs : Costs
        What decisions cost.
    truth : ndarray of shape (n,)
        Class codes.
    values : dict of (arm, rule) to ndarray of shape (S, n)
        Cost of each sample by each seed's decision.
    """

    prior: np.ndarray
    costs: Costs
    truth: np.ndarray
    values: dict[Option, np.ndarray]

    def cost(self, option: Option) -> Interval:
        """Return the expected cost a sample with its interval."""
        matrix = self.costs.matrix
        interval = stratified_interval(self.values[option], self.truth, self.prior)
        return within(interval, (float(matrix.min()), float(matrix.max())))

    def saved(self, option: Option, base: Option) -> Interval:
        """Return how much less an option costs a sample than another, paired, with its interval."""
        difference = self.values[base] - self.values[option]
        return stratified_interval(difference, self.truth, self.prior)

    def cheapest(self, options: Iterable[Option]) -> Option:
        """Return the option of least mean cost; the first of equals."""
        return min(
            options,
            key=lambda one: _rounded(
                stratified_interval(self.values[one], self.truth, self.prior).mean, self.costs
            ),
        )

    def relative(self, option: Option) -> float:
        """Return the cost on a scale from knowing the classes (0) to the best constant (1).

        Where right decisions are free that is the cost over that of the best constant decision.
        NaN where a constant decision costs as little as knowing the classes.
        """
        there = np.where(np.bincount(self.truth, minlength=len(self.prior)) > 0, self.prior, 0.0)
        known, constant = cost_bounds(self.costs, there / there.sum())
        room = constant - known
        return (self.cost(option).mean - known) / room if room > 0 else np.nan


def cost_table(
    predictions: Sequence[Predictions],
    costs: Costs,
    prior: np.ndarray,
    validation: Sequence[Predictions] | None = None,
) -> CostTable:
    """Return what every arm costs by every rule under one prior.

    Parameters
    ----------
    predictions, validation
        As in `cost_report`.
    costs : Costs
        In the order of the predictions' classes.
    prior : ndarray of shape (K,)
        The deployment prior.
    """
    arms = by_arm(predictions)
    rules = cost_rules(predictions, costs, validation)
    truth = predictions[0].truth
    values = {
        (arm, name): np.stack([cost_of(truth, rule(model, prior), costs) for model in models])
        for arm, models in arms.items()
        for name, rule in rules.items()
    }
    return CostTable(prior, costs, truth, values)


def cost_report(
    test: Sequence[Predictions],
    costs: Any,
    priors: Mapping[str, Any] | None = None,
    validation: Sequence[Predictions] | None = None,
    base_arm: str | None = None,
) -> pd.DataFrame:
    """Judge every arm by every rule of decision, in cost, under every deployment prior.

    The rules: "as trained" decides for the most probable class, "prior corrected" for the most
    probable one where the model is used, "least cost" for the decision of least expected cost
    there, and "threshold moved" (two classes, with a validation part) by a threshold that was
    tuned on validation for the costs and the prior, for each arm and seed. With more classes
    least cost takes the place of the last. Where the training prior is unknown nothing can be
    corrected, and the rule is named "least cost, training prior unknown".

    Parameters
    ----------
    test : sequence of Predictions
        One for each arm and seed, all of one part.
    costs : Costs, or what `Costs.of` takes
        What each decision costs.
    priors : mapping, optional
        As in `evaluate`: "train" and "uniform" are always judged.
    validation : sequence of Predictions, optional
        The same arms and seeds on another part, on which thresholds are tuned.
    base_arm : str, optional
        What the others are compared with, as trained; the first arm by default.

    Returns
    -------
    pandas.DataFrame
        For each prior, in its order, the options from the cheapest to the dearest: ``cost`` a
        sample with the ends of its 95 % interval ``low`` and ``high``, and what is ``saved`` a
        sample against the base arm as trained (paired over seeds and samples, with its interval),
        all in ``unit``; ``relative``, the cost on a scale on which 0 is knowing the classes and 1
        the best constant decision; and ``n_seeds``.

    Raises
    ------
    DataError
        If there are no predictions, they have several labels a sample, the base arm is not among
        them, or costs or a prior do not fit.
    MismatchError
        If arms, seeds, samples or classes differ where they must not.
    """
    arms = by_arm(test)
    first = test[0]
    if first.multi_label:
        raise DataError(
            "Costs are of data with one class a sample; these predictions have several labels.",
            hint="judge each label by itself, as two classes.",
        )
    base = next(iter(arms)) if base_arm is None else base_arm
    if base not in arms:
        raise DataError(f"There is no arm {base!r} to compare with.", hint=did_you_mean(base, arms))
    names = first.class_names
    if validation is not None:
        _require_same_models(test, validation)
    checked = Costs.of(costs, names)
    rows: list[dict[str, Any]] = []
    own = np.bincount(first.truth, minlength=len(names)) / len(first)
    seen = arms[base][0].prior
    for name, prior in deployment_priors(priors or {}, names, seen, test_prior=own).items():
        table = cost_table(test, checked, prior, validation)
        found: list[dict[str, Any]] = []
        for arm, rule in table.values:
            cost = table.cost((arm, rule))
            saved = table.saved((arm, rule), (base, AS_TRAINED))
            found.append(
                {
                    "prior": name, "arm": arm, "rule": rule,
                    "cost": cost.mean, "low": cost.low, "high": cost.high,
                    "saved": saved.mean, "saved_low": saved.low, "saved_high": saved.high,
                    "relative": table.relative((arm, rule)),
                    "n_seeds": len(arms[arm]), "unit": checked.unit,
                }
            )  # fmt: skip
        rows += sorted(found, key=lambda row: _rounded(row["cost"], checked))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _require_same_models(test: Sequence[Predictions], validation: Sequence[Predictions]) -> None:
    by_arm(validation)
    if validation[0].class_names != test[0].class_names:
        raise MismatchError("The validation part must have the classes of the test part.")
    judged = {(one.arm, one.seed) for one in test}
    missing = judged - {(one.arm, one.seed) for one in validation}
    if missing:
        arm, seed = min(missing)
        raise MismatchError(
            f"The validation part lacks arm {arm!r}, seed {seed}.",
            hint="give it every arm and seed of the test part, or leave validation out.",
        )


def _rounded(cost: float, costs: Costs) -> float:
    """Return a cost without the noise of its sums, so that equal costs are equal."""
    return round(cost / float(np.ptp(costs.matrix, axis=1).max()), 12)
