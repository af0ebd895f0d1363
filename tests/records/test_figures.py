import json

import numpy as np
import pandas as pd
import pytest
from records.samples import assert_same

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard.records import Figures
from steelyard.records.figures import COLUMNS

ROWS = [
    ("a/🦜", 1.5, 0.25, 1.0, 2.0, 5, "%"),
    ("a/keep-easy=0.05/hard", -2.0, np.nan, np.nan, np.nan, 1, ""),
]


def figures(rows=ROWS, columns=COLUMNS, **facts):
    return Figures("in-class", "small", pd.DataFrame(rows, columns=list(columns)), facts)


def test_figures_survive_storing(tmp_path):
    mine = figures(data={"name": "<b>\n"}, seconds=1.5, seeds=[1, 2])
    mine.save(tmp_path / "figures.json")
    assert_same(mine, Figures.load(tmp_path / "figures.json"))


def test_what_is_stored_has_six_digits_and_no_nan(tmp_path):
    figures([("a", 1234.56789, np.nan, 1 / 3, 2e-7 / 3, 5, "")]).save(tmp_path / "f.json")
    (row,) = json.loads((tmp_path / "f.json").read_text())["rows"]
    assert row == ["a", 1234.57, None, 0.333333, 6.66667e-08, 5, ""]


def test_no_figures_are_figures(tmp_path):
    figures([]).save(tmp_path / "f.json")
    assert len(Figures.load(tmp_path / "f.json").table) == 0


def test_rows_are_found_by_key():
    mine = figures()
    assert "a/🦜" in mine
    assert "a" not in mine
    assert mine.row("a/🦜")["high"] == 2.0
    with pytest.raises(DataError, match="'in-class' measured no 'a'"):
        mine.row("a")


def test_other_columns_go_and_the_order_is_ours():
    table = pd.DataFrame(ROWS, columns=list(COLUMNS)).assign(more=1)[["more", *COLUMNS[::-1]]]
    assert list(Figures("s", "small", table, {}).table.columns) == list(COLUMNS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: figures([ROWS[0], ROWS[1], ROWS[0]]), "'a/🦜' comes twice"),
        (lambda: figures([("a", np.nan, *ROWS[0][2:])]), "must be finite"),
        (lambda: figures([("a", np.inf, *ROWS[0][2:])]), "must be finite"),
        (
            lambda: figures([row[:-1] for row in ROWS], COLUMNS[:-1]),
            r"lacks the columns \['unit'\]",
        ),
    ],
)
def test_what_are_no_figures_is_refused(make, message):
    with pytest.raises(DataError, match=message):
        make()


@pytest.mark.parametrize(
    "damage",
    [
        lambda document: document.pop("rows"),
        lambda document: document.pop("facts"),
        lambda document: document["columns"].pop(),
        lambda document: document["rows"][0].__setitem__(1, "many"),
        lambda document: document["rows"][0].__setitem__(1, None),
        lambda document: document["rows"][0].__setitem__(1, {}),
        lambda document: document["rows"][0].__setitem__(5, None),
        lambda document: document.__setitem__("rows", 3),
    ],
)
def test_a_damaged_file_is_one_error(damage, tmp_path):
    path = tmp_path / "f.json"
    figures().save(path)
    document = json.loads(path.read_text())
    damage(document)
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match="is no readable table of figures"):
        Figures.load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataNotFoundError):
        Figures.load(tmp_path / "f.json")
