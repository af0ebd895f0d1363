import numpy as np
import pytest
from records.samples import IDS, LABELS, NAMES, TEXT_IDS, assert_same, hardness, n

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard._support.storage import read_parquet
from steelyard.records import Hardness, load_scores, save_scores
from steelyard.records.hardness import size_of_share


def made(values, labels=None, names=("a", "b"), ids=None, spread=None, runs=2):
    values = np.asarray(values, float)
    labels = np.zeros(len(values), int) if labels is None else labels
    ids = np.arange(len(values)) if ids is None else ids
    spread = np.zeros(len(values)) if spread is None else spread
    return Hardness("aum", ids, labels, names, values, spread, runs, "f")


@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
@pytest.mark.parametrize("runs", [1, 3])
def test_scores_survive_storing_in_their_order(ids, runs, tmp_path):
    scores = {name: hardness(ids, name, runs) for name in ("el2n", "aum", "🦜", "")}
    save_scores(scores, tmp_path / "a.parquet")
    loaded = load_scores(tmp_path / "a.parquet")
    assert list(loaded) == list(scores)
    for name, score in scores.items():
        assert_same(score, loaded[name])


def test_the_columns_are_as_documented(tmp_path):
    save_scores({"aum": hardness(TEXT_IDS)}, tmp_path / "a.parquet")
    frame, _ = read_parquet(tmp_path / "a.parquet", "Hardness")
    assert list(frame.columns) == ["id", "label", "aum", "aum_spread"]
    assert frame["id"].tolist() == TEXT_IDS.tolist()
    assert frame["label"].tolist() == [NAMES[code] for code in LABELS]


def test_scores_of_other_samples_are_not_stored_together(tmp_path):
    path = tmp_path / "a.parquet"
    one = hardness()
    permuted = Hardness(
        "b", one.ids[::-1], one.labels[::-1], NAMES, one.values, one.spread, 2, one.data_fingerprint
    )
    other = Hardness("b", one.ids, one.labels, NAMES, one.values, one.spread, 2, "other")
    for second in (permuted, other):  # the fingerprint is blind to the order of rows
        with pytest.raises(MismatchError, match="Scores of other data"):
            save_scores({"a": one, "b": second}, path)
    for name in ("id", "label", "a_spread"):
        with pytest.raises(DataError, match="which is taken"):
            save_scores({"a": one, name: one}, path)
    with pytest.raises(DataError, match="no scores to save"):
        save_scores({}, path)
    assert not path.exists()


def test_ranks_are_mid_ranks():
    assert made([3.0, 1.0, 1.0, 2.0]).ranks.tolist() == [0.875, 0.25, 0.25, 0.625]


@pytest.mark.parametrize("ids", [np.array([4, 2, 9, 1]), np.array(["d", "b", "z", "a"])])
def test_the_hardest_come_first_and_ties_by_id(ids):
    one = made([1.0, 5.0, 5.0, 5.0], ids=ids)
    assert one.hardest(3).tolist() == [3, 1, 2]
    assert one.hardest(99).tolist() == [3, 1, 2, 0]
    assert one.hardest(0).tolist() == []
    with pytest.raises(ParameterError, match="Got -1 instead"):
        one.hardest(-1)


def test_the_class_view_by_hand():
    view = made([1.0, 2.0, 6.0, 4.0], [2, 2, 2, 0], ("a", "nobody", "c")).by_class()
    assert view["class"].tolist() == ["a", "c"]
    assert view["count"].tolist() == [1, 3]
    assert view["mean"].tolist() == [4.0, 3.0]
    assert view["median"].tolist() == [4.0, 2.0]
    np.testing.assert_allclose(view["q10"], [4.0, 1.2])
    np.testing.assert_allclose(view["q90"], [4.0, 5.2])
    np.testing.assert_allclose(view["mean_rank"], [0.625, (0.125 + 0.375 + 0.875) / 3])


def test_one_run_shows_no_spread():
    assert np.isnan(hardness(runs=1).spread).all()
    with pytest.raises(DataError, match="spread of Hardness 'aum' must be finite"):
        made([1.0, 2.0], spread=[np.nan, 1.0], runs=2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"values": [np.nan, 1]}, "values of Hardness 'aum' must be finite"),
        ({"values": [1.0, 2.0], "labels": [0]}, "one value, spread and label a sample"),
        ({"values": [1.0, 2.0], "spread": [0.0]}, "one value, spread and label a sample"),
        ({"values": [1.0, 2.0], "labels": [0, 2]}, "codes from 0 to 1"),
        ({"values": [1.0, 2.0], "ids": [1, 1]}, "unique"),
    ],
)
def test_what_does_not_fit_together_is_refused(fields, message):
    with pytest.raises(DataError, match=message):
        made(**fields)


def test_a_record_holds_its_own_arrays():
    values = np.zeros(n)
    one = made(values, ids=np.arange(n))
    values[0] = 7
    assert one.values.max() == 0
    for array in (one.values, one.spread, one.ids, one.labels, one.ranks):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("share", "n", "size"),
    [
        (0.1, 100, 10),
        (0.29, 100, 29),
        (0.1, 1797, 179),
        (0.1, 5, 1),
        (0.5, 1, 1),
        (1 - 1e-12, 100, 99),
    ],
)
def test_a_share_is_a_whole_number_of_samples_never_none_and_never_all(share, n, size):
    assert size_of_share(share, n) == size
