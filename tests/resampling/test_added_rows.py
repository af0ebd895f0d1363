"""Reserves and pools: real rows put aside, synthetic rows from anywhere."""

import numpy as np
import pandas as pd
import pytest

from steelyard import load
from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.records import Labelled
from steelyard.records.more_rows import joined
from steelyard.resampling import AddedRows, Pool, Reserve, Smote, added_rows

DRAW = np.random.default_rng(0)
NAMES = ("a", "b", "-1")


def table(counts, start=0, names=NAMES, columns=("x", "kind"), split=None):
    labels = np.random.default_rng(start).permutation(np.repeat(np.arange(len(counts)), counts))
    n = len(labels)
    ids = np.random.default_rng(start).permutation(n) + start
    frame = pd.DataFrame(
        {"x": ids * 1.0, "kind": pd.Categorical(["p", "q"] * (n // 2) + ["p"] * (n % 2))}
    )
    return Labelled(frame[list(columns)], labels, names, ids, split)


def images(counts, shape=(4, 4, 1), start=0):
    labels = np.repeat(np.arange(len(counts)), counts)
    pixels = np.zeros((len(labels), *shape), np.uint8)
    return Labelled(pixels, labels, NAMES, np.arange(len(labels)) + start)


DATA = table((9, 6, 3))
MORE = table((5, 8, 20), start=100)
WANTED = np.array([0, 3, 9])


@pytest.mark.parametrize("source", [Reserve(MORE), Pool(MORE), Smote()])
def test_all_sources_fit_one_interface(source):
    assert isinstance(source, AddedRows)
    assert source.words.startswith("grown ")
    assert source.note.startswith("Added rows are ")
    assert source.note.endswith(".")
    assert not isinstance("random", AddedRows)


def test_a_reserve_gives_real_rows_without_repeating_any():
    rows = Reserve(MORE).rows_for(DATA, WANTED, 0)
    assert rows.class_counts.tolist() == WANTED.tolist()
    assert len(set(rows.ids)) == 12
    where = {one: row for row, one in enumerate(MORE.ids.tolist())}
    for row, one in enumerate(rows.ids.tolist()):
        assert rows.labels[row] == MORE.labels[where[one]]
        assert rows.inputs["x"][row] == MORE.inputs["x"][where[one]] == one


@pytest.mark.parametrize("make", [Reserve, Pool])
def test_the_draw_is_uniform_and_follows_ids_and_seed(make):
    order = np.random.default_rng(1).permutation(33)
    seen = np.zeros(33)
    for seed in range(100):
        rows = make(MORE).rows_for(DATA, WANTED, seed)
        seen += np.isin(MORE.inputs["x"], rows.inputs["x"])
    again = make(MORE.take(order)).rows_for(DATA, WANTED, 99)
    assert again.fingerprint == rows.fingerprint
    times = seen[MORE.labels == 2]  # 100 draws of 9 in 20
    assert abs(times - 45).max() < 5 * np.sqrt(100 * 0.45 * 0.55)
    assert not seen[MORE.labels == 0].any()


@pytest.mark.parametrize("make", [Reserve, Pool])
def test_classes_are_matched_by_name_and_columns_too(make):
    other = table((20, 5, 8), start=100, names=("-1", "a", "b"), columns=("kind", "x"))
    rows = make(other).rows_for(DATA, WANTED, 0)
    assert rows.class_names == NAMES
    assert list(rows.inputs) == ["x", "kind"]
    assert rows.class_counts.tolist() == WANTED.tolist()
    there = set(other.inputs["x"][other.labels == 0])
    assert set(rows.inputs["x"][rows.labels == 2]) <= there


@pytest.mark.parametrize("make", [Reserve, Pool])
def test_a_class_of_no_rows_may_be_unknown(make):
    extra = Labelled(MORE.inputs, MORE.labels, (*NAMES, "nobody"), MORE.ids)
    assert make(extra).rows_for(DATA, WANTED, 0).class_names == NAMES


@pytest.mark.parametrize("make", [Reserve, Pool])
@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (
            table((5, 8, 8), 100),
            DataError,
            "holds 8 rows of class '-1'; 9 are wanted. Classes that lack rows: 1",
        ),
        (
            table((5, 2, 1), 100),
            DataError,
            r"1 rows of class '-1'.*Classes that lack rows: 2.*over='random'",
        ),
        (table((5, 8, 20), 100, ("a", "b", "c")), MismatchError, "20 rows of class 'c'"),
        (table((5, 8, 20), 100, columns=["x"]), MismatchError, r"other columns .*\['kind'\]"),
        (images((5, 8, 20), start=100), MismatchError, "image rows; the data are tables"),
        (
            Labelled(MORE.inputs[["x"]].assign(kind=1.0), MORE.labels, NAMES, MORE.ids),
            MismatchError,
            r"numbers where the data hold categories.*\['kind'\]",
        ),
        (
            Labelled(MORE.inputs, MORE.labels, NAMES, MORE.ids, ["train"] * 32 + ["test"]),
            MismatchError,
            "held-out rows",
        ),
        (
            Labelled(MORE.inputs, np.ones((33, 3), bool), NAMES, MORE.ids),
            DataError,
            "one class a sample",
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused(make, rows, error, message):
    with pytest.raises(error, match=f"^The {make.__name__.lower()} .*{message}"):
        make(rows).rows_for(DATA, WANTED, 0)


@pytest.mark.parametrize("make", [Reserve, Pool])
def test_images_of_another_shape_are_refused(make):
    data = images((9, 6, 3))
    for shape in ((4, 5, 1), (4, 4, 3)):
        with pytest.raises(MismatchError, match=r"images of shape .* image_size"):
            make(images((5, 8, 20), shape, 100)).rows_for(data, WANTED, 0)
    rows = make(images((5, 8, 20), start=100)).rows_for(data, WANTED, 0)
    assert rows.inputs.shape == (12, 4, 4, 1)


def test_a_reserve_must_not_share_samples_with_the_data():
    with pytest.raises(MismatchError, match=r"holds 4 samples of the data, first id '14'.*--id"):
        Reserve(table((5, 8, 20), start=14)).rows_for(DATA, WANTED, 0)
    named = Labelled(MORE.inputs, MORE.labels, NAMES, MORE.ids.astype(str))
    with pytest.raises(MismatchError, match="whether they share samples cannot be told"):
        Reserve(named).rows_for(DATA, WANTED, 0)


def test_rows_of_a_pool_get_ids_that_say_which_they_are():
    pool = table((5, 8, 20))  # ids 0 to 32, those of the data among them
    first, second = (Pool(pool).rows_for(DATA, WANTED, seed) for seed in (0, 1))
    offsets = np.append(first.ids - first.inputs["x"], second.ids - second.inputs["x"])
    assert len(set(offsets)) == 1  # the pool's id is the value
    assert set(first.ids) != set(second.ids)
    named = Labelled(DATA.inputs, DATA.labels, NAMES, DATA.ids.astype(str))
    rows = Pool(pool).rows_for(named, WANTED, 0)
    assert [one.split("-")[2] for one in rows.ids] == [f"{one:.0f}" for one in rows.inputs["x"]]


@pytest.mark.parametrize("source", [Pool(table((9, 9, 20))), Smote(n_neighbours=1)])
@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_ids_of_made_rows_are_not_those_of_held_out_samples(source, as_text, seed):
    whole = table((30, 24, 20))
    ids = np.char.add("synthetic-", whole.ids.astype(str)) if as_text else whole.ids
    parts = np.random.default_rng(seed + 1).permutation(np.repeat(["train", "test"], 37))
    part = Labelled(whole.inputs, whole.labels, NAMES, ids, parts).part("train")
    rows = source.rows_for(part, WANTED, 0)
    assert not set(rows.ids) & set(ids)
    more = source.rows_for(joined(part, rows), WANTED, 0)  # and once more
    assert not set(more.ids) & (set(ids) | set(rows.ids))


def test_ids_of_made_rows_give_way_to_those_of_the_data(monkeypatch):
    digits = iter(["0", "0", "0", "3e8"])
    monkeypatch.setattr(added_rows, "fingerprint", lambda *_: next(digits))
    first = Pool(MORE).rows_for(DATA, WANTED, 0)
    second = Pool(MORE).rows_for(joined(DATA, first), WANTED, 0)
    assert np.array_equal(second.ids, first.ids + 1000)


CONFIDENCE = np.random.default_rng(2).permutation(33) / 32


def picked(pick, seeds=40, wanted=(0, 2, 4), **options):
    """Return the confidences of class "-1" that were ever picked."""
    by_value = dict(zip(MORE.inputs["x"].tolist(), CONFIDENCE.tolist(), strict=True))
    found = set()
    for seed in range(seeds):
        pool = Pool(MORE, pick, CONFIDENCE, **options)
        rows = pool.rows_for(DATA, np.array(wanted), seed)
        assert rows.class_counts.tolist() == list(wanted)
        found |= {by_value[one] for one in rows.inputs["x"][rows.labels == 2]}
    return found


def test_the_hardest_are_drawn_from_the_twice_as_many_of_lowest_confidence():
    mine = np.sort(CONFIDENCE[MORE.labels == 2])
    assert picked("hardest") == set(mine[:8])
    assert picked("hardest", width=1) == set(mine[:4])
    assert picked("hardest", width=1.1) == set(mine[:5])
    assert picked("hardest", wanted=(0, 0, 15)) == set(mine)  # 30 of 20: all of them


def test_the_average_are_nearest_to_the_mean_confidence_of_real_samples():
    real = np.where(DATA.labels == 2, [0.4, 0.5, 0.6] * 6, 0.0)
    target = real[DATA.labels == 2].mean()
    mine = CONFIDENCE[MORE.labels == 2]
    nearest = mine[np.argsort(np.abs(mine - target))]
    assert picked("average", data_confidence=real) == set(nearest[:8])


def test_random_picks_all_of_the_pool():
    assert picked("random") == set(CONFIDENCE[MORE.labels == 2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pick": "easiest"}, "'pick'"),
        ({"width": 0.5}, r"'width' .* \[1"),
        ({"pick": "hardest"}, r"'confidence' .* needed to pick 'hardest'.*or pick 'random'"),
        ({"pick": "average", "confidence": CONFIDENCE}, "'data_confidence' .* needed"),
        ({"pick": "hardest", "confidence": CONFIDENCE[1:]}, r"33 probabilities.*\(32,\)"),
        ({"pick": "hardest", "confidence": CONFIDENCE - 0.1}, r"probabilities.* -0\.1 to 0\.9"),
    ],
)
def test_parameters_of_a_pool_are_checked(options, message):
    with pytest.raises(ParameterError, match=message):
        Pool(MORE, **options)


def test_confidences_of_the_data_are_checked_where_the_data_are_known():
    with pytest.raises(ParameterError, match=r"'data_confidence' .* 18 probabilities"):
        Pool(MORE, "average", CONFIDENCE, CONFIDENCE).rows_for(DATA, WANTED, 0)
    with pytest.raises(DataError, match="finite"):
        Pool(MORE, "hardest", np.full(33, np.nan))
    without = table((9, 6, 0))
    pool = Pool(MORE, "average", CONFIDENCE, np.full(15, 0.5))
    with pytest.raises(DataError, match=r"'-1' has no real sample.*'random' or 'hardest'"):
        pool.rows_for(without, WANTED, 0)
    assert len(Pool(MORE).rows_for(without, WANTED, 0)) == 12


def test_a_pool_loads_like_any_data():
    pixels = np.random.default_rng(0).integers(0, 256, (33, 4, 4), dtype=np.uint8)
    pool = load(pixels, np.array(NAMES)[MORE.labels])
    rows = Pool(pool).rows_for(images((9, 6, 3)), WANTED, 0)
    assert rows.class_counts.tolist() == WANTED.tolist()
