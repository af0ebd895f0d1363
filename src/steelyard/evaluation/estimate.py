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
        Its standard error, 0 or above. 0 where nothing varied, of which no test can be made.
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

        NaN, no test, where nothing varied; `in_doubt` makes one of a difference.
        """
        offset = abs(self.mean - against)
        if self.error <= 0:
            return np.nan
        return float(2 * special.stdtr(self.freedom, -offset / self.error))

    def detectable(self, power: float = POWER, level: float = LEVEL) -> float:
        """Return the least true difference that would be shown with probability ``power``.

        ``(t(1/2 + level/2) + t(power)) * error``: what is smaller could not be seen with so many
        samples and seeds, so that "no evidence" says nothing about it. NaN where nothing varied.

        References
        ----------
        Bloom (1995), Evaluation Review 19(5), the minimum detectable effect.
        """
        needed = _quantile(0.5 + _share(level, "level") / 2, self.freedom)
        needed += _quantile(_share(power, "power"), self.freedom)
        return float(needed * self.error) if self.error > 0 else np.nan


def in_doubt(difference: Estimate, n: float) -> Estimate:
    """Return a difference that is not certain, even where every sample shows the same.

    Where nothing varied and the mean is not 0, the error is that of what n samples at the mean and
    one more at no difference scatter::

        error = |mean| / sqrt(n + 1)        n degrees of freedom

    so that p depends on n alone: .23 of two samples, .058 of five, .038 of six, .008 of ten. As in
    a sign test (.5, .063, .031, .002), fewer than six samples show nothing at 5 %. A difference
    of exactly 0 that did not vary stays as it is: there is nothing to test.

    Parameters
    ----------
    difference : Estimate
        Of two arms, paired.
    n : float
        Samples it rests on, or what they are worth, above 0.

    References
    ----------
    The rule is ours.
    """
    n = check_real(n, "n", "in_doubt", 0, bounds="(]")
    if difference.error > 0 or difference.mean == 0 or np.isnan(difference.mean):
        return difference
    return Estimate(difference.mean, float(abs(difference.mean) / np.sqrt(n + 1)), float(n))


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
