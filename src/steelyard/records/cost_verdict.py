"""`CostVerdict`: the part of a verdict that is in cost, for each deployment prior."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from steelyard._support.errors import DataError
from steelyard.records.costs import Costs
from steelyard.records.interval import Interval

# The single measures that a verdict sets side by side, each on its own.
ALONE = (
    "rebalancing",
    "resampling by hardness",
    "class weights",
    "prior correction",
    "threshold",
    "least cost",
)


@dataclass(frozen=True)
class CostOption:
    """One way to train and to decide, under one prior. Costs are those of a sample.

    Parameters
    ----------
    arm : str
        How it was trained.
    rule : str
        How it is decided: "as trained", "prior corrected", "threshold moved" or "least cost".
    validation : float
        What it costs on the validation part.
    cost : Interval
        What it costs on the test part.
    saved : Interval
        What natural training as trained costs more, paired, on the test part.
    relative : float or None
        The cost on a scale on which 0 is knowing the classes and 1 the best constant decision;
        None where a constant decision is as good as knowing.
    """

    arm: str
    rule: str
    validation: float
    cost: Interval
    saved: Interval
    relative: float | None


@dataclass(frozen=True)
class PriorCosts:
    """The answer in cost for one deployment prior.

    Parameters
    ----------
    prior : str
        The prior's name.
    sentence : str
        The answer in words: the choice, what it saves, and what it saves beyond deciding otherwise.
    beside : str
        What each measure saves alone, in words.
    base, chosen : int
        Which of the options is natural training as trained, and which was the cheapest on the
        validation part.
    natural : int
        Which was the cheapest there of those of natural training, which need no other training.
    over_natural : Interval
        What the latter costs more than the chosen one, paired, on the test part.
    alone : dict of str to int
        Of each measure that could be taken, by the names of `ALONE`, which option is that measure
        alone.
    options : tuple of CostOption
        Every one.

    Raises
    ------
    DataError
        If a number is that of no option, or a measure has another name.
    """

    prior: str
    sentence: str
    beside: str
    base: int
    chosen: int
    natural: int
    over_natural: Interval
    alone: dict[str, int]
    options: tuple[CostOption, ...]

    def __post_init__(self) -> None:
        numbers = (self.base, self.chosen, self.natural, *self.alone.values())
        if not all(0 <= number < len(self.options) for number in numbers):
            raise DataError(f"There are {len(self.options)} options of cost. Got {numbers}.")
        if set(self.alone) - set(ALONE):
            raise DataError(f"Measures are called {ALONE}. Got {tuple(self.alone)}.")
        # JSON objects are sorted by name
        ordered = {measure: self.alone[measure] for measure in ALONE if measure in self.alone}
        object.__setattr__(self, "alone", ordered)

    @property
    def best(self) -> CostOption:
        """The option that was the cheapest on validation."""
        return self.options[self.chosen]


@dataclass(frozen=True)
class CostVerdict:
    """The whole answer in cost.

    Parameters
    ----------
    costs : Costs
        What decisions cost.
    priors : tuple of PriorCosts
        One for each deployment prior, in the order of the verdict.
    """

    costs: Costs
    priors: tuple[PriorCosts, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        return {"costs": self.costs.to_dict(), "priors": [asdict(one) for one in self.priors]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> CostVerdict:
        """Return the answer of plain data."""
        priors = tuple(
            PriorCosts(
                **{
                    **one,
                    "over_natural": Interval(**one["over_natural"]),
                    "options": tuple(map(_option, one["options"])),
                }
            )
            for one in values["priors"]
        )
        return cls(Costs.from_dict(values["costs"]), priors)


def _option(values: dict[str, Any]) -> CostOption:
    intervals = {name: Interval(**values[name]) for name in ("cost", "saved")}
    return CostOption(**{**values, **intervals})
