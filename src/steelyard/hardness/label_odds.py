"""The odds against a label: what a model that never saw the sample and its neighbours say of it.

**What it tells you.** Two witnesses who did not learn the sample's own label are asked which class
it is: models that were trained without it, and the labels of its nearest neighbours. Their answers
are joined to a probability of each class. The odds against a label are how much more probable the
best other class is than the class that the sample carries; where they are high, somebody should
look at the label.

A sample of a rare class has few neighbours of its own class, and models expect its class seldom,
so that both witnesses lean against it. The odds are therefore taken twice, at the class shares of
the data and at equal shares, and the *lower* of the two counts: what speaks against a label only
because its class is rare does not speak against it.

Exact copies of a sample are no witnesses: they do not vote, and `steelyard.out_of_fold` leaves them
out together.

**When it misleads.** Both witnesses err where classes overlap, and then a right label has odds
against it. The neighbours are those in the space of the inputs; where distance there means little,
as between photographs, they say little, and the fit below gives them little weight. Where most
labels of a class are wrong, both learn the wrong ones.

**Formula.** With p the probabilities of the models, v = (c + pi) / (k + 1) the shares of classes
among the k neighbours that vote (c their counts, pi the class shares of the data), class y has the
probability r_y proportional to p_y^a v_y^b pi_y^g. The three numbers a, b and g are those that make
the labels of the data most probable: they take away overconfidence, and what the two witnesses say
in common. Then

    odds = min( max_{k != y} r_k / r_y,  max_{k != y} (r_k / pi_k) / (r_y / pi_y) ).

**Reference.** Joining witnesses by multiplying their probabilities and dividing by the prior is
Bayes' rule for independent ones (a = b = 1, g = -1); fitting the exponents is logistic regression
on log-probabilities, "stacking": Wolpert (1992), Neural Networks 5(2). The lower of the odds at two
priors and k = 25 are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.records.hardness import Hardness
from steelyard.records.neighbours import Neighbours
from steelyard.records.predictions import Predictions

N_NEIGHBOURS = 25  # ours
_LEAST = 1e-4  # ours: a model that is surer than that is not believed more
_MOST = 30.0  # ours: beyond it odds are certainty, and stay finite
_FITTED_ON = 20_000  # samples at most; three numbers need no more


def label_odds(out_of_fold: Sequence[Predictions], neighbours: Neighbours) -> Hardness:
    """Return the natural logarithm of the odds against each label.

    Parameters
    ----------
    out_of_fold : sequence of Predictions
        What models that did not train on a sample say of it, for every sample; several
        repetitions are averaged.
    neighbours : Neighbours
        Of the same samples in the same order, 25 of each (fewer, if there are no more).

    Returns
    -------
    Hardness
        The score "label_odds", between -30 and 30, of one run. Above 0 another class is more
        probable at either class shares. It is -30 where nothing can be said against the label:
        there is no other class, or the sample is the only one of its class, which no witness
        could know, or the models say nothing, all classes alike.

    Raises
    ------
    MismatchError
        If the two are not of the same samples and labels.
    ParameterError
        If there are fewer neighbours, or the predictions are no sequence.
    DataError
        If there are no predictions, or they are of models that trained on the samples.
    """
    if isinstance(out_of_fold, Predictions):
        raise ParameterError(
            "The 'out_of_fold' parameter of label_odds must be a sequence of Predictions, one a "
            "repetition. Got one Predictions.",
            hint="write [predictions].",
        )
    if not out_of_fold:
        raise DataError("label_odds needs predictions of at least one repetition. Got none.")
    for one in out_of_fold:
        if one.split == "train":
            raise DataError(
                "label_odds needs predictions by models that did not train on the sample. Got some "
                "of the split 'train'.",
                hint="steelyard.out_of_fold(data) makes them.",
            )
        if not np.array_equal(one.ids, neighbours.ids) or not np.array_equal(
            one.truth, neighbours.labels
        ):
            raise MismatchError(
                "The out-of-fold predictions must be of the samples whose neighbours are given, "
                "in their order."
            )
    neighbours.require(N_NEIGHBOURS, "label_odds")
    labels = neighbours.labels
    counts = np.bincount(labels, minlength=len(neighbours.class_names))
    # A class without a sample is nobody's true class. In the order of their smallest ids, sums
    # over classes have the same bits whatever the classes are called.
    by_id = np.argsort(neighbours.ids, kind="stable")
    _, first = np.unique(labels[by_id], return_index=True)
    there = labels[by_id[np.sort(first)]]
    if len(there) < 2:
        return unopposed(neighbours)
    codes = np.argsort(there, kind="stable")[np.searchsorted(np.sort(there), labels)]
    prior = np.log(counts[there] / len(labels))
    model = _mean_log_probabilities(out_of_fold, there)
    votes = _log_votes(neighbours, codes, prior)
    a, b, g = _fitted(model, votes, prior, codes, by_id)
    joined = a * model + b * votes + g * prior
    odds = np.minimum(_log_odds_against(joined, codes), _log_odds_against(joined - prior, codes))
    silent = np.all([np.ptp(one.logits, axis=1) == 0 for one in out_of_fold], axis=0)
    values = np.where((counts[labels] == 1) | silent, -_MOST, np.clip(odds, -_MOST, _MOST))
    return replace(unopposed(neighbours), values=values)


def unopposed(neighbours: Neighbours) -> Hardness:
    """Return the odds where there is no witness against any label."""
    n = len(neighbours.labels)
    return Hardness(
        "label_odds",
        neighbours.ids,
        neighbours.labels,
        neighbours.class_names,
        np.full(n, -_MOST),
        np.full(n, np.nan),
        1,
        neighbours.data_fingerprint,
    )


def _mean_log_probabilities(predictions: Sequence[Predictions], there: np.ndarray) -> np.ndarray:
    mean = np.mean([softmax(one.logits[:, there], axis=1) for one in predictions], axis=0)
    return np.log(np.maximum(mean, _LEAST))


def _log_votes(neighbours: Neighbours, codes: np.ndarray, prior: np.ndarray) -> np.ndarray:
    voters = codes[neighbours.positions[:, :N_NEIGHBOURS]]
    n, n_classes = len(voters), len(prior)
    is_no_copy = neighbours.distances[:, :N_NEIGHBOURS] > 0
    places = (np.arange(n)[:, None] * n_classes + voters)[is_no_copy]
    counts = np.bincount(places, minlength=n * n_classes).reshape(n, n_classes)
    return np.log((counts + np.exp(prior)) / (counts.sum(axis=1, keepdims=True) + 1))


def _fitted(
    model: np.ndarray, votes: np.ndarray, prior: np.ndarray, codes: np.ndarray, by_id: np.ndarray
) -> np.ndarray:
    """Return the three exponents by maximum likelihood; the problem is convex."""
    chosen = by_id[:: -(-len(by_id) // _FITTED_ON)]
    prior_of_each = np.broadcast_to(prior, (len(chosen), len(prior)))
    witnesses = np.stack([model[chosen], votes[chosen], prior_of_each])
    own = witnesses[:, np.arange(len(chosen)), codes[chosen]]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        log_probabilities = log_softmax(np.tensordot(weights, witnesses, 1), axis=1)
        expected = (np.exp(log_probabilities) * witnesses).sum(axis=2)
        value = -log_probabilities[np.arange(len(chosen)), codes[chosen]].mean()
        return value, (expected - own).mean(axis=1)

    # no witness is ever believed against what it says
    bounds = [(0, None), (0, None), (None, None)]
    return minimize(loss, np.array([0.5, 0.5, 0.0]), jac=True, bounds=bounds).x


def _log_odds_against(log_weights: np.ndarray, codes: np.ndarray) -> np.ndarray:
    rows = np.arange(len(codes))
    own = log_weights[rows, codes]
    others = log_weights.copy()
    others[rows, codes] = -np.inf
    return others.max(axis=1) - own
