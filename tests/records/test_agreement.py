import numpy as np
import pytest
from records.samples import assert_same

from steelyard._support.errors import DataError, ParameterError
from steelyard.records.agreement import Agreement


def agreement(**changes):
    square = np.array([[1, 0.5, np.nan], [0.5, 1, np.nan], [np.nan, np.nan, np.nan]])
    sets = np.stack([np.eye(3), np.ones((3, 3))])
    values = {
        "names": ("aum", "<b>\n", ""),
        "thresholds": (0.1, 0.25),
        "spearman": square,
        "kendall": square,
        "pearson": -square,
        "jaccard": sets,
        "n": 10,
        "n_kendall": 5,
        "data_fingerprint": "0123456789abcdef",
    }
    return Agreement(**{**values, **changes})


def test_what_is_saved_is_loaded(tmp_path):
    record = agreement()
    record.save(tmp_path / "agreement.json")
    assert_same(Agreement.load(tmp_path / "agreement.json"), record)


def test_the_table_has_each_pair_once():
    table = agreement().table()
    assert list(table.columns)[2:] == ["spearman", "kendall", "pearson", "jaccard_10", "jaccard_25"]
    assert table["one"].tolist() == ["aum", "aum", "<b>\n"]
    assert table.loc[0].tolist()[2:] == [0.5, 0.5, -0.5, 0.0, 1.0]
    assert np.isnan(table["spearman"][1])


def test_unknown_names_and_other_shapes_are_refused():
    with pytest.raises(ParameterError, match="aum"):
        agreement().between("aun", "aum")
    with pytest.raises(ParameterError, match="measure"):
        agreement().between("aum", "", "cosine")
    for changes in ({"names": ("a",)}, {"thresholds": (0.1,)}, {"kendall": np.eye(2)}):
        with pytest.raises(DataError, match="shape"):
            agreement(**changes)
