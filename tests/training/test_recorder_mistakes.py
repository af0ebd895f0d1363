"""What goes wrong in loops, and what the recorder says of it."""

import numpy as np
import pytest
import torch

from steelyard import Recorder
from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.training import batches

IDS = ["cat_01", "cat_02", "dog_01", "dog_02"]
LABELS = [0, 0, 1, 2]
LOGITS = np.arange(12.0).reshape(4, 3)


def recorder(**values):
    return Recorder(IDS, LABELS, ("cat", "dog", "fox"), **values)


@pytest.mark.parametrize(
    ("ids", "labels", "names", "message"),
    [
        ([], None, None, "needs the ids of the samples. Got none"),
        (5, None, None, "needs the ids of the samples. Got none"),
        ([1, 1], None, None, "must be unique"),
        ([1, 2], [0], None, r"2 ids needs 2 labels. Got shape \(1,\)"),
        ([1, 2], [0.5, 1], None, "must be whole numbers"),
        ([1, 2], [0, -1], None, "codes, 0 or above. Got 1 others, first -1 for id '2'"),
        ([1, 2], [0, 3], "abc", "codes, 0 to 2. Got 1 others, first 3 for id '2'"),
        ([1, 2], [0, 1], "aa", "must differ from one another"),
    ],
)
def test_a_declaration_that_does_not_fit_together_is_refused(ids, labels, names, message):
    with pytest.raises(DataError, match=message):
        Recorder(ids, labels, names)


@pytest.mark.parametrize("epoch", [-1, "0", 1.5])
def test_an_early_epoch_is_a_number(epoch):
    with pytest.raises(ParameterError, match="'early_epoch' parameter"):
        recorder(early_epoch=epoch)


@pytest.mark.parametrize("run", [-1, "0", 1.5])
def test_a_run_is_a_number(run):
    with pytest.raises(ParameterError, match="'run' parameter"):
        recorder(run=run)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["cat_01", "cat_2"], r"1 of 2 ids were never declared, first 'cat_2'.*'cat_02'"),
        (["x", "y"], "2 of 2 ids were never declared, first 'x'.*first declared is 'cat_01'"),
        ([1, 2], "2 of 2 ids were never declared, first 1"),
        (np.array(["cat_01", "dog_1"]), "1 of 2 ids .* first 'dog_1'.*'dog_01'"),
        (np.array([["cat_01"], ["cat_02"]]), r"must be a vector. Got shape \(2, 1\)"),
    ],
)
def test_ids_that_were_never_declared_are_named(ids, message):
    with pytest.raises(DataError, match=message):
        recorder().update(ids, LOGITS[:2])


@pytest.mark.parametrize("declared", [range(100, 104), np.arange(4) * 10**9, [0, 2, 4, 6]])
@pytest.mark.parametrize("asked", [[-1], [5], [3 * 10**9 + 1], [10**10], ["a"], [0.5], [True]])
def test_numbers_that_were_never_declared_are_named(declared, asked):
    with pytest.raises(DataError, match=r"1 of 1 ids were never declared.*declared are 4 integers"):
        Recorder(declared, LABELS).update(asked, LOGITS[:1])


def test_an_id_is_no_shape():
    with pytest.raises(DataError, match=r"ids of a batch must be a vector. Got shape \(\).*\[id\]"):
        Recorder([1, 2]).update(1, LOGITS[:1], [0])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], "codes, 0 to 2. Got 1 others, first 3 for id 'dog_01'"),
        ([-100, 1], "Got 1 others, first -100 for id 'cat_01'"),
        ([0.0, 1.0], "must be 2 class codes. Got float64"),
        ([0], r"must be 2 class codes. Got int64 of shape \(1,\)"),
        (np.eye(2), r"class codes. Got float64 of shape \(2, 2\).*one-hot"),
        (torch.tensor([0, 7]), "first 7 for id 'dog_01'"),
    ],
)
@pytest.mark.parametrize("declared", [LABELS, None], ids=["declared", "learned"])
def test_labels_that_are_no_codes_are_refused(labels, message, declared):
    one = Recorder(IDS, declared, "abc")
    with pytest.raises(DataError, match=message):
        one.update(["cat_01", "dog_01"], LOGITS[:2], labels)


def test_labels_that_differ_from_the_declared_ones_tell_of_a_batch_out_of_order():
    with pytest.raises(
        MismatchError, match=r"2 labels differ .* id 'cat_02': 1 instead of 0.*order"
    ):
        recorder().update(IDS[1:], LOGITS[1:], [1, 0, 2])
    learning = Recorder(IDS)
    learning.update(IDS[:2], LOGITS[:2], [0, 1])
    with pytest.raises(MismatchError, match=r"1 labels differ .* id 'cat_02': 0 instead of 1"):
        learning.update(IDS[1:], LOGITS[1:], [0, 1, 2])
    with pytest.raises(MismatchError, match="id 'dog_01'"):  # one id, two labels, one batch
        learning.update(["dog_01", "dog_01"], LOGITS[:2], [1, 2])
    learning.update(IDS[2:], LOGITS[2:], [2, 2])  # what was refused was not learned


def test_samples_without_a_label_are_refused():
    with pytest.raises(DataError, match="2 samples have no label, first id 'cat_01'"):
        Recorder(IDS).update(IDS[:2], LOGITS[:2])
    one = Recorder(IDS)
    one.update_rows(torch.arange(2), torch.zeros(2, 3))
    with pytest.raises(DataError, match="2 samples have no label, first id 'cat_01'"):
        one.end_epoch()


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        (LOGITS[:2, :2], r"shape \(2, 3\). Got \(2, 2\)"),
        (LOGITS, r"shape \(2, 3\). Got \(4, 3\)"),
        (LOGITS[:2, :1], r"\(2, 1\).*one output"),
        (LOGITS[0, :2], r"must be of shape \(batch, K\). Got \(2,\).*batch of one"),
        (torch.zeros(2, 3, 1), r"Got \(2, 3, 1\)"),
        ([["a", "b", "c"]] * 2, "must be real numbers"),
        (LOGITS[:2] + 1j, "must be real numbers"),
    ],
)
def test_logits_of_other_shapes_are_refused(logits, message):
    with pytest.raises(DataError, match=message):
        recorder().update(IDS[:2], logits)


def test_one_output_is_refused_where_nothing_was_declared():
    with pytest.raises(DataError, match=r"\(2, 2 or more\). Got \(2, 1\)"):
        Recorder([1, 2]).update([1, 2], [[0.5], [0.5]], [0, 1])


def test_the_first_logits_tell_when_declared_labels_are_out_of_range():
    with pytest.raises(DataError, match=r"codes, 0 to 1. Got 1 others, first 2 for id 'dog_02'"):
        Recorder(IDS, LABELS).update(IDS, LOGITS[:, :2])


def test_a_refused_batch_leaves_nothing_behind():
    one, clean = recorder(), recorder()
    for ids, logits, labels in (
        (["x", "y"], LOGITS[:2], None),
        (IDS[:2], LOGITS[:2, :2], None),
        (IDS[:2], LOGITS[:2], [1, 1]),
    ):
        with pytest.raises((DataError, MismatchError)):
            one.update(ids, logits, labels)
    for each in (one, clean):
        each.update(IDS, LOGITS)
        each.end_epoch()
    np.testing.assert_array_equal(one.state()["past_sums"], clean.state()["past_sums"])


@pytest.mark.parametrize(
    ("rows", "logits", "message"),
    [
        (torch.tensor([4]), torch.zeros(1, 3), "positions from 0 to 3. Got 4 to 4"),
        (torch.tensor([-1]), torch.zeros(1, 3), "positions from 0 to 3. Got -1 to -1"),
        (torch.arange(2), torch.zeros(2, 4), r"shape \(2, 3\). Got \(2, 4\)"),
        (torch.arange(2), torch.zeros(3, 3), "2 rows came with 3 logits"),
    ],
)
def test_rows_are_checked_when_they_are_folded(rows, logits, message):
    one = recorder()
    one.update_rows(rows, logits)
    with pytest.raises(DataError, match=message):
        one.end_epoch()


def test_batches_of_different_widths_do_not_stand_in_one_epoch():
    one = recorder()
    one.update_rows(torch.arange(2), torch.zeros(2, 3))
    one.update_rows(torch.arange(2), torch.zeros(2, 4))
    with pytest.raises(DataError, match=r"shapes such as \[\(2, 3\), \(2, 4\)\]"):
        one.end_epoch()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("convert", [np.asarray, torch.tensor, lambda z: torch.tensor(z).half()])
@pytest.mark.parametrize("column", [0, 1])  # the label's and another
def test_logits_that_are_not_finite_name_run_epoch_and_samples(bad, convert, column):
    one = recorder(run=2)
    one.update(IDS, LOGITS)
    one.end_epoch()
    logits = LOGITS.copy()
    logits[[0, 1], column] = bad
    one.update(IDS, convert(logits))
    message = (
        "Training diverged in epoch 1 of run 2: 2 samples have NaN or infinite logits, first ids "
        "'cat_01', 'cat_02'.*lower the learning rate"
    )
    for _ in range(2):  # and the epoch cannot be closed by trying again
        with pytest.raises(DataError, match=message):
            one.end_epoch()


def test_logits_that_are_not_finite_end_the_epoch_in_which_they_come(monkeypatch):
    monkeypatch.setattr(batches, "BLOCK", 6)
    with pytest.raises(DataError, match="diverged in epoch 0"):
        recorder().update(IDS, LOGITS * np.nan)


def test_an_epoch_is_closed_once_and_in_order():
    one = recorder()
    with pytest.raises(DataError, match="Epoch 0 of run 0 was closed without a batch"):
        one.end_epoch()
    one.update(IDS, LOGITS, epoch=0, run=0)
    one.end_epoch(0)
    with pytest.raises(DataError, match="Epoch 1 of run 0 was closed without a batch"):
        one.end_epoch()
    with pytest.raises(MismatchError, match=r"Epoch 1 .* open. Got epoch 0. Epoch 0 is closed"):
        one.end_epoch(0)
    with pytest.raises(MismatchError, match=r"Epoch 1 of run 0 is open. Got epoch 2"):
        one.update(IDS, LOGITS, epoch=2)
    assert one.n_epochs == 1


def test_runs_do_not_mix_in_one_recorder():
    with pytest.raises(MismatchError, match=r"holds run 1. Got run 0.*a recorder for each run"):
        recorder(run=1).update(IDS, LOGITS, run=0)


def test_there_are_no_dynamics_without_an_epoch_or_of_samples_that_never_came():
    one = recorder()
    one.update(IDS[:3], LOGITS[:3])
    with pytest.raises(DataError, match="No epoch was recorded"):
        one.dynamics()
    one.end_epoch()
    with pytest.raises(DataError, match=r"1 of 4 samples were never seen.*first id 'dog_02'"):
        one.dynamics()


@pytest.mark.parametrize("change", ["id", "negative id", "label", "other label"])
@pytest.mark.parametrize("kind", [torch.from_numpy, np.array])
def test_later_batches_are_checked_when_their_block_is_complete(change, kind):
    n = 64
    recorder = Recorder(np.arange(n), np.zeros(n, dtype=np.int64), ("a", "b"))
    ids, labels = np.arange(4), np.zeros(4, dtype=np.int64)
    logits = np.zeros((4, 2), dtype=np.float32)
    for _ in range(40):  # more than are checked as they come
        recorder.update(kind(ids), kind(logits), kind(labels))
    wrong = {"id": (n, 0), "negative id": (-1, 0), "label": (3, 2), "other label": (3, 1)}
    ids[3], labels[3] = wrong[change]
    recorder.update(kind(ids), kind(logits), kind(labels))
    expected = MismatchError if change == "other label" else DataError
    with pytest.raises(expected, match=r"never declared|class codes|differ from the declared"):
        recorder.end_epoch()


def test_batches_that_wait_are_copied():
    def recorded(reuse):
        recorder = Recorder(np.arange(8), np.zeros(8, dtype=np.int64), ("a", "b"))
        ids, labels = torch.zeros(2, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)
        logits = torch.zeros(2, 2)
        for step in range(60):
            batch = [one if reuse else one.clone() for one in (ids, logits, labels)]
            batch[0].copy_(torch.tensor([step % 8, (step + 3) % 8]))
            batch[1].copy_(torch.tensor([[step * 1.0, 2.0], [3.0, step * 0.5]]))
            recorder.update(*batch)
        recorder.end_epoch()
        return recorder.dynamics().channels["margin"]

    np.testing.assert_array_equal(recorded(reuse=True), recorded(reuse=False))
