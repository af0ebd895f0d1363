"""Arms of the hardness studies in words: what their names say, for people.

An arm is a scheme (what is added and what is left out) at a strength (the alpha of a published
mode, the degree of ours, or the rate of a pruning), in a family that is tested together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.report.names import shortened

FAMILIES = {
    "v1": "Version 1 of the paper",
    "v1-estimators": "Version 1, by other estimators",
    "v1-noise": "Version 1, noise left out",
    "v2": "Version 2 of the paper",
    "safe": "Safe allocation (ours)",
    "clp": "Pruned class by class",
    "dlp": "Pruned over the data set",
    "pruned": "Pruned at random",
    "refilled": "Pruned at random, then resampled",
    "other": "Other arms",
}
_SHORT = {"v1": "Version 1", "v2": "Version 2", "safe": "Safe"}
_OVER = {
    "none": "", "random": "random copies", "easy": "easy copies", "hard": "hard copies",
    "smote": "SMOTE", "held-out": "held-out samples", "pool-random": "random of the pool",
    "pool-hardest": "hardest of the pool", "pool-average": "average of the pool",
}  # fmt: skip
LOGITS = "logits moved, no training"
_NOISE = "without-noise"
_RESAMPLED = re.compile(r"(v1|v2|safe)/(?:([^/]+)/)?(alpha|degree)=([0-9.]+)/(.+)", re.DOTALL)
_PRUNED = re.compile(r"(clp|dlp|pruned)/rate=([0-9.]+)(?:/(.+))?", re.DOTALL)


@dataclass(frozen=True)
class Arm:
    """What an arm's name says.

    Parameters
    ----------
    name : str
        As keys have it.
    family : str
        Key of `FAMILIES`.
    scheme : str
        What is done, in words; arms of one scheme differ in strength alone.
    strength : float or None
        Alpha, degree or rate.
    knob : str
        What the strength is called; "" without one.
    logits_alone : bool
        Whether nothing trains.
    """

    name: str
    family: str
    scheme: str
    strength: float | None = None
    knob: str = ""
    logits_alone: bool = False

    @property
    def setting(self) -> str:
        """The strength with its name."""
        return "" if self.strength is None else f"{self.knob} {self.strength:g}"

    @property
    def words(self) -> str:
        """The arm within its family: setting and scheme."""
        return ": ".join(part for part in (self.setting, self.scheme) if part)

    @property
    def full(self) -> str:
        """The arm anywhere: family, setting and scheme."""
        return f"{_SHORT.get(self.family, FAMILIES[self.family])}, {self.words}"


def arm_of(name: str) -> Arm:
    """Return what a name says; one that says nothing known stands for itself."""
    if name == f"v1/{_NOISE}":
        return Arm(name, "v1-noise", "nothing else done")
    if match := _RESAMPLED.fullmatch(name):
        version, by, knob, strength, what = match.groups()
        scheme = scheme_words(what)
        family = version
        if by == _NOISE:
            family = f"{version}-noise"
        elif by:
            family, scheme = f"{version}-estimators", f"{scheme}, by {shortened(by, 30)}"
        if family in FAMILIES:
            return Arm(name, family, scheme, float(strength), knob, what == "logits")
    if match := _PRUNED.fullmatch(name):
        family, rate, what = match.groups()
        if what and family == "pruned":
            return Arm(name, "refilled", scheme_words(what), float(rate), "rate")
        if not what:
            return Arm(name, family, FAMILIES[family].lower(), float(rate), "rate")
    return Arm(name, "other", shortened(name, 60))


def scheme_words(what: str) -> str:
    """Return "hard+easiest" as "hard copies, easiest left out"."""
    if what == "logits":
        return LOGITS
    over, _, under = what.partition("+")
    added = _OVER.get(over, shortened(over, 30))
    if under == "easiest":
        return f"{added}, easiest left out" if added else "easiest left out, nothing added"
    return f"{added}, nothing left out" if added else "nothing added or left out"


def by_family(names: Sequence[str]) -> dict[str, tuple[Arm, ...]]:
    """Return arms by family, families in the order of the page."""
    arms = [arm_of(name) for name in names]
    return {
        family: mine
        for family in FAMILIES
        if (mine := tuple(arm for arm in arms if arm.family == family))
    }
