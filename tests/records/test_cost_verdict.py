from dataclasses import replace

import pytest
from cost_cases import two_classes
from records.samples import verdict

from steelyard._support.errors import DataError
from steelyard._support.storage import read_json
from steelyard.records import Verdict


@pytest.fixture(scope="module")
def in_cost():
    return two_classes().verdict


def test_a_verdict_in_cost_survives_storing(in_cost, tmp_path):
    in_cost.save(tmp_path / "a.json")
    loaded = Verdict.load(tmp_path / "a.json")
    assert loaded == in_cost
    assert list(loaded.costs.priors[0].alone) == list(in_cost.costs.priors[0].alone)
    loaded.save(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_where_there_is_no_scale_nothing_stands(in_cost, tmp_path):
    one = in_cost.costs.priors[0]
    options = tuple(replace(option, relative=None) for option in one.options)
    costs = replace(in_cost.costs, priors=(replace(one, options=options),))
    replace(in_cost, costs=costs).save(tmp_path / "a.json")
    assert Verdict.load(tmp_path / "a.json").costs == costs


def test_a_verdict_without_costs_has_no_word_of_them(tmp_path):
    verdict().save(tmp_path / "a.json")
    assert "costs" not in read_json(tmp_path / "a.json", "Verdict")
    assert Verdict.load(tmp_path / "a.json").costs is None


def test_it_reads_as_its_sentences(in_cost):
    lines = str(in_cost).splitlines()
    assert len(lines) == 2 * len(in_cost.priors)
    first = in_cost.costs.priors[0]
    assert lines[len(in_cost.priors)] == f"{first.sentence} {first.beside}"


def test_numbers_are_those_of_options(in_cost):
    first = in_cost.costs.priors[0]
    with pytest.raises(DataError, match=f"There are {len(first.options)} options of cost"):
        replace(first, chosen=len(first.options))
    with pytest.raises(DataError, match="Measures are called"):
        replace(first, alone={"luck": 0})
