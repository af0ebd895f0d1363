"""Label doubt: samples in the order in which somebody should look at their labels.

**What it tells you.** The mean of two ranks: that of the error norm, which says how much the
networks that trained on the sample resisted its label, and that of the odds against the label,
which come from models and neighbours that never learned it. Each finds wrong labels that the other
misses: networks resist an odd label early and give in later, and a network that memorises every
label at once still cannot make the neighbours agree.

**When it misleads.** It is an order, not a probability: something always comes first, in clean data
too. `steelyard.hardness.sample_kinds` says which samples look mislabelled.

**Formula.** doubt_i = (rank of el2n_i + rank of odds_i) / 2, with mid-ranks (rank - 1/2) / n.

**Reference.** Ours; the error norm is `steelyard.hardness.error_norm`, the odds are
`steelyard.hardness.label_odds`. Measured against every single score in docs/kinds.md.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from steelyard._support.errors import ParameterError
from steelyard.hardness.error_norm import ERROR_NORM
from steelyard.records.hardness import Hardness, require_same_samples


def label_doubt(error_norm: Hardness, odds: Hardness) -> Hardness:
    """Return how much each label is in doubt, in (0, 1).

    Parameters
    ----------
    error_norm : Hardness
        The score "el2n".
    odds : Hardness
        Log odds against each label, from `label_odds`.

    Returns
    -------
    Hardness
        The score "label_doubt", of one run and with no spread: ranks of averages are no average
        of ranks.

    Raises
    ------
    ParameterError
        If the hardness is of another score.
    MismatchError
        If the two are of other samples.
    """
    if error_norm.name != ERROR_NORM.name:
        raise ParameterError(
            f"The 'error_norm' parameter of label_doubt must be the score {ERROR_NORM.name!r}. "
            f"Got {error_norm.name!r} instead.",
            hint="pass estimate(dynamics)['el2n'].",
        )
    require_same_samples(error_norm, odds)
    return replace(
        error_norm,
        name="label_doubt",
        values=(error_norm.ranks + odds.ranks) / 2,
        spread=np.full(len(odds.values), np.nan),
        n_runs=1,
    )
