"""What the networks of an arm train on: exact counts, alike where arms share a pruning."""

import numpy as np
import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.records import Hardness, HardnessArm, Labelled
from steelyard.workflow.hardness_study.parts import Parts
from steelyard.workflow.hardness_study.plans import draws_of, together
from steelyard.workflow.hardness_study.scored import Scored

K, EACH = 4, 50
N = K * EACH
NOISE = 0.05


def labelled(n, ids, seed):
    images = np.random.default_rng(seed).integers(0, 256, (n, 3, 3, 1), dtype=np.uint8)
    return Labelled(images, np.arange(n) % K, tuple("abcd"), ids)


TRAIN = labelled(N, np.arange(N), 0)
POOL = labelled(400, np.arange(400) + 1000, 1)
TEST = labelled(40, np.arange(40) + 5000, 2)
# mean margins of 2, 2.5, 3 and 3.5: class a is the hardest
MARGINS = TRAIN.labels / 2 + 2 + np.random.default_rng(3).uniform(-1, 1, N)
AUM = Hardness("aum", TRAIN.ids, TRAIN.labels, TRAIN.class_names, -MARGINS, np.zeros(N), 2, "")
SCORED = Scored(
    {"aum": -np.stack([MARGINS, MARGINS])},
    {"aum": AUM},
    np.full(N, 0.9),
    np.random.default_rng(4).uniform(size=400),
    (),
)
PARTS = Parts(TRAIN, POOL, TEST)


def drawn(repetition=0, parts=PARTS, **values):
    return draws_of(HardnessArm("arm", **values), parts, SCORED, NOISE, 0, repetition)


def asked(alpha=1):
    """Return the published counts by hand: N / H over the sum, about their mean."""
    means = np.array([MARGINS[TRAIN.labels == code].mean() for code in range(K)])
    counts = np.rint(N / means / (1 / means).sum())
    middle = int(counts.mean())
    away = np.trunc(alpha * np.abs(counts - middle))
    return np.where(counts > middle, middle + away, middle - away).astype(int)


def test_counts_are_the_published_ones():
    draws = drawn(mode="paper-v1", over="random", under="easiest")
    assert draws.of_classes(TRAIN).tolist() == asked().tolist()
    assert draws.added is None
    easy = TRAIN.labels == 3  # the easiest of the easiest class are left out
    left = MARGINS[easy][draws.counts[easy] == 0]
    assert left.min() > MARGINS[easy][draws.counts[easy] > 0].max()


def test_none_leaves_a_side_as_it_is():
    grown = drawn(mode="paper-v1", over="random", under="none").of_classes(TRAIN)
    shrunk = drawn(mode="paper-v1", over="none", under="easiest").of_classes(TRAIN)
    assert grown.tolist() == np.maximum(asked(), EACH).tolist()
    assert shrunk.tolist() == np.minimum(asked(), EACH).tolist()


def test_noise_is_left_out_first():
    draws = drawn(without_noise=True)
    gone = np.flatnonzero(draws.counts == 0)
    assert len(gone) == int(NOISE * N)
    assert MARGINS[gone].max() < MARGINS[draws.counts > 0].min()


@pytest.mark.parametrize("over", ["random", "smote", "held-out"])
def test_arms_with_one_pruning_have_the_same_left(over):
    left = drawn(pruning="random", rate=0.4)
    assert left.of_classes(TRAIN).tolist() == [30] * K
    refilled = drawn(pruning="random", rate=0.4, mode="paper-v2", over=over, under="easiest")
    # ratios of all that were scored, of the samples that are left
    means = np.array([MARGINS[TRAIN.labels == code].mean() for code in range(K)])
    counts = np.rint(120 / means / (1 / means).sum())
    assert refilled.of_classes(TRAIN).tolist() == counts.tolist()
    mine = refilled.counts[left.counts == 0]
    if over == "held-out":  # real samples that had been taken away, each once
        assert mine.sum() == (counts - 30)[counts > 30].sum()
        assert mine.max() == 1
        assert refilled.added is None
    else:
        assert mine.sum() == 0


def test_repetitions_draw_anew():
    one, other = (drawn(number, pruning="random", rate=0.4).counts for number in (0, 1))
    assert (one != other).any()
    assert (one == drawn(0, pruning="random", rate=0.4).counts).all()


def test_levels_of_pruning():
    whole = drawn(pruning="dataset", rate=0.5)
    assert whole.counts.sum() == N // 2
    assert MARGINS[whole.counts > 0].max() < MARGINS[whole.counts == 0].min()
    assert drawn(pruning="class", rate=0.5).of_classes(TRAIN).tolist() == [25] * K


def test_a_pool_gives_rows_of_its_own():
    draws = drawn(mode="paper-v2", over="pool-hardest", under="easiest")
    wanted = np.maximum(asked() - EACH, 0)
    assert draws.added.class_counts.tolist() == wanted.tolist()
    # of the two times as many that stand first
    for code in np.flatnonzero(wanted):
        confidence = np.sort(SCORED.pool_confidence[POOL.labels == code])
        first = confidence[2 * wanted[code] - 1]
        rows = draws.added.inputs[draws.added.labels == code]
        places = [np.flatnonzero((POOL.inputs == row).all(axis=(1, 2, 3)))[0] for row in rows]
        assert SCORED.pool_confidence[places].max() <= first


def test_what_cannot_be_is_an_error():
    with pytest.raises(DataError, match="no pool"):
        drawn(mode="paper-v2", over="pool-random", under="easiest", parts=Parts(TRAIN, None, TEST))
    with pytest.raises(ParameterError, match="asks for"):
        drawn(mode="paper-v1", degree=9, over="random", under="easiest")


def test_networks_of_an_arm_train_as_one():
    draws = [drawn(r, mode="paper-v2", over="smote", under="easiest") for r in range(3)]
    whole, plans = together(TRAIN, draws, TEST.ids)
    n_added = [len(one.added) for one in draws]
    assert len(whole) == N + sum(n_added)
    assert not np.isin(whole.ids[N:], TEST.ids).any()
    for number, (one, plan) in enumerate(zip(draws, plans, strict=True)):
        assert plan.achieved.tolist() == one.of_classes(TRAIN).tolist()
        assert (plan.counts[:N] == one.counts).all()
        mine = plan.counts[N:] > 0
        start = sum(n_added[:number])
        assert np.flatnonzero(mine).tolist() == list(range(start, start + n_added[number]))
        assert (whole.inputs[N:][mine] == one.added.inputs).all()


def test_names_stay_apart_where_ids_are_text():
    named = Labelled(TRAIN.inputs, TRAIN.labels, TRAIN.class_names, [f"added{i}" for i in range(N)])
    pool = Labelled(POOL.inputs, POOL.labels, POOL.class_names, [f"p{i}" for i in range(400)])
    own = Hardness("aum", named.ids, named.labels, named.class_names, -MARGINS, np.zeros(N), 2, "")
    scored = Scored({}, {"aum": own}, SCORED.confidence, SCORED.pool_confidence, ())
    arm = HardnessArm("arm", mode="paper-v2", over="pool-random", under="easiest")
    draws = [draws_of(arm, Parts(named, pool, TEST), scored, NOISE, 0, 0)]
    whole, _ = together(named, draws, np.array(["added0"]))
    assert len(set(whole.ids.tolist())) == len(whole)
