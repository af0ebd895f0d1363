"""Which epoch counts as early, and who is warned of a late one."""

import numpy as np
import pytest

from steelyard import Recorder
from steelyard._support.errors import SteelyardWarning


def in_epochs(*came, early_epoch):
    """Error norms: sample 0 comes in every epoch and sample 1 in those that are named."""
    recorder = Recorder([0, 1], [0, 0], early_epoch=early_epoch)
    for epoch in range(6):
        ids = [0, 1] if epoch in came else [0]
        recorder.update(ids, [[float(epoch), 0.0]] * len(ids))
        recorder.end_epoch()
    found = recorder.dynamics()
    # of two classes the norm is sqrt(2) times the other's probability
    norms = found.channels["early_error_norm"][0] / np.sqrt(2)
    return found.early_epoch, np.log(1 / norms - 1).round(6).tolist()


@pytest.mark.parametrize(
    ("came", "early_epoch", "epoch_of_1"),
    [((0, 1, 2), 2, 2), ((0, 1, 4), 3, 1), ((4, 5), 3, 4), ((0, 5), 0, 0), ((1, 2), 9, 2)],
)
def test_the_early_epoch_is_the_one_that_was_asked_for_or_the_next_best(
    came, early_epoch, epoch_of_1
):
    last = min(early_epoch, 5)  # of a shorter training its last epoch
    assert in_epochs(*came, early_epoch=early_epoch) == (last, [last, epoch_of_1])


def test_an_early_epoch_is_the_twentieth_if_nothing_is_said():
    assert Recorder([1]).early_epoch == 19


def of_epochs(n_epochs, **declaring):
    recorder = Recorder([0], [0], **declaring)
    for _ in range(n_epochs):
        recorder.update([0], [[1.0, 0.0]])
        recorder.end_epoch()
    return recorder


@pytest.mark.parametrize(("n_epochs", "tenth"), [(2, 0), (11, 1), (20, 1)])
def test_an_early_epoch_that_is_the_last_and_nobody_stated_is_warned_of(n_epochs, tenth):
    recorder = of_epochs(n_epochs)
    again = Recorder.from_state(recorder.state())
    merged = recorder.merge(again)
    for one in (recorder, again, merged):
        with pytest.warns(SteelyardWarning, match=f"last one, {n_epochs - 1}.*epoch={tenth}\\)"):
            assert one.dynamics().early_epoch == n_epochs - 1


@pytest.mark.parametrize(("n_epochs", "stated"), [(1, None), (21, None), (3, 2), (3, 0), (5, 19)])
def test_an_early_epoch_that_was_stated_or_is_early_is_not_warned_of(n_epochs, stated):
    recorder = of_epochs(n_epochs, early_epoch=stated)
    again = Recorder.from_state(recorder.state())
    found = {one.dynamics().early_epoch for one in (recorder, again, recorder.merge(again))}
    assert found == {min(19 if stated is None else stated, n_epochs - 1)}


def test_of_two_recorders_one_that_was_told_the_early_epoch_is_enough():
    one, other = of_epochs(3), of_epochs(3, early_epoch=19)
    for merged in (one.merge(other), other.merge(one)):
        assert merged.dynamics().early_epoch == 2
