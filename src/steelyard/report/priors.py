"""Deployment priors in words: where a model will be used, told by its class shares."""

from __future__ import annotations

import numpy as np

from steelyard.records.verdict import PriorVerdict, Verdict
from steelyard.report.digits import exact_percent
from steelyard.report.names import shortened
from steelyard.report.tables import Cell, Column, Table, name_cell


def described(answer: PriorVerdict, verdict: Verdict) -> str:
    """Return what a prior is, by its shares and not by its name."""
    shares = np.asarray(answer.shares)
    trained = np.array([one.share for one in verdict.classes])
    if np.allclose(shares, 1 / len(shares)):
        return "every class comes equally often"
    if np.allclose(shares, trained, atol=1e-6):
        return "classes come as often as in the training data"
    most, least = int(shares.argmax()), int(shares.argmin())
    names = [shortened(one.name, 24) for one in verdict.classes]
    return (
        f"classes come as you stated, from {exact_percent(shares[least])} ({names[least]}) "
        f"to {exact_percent(shares[most])} ({names[most]})"
    )


def is_training_prior(answer: PriorVerdict, verdict: Verdict) -> bool:
    """Return whether a prior is the one that training saw, so that there is nothing to correct."""
    return np.allclose(answer.shares, [one.share for one in verdict.classes], atol=1e-6)


def shares_table(verdict: Verdict) -> Table:
    """Return each class's share under each prior."""
    rows = tuple(
        (
            name_cell(one.name),
            *(Cell(exact_percent(answer.shares[code])) for answer in verdict.priors),
        )
        for code, one in enumerate(verdict.classes)
    )
    columns = tuple(Column(shortened(answer.prior, 24)) for answer in verdict.priors)
    return Table(
        "Share of each class under each deployment prior",
        (Column("Class", numeric=False), *columns),
        rows,
    )
