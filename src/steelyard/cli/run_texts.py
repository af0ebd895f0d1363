"""How a run, and what changed between two, read in the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from steelyard._support.storage import header
from steelyard.cli.terminal import one_line, print_facts, print_table
from steelyard.records.interval import Interval
from steelyard.report.digits import duration, percent, points
from steelyard.workflow.runs import Difference, RunState

RUN_COLUMNS = ["run", "status", "data", "study", "cells", "size", "started", "verdict"]
_MOST = 40  # cells shown; --json has all
_LABELS = {
    "as_is": "as it is",
    "corrected": "prior corrected",
    "fingerprint": "fingerprint with the split",
    "training_part": "fingerprint of the training part",
}


def run_row(run: RunState) -> list[str]:
    """Return a run in `RUN_COLUMNS`."""
    answer = run.verdict.priors[0] if run.verdict else None
    return [
        run.path,
        run.status,
        run.facts["data"]["name"],
        _trainings(run),
        f"{run.n_done}/{len(run.declared)}" if run.declared else "",
        size_text(run.bytes),
        run.started[:10],
        answer.outcome if answer else "",
    ]


def _trainings(run: RunState) -> str:
    study = run.facts["study"]
    if "degrees" in study:
        n_arms = len(study["degrees"]) + len(study.get("hardness_degrees", ()))
        return f"{n_arms} x {study['repetitions']}"
    return f"{study['trainings']}"


def print_run(run: RunState) -> None:
    """Print what a run is, and its cells."""
    print_facts(_facts(run))
    if not run.cells:
        return
    order = {address: number for number, address in enumerate(run.declared)}
    cells = sorted(run.cells, key=lambda cell: order.get(cell.address, len(order)))
    rows = [
        [
            f"{cell.name}{'' if cell.address in order else ', not declared'}",
            cell.address,
            size_text(cell.bytes),
            "" if cell.seconds is None else f"{cell.seconds:.1f}",
        ]
        for cell in cells[:_MOST]
    ]
    print()
    print_table("Cells", ["what", "address", "size", "seconds"], rows)
    if len(cells) > _MOST:
        print(f"and {len(cells) - _MOST} more; --json lists all.")
    undeclared = len(cells) - run.n_done
    if undeclared:
        print(f"\n{undeclared} not declared: `steelyard runs gc` removes what is of no use.")


def _facts(run: RunState) -> list[tuple[str, str]]:
    facts = run.facts
    data, study = facts["data"], facts["study"]
    lines = [("run", f"{run.path}: {run.status}, {size_text(run.bytes)}")]
    if "samples" in data:
        lines += [
            (
                "data",
                f"{data['name']}: {data['samples']:,} samples, {len(data['classes'])} classes, "
                f"fingerprint {data['fingerprint']}",
            ),
            ("split", _split(facts["split"])),
        ]
    else:
        lines.append(("data", f"{data['name']}, training part {data['training_part']}"))
    if "degrees" in study:
        degrees = ", ".join(f"{degree:g}" for degree in study["degrees"])
        if hard := study.get("hardness_degrees"):
            degrees += f" and by hardness {', '.join(f'{degree:g}' for degree in hard)}"
        what = f"degrees {degrees} x {study['repetitions']} repetitions"
        lines.append(("study", f"{study['kind']}: {what}, {study['trainings']} trainings"))
    else:
        lines.append(("study", f"{study['kind']}: {study['trainings']} trainings"))
    if "recipe" in facts:
        values = [f"{_words(name)} {_shown(value)}" for name, value in facts["recipe"].items()]
        lines.append(("recipe", ", ".join(values)))
    if "seeds" in facts:
        lines.append(("seed", f"{facts['seeds']['seed']}"))
    if "versions" in facts:
        versions = [f"{name} {version}" for name, version in facts["versions"].items()]
        lines.append(("versions", ", ".join(versions)))
    if facts.get("command", {}).get("command"):
        lines.append(("command", facts["command"]["command"]))
    took = "" if run.seconds is None else f", took {duration(run.seconds)}"
    lines += [
        ("started", f"{_moment(run.started)} UTC{took}"),
        ("cells", _progress(run)),
        ("at work", ", ".join(run.at_work) or "nobody"),
    ]
    if run.verdict is not None:
        lines.append(("verdict", run.verdict.headline))
    elif run.is_overtaken:
        lines.append(("verdict", "not there yet; the records are those of an earlier command"))
    elif "degrees" in study:
        lines.append(("verdict", "not there yet"))
    return lines


def _split(split: Mapping[str, Any]) -> str:
    parts = []
    for part in ("train", "validation", "test"):
        share = split.get(f"drawn_{part}")
        parts.append(f"{split[part]:,} {part}" + ("" if share is None else f" (drawn, {share:g})"))
    return ", ".join(parts)


def _progress(run: RunState) -> str:
    if not run.declared:
        return "none are kept"
    under_way = len(set(run.under_way) & set(run.declared))
    more = f", {under_way} claimed by those at work" if under_way else ""
    return f"{run.n_done} of {len(run.declared)}{more}"


def print_difference(found: Difference) -> None:
    """Print what changed from one run to another."""
    left, right = found.left, found.right
    rows = [
        [f"{one.section}, {_words(one.name)}", _shown(one.left), _shown(one.right)]
        for one in found.changes
        if one.section != "command" and one.name != "headline"
    ]
    if rows:
        print_table("What changed", ["", left.path, right.path], rows)
    for one in found.changes:
        if one.section == "command" or one.name == "headline":
            print(f"\nThe {one.name}:")
            print_facts([(left.path, _shown(one.left)), (right.path, _shown(one.right))])
    if not found.changes:
        print("No difference.")
    if found.not_compared:
        print(f"\nKnown of one run alone, so not compared: {', '.join(found.not_compared)}.")
    intervals = [
        [
            f"{one.prior}: {_words(one.quantity)}",
            _interval(one.left, one.quantity, left),
            _interval(one.right, one.quantity, right),
        ]
        for one in found.intervals
    ]
    print()
    if found.same_verdict:
        print("The verdict files are the same to the byte.")
    elif intervals:
        title = "Accuracy on test in %, changes in points"
        print_table(title, ["under the prior", left.path, right.path], intervals)
        print()
    print(
        f"Cells: {len(found.shared)} shared, {len(found.only_left)} only in "
        f"{one_line(left.path)}, {len(found.only_right)} only in {one_line(right.path)}."
    )


def _interval(interval: Interval | None, quantity: str, run: RunState) -> str:
    if interval is None:
        return "not judged" if run.verdict else "not there yet"
    return str(percent(interval) if quantity == "as_is" else points(interval))


def difference_document(found: Difference) -> dict[str, Any]:
    """Return what changed as plain values."""
    return header(
        "Difference",
        left=run_document(found.left),
        right=run_document(found.right),
        changes=[asdict(one) for one in found.changes],
        not_compared=list(found.not_compared),
        cells={
            "shared": list(found.shared),
            "only_left": list(found.only_left),
            "only_right": list(found.only_right),
        },
        same_verdict=found.same_verdict,
        intervals=[asdict(one) for one in found.intervals],
    )


def run_document(run: RunState) -> dict[str, Any]:
    """Return what a run is as plain values, its cells apart."""
    return {
        "path": run.path,
        "status": run.status,
        **{section: dict(values) for section, values in run.facts.items()},
        "started": run.started,
        "seconds": run.seconds,
        "bytes": run.bytes,
        "n_declared": len(run.declared),
        "n_done": run.n_done,
        "at_work": list(run.at_work),
        "under_way": dict(run.under_way),
        "overtaken": run.is_overtaken,
        "headline": run.verdict.headline if run.verdict else None,
        "outcome": run.verdict.priors[0].outcome if run.verdict else None,
    }


def _shown(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def _words(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " "))


def _moment(started: str) -> str:
    return started[:16].replace("T", " ")


def size_text(n_bytes: int) -> str:
    """Return a number of bytes as people say it."""
    size, unit = float(n_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.{0 if unit == 'B' or size >= 100 else 1}f} {unit}"
