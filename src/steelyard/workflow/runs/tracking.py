"""Log a run to MLflow (extra `track`): once, to a local store or a server, and nowhere else.

MLflow reports its use to its makers unless it is told not to; here it always is.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import steelyard
from steelyard._support.errors import DataError, MissingExtraError, OutputError
from steelyard._support.fingerprints import fingerprint
from steelyard._support.storage import read_json
from steelyard.records.evaluation import CORRECTED, Evaluation
from steelyard.records.interval import Interval
from steelyard.records.run_folder import (
    EVALUATION,
    MANIFEST,
    REPORT,
    VERDICT,
    require_unchanged,
)
from steelyard.records.verdict import Verdict
from steelyard.workflow.runs.state import RunState, read_run, run_folder

LOCAL_STORE = "mlruns"
EXPERIMENT = "steelyard"
_TAG = "steelyard.run"  # by which a run that was logged is found again
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",  # the one store that needs no database library
    "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
}
_UNLESS_SET = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}  # else a wrong address takes minutes
_LOGGED = ("data", "split", "study", "recipe", "seeds")
_INTERVALS = ("as_is", "rebalanced", "corrected", "rebalanced_over_corrected", "fully_balanced")
_LONGEST = 500  # characters of a value; what every server takes
_PARAMS_AT_ONCE, _METRICS_AT_ONCE = 100, 1000
_Values = tuple[dict[str, str], list[tuple[str, int, float]]]  # params; key, step and value
_SCHEME = re.compile(r"[a-z][a-z0-9+-]+:|databricks$")  # longer than the letter of a drive


@dataclass(frozen=True)
class Tracked:
    """Where a run was logged.

    Parameters
    ----------
    store : str
        MLflow's address of the store.
    experiment : str
        The name of the experiment.
    run_id : str
        MLflow's id of the run.
    is_new : bool
        False where it had been logged before.
    """

    store: str
    experiment: str
    run_id: str
    is_new: bool


def track(run: str | Path, *, store: str | None = None, experiment: str = EXPERIMENT) -> Tracked:
    """Log a complete weighing to MLflow; what is logged already is not logged twice.

    Parameters
    ----------
    run : path
        A run folder, or an exported file.
    store : str, optional
        A folder, or an address that MLflow knows. None takes MLFLOW_TRACKING_URI, and without
        that the folder `LOCAL_STORE`.
    experiment : str
        The experiment; made if it is not there.

    Raises
    ------
    MissingExtraError
        If MLflow is not installed.
    DataNotFoundError, DataError
        If there is no run, it did not finish, or a record was changed.
    OutputError
        If MLflow refuses, or the store cannot be reached or written.
    """
    with run_folder(run) as folder, _quietly():
        state = read_run(folder)
        if state.verdict is None:
            raise DataError(
                f"The run in {str(run)!r} has no verdict to log.",
                hint="run the same `steelyard weigh` again to finish it.",
            )
        manifest = read_json(folder / MANIFEST, "Manifest")
        require_unchanged(folder, manifest)
        evaluation = Evaluation.load(folder / EVALUATION["test"])
        address = _address(store)
        name = Path(run).resolve().stem
        try:
            import mlflow
            from mlflow.exceptions import MlflowException
        except ImportError as error:
            raise MissingExtraError(
                "Logging a run needs MLflow, which is not installed.",
                hint="pip install 'steelyard[track]'.",
            ) from error
        try:
            client = mlflow.MlflowClient(tracking_uri=address)
            values = (_params(state), list(_metrics(state.verdict, evaluation)))
            run_id, is_new = _log(client, folder, state.verdict, manifest, experiment, name, values)
        except (MlflowException, ImportError, OSError) as error:
            reason = _without_password(" ".join(str(error).split()).removesuffix("."))
            raise OutputError(
                f"MLflow cannot keep the run in {_without_password(address)!r}: {reason}.",
                hint="check --uri; databases need the full mlflow package, and a server "
                "its address.",
            ) from error
    return Tracked(_without_password(address), experiment, run_id, is_new)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Let MLflow know what it must, and send nothing to its makers, while the block runs."""
    settings = {**_UNLESS_SET, **os.environ, **_SETTINGS}
    before = {name: os.environ.get(name) for name in (*_UNLESS_SET, *_SETTINGS)}
    os.environ.update({name: settings[name] for name in before})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _address(store: str | None) -> str:
    named = store or os.environ.get("MLFLOW_TRACKING_URI") or LOCAL_STORE
    return named if _SCHEME.match(named) else Path(named).absolute().as_uri()


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", text)


def _log(
    client: Any,
    folder: Path,
    verdict: Verdict,
    manifest: Mapping[str, Any],
    experiment: str,
    name: str,
    values: _Values,
) -> tuple[str, bool]:
    there = client.get_experiment_by_name(experiment)
    experiment_id = there.experiment_id if there else client.create_experiment(experiment)
    identity = fingerprint("Run", dict(manifest["files"]), manifest["study"])
    found = client.search_runs([experiment_id], f"tags.`{_TAG}` = '{identity}'")
    for one in found:
        if one.info.status == "FINISHED":
            return one.info.run_id, False
    # a run that was being logged when its process was killed is logged again, not twice
    started = _milliseconds(manifest["started"])
    tags = {_TAG: identity, **_tags(verdict, manifest)}
    run_id = (
        found[0].info.run_id
        if found
        else client.create_run(experiment_id, started, tags, name).info.run_id
    )
    for path in (folder / one for one in (VERDICT, MANIFEST, REPORT)):
        if path.is_file():
            client.log_artifact(run_id, str(path))
    _log_values(client, run_id, *values)
    client.set_terminated(run_id, end_time=started + round(1000 * manifest["wall_seconds"]))
    return run_id, True


def _log_values(
    client: Any, run_id: str, named: Mapping[str, str], measured: list[tuple[str, int, float]]
) -> None:
    from mlflow.entities import Metric, Param

    now = round(1000 * time.time())
    params = [Param(key, value[:_LONGEST]) for key, value in named.items()]
    metrics = [Metric(key, value, now, step) for key, step, value in measured]
    for first in range(0, len(params), _PARAMS_AT_ONCE):
        client.log_batch(run_id, params=params[first : first + _PARAMS_AT_ONCE])
    for first in range(0, len(metrics), _METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=metrics[first : first + _METRICS_AT_ONCE])


def _tags(verdict: Verdict, manifest: Mapping[str, Any]) -> dict[str, str]:
    return {
        "steelyard.version": manifest["versions"].get("steelyard", steelyard.__version__),
        "steelyard.headline": verdict.headline,
        "steelyard.outcome": verdict.priors[0].outcome,
        "steelyard.prior": verdict.priors[0].prior,
        "mlflow.note.content": str(verdict),
    }


def _params(state: RunState) -> dict[str, str]:
    return {
        f"{section}.{name}": ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for section in _LOGGED
        for name, value in state.facts.get(section, {}).items()
    }


def _metrics(verdict: Verdict, evaluation: Evaluation) -> Iterator[tuple[str, int, float]]:
    """Yield key, step and value: by arm a step a repetition, and what is over all of them."""
    priors = _keys(evaluation.priors)
    arms = _keys(dict.fromkeys(evaluation.overall["arm"]))
    for row in evaluation.by_seed.to_dict("records"):
        key = f"{priors[row['prior']]}/{_arm(arms, row)}/{row['metric']}"
        yield key, int(row["seed"]), row["value"]
    for row in evaluation.overall.to_dict("records"):
        key = f"{priors[row['prior']]}/{_arm(arms, row)}/{row['metric']}"
        yield from _ends(key, row["mean"], row["low"], row["high"])
    for answer in verdict.priors:
        yield f"{priors[answer.prior]}/verdict/degree", 0, answer.degree
        for quantity in _INTERVALS:
            interval: Interval = getattr(answer, quantity)
            key = f"{priors[answer.prior]}/verdict/{quantity}"
            yield from _ends(key, interval.mean, interval.low, interval.high)
    yield "look_mislabelled", 0, verdict.n_suspect
    yield "rare_classes", 0, sum(one.rare for one in verdict.classes)
    yield "hard_classes", 0, sum(one.hard is True for one in verdict.classes)


def _ends(key: str, mean: float, low: float, high: float) -> Iterator[tuple[str, int, float]]:
    for end, value in (("mean", mean), ("low", low), ("high", high)):
        yield f"{key}_{end}", 0, value


def _arm(arms: Mapping[str, str], row: Mapping[str, Any]) -> str:
    return f"{arms[row['arm']]}{' corrected' if row['decision'] == CORRECTED else ''}"


def _keys(names: Mapping[str, Any]) -> dict[str, str]:
    """Return names as MLflow takes them in a key, each its own."""
    keys: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_. -]", "-", name)[:80].strip(". ") or "-"
        while plain.casefold() in {key.casefold() for key in keys.values()}:
            plain += "-"
        keys[name] = plain
    return keys


def _milliseconds(moment: str) -> int:
    return round(1000 * datetime.datetime.fromisoformat(moment).timestamp())
