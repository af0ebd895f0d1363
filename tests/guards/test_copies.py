"""Held-out rows that stand in training, in validation or twice are found; chance is told apart."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from steelyard.guards import (
    copies_among,
    copies_within,
    held_out_copies,
    parts_overlap,
    row_hashes,
    shared_ids,
)
from steelyard.records.labelled import Labelled

PARTS = np.array(["train", "train", "train", "validation", "test", "test", "test"])
LABELS = np.array([0, 1, 0, 0, 1, 0, 1])
#  the values of the rows; 3 and 4 repeat row 0 (4 under another label), 5 is new, 6 repeats 5
VALUES = [1.0, 2.0, np.nan, 1.0, 1.0, 9.0, 9.0]


def table():
    inputs = pd.DataFrame({"number": VALUES, "text": pd.Categorical([str(v) for v in VALUES])})
    return Labelled(inputs, LABELS, ("a", "b"), np.arange(7), PARTS)


def images():
    pixels = np.zeros((7, 4, 4, 3), np.uint8)
    pixels[:, 3, 3, 2] = np.nan_to_num(VALUES, nan=5.0)
    return Labelled(pixels, LABELS, ("a", "b"), np.arange(7), PARTS)


def rows(inputs, labels=None, ids=None, names=("a", "b")):
    labels = np.zeros(len(inputs), int) if labels is None else labels
    ids = np.arange(len(inputs)) if ids is None else ids
    return Labelled(inputs, labels, names, ids)


def continuous(n=200, seed=0, d=4):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, d)))


@pytest.mark.parametrize("make", [table, images])
@pytest.mark.parametrize("order", [range(7), [6, 3, 0, 5, 2, 4, 1]])
def test_copies_are_counted_whatever_the_order_of_rows(make, order):
    data = make().take(np.array(order))
    held_out = data.take(data.split != "train")
    found = copies_among(data.part("train"), held_out)
    assert sorted(held_out.ids[found.rows]) == [3, 4]
    assert data.part("train").ids[found.twins].tolist() == [0, 0]
    assert found.n_other_label == 1


def test_a_twin_of_each_label_in_train_counts_as_another_label():
    train = rows(pd.DataFrame({"x": [1.0, 1.0]}), np.array([0, 1]))
    part = rows(pd.DataFrame({"x": [1.0]}), np.array([0]))
    assert copies_among(train, part).n_other_label == 1


def test_labels_of_several_are_compared_as_a_whole():
    x = pd.DataFrame({"x": [1.0, 2.0]})
    train = Labelled(x, np.array([[1, 0], [1, 1]], bool), ("a", "b"), np.arange(2))
    part = Labelled(x, np.array([[1, 0], [0, 1]], bool), ("a", "b"), np.arange(2))
    assert copies_among(train, part).n_other_label == 1


def test_hashes_tell_cells_columns_and_kinds_apart():
    frame = pd.DataFrame({"a": [1.0, 0.0, np.nan, 2.0], "b": [2.0, -0.0, 0.0, 1.0]})
    hashes = row_hashes(rows(frame))
    assert len(set(hashes.tolist())) == 4  # (1, 2) is not (2, 1)
    assert np.array_equal(hashes, row_hashes(rows(frame[["b", "a"]])))  # columns have names
    assert row_hashes(rows(frame.assign(a=0.0)))[1] == hashes[1]  # 0 is -0
    other_nan = frame.assign(a=np.copysign(frame["a"].fillna(np.nan), [1, 1, -1, 1]))
    assert np.array_equal(row_hashes(rows(other_nan)), hashes)
    text = frame.assign(a=pd.Categorical(["1.0", "0.0", None, "2.0"]))
    assert not set(row_hashes(rows(text)).tolist()) & set(hashes.tolist())
    wider = text.assign(a=text["a"].cat.add_categories(["other"]))
    assert np.array_equal(row_hashes(rows(wider)), row_hashes(rows(text)))


@pytest.mark.parametrize(("n_copies", "severity"), [(2, "warning"), (5, "error")])
def test_copies_in_columns_of_many_values_are_no_chance(n_copies, severity):
    train, part = continuous(), continuous(100, seed=1)
    part.iloc[:n_copies] = train.iloc[10 : 10 + n_copies].to_numpy()
    found = held_out_copies(rows(train), rows(part), "test")
    assert (found.code, found.count, found.n) == ("G101", n_copies, 100)
    assert found.severity == severity
    assert found.examples[0] == "0 = 10"
    assert "none is expected" in found.message


@pytest.mark.parametrize(("n_values", "n_columns"), [(4, 5), (2, 11)])
def test_equal_rows_of_coarse_columns_are_expected_and_noted(n_values, n_columns):
    rng = np.random.default_rng(0)
    draw = [
        pd.DataFrame(rng.integers(0, n_values, (n, n_columns)).astype(float)) for n in (300, 200)
    ]
    found = held_out_copies(rows(draw[0]), rows(draw[1]), "test")
    assert found.severity == "note"
    alike = float(n_values) ** -n_columns
    truth = 200 * (1 - (1 - alike) ** len(draw[0].drop_duplicates()))
    # the largest over the columns: rather too many than too few
    assert 0.75 * truth < copies_among(rows(draw[0]), rows(draw[1])).expected < 1.6 * truth


def test_a_leak_stands_out_from_the_copies_that_chance_makes():
    rng = np.random.default_rng(0)
    train, part = (pd.DataFrame(rng.integers(0, 6, (n, 6)).astype(float)) for n in (300, 200))
    assert held_out_copies(rows(train), rows(part), "test").severity == "note"
    part.iloc[:40] = train.iloc[:40].to_numpy()
    assert held_out_copies(rows(train), rows(part), "test").severity == "error"


def test_oversampling_by_copies_before_the_split_makes_no_chance():
    frame = continuous(200)
    again = frame.iloc[:20].iloc[np.arange(180) % 20]
    whole = pd.concat([frame, again], ignore_index=True)
    order = np.random.default_rng(0).permutation(380)
    train, part = whole.iloc[order[:280]], whole.iloc[order[280:]]
    found = held_out_copies(rows(train), rows(part), "test")
    assert found.severity == "error"
    assert found.count > 40
    assert copies_within(rows(part), "test").severity == "warning"


def test_the_duplicates_of_iris_are_a_note():
    bunch = load_iris()
    data = Labelled(
        pd.DataFrame(bunch.data), bunch.target, tuple(bunch.target_names), np.arange(150)
    )
    twins = np.flatnonzero(pd.DataFrame(bunch.data).duplicated(keep=False))
    part = np.zeros(150, bool)
    part[twins[0]] = True
    part[::4] = True
    part[twins[1]] = False
    found = held_out_copies(data.take(~part), data.take(part), "test")
    assert found.severity == "note"


def test_clean_parts_have_no_copies():
    for seed in range(5):
        train, part = rows(continuous(seed=seed)), rows(continuous(50, seed=seed + 100))
        assert held_out_copies(train, part, "test") is None
        assert copies_within(part, "test") is None
        assert parts_overlap(train, part, "test") is None


def test_copies_within_a_part_name_the_class_that_was_repeated():
    frame = continuous(60)
    frame.iloc[50:] = frame.iloc[40:50].to_numpy()
    labels = np.repeat([0, 1], [40, 20])
    found = copies_within(rows(frame, labels, names=("common", "rare")), "test")
    assert (found.code, found.severity, found.count, found.n) == ("G203", "warning", 10, 60)
    assert "of class 'rare' it is 10 of 20" in found.message
    flat = np.zeros((3, 2, 2, 1), np.uint8)
    assert copies_within(rows(flat), "test").count == 2


def test_validation_that_is_the_test_part_is_told_as_such():
    part = rows(continuous(50))
    found = parts_overlap(part, part.take(np.arange(50)[::-1]), "test")
    assert (found.code, found.severity, found.count) == ("G106", "error", 50)
    assert "the same 50 samples" in found.message
    some = parts_overlap(part.take(np.arange(10)), part, "test")
    assert (some.count, some.severity) == (10, "error")
    assert "10 of 50 test rows also stand in the validation part" in some.message
    assert parts_overlap(part.take(np.arange(1)), part, "test").severity == "warning"


def test_shared_ids_are_a_leak_if_the_samples_are_the_same():
    frame = continuous(20)
    train = rows(frame, ids=np.array([f"a{at}" for at in range(20)]))
    part = rows(frame.iloc[15:], ids=np.array([f"a{at}" for at in range(15, 20)]))
    found = shared_ids(train, part, "test")
    assert (found.code, found.severity, found.count, found.n) == ("G102", "error", 5, 5)
    assert found.examples[0] == "a15"


def test_ids_that_begin_anew_in_each_part_are_noted():
    ids = np.array([f"{at}.png" for at in range(20)])
    train, part = rows(continuous(20), ids=ids), rows(continuous(5, seed=1), ids=ids[:5])
    found = shared_ids(train, part, "test")
    assert (found.severity, found.count) == ("note", 5)
    assert shared_ids(train, rows(continuous(5), ids=np.array(list("abcde"))), "test") is None


def test_ids_are_compared_as_text():
    train, part = rows(continuous(5)), rows(continuous(5), ids=np.array(list("01234")))
    assert shared_ids(train, part, "test").count == 5


def test_what_chance_repeats_within_a_part_is_counted_once_a_pair():
    frame = pd.DataFrame(np.random.default_rng(0).integers(0, 4, (300, 5)).astype(float))
    found = copies_within(rows(frame), "test")
    n = len(frame.drop_duplicates())
    (expected,) = re.findall(r"about (\d+) are expected", found.message)
    assert int(expected) == pytest.approx(n * (n - 1) / 2 / 4**5, rel=0.3)
    assert found.severity == "note"


def test_coarse_columns_repeat_of_necessity():
    random = np.random.default_rng(0)
    for n in (90, 300):  # 6 x 3 cells
        frame = pd.DataFrame({"region": random.integers(0, 6, n), "plan": random.integers(0, 3, n)})
        data = Labelled(frame, np.arange(n) % 2, ("a", "b"), np.arange(n))
        found = copies_within(data, "test")
        assert found.count >= n - 18
        assert found.severity == "note"
        assert f"about {n - 18} are expected" in found.message or n == 90
    fine = pd.DataFrame(random.normal(size=(300, 3)), columns=list("abc"))
    fine.iloc[250:] = fine.iloc[:50].to_numpy()
    copied = Labelled(fine, np.arange(300) % 2, ("a", "b"), np.arange(300))
    assert copies_within(copied, "test").severity == "warning"
