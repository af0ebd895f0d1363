"""Choices made on the part that judges: a threshold, a degree, an epoch, the best of many arms.

**How much the best of many flatters.** Let A arms be equally good in truth. Their scores on n
samples differ by noise, whose covariance is that of the per-sample scores divided by n (arms judge
the same samples, so that what all find hard cancels). The best of them has an expected score above
the truth by the expected maximum of that noise. This is what a reader should take off, at most: the
better the best arm really is, the less luck its choice needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from steelyard._support.errors import DataError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_choice
from steelyard.guards.copies import EXAMPLES
from steelyard.records.finding import Finding

_DRAWS = 20_000


def chosen_on(
    split: str,
    judged: str,
    *,
    ids: np.ndarray | None = None,
    judged_ids: np.ndarray | None = None,
    what: str = "Thresholds",
) -> Finding | None:
    """G301: what was chosen on the part, or on some of the samples, that it is judged on.

    Parameters
    ----------
    split : str
        The part on which the choice was made.
    judged : str
        The part that judges.
    ids, judged_ids : ndarray, optional
        Samples of the two. Where both are given they decide, and the names do not: a part may be
        called anything.
    what : str
        What was chosen, in the plural.
    """
    hint = "choose on the validation part, or inside folds of training; judge on what is left."
    if ids is None or judged_ids is None:
        if split != judged:
            return None
        message = f"{what} were chosen on the part {judged!r}, which also judges them."
        return Finding("G301", "error", message, 1, 1, (judged,), hint)
    judged_texts = np.asarray(judged_ids).astype(np.str_)
    shared = np.intersect1d(np.asarray(ids).astype(np.str_), judged_texts)
    if not len(shared):
        return None
    n = len(judged_texts)
    return Finding(
        "G301",
        "error",
        f"{what} were chosen on {len(shared)} of the {n} samples of the part {judged!r}, which "
        "also judges them.",
        len(shared),
        n,
        tuple(shared[:EXAMPLES]),
        hint,
    )


def best_of_arms(
    scores: np.ndarray,
    arms: Sequence[str],
    judged: str,
    *,
    reported: str | None = None,
    on_validation: np.ndarray | None = None,
) -> Finding | None:
    """G302: the arm that is reported is the best of several on the part that judges.

    Parameters
    ----------
    scores : ndarray of shape (A, n)
        Score of each arm on each sample of that part, higher is better (1 right, 0 wrong; the
        mean over seeds where there are some).
    arms : sequence of str
        The A arms.
    judged : str
        The part.
    reported : str, optional
        The arm whose figures are stated. None: nobody has said, and the finding is a note.
    on_validation : ndarray of shape (A,), optional
        Mean score of each arm on a validation part; nothing is said if the reported arm is the
        best there, or if nobody has said which arm is reported.

    Raises
    ------
    DataError
        If there is not a row of finite scores for each arm, with at least one sample.
    ParameterError
        If the reported arm is none of them.
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 2 or len(scores) != len(arms) or not scores.size:
        raise DataError(f"Scores need the shape ({len(arms)}, n). Got {scores.shape}.")
    if not np.isfinite(scores).all():
        raise DataError("The scores of arms must be finite.")
    if reported is not None:
        check_choice(reported, "reported", "audit", arms)
    means = scores.mean(axis=1)
    best = int(means.argmax())
    if len(arms) < 2:
        return None
    if reported is not None and means[list(arms).index(reported)] < means[best]:
        return None
    if on_validation is not None:
        chosen = np.asarray(on_validation, np.float64)
        if reported is None or chosen[list(arms).index(reported)] >= chosen.max():
            return None
    too_much = optimism(scores)
    name = arms[best] if reported is None else reported
    start = (
        f"{len(arms)} arms are compared on the part {judged!r} and on no validation part. "
        f"Whoever reports the best of them, {name!r} with {means[best]:.4f},"
        if reported is None
        else f"{name!r}, {means[best]:.4f} on the part {judged!r}, is the best of {len(arms)} arms "
        f"there and was not chosen {'by' if on_validation is not None else 'on'} a validation "
        "part; whoever reports it"
    )
    return Finding(
        "G302",
        "note" if reported is None else "warning",
        f"{start} may state up to {too_much:.4f} too much: the best of as many arms that are "
        "equally good is expected to look so much better.",
        len(arms),
        len(arms),
        tuple(arms[at] for at in np.argsort(-means, kind="stable")[:EXAMPLES]),
        "choose the arm on a validation part, and open the other part once.",
    )


def optimism(scores: np.ndarray) -> float:
    """Return the expected maximum of the noise of arms that are equally good.

    Parameters
    ----------
    scores : ndarray of shape (A, n)
        Score of each arm on each sample.
    """
    n_arms, n = scores.shape
    if n < 2 or n_arms < 2:
        return 0.0
    noise = scores - scores.mean(axis=1, keepdims=True)
    noise = noise - noise.mean(axis=0)  # what all arms share moves the best as much as the rest
    values, vectors = np.linalg.eigh(noise @ noise.T / (n * (n - 1)))
    root = vectors * np.sqrt(np.maximum(values, 0))
    draws = generator(0, purpose="guards: optimism").normal(size=(_DRAWS, n_arms)) @ root.T
    return float(draws.max(axis=1).mean())
