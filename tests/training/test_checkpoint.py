"""A training that stops at any epoch goes on to the very same bits; no other takes its place."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_data import parted, toy_images

from steelyard._support.errors import DataError, MismatchError, OutputError
from steelyard.records import Recipe
from steelyard.resampling import by_count
from steelyard.training import Member, fit_ensemble, prepare, stacked

DATA = parted(toy_images())
READY = prepare(DATA.part("train"), [DATA.part("validation"), DATA.part("test")])
CONVOLUTIONAL = prepare(DATA.part("train"), [DATA.part("test")], model="cnn")
RECIPE = Recipe("mlp", widths=(9,), batch_size=16, epochs=4)
GROWN = by_count(DATA.part("train"), 0.8, size="grow")
OTHER = by_count(DATA.part("train"), 0.8, size="grow", seed=1)  # as many, of other samples
MEMBERS = [  # epochs of two lengths, so that one is open while the other closes
    Member(RECIPE, None, 0, record=True),
    Member(replace(RECIPE, learning_rate=0.01, epochs=6), GROWN, 1, record=True),
    Member(replace(RECIPE, smoothing=0.1), GROWN, 2),
]
AUGMENTED = [
    replace(
        one,
        recipe=replace(one.recipe, augmentation=("flip", "crop"), crop_padding=1, crop_fill="mean"),
    )
    for one in MEMBERS
]


class Killed(Exception):
    pass


def killed_after(n_epochs):
    def progress(done, total, what):
        if n_epochs <= done < total:
            raise Killed

    return progress


def assert_same_bits(some, others):
    for one, other in zip(some, others, strict=True):
        np.testing.assert_array_equal(one.losses, other.losses)
        for mine, theirs in zip(one.predictions, other.predictions, strict=True):
            np.testing.assert_array_equal(mine.logits, theirs.logits)
        assert (one.dynamics is None) == (other.dynamics is None)
        if one.dynamics is not None:
            for name, channel in one.dynamics.channels.items():
                np.testing.assert_array_equal(channel, other.dynamics.channels[name], err_msg=name)


CASES = {
    "adam": (READY, MEMBERS, "own"),
    "shared order": (READY, MEMBERS, "shared"),
    "augmentation": (READY, AUGMENTED, "own"),
    "augmentation in a shared order": (READY, AUGMENTED, "shared"),
    "momentum": (
        READY,
        [replace(one, recipe=replace(one.recipe, optimiser="sgd")) for one in MEMBERS],
        "own",
    ),
    "patience": (
        READY,
        [
            Member(replace(RECIPE, learning_rate=0.1, epochs=9, patience=2), None, k, record=k == 1)
            for k in range(3)
        ],
        "own",
    ),
    "batch normalisation": (
        CONVOLUTIONAL,
        [
            Member(replace(RECIPE, model="cnn", normalisation="batch"), None, k, record=True)
            for k in range(3)
        ],
        "own",
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("killed_at", [1, 2, 5, 8])
def test_a_killed_training_resumes_bit_for_bit(case, killed_at, tmp_path, monkeypatch):
    ready, members, order = CASES[case]
    whole = fit_ensemble(ready, members, order=order)
    with pytest.raises(Killed):
        fit_ensemble(
            ready,
            members,
            order=order,
            checkpoint=tmp_path,
            checkpoint_every=0,
            progress=killed_after(killed_at),
        )
    first_steps = []
    train = stacked.train_stack

    def spy(training, *args, **values):
        first_steps.append(training.step)
        return train(training, *args, **values)

    monkeypatch.setattr(stacked, "train_stack", spy)
    resumed = fit_ensemble(ready, members, order=order, checkpoint=tmp_path)
    assert all(step > 0 for step in first_steps)  # it did go on, and did not begin again
    assert_same_bits(resumed, whole)


def test_a_finished_training_is_not_done_again(tmp_path, monkeypatch):
    whole = fit_ensemble(READY, MEMBERS, checkpoint=tmp_path)
    monkeypatch.setattr(stacked.Stack, "descend", None)  # a step would fail
    told = []
    again = fit_ensemble(
        READY, MEMBERS, checkpoint=tmp_path, progress=lambda *args: told.append(args[:2])
    )
    assert_same_bits(again, whole)
    assert told[0] == (14, 14)


def test_several_stacks_resume_each_where_it_was(tmp_path):
    members = [Member(RECIPE, None, k, record=True) for k in range(11)]  # two stacks
    whole = fit_ensemble(READY, members)
    with pytest.raises(Killed):
        fit_ensemble(
            READY,
            members,
            checkpoint=tmp_path,
            checkpoint_every=0,
            progress=killed_after(30),
        )
    # with other memory the stacks stay as they were begun
    resumed = fit_ensemble(READY, members, checkpoint=tmp_path, memory=10**6)
    assert_same_bits(resumed, whole)


@pytest.mark.parametrize(
    ("ready", "members", "values"),
    [
        (READY, MEMBERS, {"seed": 1}),
        (READY, MEMBERS, {"order": "shared"}),
        (READY, MEMBERS, {"precision": "bfloat16"}),
        (READY, MEMBERS[:2], {}),
        (READY, [MEMBERS[0], MEMBERS[1], replace(MEMBERS[2], plan=None)], {}),
        (READY, [MEMBERS[0], MEMBERS[1], replace(MEMBERS[2], plan=OTHER)], {}),
        (READY, [MEMBERS[0], MEMBERS[1], replace(MEMBERS[2], repetition=0)], {}),
        (READY, [replace(MEMBERS[0], recipe=replace(RECIPE, epochs=5)), *MEMBERS[1:]], {}),
        (prepare(DATA.part("train"), [DATA.part("test")]), MEMBERS, {}),
        (READY, AUGMENTED, {}),
        (
            prepare(
                DATA.part("train"),
                [DATA.part("validation"), DATA.part("test")],
                reference=DATA.part("train").take(np.arange(50)),
            ),
            MEMBERS,
            {},
        ),
        (
            prepare(parted(toy_images(seed=9)).part("train")),
            [replace(one, plan=None) for one in MEMBERS],
            {},
        ),
    ],
)
def test_the_checkpoint_of_another_training_is_refused(ready, members, values, tmp_path):
    with pytest.raises(Killed):
        fit_ensemble(
            READY, MEMBERS, checkpoint=tmp_path, checkpoint_every=0, progress=killed_after(2)
        )
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(MismatchError, match=r"belongs to another training.*another folder"):
        fit_ensemble(ready, members, checkpoint=tmp_path, **values)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_file_of_another_ensemble_is_refused_even_in_our_folder(tmp_path):
    fit_ensemble(READY, MEMBERS, checkpoint=tmp_path / "one")
    fit_ensemble(READY, MEMBERS, checkpoint=tmp_path / "two", seed=1)
    foreign = (tmp_path / "two" / "stack-0-3.npz").read_bytes()
    (tmp_path / "one" / "stack-0-3.npz").write_bytes(foreign)
    with pytest.raises(MismatchError, match=r"stack-0-3\.npz' belongs to another training"):
        fit_ensemble(READY, MEMBERS, checkpoint=tmp_path / "one")


@pytest.mark.parametrize("name", ["stack-0-3.npz", "ensemble.json"])
def test_a_damaged_checkpoint_says_so(name, tmp_path):
    fit_ensemble(READY, MEMBERS, checkpoint=tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="is no readable"):
        fit_ensemble(READY, MEMBERS, checkpoint=tmp_path)


@pytest.mark.parametrize(
    "stacks",
    [
        None,
        [],
        "../../x",
        [0, 1, 2],
        [[0, 1]],
        [[0, 1, 2], []],
        [[0, 1, 2, 3]],
        [[0, 1, 1]],
        [[0, 1, 2], [2]],
        [["../../x", 1, 2]],
        [[0.0, 1, 2]],
        [[False, 1, 2]],
    ],
)
def test_a_list_that_does_not_name_every_member_once_is_refused(stacks, tmp_path):
    fit_ensemble(READY, MEMBERS, checkpoint=tmp_path)
    document = json.loads((tmp_path / "ensemble.json").read_text())
    assert document["stacks"] == [[0, 1, 2]]
    (tmp_path / "ensemble.json").write_text(json.dumps({**document, "stacks": stacks}))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match=r"must name each of 3 members once.*Hint: choose another"):
        fit_ensemble(READY, MEMBERS, checkpoint=tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_checkpoint_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="Cannot write"):
        fit_ensemble(READY, MEMBERS, checkpoint=tmp_path / "taken")


def test_nan_logits_keep_the_last_good_checkpoint(tmp_path, monkeypatch):
    members = [Member(replace(RECIPE, epochs=4), None, k, record=True) for k in range(2)]
    whole = fit_ensemble(READY, members)
    steps = READY.X.shape[0] // 16 + 1
    descend = stacked.Stack.descend

    def poisoned(self, loss, n_before, settings):
        descend(self, loss, n_before, settings)
        if n_before == 2 * steps:  # in the third epoch
            with torch.no_grad():
                next(iter(self.weights.values()))[1, 0, 0] = torch.nan

    with monkeypatch.context() as patch:
        patch.setattr(stacked.Stack, "descend", poisoned)
        with pytest.raises(
            DataError, match=r"Training diverged in epoch 2 of run 1: .* first ids \d+"
        ):
            fit_ensemble(READY, members, checkpoint=tmp_path, checkpoint_every=0)
    assert_same_bits(fit_ensemble(READY, members, checkpoint=tmp_path), whole)


def test_checkpoints_are_as_rare_as_asked_and_the_last_is_always_written(tmp_path, monkeypatch):
    from steelyard.training import checkpoint

    written = []
    save = checkpoint.Checkpoint.save
    monkeypatch.setattr(
        checkpoint.Checkpoint,
        "save",
        lambda self, training, jobs: (written.append(training.step), save(self, training, jobs)),
    )
    fit_ensemble(READY, MEMBERS[:1], checkpoint=tmp_path / "rare", checkpoint_every=3600)
    assert len(written) == 1
    fit_ensemble(READY, MEMBERS[:1], checkpoint=tmp_path / "often", checkpoint_every=0)
    assert len(written) == 1 + RECIPE.epochs
