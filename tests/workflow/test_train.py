import numpy as np
import pandas as pd
import pytest
from toy_data import parted, toy_table

from steelyard._support.errors import MismatchError, SteelyardWarning
from steelyard.datasets import split
from steelyard.records import Labelled, Plan, Recipe
from steelyard.resampling import Smote, by_count
from steelyard.workflow import train


def plan_that_adds(part: Labelled, rows: Labelled) -> Plan:
    counts = np.ones(len(part), dtype=int)
    return Plan.of(part, counts, part.class_counts + rows.class_counts, "by hand", added=rows)


def test_added_rows_are_trained_on_as_if_they_were_in_the_data():
    data = parted(toy_table())
    part = data.part("train")
    more = part.take(np.arange(40))
    rows = Labelled(more.inputs, more.labels, more.class_names, np.arange(10_000, 10_040))
    (whole, _), held_out = (
        plan_that_adds(part, rows).applied(part),
        data.take(data.split != "train"),
    )
    by_hand = Labelled(
        pd.concat([whole.inputs, held_out.inputs], ignore_index=True),
        np.append(whole.labels, held_out.labels),
        data.class_names,
        np.append(whole.ids, held_out.ids),
        np.append(np.full(len(whole), "train"), held_out.split),
    )
    added = train(data, "mlp", plan=plan_that_adds(part, rows))
    expected = train(by_hand, "mlp")
    for one, other in zip(added, expected, strict=True):
        np.testing.assert_array_equal(one.logits, other.logits)
        np.testing.assert_allclose(one.prior, whole.prior)
    assert not np.array_equal(added[0].logits, train(data, "mlp")[0].logits)


def test_rows_added_to_other_data_are_refused():
    data = parted(toy_table())
    part = data.part("train")
    other = part.take(np.arange(len(part) - 1))
    more = part.take(np.arange(4))
    rows = Labelled(more.inputs, more.labels, more.class_names, np.arange(10_000, 10_004))
    with pytest.raises(MismatchError, match="plan again on these data"):
        train(data, "mlp", plan=plan_that_adds(other, rows))


@pytest.mark.parametrize("seed", range(8))
def test_made_rows_are_trained_on_whatever_samples_are_held_out(seed):
    data = toy_table((60, 20))
    data = split(
        Labelled(data.inputs[["noise"]], data.labels, data.class_names, data.ids), seed=seed
    )
    plan = by_count(data.part("train"), 1.0, over=Smote(n_neighbours=2))
    predictions = train(data, "trees", plan=plan)[-1]
    assert plan.added is not None
    assert np.isin(predictions.ids, data.ids).all()


def test_a_plan_and_class_weights_that_both_move_the_classes_are_warned_of():
    data = parted(toy_table())
    weighted = Recipe(epochs=1, class_weighting=0.5)
    plan = by_count(data.part("train"), 0.5)
    with pytest.warns(SteelyardWarning, match="A sampler and loss weights multiply"):
        predictions = train(data, weighted, plan=plan)
    seen = plan.prior**0.5 / (plan.prior**0.5).sum()
    np.testing.assert_allclose(predictions[0].prior, seen)
    train(data, weighted, plan=by_count(data.part("train"), 0.0))  # warns of nothing
