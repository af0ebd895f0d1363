"""The claims of arXiv 2504.07031 about pruning by hardness, of both of its versions.

The summary of version 1 says that structured imbalance "can sometimes" help accuracy and fairness.
Each rate is asked by itself here: one that is contradicted does not contradict the paper, all of
them would. That refilling by hardness narrows gaps is asked of each rate and source too; the
abstract of version 2 says it of resampling as a whole. Of a fast ResNet-18 the primary ones alone
are claimed.
"""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.records.claim import Claim
from steelyard.records.hardness_arm import HardnessArm
from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.studies.hardness_claims import (
    CIFAR100_KEY,
    DATA,
    FAST_KEY,
    GAPS,
    SMALL,
    V1,
    V2,
    stated,
)

AT_LEAST = -1.0  # points by which held-out samples may fall behind repeated ones; ours

CIFAR100_RATES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_REFILLED = {
    "random": "repeated samples",
    "smote": "SMOTE",
    "held-out": "real samples that were pruned",
}


def claims(small: HardnessProtocol, paper: HardnessProtocol) -> tuple[Claim, ...]:
    """Return every claim.

    Parameters
    ----------
    small, paper : HardnessProtocol
        Of small networks and of a ResNet-18: what their arms are is claimed of.
    """
    found = [_more_accurate(CIFAR100_KEY, "CIFAR-100, ResNet-18", rate)
             for rate in CIFAR100_RATES]  # fmt: skip
    for data, called in DATA.items():
        for arm in (small if data in SMALL else paper).arms:
            if arm.family == "dlp":
                found.append(_more_accurate(data, called, arm.rate))
                found += _fairer(data, called, arm)
            elif arm.family == "refilled":
                found += _refilled(data, called, arm)
    return tuple(one for one in found if one.primary or not one.figure.startswith(f"{FAST_KEY}/"))


def _more_accurate(data: str, called: str, rate: float) -> Claim:
    return stated(
        "v1, summary", f"{data}/change/dlp/rate={rate:g}/accuracy",
        f"{_levels(called, rate)}: the accuracy is higher (the paper claims it of some rates)",
        ">", tolerance=0, unit="points", protocol=V1,
    )  # fmt: skip


def _fairer(data: str, called: str, arm: HardnessArm) -> Iterator[Claim]:
    for gap, what in GAPS.items():
        yield stated(
            "v1, summary", f"{data}/change/{arm.name}/recall/{gap}",
            f"{_levels(called, arm.rate)}: the {what} is smaller (the paper claims it of some "
            "rates)",
            "<", tolerance=0, unit="points", protocol=V1,
        )  # fmt: skip


def _levels(called: str, rate: float) -> str:
    return f"{called}; the easiest {100 * rate:g} % of all pruned, against those of each class"


def _refilled(data: str, called: str, arm: HardnessArm) -> Iterator[Claim]:
    start = f"{called}; {100 * arm.rate:g} % pruned at random"
    for gap, what in GAPS.items():
        yield stated(
            "v2, case study 1", f"{data}/change/{arm.name}/recall/{gap}",
            f"{start}, hard classes refilled by {_REFILLED[arm.over]}: the {what} shrinks",
            "<", tolerance=0, unit="points", protocol=V2,
        )  # fmt: skip
    if arm.over == "held-out":
        yield stated(
            "v2, case study 1", f"{data}/refill/held-out-minus-random/rate={arm.rate:g}/recall",
            f"{start}: real samples that were pruned refill hard classes at least as well as "
            f"repeated ones (mean recall; bound, {AT_LEAST:g}, ours)",
            ">", tolerance=AT_LEAST, unit="points", protocol=V2,
        )  # fmt: skip
