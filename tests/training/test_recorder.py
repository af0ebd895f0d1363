"""The recorder against plain loops over a hand-made trace, and its guards."""

import numpy as np
import pytest
import torch
from toy_data import toy_images

from steelyard._support.errors import DataError
from steelyard.training import Recorder

DATA = toy_images((4, 3, 2))


def trace(epochs=5, seed=0):
    return np.random.default_rng(seed).normal(size=(epochs, len(DATA), 3)) * 2


def recorded(logits, batch=4, order=None):
    recorder = Recorder.of(DATA)
    for epoch in logits:
        rows = np.arange(len(DATA)) if order is None else order
        for start in range(0, len(rows), batch):
            chosen = rows[start : start + batch]
            recorder.update_rows(torch.from_numpy(chosen), torch.from_numpy(epoch[chosen]))
        recorder.end_epoch()
    return recorder.dynamics()


def slow(logits):
    """Each channel by its definition, one sample and epoch at a time."""
    n = len(DATA)
    out = {name: np.zeros(n) for name in ("margin", "probability", "loss", "error_norm", "correct")}
    out["forgetting"] = np.zeros(n)
    out["logit"] = np.zeros(n)
    out["first_learned"] = np.full(n, len(logits))
    for i in range(n):
        y = DATA.labels[i]
        was_right = False
        for epoch in logits:
            z = epoch[i]
            p = np.exp(z) / np.exp(z).sum()
            right = z[y] > max(z[k] for k in range(3) if k != y)
            out["margin"][i] += z[y] - max(z[k] for k in range(3) if k != y)
            out["probability"][i] += p[y]
            out["loss"][i] += -np.log(p[y])
            out["error_norm"][i] += np.linalg.norm(p - np.eye(3)[y])
            out["correct"][i] += right
            out["forgetting"][i] += was_right and not right
            out["logit"][i] += z[y]
            was_right = right
        rights = [epoch[i].argmax() == y for epoch in logits]
        out["first_learned"][i] = rights.index(True) if any(rights) else len(logits)
    return {
        k: v if k in ("forgetting", "first_learned") else v / len(logits) for k, v in out.items()
    }


def test_channels_equal_their_definitions():
    logits = trace()
    dynamics = recorded(logits)
    for name, expected in slow(logits).items():
        np.testing.assert_allclose(dynamics.channels[name][0], expected, atol=1e-12, err_msg=name)
    assert dynamics.n_epochs == 5
    assert dynamics.data_fingerprint == DATA.fingerprint


@pytest.mark.parametrize("batch", [1, 2, 9])
def test_batch_size_and_order_do_not_matter(batch):
    logits = trace()
    order = np.random.default_rng(1).permutation(len(DATA))
    for name, channel in recorded(logits, batch, order).channels.items():
        np.testing.assert_array_equal(channel, recorded(logits).channels[name])


def test_a_sample_that_comes_twice_in_an_epoch_counts_once():
    logits = trace(epochs=3)
    recorder = Recorder.of(DATA)
    for epoch in logits:
        rows = torch.tensor([*range(len(DATA)), 0, 0, 5])
        recorder.update_rows(rows, torch.from_numpy(epoch)[rows])
        recorder.end_epoch()
    for name, channel in recorder.dynamics().channels.items():
        np.testing.assert_allclose(channel[0], slow(logits)[name], atol=1e-12, err_msg=name)


def test_right_wrong_right_wrong_is_forgotten_twice_and_never_right_zero_times():
    epochs = np.zeros((4, len(DATA), 3))
    epochs[[0, 2], 0, DATA.labels[0]] = 5
    epochs[[1, 3], 0, (DATA.labels[0] + 1) % 3] = 5
    epochs[:, 1, (DATA.labels[1] + 1) % 3] = 5
    dynamics = recorded(epochs)
    assert dynamics.channels["forgetting"][0, 0] == 2
    assert dynamics.channels["forgetting"][0, 1] == 0
    assert dynamics.channels["correct"][0, 1] == 0


def test_nan_logits_name_the_epoch_and_the_sample():
    recorder = Recorder.of(DATA)
    logits = torch.zeros(len(DATA), 3)
    recorder.update_rows(torch.arange(len(DATA)), logits)
    recorder.end_epoch()
    logits[4, 1] = torch.nan
    recorder.update_rows(torch.arange(len(DATA)), logits)
    with pytest.raises(DataError, match=r"diverged in epoch 1 of run 0: 1 samples .* ids 4"):
        recorder.end_epoch()


def test_misuse_is_refused():
    recorder = Recorder.of(DATA)
    with pytest.raises(DataError, match="closed without a batch"):
        recorder.end_epoch()
    with pytest.raises(DataError, match=r"shape \(2, 3\). Got \(2, 4\)"):
        recorder.update(torch.arange(2), torch.zeros(2, 4))
    recorder.update_rows(torch.arange(2), torch.zeros(2, 3))
    recorder.end_epoch()
    with pytest.raises(DataError, match="7 of 9 samples were never seen"):
        recorder.dynamics()
