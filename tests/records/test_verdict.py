from dataclasses import replace

import pytest
from records.samples import assert_same, verdict

from steelyard._support.errors import ParameterError
from steelyard.records import Verdict


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
