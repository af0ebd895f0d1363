"""Train one model: an ensemble of one."""

from __future__ import annotations

from steelyard.records.plan import Plan
from steelyard.records.recipe import Recipe
from steelyard.training.ensemble import fit_ensemble
from steelyard.training.fitted import Fitted
from steelyard.training.members import Member
from steelyard.training.prepared import Prepared


def fit(
    prepared: Prepared,
    recipe: Recipe,
    *,
    plan: Plan | None = None,
    seed: int = 0,
    repetition: int = 0,
    arm: str = "model",
    record: bool = False,
    device: str = "cpu",
) -> Fitted:
    """Train one model on prepared data and predict its held-out parts.

    Parameters
    ----------
    prepared : Prepared
        The training part and the held-out parts.
    recipe, plan, repetition, arm, record
        As in `steelyard.training.Member`.
    seed, device
        As in `steelyard.training.fit_ensemble`.

    Returns
    -------
    Fitted
        Predictions of the held-out parts, and the dynamics if they were recorded.

    Raises
    ------
    MismatchError
        If the plan belongs to other data, or the recipe to other models.
    DataError
        If training diverges, or the plan leaves trees no sample of a class.
    ResourceError
        If the device is not there.
    """
    member = Member(recipe, plan, repetition, arm, record)
    return fit_ensemble(prepared, [member], seed=seed, device=device)[0]
