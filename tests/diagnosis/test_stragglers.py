"""What is wrong at an epoch and from there on, held against a loop over samples."""

import numpy as np
import pytest
from manifold_histories import history

from steelyard.diagnosis import stragglers
from steelyard.diagnosis.stragglers import wrong_from


def test_by_hand():
    # samples 0 and 1 are of class a, which is looked at at 7; sample 2 of b, at 5; 3 of c, never
    errors = np.array([[[1, 1, 1, 1], [0, 1, 0, 1], [1, 0, 1, 1]]])
    made = history(np.ones((1, 3, 3)), [0, 0, 1, 2], errors, epochs=[5, 7, 9])
    wrong, since = wrong_from(made, np.array([[7, 5, -1]]))
    assert wrong.tolist() == [[False, True, True, False]]
    assert since.tolist() == [[1 / 2, 1 / 2, 2 / 3, 0]]


@pytest.mark.parametrize("unpacked", [2**24, 1, 100])
def test_as_a_loop_over_samples_counts(unpacked, monkeypatch):
    monkeypatch.setattr(stragglers, "_UNPACKED", unpacked)
    rng = np.random.default_rng(0)
    runs, n_epochs, n, k = 3, 600, 43, 5  # more epochs than a byte can count
    labels, errors = rng.integers(0, k, n), rng.random((runs, n_epochs, n)) < rng.random(n)
    errors[:, :, 0] = True
    recorded = np.sort(rng.choice(1000, n_epochs, replace=False))
    chosen = rng.choice(recorded[20:], (runs, k))
    chosen[1, 2], chosen[2], chosen[0, :2] = -1, recorded[0], recorded[-1]
    made = history(np.ones((runs, n_epochs, k)), labels, errors, recorded)
    wrong, since = wrong_from(made, chosen)
    for run in range(runs):
        for sample, code in enumerate(labels):
            if chosen[run, code] < 0:
                assert not wrong[run, sample]
                assert since[run, sample] == 0
                continue
            own = errors[run, recorded >= chosen[run, code], sample]
            assert wrong[run, sample] == own[0]
            assert since[run, sample] == own.mean()


def test_a_run_without_any_epoch_has_no_straggler():
    made = history(np.ones((2, 3, 1)), [0, 0], np.ones((2, 3, 2)))
    wrong, since = wrong_from(made, np.array([[-1], [1]]))
    assert wrong.tolist() == [[False, False], [True, True]]
    assert since.tolist() == [[0, 0], [1, 1]]
