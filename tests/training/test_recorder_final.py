"""What the trained model says, and gradient norms: every sample once, exact, resumable."""

from functools import reduce

import numpy as np
import pytest
import torch
from dynamics_cases import CASES
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.dynamics import dynamics_of
from recordings import assert_equal, assert_same_state, declared, feed, recorded

from steelyard import Recorder
from steelyard._support.errors import DataError, MismatchError
from steelyard.records.dynamics import FINAL, GRADIENT, TRAINING
from steelyard.training import passes

CASE = CASES["one run"]
EPOCHS, N = CASE.logits.shape[1:3]
LAST = CASE.logits[0, -1]


def shown(recorder, logits=LAST, rows=None, batch=7):
    rows = np.arange(N) if rows is None else np.asarray(rows, dtype=int)
    for start in range(0, len(rows), batch):
        here = rows[start : start + batch]
        recorder.final(CASE.ids[here], logits[here])
    return recorder


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_final_channels_equal_the_loop(case):
    expected = dynamics_of(case.logits, case.labels, case.ids, case.class_names)
    for run in range(len(case.logits)):
        recorder = declared(case)
        recorder.final(case.ids, case.logits[run, -1])
        found = recorder.dynamics()
        assert set(found.channels) == set(FINAL)
        for name, channel in found.channels.items():
            np.testing.assert_allclose(
                channel[0], expected.channels[name][run], rtol=1e-12, atol=1e-12, err_msg=name
            )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_certain_model_keeps_its_digits(dtype):
    recorder = Recorder(["right", "wrong"], [0, 0])
    recorder.final(["right", "wrong"], np.array([[40, 0, 1], [0, 40, 1]], dtype=dtype))
    channels = {name: channel[0] for name, channel in recorder.dynamics().channels.items()}
    rest = np.exp(-40.0) + np.exp(-39.0)
    entropy = rest + 40 * np.exp(-40.0) + 39 * np.exp(-39.0)
    np.testing.assert_allclose(channels["final_loss"], [rest, 40.0], rtol=1e-12)
    np.testing.assert_allclose(channels["final_entropy"], [entropy, entropy], rtol=1e-12)
    np.testing.assert_allclose(channels["final_probability"][1], np.exp(-40.0), rtol=1e-12)


def test_a_class_that_the_model_rules_out_may_have_minus_infinity():
    recorder = Recorder([1], [0])
    recorder.final([1], [[1.0, 0.0, -np.inf]])
    channels = recorder.dynamics().channels
    p = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(channels["final_entropy"], -p * np.log(p) - (1 - p) * np.log(1 - p))


def test_one_trained_model_is_a_record_without_epochs():
    found = shown(declared(CASE)).dynamics()
    assert (found.n_epochs, found.early_epoch) == (0, None)
    assert found.data_fingerprint == "hand-made"
    np.testing.assert_array_equal(found.ids, CASE.ids)


def test_the_final_model_joins_what_its_training_recorded():
    found = shown(recorded(CASE)).dynamics()
    assert set(found.channels) == {*TRAINING, *FINAL}
    alone, trained = shown(declared(CASE)).dynamics(), recorded(CASE).dynamics()
    assert_equal(found, trained.joined(alone))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 25))
def test_neither_order_nor_batches_nor_blocks_matter(seed, batch):
    draw = np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passes, "_NUMBERS", int(draw.integers(1, 40)))
        again = shown(declared(CASE), rows=draw.permutation(N), batch=batch)
    assert_equal(again.dynamics(), shown(declared(CASE)).dynamics())


@pytest.mark.parametrize(
    "convert",
    [torch.from_numpy, np.ndarray.tolist, lambda z: torch.from_numpy(z).requires_grad_()],
)
def test_logits_come_from_any_framework(convert):
    recorder = declared(CASE)
    recorder.final(CASE.ids, convert(LAST.copy()))
    assert_equal(recorder.dynamics(), shown(declared(CASE)).dynamics())


def test_nothing_shown_leaves_the_group_out_and_a_part_is_refused():
    assert set(recorded(CASE).dynamics().channels) == set(TRAINING)
    missing = str(CASE.ids[13])
    with pytest.raises(DataError, match=f"7 of {N} samples did not come in .*first id '{missing}'"):
        shown(recorded(CASE), rows=range(13)).dynamics()
    with pytest.raises(DataError, match="No epoch was recorded"):
        declared(CASE).dynamics()


def test_a_sample_that_comes_again_is_refused_and_changes_nothing():
    recorder = shown(declared(CASE), rows=range(5))
    before = recorder.state()
    for rows in ([4, 5], [7, 8, 7]):
        with pytest.raises(DataError, match="final takes every sample once"):
            shown(recorder, rows=rows, batch=9)
        assert_same_state(recorder, Recorder.from_state(before))


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_model_that_diverged_is_refused(number):
    logits = LAST.copy()
    logits[3, 1] = number
    with pytest.raises(DataError, match=f"Those of 1 samples .*, first id '{CASE.ids[3]}'"):
        shown(declared(CASE), logits)


def test_mistakes_in_a_batch_are_refused():
    with pytest.raises(DataError, match="never declared"):
        declared(CASE).final([-5], LAST[:1])
    with pytest.raises(DataError, match="logits of shape"):
        declared(CASE).final(CASE.ids[:2], LAST[:3])
    with pytest.raises(DataError, match="no label"):
        Recorder(CASE.ids).final(CASE.ids, LAST)


def test_an_epoch_that_closes_makes_another_model():
    recorder = feed(shown(recorded(CASE)), CASE, 0, 0)
    recorder.end_epoch()
    assert set(recorder.dynamics().channels) == set(TRAINING)
    shown(recorder, CASE.logits[0, 0])  # and may be shown everything again
    expected = shown(declared(CASE), CASE.logits[0, 0]).dynamics().channels["final_loss"]
    np.testing.assert_array_equal(recorder.dynamics().channels["final_loss"], expected)


def with_norms(recorder, rows=None, factor=2.0):
    rows = np.arange(N) if rows is None else np.asarray(rows, dtype=int)
    recorder.gradient_norms(CASE.ids[rows], factor * rows)
    return recorder


def test_gradient_norms_are_kept_over_the_epochs_that_follow():
    recorder = with_norms(declared(CASE))
    for epoch in range(EPOCHS):
        feed(recorder, CASE, 0, epoch).end_epoch()
    found = shown(recorder).dynamics()
    assert set(found.channels) == {*TRAINING, *FINAL, *GRADIENT}
    assert found.channels["gradient_norm"].tolist() == [(2.0 * np.arange(N)).tolist()]


@pytest.mark.parametrize(
    ("norms", "message"),
    [
        ([1.0], "2 ids need as many norms"),
        ([1.0, np.nan], "norms of Recorder.gradient_norms must be finite"),
        ([1.0, -1.0], "at least 0. Got -1"),
    ],
)
def test_what_are_no_norms_is_refused(norms, message):
    with pytest.raises(DataError, match=message):
        declared(CASE).gradient_norms(CASE.ids[:2], norms)


@pytest.mark.parametrize("stop", [0, 6, N])
def test_a_pass_that_was_interrupted_goes_on(stop, tmp_path):
    recorder = with_norms(shown(recorded(CASE), rows=range(stop)), range(stop))
    recorder.save(tmp_path / "a.npz")
    loaded = Recorder.load(tmp_path / "a.npz", like=declared(CASE))
    assert_same_state(loaded, recorder)
    with_norms(shown(loaded, rows=range(stop, N)), range(stop, N))
    assert_equal(loaded.dynamics(), with_norms(shown(recorded(CASE))).dynamics())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_shares_of_several_processes_come_together(seed, processes):
    draw = np.random.default_rng(seed)
    cuts = np.sort(draw.integers(0, N + 1, processes - 1))
    ranks = []
    for rows in np.split(draw.permutation(N), cuts):
        rank = recorded(CASE)
        if len(rows):
            with_norms(shown(rank, rows=rows), rows)
        ranks.append(rank)
    total = reduce(Recorder.merge, ranks)
    assert_same_state(total, reduce(Recorder.merge, ranks[::-1]))
    assert_equal(total.dynamics(), with_norms(shown(recorded(CASE))).dynamics())


def test_the_same_of_a_sample_is_merged_and_other_values_are_not():
    one = shown(declared(CASE))
    assert_same_state(one.merge(Recorder.from_state(one.state())), one)
    with pytest.raises(MismatchError, match=f"{N} samples came to Recorder.final of both"):
        one.merge(shown(declared(CASE), LAST + np.eye(3)[0]))
    with pytest.raises(MismatchError, match=r"Recorder.gradient_norms of both"):
        with_norms(declared(CASE)).merge(with_norms(declared(CASE), factor=3.0))
