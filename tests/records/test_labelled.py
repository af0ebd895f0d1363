import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from records.samples import IDS, LABELS, NAMES, SPLIT, TEXT_IDS, assert_same, images, n, table

from steelyard._support.errors import DataError, DataNotFoundError, ParameterError
from steelyard._support.fingerprints import fingerprint
from steelyard.records import Labelled

SUFFIX = {"table": "parquet", "image": "npz"}
MAKERS = pytest.mark.parametrize("make", [table, images])
KINDS_OF_ID = pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))


def labelled(frame, **changes):
    fields = {"labels": np.zeros(len(frame), int), "class_names": ("a",), "ids": range(len(frame))}
    return Labelled(frame, **{**fields, **changes})


def stored_and_loaded(data, folder):
    path = folder / f"data.{SUFFIX[data.modality]}"
    data.save(path)
    return Labelled.load(path)


@MAKERS
@KINDS_OF_ID
@pytest.mark.parametrize("split", [None, SPLIT], ids=["whole", "split"])
def test_a_data_set_survives_storing(make, ids, split, tmp_path):
    data = make(ids, split)
    loaded = stored_and_loaded(data, tmp_path)
    assert_same(data, loaded)
    assert loaded.fingerprint == data.fingerprint


def test_a_wide_table_survives_storing(tmp_path):
    frame = pd.DataFrame({f"pixel {i}": np.arange(3.0) + i for i in range(300)})
    data = labelled(frame, split=["train", "test", "train"])
    assert_same(data, stored_and_loaded(data, tmp_path))


@MAKERS
@KINDS_OF_ID
def test_a_part_has_one_fingerprint_however_it_was_taken_or_stored(make, ids, tmp_path):
    whole = make(ids, SPLIT)
    rows = np.flatnonzero(SPLIT == "train")
    part = whole.part("train")
    twice_stored = stored_and_loaded(stored_and_loaded(whole, tmp_path).part("train"), tmp_path)
    direct = Labelled(
        whole.inputs.iloc[rows] if make is table else whole.inputs[rows],
        whole.labels[rows],
        whole.class_names,
        whole.ids[rows],
        ["train"] * len(rows),
        name="another name",
    )
    others = [
        whole.take(rows),
        whole.take(SPLIT == "train"),
        whole.take(rows[::-1]),
        whole.take(np.arange(n)[::-1]).part("train"),
        twice_stored,
        direct,
    ]
    assert {other.fingerprint for other in others} == {part.fingerprint}
    assert part.fingerprint != whole.fingerprint


@MAKERS
@KINDS_OF_ID
def test_the_fingerprint_is_blind_to_the_order_of_rows(make, ids):
    data = make(ids, SPLIT)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(n)
        assert data.take(order).fingerprint == data.fingerprint


def test_the_fingerprint_sees_each_change_of_content():
    data = table()
    frame = data.inputs
    changed = {
        "nothing": table(),
        "one number": Labelled(frame.assign(id=frame["id"] + 1e-12), LABELS, NAMES, data.ids),
        "one category": Labelled(
            frame.assign(**{"🦜\n<b>": pd.Categorical(["<i>"] * n)}), LABELS, NAMES, data.ids
        ),
        "a missing number": Labelled(frame.assign(flag=np.nan), LABELS, NAMES, data.ids),
        "a column's name": Labelled(frame.rename(columns={"id": "i"}), LABELS, NAMES, data.ids),
        "the columns' order": Labelled(frame[frame.columns[::-1]], LABELS, NAMES, data.ids),
        "one label": Labelled(frame, np.roll(LABELS, 1), NAMES, data.ids),
        "a class name": Labelled(frame, LABELS, (*NAMES[:-1], "other"), data.ids),
        "a class without samples": Labelled(frame, LABELS, (*NAMES, "other"), data.ids),
        "one id": Labelled(frame, LABELS, NAMES, np.where(data.ids == 5, 10, data.ids)),
        "the kind of ids": Labelled(frame, LABELS, NAMES, data.ids.astype(str)),
        "a split": table(split=SPLIT),
        "another split": table(split=np.roll(SPLIT, 1)),
    }
    found = {name: other.fingerprint for name, other in changed.items()}
    assert found.pop("nothing") == data.fingerprint
    assert len({data.fingerprint, *found.values()}) == len(found) + 1

    pixels = images().inputs.copy()
    pixels[3, 1, 2, 0] ^= 1
    assert Labelled(pixels, LABELS, NAMES, images().ids).fingerprint != images().fingerprint


def test_a_category_is_not_the_number_it_looks_like():
    numbers = pd.DataFrame({"x": [1.0, 2.0]})
    categories = pd.DataFrame({"x": pd.Categorical(["1.0", "2.0"])})
    assert labelled(numbers).fingerprint != labelled(categories).fingerprint


def test_levels_may_come_in_any_order_and_type():
    text = labelled(pd.DataFrame({"x": pd.Categorical(["1", "2"])}))
    for column in (
        pd.Categorical(["1", "2"], categories=["3", "2", "1"]),
        pd.Categorical(["1", "2"], categories=["2", "1"], ordered=True),
        pd.Categorical([1, 2]),
        pd.Categorical(np.array(["1", "2"], dtype=object)),
    ):
        assert labelled(pd.DataFrame({"x": column})).fingerprint == text.fingerprint


def test_another_process_finds_the_same_fingerprint(tmp_path):
    data = table(TEXT_IDS, SPLIT)
    data.save(tmp_path / "data.parquet")
    script = (
        "import sys; from steelyard.records import Labelled; "
        "print(Labelled.load(sys.argv[1]).fingerprint)"
    )
    path = os.pathsep.join(one for one in sys.path if one)
    found = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "data.parquet"],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == data.fingerprint


def test_the_callers_table_is_neither_changed_nor_shared():
    numbers = np.arange(4.0)
    frame = pd.DataFrame({1: numbers, "c": pd.Categorical(list("abab"))}, copy=False, index=[9] * 4)
    before = frame.copy()
    data = labelled(frame)
    pd.testing.assert_frame_equal(frame, before)
    fingerprint = labelled(frame).fingerprint
    numbers[0] = 99.0
    frame.iloc[1, 0] = 98.0
    frame["c"] = "other"
    assert data.inputs["1"].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert data.inputs["c"].tolist() == ["a", "b", "a", "b"]
    assert data.fingerprint == fingerprint


def test_the_callers_arrays_stay_writeable_and_apart():
    pixels = np.zeros((2, 2, 2, 1), np.uint8)
    labels, ids, split = np.array([0, 0]), np.array([1, 2]), np.array(["train", "test"])
    data = Labelled(pixels, labels, ("a",), ids, split)
    for mine in (pixels, labels, ids, split):
        mine[0] = mine[1]
        assert mine.flags.writeable
    pixels[:] = 7
    assert data.inputs.max() == 0
    assert data.ids.tolist() == [1, 2]
    assert data.split.tolist() == ["train", "test"]


def test_nothing_in_a_record_can_be_written():
    data = table(split=SPLIT)
    for array in (data.labels, data.ids, data.split, data.class_counts, images().inputs):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    for column, value in (("id", 1.0), ("🦜\n<b>", "é")):
        with pytest.raises(ValueError, match="read-only"):
            data.inputs.loc[0, column] = value
        copy = data.inputs.copy()
        copy.loc[0, column] = value
        assert copy.loc[0, column] == value
    with pytest.raises(AttributeError):
        data.labels = LABELS


def test_a_table_has_float64_and_canonical_categories():
    data = table()
    kinds = {name: str(dtype) for name, dtype in data.inputs.dtypes.items()}
    assert set(kinds.values()) == {"float64", "category"}
    assert [name for name, kind in kinds.items() if kind == "category"] == ["🦜\n<b>", "nothing"]
    assert data.inputs["🦜\n<b>"].cat.categories.tolist() == ["", "\n", "1", "<i>", "é"]
    assert data.inputs["flag"].tolist() == [1.0, 0.0] * 6
    assert data.inputs["count"].isna().sum() == 4
    single = np.float32(0.1)
    assert labelled(pd.DataFrame({"x": [single]})).inputs["x"][0] == float(single)


def test_taking_keeps_rows_together():
    data = table(TEXT_IDS, SPLIT)
    rows = np.array([7, 2, 11])
    taken = data.take(rows)
    assert taken.ids.tolist() == TEXT_IDS[rows].tolist()
    assert taken.labels.tolist() == LABELS[rows].tolist()
    assert taken.split.tolist() == SPLIT[rows].tolist()
    assert taken.inputs["id"].tolist() == data.inputs["id"].iloc[rows].tolist()
    assert taken.name == data.name
    assert taken.class_counts.sum() == 3
    assert taken.prior.sum() == 1
    mask = np.zeros(n, bool)
    mask[rows] = True
    assert data.take(mask).ids.tolist() == TEXT_IDS[np.sort(rows)].tolist()


def test_what_cannot_be_taken_is_refused():
    data = table()
    with pytest.raises(DataError, match="must be unique"):
        data.take([1, 1])
    with pytest.raises(DataError, match="at least one sample"):
        data.take(np.zeros(n, bool))
    with pytest.raises(DataError, match="mask needs 12 entries"):
        data.take(np.ones(n + 1, bool))
    with pytest.raises(DataError, match=r"have no train part.*Hint: split them first"):
        data.part("train")
    with pytest.raises(DataError, match="have no test part"):
        table(split=["train"] * n).part("test")
    with pytest.raises(ParameterError, match="Got 'training' instead"):
        table(split=SPLIT).part("training")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": [0]}, "needs 2 labels, one a sample. Got 1"),
        ({"labels": [[0, 1], [0, 1]]}, r"one column for each of 1 labels. Got shape \(2, 2\)"),
        ({"labels": [[0], [2]]}, "must be 0 or 1, one column a label. Got int64"),
        ({"labels": [[0], [np.nan]]}, "must be 0 or 1, one column a label. Got float64"),
        ({"labels": [["a"], ["b"]]}, "must be 0 or 1, one column a label. Got <U1"),
        ({"labels": [[[0]], [[0]]]}, "labels of Labelled must be a vector"),
        ({"labels": [0, 1]}, "labels of Labelled must be codes from 0 to 0. Got 0 to 1"),
        ({"labels": [-1, 0]}, "codes from 0 to 0. Got -1 to 0"),
        ({"labels": [0.5, 0]}, "must be whole numbers"),
        ({"labels": [0, np.nan]}, "must be whole numbers"),
        ({"labels": ["a", "a"]}, "must be whole numbers"),
        ({"class_names": ("a", "b", "a")}, r"must differ from one another. Repeated: \['a'\]"),
        ({"class_names": (1, "1")}, r"must differ from one another. Repeated: \['1'\]"),
        ({"class_names": ("\ud800",)}, "class names of Labelled must be valid Unicode"),
        ({"ids": [1, 1]}, "ids of Labelled must be unique"),
        ({"ids": [1]}, "one id a sample"),
        ({"ids": ["a", None]}, "must not be missing"),
        ({"split": ["train", "dev"]}, r"Got shape \(2,\) and \['dev'\]"),
        ({"split": ["train"]}, r"Got shape \(1,\)"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        labelled(pd.DataFrame({"x": [1.0, 2.0]}), **changes)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (pd.DataFrame({"x": ["a", "b"]}), "Column 'x' must hold numbers or categories. Got str"),
        (pd.DataFrame({"x": pd.to_datetime(["2020", "2021"])}), "Got datetime64"),
        (pd.DataFrame({"x": [1j, 2j]}), "Got complex128"),
        (pd.DataFrame({"x": [0.0, -np.inf]}), "Column 'x' holds infinity, first in row 1"),
        (pd.DataFrame({1: [0.0], "1": [0.0]}), r"column names must differ .*\['1'\]"),
        (
            pd.DataFrame([[0.0]], columns=pd.Index(["\ud800"], dtype=object)),
            "column names of Labelled must be valid Unicode",
        ),
        (pd.DataFrame({"x": []}, dtype=float), "at least one sample"),
        (np.zeros((2, 4, 4), np.uint8), r"Got uint8 of shape \(2, 4, 4\)"),
        (np.zeros((2, 4, 4, 2), np.uint8), r"Got uint8 of shape \(2, 4, 4, 2\)"),
        (np.full((2, 4, 4, 1), np.nan), "Got float64 of shape"),
        (np.zeros((0, 4, 4, 1), np.uint8), "at least one sample"),
    ],
)
def test_inputs_of_another_kind_are_refused(inputs, message):
    with pytest.raises(DataError, match=message):
        labelled(inputs)


@MAKERS
def test_a_path_that_load_would_misread_is_refused(make, tmp_path):
    data = make()
    wrong = {"table": "npz", "image": "parquet"}[data.modality]
    with pytest.raises(ParameterError, match=f"must end in '.{SUFFIX[data.modality]}'"):
        data.save(tmp_path / f"data.{wrong}")
    assert list(tmp_path.iterdir()) == []


def test_another_file_is_no_data_set(tmp_path):
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "foreign.parquet")
    with pytest.raises(DataError, match="It holds no steelyard record"):
        Labelled.load(tmp_path / "foreign.parquet")
    with pytest.raises(DataNotFoundError):
        Labelled.load(tmp_path / "none.npz")


def test_counts_name_every_class():
    data = labelled(pd.DataFrame({"x": [1.0, 2.0]}), labels=[2, 2], class_names="abc")
    assert data.n_classes == 3
    assert data.class_counts.tolist() == [0, 0, 2]
    assert data.prior.tolist() == [0.0, 0.0, 1.0]
    assert repr(data) == (
        f"Labelled('data', table, n=2, classes=3, fingerprint={data.fingerprint})"
    )


def several_labels(ids=("a", "b", "c"), **changes):
    hot = [[1, 0], [0, 0], [1, 1]]
    return Labelled(
        pd.DataFrame({"x": [1.0, 2.0, 3.0]}), hot, ("id", "y:id"), np.array(ids), **changes
    )


def test_a_sample_may_have_several_labels_or_none():
    data = several_labels()
    assert data.multi_label
    assert data.class_counts.tolist() == [2, 1]
    np.testing.assert_allclose(data.prior, [2 / 3, 1 / 3])
    assert data.labels.dtype == bool
    assert not data.labels.flags.writeable
    assert "labels=2" in repr(data)
    assert data.take(np.array([False, True, True])).ids.tolist() == ["b", "c"]
    split = several_labels(split=["train", "test", "train"])
    assert split.part("train").labels.tolist() == [[True, False], [True, True]]
    assert data.take(np.array([2, 1])).labels.tolist() == [[True, True], [False, False]]


def test_several_labels_survive_storing(tmp_path):
    data = several_labels()
    data.save(tmp_path / "data.parquet")
    loaded = Labelled.load(tmp_path / "data.parquet")
    assert_same(data, loaded)
    assert loaded.fingerprint == data.fingerprint
    pixels = Labelled(np.zeros((3, 2, 2, 1), np.uint8), data.labels, data.class_names, data.ids)
    pixels.save(tmp_path / "data.npz")
    assert_same(pixels, Labelled.load(tmp_path / "data.npz"))


def test_the_fingerprint_of_several_labels_is_blind_to_rows_and_sees_each_label():
    data = several_labels()
    assert data.take(np.array([2, 0, 1])).fingerprint == data.fingerprint
    other = Labelled(data.inputs, ~data.labels, data.class_names, data.ids)
    assert other.fingerprint != data.fingerprint


def test_labels_alone_are_a_table_without_columns(tmp_path):
    data = Labelled(pd.DataFrame(index=range(3)), [0, 1, 1], "ab", [5, 6, 7])
    assert len(data.inputs) == 3
    assert len(data.take(np.array([2])).inputs) == 1
    data.save(tmp_path / "data.parquet")
    assert_same(data, Labelled.load(tmp_path / "data.parquet"))
    with pytest.raises(DataError, match="weigh needs inputs; 'data' holds labels alone"):
        data.require_inputs("weigh")


def test_who_needs_one_class_a_sample_says_so():
    several_labels().take(np.array([0])).require_training_part("x")
    with pytest.raises(DataError, match="split takes one class a sample; 'birds' has any number"):
        several_labels(name="birds").require_single_label("split")


def test_a_name_without_samples_does_not_widen_what_is_fingerprinted():
    names = ("a", "é", "a very long name that no sample has")
    data = Labelled(pd.DataFrame({"x": [1.0, 2.0, 3.0]}), [1, 0, 1], names, [1, 2, 3])
    plain = np.asarray(names)[data.labels]
    expected = fingerprint("Labelled", data.inputs, plain, list(names), data.ids, None)
    assert data.fingerprint == expected
