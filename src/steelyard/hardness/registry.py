"""The scores there are; a new one is a file of its own and an entry here."""

from steelyard.hardness.area_under_margin import AREA_UNDER_MARGIN
from steelyard.hardness.confidence import CONFIDENCE
from steelyard.hardness.error_norm import ERROR_NORM
from steelyard.hardness.forgetting import FORGETTING
from steelyard.hardness.score import Score

SCORES: tuple[Score, ...] = (
    AREA_UNDER_MARGIN,
    ERROR_NORM,
    FORGETTING,
    CONFIDENCE,
)
