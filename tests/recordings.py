"""Ways to feed a recorder the hand-made traces, shared by its tests."""

import numpy as np

from steelyard import Dynamics, Recorder


def declared(case, **values):
    known = {"data_fingerprint": "hand-made", "early_epoch": 0}
    return Recorder(case.ids, case.labels, case.class_names, **{**known, **values})


def feed(recorder, case, run, epoch, rows=None, batch=7, convert=np.asarray):
    """Feed some rows of one epoch in batches; leave the epoch open."""
    rows = np.arange(len(case.ids)) if rows is None else np.asarray(rows)
    for start in range(0, len(rows), batch):
        here = rows[start : start + batch]
        logits = convert(case.logits[run, epoch, here])
        recorder.update(case.ids[here], logits, case.labels[here])
    return recorder


def recorded(case, run=0, order=None, declaring=None, **values):
    """A recorder that saw every epoch of a run, each in the order that `order` draws."""
    recorder = declared(case, **(declaring or {}))
    for epoch in range(case.logits.shape[1]):
        feed(recorder, case, run, epoch, None if order is None else order(epoch), **values)
        recorder.end_epoch()
    return recorder


def dynamics(case, **values):
    runs = range(len(case.logits))
    return Dynamics.stack([recorded(case, run, **values).dynamics() for run in runs])


def assert_equal(one, other):
    """Compare the channels of two dynamics, bit for bit."""
    assert list(one.channels) == list(other.channels)
    for name, channel in one.channels.items():
        np.testing.assert_array_equal(channel, other.channels[name], err_msg=name)
    assert (one.n_epochs, one.early_epoch) == (other.n_epochs, other.early_epoch)


def assert_same_state(one, other):
    """Compare all that two recorders know, bit for bit."""
    one, other = one.state(), other.state()
    assert list(one) == list(other)
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)
