"""The arms of the two hardness studies: what the two versions of the paper tried, and ours.

A name says it all: ``v1/alpha=2/hard+easiest`` grows classes by repeating hard samples more and
shrinks them by their easiest, to the counts that version 1 asks for at alpha 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steelyard.records.hardness_arm import HardnessArm

# Over- and under-sampling as the grid of version 1 combines them.
_UNDER = ("none", "easiest")
V1_SCHEMES = (
    ("none", "easiest"),
    *((over, under) for over in ("random", "smote", "easy", "hard") for under in _UNDER),
)  # fmt: skip
V2_OVER = ("random", "smote", "pool-random", "pool-hardest", "pool-average")
V2_REFILLS = ("random", "smote", "held-out")
V2_RATES = (0.33, 0.42, 0.5, 0.58, 0.66, 0.75)
V1_RATES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
OTHER_ESTIMATORS = ("el2n_early", "forgetting_events")


def resampling_arms(
    v1_alphas: Sequence[float], v2_alphas: Sequence[float], degrees: Sequence[float]
) -> tuple[HardnessArm, ...]:
    """Return the arms of the resampling study.

    Parameters
    ----------
    v1_alphas, v2_alphas : sequence of float
        Of the two published modes.
    degrees : sequence of float
        Of the safe mode.
    """
    return (
        *(_v1(alpha, over, under) for alpha in v1_alphas for over, under in V1_SCHEMES),
        *(_v1(alpha, "random", "easiest", one) for one in OTHER_ESTIMATORS for alpha in v1_alphas),
        *_without_noise(),
        *(
            HardnessArm(
                f"v2/alpha={alpha:g}/{over}+easiest", family="v2", mode="paper-v2", degree=alpha,
                over=over, under="easiest",
            )
            for alpha in v2_alphas
            for over in V2_OVER
        ),
        *(
            HardnessArm(
                f"safe/degree={degree:g}/{over}+easiest", family="safe", mode="safe",
                degree=degree, over=over, under="easiest",
            )
            for degree in degrees
            for over in ("random", "smote")
        ),
        *_controls(v1_alphas, v2_alphas, degrees),
    )  # fmt: skip


def pruning_arms(
    v1_rates: Sequence[float] = V1_RATES, v2_rates: Sequence[float] = V2_RATES
) -> tuple[HardnessArm, ...]:
    """Return the arms of the pruning study.

    Parameters
    ----------
    v1_rates : sequence of float
        At which the easiest of each class (``clp``) and of the data set (``dlp``) go; the second
        is compared with the first.
    v2_rates : sequence of float
        At which samples go at random in each class; what is left is then resampled by hardness,
        and compared with what is left.
    """
    return tuple(
        arm
        for arms in (
            *(_levels(rate) for rate in v1_rates),
            *(_refilled(rate) for rate in v2_rates),
        )
        for arm in arms
    )


def _v1(alpha: float, over: str, under: str, estimator: str = "aum") -> HardnessArm:
    by = "" if estimator == "aum" else f"{estimator}/"
    return HardnessArm(
        f"v1/{by}alpha={alpha:g}/{over}+{under}", family="v1" if not by else "v1-estimators",
        mode="paper-v1", degree=alpha, over=over, under=under, estimator=estimator,
    )  # fmt: skip


def _without_noise() -> Iterator[HardnessArm]:
    name = "v1/without-noise"
    yield HardnessArm(name, family="v1-noise", without_noise=True)
    yield HardnessArm(
        f"{name}/alpha=1/random+easiest", base=name, family="v1-noise", mode="paper-v1",
        over="random", under="easiest", without_noise=True,
    )  # fmt: skip


def _controls(
    v1_alphas: Sequence[float], v2_alphas: Sequence[float], degrees: Sequence[float]
) -> Iterator[HardnessArm]:
    """Yield what costs no training: the baseline's logits, moved as the counts would be."""
    for family, mode, word, values in (
        ("v1", "paper-v1", "alpha", v1_alphas), ("v2", "paper-v2", "alpha", v2_alphas),
        ("safe", "safe", "degree", degrees),
    ):  # fmt: skip
        for value in values:
            yield HardnessArm(
                f"{family}/{word}={value:g}/logits", family=family, mode=mode, degree=value,
                over="random", under="easiest", logits_alone=True,
            )  # fmt: skip


def _levels(rate: float) -> Iterator[HardnessArm]:
    of_class = f"clp/rate={rate:g}"
    yield HardnessArm(of_class, family="clp", pruning="class", rate=rate)
    yield HardnessArm(
        f"dlp/rate={rate:g}", base=of_class, family="dlp", pruning="dataset", rate=rate
    )


def _refilled(rate: float) -> Iterator[HardnessArm]:
    left = f"pruned/rate={rate:g}"
    yield HardnessArm(left, family="pruned", pruning="random", rate=rate)
    for over in V2_REFILLS:
        yield HardnessArm(
            f"{left}/{over}+easiest", base=left, family="refilled", mode="paper-v2", over=over,
            under="easiest", pruning="random", rate=rate,
        )  # fmt: skip
