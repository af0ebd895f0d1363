"""How the benchmarks here compare: contestants take turns in one run, ratios are paired by turn.

A busy spell of the machine then counts for all of them alike. Imported by the benchmarks; it has
no command of its own.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import statistics
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Rows = dict[str, list[float]]


def cores() -> int:
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def torch_threads(n: int) -> Iterator[None]:
    """Let torch use n threads while the block runs."""
    import torch  # here, so that a parent of measured processes stays small

    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def take_turns(contestants: Mapping[str, Callable[[], dict[str, float]]], rounds: int) -> Rows:
    """Return what each contestant measured in each round: A B C, A B C, and so on.

    A contestant warms itself up and returns one number for each row that it fills.
    """
    rows: Rows = {}
    for _ in range(rounds):
        for run in contestants.values():
            for name, value in run().items():
                rows.setdefault(name, []).append(value)
    return rows


def spread(values: list[float]) -> dict[str, float]:
    """Return median, smallest, largest and number."""
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "rounds": len(values),
    }


def ratio(above: list[float], below: list[float]) -> dict[str, float]:
    """Return the spread of the quotients, taken round by round."""
    return spread([a / b for a, b in zip(above, below, strict=True)])


def fastest(rows: Rows, *names: str) -> str:
    """Return the name of the row with the smallest median."""
    return min(names, key=lambda name: statistics.median(rows[name]))


def in_words(found: Mapping[str, Any]) -> str:
    """Return what a benchmark found, one section a comparison, as lines of text."""
    lines = []
    for title, section in found.items():
        if title == "machine":
            continue
        if isinstance(section, str):
            lines += [f"{title}: {section}", ""]
            continue
        lines.append(f"{title}: {section['what']}")
        for key, value in section.items():
            if key == "claims":
                lines += [
                    f"  {'holds' if holds else 'FAILS'}: {name}" for name, holds in value.items()
                ]
            elif isinstance(value, Mapping) and key != "what":
                lines += _table(key.replace("_", " "), value)
            elif key != "what":
                lines.append(f"  {key}: {value}")
        lines.append("")
    return "\n".join([*lines, _machine_in_words(found["machine"])])


def _table(title: str, rows: Mapping[str, Any]) -> list[str]:
    if not all(isinstance(one, Mapping) for one in rows.values()):
        return [f"  {title}:", *(f"    {name}: {value}" for name, value in rows.items())]
    width = max(len(name) for name in (title, *rows)) + 2
    lines = [f"  {title:{width}}{'median':>10}{'min':>10}{'max':>10}{'rounds':>8}"]
    for name, one in rows.items():
        digits = 0 if one["median"] >= 1000 else 1 if one["median"] >= 100 else 2
        cells = "".join(f"{one[key]:10,.{digits}f}" for key in ("median", "min", "max"))
        lines.append(f"  {name:{width}}{cells}{one['rounds']:8d}")
    return lines


def machine() -> dict[str, object]:
    """Return where this runs and with what."""
    return {
        "cores": cores(),
        "cpu": _cpu(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "torch": importlib.metadata.version("torch"),
        "numpy": importlib.metadata.version("numpy"),
    }


def _machine_in_words(found: Mapping[str, object]) -> str:
    """Return one line about a machine."""
    load = found["load_average"]
    busy = "" if load is None else f", load {load:.1f} at the end"
    return (
        f"{found['cores']} cores ({found['cpu']}){busy}; Python {found['python']}, "
        f"torch {found['torch']}, numpy {found['numpy']}"
    )


def _cpu() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
