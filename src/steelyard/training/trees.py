"""Gradient-boosted trees: scikit-learn's histogram booster, or xgboost where it is installed.

Each round of boosting is an epoch to the recorder: the model grows on every sample at once, and
its staged margins are what a network's epochs are.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from steelyard._support.errors import DataError, MissingExtraError
from steelyard._support.progress import Progress
from steelyard._support.seeding import derive_seed
from steelyard.training.fitted import Fitted, as_fitted, canonical_recorder
from steelyard.training.members import Member
from steelyard.training.prepared import Prepared
from steelyard.training.threads import bounded_threads

# Half of the columns compete for each split: without it every repetition grows the same trees.
_COLUMN_SHARE = 0.5


def grow_trees(
    prepared: Prepared,
    members: Sequence[Member],
    seed: int,
    threads: int | None,
    progress: Progress,
) -> tuple[Fitted, ...]:
    """Grow one booster after the other.

    Parameters
    ----------
    prepared : Prepared
        Inputs for trees: numbers, and category codes in the columns marked as such.
    members : sequence of Member
        What to grow; a round of boosting is an epoch.
    seed : int
        From which all seeds derive.
    threads : int, optional
        Threads that it may use; None takes as many as there are cores.
    progress : callable
        Told before each.

    Raises
    ------
    DataError
        If a plan leaves no sample of a class.
    MissingExtraError
        If a recipe asks for xgboost and it is not installed.
    """
    fitted = []
    with bounded_threads(prepared, threads or os.cpu_count() or 1):
        for done, member in enumerate(members):
            progress(done, len(members), f"{member.arm}, repetition {member.repetition + 1}")
            fitted.append(_grow(prepared, member, seed))
    progress(len(members), len(members), f"{len(members)} boosters grown")
    return tuple(fitted)


def _grow(prepared: Prepared, member: Member, seed: int) -> Fitted:
    recipe, draws = member.recipe, prepared.draws(member.plan)
    _require_every_class(prepared, draws)
    random_state = derive_seed(seed, purpose="trees", repetition=member.repetition) % 2**32
    grow = _grow_xgboost if recipe.library == "xgboost" else _grow_sklearn
    X, y = prepared.X, prepared.y
    weights = prepared.weights(draws, recipe.class_weighting)
    predict, stages = grow(
        X[draws],
        y[draws],
        None if weights is None else weights[draws],
        prepared.categorical,
        recipe,
        random_state,
    )
    recorder = canonical_recorder(prepared, member)
    if recorder is not None:
        rows, stage = torch.arange(len(X)), np.empty(0)
        for stage in stages(X):
            recorder.update_rows(rows, torch.from_numpy(stage))
            recorder.end_epoch()
        recorder.final(recorder.ids, stage)  # the last one is the model
    logits = [predict(held_out) for held_out in prepared.X_held_out]
    if member.left_out:
        logits.append(predict(X[prepared.left_out(member.plan)]))
    if member.all_rows:
        logits.append(predict(X))
    return as_fitted(prepared, member, logits, recorder)


def _require_every_class(prepared: Prepared, draws: np.ndarray) -> None:
    # trees have an output for each class that they see: without one, the others would shift
    data = prepared.data
    unseen = np.flatnonzero(np.bincount(prepared.y[draws], minlength=data.n_classes) == 0)
    if len(unseen):
        first = min(data.class_names[prepared.classes[code]] for code in unseen)
        raise DataError(
            f"The plan leaves {len(unseen)} classes without a sample, first {first!r}; trees "
            "cannot be told of a class that they never see.",
            hint="keep a sample of every class, or choose the probe mlp.",
        )


def _grow_sklearn(X, y, weights, categorical, recipe, random_state):  # type: ignore[no-untyped-def]
    model = HistGradientBoostingClassifier(
        learning_rate=recipe.learning_rate,
        max_iter=recipe.epochs,
        max_leaf_nodes=recipe.leaves,
        l2_regularization=recipe.weight_decay,
        max_features=_COLUMN_SHARE,
        categorical_features=categorical if categorical.any() else None,
        early_stopping=False,
        random_state=random_state,
    ).fit(X, y, weights)
    return (
        lambda X: logits_of(model.decision_function(X)),
        lambda X: (logits_of(raw) for raw in model.staged_decision_function(X)),
    )


def _grow_xgboost(X, y, weights, categorical, recipe, random_state):  # type: ignore[no-untyped-def]
    try:
        import xgboost
    except ImportError as error:
        raise MissingExtraError(
            "Trees of the library xgboost need the package xgboost, which is not installed.",
            hint="pip install 'steelyard[trees]', or choose the library sklearn.",
        ) from error
    n_classes = int(y.max()) + 1
    kinds = ["c" if coded else "q" for coded in categorical] or None

    def matrix(X, y=None, weights=None):  # type: ignore[no-untyped-def]
        return xgboost.DMatrix(X, y, weight=weights, feature_types=kinds, enable_categorical=True)

    objective: dict[str, object] = {"objective": "binary:logistic"}
    if n_classes > 2:
        objective = {"objective": "multi:softprob", "num_class": n_classes}
    parameters = {
        **objective,
        "eta": recipe.learning_rate,
        "max_leaves": recipe.leaves,
        "max_depth": 0,
        "grow_policy": "lossguide",
        "tree_method": "hist",
        "lambda": recipe.weight_decay,
        "colsample_bynode": _COLUMN_SHARE,
        "seed": random_state,
    }
    booster = xgboost.train(parameters, matrix(X, y, weights), num_boost_round=recipe.epochs)

    def raw(X, rounds):  # type: ignore[no-untyped-def]
        return booster.predict(matrix(X), output_margin=True, iteration_range=rounds)

    def stages(X):  # type: ignore[no-untyped-def]
        # one round's own contribution includes the base score: count it once
        base = raw(X, (0, 1)) - raw(X, (0, 2)) + raw(X, (1, 2)) if recipe.epochs > 1 else 0
        total = base
        for number in range(recipe.epochs):
            total = total + raw(X, (number, number + 1)) - base
            yield logits_of(total)

    return lambda X: logits_of(raw(X, (0, 0))), stages


def logits_of(raw: np.ndarray) -> np.ndarray:
    """Return raw outputs as logits of shape (n, K), float64."""
    raw = np.asarray(raw, dtype=np.float64)
    if raw.ndim == 1:  # two classes: one margin, that of the second class against the first
        raw = np.stack([np.zeros_like(raw), raw], axis=1)
    return raw
