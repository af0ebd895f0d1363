"""Dry run: what a plan does, as plain text to read before training by it."""

from __future__ import annotations

from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.resampling.distribution import distribution

_WIDEST = 40  # characters of a class name


def dry_run(plan: Plan, data: Labelled) -> str:
    """Return the achieved distribution of a plan as aligned plain text.

    Parameters
    ----------
    plan : Plan
        A plan for the data.
    data : Labelled
        The data that were planned.

    Raises
    ------
    MismatchError
        If the plan was made on other data.
    """
    achieved = distribution(plan, data)
    rows = [
        ["label" if data.multi_label else "class", "before", "asked", "after", "share", "repeat"]
    ]
    for row, asked in zip(achieved.table().itertuples(index=False), plan.requested, strict=True):
        name, before, after, share, repeat = row
        rows.append(
            [
                _shown(name),
                f"{before}",
                f"{asked:.1f}",
                f"{after:.1f}",
                f"{share:.4f}",
                "-" if repeat != repeat else f"{repeat:.3f}",
            ]
        )
    n = achieved.n_samples
    figures = [
        ["", "before", "after"],
        ["draws in an epoch", f"{n}", f"{achieved.draws:.1f}"],
        ["  of an epoch as is", "1", f"{achieved.epoch_ratio:.3f}"],
        ["largest over smallest", f"{achieved.rho_before:.4g}", f"{achieved.rho_after:.4g}"],
    ]
    if data.multi_label:
        cardinality = [achieved.cardinality_before, achieved.cardinality_after]
        figures.append(["labels a sample", *(f"{one:.3f}" for one in cardinality)])
    figures += [
        ["distinct samples in an epoch", f"{n}", f"{achieved.distinct_samples:.1f}"],
        ["largest repeat, on average", "1", f"{achieved.largest_repeat:.3f}"],
        ["effective samples, over epochs", f"{n}", f"{achieved.effective_samples:.1f}"],
        ["  of the samples", "1", f"{achieved.effective_share:.3f}"],
    ]
    parts = [plan.scheme, _aligned(rows), _aligned(figures)]
    if plan.added is not None:
        parts.append(f"{len(plan.added)} rows are added to the data, each used once.")
    if achieved.left_out:
        parts.append(f"Not drawn at all: {', '.join(map(_shown, achieved.left_out))}.")
    parts += list(plan.notes)
    return "\n\n".join(parts[:3]) + ("\n\n" + "\n".join(parts[3:]) if parts[3:] else "") + "\n"


def _aligned(rows: list[list[str]]) -> str:
    """Return the first column flush left and the others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _shown(name: str) -> str:
    """Return a name on one line, without what would steer a terminal."""
    text = "".join(character if character.isprintable() else " " for character in name)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."
