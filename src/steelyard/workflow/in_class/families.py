"""Judges of other families, to whom the hard samples may be easy."""

from __future__ import annotations

import numpy as np

from steelyard._support.seeding import derive_seed
from steelyard.records.in_class_protocol import InClassProtocol
from steelyard.records.labelled import Labelled
from steelyard.records.recipe import Recipe
from steelyard.workflow.conductor import Conductor
from steelyard.workflow.in_class.sets import HardSets
from steelyard.workflow.out_of_fold import fold_members, joined_folds
from steelyard.workflow.rows import Rows
from steelyard.workflow.trainings import Trainings, train_stack


def add_families(
    conductor: Conductor,
    rows: Rows,
    data: Labelled,
    recipes: dict[str, Recipe],
    sets: HardSets,
    protocol: InClassProtocol,
) -> None:
    """Add the accuracy of each family on hard and easy samples, each judged by a stranger to it.

    Every sample is predicted by a model that did not train on it (`out_of_fold`), so that the
    whole data set judges, and one training serves every hard set. The intervals are over hard
    sets: the judge is one cross-validated model.
    """
    for family, recipe in recipes.items():
        seed = derive_seed(protocol.seed, purpose="in-class family")
        members = fold_members(data, recipe, 0, seed=seed)
        trainings = Trainings.of(data, (), members, seed=seed, device=conductor.device)
        contents = conductor.contents(
            f"judge {family}", trainings.shared, trainings.cells, train_stack
        )
        (predictions,) = joined_folds(data, trainings.fitted(contents))
        right = 100.0 * (predictions.predicted == predictions.truth)
        judged = predictions.logits.any(axis=1)  # the only sample of a class is in no fold
        for (mode, identifier), hard in sets.items():
            both = (hard & judged).any(axis=1) & (~hard & judged).any(axis=1)
            if mode != protocol.mode or not both.all():
                continue
            of_hard = np.array([right[one & judged].mean() for one in hard])[None, :, None]
            of_easy = np.array([right[~one & judged].mean() for one in hard])[None, :, None]
            name = f"family/{family}/{identifier}"
            rows.repeated(f"{name}/hard/accuracy", of_hard, "%")
            rows.repeated(f"{name}/easy/accuracy", of_easy, "%")
            rows.repeated(f"{name}/gap", of_easy - of_hard, "points")
