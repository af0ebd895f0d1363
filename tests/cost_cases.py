"""A weighing that was judged in cost too, made without any training."""

from dataclasses import replace

import numpy as np
from cases import make_weighing

from steelyard.records import Arm, Costs, Study, Weighing
from steelyard.workflow.decide_costs import CLASS_WEIGHTS, decide_costs


def with_costs(weighing: Weighing, costs: Costs) -> Weighing:
    """Add an arm with class weights, which predicts as full balancing does, and the answer."""
    natural, *_, fullest = weighing.study.arms
    weighted = Arm(CLASS_WEIGHTS, replace(natural.recipe, class_weighting=1.0))
    study = Study("weigh", (*weighing.study.arms, weighted), weighing.study.repetitions)
    more = [
        replace(one, arm=CLASS_WEIGHTS) for one in weighing.predictions if one.arm == fullest.name
    ]
    predictions = (*weighing.predictions, *more)
    validation, test = (
        [one for one in predictions if one.split == part] for part in ("validation", "test")
    )
    priors = {one.prior: np.array(one.shares) for one in weighing.verdict.priors}
    answer = decide_costs(study, validation, test, costs, priors)
    verdict = replace(weighing.verdict, costs=answer)
    return replace(weighing, study=study, predictions=predictions, verdict=verdict)


def two_classes(unit: str = "EUR", miss: float = 10.0) -> Weighing:
    weighing = make_weighing("table", ratio=0.3, n_largest=2000, n_test_per_class=500)
    names = weighing.test.class_names
    given = {"miss": miss, "false_alarm": 1, "positive": names[1], "unit": unit}
    return with_costs(weighing, Costs.of(given, names))
