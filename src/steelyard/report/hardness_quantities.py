"""What a hardness study measured, by data set and kind; its classes in order of their hardness."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from steelyard.records.hardness_arm import BASELINE
from steelyard.records.study_results import StudyResults
from steelyard.report.names import shortened
from steelyard.report.quantities import Quantity, quantity_of

KINDS = (
    "score", "agreement", "overlap", "stability", "allocation", "allocation-change", "noise", "arm",
    "change", "relative", "best", "pool", "refill", "chance",
)  # fmt: skip
_DATA = re.compile(rf"(.+?)/(?:{'|'.join(KINDS)})/", re.DOTALL)
_TITLES = {
    "fashion-mnist": "Fashion-MNIST", "cifar10": "CIFAR-10", "cifar10-jpeg": "CIFAR-10 (JPEG copy)",
    "cifar100": "CIFAR-100",
}  # fmt: skip
_NETWORKS = {"-resnet18-fast": " with fast ResNet-18", "-resnet18": " with ResNet-18"}


class HardnessQuantities:
    """Every quantity of a hardness study.

    Parameters
    ----------
    results : StudyResults
        Of "hardness-resampling" or "hardness-pruning".

    Attributes
    ----------
    data : tuple of str
        Keys of the data sets that were measured, in the order of the figures.
    not_run : tuple of str
        Keys of those that claims speak of and nothing was measured of.
    """

    def __init__(self, results: StudyResults) -> None:
        self._facts = {
            name: value
            for name, value in results.figures.facts.items()
            if isinstance(value, Mapping) and "class_names" in value
        }
        # the longest first: a name may begin with another and a slash
        named = sorted(self._facts, key=len, reverse=True)
        self._found: dict[str, dict[str, dict[str, Quantity]]] = {}
        for row in results.figures.table.itertuples(index=False):
            data = _data_of(str(row.key), named)
            if data is not None:
                tail = str(row.key)[len(data) + 1 :]
                kinds = self._found.setdefault(data, {})
                kinds.setdefault(tail.partition("/")[0], {})[tail] = quantity_of(row)
        self.data = tuple(self._found)
        claimed = (_data_of(one.claim.figure, named) for one in results.outcomes)
        self.not_run = tuple(
            dict.fromkeys(one for one in claimed if one is not None and one not in self._found)
        )

    def get(self, data: str, tail: str) -> Quantity:
        """Return a quantity by its key after the data set; one that was not measured is empty."""
        return self._found[data].get(tail.partition("/")[0], {}).get(tail, Quantity())

    def matching(
        self, data: str, kind: str, pattern: str
    ) -> Iterator[tuple[re.Match[str], Quantity]]:
        """Yield the quantities of a kind whose keys, after the kind, match as a whole."""
        compiled = re.compile(pattern, re.DOTALL)
        for tail, quantity in self._found[data].get(kind, {}).items():
            if match := compiled.fullmatch(tail[len(kind) + 1 :]):
                yield match, quantity

    def facts(self, data: str) -> Mapping[str, Any]:
        """Return what is recorded of a data set; nothing where nothing is."""
        return self._facts.get(data, {})

    def not_run_arms(self, data: str) -> dict[str, str]:
        """Return the arms that could not run, with the reason."""
        found = self.facts(data).get("not_run", {})
        return {str(arm): str(why) for arm, why in found.items()}

    def class_name(self, data: str, code: int) -> str:
        """Return the name of a class."""
        names = self.facts(data).get("class_names", ())
        return str(names[code]) if 0 <= code < len(names) else f"class {code}"

    def estimators(self, data: str) -> tuple[str, ...]:
        """Return the estimators whose class means were measured, in their order."""
        found = (match[1] for match, _ in self.matching(data, "score", r"([^/]+)/class=\d+"))
        return tuple(dict.fromkeys(found))

    def classes(self, data: str) -> tuple[int, ...]:
        """Return class codes, hardest first: by the first estimator, else by baseline recall."""
        for estimator in self.estimators(data)[:1]:
            values = self._by_class(data, "score", rf"{re.escape(estimator)}/class=(\d+)")
            return tuple(sorted(values, key=lambda code: (-values[code], code)))
        values = self._by_class(data, "arm", rf"{BASELINE}/class=(\d+)/recall")
        if values:
            return tuple(sorted(values, key=lambda code: (values[code], code)))
        return tuple(range(len(self.facts(data).get("class_names", ()))))

    def arms(self, data: str) -> tuple[str, ...]:
        """Return the arms that ran, the baseline aside, in their order."""
        found = dict.fromkeys(match[1] for match, _ in self.matching(data, "arm", r"(.+)/accuracy"))
        return tuple(one for one in found if one != BASELINE)

    def _by_class(self, data: str, kind: str, pattern: str) -> dict[int, float]:
        return {
            int(match[1]): one.value
            for match, one in self.matching(data, kind, pattern)
            if one.value is not None
        }


def data_title(data: str, limit: int = 40) -> str:
    """Return a data set's name as it is written, with the network where its key says so."""
    end, network = next(
        ((end, words) for end, words in _NETWORKS.items() if data.endswith(end)), ("", "")
    )
    name = data.removesuffix(end)
    return shortened(_TITLES.get(name, name) + network, limit)


def _data_of(key: str, named: list[str]) -> str | None:
    for one in named:
        if key.startswith(f"{one}/"):
            return one
    match = _DATA.match(key)
    return match[1] if match else None
