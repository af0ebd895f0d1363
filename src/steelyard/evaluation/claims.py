"""What becomes of a claim: the published number against the interval of ours.

The interval decides and not the value: a claim is borne out where all of the 95 % interval agrees
with it, contradicted where none of it does, and undecided between. For "=" that is a test of
equivalence (Schuirmann 1987, at 2.5 % a side): many runs can say that a number is the published
one, and few runs, whose interval is wide, can only leave it open. Where a change was tested among
many, some interval lies off 0 by chance: then Holm's p has a say, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from steelyard._support.errors import MismatchError
from steelyard.evaluation.left_out import left_out
from steelyard.records.claim import Claim, Outcome
from steelyard.records.figures import Figures

_TOO_FEW = 2  # runs below which a value without an interval says nothing
_DETECTABLE = "/detectable"  # what the key of a figure's least detectable change ends with
_P_HOLM = "/p-holm"  # and that of its p among all that were tested with it
_BESIDE = (_DETECTABLE, _P_HOLM)
_ALPHA = 0.05
_TOO_WIDE = "An interval as wide cannot lie within: these runs could not have reproduced the claim."


def outcomes(
    claims: Iterable[Claim],
    figures: Figures | Sequence[Figures],
    *,
    not_run: Mapping[str, str] | None = None,
) -> tuple[Outcome, ...]:
    """Hold each claim against what was measured.

    Parameters
    ----------
    claims : iterable of Claim
        What was claimed.
    figures : Figures or sequence of Figures
        What was measured, perhaps at several scales. Where more than one holds what a claim speaks
        of, the one with more runs behind it counts; of equals the first.
    not_run : mapping of str to str, optional
        Why figures are not there, by how their keys begin; the longest beginning that fits tells.
        What the figures say themselves of arms that were left out (``facts[data]["not_run"]``, a
        reason an arm) is read beside it.

    Returns
    -------
    tuple of Outcome
        One a claim, in their order.

    Raises
    ------
    MismatchError
        If a claim and its figure are in different units.

    Notes
    -----
    "=": the claim's band is published - tolerance to published + tolerance. "reproduced" if the
    whole interval lies in it, "contradicted" if it lies wholly outside, else "inconclusive".
    ">" and "<": "reproduced" if the whole interval lies beyond the bound, "contradicted" if none
    of it does, else "inconclusive". A figure without an interval is judged by its value, and the
    reason says so; with fewer than two runs behind it, it is "inconclusive".

    Where the bound of ">" or "<" is 0 and the same figures hold ``<figure>/p-holm``, "reproduced"
    and "contradicted" also need that p below .05. "=" is a test of equivalence, which that p, of a
    test against 0, says nothing of.

    Where a claim with "=" stays "inconclusive" and its interval is wider than the band, the reason
    says that it could not have been reproduced by these runs, whatever the value.

    Where a claim stays "inconclusive" and the same figures hold ``<figure>/detectable``, the reason
    ends with the least change that would have been seen. The outcome carries it in any case.
    """
    measured = [figures] if isinstance(figures, Figures) else list(figures)
    rows = [
        (one.scale, {row.key: row for row in one.table.itertuples(index=False)}) for one in measured
    ]
    reasons = {**left_out(measured), **(not_run or {})}
    return tuple(_outcome(claim, rows, reasons) for claim in claims)


def _outcome(claim: Claim, measured: list, not_run: Mapping[str, str]) -> Outcome:
    found = [
        (scale, rows[claim.figure], *(rows.get(claim.figure + tail) for tail in _BESIDE))
        for scale, rows in measured
        if claim.figure in rows
    ]
    if not found:
        return Outcome(claim, "not run", _why_not_run(claim.figure, not_run))
    scale, row, least, p_holm = max(found, key=lambda one: one[1].n_runs)  # of equals the first
    if row.unit != claim.unit:
        raise MismatchError(
            f"The claim {claim.key!r} is in {claim.unit!r}, its figure in {row.unit!r}.",
            hint="measure and claim in one unit.",
        )
    value, low, high = float(row.value), float(row.low), float(row.high)
    bare = math.isnan(low) or math.isnan(high)
    if bare:
        low = high = value
    outcome, where = _where(claim, value, low, high)
    if not bare:
        what = f"The 95 % interval, {_shown(low)} to {_shown(high)},"
    elif row.n_runs < _TOO_FEW:
        outcome = "inconclusive"
        what = f"One run, without an interval, decides nothing; its value, {_shown(value)},"
    else:
        what = f"There is no interval; the value, {_shown(value)},"
    if p_holm is not None and outcome != "inconclusive" and _is_of_a_side_of_0(claim):
        p = float(p_holm.value)
        if p >= _ALPHA:
            outcome = "inconclusive"
            shown = f"{p:.2g}".removeprefix("0")
            where += f", but of as many tests as were made (Holm) p is {shown}"
    why = f"{what} {where}."
    if outcome == "inconclusive" and claim.relation == "=" and high - low > 2 * claim.tolerance:
        why += f" {_TOO_WIDE}"
    if outcome == "inconclusive" and least is not None:
        shown = f"{_shown(float(least.value))} {least.unit}".rstrip()
        why += f" The least change that would have been seen (probability .8) is {shown}."
    return Outcome(
        claim,
        outcome,
        why,
        value,
        low=None if bare else low,
        high=None if bare else high,
        n_runs=int(row.n_runs),
        scale=scale,
        detectable=None if least is None else float(least.value),
    )


def _where(claim: Claim, value: float, low: float, high: float) -> tuple[str, str]:
    """Return the outcome by where an interval lies, and the words for where that is."""
    if claim.relation == "=":
        assert claim.published is not None  # the record saw to it
        least, most = claim.published - claim.tolerance, claim.published + claim.tolerance
        band = f"{_shown(claim.published)} +- {_shown(claim.tolerance)}"
        if least <= low and high <= most:
            return "reproduced", f"lies within {band}"
        if high < least or low > most:
            return "contradicted", f"lies outside {band}"
        side = "within" if least <= value <= most else "outside"
        return "inconclusive", (
            f"lies partly within {band} and partly outside; the value, {_shown(value)}, is {side}"
        )
    above = claim.relation == ">"
    bound, side = claim.tolerance, "above" if above else "below"
    if low > bound if above else high < bound:
        return "reproduced", f"lies {side} {_shown(bound)}"
    if high <= bound if above else low >= bound:
        return "contradicted", f"does not lie {side} {_shown(bound)}"
    return "inconclusive", f"lies on both sides of {_shown(bound)}; the value is {_shown(value)}"


def _is_of_a_side_of_0(claim: Claim) -> bool:
    return claim.relation != "=" and claim.tolerance == 0


def _why_not_run(figure: str, not_run: Mapping[str, str]) -> str:
    fitting = [start for start in not_run if figure.startswith(start)]
    return not_run[max(fitting, key=len)] if fitting else "No run that was read measured it."


def _shown(number: float) -> str:
    """Return a number with four digits, or all those before its point."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"
