import numpy as np
import pytest
from dynamics_cases import CASES
from oracles.dynamics import dynamics_of

from steelyard._support.errors import ParameterError
from steelyard.hardness import SCORES, estimate


def dynamics(name="random"):
    case = CASES[name]
    return dynamics_of(case.logits, case.labels, case.ids, case.class_names)


def test_all_scores_by_default_in_the_order_of_the_registry():
    assert list(estimate(dynamics())) == ["aum", "el2n", "forgetting", "confidence"]


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
