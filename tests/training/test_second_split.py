"""A network that goes on with other samples, against a plain loop that does."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from oracles.networks import MODULES, load, optimiser_of, pixels, schedule_of
from torch.nn import functional
from toy_data import parted, renamed_and_permuted, toy_images

from steelyard._support.errors import ParameterError
from steelyard._support.seeding import derive_seed
from steelyard.records import Plan, Recipe
from steelyard.training import PROBES, Member, fit_ensemble, prepare
from steelyard.training.networks import NETWORKS
from steelyard.training.stack import Stack

DATA = parted(toy_images((61, 40, 20), noise=120.0)).part("train")
RECIPES = {
    "adam": Recipe("mlp", widths=(9,), batch_size=8, epochs=5, learning_rate=0.01),
    "steps": Recipe("mlp", widths=(9,), batch_size=8, epochs=4, optimiser="sgd", schedule="step"),
    "whole batch": Recipe("mlp", widths=(9,), batch_size=None, epochs=6, learning_rate=0.05),
    "batch normalisation": Recipe("cnn", widths=(4, 4), batch_size=8, epochs=3,
                                  normalisation="batch"),
}  # fmt: skip


def halves(data):
    """An uneven cut, so that the epochs of the two differ in length."""
    first = data.ids % 5 < 2
    return [
        Plan.of(data, half.astype(int), np.bincount(data.labels, weights=half), name)
        for half, name in ((first, "first"), (~first, "second"))
    ]


def slow(prepared, member, seed=0):
    """Whether the label was right after each of the later epochs, (epochs, first samples)."""
    recipe = member.recipe
    X, y = pixels(prepared, prepared.X), torch.from_numpy(prepared.y)
    shape = tuple(X.shape[1:]) if recipe.model != "mlp" else (X[0].numel(),)
    shapes = NETWORKS[recipe.model].shapes(recipe, shape, prepared.data.n_classes)
    weights = derive_seed(seed, purpose="weights", repetition=member.repetition)
    start = Stack.initial(recipe, shapes, [weights], torch.device("cpu"))
    network = load(MODULES[recipe.model](recipe, shape, prepared.data.n_classes), start)
    optimiser = optimiser_of(recipe, network.parameters())
    first = prepared.draws(member.plan)
    losses, right = [], []
    for plan, axes in ((member.plan, {}), (member.then, {"then": 1})):
        draws = torch.from_numpy(prepared.draws(plan))
        batch = recipe.batch_size or len(draws)
        for group in optimiser.param_groups:  # the schedule begins anew, the moments do not
            group["lr"] = group["initial_lr"] = recipe.learning_rate
        schedule = schedule_of(recipe, optimiser, recipe.epochs * math.ceil(len(draws) / batch))
        for epoch in range(recipe.epochs):
            axes |= {"repetition": member.repetition, "epoch": epoch, "purpose": "order"}
            generator = torch.Generator().manual_seed(derive_seed(seed, **axes))
            mixed = draws
            if recipe.batch_size is not None:
                mixed = draws[torch.randperm(len(draws), generator=generator)]
            network.train()
            total = 0.0
            for rows in mixed.split(batch):
                loss = functional.cross_entropy(network(X[rows]), y[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                total += loss.item() * len(rows)
            losses.append(total / len(draws))
            if plan is member.then:
                network.eval()
                with torch.no_grad():
                    right.append((network(X[first]).argmax(dim=1) == y[first]).numpy())
    return losses, np.array(right)


def unlearned_of(right):
    shares = []
    for sample in right.T:
        count = 0
        for was_right in sample[::-1]:
            if was_right:
                break
            count += 1
        shares.append(count / len(right))
    return np.array(shares)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_it_is_what_a_plain_loop_finds(recipe):
    first, second = halves(DATA)
    prepared = prepare(DATA, model=recipe.model)
    members = [Member(recipe, first, 0, then=second), Member(recipe, second, 0, then=first),
               Member(recipe, first, 1, then=second)]  # fmt: skip
    for member, fitted in zip(members, fit_ensemble(prepared, members), strict=True):
        losses, right = slow(prepared, member)
        np.testing.assert_allclose(fitted.losses, losses, rtol=2e-3)
        rows = np.flatnonzero(member.plan.counts)
        np.testing.assert_array_equal(fitted.dynamics.ids, DATA.ids[rows])
        np.testing.assert_array_equal(fitted.dynamics.labels, DATA.labels[rows])
        canonical = prepared.order[prepared.draws(member.plan)]
        expected = unlearned_of(right)[np.argsort(canonical)]
        (found,) = fitted.dynamics.channels["unlearned"]
        assert 0 < np.mean(found > 0) < 1
        assert np.mean(found == expected) > 0.97  # a tie of rounding may fall otherwise
        assert fitted.dynamics.data_fingerprint == DATA.fingerprint
        assert fitted.dynamics.n_epochs == 0


def test_neither_rows_nor_names_matter():
    other, _ = renamed_and_permuted(DATA)
    found = []
    for data in (DATA, other):
        first, second = halves(data)
        member = Member(RECIPES["adam"], first, then=second)
        (fitted,) = fit_ensemble(prepare(data), [member])
        by_id = np.argsort(fitted.dynamics.ids)
        found.append(fitted.dynamics.channels["unlearned"][0, by_id])
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("name", ["adam", "whole batch"])  # a whole batch is everybody's
def test_plain_members_and_these_are_beside_each_other_what_they_are_alone(name):
    first, second = halves(DATA)
    prepared = prepare(DATA)
    members = [Member(RECIPES[name], None, 0, record=True),
               Member(RECIPES[name], first, then=second)]  # fmt: skip
    beside = fit_ensemble(prepared, members)
    for member, one in zip(members, beside, strict=True):
        (alone,) = fit_ensemble(prepared, [member])
        np.testing.assert_array_equal(one.losses, alone.losses)
        for channel, values in alone.dynamics.channels.items():
            np.testing.assert_array_equal(one.dynamics.channels[channel], values)


class Killed(Exception):
    pass


@pytest.mark.parametrize("killed_at", [1, 7, 12, 17])
def test_a_killed_training_resumes_bit_for_bit(killed_at, tmp_path):
    first, second = halves(DATA)
    recipe = replace(RECIPES["adam"], epochs=11)  # the early epoch is the second
    members = [Member(replace(recipe, epochs=5), first, then=second),
               Member(recipe, None, 1, record=True, gradient=True)]  # fmt: skip

    def progress(done, total, what):
        assert total == 21
        if killed_at <= done < total:
            raise Killed

    prepared = prepare(DATA)
    whole = fit_ensemble(prepared, members)
    with pytest.raises(Killed):
        fit_ensemble(prepared, members, checkpoint=tmp_path, checkpoint_every=0, progress=progress)
    resumed = fit_ensemble(prepared, members, checkpoint=tmp_path)
    for one, other in zip(resumed, whole, strict=True):
        np.testing.assert_array_equal(one.losses, other.losses)
        for name, channel in one.dynamics.channels.items():
            np.testing.assert_array_equal(channel, other.dynamics.channels[name], err_msg=name)


def test_what_does_not_go_together_is_refused():
    first, second = halves(DATA)
    with pytest.raises(ParameterError, match=r"Trees cannot go on.*choose the probe mlp"):
        Member(PROBES["trees"], first, then=second)
    recipe = RECIPES["adam"]
    for values in (
        {"plan": None},
        {"record": True},
        {"recipe": replace(recipe, patience=2)},
    ):
        with pytest.raises(ParameterError, match="'then' parameter of Member needs a plan, record"):
            Member(**{"recipe": recipe, "plan": first, "then": second, **values})
