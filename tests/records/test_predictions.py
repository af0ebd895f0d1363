from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from records.samples import IDS, LABELS, NAMES, TEXT_IDS, n, predictions

from steelyard._support.errors import DataError, MismatchError
from steelyard._support.storage import read_parquet
from steelyard.records import Predictions, load_predictions, save_predictions

PRIOR = np.array([0.7, 0.2, 0.1])


def of(probabilities, prior=PRIOR, names=("a", "b", "c")):
    probabilities = np.asarray(probabilities)
    rows = np.arange(len(probabilities))
    return Predictions(rows, rows * 0, np.log(probabilities), names, prior)


def probabilities(one):
    return np.exp(one.log_probabilities)


@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
def test_predictions_survive_storing(ids, tmp_path):
    uneven = predictions(ids).prior[::-1]
    models = [
        predictions(ids, arm="<b>\n🦜", seed=1, split="test"),
        predictions(ids, arm="<b>\n🦜", seed=0, split="validation"),
        predictions(ids, arm="", seed=0, prior=None),
        predictions(ids, arm="a", prior=uneven),
    ]
    save_predictions(models, tmp_path / "a.parquet")
    loaded = load_predictions(tmp_path / "a.parquet")
    assert len(loaded) == len(models)
    for one, other in zip(models, loaded, strict=True):
        assert (other.arm, other.seed, other.split) == (one.arm, one.seed, one.split)
        assert other.class_names == NAMES
        assert other.ids.dtype.kind == one.ids.dtype.kind
        np.testing.assert_array_equal(other.ids, one.ids)
        np.testing.assert_array_equal(other.truth, one.truth)
        np.testing.assert_array_equal(other.prior, one.prior)
        np.testing.assert_allclose(other.log_probabilities, one.log_probabilities, atol=1e-12)


def test_the_columns_are_as_documented(tmp_path):
    save_predictions([predictions(TEXT_IDS)], tmp_path / "a.parquet")
    frame, _ = read_parquet(tmp_path / "a.parquet", "Predictions")
    classes = [f"p_{name}" for name in NAMES]
    assert list(frame.columns) == ["id", "split", "arm", "seed", "truth", *classes]
    np.testing.assert_allclose(frame[classes].sum(axis=1), 1, atol=1e-12)
    assert frame["truth"].tolist() == [NAMES[code] for code in LABELS]


def test_what_would_be_mixed_up_is_not_stored(tmp_path):
    path = tmp_path / "a.parquet"
    one = predictions()
    for other in (
        one,
        replace(one, seed=1, class_names=NAMES[::-1]),
        replace(one, seed=1, ids=TEXT_IDS),
        replace(one, seed=1, prior=None),
        replace(one, seed=1, prior=one.prior[::-1]),
    ):
        with pytest.raises(MismatchError):
            save_predictions([one, other], path)
    with pytest.raises(DataError, match="no predictions to save"):
        save_predictions([], path)
    assert not path.exists()


def test_correction_is_bayes_rule():
    # p(x|y) is p(y|x) / p(y); under the prior (.2, .2, .6) the first row becomes
    # (.6/.7*.2, .3/.2*.2, .1/.1*.6) = (.1714, .3, .6), divided by its sum
    found = probabilities(of([[0.6, 0.3, 0.1], [0.7, 0.2, 0.1]]).corrected([0.2, 0.2, 0.6]))
    weights = np.array([0.6 / 0.7 * 0.2, 0.3 / 0.2 * 0.2, 0.1 / 0.1 * 0.6])
    np.testing.assert_allclose(found[0], weights / weights.sum(), atol=1e-12)
    # a row that says no more than the prior becomes the new prior
    np.testing.assert_allclose(found[1], [0.2, 0.2, 0.6], atol=1e-12)


def test_correction_recovers_another_population():
    # two Gaussian classes: the posterior at one prior corrects to the posterior at another
    x = np.linspace(-4, 4, 50)
    likelihood = np.stack([np.exp(-((x - centre) ** 2) / 2) for centre in (-1, 1)], axis=1)

    def posterior(prior):
        joint = likelihood * prior
        return joint / joint.sum(axis=1, keepdims=True)

    one = of(posterior(np.array([0.9, 0.1])), np.array([0.9, 0.1]), ("a", "b"))
    corrected = one.corrected([1, 3])
    np.testing.assert_allclose(probabilities(corrected), posterior([0.25, 0.75]), atol=1e-12)
    np.testing.assert_array_equal(corrected.prior, [0.25, 0.75])
    back = corrected.corrected([0.9, 0.1])
    np.testing.assert_allclose(back.log_probabilities, one.log_probabilities, atol=1e-12)


def test_the_same_prior_changes_nothing():
    one = of([[0.6, 0.3, 0.1]])
    np.testing.assert_array_equal(one.corrected(PRIOR).logits, one.logits)
    np.testing.assert_array_equal(one.corrected(PRIOR * 70).predicted, one.predicted)


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("train", [[0.7, 0.2, 0.1], [1.0, 0.0, 0.0]])
def test_an_excluded_class_is_never_predicted(scale, train):
    logits = scale * np.array([[0.0, 9.0, -9.0], [0.0, 1.0, 2.0], [9.0, 0.0, 0.0]])
    one = Predictions([1, 2, 3], [0, 0, 0], logits, ("a", "b", "c"), train)
    corrected = one.corrected([0.5, 0.0, 0.5])
    assert (corrected.predicted != 1).all()
    np.testing.assert_array_equal(probabilities(corrected)[:, 1], 0)
    assert np.isfinite(corrected.logits).all()


def test_a_class_that_training_never_saw_stays_as_it_is():
    one = of([[0.6, 0.3, 0.1]], [0.5, 0.5, 0.0])
    corrected = one.corrected([0.25, 0.5, 0.25])
    np.testing.assert_allclose(corrected.logits - one.logits, [[np.log(0.5), 0, 0]], atol=1e-12)


def test_correction_needs_both_priors():
    with pytest.raises(DataError, match=r"training prior of arm 'model' is unknown.* Hint: state"):
        of([[0.6, 0.3, 0.1]], None).corrected(PRIOR)
    with pytest.raises(DataError, match=r"prior of Predictions.corrected needs one weight"):
        of([[0.6, 0.3, 0.1]]).corrected([0.5, 0.5])


def test_ties_go_to_the_lower_code():
    assert of([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]]).predicted.tolist() == [0, 1]


def test_large_logits_have_probabilities():
    one = Predictions([1], [0], [[1e4, 0.0]], ("a", "b"))
    np.testing.assert_array_equal(one.log_probabilities, [[0.0, -1e4]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"logits": np.zeros((n, 2))}, "need logits of shape"),
        ({"logits": np.full((n, len(NAMES)), np.nan)}, "logits of Predictions must be finite"),
        ({"logits": np.full((n, len(NAMES)), -np.inf)}, "logits of Predictions must be finite"),
        ({"truth": LABELS + 1}, "truth of Predictions must be codes"),
        ({"truth": LABELS[:-1]}, "need logits of shape"),
        ({"ids": np.zeros(n)}, "unique"),
        ({"prior": [1.0]}, "prior of Predictions needs one weight"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        replace(predictions(), **changes)


def test_a_record_holds_its_own_arrays():
    logits = np.zeros((2, 2))
    one = Predictions([1, 2], [0, 1], logits, ("a", "b"))
    logits[0, 0] = 7
    assert one.logits.max() == 0
    for array in (one.logits, one.truth, one.ids, one.log_probabilities, one.predicted):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


FOREIGN = pd.DataFrame(
    {"id": [7, 8, 9], "truth": [0, 1, 1], "p_0": [0.5, 0.25, 0.0], "p_1": [0.5, 0.75, 1.0]}
)


def foreign(folder, frame=FOREIGN, **options):
    frame.to_parquet(folder / "foreign.parquet", **options)
    return folder / "foreign.parquet"


def test_anybodys_table_is_read(tmp_path):
    (one,) = load_predictions(foreign(tmp_path))
    assert one.class_names == ("0", "1")
    assert one.truth.tolist() == [0, 1, 1]
    assert one.ids.tolist() == [7, 8, 9]
    assert (one.arm, one.seed, one.split, one.prior) == ("model", 0, "test", None)
    np.testing.assert_allclose(probabilities(one), FOREIGN[["p_0", "p_1"]], atol=1e-12)
    (one,) = load_predictions(foreign(tmp_path), np.array([1, 3]))
    assert one.prior.tolist() == [0.25, 0.75]


def test_a_probability_of_exactly_0_has_a_finite_logarithm(tmp_path):
    (one,) = load_predictions(foreign(tmp_path))
    assert np.isfinite(one.logits).all()
    assert one.log_probabilities[2, 0] < -700


def test_optional_columns_part_the_models(tmp_path):
    twice = pd.concat([FOREIGN.assign(arm=1, seed=3), FOREIGN.assign(arm=2, seed=3)])
    both = pd.concat([twice.assign(split="validation"), twice.assign(split="test")])
    shuffled = both.sample(frac=1, random_state=0).astype({"arm": "category"})
    models = load_predictions(foreign(tmp_path, shuffled))
    found = {(one.arm, one.seed, one.split) for one in models}
    assert found == {(arm, 3, split) for arm in "12" for split in ("validation", "test")}
    assert len(models) == 4
    for one in models:
        at = np.argsort(one.ids)
        assert one.ids[at].tolist() == [7, 8, 9]
        assert one.truth[at].tolist() == [0, 1, 1]
        np.testing.assert_allclose(probabilities(one)[at, 1], [0.5, 0.75, 1.0], atol=1e-12)


@pytest.mark.parametrize(
    "frame",
    [
        FOREIGN.set_index("id"),
        FOREIGN.set_index(pd.Index([5, 5, 1])),
        FOREIGN.assign(truth=pd.Categorical(["0", "1", "1"])),
        FOREIGN.assign(truth=pd.Categorical([0, 1, 1])),
        FOREIGN.assign(truth=["0", "1", "1"], other=pd.Timestamp(0)),
        FOREIGN.astype({"p_0": "float32", "p_1": "float32"}),
        FOREIGN.astype({"id": "Int64", "truth": "Int64", "p_0": "Float64", "p_1": "Float64"}),
    ],
)
def test_pandas_ways_of_writing_are_read(frame, tmp_path):
    (one,) = load_predictions(foreign(tmp_path, frame))
    assert one.ids.tolist() == [7, 8, 9]
    assert one.truth.tolist() == [0, 1, 1]
    np.testing.assert_allclose(probabilities(one)[:, 1], [0.5, 0.75, 1.0], atol=1e-6)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FOREIGN.drop(columns="id"), "must have the columns 'id', 'truth'"),
        (FOREIGN.drop(columns="truth"), "must have the columns 'id', 'truth'"),
        (FOREIGN.drop(columns="p_1"), "must have the columns 'id', 'truth'"),
        (FOREIGN.iloc[:0], "at least one row"),
        (FOREIGN.assign(p_0=[0.5, -0.25, 0.0], p_1=[0.5, 1.25, 1.0]), "row 1: it sums to 1, its"),
        (FOREIGN.assign(p_0=0.5), r"2 rows do not, the first is row 1: it sums to 1.25"),
        (FOREIGN.assign(p_0=[np.nan, 0.25, 0]), "1 rows do not, the first is row 0"),
        (FOREIGN.assign(p_0=[np.inf, 0.25, 0]), "1 rows do not, the first is row 0"),
        (FOREIGN.assign(p_0=["a", "b", "c"]), "Probabilities must be numbers"),
        (
            FOREIGN.assign(truth=[0, 1, 2]),
            r"classes that have no column: \['2'\].* Hint: .*'0', '1'",
        ),
        (FOREIGN.assign(truth=["0", "1", None]), "classes that have no column"),
        (FOREIGN.assign(truth=["0", "1", None], p_nan=0.0), "classes that have no column"),
        (FOREIGN.assign(id=[7, 7, 8]), "must be unique"),
        (FOREIGN.assign(id=["a", "b", None]), "must not be missing"),
        (FOREIGN.assign(arm=["a", "b", None]), r"columns \['arm'\] must not miss values"),
        (FOREIGN.assign(seed=[0, 1, np.nan]), r"columns \['seed'\] must not miss values"),
        (FOREIGN.assign(seed=["0", "0", "0"]), "seeds of Predictions must be whole numbers"),
        (FOREIGN.assign(seed=0.5), "seeds of Predictions must be whole numbers"),
    ],
)
def test_a_table_that_says_something_else_is_refused(frame, message, tmp_path):
    with pytest.raises(DataError, match=message):
        load_predictions(foreign(tmp_path, frame))


def test_an_unreadable_file_is_refused(tmp_path):
    path = foreign(tmp_path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match="no readable parquet file"):
        load_predictions(path)


def labels(probabilities, prior, names=("a", "b")):
    odds = np.log(probabilities) - np.log1p(-np.asarray(probabilities))
    truth = np.zeros(odds.shape, dtype=bool)
    return Predictions(np.arange(len(odds)), truth, odds, names, prior)


def test_labels_are_predicted_each_by_itself():
    one = labels([[0.9, 0.8], [0.2, 0.5]], None)
    assert one.multi_label
    assert not of([[0.6, 0.3, 0.1]]).multi_label
    assert one.predicted.tolist() == [[True, True], [False, False]]
    np.testing.assert_allclose(probabilities(one), [[0.9, 0.8], [0.2, 0.5]], atol=1e-15)
    sure = Predictions([1], [[1, 0]], [[1e4, -1e4]], ("a", "b"))
    np.testing.assert_array_equal(sure.log_probabilities, [[0.0, -1e4]])
    with pytest.raises(ValueError, match="read-only"):
        one.truth[0] = True


def test_each_label_is_corrected_by_its_own_odds():
    # odds 9 times (.2/.8) / (.5/.5) = 2.25; 1 times (.6/.4) / (.1/.9) = 13.5
    found = labels([[0.9, 0.5]], [0.5, 0.1]).corrected([0.2, 0.6])
    np.testing.assert_allclose(probabilities(found), [[2.25 / 3.25, 13.5 / 14.5]], atol=1e-12)
    assert found.prior.tolist() == [0.2, 0.6]  # shares of labels are not scaled to sum to 1
    back = found.corrected([0.5, 0.1])
    np.testing.assert_allclose(probabilities(back), [[0.9, 0.5]], atol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_labels_that_are_excluded_or_certain(scale):
    logits = scale * np.array([[9.0, -9.0, 0.5], [-1.0, 1.0, -2.0]])
    one = Predictions([1, 2], np.zeros((2, 3)), logits, ("a", "b", "c"), [0.5, 0.5, 0.0])
    found = one.corrected([0.0, 1.0, 0.5])
    assert np.isfinite(found.logits).all()
    np.testing.assert_array_equal(probabilities(found)[:, :2], [[0, 1], [0, 1]])
    # training never saw the third label, so nothing was learned that could be corrected
    np.testing.assert_array_equal(found.logits[:, 2], logits[:, 2])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"truth": [[0, 2]]}, "must be 0 or 1"),
        ({"truth": [[0, 1, 1]]}, "one column for each of 2 labels"),
        ({"prior": [0.5, 1.5]}, r"share of samples with each label, in \[0, 1\]. Got 1.5 for 'b'"),
        ({"prior": [-0.1, 0.5]}, r"in \[0, 1\]. Got -0.1 for 'a'"),
        ({"prior": [0.1, np.nan]}, r"in \[0, 1\]. Got nan for 'b'"),
        ({"prior": [0.1]}, "one share for each of 2 labels"),
    ],
)
def test_labels_that_do_not_fit_together_are_refused(changes, message):
    with pytest.raises(DataError, match=message):
        replace(labels([[0.9, 0.5]], None), **changes)
