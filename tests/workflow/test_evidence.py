"""What the asked scores read is trained, and nothing else; growing keeps what is there."""

import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest
from toy_data import toy_images, toy_table

from steelyard._support.errors import DataError, ParameterError
from steelyard.hardness.score import Score
from steelyard.records import Dynamics, Recipe
from steelyard.records.dynamics import FINAL, GRADIENT, LEFT_OUT, SECOND_SPLIT, TRAINING
from steelyard.records.inversions import Inversions
from steelyard.training import PROBES
from steelyard.workflow import evidence, score
from steelyard.workflow.engines import Local
from steelyard.workflow.evidence import gather
from steelyard.workflow.store import stored_addresses

MODULE = sys.modules["steelyard.workflow.trainings"]
MLP = Recipe("mlp", widths=(9,), batch_size=16, epochs=3)
TREES = replace(PROBES["trees"], epochs=5)
IMAGES = toy_images((40, 30, 20), noise=120.0)


def reading(*needs, reads=Dynamics):
    return Score("made up", "Made up", "", "", "", lambda record: None, "", needs, reads)


GROUPS = {
    "training": TRAINING,
    "final": FINAL,
    "gradient": GRADIENT,
    "second split": SECOND_SPLIT,
    "left out": LEFT_OUT,
}


def trained(monkeypatch):
    """Record what is trained."""
    members = []
    train = evidence.train_members

    def spy(part, held_out, given, **values):
        members.extend(given)
        return train(part, held_out, given, **values)

    monkeypatch.setattr(evidence, "train_members", spy)
    return members


@pytest.mark.parametrize(
    ("asked", "n_members", "given"),
    [
        (("training",), 2, ("training", "final")),
        (("final",), 2, ("training", "final")),
        (("gradient",), 2, ("training", "final", "gradient")),
        (("second split",), 4, ("second split",)),
        (("left out",), 10, ("left out",)),
        (("training", "left out", "second split", "gradient"), 16, tuple(GROUPS)),
    ],
)
def test_exactly_what_is_read_is_trained(asked, n_members, given, monkeypatch):
    members = trained(monkeypatch)
    scores = [reading(next(iter(GROUPS[name]))) for name in asked]
    (found,) = gather(IMAGES, scores, runs=2, recipe=MLP)
    assert len(members) == n_members
    assert set(found.channels) == {channel for name in given for channel in GROUPS[name]}
    assert found.n_runs == 2
    np.testing.assert_array_equal(found.ids, IMAGES.ids)
    assert any(member.gradient for member in members) == ("gradient" in asked)


def test_a_score_that_says_no_channel_reads_the_training(monkeypatch):
    (found,) = gather(IMAGES, [reading()], runs=1, recipe=MLP)
    assert set(found.channels) == {*TRAINING, *FINAL}


@dataclass
class Places:
    n: int


def test_a_record_that_needs_no_training_costs_none(monkeypatch):
    members = trained(monkeypatch)
    monkeypatch.setattr(evidence, "MODEL_FREE", {Places: lambda part, progress: Places(len(part))})
    free = reading(reads=Places)
    assert gather(IMAGES, [free, free], runs=2, recipe=MLP) == [Places(len(IMAGES))]
    assert not members
    dynamics, places = gather(IMAGES, [free, reading("loss")], runs=1, recipe=MLP)
    assert isinstance(dynamics, Dynamics)
    assert places.n == len(IMAGES)


def test_scores_of_inversions_are_refused_before_anything_is_read_or_trained(monkeypatch):
    members = trained(monkeypatch)
    with pytest.raises(ParameterError, match="'straggler' reads Inversions") as error:
        score("no such file", estimators=["aum", "straggler"])
    for way in ("steelyard study in-class", "ManifoldRecorder", "steelyard.hardness.estimate"):
        assert way in error.value.hint
    with pytest.raises(ParameterError, match="'made up' reads Inversions"):
        gather(IMAGES, [reading(reads=Inversions), reading()], runs=1, recipe=MLP)
    assert not members
    assert not {"straggler", "wrong_since_inversion"} & set(evidence.plain_scores())


@pytest.mark.parametrize("asked", [("training",), ("training", "left out", "second split")])
def test_more_runs_train_what_is_new_alone(asked, tmp_path, monkeypatch):
    scores = [reading(next(iter(GROUPS[name]))) for name in asked]
    values = {"recipe": MLP, "run": tmp_path, "engine": Local(1)}
    (few,) = gather(IMAGES, scores, runs=3, **values)
    first = set(stored_addresses(tmp_path))
    fitted = []
    fit = MODULE.fit_ensemble
    monkeypatch.setattr(
        MODULE,
        "fit_ensemble",
        lambda prepared, members, **rest: fitted.extend(members) or fit(prepared, members, **rest),
    )
    (more,) = gather(IMAGES, scores, runs=5, grown_from=[3], **values)
    assert {member.repetition for member in fitted} == {3, 4}
    fitted.clear()
    (most,) = gather(IMAGES, scores, runs=6, grown_from=[3, 5], **values)
    assert {member.repetition for member in fitted} == {5}
    assert first < set(stored_addresses(tmp_path))
    for found, n in ((more, 3), (most, 3)):
        for name, channel in few.channels.items():
            np.testing.assert_array_equal(found.channels[name][:n], channel)
    for name, channel in more.channels.items():
        np.testing.assert_array_equal(most.channels[name][:5], channel)
    assert most.n_runs == 6


def test_what_was_trained_without_gradients_is_not_taken_for_more(tmp_path):
    values = {"runs": 2, "recipe": MLP, "run": tmp_path}
    (plain,) = gather(IMAGES, [reading("loss")], **values)
    (more,) = gather(IMAGES, [reading("loss", "gradient_norm")], **values)
    assert set(more.channels) - set(plain.channels) == set(GRADIENT)
    assert more.early_epoch == 0
    for name, channel in plain.channels.items():
        np.testing.assert_array_equal(more.channels[name], channel)


def test_trees_grow_one_by_one_and_need_no_word_of_it(tmp_path):
    table = toy_table((40, 20))
    few, more = (
        gather(table, [reading("loss")], runs=runs, recipe=TREES, run=tmp_path)[0]
        for runs in (2, 4)
    )
    np.testing.assert_array_equal(few.channels["loss"], more.channels["loss"][:2])
    assert len(set(stored_addresses(tmp_path))) == 4


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        ("gradient_norm", r"score 'made up' needs a network: trees have no gradient.*probe mlp"),
        ("unlearned", r"score 'made up' needs a network: trees cannot go on"),
    ],
)
def test_what_trees_do_not_have_is_told_before_the_work(needs, message, monkeypatch):
    monkeypatch.setattr(evidence, "train_members", None)
    with pytest.raises(ParameterError, match=message):
        gather(toy_table(), [reading("loss"), reading(needs)], runs=1, recipe=TREES)


@pytest.mark.parametrize("grown_from", [(0,), (3, 2), (5,), (2, 2)])
def test_numbers_of_runs_rise(grown_from):
    with pytest.raises(ParameterError, match="'grown_from' parameter of gather must rise"):
        gather(IMAGES, [reading("loss")], runs=5, recipe=MLP, grown_from=grown_from)


def test_a_class_of_one_sample_is_told_before_the_work(monkeypatch):
    monkeypatch.setattr(evidence, "train_members", None)
    with pytest.raises(DataError, match="1 classes have one sample, first 'class 1'"):
        gather(toy_images((9, 1)), [reading("left_out_margin")], runs=1, recipe=MLP)


def test_a_score_is_of_plain_trainings_unless_another_is_asked(monkeypatch):
    members = trained(monkeypatch)
    found = score(IMAGES, runs=2, probe=MLP)
    assert tuple(found) == evidence.plain_scores()
    assert [(member.record, member.gradient) for member in members] == [(True, False)] * 2
