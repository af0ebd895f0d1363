"""The recorder against plain loops over hand-made traces, however the samples come."""

import numpy as np
import pytest
import torch
from dynamics_cases import CASES, of_rightness, random
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.dynamics import dynamics_of
from recordings import assert_equal, declared, dynamics, feed, recorded

from steelyard import Recorder
from steelyard._support.errors import DataError
from steelyard.records.dynamics import TRAINING
from steelyard.training import batches
from steelyard.training.channels import measure

CASE = CASES["random"]
ONE = CASES["one run"]


def expected(case):
    return dynamics_of(case.logits, case.labels, case.ids, case.class_names)


def assert_close(one, other, **tolerance):
    assert one.early_epoch == other.early_epoch
    for name in one.channels:
        np.testing.assert_allclose(
            one.channels[name], other.channels[name], err_msg=name, **tolerance
        )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_channel_equals_the_loop(case):
    assert_close(dynamics(case), expected(case), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_logits_of_32_bits_lose_no_more_than_their_own_digits(case):
    recorded_in_32 = dynamics(case, convert=lambda logits: logits.astype(np.float32))
    scale = max(1.0, np.abs(case.logits).max())
    assert_close(recorded_in_32, expected(case), rtol=1e-6, atol=1e-6 * scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_certain_answer_keeps_its_digits(dtype):
    recorder = Recorder(["right", "wrong"], [0, 0])
    logits = np.array([[40, 0, 1], [0, 40, 1]], dtype=dtype)
    recorder.update(["right", "wrong"], logits)
    recorder.end_epoch()
    channels = {name: channel[0] for name, channel in recorder.dynamics().channels.items()}
    small = np.exp(-40.0) + np.exp(-39.0)  # a difference of probabilities would give 0
    np.testing.assert_allclose(channels["loss"], [small, 40.0], rtol=1e-6)
    np.testing.assert_allclose(
        channels["error_norm"][0], np.sqrt(small**2 + np.exp(-80.0) + np.exp(-78.0)), rtol=1e-6
    )
    np.testing.assert_allclose(channels["probability"][1], np.exp(-40.0), rtol=1e-6)
    # p (1 - p) of the sample that is right, and of the one that is wrong
    np.testing.assert_allclose(channels["aleatoric"], [small, np.exp(-40.0)], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_that_hardly_differ_keep_the_digits_of_their_difference(dtype):
    recorder = Recorder(["first", "second"], [0, 1])
    step = dtype(2.0**-20)
    recorder.update(["first", "second"], np.array([[step, 0, 0], [step, 0, 0]], dtype=dtype))
    recorder.end_epoch()
    (found,) = recorder.dynamics().channels["probability_margin"]
    expected = np.expm1(float(step)) / (np.exp(float(step)) + 2)
    np.testing.assert_allclose(found, [expected, -expected], rtol=1e-6)


def test_what_is_recorded_without_a_final_pass_is_the_whole_group_of_training():
    assert set(dynamics(CASE).channels) == set(TRAINING)


def test_small_blocks_and_large_ones_give_the_same_bits(monkeypatch):
    once = dynamics(CASE)
    for block in (1, 16, 50):
        monkeypatch.setattr(batches, "BLOCK", block)
        for batch in (1, 3, 20):
            assert_equal(dynamics(CASE, batch=batch), once)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_of_a_sample_do_not_depend_on_its_neighbours(dtype):
    # vector instructions treat the last few numbers of an array otherwise than the others
    draw = np.random.default_rng(3)
    row = draw.normal(size=7).astype(dtype) * 9
    alone = None
    for n in (*range(1, 40), 1000, 30_001):
        recorder = Recorder(range(n), np.full(n, 2))
        recorder.update(range(n), np.tile(row, (n, 1)))
        recorder.end_epoch()
        channels = np.stack(list(recorder.dynamics().channels.values()))[:, 0]
        alone = channels if alone is None else alone
        np.testing.assert_array_equal(channels, np.broadcast_to(alone, channels.shape))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 25))
def test_neither_order_nor_batches_matter_and_a_sample_that_comes_twice_counts_once(seed, batch):
    draw = np.random.default_rng(seed)
    n = len(ONE.ids)

    def over_sampled(epoch):
        return draw.permutation(np.concatenate([np.arange(n), draw.integers(0, n, 9)]))

    plain = dynamics(ONE)
    again = dynamics(ONE, order=over_sampled, batch=batch)
    # the mean of three equal numbers may differ in its last bit
    for name, channel in plain.channels.items():
        np.testing.assert_allclose(again.channels[name], channel, rtol=1e-14, err_msg=name)
    assert_equal(dynamics(ONE, order=lambda epoch: draw.permutation(n), batch=batch), plain)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_the_average_of_several_appearances_does_not_depend_on_their_order(seed):
    draw = np.random.default_rng(seed)
    rows = draw.integers(0, 6, 40)
    logits = draw.normal(size=(40, 3)) * 10.0 ** draw.integers(-8, 8, (40, 1))
    states = []
    for order in (np.arange(40), draw.permutation(40)):
        recorder = Recorder(range(6), np.arange(6) % 3)
        for part in np.array_split(order, draw.integers(1, 9)):
            recorder.update(rows[part], logits[part])
        recorder.end_epoch()
        states.append(recorder.state()["past_sums"])
    np.testing.assert_array_equal(*states)


def test_several_appearances_are_averaged():
    recorder = Recorder([5, 6], [0, 1])
    recorder.update([5, 6, 5], [[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0]])
    recorder.update([5], [[5.0, 0.0]])
    recorder.end_epoch()
    channels = recorder.dynamics().channels
    np.testing.assert_allclose(channels["margin"][0], [2.0, 3.0])
    np.testing.assert_allclose(channels["correct"][0], [2 / 3, 1.0])
    assert channels["first_learned"][0].tolist() == [0, 0]


def test_what_comes_half_right_is_not_yet_learned():
    recorder = Recorder([5], [0])
    recorder.update([5, 5], [[2.0, 0.0], [-2.0, 0.0]])
    recorder.end_epoch()
    assert recorder.dynamics().channels["first_learned"].tolist() == [[1.0]]


def test_a_sample_that_is_left_out_of_an_epoch_keeps_what_it_had():
    case = of_rightness("101", "111")
    recorder = declared(case)
    for epoch, rows in enumerate(([0, 1], [1], [0, 1])):  # the first one misses its wrong epoch
        feed(recorder, case, 0, epoch, rows)
        recorder.end_epoch()
    channels = {name: channel[0] for name, channel in recorder.dynamics().channels.items()}
    assert channels["correct"].tolist() == [1, 1]
    assert channels["margin"].tolist() == [2, 2]
    assert channels["forgetting"].tolist() == [0, 0]


def test_a_probability_that_stays_what_it_was_has_exactly_no_variability():
    for dtype in (np.float32, np.float64):
        recorder = Recorder([5, 6], [0, 0], early_epoch=0)
        for _ in range(7):
            recorder.update([5, 6], np.array([[0.1, 0.3], [0.7, 0.2]], dtype=dtype))
            recorder.end_epoch()
        assert recorder.dynamics().channels["variability"].tolist() == [[0.0, 0.0]]


def test_the_variability_of_hardly_different_probabilities_keeps_its_digits():
    recorder = Recorder([5], [0], early_epoch=0)
    for logit in (8, 8 + 1e-6, 8, 8 + 1e-6):
        recorder.update([5], [[logit, 0.0]])
        recorder.end_epoch()
    low, high = (1 / (1 + np.exp(-logit)) for logit in (8, 8 + 1e-6))
    (found,) = recorder.dynamics().channels["variability"]
    np.testing.assert_allclose(found, (high - low) / 2, rtol=1e-5)


def test_learning_and_forgetting_are_counted_in_epochs():
    case = of_rightness("1010", "0000", "0011", "0101")
    channels = {name: channel[0] for name, channel in dynamics(case).channels.items()}
    assert channels["forgetting"].tolist() == [2, 0, 0, 1]
    assert channels["first_learned"].tolist() == [0, 4, 2, 1]


def test_a_batch_of_one_and_an_empty_one_are_batches():
    assert_equal(dynamics(CASE, batch=1), dynamics(CASE))
    recorder = declared(ONE)
    recorder.update([], np.zeros((0, 3)))
    assert_equal(feed_all(recorder).dynamics(), recorded(ONE).dynamics())


def feed_all(recorder):
    for epoch in range(ONE.logits.shape[1]):
        feed(recorder, ONE, 0, epoch)
        recorder.end_epoch()
    return recorder


class Foreign:
    """An array of a framework that is neither numpy nor torch."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)


@pytest.mark.parametrize(
    "convert",
    [torch.from_numpy, lambda logits: logits.tolist(), Foreign, np.asfortranarray],
    ids=["torch", "list", "foreign", "other memory order"],
)
def test_logits_come_from_any_framework(convert):
    assert_equal(dynamics(CASE, convert=convert), dynamics(CASE))


def test_gradients_are_left_alone_and_nothing_is_kept_alive():
    recorder = Recorder([1, 2], [0, 1])
    logits = torch.ones(2, 2, requires_grad=True) * 2
    recorder.update(torch.tensor([1, 2]), logits, torch.tensor([0, 1]))
    recorder.update_rows(torch.tensor([0, 1]), logits)
    assert all(not torch.is_tensor(c) or c.grad_fn is None for _, c in recorder._intake._held._held)
    logits.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("by_rows", [False, True])
def test_half_precision_is_lifted_before_anything_is_computed(dtype, by_rows):
    halves = torch.from_numpy(ONE.logits[0, 0]).to(dtype)
    states = []
    for logits in (halves, halves.float()):
        recorder = declared(ONE)
        if by_rows:
            recorder.update_rows(torch.arange(len(logits)), logits)
        else:
            recorder.update(ONE.ids, logits, ONE.labels)
        recorder.end_epoch()
        states.append(recorder.dynamics())
    assert_equal(*states)
    numpy_halves = declared(ONE)
    if dtype == torch.float16:
        numpy_halves.update(ONE.ids, halves.numpy(), ONE.labels)
        numpy_halves.end_epoch()
        assert_equal(numpy_halves.dynamics(), states[0])


def test_precisions_may_change_within_an_epoch(monkeypatch):
    states = []
    for block in (1, batches.BLOCK):  # with every batch alone, and with all of them together
        monkeypatch.setattr(batches, "BLOCK", block)
        batch = 5
        recorder = declared(ONE)
        for epoch in range(2):
            feed(recorder, ONE, 0, epoch, range(10), batch)
            feed(recorder, ONE, 0, epoch, range(10, 20), batch, lambda z: torch.tensor(z).float())
            recorder.end_epoch()
        states.append(recorder.dynamics())
    assert_equal(*states)
    np.testing.assert_array_equal(
        states[0].channels["margin"][0, :10],
        np.mean([recorded_epoch(epoch)[:10] for epoch in range(2)], axis=0),
    )


def recorded_epoch(epoch):
    recorder = feed(declared(ONE), ONE, 0, epoch)
    recorder.end_epoch()
    return recorder.dynamics().channels["margin"][0]


def test_the_logits_may_be_written_to_after_an_update():
    recorder, buffer = declared(ONE), np.empty((len(ONE.ids), 3))
    for kind in (np.asarray, torch.from_numpy):
        buffer[:] = ONE.logits[0, 0]
        recorder.update(ONE.ids, kind(buffer), ONE.labels)
        buffer[:] = 7
    recorder.end_epoch()
    np.testing.assert_array_equal(recorder.dynamics().channels["margin"][0], recorded_epoch(0))


def test_rows_and_columns_are_ways_to_the_same_record():
    rows = torch.from_numpy(np.random.default_rng(0).permutation(len(ONE.ids)))
    logits = torch.from_numpy(ONE.logits[0])
    states = []
    for way in ("rows", "view", "columns", "whole", "ids"):
        recorder = declared(ONE)
        for epoch in logits:
            for here in [rows] if way == "whole" else rows.split(6):
                if way in ("rows", "whole"):
                    recorder.update_rows(here, epoch[here])
                elif way == "view":
                    recorder.update_rows(here, epoch.T.contiguous()[:, here].T)
                elif way == "columns":
                    recorder.update_columns(here, epoch.T.contiguous()[:, here])
                else:
                    recorder.update(ONE.ids[here], epoch[here])
            recorder.end_epoch()
        states.append(recorder.dynamics())
        assert_equal(states[-1], recorded(ONE).dynamics())
    np.testing.assert_array_equal(logits.numpy(), ONE.logits[0])  # folding works on a copy


def test_labels_and_the_number_of_classes_are_learned_where_they_were_not_declared():
    recorder = Recorder(ONE.ids, early_epoch=0)
    assert recorder.n_classes is None
    learned = feed_all(recorder).dynamics()
    assert_equal(learned, recorded(ONE).dynamics())
    np.testing.assert_array_equal(learned.labels, ONE.labels)
    assert learned.class_names == ("0", "1", "2")


def test_a_class_that_the_model_rules_out_may_have_minus_infinity():
    recorder = Recorder([1], [0])
    recorder.update([1], [[1.0, 0.0, -np.inf]])
    recorder.end_epoch()
    np.testing.assert_allclose(recorder.dynamics().channels["loss"], np.log1p(np.exp(-1.0)))


@pytest.mark.parametrize(
    ("ids", "give"),
    [
        (np.arange(20), np.asarray),
        (np.arange(20) + 7, lambda ids: ids.astype(np.uint8)),
        (np.arange(20) - 7, torch.from_numpy),
        (np.arange(20) * 10**12, torch.from_numpy),
        (np.arange(20)[::-1] * 3, lambda ids: ids.tolist()),
        ([f"é/{i}.png" for i in range(20)], list),
        ([f"é/{i}.png" for i in range(20)], tuple),
        ([f"{i}" for i in range(20)], lambda ids: ids.astype(object)),
    ],
    ids=["numbers", "from seven", "negative", "sparse", "gaps", "list", "tuple", "objects"],
)
def test_ids_are_found_whatever_they_are(ids, give):
    recorder = Recorder(ids, ONE.labels)
    rows = np.random.default_rng(0).permutation(20)
    for here in np.array_split(rows, 3):
        recorder.update(give(np.asarray(ids)[here]), ONE.logits[0, 0, here])
    recorder.end_epoch()
    np.testing.assert_array_equal(recorder.dynamics().channels["margin"][0], recorded_epoch(0))


def test_memory_does_not_grow_with_epochs():
    recorder = declared(ONE)
    sizes = []
    for _ in range(3):
        feed(recorder, ONE, 0, 0)
        recorder.end_epoch()
        sizes.append(sum(array.nbytes for array in recorder.state().values()))
    assert len(set(sizes)) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_torch_computes_on_a_device_what_numpy_does_here(dtype):
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(7, 500)).astype(dtype) * 5
    labels = draw.integers(0, 7, 500)
    on_device = measure(torch.from_numpy(logits.copy()), torch.from_numpy(labels))
    here = measure(logits, labels)
    np.testing.assert_allclose(on_device.numpy(), here, rtol=1e-5, atol=1e-6)
    assert on_device.numpy().dtype == here.dtype == dtype


def test_many_classes_are_one_block_each():
    case = random(runs=1, epochs=2, n=30, classes=3)
    wide = np.random.default_rng(0).normal(size=(30, 300))
    recorder = Recorder(case.ids, case.labels)
    recorder.update(case.ids, wide)
    recorder.end_epoch()
    slow = dynamics_of(wide[None, None], case.labels, case.ids, [str(c) for c in range(300)])
    assert_close(recorder.dynamics(), slow, rtol=1e-12, atol=1e-12)
    with pytest.raises(DataError, match=r"\(1, 300\). Got \(1, 3\)"):
        recorder.update(case.ids[:1], np.zeros((1, 3)))
