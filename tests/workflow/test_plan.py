"""The verb `plan`: which rows it plans, and what it says of options that do not apply."""

import numpy as np
import pytest

import steelyard as sy
from steelyard._support.errors import MismatchError, ParameterError
from steelyard.checks.hand_made import labelled

LABELS = np.repeat([0, 1], [30, 10])


def test_of_split_data_the_training_part_is_planned_and_shown():
    split = np.tile(["train", "train", "train", "test"], 10)
    data = labelled(LABELS, ("a", "b"), split=split)
    plan = sy.plan(data, degree=1)
    assert plan.total == 30
    assert "draws in an epoch" in sy.dry_run(plan, data.part("train"))
    with pytest.raises(MismatchError):
        sy.dry_run(plan, data)
    whole = labelled(LABELS, ("a", "b"))
    assert "draws in an epoch" in sy.dry_run(sy.plan(whole, degree=1), whole)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"n_strata": 3}, "it is of by='coverage'; leave it out."),
        ({"rate": 0.3}, "it is of by='pruning' or by='coverage'; leave it out."),
        ({"mode": "safe"}, "it is of by='hardness'; leave it out."),
        ({"rule": "max"}, "it is of by='count' where a sample has several labels; leave it out."),
        ({"strenght": 3}, "did you mean 'strength'"),
        ({"zzz": 3}, "it takes degree, shares, interpolation"),
    ],
)
def test_an_option_that_does_not_apply_says_where_it_does(options, hint):
    with pytest.raises(ParameterError, match="does not apply to by='count'") as error:
        sy.plan(labelled(LABELS, ("a", "b")), degree=1, **options)
    assert error.value.hint.startswith(hint)
