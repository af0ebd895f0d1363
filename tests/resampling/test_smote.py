import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.records import Labelled
from steelyard.resampling import Smote
from steelyard.resampling.smote import KINDS

DRAW = np.random.default_rng(0)
LABELS = DRAW.permutation(np.repeat([0, 1, 2], [60, 30, 12]))
POINTS = DRAW.normal(size=(102, 3)) + LABELS[:, None]
IDS = DRAW.permutation(1000)[:102]
WANTED = np.array([0, 7, 25])


def table(labels=LABELS, names=("a", "b", "c"), ids=IDS, order=slice(None), points=POINTS):
    frame = pd.DataFrame(points[order], columns=["x", "y", "z"])
    return Labelled(frame, labels[order], names, ids[order])


def on_a_segment(row, parents, slack):
    """Return whether a row lies between two of the parents."""
    for one in parents:
        for other in parents:
            along = other - one
            length = along @ along
            t = (row - one) @ along / length if length else 0.0
            off = np.linalg.norm(one + t * along - row)
            if -slack <= t <= 1 + slack and off <= slack:
                return True
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_rows_lie_between_two_samples_of_their_class(kind):
    rows = Smote(kind).rows_for(table(), WANTED, seed=0)
    assert rows.class_counts.tolist() == WANTED.tolist()
    for row, label in zip(rows.inputs.to_numpy(), rows.labels, strict=True):
        assert on_a_segment(row, POINTS[label == LABELS], 1e-9)
        assert not (row == POINTS).all(axis=1).any()
    assert len(np.unique(rows.inputs.to_numpy(), axis=0)) == len(rows)


def test_parents_are_mixed_with_their_nearest_only():
    # two far clusters of six: five neighbours are the others of the cluster
    points = np.r_[np.arange(6.0), 1000 + np.arange(6.0), [500.0]][:, None]
    data = Labelled(pd.DataFrame(points, columns=["x"]), [0] * 12 + [1], "ab", np.arange(13))
    made = Smote().rows_for(data, np.array([300, 0]), 0).inputs["x"]
    assert ((made <= 5) | ((made >= 1000) & (made <= 1005))).all()
    assert (made < 500).sum() == pytest.approx(150, abs=5 * np.sqrt(75))
    more = Smote(n_neighbours=6).rows_for(data, np.array([300, 0]), 0).inputs["x"]
    assert ((more > 5) & (more < 1000)).any()


@pytest.mark.parametrize("kind", KINDS)
def test_rows_names_and_codes_do_not_matter(kind):
    made = Smote(kind).rows_for(table(), WANTED, seed=3)
    order = np.random.default_rng(1).permutation(102)
    again = Smote(kind).rows_for(table(order=order), WANTED, seed=3)
    assert made.fingerprint == again.fingerprint
    recoded = Smote(kind).rows_for(table((LABELS + 1) % 3, ("-1", "1", "")), WANTED[[2, 0, 1]], 3)
    pd.testing.assert_frame_equal(recoded.inputs, made.inputs)
    assert np.array_equal(recoded.labels, (made.labels + 1) % 3)
    assert np.array_equal(recoded.ids, made.ids)
    assert made.fingerprint != Smote(kind).rows_for(table(), WANTED, seed=4).fingerprint


def test_two_classes_of_one_size_do_not_share_their_draws():
    # imbalanced-learn starts every class from the same random state
    labels = np.repeat([0, 1], 20)
    points = np.tile(np.arange(20.0) ** 2, 2)[:, None]
    data = Labelled(pd.DataFrame(points, columns=["x"]), labels, "ab", np.arange(40))
    made = Smote().rows_for(data, np.array([9, 9]), 0).inputs["x"].to_numpy()
    assert not np.array_equal(made[:9], made[9:])


def test_ids_are_new_and_of_the_datas_kind():
    rows = Smote().rows_for(table(), WANTED, 0)
    assert rows.ids.dtype == np.int64
    assert np.array_equal(rows.ids, rows.ids[0] + np.arange(32))
    assert (rows.ids < -(2**52)).all()
    assert np.array_equal(rows.ids.astype(np.float64).astype(np.int64), rows.ids)
    largest = IDS.copy()
    largest[0] = np.iinfo(np.int64).max
    largest[1] = np.iinfo(np.int64).min
    assert len(Smote().rows_for(table(ids=largest), WANTED, 0)) == 32
    names = IDS.astype(str)
    rows = Smote().rows_for(table(ids=names), WANTED, 0)
    assert len(set(rows.ids)) == 32
    assert all(one.startswith("synthetic-") for one in rows.ids)


def test_the_split_is_the_datas():
    whole = table()
    part = Labelled(whole.inputs, whole.labels, "abc", whole.ids, np.full(102, "train"))
    assert Smote().rows_for(part, WANTED, 0).parts == ("train",)
    assert Smote().rows_for(whole, WANTED, 0).split is None


@pytest.mark.parametrize("channels", [1, 3])
def test_images_stay_images(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 4, 5, channels), dtype=np.uint8)
    data = Labelled(pixels, np.repeat([0, 1], 10), "ab", np.arange(20))
    rows = Smote().rows_for(data, np.array([0, 40]), 0)
    assert rows.inputs.dtype == np.uint8
    assert rows.inputs.shape == (40, 4, 5, channels)
    parents = pixels[10:].reshape(10, -1) / 255
    half = 0.5 / 255 * np.sqrt(parents.shape[1])  # rounding to whole grey values
    for row in rows.inputs.reshape(40, -1) / 255:
        assert on_a_segment(row, parents, half)


def test_neighbours_vote_on_categories():
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1], [50, 20])
    frame = pd.DataFrame(
        {
            "kind": pd.Categorical(np.where(labels == 1, "only", draw.choice(["p", "q"], 70))),
            "x": draw.normal(size=70),
            "other": pd.Categorical(draw.choice(["<b>", "é"], 70)),
        }
    )
    data = Labelled(frame, labels, "ab", np.arange(70))
    rows = Smote().rows_for(data, np.array([3, 30]), 0).inputs
    assert list(rows) == ["kind", "x", "other"]
    assert (rows["kind"].to_numpy()[3:] == "only").sum() in (27, 30)
    assert set(rows["other"]) <= {"<b>", "é"}
    assert rows["x"].between(frame["x"].min(), frame["x"].max()).all()
    with pytest.raises(ParameterError, match=r"takes no categories; 2 columns.*kind='smote'"):
        Smote("borderline").rows_for(data, np.array([3, 30]), 0)
    only = Labelled(frame[["kind", "other"]], labels, "ab", np.arange(70))
    with pytest.raises(DataError, match="needs a column of numbers"):
        Smote().rows_for(only, np.array([3, 30]), 0)


def test_data_of_one_class_can_grow():
    data = Labelled(pd.DataFrame({"x": np.arange(8.0)}), np.zeros(8, int), ("only",), np.arange(8))
    assert len(Smote().rows_for(data, np.array([5]), 0)) == 5


def test_too_few_samples_says_what_to_do_instead():
    labels = np.repeat([0, 1, 2], [60, 4, 38])
    with pytest.raises(DataError, match=r"needs 6 samples .* Got 4 of class 'b'") as error:
        Smote().rows_for(table(labels), np.array([0, 3, 3]), 0)
    assert error.value.hint.startswith("choose n_neighbours=3, over='random', or a Pool")
    assert len(Smote(n_neighbours=3).rows_for(table(labels), np.array([0, 3, 3]), 0)) == 6
    assert len(Smote().rows_for(table(labels), np.array([0, 0, 3]), 0)) == 3
    alone = np.repeat([0, 1], [101, 1])
    with pytest.raises(DataError) as error:
        Smote(n_neighbours=1).rows_for(table(alone, ("a", "b")), np.array([0, 1]), 0)
    assert error.value.hint.startswith("choose over='random'")


def test_missing_values_are_named():
    points = POINTS.copy()
    points[3, 1] = np.nan
    with pytest.raises(DataError, match=r"1 columns have some, first 'y'\. Hint: fill them in"):
        Smote().rows_for(table(points=points), WANTED, 0)


@pytest.mark.parametrize("kind", ["borderline", "adasyn"])
def test_a_kind_without_parents_says_so(kind):
    far = POINTS + 1000 * LABELS[:, None]
    with pytest.raises(DataError, match=rf"{kind!r} made 0 of 25 rows of class 'c'.*kind='smote'"):
        Smote(kind).rows_for(table(points=far), np.array([0, 0, 25]), 0)


def test_labels_alone_are_refused():
    data = Labelled(pd.DataFrame(index=range(102)), LABELS, "abc", IDS)
    with pytest.raises(DataError, match="needs inputs"):
        Smote().rows_for(data, WANTED, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"kind": "svm"}, "'kind'"), ({"n_neighbours": 0}, r"'n_neighbours' .* \[1, inf\)")],
)
def test_parameters_are_checked(options, message):
    with pytest.raises(ParameterError, match=message):
        Smote(**options)
