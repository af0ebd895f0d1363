"""A run is logged to a real MLflow store, once, and MLflow's makers hear nothing of it."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from run_cases import TREES, scored, stopped, weighed

from steelyard._support.errors import DataError, MissingExtraError, OutputError
from steelyard.records import Evaluation, Weighing
from steelyard.records.run_folder import EVALUATION, MANIFEST, VERDICT
from steelyard.workflow.runs import export_run, read_run, track, tracking

needs_mlflow = pytest.mark.skipif(
    importlib.util.find_spec("mlflow") is None, reason="the extra track is not installed"
)
FIELD = "field (night/day)"  # no key of MLflow's as it stands


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "customers"
    return weighed(folder, priors={FIELD: {"class 0": 1, "class 1": 3}}, degrees=(0, 0.5, 1))


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "store"


def logged(address, experiment="steelyard"):
    """Return what MLflow's own client finds there, and the client."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow

            client = mlflow.MlflowClient(tracking_uri=address)
            found = client.get_experiment_by_name(experiment)
            return client.search_runs([found.experiment_id]) if found else [], client
    finally:
        del os.environ["MLFLOW_ALLOW_FILE_STORE"]


@needs_mlflow
def test_mlflow_reads_back_what_was_measured(run, store):
    tracked = track(run, store=str(store))
    assert (tracked.store, tracked.experiment, tracked.is_new) == (
        store.as_uri(), "steelyard", True,
    )  # fmt: skip
    (found,), client = logged(tracked.store)
    assert found.info.run_id == tracked.run_id
    assert (found.info.status, found.info.run_name) == ("FINISHED", "customers")
    state, evaluation = read_run(run), Evaluation.load(run / EVALUATION["test"])

    params = found.data.params
    assert params["data.name"] == "toy table"
    assert params["data.fingerprint"] == state.facts["data"]["fingerprint"]
    assert params["recipe.epochs"] == "5"
    assert params["seeds.seed"] == "0"
    assert params["study.degrees"] == "0.0, 0.5, 1.0"
    assert {name for name in params if name.startswith("recipe.")} == {
        f"recipe.{name}" for name in TREES.in_use
    }

    tags = found.data.tags
    assert tags["steelyard.headline"] == state.verdict.headline
    assert tags["steelyard.outcome"] == state.verdict.priors[0].outcome
    assert tags["steelyard.prior"] == FIELD
    assert tags["steelyard.version"] == state.facts["versions"]["steelyard"]

    metrics = found.data.metrics
    accuracy = evaluation.figure("degree=0.5", "uniform")
    for end in ("mean", "low", "high"):
        assert metrics[f"uniform/degree-0.5/accuracy_{end}"] == getattr(accuracy, end)
    corrected = evaluation.figure("degree=0", FIELD, "log_loss", "prior corrected")
    assert metrics["field -night-day-/degree-0 corrected/log_loss_mean"] == corrected.mean
    for answer in state.verdict.priors[1:]:
        assert metrics[f"{answer.prior}/verdict/rebalanced_low"] == answer.rebalanced.low
        assert metrics[f"{answer.prior}/verdict/degree"] == answer.degree
    assert metrics["look_mislabelled"] == state.verdict.n_suspect

    rows = evaluation.by_seed.query(
        "prior == 'train' and arm == 'degree=1' and metric == 'accuracy' "
        "and decision == 'as trained'"
    )
    history = client.get_metric_history(tracked.run_id, "train/degree-1/accuracy")
    assert {one.step: one.value for one in history} == dict(
        zip(rows["seed"], rows["value"], strict=True)
    )
    assert len(history) == 2

    for name in (VERDICT, MANIFEST, "report.html"):
        path = Path(client.download_artifacts(tracked.run_id, name))
        assert path.read_bytes() == (run / name).read_bytes()


@needs_mlflow
def test_the_same_run_is_logged_once(run, store, tmp_path):
    first = track(run, store=str(store))
    assert track(run, store=str(store)) == replace(first, is_new=False)
    export_run(run, tmp_path / "run.zip")
    assert track(tmp_path / "run.zip", store=str(store)) == replace(first, is_new=False)
    another = weighed(tmp_path / "another", seed=1)
    assert track(another, store=str(store)).is_new
    assert track(run, store=str(store), experiment="elsewhere").is_new
    assert len(logged(first.store)[0]) == 2
    assert len(logged(first.store, "elsewhere")[0]) == 1


@needs_mlflow
def test_the_same_command_elsewhere_gives_the_same_run(store, tmp_path):
    first = track(weighed(tmp_path / "first"), store=str(store))
    assert track(weighed(tmp_path / "second"), store=str(store)) == replace(first, is_new=False)


@needs_mlflow
def test_what_was_killed_while_it_was_logged_is_logged_again_and_not_twice(run, store, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tracking, "_log_values", killed)
    with pytest.raises(KeyboardInterrupt):
        track(run, store=str(store))
    (half,), _ = logged(store.as_uri())
    assert (half.info.status, half.data.metrics) == ("RUNNING", {})
    monkeypatch.undo()
    tracked = track(run, store=str(store))
    assert (tracked.run_id, tracked.is_new) == (half.info.run_id, True)
    (whole,), _ = logged(store.as_uri())
    assert whole.info.status == "FINISHED"
    assert whole.data.metrics
    assert not track(run, store=str(store)).is_new


@needs_mlflow
def test_where_it_goes(run, store, tmp_path, monkeypatch):
    assert track(run).store == (tmp_path / "mlruns").as_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "from the environment"))
    assert track(run).store == (tmp_path / "from the environment").as_uri()
    assert track(run, store=store.as_uri()).store == store.as_uri()
    assert logged(store.as_uri())[0]


@needs_mlflow
def test_the_environment_is_left_as_it_was(run, store, monkeypatch):
    monkeypatch.setenv("DO_NOT_TRACK", "my own")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")
    before = dict(os.environ)
    track(run, store=str(store))
    assert dict(os.environ) == before


QUIET = """
import json, socket, sys, time

tried = []

def refuse(*words, **_):
    tried.append(str(words))
    raise OSError("there is no network here")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
if sys.argv[1] == "alone":
    import os
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow
    client = mlflow.MlflowClient(tracking_uri=sys.argv[3])
    client.create_run(client.create_experiment("x"))
else:
    if sys.argv[1] == "imported before":
        import mlflow
    from steelyard.workflow.runs import track
    track(sys.argv[2], store=sys.argv[3])
time.sleep(1)  # MLflow sends from a thread
print(json.dumps(tried))
"""


@needs_mlflow
@pytest.mark.slow
@pytest.mark.parametrize("how", ["ours", "imported before", "alone"])
def test_nothing_is_sent_to_anybody(how, run, store, tmp_path):
    # MLflow sends nothing where it sees a test, so that this must not look like one
    kept = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", QUIET, how, str(run), str(store)],
        env={**environment, "HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    tried = json.loads(done.stdout.splitlines()[-1])
    if how == "alone" and not tried:
        pytest.skip("this version of MLflow sends nothing by itself")
    assert bool(tried) == (how == "alone")
    if how == "ours":
        assert not list(tmp_path.glob("home/**/telemetry.json"))


@needs_mlflow
@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("foo://bar", "foo://bar"),
        ("http://user:secret@127.0.0.1:9", "http://127.0.0.1:9"),
    ],
)
def test_a_store_that_is_none_is_one_line(address, told, run, store, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(OutputError, match=rf"MLflow cannot keep the run in '{told}'") as caught:
        track(run, store=address)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@needs_mlflow
def test_a_store_below_a_file_is_one_line(run, store):
    store.write_text("mine")
    with pytest.raises(OutputError, match=r"MLflow cannot keep the run in .*Hint: check --uri"):
        track(run, store=str(store / "below"))
    assert store.read_text() == "mine"


def test_what_has_no_verdict_is_not_logged(store, tmp_path):
    for make in (stopped, scored):
        with pytest.raises(DataError, match=r"no verdict to log.*steelyard weigh"):
            track(make(tmp_path / make.__name__), store=str(store))
    run = weighed(tmp_path / "changed")
    (run / "scores.parquet").write_bytes(b"changed")
    with pytest.raises(DataError, match="was changed since"):
        track(run, store=str(store))
    assert not store.exists()


def test_without_mlflow_it_says_how_to_get_it(run, store, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'steelyard\[track\]'"):
        track(run, store=str(store))
    assert not store.exists()


def test_keys_are_plain_and_each_its_own(run):
    names = ["uniform", "../up", "a/b", "a b", "a-b", "A-B", "é", "ö", "", ".", "x" * 300, "n\0l"]
    keys = tracking._keys(dict.fromkeys(names))
    assert list(keys) == names
    assert len({key.casefold() for key in keys.values()}) == len(names)
    assert keys["uniform"] == "uniform"
    for key in keys.values():
        assert key == os.path.normpath(key)
        assert len(key) <= 100
        assert re.fullmatch("[A-Za-z0-9_. -]+", key)
    weighing = Weighing.load(run)
    told = [key for key, _, _ in tracking._metrics(weighing.verdict, weighing.test)]
    # MLflow keeps a metric in a file of that name: none may be another's folder
    folders = {"/".join(key.split("/")[:depth]) for key in told for depth in (1, 2)}
    assert not folders & {key for key in told if key.count("/") == 1}
    assert not {key.split("/")[0] for key in told if "/" in key} & set(told)
