"""`audit` runs every guard that the data allow, and says which it could not run and why."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from toy_data import parted, toy_images, toy_table

import steelyard as sy
from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.records import CODES, save_predictions
from steelyard.records.labelled import Labelled

WINE = parted(
    Labelled(pd.DataFrame(load_wine().data), load_wine().target, ("a", "b", "c"), np.arange(178))
)
TRAIN, VALIDATION, TEST = (WINE.part(one) for one in ("train", "validation", "test"))


def predicted(data=TEST, seed=0, right=0.8, **columns):
    rng = np.random.default_rng(seed)
    truth = data.labels
    said = np.where(rng.random(len(data)) < right, truth, (truth + 1) % data.n_classes)
    values = (
        0.1 + 0.6 * np.eye(data.n_classes)[said] + 0.1 * rng.random((len(data), data.n_classes))
    )
    values /= values.sum(axis=1, keepdims=True)
    frame = pd.DataFrame({"id": data.ids, "truth": np.array(data.class_names)[truth]})
    frame[[f"p_{name}" for name in data.class_names]] = values
    return frame.assign(split="test", **columns)


def with_rows(data, inputs, labels):
    table = isinstance(inputs, pd.DataFrame)
    both = pd.concat([data.inputs, inputs]) if table else np.concatenate([data.inputs, inputs])
    ids = np.arange(len(both)) + 10_000
    return Labelled(both, np.concatenate([data.labels, labels]), data.class_names, ids)


def test_sound_data_and_predictions_are_silent_and_every_guard_ran():
    predictions = predicted()
    found = sy.audit(
        WINE, predictions=predictions, raw_prior=WINE.prior, thresholds=("validation", None)
    )
    assert found.findings == ()
    assert found.worst is None
    assert set(found.ran) == set(CODES)
    assert found.not_run == ()
    assert "nothing found; 21 guards ran, 0 could not" in str(found)


@pytest.mark.parametrize("data", [parted(toy_table()), parted(toy_images((150, 60, 30)))])
def test_toy_data_are_silent(data):
    assert sy.audit(data).findings == ()


def test_what_could_not_run_is_said_with_its_reason():
    small = WINE.take(np.concatenate([np.flatnonzero(WINE.split == "test"), [2, 3, 4, 7]]))
    found = sy.audit(small)
    silent = dict(found.silent)
    assert silent["fewer than 30 different training rows"] == "G103"
    assert silent["there is no validation part"] == "G106"
    assert "G405" in silent["there are no predictions"]
    assert {one.split()[0] for one, _ in found.not_run} | set(found.ran) == set(CODES)


def test_each_planted_leak_is_found():
    copies = with_rows(TRAIN, TEST.inputs.iloc[:6], TEST.labels[:6])
    assert sy.audit(copies, TEST).codes == ("G101",)
    rounded = with_rows(TRAIN, TEST.inputs.iloc[:6] * (1 + 1e-4), TEST.labels[:6])
    assert sy.audit(rounded, TEST).codes == ("G103",)
    half = (TEST.inputs.iloc[:8].to_numpy() + TRAIN.inputs.iloc[:8].to_numpy()) / 2
    assert (TEST.labels[:8] == TRAIN.labels[:8]).sum() >= 5
    half = pd.DataFrame(half, columns=TRAIN.inputs.columns)
    between = with_rows(TRAIN, half, TEST.labels[:8])
    assert "G104" in sy.audit(between, TEST).codes
    assert sy.audit(between, TEST, quick=True).findings == ()
    assert sy.audit(TRAIN, TEST, validation=TEST).codes == ("G106",)
    again = with_rows(TEST, TEST.inputs.iloc[:9], TEST.labels[:9])
    assert "G203" in sy.audit(TRAIN, again).codes
    assert sy.audit(TRAIN, TEST, raw_prior={"a": 8, "b": 1, "c": 1}).codes == ("G201",)


def test_ids_of_two_sources_that_number_their_rows_say_nothing():
    renumbered = [
        Labelled(one.inputs, one.labels, one.class_names, np.arange(len(one)))
        for one in (TRAIN, TEST)
    ]
    found = sy.audit(*renumbered)
    assert dict(found.silent)["the ids of training and test are row numbers"] == "G102"
    same = sy.audit(TRAIN, Labelled(TEST.inputs, TEST.labels, TEST.class_names, TRAIN.ids[:36]))
    assert same.codes == ("G102",)
    assert same.worst == "note"


def test_a_balanced_part_of_unbalanced_data():
    rows = np.concatenate([np.flatnonzero(TEST.labels == code)[:9] for code in range(3)])
    even = TEST.take(rows)
    skewed = TRAIN.take(np.flatnonzero((TRAIN.labels == 1) | (TRAIN.ids % 9 == 0)))
    assert sy.audit(skewed, even).codes == ("G202",)
    assert sy.audit(TRAIN, even).findings == ()


def test_columns_and_classes_are_matched_by_name():
    fewer = Labelled(
        TEST.inputs.iloc[:, ::-1].drop(columns="3"),
        2 - TEST.labels,
        ("c", "b", "a"),
        TEST.ids,
    )
    found = sy.audit(with_rows(TRAIN, TEST.inputs.iloc[:6], TEST.labels[:6]), fewer)
    assert found.codes == ("G101",)
    assert "0 of them with another label" in found.findings[0].message
    assert ("column '3'", "it is not in all parts as one kind") in found.not_run


def test_unlike_parts_are_refused():
    with pytest.raises(MismatchError, match="holds images"):
        sy.audit(TRAIN, toy_images())
    with pytest.raises(MismatchError, match="of shape"):
        sy.audit(toy_images(), toy_images(size=8))
    with pytest.raises(MismatchError, match="no column in common"):
        sy.audit(TRAIN, toy_table())
    with pytest.raises(DataError, match="no split"):
        sy.audit(toy_table())
    with pytest.raises(ParameterError, match="must be a Labelled"):
        sy.audit(TEST.inputs, TEST)
    with pytest.raises(ParameterError, match="'part'"):
        sy.audit(TRAIN, TEST, part="train")
    with pytest.raises(ParameterError, match="no class"):
        sy.audit(TRAIN, TEST, raw_prior={"a": 1, "d": 1})


def test_labels_alone_have_no_rows_to_compare():
    train, part = sy.load(None, [0, 0, 1, 1]), sy.load(None, [0, 1])
    found = sy.audit(train, part)
    assert found.findings == ()
    assert dict(found.silent)["the data are labels alone"] == "G101, G103, G104, G105, G203"


def test_several_labels_a_sample():
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame(rng.normal(size=(120, 4))), rng.random((120, 3)) < 0.3
    train, part = (
        Labelled(X.iloc[rows], y[rows], ("a", "b", "c"), np.arange(120)[rows])
        for rows in (slice(80), slice(80, 120))
    )
    frame = pd.DataFrame({"id": part.ids})
    for k, name in enumerate("abc"):
        frame[f"t_{name}"], frame[f"p_{name}"] = part.labels[:, k], rng.random(40)
    assert sy.audit(train, part, predictions=frame, raw_prior=[0.3] * 3).findings == ()
    frame["t_a"] = ~frame["t_a"]
    frame["p_b"] *= 3
    assert set(sy.audit(train, part, predictions=frame).codes) == {"G404", "G405"}
    assert sy.audit(train, part, raw_prior=[0.3, 0.3, 0.9]).codes == ("G201",)


def test_what_is_wrong_with_predictions_is_told_at_once():
    frame = predicted()
    frame.loc[0, "id"] = 99_999
    frame.loc[1, ["p_a", "p_b", "p_c"]] = 0.1
    frame.loc[2, "p_a"] = -3.0
    frame.loc[3, "truth"] = "a" if frame.loc[3, "truth"] != "a" else "b"
    found = sy.audit(WINE, predictions=frame)
    assert set(found.codes) == {"G401", "G402", "G404", "G405", "G406"}
    lacking = predicted().drop(columns="p_c")
    assert "G410" in sy.audit(WINE, predictions=lacking).codes


def test_arms_compared_on_test_alone():
    frame = pd.concat([predicted(seed=s, right=0.5 + s / 9, arm=f"arm {s}") for s in range(4)])
    assert sy.audit(WINE, predictions=frame).codes == ("G302",)
    best = sy.audit(WINE, predictions=frame, reported="arm 3")
    assert best.worst == "warning"
    assert sy.audit(WINE, predictions=frame, reported="arm 0").findings == ()
    on_validation = pd.concat(
        [predicted(VALIDATION, s, 0.5 + s / 9, arm=f"arm {s}") for s in range(4)]
    ).assign(split="validation")
    assert sy.audit(WINE, predictions=pd.concat([frame, on_validation])).findings == ()
    with pytest.raises(ParameterError, match="'reported'"):
        sy.audit(WINE, predictions=frame, reported="arm 9")


def test_predictions_of_another_part_are_refused_with_its_name():
    with pytest.raises(DataError, match="no part 'test'"):
        sy.audit(WINE, predictions=predicted().assign(split="tests"))


def test_our_own_predictions_pass(tmp_path):
    frame = predicted()
    one = sy.Predictions(
        frame["id"],
        TEST.labels,
        np.log(frame[["p_a", "p_b", "p_c"]].to_numpy()),
        TEST.class_names,
    )
    save_predictions([one], tmp_path / "p.parquet")
    found = sy.audit(WINE, predictions=pd.read_parquet(tmp_path / "p.parquet"))
    assert found.findings == ()


def test_thresholds_of_the_test_part():
    assert sy.audit(WINE, thresholds=("test", None)).codes == ("G301",)
    assert sy.audit(WINE, thresholds=("tuning", TEST.ids[:3])).codes == ("G301",)
    assert sy.audit(WINE, thresholds=("test", VALIDATION.ids)).findings == ()


def test_the_order_of_rows_changes_nothing():
    train = with_rows(TRAIN, TEST.inputs.iloc[:6] * (1 + 1e-4), TEST.labels[:6])
    first = sy.audit(train, TEST)
    again = sy.audit(train.take(np.arange(len(train))[::-1]), TEST.take(np.arange(36)[::-1]))
    assert [(one.code, one.count) for one in first.findings] == [
        (one.code, one.count) for one in again.findings
    ]
