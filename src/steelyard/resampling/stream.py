"""Class-balanced streams: one item out for one in, with a bounded number kept back.

Each item that comes in gives every class a credit: its share of the draws, n_c ** (1 - degree) *
w_c ** degree over the sum, where n_c are the items seen so far and w_c the target. The class of the
largest credit goes out and pays one. So no class is ever a draw ahead of the credits that it got,
and none lags by more than 1 + 1/2 + ... + 1/K draws, if there are K.

The share is the one of a balancing degree (`steelyard.resampling.targets`); that it is followed by
credits is ours, after what is known of serving queues by the longest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from steelyard._support.errors import DataError, ParameterError
from steelyard._support.seeding import generator
from steelyard._support.validation import check_integer, check_real

_T = TypeVar("_T")
_OWNER = "balanced_stream"


def balanced_stream(
    pairs: Iterable[tuple[_T, Any]],
    *,
    degree: float = 1.0,
    target: Mapping[Any, float] | None = None,
    buffer: int = 64,
    max_classes: int = 1000,
    seed: int = 0,
) -> Iterator[tuple[_T, Any]]:
    """Yield items and labels with class shares that follow a target to a degree.

    Class counts need not be known: those seen so far stand for them. Of the class that is due, an
    item that never went out comes first; if there is none, the one that last went out longest ago
    comes again. Where a class has more items than its buffer holds, one that went out gives way,
    or, if there is none, one drawn at random.

    Parameters
    ----------
    pairs : iterable of (item, label)
        The stream. Labels are hashable, or arrays or tensors of one value.
    degree : float
        0 passes the stream on as it is, 1 reaches the target, between is between.
    target : mapping of label to weight, optional
        The shares to reach; all classes alike by default. It must name every class that comes. A
        class of weight 0 does not go out, and while none but such have come, nothing does.
    buffer : int
        Most items kept a class. A class whose share grows by a factor of f repeats the items in
        its buffer f times in turn; a small one repeats the newest.
    max_classes : int
        Most classes; what is kept is at most ``buffer * max_classes`` items.
    seed : int
        Draws which of the fresh items goes out or gives way.

    Yields
    ------
    tuple of (item, label)
        As they came, one for each that comes in.

    Raises
    ------
    ParameterError
        If an argument lies outside its range.
    DataError
        If what comes is no pair, a label is not in the target, or there are too many classes.
    """
    degree = check_real(degree, "degree", _OWNER)
    check_integer(buffer, "buffer", _OWNER, 1)
    check_integer(max_classes, "max_classes", _OWNER, 1)
    check_integer(seed, "seed", _OWNER, 0)
    weights = None if target is None else _checked_target(target, degree)
    # checked here, at the call, and not when the first item is asked for
    return _balanced(pairs, degree, weights, buffer, max_classes, generator(seed, purpose=_OWNER))


def _balanced(
    pairs: Iterable[tuple[_T, Any]],
    degree: float,
    weights: dict[Hashable, float] | None,
    buffer: int,
    max_classes: int,
    random: np.random.Generator,
) -> Iterator[tuple[_T, Any]]:
    if degree == 0:
        for pair in pairs:
            _key(pair)
            yield pair
        return
    place: dict[Hashable, int] = {}  # classes in the order in which they came
    shelves: list[_Shelf] = []
    seen = np.zeros(0)
    log_weights = np.zeros(0)
    credit = np.zeros(0)
    for pair in pairs:
        key = _key(pair)
        if key not in place:
            _require_known(key, weights, len(place), max_classes)
            place[key] = len(place)
            shelves.append(_Shelf(buffer, random))
            with np.errstate(divide="ignore"):
                log_weight = 0.0 if weights is None else degree * np.log(weights[key])
            seen, credit = np.append(seen, 0.0), np.append(credit, 0.0)
            log_weights = np.append(log_weights, log_weight)
        seen[place[key]] += 1
        shelves[place[key]].put(pair)
        logs = (1 - degree) * np.log(seen) + log_weights
        if logs.max() == -np.inf:
            continue
        shares = np.exp(logs - logs.max())
        credit += shares / shares.sum()
        due = int(credit.argmax())
        credit[due] -= 1
        yield shelves[due].draw()


class _Shelf:
    """The items kept of one class: fresh ones, and those that went out, longest ago first."""

    def __init__(self, size: int, random: np.random.Generator) -> None:
        self._size = size
        self._random = random
        self._fresh: list[Any] = []
        self._used: deque[Any] = deque()

    def put(self, pair: Any) -> None:
        if len(self._fresh) + len(self._used) == self._size:
            if self._used:
                self._used.popleft()
            else:
                self._take_fresh()
        self._fresh.append(pair)

    def draw(self) -> Any:
        pair = self._take_fresh() if self._fresh else self._used.popleft()
        self._used.append(pair)
        return pair

    def _take_fresh(self) -> Any:
        place = int(self._random.integers(len(self._fresh)))
        self._fresh[place], self._fresh[-1] = self._fresh[-1], self._fresh[place]
        return self._fresh.pop()


def _key(pair: Any) -> Hashable:
    """Return the label of a pair as a value that is equal for equal labels."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise DataError(f"{_OWNER} takes pairs of an item and a label. Got {type(pair).__name__}.")
    label = pair[1]
    if hasattr(label, "item") and getattr(label, "size", 1) != 0:
        try:
            label = label.item()  # a tensor is not equal, as a key, to another of its value
        except (ValueError, RuntimeError, TypeError):
            label = None
    if label is None or not isinstance(label, Hashable) or label != label:
        raise DataError(f"{_OWNER} needs one label an item. Got {pair[1]!r:.80}.")
    return label


def _checked_target(target: Mapping[Any, float], degree: float) -> dict[Hashable, float]:
    weights = {key: float(weight) for key, weight in target.items()}
    low = 0 if degree > 0 else np.nextafter(0, 1)
    good = all(np.isfinite(weight) and weight >= low for weight in weights.values())
    if not good or not any(weights.values()):
        raise ParameterError(
            f"The 'target' parameter of {_OWNER} must give each class a finite weight, 0 or above "
            f"and, at a degree below 0, above it; not all 0. Got {target!r:.100}."
        )
    return weights


def _require_known(
    key: Hashable, weights: dict[Hashable, float] | None, n_classes: int, max_classes: int
) -> None:
    if weights is not None and key not in weights:
        raise DataError(
            f"The label {key!r} is not in the target of {_OWNER}, which names "
            f"{list(weights)[:12]}.",
            hint="give it a weight, 0 to leave it out.",
        )
    if n_classes == max_classes:
        raise DataError(
            f"{_OWNER} met more than {max_classes} classes, the last {key!r}.",
            hint="pass max_classes=..., if this is a class target and no number to predict.",
        )
