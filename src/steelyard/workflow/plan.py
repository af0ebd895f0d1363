"""The verb `plan`: how often to use each training sample."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_choice, did_you_mean, nearest
from steelyard.datasets import load
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling import (
    by_count,
    by_hardness,
    by_label_count,
    by_repeat_factor,
    coverage,
    prune,
)

SCHEMES: dict[str, Callable[..., Plan]] = {
    "count": by_count,
    "hardness": by_hardness,
    "repeat-factor": by_repeat_factor,
    "pruning": prune,
    "coverage": coverage,
}
_SEVERAL: dict[str, Callable[..., Plan]] = {
    "count": by_label_count,
    "repeat-factor": by_repeat_factor,
}


def plan(data: Any, target: Any = None, *, by: str = "count", **options: Any) -> Plan:
    """Plan the resampling of a data set; of its training part, where it is split.

    Parameters
    ----------
    data, target
        What `steelyard.load` takes.
    by : {"count", "hardness", "repeat-factor", "pruning", "coverage"}
        What decides. "count": how many samples a class has (`steelyard.resampling.by_count`;
        where a sample may have several labels, `by_label_count`). "hardness": how hard its
        classes are (`by_hardness`). "repeat-factor": how far a label lies below a share that is
        frequent enough (`by_repeat_factor`). "pruning": a share of all samples is left out
        (`prune`). "coverage": a share is left out and all levels of hardness stay covered
        (`coverage`).
    **options
        What that function takes beside the data: `degree`, `hardness`, `rate`, `size`, `under`,
        `over`, `seed` and so on.

    Returns
    -------
    Plan
        Of the rows that were planned: all, or the training part of split data. Then
        ``print(steelyard.dry_run(plan, data))``, of split data
        ``print(steelyard.dry_run(plan, data.part("train")))``, shows what it achieves before
        anything is trained.

    Raises
    ------
    ParameterError
        If an option does not apply to the scheme, is missing, or lies outside its range.
    DataError, MismatchError
        As the scheme says.
    """
    check_choice(by, "by", "plan", SCHEMES)
    part = training_part(load(data, target))
    scheme = scheme_for(part, by)
    takes = options_of(scheme)
    for option in options:
        if option not in takes:
            raise ParameterError(
                f"The {option!r} parameter of plan does not apply to {_words(by, part)}.",
                hint=_instead(option, takes),
            )
    for option, parameter in takes.items():
        if parameter.default is inspect.Parameter.empty and option not in options:
            raise ParameterError(
                f"The {option!r} parameter of plan is needed {_words(by, part)}.",
                hint=_NEEDED.get(option, ""),
            )
    return scheme(part, **options)


def scheme_for(data: Labelled, by: str) -> Callable[..., Plan]:
    """Return the function that plans such data by what is named.

    Raises
    ------
    DataError
        If that needs one class a sample and the data have several.
    """
    if not data.multi_label:
        return SCHEMES[by]
    if by not in _SEVERAL:
        data.require_single_label(f"A plan by {by}")
    return _SEVERAL[by]


def options_of(scheme: Callable[..., Plan]) -> dict[str, inspect.Parameter]:
    """Return what a scheme takes beside the data, by name."""
    return dict(list(inspect.signature(scheme).parameters.items())[1:])


def _instead(option: str, takes: Iterable[str]) -> str:
    """Return what to do about an option that a scheme does not take."""
    schemes = {
        **{f"by={by!r}": scheme for by, scheme in SCHEMES.items()},
        "by='count' where a sample has several labels": by_label_count,
    }
    of = [words for words, scheme in schemes.items() if option in options_of(scheme)]
    if of:  # rightly spelled, and of another scheme
        return f"it is of {' or '.join(of)}; leave it out."
    return (
        did_you_mean(option, takes) if nearest(option, takes) else f"it takes {', '.join(takes)}."
    )


def training_part(data: Labelled) -> Labelled:
    """Return the training part of split data, and all of data that are not split."""
    return data if data.split is None else data.part("train")


def _words(by: str, data: Labelled) -> str:
    return f"by={by!r}" + (" where a sample has several labels" if data.multi_label else "")


_NEEDED = {
    "degree": "0 leaves the data as they are, 1 balances, between is between.",
    "hardness": "score the data first: steelyard.score(data)['aum'] (steelyard score; --scores).",
    "rate": "the share of the samples to leave out, for instance 0.3.",
    "threshold": "the share of samples from which on a label is frequent enough, for instance "
    "0.001.",
}
