"""`Verdict`: the answer in plain words for each deployment prior, and the numbers under it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from steelyard._support.storage import header, read_json, write_json
from steelyard._support.validation import check_choice
from steelyard.records.cost_verdict import CostVerdict
from steelyard.records.interval import Interval
from steelyard.records.study import WAYS

OUTCOMES = {
    "rebalance": "rebalancing helps, beyond what correcting the prior does or could be shown to do",
    "correct": "leave the data and correct the prior after training",
    "leave": "leave the data as they are: rebalancing was shown to hurt, nothing to help",
    "no evidence": "neither help nor harm could be shown",
}


@dataclass(frozen=True)
class OtherWay:
    """What the way to rebalance that was not chosen does, at its own best degree.

    It is told beside the answer, which does not rest on it.

    Parameters
    ----------
    by : {"count", "hardness"}
        Which way.
    degree : float
        Its degree that did best on validation under the prior.
    rebalanced : Interval
        That degree minus natural training, on test.
    """

    by: str
    degree: float
    rebalanced: Interval

    def __post_init__(self) -> None:
        check_choice(self.by, "by", "OtherWay", WAYS)


@dataclass(frozen=True)
class PriorVerdict:
    """The answer for one deployment prior. Differences are in accuracy (a share), on test.

    Parameters
    ----------
    prior : str
        The prior's name.
    shares : tuple of float
        Its class shares, in class order.
    outcome : str
        One of `OUTCOMES`.
    degree : float
        The degree above 0 that did best on validation under this prior.
    sentence : str
        The answer in words, with the number and interval it rests on.
    as_is : Interval
        Accuracy of natural training.
    rebalanced : Interval
        Chosen degree minus natural training.
    corrected : Interval
        Natural training with the prior corrected, minus natural training; all zero where the
        prior is the one that training saw.
    rebalanced_over_corrected : Interval
        Chosen degree minus the corrected natural training.
    fully_balanced : Interval
        Largest degree tried minus natural training; of the chosen degree's way.
    by : {"count", "hardness"}
        Which way the chosen degree goes.
    other : OtherWay or None
        The other way, where both were weighed.
    """

    prior: str
    shares: tuple[float, ...]
    outcome: str
    degree: float
    sentence: str
    as_is: Interval
    rebalanced: Interval
    corrected: Interval
    rebalanced_over_corrected: Interval
    fully_balanced: Interval
    by: str = "count"
    other: OtherWay | None = None

    def __post_init__(self) -> None:
        check_choice(self.by, "by", "PriorVerdict", WAYS)
        check_choice(self.outcome, "outcome", "PriorVerdict", OUTCOMES)


@dataclass(frozen=True)
class ClassVerdict:
    """What one class is: rare, hard, both or neither.

    Parameters
    ----------
    name : str
        The class.
    count : int
        Its training samples.
    share : float
        Its share of the training part.
    n_test : int
        Its test samples.
    recall : Interval or None
        Of natural training; None where the class has no test data.
    recall_even : Interval or None
        Of natural training corrected to equal shares, which takes rarity out; None where the
        class has no test data.
    hardness : float
        Mean hardness rank of its training samples, 0 to 1.
    rare : bool
        Fewer training samples than half an even share.
    hard : bool or None
        Recall at equal shares is shown to lie below the average class, and the training samples
        rank harder than the middle one; None: no data.
    n_suspect : int
        Training samples that look mislabelled.
    """

    name: str
    count: int
    share: float
    n_test: int
    recall: Interval | None
    recall_even: Interval | None
    hardness: float
    rare: bool
    hard: bool | None
    n_suspect: int


@dataclass(frozen=True)
class Verdict:
    """The whole answer.

    Parameters
    ----------
    data : str
        The name of the data.
    data_fingerprint : str
        Their fingerprint.
    headline : str
        The answer for the first prior, in one sentence.
    priors : tuple of PriorVerdict
        One for each deployment prior.
    classes : tuple of ClassVerdict
        One a class, in class order.
    n_suspect, n_hard : int
        Training samples that look mislabelled; that are hard and not suspect.
    seed : int
        The user's seed.
    costs : CostVerdict or None
        The answer in cost too, where costs were stated.
    """

    data: str
    data_fingerprint: str
    headline: str
    priors: tuple[PriorVerdict, ...]
    classes: tuple[ClassVerdict, ...]
    n_suspect: int
    n_hard: int
    seed: int
    costs: CostVerdict | None = None

    def __str__(self) -> str:
        sentences = [answer.sentence for answer in self.priors]
        sentences += [
            f"{answer.sentence} {answer.beside}".rstrip()
            for answer in (self.costs.priors if self.costs else ())
        ]
        return "\n".join(sentences)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain data; of costs and hardness there is a word where weighed."""
        values = asdict(replace(self, costs=None))
        del values["costs"]
        for prior in values["priors"]:
            if prior["by"] == "count" and prior["other"] is None:
                del prior["by"], prior["other"]
        return values if self.costs is None else {**values, "costs": self.costs.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Verdict:
        """Return the verdict of plain data."""
        priors = tuple(_answer(prior) for prior in values["priors"])
        classes = tuple(ClassVerdict(**_revived(one)) for one in values["classes"])
        costs = None if values.get("costs") is None else CostVerdict.from_dict(values["costs"])
        return cls(**{**values, "priors": priors, "classes": classes, "costs": costs})

    def save(self, path: str | Path) -> None:
        """Write the verdict as one JSON document, the same bytes for the same verdict."""
        write_json(header("Verdict", **self.to_dict()), path)

    @classmethod
    def load(cls, path: str | Path) -> Verdict:
        """Read what `save` wrote."""
        document = read_json(path, "Verdict")
        fields = cls.__dataclass_fields__
        return cls.from_dict({key: value for key, value in document.items() if key in fields})


def _answer(values: dict[str, Any]) -> PriorVerdict:
    other = values.get("other")
    way = None if other is None else OtherWay(**_revived(other))
    return PriorVerdict(**{**_revived({**values, "other": None}), "other": way})


def _revived(values: dict[str, Any]) -> dict[str, Any]:
    # JSON turns intervals into objects and tuples into lists
    return {key: _revive(value) for key, value in values.items()}


def _revive(value: Any) -> Any:
    if isinstance(value, dict):
        return Interval(**value)
    return tuple(value) if isinstance(value, list) else value
