import numpy as np
import pandas as pd
import pytest
from study_cases import Measured, make_study

from steelyard.records.claim import Claim, Outcome
from steelyard.records.figures import COLUMNS, Figures
from steelyard.records.study_results import CURVE_COLUMNS, StudyResults
from steelyard.report.quantities import (
    Quantities,
    Quantity,
    brief_cells,
    comparison_cells,
    comparison_columns,
    ours_cell,
    published_cell,
)


def quantities(*rows, claims=(), outcome="reproduced"):
    """Rows are (key, value, half of the interval, unit); claims are records."""
    made = Measured()
    for row in rows:
        made.add(*row)
    figures = Figures("s", "small", pd.DataFrame(made.rows, columns=list(COLUMNS)), {})
    outcomes = tuple(Outcome(claim, outcome, "") for claim in claims)
    return Quantities(
        StudyResults("t", "", figures, outcomes, pd.DataFrame(columns=list(CURVE_COLUMNS)))
    )


def test_ours_and_the_published_meet_by_key():
    claims = (
        Claim("bound", "", "", "mnist/shared/straggler/gap", ">", None, None, 20),
        Claim("value", "", "", "mnist/shared/straggler/gap", "=", 71.9, 2.0, 4),
    )
    found = quantities(("mnist/shared/straggler/gap", 70.04, 1.2, "points"), claims=claims)
    one = found["mnist/shared/straggler/gap"]
    assert (one.value, one.published, one.published_spread) == (70.04, 71.9, 2.0)
    assert one.text == "+70.0 [+68.8, +71.2]"
    assert one.short == "+70.0"
    assert one.outcome == "reproduced"
    assert found["mnist/shared/energy/gap"] == Quantity()
    assert found["mnist/shared/energy/gap"].text == "not run"


def test_of_two_bounds_the_one_with_a_number_is_shown():
    key = "mnist/shared/straggler/gap"
    claims = (
        Claim("words", "", "", key, ">", None, None, 20),
        Claim("number", "", "", key, ">", 71.9, 2.0, 20),
    )
    assert quantities(claims=claims)[key].published == 71.9
    assert quantities(claims=claims[::-1])[key].published == 71.9


@pytest.mark.parametrize("name", ["mnist", "<b>mine</b>", "a/b", "x\ny"])
def test_data_are_known_by_what_comes_before_the_first_word_of_a_key(name):
    found = quantities((f"{name}/shared/straggler/gap", 1, 0.1, "points"))
    assert found.data == (name,)
    assert [match[1] for match, _ in found.matching(name, "shared/([^/]+)/gap")] == ["straggler"]


def test_data_that_are_only_claimed_were_not_run():
    claim = Claim("c", "", "", "kmnist/shared/straggler/gap", ">", None, None, 0)
    found = quantities(("mnist/error/class=0", 0.1, 0.01, "share"), claims=(claim,))
    assert found.data == ("mnist",)
    assert found.not_run == ("kmnist",)


def test_the_main_protocol_is_the_one_that_measured_most():
    rows = [("m/argmin/straggler/gap", 1, 0.1, "points"), ("m/argmin/energy/gap", 1, 0.1, "points")]
    found = quantities(*rows, ("m/shared/straggler/gap", 1, 0.1, "points"))
    assert found.protocols("m") == ("argmin", "shared")
    assert quantities(rows[0], ("m/shared/straggler/gap", 1, 0.1, "points")).protocols("m") == (
        "shared", "argmin",
    )  # fmt: skip


def test_identifiers_come_in_their_order_with_controls_last():
    names = ("random", "early-stopped", "aum", "energy", "straggler", "max-logit")
    found = quantities(*((f"m/shared/{name}/gap", 1, 0.1, "points") for name in names))
    assert found.identifiers("m", "shared") == (
        "straggler", "max-logit", "energy", "aum", "early-stopped", "random",
    )  # fmt: skip


def test_cells_carry_the_digits_that_the_interval_supports():
    found = quantities(("m/error/class=0", 0.03761, 0.0004, "share"))["m/error/class=0"]
    assert (ours_cell(found).text, ours_cell(found).note) == ("0.0376", "[0.0372, 0.0380]")
    assert ours_cell(Quantity(12.345, 2.0)).note == "± 2.0"
    assert ours_cell(Quantity(208.0)).text == "208"
    assert ours_cell(Quantity()).text == "not run"
    assert (
        published_cell(Quantity(published=-1425.1, published_spread=9.3)).text
        == "\N{MINUS SIGN}1,425.1"
    )
    assert published_cell(Quantity(published=-1425.1, published_spread=9.3)).note == "± 9.3"


def test_published_columns_stand_only_where_something_was_claimed():
    plain, claimed = Quantity(1.0), Quantity(1.0, published=2.0, outcome="contradicted")
    assert [one.title for one in comparison_columns("x", [plain])] == ["x"]
    assert len(comparison_cells(plain, [plain])) == 1
    assert len(comparison_cells(plain, [plain, claimed])) == 3
    assert [cell.text for cell in comparison_cells(claimed, [claimed])] == [
        "1",
        "2",
        "contradicted",
    ]
    assert [cell.note for cell in brief_cells(claimed, [claimed])] == ["", "contradicted"]


def test_every_measured_quantity_is_found_again():
    study = make_study()
    found = Quantities(study)
    for row in study.figures.table.itertuples():
        assert found[row.key].value == row.value
        assert (found[row.key].interval is None) == bool(np.isnan(row.low))
