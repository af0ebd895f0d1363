import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.records import Neighbours

IDS, LABELS, NAMES = np.array(["c", "a", "b"]), np.array([0, 1, 1]), ("<b>", "é")
POSITIONS = np.array([[1, 2], [2, 0], [1, 0]])
DISTANCES = np.array([[0.5, 1.0], [0.0, 0.5], [0.0, 1.0]])


def made(**changes):
    parts = {
        "ids": IDS,
        "labels": LABELS,
        "class_names": NAMES,
        "positions": POSITIONS,
        "distances": DISTANCES,
        "data_fingerprint": "abc",
    }
    return Neighbours(**{**parts, **changes})


def test_what_is_saved_comes_back(tmp_path):
    made().save(tmp_path / "n.npz")
    back = Neighbours.load(tmp_path / "n.npz")
    for name in ("ids", "labels", "positions", "distances"):
        np.testing.assert_array_equal(getattr(back, name), getattr(made(), name))
    assert (back.class_names, back.data_fingerprint, back.k) == (NAMES, "abc", 2)


def test_equal_neighbours_give_equal_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        made().save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_it_cannot_be_changed_and_shares_nothing():
    positions = POSITIONS.copy()
    record = made(positions=positions)
    positions[0, 0] = 2
    assert record.positions[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        record.distances[0, 0] = 9


def test_disagreement_counts_the_k_nearest():
    assert made().disagree(2).tolist() == [[True, True], [False, True], [False, True]]
    assert made().disagree(1).tolist() == [[True], [False], [False]]
    assert made().disagree(9).shape == (3, 2)


def test_one_sample_has_no_neighbours():
    none = np.empty((1, 0))
    assert made(ids=["a"], labels=[0], positions=none, distances=none).k == 0


def test_too_few_neighbours_are_refused_unless_there_are_no_more():
    made().require(15, "n3")
    one = made(positions=POSITIONS[:, :1], distances=DISTANCES[:, :1])
    with pytest.raises(ParameterError, match=r"of n3 must hold 2 neighbours .* Got 1") as error:
        one.require(2, "n3")
    assert "k=2" in error.value.hint


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": POSITIONS[:, 0]}, r"one shape \(n, k\), with n = 3"),
        ({"distances": DISTANCES[:, :1]}, r"Got \(3, 2\) and \(3, 1\)"),
        ({"positions": POSITIONS[:2], "distances": DISTANCES[:2]}, "n = 3"),
        ({"positions": POSITIONS + 0.5}, "must be whole numbers"),
        ({"positions": np.array([[1, 3], [2, 0], [1, 0]])}, "must be other rows, 0 to 2"),
        ({"positions": np.array([[1, -1], [2, 0], [1, 0]])}, "must be other rows"),
        ({"positions": np.array([[0, 2], [2, 0], [1, 0]])}, "must be other rows"),
        ({"positions": np.array([[2, 2], [2, 0], [1, 0]])}, "each once"),
        ({"distances": DISTANCES[:, ::-1]}, "ascend"),
        ({"distances": -DISTANCES[:, ::-1]}, "at least 0"),
        ({"distances": DISTANCES * np.nan}, "must be finite"),
        ({"ids": ["a", "a", "b"]}, "must be unique"),
        ({"labels": [0, 1, 2]}, "Neighbours"),
    ],
)
def test_what_are_no_neighbours_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        made(**changes)
