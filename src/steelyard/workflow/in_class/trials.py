"""The networks that test a hard set, and what they reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from steelyard._support.seeding import derive_seed
from steelyard.records.in_class_protocol import InClassProtocol
from steelyard.training import Prepared
from steelyard.workflow.cells import Cell
from steelyard.workflow.in_class.figures import Scores, ratio_name
from steelyard.workflow.in_class.measures import measure
from steelyard.workflow.in_class.sets import CONTROLS, IDENTIFIERS, STRAGGLER, HardSets
from steelyard.workflow.in_class.splits import Split, split_pools
from steelyard.workflow.in_class.tasks import on_parts_cell

# Ours: of a control, and of stragglers in another mode, the ends alone are trained.
_ENDS = (0.0, 1.0)
_NETWORKS_A_SET = 1000  # repetitions that are set aside for one set


@dataclass(frozen=True, eq=False)
class Trial:
    """One hard set under test: its split, and one cell of networks a repetition.

    Parameters
    ----------
    mode, identifier : str
        What named the hard set.
    place : tuple of int
        Ratio and set.
    split : Split
        What trains and what judges.
    numbers : dict of (str, float) to int
        Which network of a cell trained on each part: equal parts share one.
    cells : tuple of Cell
        One a repetition.
    """

    mode: str
    identifier: str
    place: tuple[int, int]
    split: Split
    numbers: dict[tuple[str, float], int]
    cells: tuple[Cell, ...]


def trials(
    prepared: Prepared, protocol: InClassProtocol, sets: HardSets, device: str
) -> Iterator[Trial]:
    """Yield the trials of the study: those of the identifiers, then controls and other modes."""
    seed = derive_seed(protocol.seed, purpose="in-class evaluation")
    for (mode, identifier), hard in sets.items():
        full = mode == protocol.mode and identifier in (STRAGGLER, *IDENTIFIERS)
        n_initialisations = protocol.n_initialisations if full else 1
        keep_easy = protocol.keep_easy if full else _ENDS
        keep_hard = protocol.keep_hard if full else _ENDS
        tested = full or identifier == STRAGGLER or identifier in CONTROLS
        if not tested or identifier not in (*protocol.identifiers, *CONTROLS):
            continue
        for number, one in enumerate(hard):
            place = divmod(number, protocol.n_sets)
            ratio = protocol.ratios[place[0]]
            split = split_pools(
                prepared.data.ids, one, ratio, keep_easy, keep_hard,
                seed=protocol.seed, number=number,
            )  # fmt: skip
            parts, numbers = _distinct(split)
            name = f"{mode} {identifier}, {ratio_name(ratio)}, set {place[1] + 1}"
            cells = tuple(
                on_parts_cell(
                    prepared, protocol.recipe, parts,
                    [number * _NETWORKS_A_SET + repetition] * len(parts), seed, device, name,
                )
                for repetition in range(n_initialisations)
            )  # fmt: skip
            yield Trial(mode, identifier, place, split, numbers, cells)


def scores_of(
    prepared: Prepared,
    protocol: InClassProtocol,
    tried: Sequence[tuple[Trial, Sequence[np.ndarray]]],
) -> Scores:
    """Return what the networks reach on hard and on easy test samples, in %.

    Parameters
    ----------
    tried : sequence of (Trial, sequence of ndarray)
        Each trial with the predicted classes (networks, n) of each of its cells.
    """
    labels, n_classes = prepared.data.labels, prepared.data.n_classes
    found: dict[tuple[str, str, str, float, str, str], np.ndarray] = {}
    for trial, predicted in tried:
        for part, chosen in (("hard", trial.split.hard), ("easy", ~trial.split.hard)):
            judges = chosen & trial.split.test
            by_cell = [measure(labels[judges], one[:, judges], n_classes) for one in predicted]
            for (which, share), number in trial.numbers.items():
                for metric in by_cell[0]:
                    key = (trial.mode, trial.identifier, which, share, part, metric)
                    shape = (len(protocol.ratios), protocol.n_sets, len(predicted))
                    values = found.setdefault(key, np.full(shape, np.nan))
                    values[trial.place] = [one[metric][number] for one in by_cell]
    return found


def _distinct(split: Split) -> tuple[np.ndarray, dict[tuple[str, float], int]]:
    """Return the distinct parts (M, n), and which of them each kept share is.

    All hard with all easy samples ends both removals: it is trained once.
    """
    parts: list[np.ndarray] = []
    numbers = {}
    for key, part in split.parts.items():
        same = [number for number, one in enumerate(parts) if np.array_equal(one, part)]
        if not same:
            parts.append(part)
        numbers[key] = same[0] if same else len(parts) - 1
    return np.stack(parts), numbers
