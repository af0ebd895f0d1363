import json

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard.records.claim import Claim, Outcome
from steelyard.records.figures import Figures
from steelyard.records.study_results import CURVES, FIGURES, OUTCOMES, StudyResults


def results(**changes):
    table = pd.DataFrame(
        [["mnist/shared/straggler/gap", 71.25, 2.5, 70.0, 72.5, 9, "points"]],
        columns=["key", "value", "spread", "low", "high", "n_runs", "unit"],
    )
    claim = Claim("gap", "A gap.", "section 5", "mnist/shared/straggler/gap", ">", None, None, 20)
    curves = pd.DataFrame(
        {
            "data": "mnist", "class": [0, 0], "epoch": [21, 22], "mean": [0.5, 0.4],
            "spread": [0.02, np.nan], "n_runs": 9,
        }
    )  # fmt: skip
    values = {
        "title": "A study",
        "paper": "A paper",
        "figures": Figures("study", "small", table, {"seed": 0}),
        "outcomes": (Outcome(claim, "reproduced", "It is.", 71.25, 70.0, 72.5, 9, "small"),),
        "curves": curves,
    }
    return StudyResults(**{**values, **changes})


def test_a_folder_gives_back_what_was_saved(tmp_path):
    saved = results()
    saved.save(tmp_path / "new")
    loaded = StudyResults.load(tmp_path / "new")
    assert (loaded.title, loaded.paper) == ("A study", "A paper")
    assert loaded.outcomes == saved.outcomes
    pd.testing.assert_frame_equal(loaded.curves, saved.curves)
    pd.testing.assert_frame_equal(loaded.figures.table, saved.figures.table)
    assert loaded.figures.facts == {"seed": 0}
    loaded.save(tmp_path / "again")
    for name in (FIGURES, OUTCOMES, CURVES):
        assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_classes_are_text_whatever_they_came_as():
    assert results().curves["class"].tolist() == ["0", "0"]


def test_no_claims_and_no_curves_are_fine(tmp_path):
    results(outcomes=(), curves=results().curves.iloc[:0]).save(tmp_path)
    loaded = StudyResults.load(tmp_path)
    assert loaded.outcomes == ()
    assert loaded.curves.empty


def test_what_is_no_result_is_refused(tmp_path):
    curves = results().curves
    with pytest.raises(DataError, match=r"lack the columns \['epoch'\]"):
        results(curves=curves.drop(columns="epoch"))
    with pytest.raises(DataError, match="must be finite"):
        results(curves=curves.assign(mean=np.inf))
    with pytest.raises(DataError, match="no such values"):
        results(curves=curves.assign(epoch="late"))
    with pytest.raises(DataNotFoundError, match=OUTCOMES):
        StudyResults.load(tmp_path)


@pytest.mark.parametrize(
    "change", [{"outcomes": [{}]}, {"outcomes": 3}, {"outcomes": [{"claim": {"no": 1}}]}]
)
def test_a_damaged_file_of_outcomes_is_refused(change, tmp_path):
    results().save(tmp_path)
    document = json.loads((tmp_path / OUTCOMES).read_text())
    (tmp_path / OUTCOMES).write_text(json.dumps({**document, **change}))
    with pytest.raises(DataError, match="holds no claims with their outcomes"):
        StudyResults.load(tmp_path)
