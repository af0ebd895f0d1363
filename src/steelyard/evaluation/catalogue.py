"""The metrics by name: which there are, overall and of each class, and where each is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from steelyard._support.errors import ParameterError
from steelyard._support.validation import did_you_mean
from steelyard.evaluation.count_metrics import AVERAGES, CLASS_METRICS
from steelyard.evaluation.gap_metrics import EASY_HARD_METRICS, GAP_METRICS
from steelyard.evaluation.quantities import QUANTITIES
from steelyard.evaluation.reliability import BINNINGS

# Metrics of scores, overall, by the name that `rank_estimates` has for them.
RANKS: Mapping[str, str] = MappingProxyType(
    {
        "macro_auroc": "auroc",
        "macro_average_precision": "average_precision",
        "macro_fixed_prior_average_precision": "fixed_prior_average_precision",
        "mean_d_prime": "mean_d_prime",
        "d_prime_of_mean_auroc": "d_prime_of_mean_auroc",
    }
)
CLASS_RANKS: Mapping[str, str] = MappingProxyType(
    {
        "auroc": "auroc",
        "average_precision": "average_precision",
        "fixed_prior_average_precision": "fixed_prior_average_precision",
        "d_prime": "mean_d_prime",
    }
)
MEANS = ("log_loss", "brier")  # of calibration, by class
CALIBRATION = (*MEANS, *BINNINGS)

_GAPS = (*GAP_METRICS, *EASY_HARD_METRICS)
OVERALL = tuple(dict.fromkeys([*QUANTITIES, *AVERAGES, *_GAPS, *BINNINGS, *RANKS]))
BY_CLASS = (*CLASS_METRICS, *CALIBRATION, *CLASS_RANKS)

# What says nothing new of one class a sample: micro means and weighted recall are its accuracy.
_SAME = ("macro_recall", "weighted_recall", "micro_recall", "micro_precision", "micro_f1")
# What is judged on request: gaps of F1 beside those of recall and precision say little.
_ON_REQUEST = tuple(name for name in _GAPS if name.startswith("f1_"))
# What is not defined where a sample may have several labels.
_ONE_CLASS_ALONE = ("mcc", "balanced_accuracy")  # of labels: macro_mcc, macro_recall


def chosen(
    names: Sequence[str] | None,
    known: Iterable[str],
    what: str,
    *,
    multi_label: bool,
    without: Iterable[str] = (),
) -> tuple[str, ...]:
    """Return the metrics to judge: those named, or all that tell something new.

    Parameters
    ----------
    names : sequence of str or None
        None stands for all.
    known : iterable of str
        `OVERALL` or `BY_CLASS`.
    what : str
        The parameter, for the message.
    multi_label : bool
        Whether a sample may have any number of labels.
    without : iterable of str
        Metrics that need what was not given.

    Raises
    ------
    ParameterError
        If a name is unknown (nearest names shown), or its metric cannot be judged here.
    """
    everything = tuple(known)
    left_out = {*without, *(_ONE_CLASS_ALONE if multi_label else ())}
    if names is None:
        left_out |= {*_ON_REQUEST, *(() if multi_label else _SAME)}
        return tuple(name for name in everything if name not in left_out)
    if isinstance(names, str):
        names = (names,)
    for name in names:
        if name not in everything:
            raise ParameterError(
                f"The {what!r} parameter of evaluate names {name!r}, which is no metric of it.",
                hint=did_you_mean(name, everything),
            )
        if name in left_out:
            raise ParameterError(
                f"The metric {name!r} cannot be judged here.",
                hint="easy_hard needs easy and hard classes; mcc and balanced_accuracy are of one "
                "class a sample, of labels macro_mcc and macro_recall.",
            )
    return tuple(dict.fromkeys(names))
