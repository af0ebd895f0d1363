"""Predictions judged in chunks: equal to judging them whole, whatever the chunks."""

import numpy as np
import pandas as pd
import pytest

from steelyard._support.errors import DataError, DataNotFoundError, ParameterError
from steelyard.evaluation import calibration, evaluate, stream
from steelyard.evaluation.count_metrics import AVERAGES, f1, n_counted, precision
from steelyard.evaluation.counts import count
from steelyard.evaluation.stream import evaluate_in_chunks
from steelyard.records import Predictions, save_predictions
from steelyard.records.predictions_table import load_predictions

NAMES = ("cat", "dog", "owl", "yak")
RNG = np.random.default_rng(0)
SKEWED = {"cat": 5, "dog": 3, "owl": 2}

PLAIN = {"metrics": ("accuracy", "log_loss"), "class_metrics": ("recall",)}


def made(n=240, arms=("natural", "balanced"), seeds=2, absent=None):
    truth = RNG.choice(4, n, p=[0.6, 0.25, 0.1, 0.05])
    if absent is not None:
        truth[truth == absent] = 0
    found = []
    for arm in arms:
        for seed in range(seeds):
            logits = RNG.normal(size=(n, 4)) + 1.5 * np.eye(4)[truth]
            prior = [0.4, 0.3, 0.2, 0.1] if arm == "natural" else [0.25] * 4
            found.append(
                Predictions(np.arange(n), truth, logits, NAMES, np.array(prior), arm=arm, seed=seed)
            )
    return found


def frame_of(n=60, dtype=np.float64):
    p = RNG.dirichlet(np.ones(4), n).astype(dtype)
    frame = pd.DataFrame(p, columns=[f"p_{name}" for name in NAMES])
    return frame.assign(id=np.arange(n), truth=np.asarray(NAMES)[RNG.integers(0, 4, n)])


@pytest.fixture
def written(tmp_path):
    def write(frame, **options):
        frame.to_parquet(tmp_path / "p.parquet", index=False, **options)
        return tmp_path / "p.parquet"

    return write


@pytest.mark.parametrize("batch_rows", [1, 7, 100, None])
@pytest.mark.parametrize("absent", [None, 3])
def test_in_chunks_it_is_what_evaluate_says_of_each_model_alone(tmp_path, batch_rows, absent):
    models = made(absent=absent)
    save_predictions(models, tmp_path / "p.parquet")
    given = {"field": SKEWED}
    found = evaluate_in_chunks(tmp_path / "p.parquet", given, batch_rows=batch_rows)
    assert list(found.priors) == ["field", "train", "uniform"]
    assert found.n_rows == 4 * 240
    checked = 0
    for one in models:
        # the training prior is that of the first arm, as for `evaluate`
        alone = evaluate([Predictions(one.ids, one.truth, one.logits, NAMES, models[0].prior,
                                      arm=one.arm, seed=one.seed)], given, **PLAIN)  # fmt: skip
        mine = found.overall.query("arm == @one.arm and seed == @one.seed")
        for row in alone.overall.query("decision == 'as trained'").to_dict("records"):
            here = mine.query("prior == @row['prior'] and metric == @row['metric']")
            np.testing.assert_allclose(
                here[["mean", "low", "high"]].to_numpy(float)[0],
                [row["mean"], row["low"], row["high"]],
                rtol=1e-10,
            )
            checked += 1
        by_class = found.by_class.query("arm == @one.arm and seed == @one.seed")
        for row in alone.by_class.query("decision == 'as trained'").to_dict("records"):
            here = by_class.query("prior == @row['prior'] and `class` == @row['class']")
            columns, theirs = ["n", "recall", "low", "high"], ["n", "mean", "low", "high"]
            np.testing.assert_allclose(
                here[columns].to_numpy(float)[0], [row[name] for name in theirs], rtol=1e-10
            )
    assert checked == 4 * 3 * 2


@pytest.mark.parametrize("prior", ["field", "uniform"])
def test_calibration_and_counts_are_those_of_the_whole(tmp_path, prior):
    models = made(arms=("natural",), seeds=1, absent=3)
    save_predictions(models, tmp_path / "p.parquet")
    found = evaluate_in_chunks(tmp_path / "p.parquet", {"field": SKEWED}, batch_rows=50, n_bins=10)
    overall = found.overall.query("prior == @prior").set_index("metric")
    whole = calibration(models, found.priors[prior], n_bins=10).query("scope == 'overall'")
    whole = whole.set_index("measure")
    for measure in ("log_loss", "brier", "ece_width"):
        columns = ["mean", "low", "high"]
        np.testing.assert_allclose(
            overall.loc[measure, columns].to_numpy(float),
            whole.loc[measure, columns].to_numpy(float),
            rtol=1e-10,
        )
    (one,) = models
    weights = (found.priors[prior] / np.maximum(np.bincount(one.truth, minlength=4), 1))[one.truth]
    counts = count(one.truth, one.predicted, 4, weights)
    for name in ("balanced_accuracy", "macro_f1", "macro_precision", "mcc"):
        assert overall.loc[name, "mean"] == pytest.approx(float(AVERAGES[name](counts)))
        assert overall.loc[name, "n_classes"] == n_counted(name, counts) == 3
    by_class = found.by_class.query("prior == @prior")
    np.testing.assert_allclose(by_class["precision"], precision(counts))
    np.testing.assert_allclose(by_class["f1"], f1(counts))


def test_balanced_accuracy_has_the_interval_of_equal_shares(tmp_path):
    models = made(arms=("natural",), seeds=1)
    save_predictions(models, tmp_path / "p.parquet")
    overall = evaluate_in_chunks(tmp_path / "p.parquet", {"field": SKEWED}).overall
    uniform = overall.query("prior == 'uniform'").set_index("metric")
    columns = ["mean", "low", "high"]
    np.testing.assert_allclose(
        uniform.loc["balanced_accuracy", columns].to_numpy(float),
        uniform.loc["accuracy", columns].to_numpy(float),
    )


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-9)])
def test_rows_may_come_in_any_order_and_columns_in_float32(written, dtype, rtol):
    truth = frame_of()["truth"]
    frame = pd.concat(
        [
            frame_of(dtype=dtype).assign(truth=truth, arm=arm, seed=seed)
            for arm in "ab"
            for seed in (3, 1)
        ]
    )
    tables = [
        evaluate_in_chunks(written(one), batch_rows=17).overall
        for one in (frame, frame.sample(frac=1, random_state=1))
    ]
    key = ["arm", "seed", "prior", "metric"]
    first, other = (one.sort_values(key).reset_index(drop=True) for one in tables)
    pd.testing.assert_frame_equal(first, other, rtol=rtol)
    whole = evaluate(load_predictions(written(frame)), **PLAIN).by_seed.query("prior == 'uniform'")
    for row in whole.to_dict("records"):
        same = first.query("arm == @row['arm'] and seed == @row['seed'] and prior == 'uniform'")
        value = same.set_index("metric").loc[row["metric"], "mean"]
        assert value == pytest.approx(row["value"], rel=1e-9)


def test_columns_stay_as_narrow_as_they_are_stored(written, monkeypatch):
    seen = []
    monkeypatch.setattr(
        stream,
        "_require_probabilities",
        lambda columns, done: seen.extend(column.dtype for column in columns),
    )
    evaluate_in_chunks(written(frame_of(dtype=np.float32)))
    assert set(seen) == {np.dtype(np.float32)}


def test_certain_and_tied_predictions(written):
    p = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0.25] * 4, [0, 0.5, 0.5, 0]])
    frame = pd.DataFrame(p, columns=[f"p_{name}" for name in NAMES])
    frame = frame.assign(id=range(4), truth=["cat", "cat", "dog", "owl"])
    path = written(frame)
    overall = evaluate_in_chunks(path).overall.set_index("metric")
    expected = evaluate(load_predictions(path), **PLAIN).overall.set_index("metric")
    for metric in ("accuracy", "log_loss"):
        columns = ["mean", "low", "high"]
        np.testing.assert_allclose(
            overall.loc[metric, columns].to_numpy(float),
            expected.loc[metric, columns].to_numpy(float),
        )
    # ties go to the lower code
    found = evaluate_in_chunks(path).confusions
    assert found[["class", "called"]].to_numpy().tolist() == [
        ["cat", "dog"], ["dog", "cat"], ["owl", "dog"]
    ]  # fmt: skip
    assert found["share"].tolist() == [0.5, 1, 1]


def test_a_model_that_is_always_right_is_not_certain_of_its_accuracy(written):
    frame = pd.DataFrame({"id": range(30), "truth": ["a", "b", "b"] * 10})
    frame = frame.assign(p_a=(frame["truth"] == "a") * 1.0, p_b=(frame["truth"] == "b") * 1.0)
    path = written(frame)
    expected = evaluate(load_predictions(path), {"x": {"a": 3, "b": 1}}).overall
    found = evaluate_in_chunks(path, {"x": {"a": 3, "b": 1}}).overall
    found, expected = (table[table["metric"] == "accuracy"] for table in (found, expected))
    columns = ["mean", "low", "high"]
    one, other = (table.set_index("prior")[columns] for table in (found, expected))
    np.testing.assert_allclose(one.to_numpy(float), other.loc[one.index].to_numpy(float))
    assert (found["low"] < 1).all()


def test_the_most_frequent_confusions_come_first(written, monkeypatch):
    from steelyard.evaluation import streamed_sums

    monkeypatch.setattr(streamed_sums, "_PENDING", 20)  # summed every few batches
    frame = frame_of(400)
    found = evaluate_in_chunks(written(frame), batch_rows=13, n_confusions=5).confusions
    said = np.asarray(NAMES)[frame[[f"p_{name}" for name in NAMES]].to_numpy().argmax(axis=1)]
    pairs = pd.DataFrame({"class": frame["truth"], "called": said})
    often = pairs[pairs["class"] != pairs["called"]].value_counts()
    assert found["n"].tolist() == often.head(5).tolist()
    for row in found.to_dict("records"):
        assert row["n"] == often[row["class"], row["called"]]
        assert row["share"] == pytest.approx(row["n"] / (frame["truth"] == row["class"]).sum())


def test_other_parts_are_left_out(written):
    frame = frame_of().assign(split=["test", "validation"] * 30)
    path = written(frame)
    assert evaluate_in_chunks(path).n_rows == 30
    found = evaluate_in_chunks(path, split="validation").overall
    half = frame[frame["split"] == "validation"].drop(columns="split")
    pd.testing.assert_frame_equal(found, evaluate_in_chunks(written(half)).overall)
    with pytest.raises(DataError, match=r"no part 'tset'\. Hint: did you mean 'test'"):
        evaluate_in_chunks(written(frame), split="tset")


def test_names_that_are_numbers_or_categories(written):
    frame = pd.DataFrame({"id": list("abcd"), "truth": [1, 0, 1, 1], "p_0": [0.1, 0.6, 0.3, 0.2]})
    frame["p_1"] = 1 - frame["p_0"]
    plain = evaluate_in_chunks(written(frame), train_prior=np.array([0.3, 0.7]))
    assert plain.priors["train"].tolist() == [0.3, 0.7]
    assert plain.overall.set_index(["prior", "metric"]).loc[("train", "accuracy"), "mean"] == 1
    as_categories = frame.assign(truth=frame["truth"].astype(str).astype("category"))
    again = evaluate_in_chunks(written(as_categories), train_prior=np.array([0.3, 0.7]))
    pd.testing.assert_frame_equal(plain.by_class, again.by_class)


def broken(**columns):
    frame = frame_of(20)
    for name, (row, value) in columns.items():
        frame[name] = frame[name].astype(object) if value is None else frame[name]
        frame.loc[row, name] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (lambda: broken(p_cat=(13, np.nan)), "row 13|Row 13"),
        (lambda: broken(p_cat=(13, 0.9), p_dog=(13, 0.9)), "first row that does not is row 13"),
        (lambda: broken(p_cat=(13, -0.5)), "row 13: it sums to"),
        (lambda: broken(truth=(13, "ox")), r"\['ox'\], the first in row 13.*'cat', 'dog'"),
        (lambda: broken(truth=(13, None)), "first in row 13"),
        (lambda: broken(id=(13, None)), "Row 13 has none"),
        (lambda: frame_of(20).assign(seed=0.5), "seeds of the predictions must be whole"),
        (lambda: frame_of(20).assign(arm=[None] + ["a"] * 19), "must not miss values"),
        (lambda: frame_of(20).assign(p_cat="x"), "must be numbers: the column 'p_cat'"),
        (lambda: frame_of(20).drop(columns="id"), "must have the columns 'id'"),
        (lambda: frame_of(20).drop(columns="truth"), "must have the columns"),
        (lambda: frame_of(20)[:0], "0 rows"),
        (lambda: frame_of(20)[["id", "truth", "p_cat"]], "one 'p_<class>' column"),
        (
            lambda: frame_of(20).drop(columns="truth").assign(t_cat=1),
            "one class a sample.*calibration",
        ),
    ],
)
def test_bad_input_is_told_with_its_row(frame, says, written):
    with pytest.raises(DataError, match=says):
        evaluate_in_chunks(written(frame()), batch_rows=5)


def test_bad_arguments_are_told(written, tmp_path):
    path = written(frame_of())
    with pytest.raises(DataNotFoundError, match="There is no file"):
        evaluate_in_chunks(tmp_path / "other.parquet")
    (tmp_path / "no.parquet").write_text("no table")
    with pytest.raises(DataError, match="no readable parquet"):
        evaluate_in_chunks(tmp_path / "no.parquet")
    with pytest.raises(DataError, match="did you mean 'owl'"):
        evaluate_in_chunks(path, {"field": {"owls": 1}})
    with pytest.raises(ParameterError, match="batch_rows"):
        evaluate_in_chunks(path, batch_rows=0)
    cut = path.read_bytes()
    (tmp_path / "cut.parquet").write_bytes(cut[: len(cut) // 2])
    with pytest.raises(DataError, match="no readable parquet"):
        evaluate_in_chunks(tmp_path / "cut.parquet")


def test_memory_does_not_grow_with_the_rows(written, monkeypatch):
    import tracemalloc

    from steelyard.evaluation import streamed_sums

    monkeypatch.setattr(streamed_sums, "_PENDING", 5000)
    peaks = []
    for n in (20_000, 80_000):
        path = written(frame_of(n), row_group_size=10_000)
        tracemalloc.start()
        evaluate_in_chunks(path, batch_rows=1000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000  # 60,000 rows more, of 40 bytes each
