"""Arms and protocols of the hardness studies: what they refuse, and what they count."""

from dataclasses import replace

import pytest

from steelyard._support.errors import ParameterError
from steelyard.records import HardnessArm, HardnessProtocol, Recipe

RECIPE = Recipe("mlp", widths=(4,), epochs=2)
ARM = HardnessArm("one", mode="paper-v1", over="random", under="easiest")
PROTOCOL = HardnessProtocol("toy", RECIPE, (ARM, HardnessArm("two", base="one")), n_models=3)


def test_an_arm_knows_what_it_needs():
    assert HardnessArm("a", mode="safe", over="pool-hardest", under="easiest").needs_pool
    assert not ARM.needs_pool
    assert ARM.base == "baseline"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mode": "paper-v3"}, "mode"),
        ({"mode": "paper-v1", "over": "smoote"}, "over"),
        ({"pruning": "class"}, "a rate above 0"),
        ({"rate": 0.5}, "a pruning"),
        ({"rate": 1.0, "pruning": "class"}, "rate"),
        ({"over": "random"}, "needs a mode"),
        ({"logits_alone": True}, "needs a mode"),
        ({"mode": "paper-v2", "over": "held-out"}, "pruning='random'"),
        ({"mode": "safe", "over": "random"}, "over and under"),
        ({"degree": -1.0}, "degree"),
    ],
)
def test_an_arm_that_contradicts_itself_is_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        HardnessArm("odd", **values)


def test_no_model_decides_and_is_the_baseline():
    assert list(PROTOCOL.repetitions) == [8, 9, 10]


def test_networks_are_counted():
    assert PROTOCOL.n_networks == 20 + 2 * 3
    assert PROTOCOL.to_dict()["arms"] == ["one", "two"]
    assert PROTOCOL.to_dict()["recipe"] == RECIPE.to_dict()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"arms": (ARM, ARM)}, "'one' 2 times"),
        ({"arms": (HardnessArm("baseline"),)}, "'baseline' 2 times"),
        ({"arms": (HardnessArm("two", base="three"),)}, "no arm 'three'"),
        ({"n_models": 13}, "raise n_scored"),
        ({"n_deciding": 21}, "n_deciding"),
        ({"estimators": ()}, "estimators"),
        ({"thresholds": (1.0,)}, "thresholds"),
        ({"degrees": (-1.0,)}, "degrees"),
        ({"shrink": 0}, "shrink"),
        ({"n_train": 1}, "n_train"),
        ({"noise_share": 1.0}, "noise_share"),
        ({"recipe": "mlp"}, "recipe"),
    ],
)
def test_a_protocol_that_cannot_be_is_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        replace(PROTOCOL, **values)
