"""Rules that turn predictions into decisions: what a model says is one thing, what is done another.

A rule is a function of one model's predictions and a deployment prior, and returns codes (n,).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.seeding import uniform_by_id
from steelyard.evaluation.costs import least_cost
from steelyard.records.costs import Costs
from steelyard.records.predictions import Predictions

CostRule = Callable[[Predictions, np.ndarray], np.ndarray]

AS_TRAINED = "as trained"
PRIOR_CORRECTED = "prior corrected"
LEAST_COST = "least cost"
LEAST_COST_UNCORRECTED = "least cost, training prior unknown"
THRESHOLD_MOVED = "threshold moved"
_FOLDS = 5  # ours


def most_probable(model: Predictions, prior: np.ndarray) -> np.ndarray:
    """Decide for the most probable class, whatever the deployment prior."""
    return model.predicted


def most_probable_corrected(model: Predictions, prior: np.ndarray) -> np.ndarray:
    """Decide for the most probable class where the model is used."""
    return model.corrected(prior).predicted


def least_cost_rule(costs: Costs) -> CostRule:
    """Return the rule of least expected cost by probabilities corrected to the deployment prior.

    A model whose training prior is unknown is taken as it is.
    """

    def decide(model: Predictions, prior: np.ndarray) -> np.ndarray:
        there = model if model.prior is None else model.corrected(prior)
        return least_cost(np.exp(there.log_probabilities), costs)

    return decide


@dataclass(frozen=True, eq=False)
class ThresholdRule:
    """Two classes: decide by a threshold that was tuned for the costs and the prior.

    The threshold is on the model's own log-odds, one for each arm and seed: the one of least cost
    on the part that it is tuned on, samples re-weighted to the deployment prior. Neither the
    training prior nor calibration is asked for. Of equally cheap ones the one nearest to 0, which
    is the model's own.

    Asked about the very part that it was tuned on, it answers for each fifth of the samples with a
    threshold tuned on the others, so that what it costs there is honest.

    Parameters
    ----------
    costs : Costs
        Of two classes.
    tuned_on : iterable of Predictions
        Every arm and seed on the part that thresholds are tuned on.

    Raises
    ------
    DataError
        If there are more classes than two, or that part lacks one of them.
    """

    costs: Costs
    tuned_on: Iterable[Predictions]
    _models: dict[tuple[str, int], Predictions] = field(init=False)

    def __post_init__(self) -> None:
        models = {(one.arm, one.seed): one for one in self.tuned_on}
        for one in models.values():
            if len(one.class_names) != 2:
                raise DataError(
                    f"A threshold decides between two classes; these are {len(one.class_names)}.",
                    hint="with more classes, least cost takes its place.",
                )
            if len(np.unique(one.truth)) < 2:
                raise DataError(
                    "A threshold is tuned on samples of both classes; the part holds one class."
                )
        object.__setattr__(self, "_models", models)

    def __call__(self, model: Predictions, prior: np.ndarray) -> np.ndarray:
        """Return the decisions."""
        tuned = self._models.get((model.arm, model.seed))
        if tuned is None:
            raise MismatchError(
                f"No threshold was tuned for arm {model.arm!r}, seed {model.seed}.",
                hint="give the validation part every arm and seed.",
            )
        scores = _log_odds(model)
        if tuned.split != model.split or not np.array_equal(tuned.ids, model.ids):
            return _decided(scores, self.threshold(tuned, prior))
        fold_of = _folds(model)
        decided = np.empty(len(model), dtype=np.int64)
        for fold in range(fold_of.max() + 1):
            cut = best_threshold(
                scores[fold_of != fold], model.truth[fold_of != fold], self.costs, prior
            )
            decided[fold_of == fold] = _decided(scores[fold_of == fold], cut)
        return decided

    def threshold(self, tuned: Predictions, prior: np.ndarray) -> float:
        """Return the log-odds above which the second class is decided, from all of a part."""
        return best_threshold(_log_odds(tuned), tuned.truth, self.costs, prior)


def best_threshold(scores: np.ndarray, truth: np.ndarray, costs: Costs, prior: np.ndarray) -> float:
    """Return the threshold of least cost on samples re-weighted to a prior.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Higher speaks for the second class.
    truth : ndarray of shape (n,)
        Codes 0 and 1.
    costs : Costs
        Of two classes.
    prior : ndarray of shape (2,)
        Deployment shares. A class without samples is left out.

    Returns
    -------
    float
        The second class is decided for scores above it: half way between two neighbouring scores,
        or infinite where one decision for all is cheapest.
    """
    counts = np.bincount(truth, minlength=2)
    weights = (np.where(counts > 0, prior, 0.0) / np.maximum(counts, 1))[truth]
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    # what is saved by deciding 0 instead of 1, sample by sample
    saved = (weights * (costs.matrix[truth, 1] - costs.matrix[truth, 0]))[order]
    # cut k decides 0 for the k lowest scores: its cost is that of all ones less what they save
    totals = np.concatenate([[0.0], np.cumsum(saved)])
    between = np.concatenate([[True], ordered[1:] > ordered[:-1], [True]])
    cuts = np.concatenate([[-np.inf], (ordered[1:] + ordered[:-1]) / 2, [np.inf]])
    most = totals[between].max()
    best = between & (totals >= most - 1e-12 * max(np.abs(saved).sum(), 1e-300))
    candidates = cuts[best]
    return float(candidates[np.abs(candidates).argmin()])


def cost_rules(
    predictions: Iterable[Predictions], costs: Costs, validation: Iterable[Predictions] | None
) -> dict[str, CostRule]:
    """Return the rules that these predictions allow, by name, the plainest first.

    "prior corrected" needs the training prior of every model, and "threshold moved" two classes and
    a validation part that holds both. Where a training prior is unknown, least cost says so in its
    name.
    """
    models = list(predictions)
    known = all(one.prior is not None for one in models)
    rules: dict[str, CostRule] = {AS_TRAINED: most_probable}
    if known:
        rules[PRIOR_CORRECTED] = most_probable_corrected
    tuned_on = list(validation or ())
    both = tuned_on and len(np.unique(tuned_on[0].truth)) == 2
    if len(costs.class_names) == 2 and both:
        rules[THRESHOLD_MOVED] = ThresholdRule(costs, tuned_on)
    rules[LEAST_COST if known else LEAST_COST_UNCORRECTED] = least_cost_rule(costs)
    return rules


def _log_odds(model: Predictions) -> np.ndarray:
    return model.logits[:, 1] - model.logits[:, 0]


def _decided(scores: np.ndarray, threshold: float) -> np.ndarray:
    return (scores > threshold).astype(np.int64)


def _folds(model: Predictions) -> np.ndarray:
    """Return the fold of each sample: each class is dealt out evenly, by ids."""
    fold_of = np.empty(len(model), dtype=np.int64)
    draw = uniform_by_id(model.ids, 0, purpose="threshold folds")
    for code in (0, 1):
        rows = np.flatnonzero(model.truth == code)
        fold_of[rows[np.argsort(draw[rows], kind="stable")]] = np.arange(len(rows)) % _FOLDS
    return fold_of
