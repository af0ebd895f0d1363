import warnings
from collections import Counter

import imblearn
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import InstanceHardnessThreshold
from imblearn.utils.estimator_checks import estimator_checks_generator as imblearn_checks
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.utils.estimator_checks import estimator_checks_generator as sklearn_checks

from steelyard._support.errors import DataError, ParameterError
from steelyard.datasets import load
from steelyard.resampling import Smote, by_count
from steelyard.workflow.resampler import Resampler, uses_in_turns

RANDOM = np.random.default_rng(0)
Y = RANDOM.permutation(np.repeat([0, 1, 2], [80, 30, 10]))
X = RANDOM.normal(size=(120, 3)) + Y[:, None]
QUICK = LogisticRegression()
CANNOT = {
    "check_fit1d": "X may be a list of texts: a row may be anything",
    "check_array_api_input": "skips itself unless SCIPY_ARRAY_API is set",
}
SAMPLERS = {
    "count": Resampler(random_state=0),
    "hardness": Resampler("hardness", estimator=QUICK, random_state=0),
    "count, easiest": Resampler(under="easiest", over="hard", estimator=QUICK, random_state=0),
}


def every_check():
    for by, sampler in SAMPLERS.items():
        for checks in (imblearn_checks, sklearn_checks):
            for estimator, check in checks(sampler):
                name = getattr(check, "func", check).__name__
                if name not in CANNOT:
                    yield pytest.param(estimator, check, id=f"{by}-{name}")


@pytest.mark.parametrize(("estimator", "check"), list(every_check()))
def test_the_checks_of_imbalanced_learn_and_scikit_learn_pass(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks' own: tiny folds, old types
        check(estimator)


def test_counts_are_those_of_the_plan_and_of_the_seed():
    sampler = Resampler(degree=0.5, random_state=3)
    new_x, new_y = sampler.fit_resample(X, Y)
    plan = by_count(load(X, Y), 0.5, seed=3)
    assert np.array_equal(sampler.plan_.counts, plan.counts)
    assert np.array_equal(np.bincount(sampler.sample_indices_, minlength=120), plan.counts)
    assert np.array_equal(new_x, X[sampler.sample_indices_])
    assert np.array_equal(new_y, Y[sampler.sample_indices_])
    assert Counter(new_y.tolist()) == sampler.sampling_strategy_
    assert len(new_y) == 120
    # all that are used, in order, come first
    assert (
        sampler.sample_indices_[: (plan.counts > 0).sum()].tolist()
        == np.flatnonzero(plan.counts).tolist()
    )


@pytest.mark.parametrize(
    ("size", "expected"), [("constant", [40] * 3), ("grow", [80] * 3), ("shrink", [10] * 3)]
)
def test_sizes_and_degrees_reach_the_plan(size, expected):
    _, y = Resampler(size=size, random_state=0).fit_resample(X, Y)
    assert np.bincount(y).tolist() == expected
    same_x, same_y = Resampler(degree=0, size=size).fit_resample(X, Y)
    assert np.array_equal(same_x, X)
    assert np.array_equal(same_y, Y)


@pytest.mark.parametrize(
    "options",
    [
        {"shares": [3, 1, 1]},
        {"interpolation": "linear", "degree": 0.5},
        {"floor": 25, "degree": 0.2},
        {"cap": 50, "degree": 0.2},
        {"max_repeat": 1.5},
        {"under": "none"},
        {"over": "none"},
    ],
)
def test_by_count_every_parameter_reaches_the_plan(options):
    options = {"degree": 1.0, **options}
    sampler = Resampler(random_state=0, **options).fit(X, Y)
    assert not hasattr(sampler, "hardness_")
    assert np.array_equal(sampler.plan_.counts, by_count(load(X, Y), seed=0, **options).counts)
    plain = Resampler(random_state=0, degree=options["degree"]).fit(X, Y)
    assert not np.array_equal(sampler.plan_.achieved, plain.plan_.achieved)


def test_shares_may_go_by_label():
    by_label = Resampler(shares={2: 1, 0: 3, 1: 1}, random_state=0).fit(X, Y)
    assert by_label.sampling_strategy_ == {0: 72, 1: 24, 2: 24}
    with pytest.raises(ParameterError, match="must name classes of the data"):
        Resampler(shares={3: 1}).fit(X, Y)


def test_by_count_rows_may_be_chosen_by_their_hardness():
    options = {"estimator": QUICK, "random_state": 0}
    sampler = Resampler(**options)
    plain = sampler.fit(X, Y).plan_
    easiest = sampler.set_params(under="easiest").fit(X, Y)
    values, counts, mine = easiest.hardness_.values, easiest.plan_.counts, Y == 0
    assert np.array_equal(easiest.plan_.achieved, plain.achieved)
    assert (counts[mine] == 0).sum() == 40
    assert values[mine & (counts == 0)].max() <= values[mine & (counts > 0)].min()
    hardest = Resampler(under="hardest", over="hard", **options).fit(X, Y).plan_.counts
    assert values[mine & (hardest == 0)].min() >= values[mine & (hardest > 0)].max()
    assert not np.array_equal(hardest[~mine], counts[~mine])  # over
    assert not hasattr(sampler.set_params(under=None).fit(X, Y), "hardness_")
    assert np.array_equal(sampler.plan_.counts, plain.counts)


def test_by_hardness_the_easiest_are_left_out_by_default():
    def counts(**options):
        sampler = Resampler("hardness", estimator=QUICK, random_state=0, **options)
        return sampler.fit(X, Y).plan_.counts.tolist()

    assert counts() == counts(under="easiest") != counts(under="random")


@pytest.mark.parametrize("by", ["count", "hardness"])
def test_rows_that_would_be_added_are_refused(by):
    with pytest.raises(ParameterError, match=r"can add none. Got over=Smote\(.*imbalanced-learn's"):
        Resampler(by, over=Smote()).fit(X, Y)
    # what the hint says
    pipeline = make_pipeline(Resampler(by, 0.5, over="none", random_state=0), SMOTE())
    assert len(set(np.bincount(pipeline.fit_resample(X, Y)[1]))) == 1


def name_blind(sampler):
    """Return whether the rows that a sampler takes stay when the two classes are renamed."""
    y = (Y > 0).astype(int)
    taken = []
    for names in ([0, 1], [-1, 1], ["a", "b"], ["b", "a"], [7.0, 3.0], [False, True]):
        one = clone(sampler)
        try:
            one.fit_resample(X, np.array(names)[y])
        except (IndexError, ValueError):  # labels as positions
            return False
        taken.append(np.bincount(one.sample_indices_, minlength=120).tolist())
    return all(one == taken[0] for one in taken)


@pytest.mark.parametrize(
    "sampler",
    [
        *SAMPLERS.values(),
        Resampler("hardness", under="hardest", estimator=QUICK, random_state=1),
        Resampler("hardness", random_state=1),
    ],
)
def test_no_row_depends_on_what_the_classes_are_called(sampler):
    assert name_blind(sampler)


@pytest.mark.skipif(imblearn.__version__ != "0.14.2", reason="the version that was measured")
def test_the_test_of_names_catches_a_sampler_that_takes_labels_for_positions():
    sampler = InstanceHardnessThreshold(estimator=QUICK, random_state=0)
    assert not name_blind(sampler)
    # the probability of the label -1 is read from the last column, the other class's: of the
    # majority it keeps the rows that look most like the minority
    y = np.where(Y > 0, 1, -1)
    kept = {}
    for labels in (np.maximum(y, 0), y):
        one = clone(sampler)
        one.fit_resample(X, labels)
        rows = one.sample_indices_
        kept[labels.min()] = X[rows[y[rows] == -1]].sum(axis=1).mean()
    assert kept[-1] > kept[0] + 1


def test_by_hardness_the_hard_class_grows_and_its_easy_rows_of_others_go():
    easy = np.repeat([0, 1, 2], 100)
    x = RANDOM.normal(size=(300, 1)) + np.array([0, 1, 9])[easy][:, None]  # 2 is far from both
    sampler = Resampler("hardness", 0.6, random_state=0)
    _, y = sampler.fit_resample(x, easy)
    achieved = np.bincount(y)
    assert achieved.sum() == 300
    assert achieved[2] < 75 < 100 < min(achieved[:2])
    values = sampler.hardness_.values
    assert ((values >= 0) & (values <= 1)).all()
    mine = easy == 2
    gone = sampler.plan_.counts[mine] == 0
    assert values[mine][gone].max() <= values[mine][~gone].min()
    _, opposite = (one := Resampler("hardness", 0.6, under="hardest", random_state=0)).fit_resample(
        x, easy
    )
    gone = one.plan_.counts[mine] == 0
    assert values[mine][gone].min() >= values[mine][~gone].max()
    assert np.array_equal(np.bincount(opposite), achieved)


def test_by_hardness_every_parameter_arrives():
    def plan(**options):
        sampler = Resampler("hardness", **{"estimator": QUICK, "random_state": 0, **options})
        return sampler.fit(X, Y).plan_

    assert plan(degree=0).is_identity
    full, half = plan(degree=1.0).achieved, plan(degree=0.5).achieved
    np.testing.assert_allclose(half, (full + np.bincount(Y)) / 2, atol=1)
    assert not np.array_equal(plan(over="hard").counts, plan().counts)
    prior = Resampler("hardness", estimator=DummyClassifier(), random_state=0).fit(X, Y)
    np.testing.assert_allclose(prior.hardness_.values, 1 - np.array([80, 30, 10])[Y] / 120)
    few = np.where(np.isin(np.arange(120), [3, 50, 70]), 1, 0)  # fewer than folds
    assert Resampler("hardness", 0.5, estimator=QUICK).fit(X, few).plan_.total == 120


def test_an_estimator_does_not_see_what_classes_are_called():
    seen = []

    class Watching(LogisticRegression):
        def fit(self, x, y):
            seen.append(y.tolist())
            return super().fit(x, y)

    sampler = Resampler("hardness", estimator=Watching(), random_state=0)
    for names in (["a", "b", "c"], ["c", "a", "b"], [3, -1, 0]):
        sampler.fit(X, np.array(names)[Y])
    assert seen[:5] == seen[5:10] == seen[10:]


def test_in_a_pipeline_it_resamples_while_fitting_alone():
    seen = []

    class Watching(LogisticRegression):
        def fit(self, x, y):
            seen.append(("fit", np.bincount(y).tolist()))
            return super().fit(x, y)

        def predict(self, x):
            seen.append(("predict", len(x)))
            return super().predict(x)

    pipeline = make_pipeline(Resampler(random_state=0), Watching())
    pipeline.fit(X, Y)
    pipeline.predict(X)
    assert seen == [("fit", [40, 40, 40]), ("predict", 120)]
    found = cross_validate(pipeline, X, Y, cv=3, scoring="balanced_accuracy")
    assert (found["test_score"] > 0.5).all()


def test_rows_of_any_kind_stay_of_their_kind():
    sampler = Resampler(random_state=0)
    frame = pd.DataFrame(
        {"a": X[:, 0].astype(np.float32), "b": pd.Categorical(np.array(["u", "v"])[Y % 2])},
        index=np.arange(120) + 1000,
    )
    labels = pd.Series(np.array(["x", "y", "z"])[Y], index=frame.index, name="which")
    new_frame, new_labels = sampler.fit_resample(frame, labels)
    rows = sampler.sample_indices_
    assert new_frame.dtypes.equals(frame.dtypes)
    assert new_frame.index.equals(pd.RangeIndex(120))
    assert new_labels.index.equals(pd.RangeIndex(120))
    assert new_labels.name == "which"
    assert new_frame["a"].tolist() == frame["a"].iloc[rows].tolist()
    assert sampler.feature_names_in_.tolist() == ["a", "b"]

    images = RANDOM.integers(0, 255, (120, 4, 4, 3)).astype(np.uint8)
    new_images, _ = sampler.fit_resample(images, Y)
    assert new_images.dtype == np.uint8
    assert np.array_equal(new_images, images[rows])
    assert not hasattr(sampler, "feature_names_in_")

    for container in (sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix):
        new, _ = sampler.fit_resample(container(X), Y)
        assert type(new) is container
        assert np.array_equal(new.toarray(), X[rows])

    texts = [f"text {row}" for row in range(120)]
    new_texts, new_y = sampler.fit_resample(texts, Y.tolist())
    assert new_texts == [texts[row] for row in rows]
    assert new_y == Y[rows].tolist()


def test_by_hardness_takes_tables_images_and_sparse_matrices():
    frame = pd.DataFrame({"a": X[:, 0], "b": pd.Categorical(np.array(["u", "v", "w"])[Y])})
    frame.loc[3, "a"] = np.nan
    for inputs in (frame, X.reshape(120, 3, 1, 1), sparse.csr_matrix(X)):
        new, y = Resampler("hardness", 0.5, random_state=0).fit_resample(inputs, Y)
        assert new.shape[0] == len(y) == 120
        assert np.bincount(y)[2] > 10


def test_random_states():
    def rows(state):
        return Resampler(random_state=state).fit(X, Y).sample_indices_.tolist()

    before = np.random.get_state()[1].copy()  # noqa: NPY002
    assert rows(1) == rows(1) != rows(2)
    assert rows(None) != rows(None)
    assert rows(np.random.default_rng(5)) == rows(np.random.default_rng(5))
    assert rows(np.random.RandomState(5)) == rows(np.random.RandomState(5))
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "counts"}, "did you mean 'count'"),
        ({"degree": float("nan")}, "degree"),
        ({"size": "small"}, "size"),
        ({"by": "hardness", "size": "grow"}, "'size' .* is of by='count'"),
        ({"by": "hardness", "shares": np.ones(3)}, "'shares' .* is of by='count'"),
        ({"by": "hardness", "interpolation": "linear"}, "'interpolation' .* is of by='count'"),
        ({"by": "hardness", "floor": 3}, "'floor' .* is of by='count'"),
        ({"by": "hardness", "cap": 50}, "'cap' .* is of by='count'"),
        ({"by": "hardness", "max_repeat": 2.0}, "'max_repeat' .* is of by='count'"),
        ({"under": "hard"}, "'under' parameter of Resampler"),
        ({"over": "hardest"}, "'over' parameter of Resampler"),
        ({"over": None}, "'over' parameter of Resampler"),
        ({"under": "easiest", "cv": 1}, "cv"),
        ({"by": "hardness", "under": "hard"}, "under"),
        ({"by": "hardness", "cv": 1}, "cv"),
        ({"by": "hardness", "estimator": object()}, "predict_proba"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_parameters_out_of_range_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        Resampler(**options).fit(X, Y)


@pytest.mark.parametrize(
    "y",
    [
        [1, "1"] * 60,
        np.array(["1", 1] * 60, dtype=object),
        pd.Series(["a", None] * 60, dtype="string"),
        [("a", "b", None)[code] for code in Y],
    ],
)
def test_labels_that_are_text_in_part_are_refused(y):
    with pytest.raises(DataError, match=r"all text or all numbers. Got '[1ab]' and (1|None|<NA>)"):
        Resampler().fit(X, y)


def test_data_that_cannot_be_resampled_are_refused():
    one_hot = np.eye(3, dtype=int)[Y]
    one_hot[[4, 9]] = 0
    with pytest.raises(DataError, match="2 rows of y have no label, the first is row 4"):
        Resampler().fit(X, one_hot)
    with pytest.raises(DataError, match="at least two classes"):
        Resampler().fit(X, np.zeros(120))
    lone = np.where(np.arange(120) == 5, 1, 0)
    with pytest.raises(DataError, match="'1' has one row"):
        Resampler("hardness", estimator=QUICK).fit(X, lone)
    with pytest.raises(ValueError, match="inconsistent"):
        Resampler().fit(X[:5], Y)
    with pytest.raises(ValueError, match="one row"):
        Resampler().fit(3, Y)


def test_many_uses_of_one_row_stand_in_turns():
    counts = np.array([70_000, 2, 0, 1])
    rows = uses_in_turns(counts)
    assert np.array_equal(np.bincount(rows, minlength=4), counts)
    assert rows[:5].tolist() == [0, 1, 3, 0, 1]
    assert (rows[5:] == 0).all()
    assert uses_in_turns(np.array([1, 2**16])).tolist() == [0] + [1] * 2**16
    assert uses_in_turns(np.array([300, 300])).tolist() == [0, 1] * 300
