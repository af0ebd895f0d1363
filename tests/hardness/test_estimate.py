import re
from dataclasses import replace

import numpy as np
import pytest
from dynamics_cases import CASES
from oracles.dynamics import dynamics_of

from steelyard._support.errors import MismatchError, ParameterError
from steelyard.checks.hand_made import inversions_of_errors, neighbours_of_points
from steelyard.checks.score_cases import rows, take_runs
from steelyard.hardness import SCORES, estimate, values_by_run
from steelyard.records.dynamics import FINAL, GROUPS, LEFT_OUT, TRAINING, Dynamics
from steelyard.records.inversions import Inversions


def dynamics(name="random"):
    case = CASES[name]
    return dynamics_of(case.logits, case.labels, case.ids, case.class_names)


def only(group, source=None):
    source = source or dynamics()
    channels = {name: source.channels[name] for name in group}
    return replace(source, channels=channels, n_epochs=source.n_epochs if TRAINING is group else 0)


def test_all_scores_by_default_in_the_order_of_the_registry():
    assert list(estimate(dynamics())) == [s.name for s in SCORES if s.reads is Dynamics]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: next(iter(group)))
def test_by_default_the_scores_whose_evidence_is_there(group):
    asked = [s.name for s in SCORES if s.reads is Dynamics and set(s.needs) <= set(group)]
    assert asked
    assert list(estimate(only(group))) == asked


def test_several_records_give_each_score_its_own_runs():
    left_out = take_runs(only(LEFT_OUT), [1])
    found = estimate([only(TRAINING), left_out], ["self_confidence", "aum"])
    assert {name: one.n_runs for name, one in found.items()} == {"self_confidence": 1, "aum": 3}
    alone = estimate(left_out)["self_confidence"]
    np.testing.assert_array_equal(found["self_confidence"].values, alone.values)


@pytest.mark.parametrize(
    ("name", "group", "how"),
    [
        ("aum", FINAL, r"record a training with steelyard.Recorder\."),
        ("final_energy", TRAINING, r"call recorder.final\(ids, logits\)"),
        ("grand", TRAINING, "takes gradients while it trains"),
        ("second_split_forgetting", TRAINING, "trains on the second half"),
        ("self_confidence", TRAINING, "trains without each fold"),
    ],
)
def test_a_score_without_its_evidence_says_what_to_record(name, group, how):
    needs = next(score.needs for score in SCORES if score.name == name)
    with pytest.raises(ParameterError, match=f"{name!r} needs {needs[0]!r}, .* not rec") as error:
        estimate(only(group), [name])
    assert re.search(how, error.value.hint)


def test_records_that_do_not_belong_together_are_refused():
    with pytest.raises(MismatchError, match="of the same samples, in one order"):
        estimate([only(TRAINING), only(FINAL, rows(dynamics(), np.arange(19)))])
    with pytest.raises(MismatchError, match="of the same samples, in one order"):
        estimate([only(TRAINING), replace(only(FINAL), data_fingerprint="other")])
    with pytest.raises(MismatchError, match="of the same samples, in one order"):
        estimate([only(TRAINING), replace(only(FINAL), labels=np.zeros(20, int))])
    with pytest.raises(MismatchError, match="2 records hold the evidence of the score 'aum'"):
        estimate([only(TRAINING), only(TRAINING)])
    with pytest.raises(ParameterError, match="must hold a record"):
        estimate([])


def test_neighbours_stand_beside_dynamics():
    source = dynamics()
    points = np.arange(len(source.ids))[:, None]
    found = neighbours_of_points(points, source.labels, source.ids, source.class_names, 5)
    assert list(estimate(found)) == ["knn_disagreement", "n3"]
    both = estimate([source, found])
    assert list(both) == [score.name for score in SCORES if score.reads is not Inversions]
    assert both["n3"].n_runs == 1
    np.testing.assert_array_equal(both["n3"].values, estimate(found)["n3"].values)


def test_scores_of_neighbours_say_how_to_find_them():
    with pytest.raises(ParameterError, match="'n3' needs the nearest neighbours") as error:
        estimate(dynamics(), ["n3"])
    assert "neighbours(X, data)" in error.value.hint
    source = dynamics()
    few = neighbours_of_points(np.eye(20), source.labels, source.ids, source.class_names, 4)
    with pytest.raises(ParameterError, match="must hold 5 neighbours of each sample"):
        estimate(few)


def inversions(source, fingerprint=None):
    n = len(source.ids)
    wrong, turns = np.arange(4 * n).reshape(2, 2, n) % 3 == 0, np.array([[0, 1, 1], [1, 0, 0]])
    found = inversions_of_errors(wrong, turns, source.labels, source.ids, source.class_names)
    return replace(found, data_fingerprint=fingerprint or source.data_fingerprint)


def test_inversions_stand_beside_dynamics_and_neighbours():
    source = dynamics()
    points = np.arange(len(source.ids))[:, None]
    near = neighbours_of_points(points, source.labels, source.ids, source.class_names, 5)
    near = replace(near, data_fingerprint=source.data_fingerprint)
    found = inversions(source)
    assert list(estimate(found)) == ["straggler", "wrong_since_inversion"]
    every = estimate([found, near, source])
    assert list(every) == [score.name for score in SCORES]
    assert (every["aum"].n_runs, every["straggler"].n_runs) == (3, 2)
    np.testing.assert_array_equal(every["straggler"].values, found.wrong.mean(axis=0))
    np.testing.assert_array_equal(values_by_run([source, found], "straggler"), found.wrong)
    with pytest.raises(MismatchError, match="of the same samples, in one order"):
        estimate([source, inversions(source, "other")])


def test_scores_of_inversions_say_how_to_find_them():
    with pytest.raises(ParameterError, match="'straggler' needs the inversions of the") as error:
        estimate(dynamics(), ["straggler"])
    assert "steelyard.diagnosis.ManifoldRecorder" in error.value.hint
    modes = [inversions(dynamics()), replace(inversions(dynamics()), mode="shared")]
    with pytest.raises(MismatchError, match="2 records hold the evidence") as twice:
        estimate(modes)
    assert twice.value.hint == "pass one of them."


def test_the_named_scores_in_the_order_asked_for():
    assert list(estimate(dynamics(), ["el2n", "aum"])) == ["el2n", "aum"]


def test_a_hardness_carries_ids_labels_classes_runs_and_the_data_it_is_of():
    source = dynamics()
    for name, hardness in estimate(source).items():
        assert hardness.name == name
        assert np.array_equal(hardness.ids, source.ids)
        assert np.array_equal(hardness.labels, source.labels)
        assert hardness.class_names == source.class_names
        assert hardness.n_runs == 3
        assert hardness.data_fingerprint == source.data_fingerprint


def test_two_runs_give_their_mean_and_half_their_distance_times_root_two():
    source = dynamics("constant")
    channels = {name: channel.copy() for name, channel in source.channels.items()}
    channels["margin"][0], channels["margin"][1] = -1.0, 3.0
    hardness = estimate(type(source)(**{**source.__dict__, "channels": channels}))["aum"]
    assert hardness.values.tolist() == [-1.0] * 4
    np.testing.assert_allclose(hardness.spread, np.sqrt(8.0))


def test_one_run_shows_no_spread():
    for hardness in estimate(dynamics("one run")).values():
        assert np.isnan(hardness.spread).all()
        assert np.isfinite(hardness.values).all()


def test_an_unknown_score_is_named_with_the_nearest():
    with pytest.raises(ParameterError, match="There is no score 'el2'") as error:
        estimate(dynamics(), ["aum", "el2"])
    assert error.value.hint == "did you mean 'el2n'?"


def test_one_text_is_no_sequence_of_names():
    with pytest.raises(ParameterError, match="sequence of names") as error:
        estimate(dynamics(), "aum")
    assert "('aum',)" in error.value.hint


def test_registered_names_differ():
    names = [score.name for score in SCORES]
    assert len(set(names)) == len(names)
