"""What holds for the hardness by any score, tried on all that are registered."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError
from steelyard.checks.score_cases import NAMES, N, benches, contents, permuted, rows, take_runs
from steelyard.hardness import SCORES, estimate
from steelyard.records import load_scores, save_scores
from steelyard.records.inversions import Inversions
from steelyard.records.neighbours import Neighbours

BENCHES = benches()
OF_RUNS = [score for score in SCORES if score.reads is not Neighbours]
ORDER = np.random.default_rng(8).permutation(N)
every_score = pytest.mark.parametrize("score", SCORES, ids=lambda score: score.name)


def hardness(score, record):
    return estimate(record, [score.name])[score.name]


def same(one, other):
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.spread, other.spread)


@every_score
def test_permuted_rows_permute_values_and_change_no_ranking(score):
    case = BENCHES[score.reads].case
    one, other = hardness(score, case), hardness(score, permuted(case, ORDER))
    np.testing.assert_array_equal(other.values, one.values[ORDER])
    np.testing.assert_array_equal(other.spread, one.spread[ORDER])
    np.testing.assert_array_equal(other.ids[other.hardest(N)], one.ids[one.hardest(N)])
    # means add in the order of the rows, so that their last digit may differ
    pd.testing.assert_frame_equal(one.by_class(), other.by_class(), rtol=1e-12)


@every_score
@pytest.mark.parametrize("names", [("1", "-1", "0"), ("<b>", "\n", "é"), NAMES[::-1]])
def test_class_names_say_nothing(score, names):
    case = BENCHES[score.reads].case
    same(hardness(score, replace(case, class_names=names)), hardness(score, case))


@every_score
def test_the_same_record_gives_the_same_bits(score):
    same(hardness(score, benches()[score.reads].case), hardness(score, benches()[score.reads].case))


@every_score
def test_a_class_of_one_sample_is_scored_and_shown(score):
    found = hardness(score, BENCHES[score.reads].case)
    row = found.by_class().set_index("class").loc[NAMES[2]]
    assert row["count"] == 1
    assert row["mean"] == row["median"] == found.values[-1]


@every_score
def test_samples_that_are_all_alike_tie_and_are_ranked_by_id(score):
    found = hardness(score, BENCHES[score.reads].constant)
    assert len(set(found.values.tolist())) == 1
    assert set(found.ranks.tolist()) == {0.5}
    assert found.ids[found.hardest(9)].tolist() == sorted(found.ids.tolist())
    if found.n_runs > 1:
        assert found.spread.max() < 1e-15


@every_score
def test_one_sample_is_enough(score):
    case = BENCHES[score.reads].case
    of_runs = score in OF_RUNS
    alone = rows(case, np.array([3])) if of_runs else BENCHES[score.reads].little[0]
    found = hardness(score, alone)
    assert found.values.shape == (1,)
    assert found.ranks.tolist() == [0.5]
    if of_runs:
        assert found.values[0] == hardness(score, case).values[3]


@pytest.mark.parametrize("score", OF_RUNS, ids=lambda score: score.name)
def test_the_order_of_the_runs_says_nothing(score):
    case = BENCHES[score.reads].case
    turned = take_runs(case, range(case.n_runs)[::-1])
    np.testing.assert_allclose(hardness(score, turned).values, hardness(score, case).values)
    np.testing.assert_allclose(hardness(score, turned).spread, hardness(score, case).spread)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@every_score
def test_no_score_is_made_of_what_is_not_finite(score, bad):
    case = BENCHES[score.reads].case
    for name in score.needs or [{Neighbours: "distances", Inversions: "wrong_since"}[score.reads]]:
        spoilt = contents(case)[name].copy()
        spoilt[1, 4] = bad
        change = {"channels": {**case.channels, name: spoilt}} if score.needs else {name: spoilt}
        with pytest.raises(DataError, match=r"must be finite|must lie in \[0, 1\]"):
            replace(case, **change)


@every_score
def test_a_stored_score_comes_back(score, tmp_path):
    found = hardness(score, BENCHES[score.reads].case)
    save_scores({score.name: found}, tmp_path / "scores.parquet")
    same(load_scores(tmp_path / "scores.parquet")[score.name], found)


@every_score
def test_values_lie_within_the_stated_bounds(score):
    low, high = score.bounds
    assert low < high
    for record in (BENCHES[score.reads].case, *BENCHES[score.reads].hardest.values()):
        values = hardness(score, record).values
        assert (values >= low - 1e-12).all()
        assert (values <= high + 1e-12).all()


@every_score
def test_a_score_declares_whether_it_is_negated(score):
    assert score.negated == score.formula.startswith("-")
