"""Tables of multi-label predictions; those of one class a sample are in test_predictions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from records.samples import INTEGER_IDS, NAMES, TEXT_IDS, n, predictions

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import read_parquet
from steelyard.records import Predictions, load_predictions, save_predictions

DRAW = np.random.default_rng(0)
TRUTH = DRAW.random((n, len(NAMES))) < 0.4
TRUTH[0] = False  # a sample may have no label
LOGITS = DRAW.normal(0, 5, (n, len(NAMES)))
PREVALENCE = np.linspace(0, 1, len(NAMES))


def labelled(ids=INTEGER_IDS, prior=PREVALENCE, **changes):
    return Predictions(ids, TRUTH, LOGITS, NAMES, prior, **changes)


@pytest.mark.parametrize("ids", [TEXT_IDS, INTEGER_IDS], ids=["text", "integers"])
def test_multi_label_predictions_survive_storing(ids, tmp_path):
    models = [
        labelled(ids, arm="<b>\n🦜", seed=1),
        labelled(ids, arm="<b>\n🦜", seed=0, split="validation"),
        labelled(ids, arm="", prior=None),
    ]
    save_predictions(models, tmp_path / "a.parquet")
    loaded = load_predictions(tmp_path / "a.parquet")
    assert len(loaded) == len(models)
    for one, other in zip(models, loaded, strict=True):
        assert other.multi_label
        assert (other.arm, other.seed, other.split) == (one.arm, one.seed, one.split)
        assert other.class_names == NAMES
        np.testing.assert_array_equal(other.ids, one.ids)
        np.testing.assert_array_equal(other.truth, TRUTH)
        np.testing.assert_array_equal(other.prior, one.prior)
        np.testing.assert_allclose(other.logits, LOGITS, rtol=1e-9)


def test_the_columns_of_labels_are_as_documented(tmp_path):
    save_predictions([labelled()], tmp_path / "a.parquet")
    frame, _ = read_parquet(tmp_path / "a.parquet", "Predictions")
    truths, stated = [f"t_{name}" for name in NAMES], [f"p_{name}" for name in NAMES]
    assert list(frame.columns) == ["id", "split", "arm", "seed", *truths, *stated]
    assert {str(kind) for kind in frame[truths].dtypes} == {"bool"}
    np.testing.assert_array_equal(frame[truths], TRUTH)
    np.testing.assert_allclose(frame[stated], 1 / (1 + np.exp(-LOGITS)), rtol=1e-12)


def test_both_kinds_do_not_share_a_table(tmp_path):
    with pytest.raises(MismatchError, match="Multi-label and other predictions"):
        save_predictions([predictions(), labelled(seed=1)], tmp_path / "a.parquet")


FOREIGN = pd.DataFrame(
    {"id": [7, 8], "t_a": [0, 1], "t_b": [1, 1], "p_a": [0.0, 0.75], "p_b": [0.5, 1.0]}
)


def foreign(folder, frame=FOREIGN):
    frame.to_parquet(folder / "foreign.parquet")
    return folder / "foreign.parquet"


@pytest.mark.parametrize(
    "frame",
    [
        FOREIGN,
        FOREIGN.astype({"t_a": bool, "t_b": bool}),
        FOREIGN.astype({"t_a": bool}),
        FOREIGN.astype({"t_a": float, "t_b": "Int64", "p_a": "Float64"}),
        FOREIGN.astype({"t_a": bool}).astype({"t_a": object}),
    ],
)
def test_anybodys_table_of_labels_is_read(frame, tmp_path):
    (one,) = load_predictions(foreign(tmp_path, frame), np.array([0.25, 1.0]))
    assert one.multi_label
    assert one.truth.dtype == bool
    assert one.truth.tolist() == [[False, True], [True, True]]
    assert one.prior.tolist() == [0.25, 1.0]
    np.testing.assert_allclose(np.exp(one.log_probabilities), FOREIGN[["p_a", "p_b"]], atol=1e-15)
    assert np.isfinite(one.logits).all()


def test_one_label_is_enough(tmp_path):
    (one,) = load_predictions(foreign(tmp_path, FOREIGN[["id", "t_a", "p_a"]]))
    assert one.class_names == ("a",)
    assert one.truth.shape == (2, 1)


def test_a_truth_column_says_one_class_a_sample(tmp_path):
    frame = FOREIGN.assign(truth=["a", "b"], p_b=1 - FOREIGN["p_a"])
    (one,) = load_predictions(foreign(tmp_path, frame))
    assert not one.multi_label


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FOREIGN.assign(p_a=[0.5, 1.25]), r"lie in \[0, 1\]. 1 rows do not, the first is row 1"),
        (FOREIGN.assign(p_a=[-0.5, 0.25]), r"lie in \[0, 1\]. 1 rows do not, the first is row 0"),
        (FOREIGN.assign(p_a=[0.5, np.nan]), r"lie in \[0, 1\]. 1 rows do not, the first is row 1"),
        (FOREIGN.assign(p_a=["x", "y"]), "Probabilities must be numbers"),
        (FOREIGN.assign(t_a=[0, 2]), "must be 0 or 1"),
        (FOREIGN.assign(t_a=[0, 0.5]), "must be 0 or 1"),
        (FOREIGN.assign(t_a=[0, np.nan]), "must be 0 or 1"),
        (FOREIGN.assign(t_a=["yes", "no"]), "Truths must be numbers"),
        (FOREIGN.drop(columns="t_a"), r"Without its other: \['t_a'\]"),
        (FOREIGN.assign(t_c=1), r"Without its other: \['t_c'\]"),
        (FOREIGN.drop(columns=["p_a", "p_b"]), "must have the columns"),
        (FOREIGN.drop(columns="id"), "must have the columns .* 't_<label>' of 0 and 1"),
        (FOREIGN.drop(columns="t_a").assign(truth="a"), "sum to one .* 't_<label>'"),
    ],
)
def test_a_table_of_labels_that_says_something_else_is_refused(frame, message, tmp_path):
    with pytest.raises(DataError, match=message):
        load_predictions(foreign(tmp_path, frame))


def test_a_stored_correction_goes_on_from_its_prior(tmp_path):
    there = labelled().corrected(np.full(len(NAMES), 0.3))
    save_predictions([there, replace(there, seed=1)], tmp_path / "a.parquet")
    for one in load_predictions(tmp_path / "a.parquet"):
        assert one.prior.tolist() == [0.3] * len(NAMES)
