"""Odds against labels: by hand where they can be worked out, and what must not change them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.hardness import label_doubt, label_odds
from steelyard.records.hardness import Hardness
from steelyard.records.neighbours import Neighbours
from steelyard.records.predictions import Predictions

NAMES = ("<b>", "é", "-1")


def world(n=(200, 120, 80), wrong=0.05, seed=0, spread=1.0):
    """Classes on a line, some labels wrong; models that know the line, and true neighbours."""
    draw = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(n)), n)
    x = 4.0 * truth + draw.normal(scale=spread, size=len(truth))
    labels = truth.copy()
    flipped = draw.random(len(truth)) < wrong
    labels[flipped] = (labels[flipped] + 1) % len(n)
    ids = draw.permutation(10 * len(truth))[: len(truth)]
    prior = np.bincount(labels, minlength=len(n)) / len(labels)
    logits = -((x[:, None] - 4.0 * np.arange(len(n))) ** 2) / 2 + np.log(prior)
    distance = np.abs(x[:, None] - x)
    np.fill_diagonal(distance, np.inf)
    positions = np.argsort(distance, axis=1, kind="stable")[:, :25]
    near = np.take_along_axis(distance, positions, 1)
    names = NAMES[: len(n)]
    predictions = Predictions(ids, labels, logits, names, prior, split="out-of-fold")
    return predictions, Neighbours(ids, labels, names, positions, near, "f"), flipped


def slow(predictions, neighbours):
    """The formula a sample at a time, with a search that needs no gradient."""
    n, classes = predictions.logits.shape
    pi = [np.mean(predictions.truth == c) for c in range(classes)]
    p = np.exp(predictions.log_probabilities)
    v = np.empty((n, classes))
    for i in range(n):
        voters = predictions.truth[neighbours.positions[i]]
        for c in range(classes):
            v[i, c] = ((voters == c).sum() + pi[c]) / (len(voters) + 1)

    def r(weights):
        a, b, g = max(weights[0], 0), max(weights[1], 0), weights[2]
        powers = np.maximum(p, 1e-4) ** a * v**b * np.array(pi) ** g
        return powers / powers.sum(axis=1, keepdims=True)

    def loss(weights):
        return -np.log(r(weights)[np.arange(n), predictions.truth]).mean()

    best = minimize(
        loss, [0.5, 0.5, 0.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12}
    )
    odds = []
    for i, row in enumerate(r(best.x)):
        own = predictions.truth[i]
        others = [c for c in range(classes) if c != own]
        plain = max(row[c] / row[own] for c in others)
        even = max((row[c] / pi[c]) / (row[own] / pi[own]) for c in others)
        odds.append(math.log(min(plain, even)))
    return np.array(odds)


@pytest.mark.parametrize("n", [(200, 120, 80), (150, 30)])
def test_odds_equal_the_slow_formula(n):
    predictions, neighbours, _ = world(n)
    np.testing.assert_allclose(
        label_odds([predictions], neighbours).values, slow(predictions, neighbours), atol=2e-3
    )


def test_wrong_labels_have_the_odds_against_them_and_right_ones_do_not():
    predictions, neighbours, flipped = world(spread=0.7)
    odds = label_odds([predictions], neighbours).values
    assert (odds[flipped] > math.log(3)).mean() > 0.95
    assert (odds[~flipped] < 0).mean() > 0.98


def test_an_overconfident_model_is_believed_less():
    predictions, neighbours, _ = world()
    sure = Predictions(
        predictions.ids, predictions.truth, 3 * predictions.logits, predictions.class_names
    )
    odds = label_odds([predictions], neighbours).values
    np.testing.assert_allclose(
        np.median(np.abs(label_odds([sure], neighbours).values)), np.median(np.abs(odds)), rtol=0.15
    )


def test_rarity_alone_does_not_speak_against_a_label():
    predictions, neighbours, _ = world((1200, 24), wrong=0.0, spread=1.4)
    rare = predictions.truth == 1
    by_model = predictions.logits[rare, 0] - predictions.logits[rare, 1]
    odds = label_odds([predictions], neighbours).values[rare]
    assert (odds > math.log(3)).sum() == 0 < (by_model > math.log(3)).sum()


def test_repetitions_are_averaged_as_probabilities():
    predictions, neighbours, _ = world()
    other = Predictions(
        predictions.ids, predictions.truth, predictions.logits[:, ::-1], predictions.class_names
    )
    mean = (np.exp(predictions.log_probabilities) + np.exp(other.log_probabilities)) / 2
    one = Predictions(predictions.ids, predictions.truth, np.log(mean), predictions.class_names)
    np.testing.assert_allclose(
        label_odds([predictions, other], neighbours).values,
        label_odds([one], neighbours).values,
        atol=1e-9,
    )


def test_rows_and_names_change_nothing():
    predictions, neighbours, _ = world()
    odds = label_odds([predictions], neighbours).values
    order = np.random.default_rng(3).permutation(len(odds))
    place = np.argsort(order)
    moved = Neighbours(
        neighbours.ids[order],
        neighbours.labels[order],
        ("2", "1", "0"),
        place[neighbours.positions[order]],
        neighbours.distances[order],
        "f",
    )
    same = Predictions(
        predictions.ids[order], predictions.truth[order], predictions.logits[order], ("2", "1", "0")
    )
    np.testing.assert_allclose(label_odds([same], moved).values, odds[order], atol=1e-9)


def test_a_class_without_a_sample_is_nobodys_class():
    predictions, neighbours, _ = world((200, 80))
    wider = Predictions(
        predictions.ids,
        predictions.truth,
        np.column_stack([predictions.logits, np.full(280, 9.0)]),
        NAMES,
    )
    there = Neighbours(
        neighbours.ids, neighbours.labels, NAMES, neighbours.positions, neighbours.distances, "f"
    )
    np.testing.assert_allclose(
        label_odds([wider], there).values, label_odds([predictions], neighbours).values, atol=5e-2
    )


def test_one_class_alone_has_no_odds():
    n = 30
    logits, positions = np.zeros((n, 1)), (np.arange(n)[:, None] + np.arange(1, 26)) % n
    predictions = Predictions(np.arange(n), np.zeros(n, int), logits, ("a",))
    near = Neighbours(
        np.arange(n), np.zeros(n, int), ("a",), positions, np.ones(positions.shape), "f"
    )
    assert (label_odds([predictions], near).values == -30).all()


def test_what_does_not_fit_is_refused():
    predictions, neighbours, _ = world()
    with pytest.raises(ParameterError, match="Got one Predictions") as error:
        label_odds(predictions, neighbours)
    assert "[predictions]" in error.value.hint
    with pytest.raises(DataError, match="at least one repetition"):
        label_odds([], neighbours)
    other = Predictions(
        predictions.ids[::-1], predictions.truth, predictions.logits, predictions.class_names
    )
    with pytest.raises(MismatchError, match="in their order"):
        label_odds([predictions, other], neighbours)
    few = Neighbours(
        neighbours.ids, neighbours.labels, NAMES, neighbours.positions[:, :5],
        neighbours.distances[:, :5], "f",
    )  # fmt: skip
    with pytest.raises(ParameterError, match="must hold 25 neighbours"):
        label_odds([predictions], few)


def test_models_that_saw_the_label_are_refused():
    predictions, neighbours, _ = world()
    with pytest.raises(DataError, match="did not train on the sample") as error:
        label_odds([replace(predictions, split="train")], neighbours)
    assert "out_of_fold" in error.value.hint


def test_copies_do_not_vote():
    """A wrong label that stands in the data three times is found as if it stood there once."""
    predictions, neighbours, flipped = world(spread=0.7)
    n = len(flipped)
    thrice = np.tile(np.arange(n), 3)
    near = neighbours.positions
    copies = np.stack([np.arange(n) + n, np.arange(n) + 2 * n], axis=1)
    positions = np.concatenate(
        [np.concatenate([(copies + shift * n) % (3 * n), near], axis=1) for shift in range(3)]
    )[:, :25]
    distances = np.concatenate([np.zeros((n, 2)), neighbours.distances], axis=1)[thrice][:, :25]
    ids = np.arange(3 * n)
    tripled = Neighbours(ids, neighbours.labels[thrice], NAMES, positions, distances, "f")
    said = Predictions(
        ids, predictions.truth[thrice], predictions.logits[thrice], NAMES, predictions.prior
    )
    odds = label_odds([said], tripled).values.reshape(3, n)
    once = label_odds([predictions], neighbours).values
    assert np.corrcoef(odds[0], once)[0, 1] > 0.99
    assert (odds[:, flipped] > math.log(3)).mean() > 0.95


def test_nothing_is_said_against_what_every_model_saw():
    predictions, neighbours, flipped = world()
    logits = predictions.logits.copy()
    logits[flipped] = 0.0
    odds = label_odds([replace(predictions, logits=logits)], neighbours).values
    assert (odds[flipped] == -30).all()
    assert (odds[~flipped] > -30).all()


def hardness(values, name="el2n", fingerprint="f"):
    n = len(values)
    return Hardness(
        name, np.arange(n), np.zeros(n, int), ("a",), values, np.full(n, np.nan), 1, fingerprint
    )


def test_doubt_is_the_mean_of_two_ranks():
    odds = hardness([3.0, -1.0, 0.0, -30.0], "label_odds")
    doubt = label_doubt(hardness([0.1, 0.4, 0.2, 0.2]), odds)
    np.testing.assert_allclose(doubt.values, [0.5, 0.625, 0.5625, 0.3125])
    assert doubt.name == "label_doubt"
    assert doubt.n_runs == 1


def test_doubt_wants_the_error_norm_and_odds_of_the_same_samples():
    odds = hardness([0.0, 1.0], "label_odds")
    with pytest.raises(ParameterError, match=r"must be the score 'el2n'. Got 'aum'"):
        label_doubt(hardness([0.1, 0.2], "aum"), odds)
    for other in (hardness([0.1, 0.2, 0.3]), hardness([0.1, 0.2], fingerprint="g")):
        with pytest.raises(MismatchError, match="'el2n' and 'label_odds' are of other samples"):
            label_doubt(other, odds)
