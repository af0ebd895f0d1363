"""A held-out part whose classes are not as frequent as where the data came from.

**What it tells you.** That somebody resampled the part that judges, or drew it otherwise than the
data: accuracy, precision, calibration and every other figure that depends on the class shares is of
a population that does not exist. Figures can still be re-weighted to a stated prior.

**How.** Pearson's chi-square test of the part's class counts against the raw shares; exact by
simulation where a class is expected fewer than five times. Raw counts (whole numbers of a sum above
100), in place of shares, are taken for a sample themselves. The level is one in a thousand over all
parts tested (Bonferroni, so that Holm's procedure would find no less). A difference below one
sample in a hundred is not told, however certain it is.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import binom, chi2

from steelyard._support.errors import DataError
from steelyard._support.seeding import generator
from steelyard._support.validation import named_few
from steelyard.guards.cannot_tell import CannotTell
from steelyard.guards.copies import EXAMPLES
from steelyard.records.finding import Finding

_LEVEL = 0.001
_SMALLEST = 0.01  # ours: total variation that is worth a word
_FEW = 5.0  # expected samples below which the chi-square distribution is not trusted
_DRAWS = 20_000
_WEIGHTS = 100  # ours: whole numbers of a larger sum are counts, not weights or percentages


def class_shares(
    counts: np.ndarray,
    raw: np.ndarray,
    class_names: tuple[str, ...],
    name: str,
    *,
    n_parts: int = 1,
    raw_words: str = "the raw data",
    balanced_alone: bool = False,
) -> Finding | None:
    """G201 and G202: class counts that the raw shares do not explain.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples of each class in the part.
    raw : ndarray of shape (K,)
        Class shares of the raw data; or their counts: whole numbers of a sum above 100.
    class_names : tuple of str
        The classes.
    name : str
        What to call the part.
    n_parts : int
        Parts that are tested, among which the level is shared out.
    raw_words : str
        What the raw shares are of.
    balanced_alone : bool
        Tell of a part only if it is balanced exactly.

    Raises
    ------
    DataError
        If counts or shares are negative, do not fit the classes, or sum to zero.
    CannotTell
        If there is one class alone.
    """
    counts, raw = _checked(counts, class_names), _checked(raw, class_names)
    if ((counts > 0) | (raw > 0)).sum() < 2:
        raise CannotTell("there is one class alone")
    p = _p_value(counts, raw)
    shares, usual = counts / counts.sum(), raw / raw.sum()
    distance = float(np.abs(shares - usual).sum() / 2)
    if p > _LEVEL / n_parts or distance < _SMALLEST:
        return None
    balanced = _balanced(counts)
    if balanced_alone and not balanced:
        return None
    order = np.argsort(-np.abs(shares - usual), kind="stable")
    furthest = ", ".join(
        f"{class_names[code]!r} {shares[code]:.3g} in place of {usual[code]:.3g}"
        for code in order[:3]
    )
    n = int(counts.sum())
    start = (
        f"The {name} part holds {int(counts.max())} samples of each of {int((counts > 0).sum())} "
        f"classes, which {raw_words} do not"
        if balanced
        else f"The class shares of the {name} part are not those of {raw_words}"
    )
    return Finding(
        "G202" if balanced else "G201",
        "warning",
        f"{start}: {furthest}; {distance:.1%} of its samples would have to be of another class "
        f"({_words(p)} by chance).",
        max(round(distance * n), 1),
        n,
        tuple(class_names[code] for code in order[:EXAMPLES] if shares[code] != usual[code]),
        "judge on samples as they come; where other shares are meant, state them as a deployment "
        "prior (--priors) and let the figures be re-weighted.",
    )


def label_shares(
    counts: np.ndarray,
    n: int,
    raw: np.ndarray,
    class_names: tuple[str, ...],
    name: str,
    *,
    n_parts: int = 1,
) -> Finding | None:
    """G201 where a sample may have several labels: each label's share against its raw share.

    Parameters
    ----------
    counts : ndarray of shape (K,)
        Samples with each label in the part.
    n : int
        Samples of the part.
    raw : ndarray of shape (K,)
        Share of the raw samples with each label.
    class_names, name, n_parts
        As in `class_shares`.
    """
    raw = np.asarray(raw, np.float64)
    if raw.shape != (len(class_names),) or not ((raw >= 0) & (raw <= 1)).all():
        raise DataError(f"Raw shares of {len(class_names)} labels must lie in [0, 1].")
    below, above = binom.cdf(counts, n, raw), binom.sf(counts - 1, n, raw)
    p = np.minimum(2 * np.minimum(below, above), 1)
    distance = np.abs(counts / n - raw)
    odd = np.flatnonzero((p <= _LEVEL / n_parts / len(raw)) & (distance >= _SMALLEST))
    if not len(odd):
        return None
    odd = odd[np.argsort(-distance[odd], kind="stable")]
    furthest = ", ".join(
        f"{class_names[at]!r} {counts[at] / n:.3g} in place of {raw[at]:.3g}" for at in odd[:3]
    )
    return Finding(
        "G201",
        "warning",
        f"{len(odd)} of {len(raw)} labels are not as frequent in the {name} part as in the raw "
        f"data: {furthest}.",
        len(odd),
        len(raw),
        tuple(class_names[at] for at in odd[:EXAMPLES]),
        "judge on samples as they come, or re-weight to the prior that is meant.",
    )


def unseen_classes(
    train_counts: np.ndarray, counts: np.ndarray, class_names: tuple[str, ...], name: str
) -> Finding | None:
    """G409: classes of a held-out part of which training has no sample.

    Parameters
    ----------
    train_counts, counts : ndarray of shape (K,)
        Samples of each class in training and in the part.
    class_names : tuple of str
        The classes.
    name : str
        What to call the part.
    """
    unseen = np.flatnonzero((np.asarray(counts) > 0) & (np.asarray(train_counts) == 0))
    if not len(unseen):
        return None
    names = [class_names[code] for code in unseen]
    n_classes = int((np.asarray(counts) > 0).sum())
    return Finding(
        "G409",
        "warning",
        f"{len(unseen)} of {n_classes} classes of the {name} part have no training sample: "
        f"{named_few(names)}; {int(np.asarray(counts)[unseen].sum())} rows that no model can be "
        "right about.",
        len(unseen),
        n_classes,
        tuple(names[:EXAMPLES]),
        "check that both parts name their classes alike, and split so that no class is lost.",
    )


def _checked(numbers: np.ndarray, class_names: tuple[str, ...]) -> np.ndarray:
    numbers = np.asarray(numbers, np.float64)
    good = numbers.shape == (len(class_names),) and np.isfinite(numbers).all()
    if not good or (numbers < 0).any() or numbers.sum() <= 0:
        raise DataError(
            f"Class counts and shares must be {len(class_names)} numbers, none negative and not "
            f"all zero. Got {numbers.ravel()[:12].tolist()}."
        )
    return numbers


def _p_value(counts: np.ndarray, raw: np.ndarray) -> float:
    sampled = raw.sum() > _WEIGHTS and bool((raw == np.rint(raw)).all())
    if not sampled and (counts[raw == 0] > 0).any():
        return 0.0
    there = (counts > 0) | (raw > 0)
    counts, raw = counts[there], raw[there]
    n = int(counts.sum())
    if not sampled:
        shares = raw / raw.sum()
        statistic = _pearson(counts[None], n * shares)[0]
        if (n * shares).min() >= _FEW:
            return float(chi2.sf(statistic, len(counts) - 1))
        draws = generator(0, purpose="guards: shares").multinomial(n, shares, _DRAWS)
        return _simulated(statistic, _pearson(draws, n * shares))
    # both are samples of one population, whose shares are best known from the two together
    m = int(raw.sum())
    pooled = (counts + raw) / (n + m)
    statistic = _pearson(counts[None], n * pooled)[0] + _pearson(raw[None], m * pooled)[0]
    if min(n, m) * pooled.min() >= _FEW:
        return float(chi2.sf(statistic, len(counts) - 1))
    draw = generator(0, purpose="guards: shares").multivariate_hypergeometric
    drawn = draw((counts + raw).astype(np.int64), n, _DRAWS, method="marginals")
    rest = (counts + raw) - drawn
    return _simulated(statistic, _pearson(drawn, n * pooled) + _pearson(rest, m * pooled))


def _pearson(counts: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return ((counts - expected) ** 2 / expected).sum(axis=1)


def _simulated(statistic: float, drawn: np.ndarray) -> float:
    return float((1 + (drawn >= statistic * (1 - 1e-12)).sum()) / (1 + len(drawn)))


def _balanced(counts: np.ndarray) -> bool:
    """Tell whether all classes have as many samples, but for the rest that a total leaves."""
    present = counts[counts > 0]
    rest = present.sum() % len(present) > 0
    return len(present) > 1 and present.min() > 1 and np.ptp(present) <= int(rest)


def _words(p: float) -> str:
    return f"p = {p:.1g}" if p >= 1e-6 else "less than one in a million"
