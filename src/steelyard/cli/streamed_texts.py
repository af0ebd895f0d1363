"""What was judged in chunks, as tables and as one document."""

from __future__ import annotations

from typing import Any

import pandas as pd

from steelyard._support.storage import header
from steelyard.cli.terminal import print_table
from steelyard.evaluation.stream import Streamed

_MANY = 24  # rows before the rest are counted


def streamed_document(found: Streamed) -> dict[str, Any]:
    """Return it as plain data; null where there is no data."""
    return header(
        "StreamedEvaluation",
        split=found.split,
        n_rows=found.n_rows,
        class_names=list(found.class_names),
        priors=[{"name": name, "shares": prior.tolist()} for name, prior in found.priors.items()],
        **{name: _records(getattr(found, name)) for name in ("overall", "by_class", "confusions")},
    )


def print_streamed(found: Streamed) -> None:
    """Print the metrics of each model, the classes with the lowest recall, and the confusions."""
    print(
        f"{found.split}: {found.n_rows:,} rows, {len(found.class_names):,} classes, judged in "
        "chunks: plain metrics of each model by itself\n"
    )
    rows = [
        [
            f"{row['arm']}, seed {row['seed']}",
            row["prior"],
            row["metric"].replace("_", " "),
            _level(row, "mean"),
        ]
        for row in found.overall.to_dict("records")
    ]
    print_table("Mean and 95 % interval", ["model", "prior", "metric", "mean"], rows, left=3)
    first = found.by_class[found.by_class["prior"] == next(iter(found.priors))]
    lowest = first.sort_values("recall", kind="stable", na_position="last")
    rows = [
        [
            f"{row['class']}, {row['arm']}, seed {row['seed']}",
            f"{row['n']:,}",
            _level(row, "recall"),
        ]
        for row in lowest.head(_MANY).to_dict("records")
    ]
    print()
    print_table("The lowest recalls", ["class, model", "samples", "recall"], rows)
    rows = [
        [row["class"], row["called"], f"{row['n']:,}", f"{row['share']:.4f}"]
        for row in found.confusions.head(_MANY).to_dict("records")
    ]
    if rows:
        print()
        print_table(
            "The most frequent confusions", ["class", "called", "samples", "share"], rows, left=2
        )


def _level(row: dict, column: str) -> str:
    if pd.isna(row[column]):
        return "no data"
    if pd.isna(row["low"]):
        return f"{row[column]:.4f}"
    return f"{row[column]:.4f} [{row['low']:.4f}, {row['high']:.4f}]"


def _records(table: pd.DataFrame) -> list[dict]:
    plain = table.astype(object).where(table.notna(), None)
    return plain.to_dict(orient="records")
