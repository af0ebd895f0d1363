"""The verb `train`: one model by one recipe, and what it says of the held-out parts."""

from __future__ import annotations

from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.records.predictions import Predictions
from steelyard.records.recipe import Recipe
from steelyard.resampling import class_weights, compounded_prior
from steelyard.training import fit, prepare
from steelyard.workflow.probes import probe_recipe


def train(
    data: Labelled,
    recipe: Recipe | str | None = None,
    *,
    plan: Plan | None = None,
    seed: int = 0,
    repetition: int = 0,
    arm: str = "model",
    device: str = "cpu",
) -> tuple[Predictions, ...]:
    """Train one model on the training part and predict the other parts.

    Parameters
    ----------
    data : Labelled
        Split data.
    recipe : Recipe, {"mlp", "cnn", "trees", "xgboost"} or None
        How to train; None takes the probe that suits the data.
    plan : Plan, optional
        Made on ``data.part("train")``. Rows that it adds are training rows like any other; the
        scale of the inputs is learned from them too.
    seed, repetition : int
        Axes of the seeds.
    arm : str
        The name that the predictions carry.
    device : str
        Where a network trains: "cpu", "cuda" or "cuda:N".

    Returns
    -------
    tuple of Predictions
        One for each held-out part that the data have, validation before test.

    Warns
    -----
    SteelyardWarning
        If the plan and the recipe's class weights both change the shares of the classes.

    Raises
    ------
    DataError
        If the data are not split.
    MismatchError
        If the plan was made on other data.
    """
    recipe = probe_recipe(data, recipe)
    train_part = data.part("train")
    if plan is not None:
        train_part, plan = plan.applied(train_part)  # what it adds stands behind the part
        if recipe.class_weighting:  # warns where both move the classes
            compounded_prior(plan, class_weights(plan.achieved, recipe.class_weighting))
    held_out = [data.part(part) for part in data.parts if part != "train"]
    prepared = prepare(train_part, held_out, model=recipe.model)
    return fit(
        prepared, recipe, plan=plan, seed=seed, repetition=repetition, arm=arm, device=device
    ).predictions
