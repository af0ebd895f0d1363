from collections import Counter
from itertools import count, islice

import numpy as np
import pytest
import torch

from steelyard._support.errors import DataError, ParameterError
from steelyard.resampling.stream import balanced_stream

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.choice(["a", "b", "c"], 6000, p=[0.9, 0.08, 0.02]).tolist()
PAIRS = list(enumerate(LABELS))


def labels_of(pairs):
    return [label for _, label in pairs]


def test_degree_0_passes_the_stream_on_as_it_is():
    assert list(balanced_stream(PAIRS, degree=0)) == PAIRS
    assert list(balanced_stream(PAIRS, degree=0, target={"z": 1})) == PAIRS


@pytest.mark.parametrize("degree", [-0.3, 0.5, 1.0, 1.4])
def test_shares_follow_the_counts_seen_so_far_at_every_step(degree):
    seen, given = Counter(), Counter()
    asked = Counter()
    most = 0.0
    for (_, label), (_, drawn) in zip(PAIRS, balanced_stream(PAIRS, degree=degree), strict=True):
        seen[label] += 1
        total = sum(n ** (1 - degree) for n in seen.values())
        for name, n in seen.items():
            asked[name] += n ** (1 - degree) / total
        given[drawn] += 1
        for name, wanted in asked.items():
            assert given[name] - wanted < 1
            assert wanted - given[name] <= 1 + 1 / 2 + 1 / 3
            most = max(most, abs(wanted - given[name]))
    assert most < 1  # as it happens; the bound is above
    assert len(list(balanced_stream(PAIRS, degree=degree))) == len(PAIRS)


def test_a_target_is_reached_and_a_class_of_weight_0_stays_out():
    drawn = labels_of(balanced_stream(PAIRS, target={"a": 1, "b": 3, "c": 0}))
    found = Counter(drawn[500:])
    assert found["c"] == 0
    assert found["b"] / found.total() == pytest.approx(0.75, abs=0.01)
    assert labels_of(balanced_stream([(0, "c"), (1, "a"), (2, "c")], target={"a": 1, "c": 0})) == [
        "a",
        "a",
    ]


def test_a_target_is_approached_to_the_degree():
    weights = {"a": 1, "b": 3, "c": 1}
    found = Counter(labels_of(balanced_stream(PAIRS, degree=0.5, target=weights))[1000:])
    shares = {name: np.sqrt(n * weights[name]) for name, n in Counter(LABELS).items()}
    for name, share in shares.items():
        assert found[name] / found.total() == pytest.approx(share / sum(shares.values()), abs=0.02)


def test_fresh_items_come_before_used_ones_and_used_ones_in_turn():
    rare = [(n, "a") for n in range(4)] + [(n, "b") for n in range(100, 300)]
    drawn = [item for item, label in balanced_stream(rare) if label == "a"]
    assert sorted(drawn[:4]) == [0, 1, 2, 3]
    assert all(set(drawn[at : at + 4]) == {0, 1, 2, 3} for at in range(len(drawn) - 4))
    common = [item for item, label in balanced_stream(rare) if label == "b"]
    assert len(set(common)) == len(common) > 90


def test_every_item_of_a_class_that_shrinks_has_its_chance():
    stream = [(n, "ab"[n % 10 == 0]) for n in range(3000)]
    times = Counter()
    for seed in range(60):
        times.update(n for n, label in balanced_stream(stream, seed=seed) if label == "a")
    common = [times[n] for n in range(1000, 2000) if n % 10]
    assert min(common) > 10
    assert np.mean(common) == pytest.approx(60 * 0.5 / 0.9, rel=0.05)


def test_what_is_kept_is_bounded():
    class Counted:
        alive = 0

        def __init__(self):
            Counted.alive += 1

        def __del__(self):
            Counted.alive -= 1

    stream = ((Counted(), n % 7 == 0) for n in range(5000))
    most = 0
    for _ in balanced_stream(stream, buffer=16):
        most = max(most, Counted.alive)
    assert 16 < most <= 2 * 16 + 4


def test_an_endless_stream_needs_nothing_of_its_end():
    drawn = list(islice(balanced_stream((n, n % 3 == 0) for n in count()), 3000))
    assert np.mean(labels_of(drawn)) == pytest.approx(0.5, abs=0.01)


def test_it_repeats_and_the_names_of_classes_change_nothing():
    drawn = list(balanced_stream(PAIRS, seed=4))
    assert drawn == list(balanced_stream(PAIRS, seed=4))
    assert drawn != list(balanced_stream(PAIRS, seed=5))
    renamed = [(item, {"a": 3, "b": -1, "c": 0}[label]) for item, label in PAIRS]
    assert [item for item, _ in balanced_stream(renamed, seed=4)] == [item for item, _ in drawn]


def test_labels_may_be_tensors_and_come_back_as_they_are():
    stream = [(n, torch.tensor(n % 4 == 0)) for n in range(400)]
    drawn = list(balanced_stream(stream, max_classes=2))
    assert all(isinstance(label, torch.Tensor) for _, label in drawn)
    assert sum(bool(label) for _, label in drawn) == pytest.approx(200, abs=2)
    arrays = [(n, np.int64(n % 4 == 0)) for n in range(400)]
    assert [n for n, _ in balanced_stream(arrays)] == [n for n, _ in drawn]


@pytest.mark.parametrize(
    ("stream", "options", "error", "message"),
    [
        (
            [(0, n) for n in range(5)],
            {"max_classes": 4},
            DataError,
            "more than 4 classes, the last 4",
        ),
        ([(0, "a"), (0, "b")], {"target": {"a": 1}}, DataError, "'b' is not in the target"),
        ([1], {}, DataError, "pairs of an item and a label. Got int"),
        ([1], {"degree": 0}, DataError, "pairs of an item"),
        ([(0, [1])], {}, DataError, "one label an item"),
        ([(0, np.zeros(2))], {}, DataError, "one label an item"),
        ([(0, float("nan"))], {}, DataError, "one label an item"),
    ],
)
def test_streams_that_cannot_be_balanced_are_refused(stream, options, error, message):
    with pytest.raises(error, match=message):
        list(balanced_stream(stream, **options))


@pytest.mark.parametrize(
    "options",
    [
        {"degree": float("inf")},
        {"buffer": 0},
        {"max_classes": 0},
        {"seed": -1},
        {"target": {"a": -1}},
        {"target": {"a": 0}},
        {"target": {"a": float("nan")}},
        {"target": {"a": 0, "b": 1}, "degree": -1},
    ],
)
def test_arguments_are_checked_at_the_call(options):
    with pytest.raises(ParameterError):
        balanced_stream(PAIRS, **options)
