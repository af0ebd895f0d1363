import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, MismatchError, ParameterError
from steelyard.records import Labelled, Plan
from steelyard.resampling import Pool, Reserve, Smote, by_count, prune, realise
from steelyard.resampling.select import OVER, UNDER

LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [20, 12, 6]))


def table(labels=LABELS, start=0, split=None):
    n = len(labels)
    values = np.random.default_rng(start).normal(size=(n, 2)) + labels[:, None]
    return Labelled(
        pd.DataFrame(values, columns=["x", "y"]), labels, "abc", np.arange(n) + start, split
    )


DATA = table()
MORE = table(np.tile(LABELS, 3), start=1000)
TOTALS = np.array([8, 12, 18])
WAYS = ("random", "easy", "hard", Smote(n_neighbours=3), Reserve(MORE), Pool(MORE))


def plan_of(**options):
    values = np.random.default_rng(1).normal(size=38)
    options = {"values": values, **options}
    return realise(DATA, TOTALS, TOTALS + 0.25, "by hand", **options)


@pytest.mark.parametrize("under", ["random", "easiest", "hardest"])
@pytest.mark.parametrize("over", WAYS, ids=str)
def test_every_way_meets_the_totals_exactly(under, over):
    plan = plan_of(under=under, over=over)
    assert plan.achieved.tolist() == TOTALS.tolist()
    assert plan.total == 38
    assert plan.requested.tolist() == (TOTALS + 0.25).tolist()
    if plan.added is not None:
        assert plan.added.class_counts.tolist() == [0, 0, 12]
        assert (plan.counts[LABELS == 2] == 1).all()
        whole, applied = plan.applied(DATA)
        assert len(whole) == 50
        assert applied.achieved.tolist() == TOTALS.tolist()


@pytest.mark.parametrize("over", ["random", Smote(n_neighbours=3), Reserve(MORE)], ids=str)
def test_a_plan_of_any_way_can_be_kept(over, tmp_path):
    plan = plan_of(over=over)
    plan.save(tmp_path / "plan.parquet")
    loaded = Plan.load(tmp_path / "plan.parquet")
    assert np.array_equal(loaded.counts, plan.counts)
    assert loaded.notes == plan.notes
    assert (loaded.added is None) == (plan.added is None)


def test_what_stays_as_it_is_is_said():
    kept = plan_of(under="none")
    assert kept.achieved.tolist() == [20, 12, 18]
    assert kept.notes == (
        "1 classes stay as they are, for nothing may be left out or repeated of them: the plan "
        "holds 50 draws of 38 asked for.",
    )
    assert plan_of(over="none").achieved.tolist() == [8, 12, 6]
    assert plan_of(under="none", over="none").is_identity
    assert plan_of().notes == ()
    both = plan_of(under="none", over=Smote(n_neighbours=3))
    assert both.achieved.tolist() == [20, 12, 18]
    assert len(both.notes) == 2


@pytest.mark.parametrize("under", UNDER)
@pytest.mark.parametrize("over", OVER)
def test_weights_are_fractions_where_samples_are_drawn_at_random_alone(under, over):
    plan = plan_of(under=under, over=over)
    shrinks, grows = LABELS == 0, LABELS == 2
    uses, counts = plan.expected_uses, plan.counts
    shrunk, grown = [8 / 20] * 20, [18 / 6] * 6
    assert uses[shrinks].tolist() == (shrunk if under == "random" else counts[shrinks].tolist())
    assert uses[grows].tolist() == (grown if over == "random" else counts[grows].tolist())
    assert uses[LABELS == 1].tolist() == [1] * 12
    if over in ("easy", "hard"):
        assert len(set(uses[grows])) > 1


def test_added_rows_are_told_of():
    (note,) = plan_of(over=Smote(n_neighbours=3)).notes
    assert note == (
        "Added rows are synthetic, mixed from neighbours of the same class. They are 12 of 38 "
        "draws."
    )
    assert plan_of(over=Reserve(MORE), notes=["First."]).notes[0] == "First."


def test_the_scheme_in_words():
    assert plan_of().scheme == "by hand"
    assert plan_of(under="easiest", over="hard").scheme == (
        "by hand, easiest left out, hard repeated more"
    )
    assert plan_of(over=Pool(MORE)).scheme == "by hand, grown from a pool, random"
    assert plan_of(over=Smote()).scheme == "by hand, grown by smote of 5 neighbours"
    assert plan_of(under="none", over="none").scheme == (
        "by hand, nothing left out, nothing repeated"
    )


def test_nothing_is_asked_of_a_source_when_no_class_grows():
    plan = realise(DATA, [8, 12, 6], [8, 12, 6], "s", over=Reserve(table(start=0)))
    assert plan.added is None
    assert plan.notes == ()


def test_a_class_without_samples_can_only_be_filled_by_rows():
    labels = np.array([0, 0, 0, 1, 1])
    data = table(labels)
    with pytest.raises(DataError, match=r"1 classes without a sample.*a Reserve or a Pool"):
        realise(data, [2, 2, 1], [2, 2, 1], "s")
    plan = realise(data, [2, 2, 1], [2, 2, 1], "s", over=Reserve(MORE))
    assert plan.achieved.tolist() == [2, 2, 1]


def test_by_count_is_realised_to_the_same_counts():
    plan = by_count(DATA, 0.7, seed=3)
    again = realise(DATA, plan.achieved, plan.requested, plan.scheme, seed=3)
    assert np.array_equal(again.counts, plan.counts)
    assert again.scheme == plan.scheme


def test_what_pruning_removed_is_a_reserve():
    pruned = prune(DATA, 0.5, level="class", remove="random")
    rest, aside = DATA.take(pruned.counts == 1), DATA.take(pruned.counts == 0)
    plan = realise(rest, [5, 9, 4], [5, 9, 4], "s", over=Reserve(aside))
    assert plan.achieved.tolist() == [5, 9, 4]
    assert set(plan.added.ids) <= set(aside.ids)
    with pytest.raises(DataError, match=r"The reserve holds 3 rows of class 'c'; 4 are wanted"):
        realise(rest, [5, 9, 7], [5, 9, 7], "s", over=Reserve(aside))


def test_training_parts_only():
    split = np.array(["train"] * 37 + ["validation"])
    with pytest.raises(MismatchError, match=r"class totals takes a training part.*held-out rows"):
        realise(table(split=split), TOTALS, TOTALS, "s")
    part = table(split=np.full(38, "train"))
    plan = realise(part, TOTALS, TOTALS, "s", over=Smote(n_neighbours=3))
    assert plan.applied(part)[0].parts == ("train",)


def test_ways_that_do_not_exist_are_refused():
    assert len(UNDER) == len(OVER) == 4
    for over in (None, 3, Smote, ("random",)):
        with pytest.raises(ParameterError, match=r"'over' .* a Smote, a Reserve or a Pool"):
            plan_of(over=over)
    with pytest.raises(ParameterError, match="did you mean 'random'"):
        plan_of(over="randomly")
    with pytest.raises(ParameterError, match="needs the hardness"):
        plan_of(over=Smote(), under="easiest", values=None)
    several = Labelled(DATA.inputs, np.ones((38, 3), bool), "abc", DATA.ids)
    with pytest.raises(DataError, match="one class a sample"):
        realise(several, TOTALS, TOTALS, "s")
