import pandas as pd
import pytest

from steelyard._support.errors import DataError
from steelyard.evaluation import outcomes
from steelyard.records import Figures
from steelyard.records.figures import COLUMNS
from steelyard.studies import STUDIES, stored, stored_figures


def figures(scale):
    return Figures("in-class", scale, pd.DataFrame(columns=list(COLUMNS)), {})


def test_the_figures_of_a_study_come_in_the_order_of_their_names(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "FOLDER", tmp_path)
    assert stored_figures("in-class") == ()
    figures("small").save(tmp_path / "in-class-mnist-small.json")
    figures("paper").save(tmp_path / "in-class-mnist-paper.json")
    figures("other").save(tmp_path / "in-other.json")
    assert [one.scale for one in stored_figures("in-class")] == ["paper", "small"]


def test_a_damaged_file_says_which(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "FOLDER", tmp_path)
    (tmp_path / "in-class-mnist.json").write_text("{")
    with pytest.raises(DataError, match=r"in-class-mnist\.json"):
        stored_figures("in-class")


def test_what_comes_with_the_package_is_of_its_study_and_of_its_claims():
    files = list(stored.FOLDER.glob("*.json"))
    read = [(study, one) for study in STUDIES.values() for one in stored_figures(study.name)]
    assert len(read) == len(files)
    for study, one in read:
        assert one.study == study.name
        assert any(claim.figure in one for claim in study.claims)


def test_what_comes_with_the_package_answers_the_claims_on_the_published_protocol():
    paper = STUDIES["in-class"]
    found = outcomes(paper.claims, stored_figures("in-class"), not_run=paper.not_run)
    published = [
        one for one in found if not one.claim.figure.startswith(("mnist-70000/", "kmnist-70000/"))
    ]
    unanswered = [one.claim.key for one in published if one.outcome == "not run"]
    assert all("/snapshot/" in key for key in unanswered)
    answered = [one for one in published if one.outcome != "not run"]
    at_paper = {one.scale for one in answered if one.claim.figure.startswith("mnist/")}
    assert at_paper == {"paper"}  # the published number of runs where there are both
    assert {one.scale for one in answered} == {"small", "paper"}
    of_figure_7 = [one for one in answered if one.claim.where == "figure 7"]
    assert {one.n_runs for one in of_figure_7 if "/shared/" in one.claim.figure} == {15, 75}
