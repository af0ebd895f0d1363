"""The recorder of manifolds: what it keeps, and what it says of the mistakes of loops."""

import numpy as np
import pytest
import torch
from toy_data import toy_table

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.diagnosis import FORMULAS, ManifoldRecorder, class_radii
from steelyard.records.manifold_history import ManifoldHistory

IDS = ["cat_01", "cat_02", "dog_01", "dog_02", "fox_01"]
LABELS = [0, 0, 1, 1, 2]
NAMES = ("cat", "dog", "fox")
DRAW = np.random.default_rng(0)
HIDDEN = DRAW.normal(size=(3, 5, 4))  # epochs, samples, units
LOGITS = DRAW.normal(size=(3, 5, 3))


def recorder(**values):
    return ManifoldRecorder(IDS, LABELS, NAMES, **values)


def recorded(made, parts=((0, 1, 2, 3, 4),), convert=np.asarray, predict=lambda logits: logits):
    for hidden, logits in zip(HIDDEN, LOGITS, strict=True):
        for rows in parts:
            ids = [IDS[row] for row in rows]
            made.update(ids, convert(hidden[list(rows)]), predict(convert(logits[list(rows)])))
        made.end_epoch()
    return made.history()


@pytest.mark.parametrize("formula", FORMULAS)
def test_radii_and_errors_are_those_of_each_epoch(formula):
    made = recorder(formula=formula, layer="first", data_fingerprint="print")
    history = recorded(made)
    assert isinstance(history, ManifoldHistory)
    assert made.n_epochs == 3
    assert history.epochs.tolist() == [0, 1, 2]
    assert history.ids.tolist() == IDS
    assert history.labels.tolist() == LABELS
    assert history.class_names == NAMES
    assert (history.formula, history.layer, history.data_fingerprint) == (formula, "first", "print")
    for epoch in range(3):
        expected = class_radii(HIDDEN[epoch], LABELS, 3, formula=formula)
        np.testing.assert_array_equal(history.radii[0, epoch], expected)
        wrong = LOGITS[epoch].argmax(axis=1) != LABELS
        np.testing.assert_array_equal(history.wrong(0, epoch), wrong)


@pytest.mark.parametrize(
    ("convert", "predict"),
    [
        (np.asarray, lambda logits: logits.argmax(axis=1)),
        (np.asarray, lambda logits: logits.argmax(axis=1).tolist()),
        (torch.tensor, lambda logits: logits.requires_grad_()),
        (torch.tensor, lambda logits: logits.argmax(1)),
        (torch.tensor, lambda logits: logits.bfloat16()),
        (np.float32, lambda logits: logits),
    ],
)
def test_batches_in_any_order_and_type_give_the_same_record(convert, predict):
    whole = recorded(recorder())
    parts = ((4, 0), (3,), (), (1, 2))
    history = recorded(recorder(), parts, convert, predict)
    np.testing.assert_allclose(history.radii, whole.radii, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(history.wrong_bits, whole.wrong_bits)


@pytest.mark.parametrize("ids", [range(100, 105), np.array([7, 3, 5, 9, 1]), [-1, 2, 3, 4, 5]])
@pytest.mark.parametrize("convert", [list, np.array, torch.tensor])
def test_ids_may_be_numbers(ids, convert):
    made = ManifoldRecorder(ids, LABELS)
    order = [4, 2, 0, 1, 3]
    made.update(convert([list(ids)[row] for row in order]), HIDDEN[0, order], LOGITS[0, order])
    made.end_epoch()
    np.testing.assert_array_equal(made.history().wrong(0, 0), LOGITS[0].argmax(axis=1) != LABELS)
    assert made.class_names == ("0", "1", "2")


def test_it_is_declared_from_labelled_data():
    data = toy_table()
    made = ManifoldRecorder.of(data, layer="second", formula="raw-root")
    made.update(data.ids, np.ones((len(data), 2)), data.labels)
    made.end_epoch()
    history = made.history()
    assert history.data_fingerprint == data.fingerprint
    assert history.class_names == data.class_names
    assert (history.layer, history.formula) == ("second", "raw-root")
    assert not history.wrong(0, 0).any()


def test_epochs_may_be_left_out():
    made = recorder()
    for epoch in (4, None, 9):
        made.update(IDS, HIDDEN[0], LOGITS[0])
        made.end_epoch(epoch)
    assert made.history().epochs.tolist() == [4, 5, 9]
    made.update(IDS, HIDDEN[0], LOGITS[0])
    with pytest.raises(MismatchError, match=r"Epochs must ascend\. Got epoch 9 after epoch 9"):
        made.end_epoch(9)
    with pytest.raises(ParameterError, match="'epoch' parameter"):
        made.end_epoch(-1)
    made.end_epoch()
    assert made.history().epochs.tolist() == [4, 5, 9, 10]


def test_what_it_returned_is_not_changed_by_what_follows():
    made = recorder()
    first = recorded(made)
    recorded(made)
    assert first.epochs.tolist() == [0, 1, 2]
    assert made.history().epochs.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_sample_that_did_not_come_is_named_and_may_still_come():
    made = recorder()
    made.update(IDS[:3], HIDDEN[0, :3], LOGITS[0, :3])
    with pytest.raises(
        DataError, match="2 of 5 samples did not come in epoch 0, first id 'dog_02'"
    ):
        made.end_epoch()
    made.update(IDS[3:], HIDDEN[0, 3:], LOGITS[0, 3:])
    made.end_epoch()
    np.testing.assert_allclose(made.history().radii[0, 0], class_radii(HIDDEN[0], LABELS, 3))


def test_an_epoch_without_a_batch_is_refused():
    with pytest.raises(DataError, match="5 of 5 samples did not come in epoch 0"):
        recorder().end_epoch()
    with pytest.raises(DataError, match=r"No epoch was recorded\. Hint: call end_epoch"):
        recorder().history()


@pytest.mark.parametrize(
    ("ids", "hidden", "predicted", "message"),
    [
        (["cat_01"], HIDDEN[0, :1], [0], "takes every sample once an epoch. Got 1 again, .*cat_01"),
        (["fox_01"] * 2, HIDDEN[0, :2], [0, 0], "Got 2 again, first id 'fox_01'"),
        (["fox"], HIDDEN[0, :1], [0], "1 of 1 ids were never declared, first 'fox'.*'cat_01'"),
        ([4], HIDDEN[0, :1], [0], "1 of 1 ids were never declared, first 4"),
        ("fox_01", HIDDEN[0, :1], [0], r"must be a vector. Got shape \(\).*pass \[id\]"),
        (["fox_01"], HIDDEN[0, :2], [0], "2 representations need 2 labels"),
        (["fox_01"], HIDDEN[0, 0], [0], r"must be of shape \(n, d\)"),
        (["fox_01"], HIDDEN[0, :1] * np.nan, [0], "representations of class_sums must be finite"),
        (["fox_01"], HIDDEN[0, :1, :2], [0], "of 4 and of 2 numbers came in one epoch"),
        (["fox_01"], HIDDEN[0, :1], [3], "codes from 0 to 2. Got 3 to 3"),
        (["fox_01"], HIDDEN[0, :1], [-1], "codes from 0 to 2. Got -1"),
        (["fox_01"], HIDDEN[0, :1], [0.0], r"or logits of shape \(1, 3\). Got float64 of shape"),
        (["fox_01"], HIDDEN[0, :1], ["fox"], r"Got <U3 of shape \(1,\)"),
        (["fox_01"], HIDDEN[0, :1], [0, 1], r"Got int64 of shape \(2,\)"),
        (["fox_01"], HIDDEN[0, :1], [[0.5]], r"Got float64 of shape \(1, 1\).*two logits"),
        (["fox_01"], HIDDEN[0, :1], [[0, 1, np.nan]], "The logits of ManifoldRecorder.* finite"),
    ],
)
def test_a_batch_that_is_refused_changes_nothing(ids, hidden, predicted, message):
    made = recorder()
    made.update(IDS[:4], HIDDEN[0, :4], LOGITS[0, :4])
    with pytest.raises(DataError, match=message):
        made.update(ids, hidden, predicted)
    made.update(IDS[4:], HIDDEN[0, 4:], LOGITS[0, 4:])
    made.end_epoch()
    np.testing.assert_allclose(made.history().radii[0, 0], class_radii(HIDDEN[0], LABELS, 3))
    np.testing.assert_array_equal(made.history().wrong(0, 0), LOGITS[0].argmax(axis=1) != LABELS)


@pytest.mark.parametrize("asked", [[1.0], [True], ["1"], [2**40]])
def test_what_is_like_a_number_is_no_id(asked):
    with pytest.raises(DataError, match="1 of 1 ids were never declared"):
        ManifoldRecorder([1, 2], [0, 1]).update(asked, HIDDEN[0, :1], [0])


@pytest.mark.parametrize(
    ("ids", "labels", "names", "message"),
    [
        ([], [], None, "needs the ids of the samples. Got none"),
        (5, [0], None, "needs the ids of the samples. Got none"),
        ([1, 1], [0, 0], None, "must be unique"),
        ([1, 2], [0], None, r"2 ids needs 2 labels. Got shape \(1,\)"),
        ([1, 2], [0.5, 1], "ab", "must be whole numbers"),
        ([1, 2], [0, -1], None, "must be codes from 0 to 0. Got -1"),
        ([1, 2], [0, 3], "abc", "must be codes from 0 to 2. Got 0 to 3"),
        ([1, 2], [0, 1], "aa", "must differ from one another"),
    ],
)
def test_a_declaration_that_does_not_fit_together_is_refused(ids, labels, names, message):
    with pytest.raises(DataError, match=message):
        ManifoldRecorder(ids, labels, names)


def test_a_formula_has_a_name():
    with pytest.raises(ParameterError, match="'formula' parameter of ManifoldRecorder"):
        recorder(formula="root")


def test_runs_are_stacked():
    runs = ManifoldHistory.stack([recorded(recorder()), recorded(recorder())])
    assert runs.n_runs == 2
