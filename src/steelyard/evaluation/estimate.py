"""`Estimate`: a number with its standard error; intervals, p-values and what could be detected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from steelyard._support.validation import check_real
from steelyard.records.interval import Interval

LEVEL = 0.95
POWER = 0.8


@dataclass(frozen=True)
class Estimate:
    """An estimate whose error is Student's t, scaled.

    Parameters
    ----------
    mean : float
        The estimate.
    error : float
        Its standard error, 0 or above. 0 where nothing varied.
    freedom : float
        Degrees of freedom of the error, above 0; infinite for a normal error.
    """

    mean: float
    error: float
    freedom: float = np.inf

    def interval(self, level: float = LEVEL) -> Interval:
        """Return the confidence interval: mean -+ t(level) * error."""
        half = _quantile(0.5 + _share(level, "level") / 2, self.freedom) * self.error
        return Interval(self.mean, self.mean - half, self.mean + half)

    def p_value(self, against: float = 0.0) -> float:
        """Return the two-sided p-value of "the truth is ``against``".

        Where nothing varied, 1 at ``against`` itself and 0 beside it.
        """
        offset = abs(self.mean - against)
        if self.error <= 0:
            return float(offset == 0)
        return float(2 * special.stdtr(self.freedom, -offset / self.error))

    def detectable(self, power: float = POWER, level: float = LEVEL) -> float:
        """Return the least true difference that would be shown with probability ``power``.

        ``(t(1/2 + level/2) + t(power)) * error``: what is smaller could not be seen with so many
        samples and seeds, so that "no evidence" says nothing about it.

        References
        ----------
        Bloom (1995), Evaluation Review 19(5), the minimum detectable effect.
        """
        needed = _quantile(0.5 + _share(level, "level") / 2, self.freedom)
        return float((needed + _quantile(_share(power, "power"), self.freedom)) * self.error)


def seeds_part(between_seeds: Any, variance: Any, n_seeds: Any) -> Any:
    """Return what the spread by seeds adds to 1 / (degrees of freedom) of a crossed estimate.

    ``2 B / (V + B) / (S - 1)``, B the variance by S seeds and V the whole one. Satterthwaite has
    (B / V)^2, which trusts a B of three seeds that came out small; this keeps to Cochran and Cox's
    weighted t, which never falls below its level.

    References
    ----------
    Cochran and Cox (1950), Experimental Designs, 4.14. The share of the seeds is ours.
    """
    return 2 * between_seeds / (variance + between_seeds) / (n_seeds - 1)


def _quantile(probability: float, freedom: float) -> float:
    return float(special.stdtrit(freedom, probability))


def _share(value: float, name: str) -> float:
    return check_real(value, name, "Estimate", 0, 1, "()")
