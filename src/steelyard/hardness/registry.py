"""The scores there are; a new one is a file of its own and an entry here.

The first is the one that a report leads with. By default the verbs compute those of plain
trainings; the stragglers of the in-class paper (arXiv 2409.14401: wrong at the moment in which
their class turns over) stand last, and are made of a training that was watched for it.
"""

from steelyard.hardness.aleatoric import ALEATORIC
from steelyard.hardness.area_under_margin import AREA_UNDER_MARGIN, AREA_UNDER_PROBABILITY_MARGIN
from steelyard.hardness.confidence import CONFIDENCE, CONFIDENCE_LOGIT
from steelyard.hardness.error_norm import EARLY_ERROR_NORM, ERROR_NORM
from steelyard.hardness.first_learned import FIRST_LEARNED
from steelyard.hardness.forgetting import FORGETTING, FORGETTING_EVENTS
from steelyard.hardness.gradient_norm import GRADIENT_NORM
from steelyard.hardness.instant import (
    FINAL_CONFIDENCE,
    FINAL_ENERGY,
    FINAL_ENTROPY,
    FINAL_LOSS,
    FINAL_MARGIN,
    FINAL_MAX_LOGIT,
    FINAL_MAX_PROBABILITY,
)
from steelyard.hardness.knn_disagreement import KNN_DISAGREEMENT, N3
from steelyard.hardness.loss import LOSS
from steelyard.hardness.score import Score
from steelyard.hardness.second_split import SECOND_SPLIT_FORGETTING
from steelyard.hardness.self_confidence import SELF_CONFIDENCE, SELF_MARGIN
from steelyard.hardness.stragglers import STRAGGLER, WRONG_SINCE_INVERSION
from steelyard.hardness.variability import VARIABILITY

SCORES: tuple[Score, ...] = (
    AREA_UNDER_MARGIN,
    ERROR_NORM,
    FORGETTING,
    CONFIDENCE,
    AREA_UNDER_PROBABILITY_MARGIN,
    EARLY_ERROR_NORM,
    FORGETTING_EVENTS,
    CONFIDENCE_LOGIT,
    LOSS,
    ALEATORIC,
    VARIABILITY,
    FIRST_LEARNED,
    FINAL_MARGIN,
    FINAL_CONFIDENCE,
    FINAL_LOSS,
    FINAL_MAX_PROBABILITY,
    FINAL_MAX_LOGIT,
    FINAL_ENERGY,
    FINAL_ENTROPY,
    GRADIENT_NORM,
    SECOND_SPLIT_FORGETTING,
    SELF_CONFIDENCE,
    SELF_MARGIN,
    KNN_DISAGREEMENT,
    N3,
    STRAGGLER,
    WRONG_SINCE_INVERSION,
)
