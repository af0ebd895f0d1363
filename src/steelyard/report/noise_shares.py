"""Which classes hold what is taken for label noise and left out."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.report.charts import Chart
from steelyard.report.class_rows import Series, ends_of, left_out, rows_chart, shown_rows
from steelyard.report.hardness_cells import level_cell
from steelyard.report.hardness_quantities import HardnessQuantities, data_title
from steelyard.report.series import ONE
from steelyard.report.tables import Column, Table, name_cell


@dataclass(frozen=True)
class NoiseShares:
    """The chart of a data set and the table under it."""

    name: str
    words: str
    chart: Chart
    table: Table


def noise_shares(quantities: HardnessQuantities) -> tuple[NoiseShares, ...]:
    """Return one section a data set of which noise was left out."""
    found = []
    for number, data in enumerate(quantities.data):
        if not any(True for _ in quantities.matching(data, "noise", r"class=\d+")):
            continue
        classes = quantities.classes(data)
        shares = [quantities.get(data, f"noise/class={code}") for code in classes]
        names = [quantities.class_name(data, code) for code in classes]
        rows = shown_rows(len(classes))
        series = [Series("", ONE, tuple(shares[row] for row in rows))]
        chart = rows_chart(
            f"noise-{number}",
            f"Share of each class of {data_title(data)} among the samples left out as noise.",
            [names[row] for row in rows],
            series,
            "share of what is left out as noise, %",
            "class, hardest first",
            ends_of(series, (0.0,)),
            100 / len(classes),
        )
        table = Table(
            "Share of each class among what is left out as noise, hardest class first",
            (Column("Class", numeric=False), Column("Share, %")),
            tuple(
                (name_cell(name), level_cell(share))
                for name, share in zip(names, shares, strict=True)
            ),
        )
        found.append(NoiseShares(data_title(data), left_out(len(classes)), chart, table))
    return tuple(found)
