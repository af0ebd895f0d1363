"""What became of all claims of one version of a paper, in one line.

Hundreds of claims that go together are no hundreds of verdicts. Where some are primary, what came
of these is told first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from steelyard.records.claim import OUTCOMES, Outcome

_UNIT = "points"  # of what is detectable: other units do not go into one range with it


@dataclass(frozen=True)
class ClaimSum:
    """How many claims of one protocol came to each outcome.

    Parameters
    ----------
    protocol : str
        Of the claims, for instance "paper-v1"; "" is those of none.
    counts : mapping of str to int
        One of each of the four outcomes.
    detectable : tuple of float
        The least detectable differences of inconclusive claims, in points, smallest first; of as
        many claims as have one.
    primary : ClaimSum, optional
        The same of the primary claims alone; None where there are none.
    """

    protocol: str
    counts: Mapping[str, int]
    detectable: tuple[float, ...]
    primary: ClaimSum | None = None

    @property
    def words(self) -> str:
        """The sum as a line of text, primary claims first."""
        start = f"{self.protocol or 'of no protocol'}: "
        if self.primary is None:
            return start + self._told
        n = self.primary.n_claims
        claims = "claim" if n == 1 else "claims"
        return (
            f"{start}of {n:,} primary {claims}: {self.primary._told}; "
            f"of all {self.n_claims:,}: {self._told}"
        )

    @property
    def n_claims(self) -> int:
        """How many claims there are."""
        return sum(self.counts.values())

    @property
    def _told(self) -> str:
        return ", ".join(
            f"{self.counts[outcome]:,} {outcome}{self._range(outcome)}" for outcome in OUTCOMES
        )

    def _range(self, outcome: str) -> str:
        if outcome != "inconclusive" or not self.detectable:
            return ""
        low, high = (f"{end:.2g}" for end in (self.detectable[0], self.detectable[-1]))
        ends = low if low == high else f"between {low} and {high}"
        n = len(self.detectable)
        of = "" if n == self.counts[outcome] else f", told of {n:,}"
        return f" (least detectable difference {ends} {_UNIT}{of})"


def claim_sums(outcomes: Iterable[Outcome]) -> tuple[ClaimSum, ...]:
    """Sum a ledger up, a protocol a line.

    Parameters
    ----------
    outcomes : iterable of Outcome
        As `steelyard.evaluation.outcomes` returns them.

    Returns
    -------
    tuple of ClaimSum
        In the order in which the protocols first come.
    """
    grouped: dict[str, list[Outcome]] = {}
    for one in outcomes:
        grouped.setdefault(one.claim.protocol, []).append(one)
    found = []
    for protocol, mine in grouped.items():
        few = [one for one in mine if one.claim.primary]
        found.append(_summed(protocol, mine, _summed(protocol, few) if few else None))
    return tuple(found)


def _summed(protocol: str, mine: list[Outcome], primary: ClaimSum | None = None) -> ClaimSum:
    counts = Counter(one.outcome for one in mine)
    detectable = sorted(
        one.detectable
        for one in mine
        if one.outcome == "inconclusive" and one.detectable is not None and one.claim.unit == _UNIT
    )
    by_outcome = {name: counts[name] for name in OUTCOMES}
    return ClaimSum(protocol, by_outcome, tuple(detectable), primary)
