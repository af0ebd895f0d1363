"""`Claim`: what a paper says that can be checked; `Outcome`: what came of checking it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from steelyard._support.errors import ParameterError
from steelyard._support.validation import check_choice, check_real

RELATIONS = ("=", ">", "<")
OUTCOMES = ("reproduced", "contradicted", "inconclusive", "not run")


@dataclass(frozen=True)
class Claim:
    """A statement of a paper that a study can bear out or contradict.

    Parameters
    ----------
    key : str
        Unique in its study.
    sentence : str
        The claim in our words.
    where : str
        Where it stands in the paper, for instance "figure 7" or "section 5.2".
    figure : str
        Key of the quantity of `Figures` that it speaks of.
    relation : {"=", ">", "<"}
        "=": the quantity is the published value, within the tolerance. ">" and "<": it lies above
        (below) the tolerance, whatever the published value.
    published : float or None
        The published value; None where the paper gives a sentence without a number.
    spread : float or None
        The published standard deviation, 0 or above.
    tolerance : float
        Of "=": how far from the published value still counts as it. Of ">" and "<": the bound.
    unit : str
        Of all these numbers.
    protocol : str
        The variant of the protocol that it belongs to, for instance "shared".
    primary : bool
        Whether it is one of the few that a verdict rests on, among many that tell the same in
        other words.

    Raises
    ------
    ParameterError
        If the relation is unknown, a number lies outside its range, or "=" comes without a
        published value.
    """

    key: str
    sentence: str
    where: str
    figure: str
    relation: str
    published: float | None = None
    spread: float | None = None
    tolerance: float = 0.0
    unit: str = ""
    protocol: str = ""
    primary: bool = False

    def __post_init__(self) -> None:
        check_choice(self.relation, "relation", "Claim", RELATIONS)
        for name, lowest in (("published", -math.inf), ("spread", 0)):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, check_real(value, name, "Claim", lowest))
        lowest = 0 if self.relation == "=" else -math.inf
        tolerance = check_real(self.tolerance, "tolerance", "Claim", lowest)
        object.__setattr__(self, "tolerance", tolerance)
        if self.relation == "=" and self.published is None:
            raise ParameterError(
                f"The claim {self.key!r} says '=' without a published value.",
                hint="give it one, or say '>' or '<' and the bound as the tolerance.",
            )


@dataclass(frozen=True)
class Outcome:
    """A claim, our figure, and what follows.

    Parameters
    ----------
    claim : Claim
        What was claimed.
    outcome : {"reproduced", "contradicted", "inconclusive", "not run"}
        What came of it.
    why : str
        The reason in a sentence.
    value, low, high : float or None
        Our figure and the ends of its 95 % interval; None where there is none.
    n_runs : int
        Runs behind it; 0 where there are none.
    scale : str
        At which scale it was run; "" where it was not.
    detectable : float or None
        The least difference that the runs behind it would have seen with probability .8, in the
        claim's unit; None where that was not worked out.
    """

    claim: Claim
    outcome: str
    why: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n_runs: int = 0
    scale: str = ""
    detectable: float | None = None

    def __post_init__(self) -> None:
        check_choice(self.outcome, "outcome", "Outcome", OUTCOMES)
