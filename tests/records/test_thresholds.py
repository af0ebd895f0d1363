import json

import numpy as np
import pandas as pd
import pytest
from records.samples import IDS, NAMES, assert_same, n

from steelyard._support.errors import DataError, MismatchError, ParameterError, SteelyardWarning
from steelyard.records import Predictions
from steelyard.records.thresholds import COLUMNS, Thresholds, fingerprint_of_ids

NAN = np.nan


def table(names=NAMES, values=None):
    values = np.linspace(0, 1, len(names)) if values is None else values
    rows = [
        (name, value, 0.1, NAN, 0.5, 0.4, 0.3, 0.5, 0.9, 0.8, 7, 5, "few\n<b>")
        for name, value in zip(names, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def thresholds(ids="text", **changes):
    values = {
        "class_names": NAMES,
        "task": "labels",
        "table": table(),
        "objective": "f1",
        "prior": np.linspace(0.1, 0.9, len(NAMES)),
        "arm": "🦜",
        "seed": 3,
        "split": "validation",
        "n": n,
        "samples": fingerprint_of_ids(IDS[ids]),
        "n_resamples": 100,
    }
    return Thresholds(**{**values, **changes})


def binary(**changes):
    return thresholds(
        class_names=("no", "yes"), task="binary", table=table(["no"], [0.25]), prior=None, **changes
    )


def predictions(ids="text", names=NAMES, multi_label=True, **changes):
    k = len(names)
    truth = np.zeros((n, k), bool) if multi_label else np.zeros(n, int)
    logits = np.random.default_rng(0).normal(size=(n, k))
    return Predictions(IDS[ids], truth, logits, names, **{"arm": "🦜", "seed": 3, **changes})


@pytest.mark.parametrize("record", [thresholds(), binary()])
def test_what_is_saved_is_loaded(record, tmp_path):
    record.save(tmp_path / "thresholds.json")
    assert_same(Thresholds.load(tmp_path / "thresholds.json"), record)
    document = json.loads((tmp_path / "thresholds.json").read_text("utf-8"))
    del document["samples"]
    (tmp_path / "thresholds.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(DataError, match="lacks"):
        Thresholds.load(tmp_path / "thresholds.json")


def test_labels_are_called_from_their_threshold_on():
    values = np.full(len(NAMES), 0.5)
    one = predictions()
    exact = np.exp(one.log_probabilities)
    values[0] = exact[4, 0]
    values[2] = NAN
    with pytest.warns(SteelyardWarning, match="never called"):
        called = thresholds(table=table(values=values)).apply(one)
    assert called.dtype == bool
    assert called[4, 0]  # as high is high enough
    np.testing.assert_array_equal(called[:, 0], exact[:, 0] >= exact[4, 0])
    np.testing.assert_array_equal(called[:, 1], one.logits[:, 1] >= 0)
    assert not called[:, 2].any()


def test_of_two_classes_codes_are_told():
    one = predictions(names=("no", "yes"), multi_label=False)
    no = np.exp(one.log_probabilities)[:, 0] >= 0.25
    np.testing.assert_array_equal(binary().apply(one), np.where(no, 0, 1))
    with pytest.warns(SteelyardWarning, match="'no'"):
        called = thresholds(
            class_names=("no", "yes"), task="binary", table=table(["no"], [NAN]), prior=None
        ).apply(one)
    assert (called == 1).all()


@pytest.mark.parametrize("ids", IDS)
def test_the_samples_they_were_chosen_on_are_known_again(ids):
    record = thresholds(ids)
    assert record.chosen_on(predictions(ids))
    order = np.random.default_rng(0).permutation(n)
    one = predictions(ids)
    turned = Predictions(one.ids[order], one.truth[order], one.logits[order], NAMES, split="test")
    assert record.chosen_on(turned)
    other = one.ids.copy()
    other[0] = "other" if ids == "text" else 77
    assert not record.chosen_on(Predictions(other, one.truth, one.logits, NAMES))


def test_another_models_predictions_are_refused():
    with pytest.raises(MismatchError, match="arm 'other'"):
        thresholds().apply(predictions(arm="other"))
    with pytest.raises(MismatchError, match="seed 4"):
        thresholds().apply(predictions(seed=4))
    with pytest.raises(MismatchError, match="of the labels"):
        thresholds().apply(predictions(multi_label=False))
    with pytest.raises(MismatchError, match="of the classes"):
        binary().apply(predictions(names=("no", "si"), multi_label=False))


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "others"},
        {"table": table().drop(columns="note")},
        {"table": table(NAMES[::-1])},
        {"table": table(NAMES[:3])},
        {"table": table(values=np.full(len(NAMES), 1.5))},
        {"table": table().assign(n_positives="many")},
        {"task": "binary"},
        {"class_names": ("a", "a")},
        {"n": 0},
        {"n_resamples": 0.5},
    ],
)
def test_what_does_not_fit_is_refused(changes):
    with pytest.raises((DataError, ParameterError)):
        thresholds(**changes)
