"""Gradient-boosted trees: scikit-learn's histogram booster, or xgboost where it is installed.

Each round of boosting is an epoch to the recorder: the model grows on every sample at once, and
its staged margins are what a network's epochs are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from steelyard._support.errors import MissingExtraError
from steelyard._support.seeding import derive_seed
from steelyard.records.recipe import Recipe
from steelyard.training.prepared import Prepared

# Half of the columns compete for each split: without it every repetition grows the same trees.
_COLUMN_SHARE = 0.5


def train_trees(
    prepared: Prepared,
    recipe: Recipe,
    draws: np.ndarray,
    seed: int,
    repetition: int,
    watch: Callable[[torch.Tensor, torch.Tensor], None] | None = None,
    end_epoch: Callable[[], None] | None = None,
) -> Callable[[np.ndarray], np.ndarray]:
    """Grow one boosted ensemble and return its prediction function.

    Parameters
    ----------
    prepared : Prepared
        Inputs for trees: numbers, and category codes in the columns marked as such.
    recipe, draws, seed, repetition, watch, end_epoch
        As in `steelyard.training.loop.train_network`; a round of boosting is an epoch.

    Returns
    -------
    callable
        From encoded inputs (m, n_columns) to logits (m, K), float64.

    Raises
    ------
    MissingExtraError
        If the recipe asks for xgboost and it is not installed.
    """
    random_state = derive_seed(seed, purpose="trees", repetition=repetition) % 2**32
    grow = _grow_xgboost if recipe.library == "xgboost" else _grow_sklearn
    X, y = prepared.X, prepared.y
    predict, stages = grow(X[draws], y[draws], prepared.categorical, recipe, random_state)
    if watch is not None and end_epoch is not None:
        rows = torch.arange(len(X))
        for logits in stages(X):
            watch(rows, torch.from_numpy(logits))
            end_epoch()
    return predict


def _grow_sklearn(X, y, categorical, recipe, random_state):  # type: ignore[no-untyped-def]
    model = HistGradientBoostingClassifier(
        learning_rate=recipe.learning_rate,
        max_iter=recipe.epochs,
        max_leaf_nodes=recipe.leaves,
        l2_regularization=recipe.weight_decay,
        max_features=_COLUMN_SHARE,
        categorical_features=categorical if categorical.any() else None,
        early_stopping=False,
        random_state=random_state,
    ).fit(X, y)
    return (
        lambda X: logits_of(model.decision_function(X)),
        lambda X: (logits_of(raw) for raw in model.staged_decision_function(X)),
    )


def _grow_xgboost(X, y, categorical, recipe, random_state):  # type: ignore[no-untyped-def]
    try:
        import xgboost
    except ImportError as error:
        raise MissingExtraError(
            "Trees of the library xgboost need the package xgboost, which is not installed.",
            hint="pip install 'steelyard[trees]', or choose the library sklearn.",
        ) from error
    n_classes = int(y.max()) + 1
    kinds = ["c" if coded else "q" for coded in categorical] or None

    def matrix(X, y=None):  # type: ignore[no-untyped-def]
        return xgboost.DMatrix(X, y, feature_types=kinds, enable_categorical=True)

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
    booster = xgboost.train(parameters, matrix(X, y), num_boost_round=recipe.epochs)

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
