from dataclasses import replace

import pytest
from records.samples import assert_same, verdict

from steelyard._support.errors import ParameterError
from steelyard.records import Interval, OtherWay, Verdict


def test_a_verdict_survives_storing(tmp_path):
    verdict().save(tmp_path / "a.json")
    loaded = Verdict.load(tmp_path / "a.json")
    assert_same(verdict(), loaded)
    assert loaded == verdict()


def test_equal_verdicts_have_equal_bytes(tmp_path):
    for name in "ab":
        verdict().save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_verdict_reads_as_its_sentences():
    first = verdict().priors[0]
    assert str(replace(verdict(), priors=(first, replace(first, sentence="Second.")))) == (
        "Leave\nit: 50 %.\nSecond."
    )


def test_an_outcome_is_one_that_is_documented():
    with pytest.raises(ParameterError, match="Got 'maybe' instead"):
        replace(verdict().priors[0], outcome="maybe")


def test_the_other_way_survives_storing_and_is_told_only_where_there_is_one(tmp_path):
    first = verdict().priors[0]
    assert not {"by", "other"} & set(verdict().to_dict()["priors"][0])
    way = OtherWay("count", 0.25, Interval(0.5, 0.25, 1.0))
    for by, other in (
        ("hardness", way),
        ("count", replace(way, by="hardness")),
        ("hardness", None),
    ):
        one = replace(verdict(), priors=(replace(first, by=by, other=other),))
        one.save(tmp_path / "a.json")
        assert_same(one, Verdict.load(tmp_path / "a.json"))
    with pytest.raises(ParameterError, match="'by' parameter of OtherWay"):
        replace(way, by="luck")
    with pytest.raises(ParameterError, match="'by' parameter of PriorVerdict"):
        replace(first, by="luck")
