"""Plain descent of many perceptrons: the general engine and a plain loop come to the same."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import derive_seed
from steelyard.records.labelled import Labelled
from steelyard.records.recipe import Recipe
from steelyard.training import Member, fit_ensemble, fit_subsets, fit_watched, prepare
from steelyard.training.descent import descends
from steelyard.training.onednn import product, tanh
from steelyard.training.row_groups import row_groups
from steelyard.training.sizes import shapes_of
from steelyard.training.stack import Stack

RECIPE = Recipe(
    "mlp", widths=(6, 5), activation="tanh", initialisation="uniform", optimiser="sgd",
    momentum=0.0, learning_rate=0.3, schedule="constant", batch_size=None, epochs=12,
)  # fmt: skip
# the same numbers by the general engine: a schedule that never makes its step
SLOW = replace(RECIPE, schedule="step", milestones=(), step_factor=1.0)


def images(n=90, classes=3, seed=0):
    draws = np.random.default_rng(seed)
    labels = draws.integers(classes, size=n)
    labels[:classes] = np.arange(classes)
    pixels = draws.integers(0, 120, (n, 4, 5, 1)) + 40 * labels[:, None, None, None]
    ids = draws.permutation(n)
    return Labelled(pixels.astype(np.uint8), labels, ("c", "a", "b"), ids, name="toy")


@pytest.fixture(scope="module")
def prepared():
    return prepare(images())


@pytest.fixture(scope="module")
def subsets():
    draws = np.random.default_rng(1).random(90)
    nested = draws < np.array([0.2, 0.5, 0.9])[:, None]
    return np.vstack([nested, ~nested[:1], np.ones((1, 90), dtype=bool)])


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_networks_on_parts_are_those_of_the_general_engine(prepared, subsets, activation):
    fast, slow = (replace(one, activation=activation) for one in (RECIPE, SLOW))
    assert descends(fast)
    assert not descends(slow)
    repetitions = [0, 0, 1, 2, 3]
    ours = fit_subsets(prepared, fast, subsets, repetitions, seed=4)
    theirs = fit_subsets(prepared, slow, subsets, repetitions, seed=4)
    assert np.array_equal(ours, theirs)
    assert len({tuple(row) for row in ours}) > 3  # the parts did matter


def test_watched_networks_are_those_of_the_general_engine(prepared):
    for formula in ("sphere-root", "raw-squared"):
        ours, our_logits = fit_watched(
            prepared, RECIPE, [0, 1], layer=1, formula=formula, first_epoch=3, seed=2
        )
        theirs, their_logits = fit_watched(
            prepared, SLOW, [0, 1], layer=1, formula=formula, first_epoch=3, seed=2
        )
        np.testing.assert_allclose(our_logits, their_logits, atol=2e-5)
        np.testing.assert_allclose(ours.radii, theirs.radii, atol=2e-6)
        assert np.array_equal(ours.wrong_bits, theirs.wrong_bits)
        assert np.array_equal(ours.epochs, np.arange(3, 12))
        assert ours.layer == theirs.layer
        assert 0 < ours.wrong(0, 0).sum() < 90


def test_descent_is_that_of_a_plain_loop(prepared):
    rows = torch.from_numpy(np.arange(0, 90, 2))
    seed = derive_seed(7, purpose="weights", repetition=5)
    stack = Stack.initial(RECIPE, shapes_of(prepared, RECIPE), [seed], torch.device("cpu"))
    weights = [
        stack.weights[f"layer{layer}.{part}"][0].detach().double().requires_grad_()
        for layer in range(3)
        for part in ("weight", "bias")
    ]
    pixels = torch.from_numpy(prepared.X.reshape(90, -1).astype(np.float64))
    X, y = (pixels - pixels.mean()) / pixels.std(unbiased=False), torch.from_numpy(prepared.y)

    def logits(x):
        for weight, bias in zip(weights[:4:2], weights[1:4:2], strict=True):
            x = torch.tanh(x @ weight.T + bias)
        return x @ weights[4].T + weights[5]

    for _ in range(RECIPE.epochs):
        loss = torch.nn.functional.cross_entropy(logits(X[rows]), y[rows])
        for value, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            value.data -= RECIPE.learning_rate * slope
    expected = prepared.classes[logits(X).argmax(dim=1).numpy()]
    subset = np.zeros((1, 90), dtype=bool)
    subset[0, prepared.order[rows.numpy()]] = True
    found = fit_subsets(prepared, RECIPE, subset, [5], seed=7)[0]
    assert np.array_equal(found[prepared.order], expected)


def test_no_member_depends_on_the_others(prepared, subsets):
    together = fit_subsets(prepared, RECIPE, subsets, [0, 1, 2, 3, 4], seed=1)
    alone = fit_subsets(prepared, RECIPE, subsets[[2]], [2], seed=1)
    assert np.array_equal(together[2], alone[0])


def test_rows_and_names_do_not_matter(prepared):
    data = prepared.data
    order = np.random.default_rng(3).permutation(len(data))
    there, _ = fit_watched(prepared, RECIPE, [0], seed=0)
    shuffled, _ = fit_watched(prepare(data.take(order)), RECIPE, [0], seed=0)
    assert np.array_equal(shuffled.radii, there.radii)
    assert np.array_equal(shuffled.wrong(0, -1), there.wrong(0, -1)[order])


def test_a_training_that_diverges_says_so(prepared):
    wild = replace(RECIPE, activation="relu", learning_rate=1e30, epochs=20)
    with pytest.raises(DataError, match="diverged"):
        fit_subsets(prepared, wild, np.ones((1, 90), dtype=bool), [0])


def test_only_plain_descent_descends():
    for change in (
        {"momentum": 0.9}, {"weight_decay": 0.1}, {"batch_size": 8}, {"schedule": "cosine"},
        {"optimiser": "adam"}, {"smoothing": 0.1}, {"class_weighting": 1.0}, {"model": "cnn"},
        {"max_gradient_norm": 1.0}, {"augmentation": ("flip",)},
    ):  # fmt: skip
        assert not descends(replace(RECIPE, **change)), change


def test_what_the_general_engine_refuses_is_refused(prepared, subsets):
    with pytest.raises(ParameterError, match="layer"):
        fit_watched(prepared, RECIPE, [0], layer=2)
    with pytest.raises(ParameterError, match="first_epoch"):
        fit_watched(prepared, RECIPE, [0], first_epoch=12)
    with pytest.raises(DataError, match="empty"):
        fit_subsets(prepared, RECIPE, np.zeros((1, 90), dtype=bool), [0])
    with pytest.raises(ParameterError, match="repetitions"):
        fit_subsets(prepared, RECIPE, subsets, [0])


def test_every_row_that_trains_comes_once_with_its_networks(subsets):
    groups = list(row_groups(subsets))
    seen = np.zeros(subsets.shape, dtype=int)
    for group in groups:
        seen[np.ix_(group.members, group.rows)] += 1
    assert np.array_equal(seen, subsets.astype(int))
    # rows that the same networks train on are one group: no fewer products can be made
    assert len(groups) == len(np.unique(subsets.T, axis=0))


def test_rows_that_nobody_trains_on_come_in_no_group():
    (group,) = row_groups(np.array([[True, False, True]]))
    assert group.rows.tolist() == [0, 2]
    assert group.members.tolist() == [0]


def test_products_and_tangents_are_those_of_torch():
    draws = torch.Generator().manual_seed(0)
    left, right = torch.randn(7, 33, generator=draws), torch.randn(5, 33, generator=draws)
    torch.testing.assert_close(product(left, right), left @ right.T)
    torch.testing.assert_close(product(left[:, ::3], right[:, ::3].contiguous()),
                               left[:, ::3] @ right[:, ::3].T)  # fmt: skip
    x = torch.linspace(-12, 12, 1001).view(7, 11, 13)
    torch.testing.assert_close(tanh(x), torch.tanh(x), atol=3e-7, rtol=0)


def test_members_of_the_ensemble_can_be_recorded_as_ever(prepared):
    (fitted,) = fit_ensemble(prepared, [Member(RECIPE, record=True)], seed=2)
    _, logits = fit_watched(prepared, RECIPE, [0], seed=2)
    own = logits[0, np.arange(90), prepared.data.labels]
    rest = np.where(np.eye(3, dtype=bool)[prepared.data.labels], -np.inf, logits[0]).max(axis=1)
    np.testing.assert_allclose(fitted.dynamics.channels["final_margin"][0], own - rest, atol=2e-5)
