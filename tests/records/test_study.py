import numpy as np
import pytest
from records.samples import assert_same, study

from steelyard._support.errors import ParameterError
from steelyard.records import Arm, Recipe, Study


def test_a_study_survives_storing(tmp_path):
    study().save(tmp_path / "a.json")
    assert_same(study(), Study.load(tmp_path / "a.json"))
    assert Study.from_dict(study().to_dict()) == study()


def test_a_study_that_was_stored_with_claims_can_still_be_read():
    stored = {**study().to_dict(), "claims": []}
    assert Study.from_dict(stored) == study()


def test_cells_go_repetition_by_repetition():
    arms = [Arm("a", Recipe()), Arm("b", Recipe(), np.float32(1))]
    one = Study("s", arms, np.int64(2))
    found = [(arm.name, repetition) for arm, repetition in one.cells()]
    assert found == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert one == Study("s", tuple(arms), 2)


def test_arms_by_hardness_are_a_way_of_their_own():
    plain, weighted = Recipe(), Recipe(class_weighting=1.0)
    arms = (
        Arm("natural", plain),
        Arm("count", plain, 0.5),
        Arm("hard", plain, 1, "hardness"),
        Arm("weights", weighted),
        Arm("hard weights", weighted, 1, "hardness"),
    )
    one = Study("s", arms, 2)
    assert one.by_degree == arms[:2]
    assert one.by_hardness == arms[2:3]
    assert Study.from_dict(one.to_dict()) == one
    told = [arm.get("by", "count") for arm in one.to_dict()["arms"]]
    assert told == ["count", "count", "hardness", "count", "hardness"]


def test_an_arm_of_before_there_was_another_way_is_by_count():
    stored = study().to_dict()
    assert not any("by" in arm for arm in stored["arms"])
    assert {arm.by for arm in Study.from_dict(stored).arms} == {"count"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Study("s", (), 1), "need names that differ"),
        (lambda: Study("s", (Arm("a", Recipe()),) * 2, 1), "need names that differ"),
        (lambda: Study("s", (Arm("a", Recipe()),), 0), "Got 0 instead"),
        (lambda: Study("s", (Arm("a", Recipe()),), 1, -1), "Got -1 instead"),
        (lambda: Arm("a", Recipe(), np.nan), "'degree' parameter of Arm"),
        (lambda: Arm("a", Recipe(), 1, "hardnes"), "did you mean 'hardness'"),
    ],
)
def test_what_cannot_be_run_is_refused(make, message):
    with pytest.raises(ParameterError, match=message):
        make()
