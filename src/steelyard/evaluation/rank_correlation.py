"""Do data sets rank the methods alike? Kendall's and Spearman's correlations, with intervals.

A method that wins on one data set may lose on the next. What a study says of methods in general
holds as far as its data sets agree on their order, and few methods leave that open.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from steelyard._support.errors import DataError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_integer, check_real
from steelyard.evaluation.estimate import LEVEL
from steelyard.evaluation.weighted_correlation import (
    bootstrap_counts,
    correlation,
    mid_ranks,
    percentile_interval,
)
from steelyard.records.interval import Interval

FEWEST_METHODS = 4  # of three methods any order is too likely to tell anything (ours)
KINDS = ("kendall", "spearman")


@dataclass(frozen=True, eq=False)
class RankAgreement:
    """How alike data sets rank methods.

    Parameters
    ----------
    pairs : pandas.DataFrame
        One row for each pair of data sets and each kind of correlation: ``left``, ``right``,
        ``kind`` (`KINDS`), ``n_methods`` run on both, ``correlation`` with ``low`` and ``high``.
        NaN is "no data": fewer than four common methods, or all scores of a data set equal.
    means : dict of str to Interval
        Mean correlation over the pairs that have one, by kind.
    n_pairs : dict of str to int
        Pairs that the mean counts, by kind.
    over : str
        What the intervals of the means are over: "methods and data sets" or "methods alone".
    """

    pairs: pd.DataFrame
    means: dict[str, Interval]
    n_pairs: dict[str, int]
    over: str


@dataclass(frozen=True, eq=False)
class MeanRanks:
    """Mean rank of each method over the data sets that all methods ran on.

    Parameters
    ----------
    ranks : pandas.Series
        By method, best first; 1 is best, ties share the mean of their ranks.
    n_data_sets : int
        Data sets that count: complete ones.
    p_value : float
        Friedman's test of "every order is equally likely on every data set".
    """

    ranks: pd.Series
    n_data_sets: int
    p_value: float


def rank_agreement(
    scores: Any, n_draws: int = 1000, seed: int = 0, level: float = LEVEL
) -> RankAgreement:
    """Return the rank correlation of methods between each two data sets, and its mean over pairs.

    Kendall's tau-b is ``sum s_ij s'_ij / sqrt(sum s_ij^2 sum s'_ij^2)`` over pairs of methods, s
    the sign of the difference of their scores; Spearman's is Pearson's of mid-ranks. The intervals
    are percentiles of a bootstrap that draws methods anew, and for the means, where there are three
    data sets or more, data sets too, independently. They speak of other methods and data sets of
    this kind, and are wide where either are few; with fewer than ten methods, they are too narrow
    as well, because so few methods show too little of what methods there might be.

    Parameters
    ----------
    scores : DataFrame or array_like of shape (methods, data sets)
        In any unit, larger or smaller is better, as long as it is the same in the whole table.
        NaN where a method was not run: a pair of data sets is compared on the methods of both.
    n_draws : int
        Bootstrap draws.
    seed : int
        Of the draws.
    level : float
        Confidence level.

    Raises
    ------
    DataError
        If there are fewer than four methods or two data sets, a name occurs twice, a score is
        infinite, or no pair of data sets can be compared.

    References
    ----------
    Kendall (1945), Biometrika 33(3), 239-251; Owen (2007), Annals of Applied Statistics 1(2), two
    crossed factors drawn anew.
    """
    table = _table(scores)
    n_draws = check_integer(n_draws, "n_draws", "rank_agreement", 100)
    level = check_real(level, "level", "rank_agreement", 0, 1, "()")
    values = table.to_numpy()
    n_methods, n_sets = values.shape
    rng = generator(seed, purpose="rank agreement")
    drawn = bootstrap_counts(n_methods, n_draws, rng)
    weights = np.vstack([np.ones(n_methods), drawn])  # the first row is the data themselves
    sets_drawn = np.vstack([np.ones(n_sets), bootstrap_counts(n_sets, n_draws, rng)])
    if n_sets < 3:
        sets_drawn = np.ones_like(sets_drawn)
    rows = []
    # numerator and denominator of the means over pairs, one for each draw
    sums = {kind: np.zeros((2, n_draws + 1)) for kind in KINDS}
    n_pairs = dict.fromkeys(KINDS, 0)
    for a, b in combinations(range(n_sets), 2):
        both = ~np.isnan(values[:, [a, b]]).any(axis=1)
        x, y, common = values[both, a], values[both, b], weights[:, both]
        key = {"left": table.columns[a], "right": table.columns[b], "n_methods": int(both.sum())}
        for kind in KINDS:
            found = np.full(n_draws + 1, np.nan)
            if both.sum() >= FEWEST_METHODS:
                found = _kendall(x, y, common) if kind == "kendall" else _spearman(x, y, common)
            interval = percentile_interval(float(found[0]), found[1:], level)
            ends = (np.nan, np.nan) if interval is None else (interval.low, interval.high)
            row = {"correlation": float(found[0]), "low": ends[0], "high": ends[1]}
            rows.append({**key, "kind": kind, **row})
            if np.isnan(found[0]):
                continue
            n_pairs[kind] += 1
            times = np.where(np.isnan(found), 0.0, sets_drawn[:, a] * sets_drawn[:, b])
            sums[kind] += times * np.array([np.nan_to_num(found), np.ones(n_draws + 1)])
    if not n_pairs["kendall"]:
        raise DataError(
            f"No two data sets have {FEWEST_METHODS} methods in common whose scores differ.",
            hint="run the same methods on more data sets.",
        )
    means = {}
    for kind, (total, count) in sums.items():
        draws = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
        mean = percentile_interval(float(draws[0]), draws[1:], level)
        means[kind] = mean or Interval(float(draws[0]), -1.0, 1.0)  # nothing is known
    over = "methods and data sets" if n_sets > 2 else "methods alone"
    return RankAgreement(pd.DataFrame(rows), means, n_pairs, over)


def mean_ranks(scores: Any, higher_is_better: bool = True) -> MeanRanks:
    """Return each method's mean rank over data sets, and Friedman's test of equal methods.

    Parameters
    ----------
    scores : DataFrame or array_like of shape (methods, data sets)
        Data sets with a NaN are left out.
    higher_is_better : bool
        False for losses and errors.

    Raises
    ------
    DataError
        If there are fewer than four methods, or fewer than two data sets are complete.

    References
    ----------
    Friedman (1937), JASA 32(200), 675-701; Demsar (2006), JMLR 7, 1-30.
    """
    table = _table(scores)
    complete = table.dropna(axis="columns")
    if complete.shape[1] < 2:
        raise DataError(
            "Mean ranks need two data sets or more that all methods ran on. "
            f"Got {complete.shape[1]} of {table.shape[1]}.",
            hint="leave out the methods that were not run everywhere.",
        )
    ranks = complete.rank(ascending=not higher_is_better)
    every_tied = (ranks.nunique() == 1).all()
    p_value = 1.0 if every_tied else float(stats.friedmanchisquare(*ranks.to_numpy()).pvalue)
    return MeanRanks(ranks.mean(axis="columns").sort_values(), complete.shape[1], p_value)


def _kendall(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    left, right = np.sign(x[:, None] - x), np.sign(y[:, None] - y)
    together, own_left, own_right = (
        ((weights @ signs) * weights).sum(axis=-1) for signs in (left * right, left**2, right**2)
    )
    scale = np.sqrt(own_left * own_right)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(scale > 0, np.clip(together / scale, -1, 1), np.nan)


def _spearman(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return correlation(mid_ranks(x, weights), mid_ranks(y, weights), weights)


def _table(scores: Any) -> pd.DataFrame:
    try:
        table = pd.DataFrame(scores).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"Scores must be a table of numbers: {error}.") from error
    if table.shape[0] < FEWEST_METHODS or table.shape[1] < 2:
        raise DataError(
            f"Rankings are compared from {FEWEST_METHODS} methods and 2 data sets on. "
            f"Got {table.shape[0]} methods and {table.shape[1]} data sets.",
            hint="rows are methods and columns are data sets.",
        )
    for what, names in (("method", table.index), ("data set", table.columns)):
        if names.has_duplicates:
            twice = names[names.duplicated()][0]
            raise DataError(f"Every {what} must occur once. {str(twice)!r} occurs twice.")
    if np.isinf(table.to_numpy()).any():
        raise DataError("Scores must be finite, or NaN where a method was not run.")
    return table
