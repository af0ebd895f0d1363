"""A sampler for imbalanced-learn's pipelines that keeps to a plan, by class count or hardness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from imblearn.base import BaseSampler
from imblearn.utils import check_target_type
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import check_classification_targets

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import derive_seed
from steelyard._support.validation import check_choice, check_integer
from steelyard.records.hardness import Hardness
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling import AddedRows, by_count, by_hardness
from steelyard.resampling.select import OVER, UNDER

SCHEMES = ("count", "hardness")
_OF_COUNT = {  # what by="hardness" does not take, and its defaults
    "size": "constant",
    "shares": None,
    "interpolation": "exponent",
    "floor": None,
    "cap": None,
    "max_repeat": None,
}


class Resampler(BaseSampler):
    """Resample a training set by a steelyard plan, as a sampler of imbalanced-learn.

    In its ``Pipeline`` it resamples while fitting alone; what is predicted or scored stays as it
    is. Rows are chosen, never made, so that X may be whatever has rows: an array of any number of
    dimensions, a DataFrame (columns and dtypes stay; the index becomes 0, 1, ..., as
    imbalanced-learn has it), a sparse matrix, a list.

    There is no ``sampling_strategy``: how far to balance is ``degree``, which holds on to class
    totals for any number of classes.

    Parameters
    ----------
    by : {"count", "hardness"}
        What decides the class shares: `steelyard.resampling.by_count` or `by_hardness`.
    degree : float
        0 leaves the data as they are, 1 balances fully, or takes the ratios of hardness.
    size : {"constant", "grow", "shrink"}
        By count: whether the number of rows stays, or rows are only repeated, or only left out.
    shares : array_like of shape (K,) or mapping of label to weight, optional
        By count: the class shares to reach, in the order of the sorted labels; equal by default.
    interpolation, floor, cap, max_repeat
        By count, as in `steelyard.resampling.by_count`.
    under : {"random", "easiest", "hardest", "none"}, optional
        Which rows a class that shrinks leaves out; "random" by count and "easiest" by hardness,
        by default.
    over : {"random", "easy", "hard", "none"}
        Which rows a class that grows repeats.
    estimator : classifier, optional
        What predicts each row without having trained on it, where any of these go by hardness; a
        row is as hard as the probability that it misses. By default boosted trees, which take
        missing values and categories of a DataFrame, or, of a sparse matrix, a logistic
        regression.
    cv : int
        Its folds; as many as the smallest class has rows, if that is fewer.
    random_state : int, RandomState, Generator or None
        An int gives the same rows each time, those of the plan of that seed; None others.

    Attributes
    ----------
    plan_ : Plan
        With the ids 0..n-1; ``plan_.table()`` shows what was achieved.
    sample_indices_ : ndarray of shape (n_new,)
        The row of X that each new row is: all that are used, in order, then all second uses, ...
    sampling_strategy_ : dict
        Rows of each class after resampling.
    hardness_ : Hardness
        Where rows were chosen, or classes planned, by it.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of str
        Their names, where X has such.
    """

    def __init__(
        self,
        by: str = "count",
        degree: float = 1.0,
        *,
        size: str = "constant",
        shares: Any = None,
        interpolation: str = "exponent",
        floor: int | None = None,
        cap: int | None = None,
        max_repeat: float | None = None,
        under: str | None = None,
        over: str = "random",
        estimator: Any = None,
        cv: int = 5,
        random_state: Any = None,
    ) -> None:
        self.by = by
        self.degree = degree
        self.size = size
        self.shares = shares
        self.interpolation = interpolation
        self.floor = floor
        self.cap = cap
        self.max_repeat = max_repeat
        self.under = under
        self.over = over
        self.estimator = estimator
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Resampler:
        """Plan for these data; `fit_resample` does it too.

        Parameters
        ----------
        X : array_like, DataFrame, sparse matrix or list of n rows
            Inputs.
        y : array_like of shape (n,), or one-hot of shape (n, K)
            Labels of any kind.

        Raises
        ------
        ParameterError
            If a parameter lies outside its range, or is of another way to plan.
        DataError
            If there are fewer than two classes, labels are text in part, or a class has one row
            where hardness is measured.
        """
        self._require_parameters()
        _require_one_kind(y)
        check_classification_targets(y)
        if not hasattr(X, "__len__") and not hasattr(X, "shape"):
            raise DataError(f"Resampler needs X with one row a sample. Got {type(X).__name__}.")
        check_consistent_length(X, y)
        self._note_features(X)
        classes, codes = np.unique(_one_label_a_row(y), return_inverse=True)
        if len(classes) < 2:
            raise DataError(
                f"Resampler needs at least two classes. Got one class: {classes.tolist()}."
            )
        rows = np.arange(len(codes))
        alone = pd.DataFrame(index=rows)  # the plan is made of the labels
        data = Labelled(alone, codes, tuple(map(str, classes)), rows)
        self.plan_ = self._planned(X, data)
        self.sample_indices_ = uses_in_turns(self.plan_.counts)
        self.sampling_strategy_ = dict(
            zip(classes.tolist(), self.plan_.achieved.tolist(), strict=True)
        )
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return the planned rows of X and y, each in kind.

        Parameters
        ----------
        X, y
            As in `fit`.

        Returns
        -------
        X, y
            Rows ``sample_indices_`` of both, of the type that came.
        """
        self.fit(X, y)
        return _rows_of(X, self.sample_indices_), _rows_of(y, self.sample_indices_)

    def _require_parameters(self) -> None:
        check_choice(self.by, "by", "Resampler", SCHEMES)
        if isinstance(self.over, AddedRows):
            raise ParameterError(
                f"Resampler chooses rows of X and can add none. Got over={self.over!r:.80}.",
                hint="choose over='none' and make imbalanced-learn's SMOTE the next step of the "
                "pipeline, or steelyard.plan, whose plans hold added rows.",
            )
        check_choice(self.over, "over", "Resampler", OVER)
        if self.under is not None:
            check_choice(self.under, "under", "Resampler", UNDER)
        for name, default in _OF_COUNT.items():
            value = getattr(self, name)
            is_default = value is None if default is None else np.array_equal(value, default)
            if self.by == "hardness" and not is_default:
                raise ParameterError(
                    f"The {name!r} parameter of Resampler is of by='count'. Got {value!r:.80} "
                    "with by='hardness'.",
                    hint="leave it out, or plan with steelyard.plan.",
                )

    @property
    def _needs_hardness(self) -> bool:
        return (
            self.by == "hardness"
            or self.under in ("easiest", "hardest")
            or self.over in ("easy", "hard")
        )

    def _planned(self, X: Any, data: Labelled) -> Plan:
        seed = _seed(self.random_state)
        self.__dict__.pop("hardness_", None)  # of an earlier fit
        if self._needs_hardness:
            self.hardness_ = self._measured(X, data, seed)
        if self.by == "hardness":
            under = "easiest" if self.under is None else self.under
            return by_hardness(
                data, self.hardness_, self.degree, under=under, over=self.over, seed=seed
            )
        return by_count(
            data,
            self.degree,
            shares=self.shares,
            interpolation=self.interpolation,
            size=self.size,
            floor=self.floor,
            cap=self.cap,
            max_repeat=self.max_repeat,
            under="random" if self.under is None else self.under,
            over=self.over,
            hardness=self.hardness_ if self._needs_hardness else None,
            seed=seed,
        )

    def _measured(self, X: Any, data: Labelled, seed: int) -> Hardness:
        """Return for each row the probability that a classifier without it gives other classes."""
        fewest = int(data.class_counts.min())
        if fewest < 2:
            alone = data.class_names[int(data.class_counts.argmin())]
            raise DataError(
                f"The class {alone!r} has one row: a model that does not train on it does not "
                "know its class.",
                hint="leave the class out, or resample by='count' and at random.",
            )
        folds = min(check_integer(self.cv, "cv", "Resampler", 2), fewest)
        seeds = {of: derive_seed(seed, purpose=of) % 2**31 for of in ("folds", "estimator")}
        # classes are numbered as they come: no estimator sees what they are called
        codes = pd.factorize(data.labels)[0]
        missing = 1 - cross_val_predict(
            self._classifier(X, seeds["estimator"]),
            X if issparse(X) or hasattr(X, "iloc") else np.reshape(X, (len(data), -1)),
            codes,
            cv=StratifiedKFold(folds, shuffle=True, random_state=seeds["folds"]),
            method="predict_proba",
        )
        return Hardness(
            "1 - probability of the label",
            data.ids,
            data.labels,
            data.class_names,
            missing[np.arange(len(data)), codes],
            np.full(len(data), np.nan),
            1,
            data.fingerprint,
        )

    def _classifier(self, X: Any, seed: int) -> Any:
        if self.estimator is not None:
            if not hasattr(self.estimator, "predict_proba"):
                raise ParameterError(
                    "The 'estimator' parameter of Resampler must be a classifier with "
                    f"predict_proba. Got {type(self.estimator).__name__}."
                )
            return clone(self.estimator)
        if issparse(X):
            return make_pipeline(MaxAbsScaler(), LogisticRegression(max_iter=1000))
        return HistGradientBoostingClassifier(random_state=seed)

    def _note_features(self, X: Any) -> None:
        self.__dict__.pop("feature_names_in_", None)  # of an earlier fit
        columns = getattr(X, "columns", None)
        if columns is not None and all(isinstance(name, str) for name in columns):
            self.feature_names_in_ = np.asarray(columns, dtype=object)
        shape = X.shape if hasattr(X, "shape") else np.shape(X[:1])
        self.n_features_in_ = int(shape[1]) if len(shape) > 1 else 1
        if self.n_features_in_ == 0:
            raise DataError(
                f"X holds 0 feature(s) (shape={shape}) while a minimum of 1 is required."
            )

    def _fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        return self.fit_resample(X, y)  # abstract in the base class, which calls it after checks

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = True
        tags.input_tags.allow_nan = not self._needs_hardness or self.estimator is None
        tags.input_tags.string = not self._needs_hardness
        return tags


def _require_one_kind(y: Any) -> None:
    """Raise where some labels are text: they cannot be told in order, and a list makes 1 a "1"."""
    listed = y if isinstance(y, (list, tuple)) else np.asarray(y)
    if isinstance(listed, np.ndarray):
        listed = listed.ravel().tolist() if listed.dtype.kind == "O" else []
    is_text = [isinstance(one, str) for one in listed]
    if any(is_text) and not all(is_text):
        text, other = listed[is_text.index(True)], listed[is_text.index(False)]
        raise DataError(
            f"The labels in y must be all text or all numbers. Got {text!r} and {other!r:.80}.",
            hint="name all classes in one way, and leave out rows without a label.",
        )


def _one_label_a_row(y: Any) -> np.ndarray:
    """Return the labels as a vector; one-hot rows give the place of their 1."""
    array = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if array.ndim == 2 and array.shape[1] > 1 and not array.any(axis=1).all():
        raise DataError(
            f"{(~array.any(axis=1)).sum()} rows of y have no label, the first is row "
            f"{int((~array.any(axis=1)).argmax())}.",
            hint="leave them out, or plan data with several labels a sample: steelyard.plan.",
        )
    return np.ravel(check_target_type(array))


def _seed(random_state: Any) -> int:
    if random_state is None:
        return int(np.random.default_rng().integers(2**31))  # global random state stays untouched
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    return check_integer(random_state, "random_state", "Resampler", 0)


def uses_in_turns(counts: np.ndarray) -> np.ndarray:
    """Return the row of every use: all first uses in order, then all second ones, and so on."""
    rows = np.repeat(np.arange(len(counts)), counts)
    turn = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    if counts.max() <= 2**16:
        turn = turn.astype(np.uint16)  # sorted in linear time
    return rows[np.argsort(turn, kind="stable")]


def _rows_of(values: Any, rows: np.ndarray) -> Any:
    if hasattr(values, "iloc"):
        return values.iloc[rows].reset_index(drop=True)
    if issparse(values):
        return values.tocsr()[rows].asformat(values.format)
    if isinstance(values, (list, tuple)):
        return type(values)([values[row] for row in rows])
    return values[rows] if hasattr(values, "shape") else np.asarray(values)[rows]
