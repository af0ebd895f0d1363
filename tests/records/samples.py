"""Hand-made records that are hard to store: hostile names, missing values, text ids."""

import numpy as np
import pandas as pd

from steelyard.records import (
    CHANNELS,
    Arm,
    ClassVerdict,
    Dynamics,
    Evaluation,
    Hardness,
    Interval,
    Labelled,
    Plan,
    Predictions,
    PriorVerdict,
    Recipe,
    Study,
    Verdict,
    Weighing,
)
from steelyard.records.evaluation import COLUMNS

NAMES = ("id", "<script>alert(1)</script>", "\"'`", "🦜", "two\nlines", "", "label", "nan", " ")
TEXT_IDS = np.array(["", "a/b.png", "🦜", "\n", "7", "nan", "None", "<b>", "é", "z", "Z", "0"])
INTEGER_IDS = np.array([5, -3, 2**62, 0, 7, 1, 9, 4, 8, 6, 2, 3])
IDS = {"text": TEXT_IDS, "integers": INTEGER_IDS}
n = len(TEXT_IDS)
LABELS = np.arange(n) % len(NAMES)
SPLIT = np.array(["train", "validation", "test"])[np.arange(n) % 3]


def table(ids=INTEGER_IDS, split=None):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": draw.normal(size=n),
            "label": draw.normal(size=n).astype(np.float32),
            "split": np.where(np.arange(n) % 2, np.nan, 1e-300),
            "x:": np.arange(n),
            "": np.full(n, np.nan),
            "🦜\n<b>": pd.Categorical(["<i>", "\n", "", None, "1", "é"] * 2),
            "flag": np.arange(n) % 2 == 0,
            "nothing": pd.Categorical([None] * n),
            "count": pd.array([1, None, 3] * 4, dtype="Int64"),
        }
    )
    return Labelled(frame, LABELS, NAMES, ids, split, name="<b>\n🦜")


def images(ids=INTEGER_IDS, split=None):
    pixels = np.random.default_rng(0).integers(0, 256, (n, 3, 4, 3), dtype=np.uint8)
    return Labelled(pixels, LABELS, NAMES, ids, split, name="<b>\n🦜")


def dynamics(ids=INTEGER_IDS, runs=2):
    draw = np.random.default_rng(1)
    channels = {name: draw.normal(size=(runs, n)) for name in CHANNELS}
    return Dynamics(ids, LABELS, NAMES, channels, 7, "0123456789abcdef")


def hardness(ids=INTEGER_IDS, name="aum", runs=2):
    draw = np.random.default_rng(2)
    spread = draw.random(n) if runs > 1 else np.full(n, np.nan)
    return Hardness(name, ids, LABELS, NAMES, draw.normal(size=n), spread, runs, "0123456789abcdef")


def predictions(ids=INTEGER_IDS, **changes):
    logits = np.random.default_rng(3).normal(0, 5, (n, len(NAMES)))
    prior = np.arange(1, len(NAMES) + 1) / sum(range(1, len(NAMES) + 1))
    return Predictions(ids, LABELS, logits, NAMES, **{"prior": prior, **changes})


def evaluation(split="test"):
    tables = {name: pd.DataFrame(columns=columns) for name, columns in COLUMNS.items()}
    cell = ("degree=0", "as trained", "uniform", "accuracy")
    tables["overall"] = pd.DataFrame(
        [
            (*cell, 0.75, 0.5, 1.0, 2, 3),
            ("degree=0", "as trained", "a", "accuracy", 0.5, 0.25, 1.0, 2, 3),
        ],
        columns=COLUMNS["overall"],
    )
    tables["by_class"] = pd.DataFrame(
        [(*cell[:3], "recall", name, 0, np.nan, np.nan, np.nan) for name in NAMES],
        columns=COLUMNS["by_class"],
    )
    tables["differences"] = pd.DataFrame(
        [
            (
                *("uniform", "accuracy", "degree=1", "as trained", *cell[:2]),
                *(-0.25, -0.5, 0.125, 0.125, 0.25, 0.5, 2),
            )
        ],
        columns=COLUMNS["differences"],
    )
    priors = {"uniform": np.full(len(NAMES), 1 / len(NAMES)), "a": np.eye(len(NAMES))[0]}
    return Evaluation(split, NAMES, priors, **tables, no_data=NAMES)


def verdict():
    some, none = Interval(0.5, 0.25, 1.0), Interval(0.0, 0.0, 0.0)
    shares = tuple(np.full(len(NAMES), 1 / len(NAMES)).tolist())
    answer = PriorVerdict(
        "<b>", shares, "leave", 0.5, "Leave\nit: 50 %.", some, none, none, none, some
    )
    classes = tuple(
        ClassVerdict(name, 2, 0.1, 0, None, None, 0.5, False, None, 0) for name in NAMES
    )
    classes += (ClassVerdict("seen", 1, 0.1, 3, some, none, 0.25, True, True, 1),)
    return Verdict("<b>", "0123456789abcdef", "Leave it.", (answer,), classes, 1, 2, 3)


def study():
    arms = (Arm("degree=0", Recipe()), Arm("<b>\n🦜", Recipe("cnn", widths=(3, 4)), 0.5))
    return Study("<b>", arms, 3, 4)


def weighing(ids=INTEGER_IDS, make=images):
    data = make(ids)
    scores = {name: hardness(ids, name) for name in ("aum", "el2n", "a score")}
    return Weighing(
        study(),
        scores,
        np.array(["ordinary", "hard", "suspect"] * (n // 3)),
        Plan.of(data, np.arange(n), np.ones(len(NAMES)), "by count, degree 0.5"),
        (predictions(ids, split="validation"), predictions(ids)),
        evaluation("validation"),
        evaluation(),
        verdict(),
        data.take(np.arange(4)),
        {"n": 12, "wall_seconds": 1.5, "command": None, "warnings": ["<b>"]},
    )


def assert_same(one, other):
    """Compare two records field by field: arrays bit for bit, with their types."""
    assert type(one) is type(other)
    for name in one.__dataclass_fields__:
        _assert_same_value(getattr(one, name), getattr(other, name), name)


def _assert_same_value(one, other, name):
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    elif isinstance(one, np.ndarray):
        assert one.dtype.kind == other.dtype.kind, name
        assert not other.flags.writeable, name
        np.testing.assert_array_equal(one, other, err_msg=name, strict=one.dtype.kind != "U")
    elif hasattr(one, "keys"):
        assert list(one) == list(other), name
        for key in one:
            _assert_same_value(one[key], other[key], f"{name}[{key!r}]")
    elif hasattr(one, "__dataclass_fields__"):
        assert_same(one, other)
    elif isinstance(one, tuple):
        assert len(one) == len(other), name
        for mine, theirs in zip(one, other, strict=True):
            _assert_same_value(mine, theirs, name)
    else:
        assert one == other, name
        assert type(one) is type(other), name
