"""Draws from many weights, beside torch's sampler and imbalanced-learn's.

    python benchmarks/draws.py [--rounds 3] [--weights 50_000_000] [--draws 10_000_000]

Each measurement runs in a process of its own, one after another, in turns; times are medians of
the rounds in seconds, peak memory is what the process took beyond its inputs, in MiB.

* many: ``PlanSampler`` on 50 million weights: 10 million draws with replacement, made and handed
  out as Python integers; and an epoch of expected uses, rounded anew (1,000 classes) and shuffled.
* torch: the same draws from 2^24 - 1 weights beside ``WeightedRandomSampler``; and what share of
  the draws falls on the upper half of 2^24 + 2^20 weights of which it should have 2/3.
* imblearn: a plan by count, full balance, and its rows, of 1 million rows and 10 classes beside
  ``RandomOverSampler``: of indices alone, and with X of 20 columns through ``Resampler``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from side_by_side import machine

ROWS, COLUMNS, CLASSES = 1_000_000, 20, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--weights", type=int, default=50_000_000)
    parser.add_argument("--draws", type=int, default=10_000_000)
    options = parser.parse_args()
    print(machine())
    many = (options.weights, options.draws)
    fewer = (2**24 - 1, options.draws)
    cases: dict[str, tuple[Callable[..., Any], tuple]] = {
        "many: draws with replacement": (with_replacement, many),
        "many: an epoch of expected uses": (expected_uses, many),
        "torch: ours, 2^24 - 1 weights": (with_replacement, fewer),
        "torch: WeightedRandomSampler, 2^24 - 1 weights": (torchs, fewer),
        "imblearn: ours, rows": (our_rows, (False,)),
        "imblearn: RandomOverSampler, rows": (their_rows, (False,)),
        "imblearn: ours, rows and X": (our_rows, (True,)),
        "imblearn: RandomOverSampler, rows and X": (their_rows, (True,)),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for _ in range(options.rounds):
        for name, (case, arguments) in cases.items():
            found[name].append(alone(case, *arguments))
    for name, measured in found.items():
        seconds, mebibytes = zip(*measured, strict=True)
        print(f"{name:50s} {statistics.median(seconds):7.2f} s ({min(seconds):.2f} to "
              f"{max(seconds):.2f})  {statistics.median(mebibytes):6.0f} MiB")  # fmt: skip
    for name, share in (("ours", upper_half_of_ours), ("torch's", upper_half_of_torchs)):
        print(f"share of the upper half of 2^24 + 2^20 weights, should be 0.6667, {name}: "
              f"{alone(share)}")  # fmt: skip


def alone(case: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a case returns in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(case, arguments)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    before, began = peak(), time.perf_counter()
    work()
    return time.perf_counter() - began, peak() - before


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def count(sampler: Any) -> int:
    return sum(1 for _ in sampler)


def with_replacement(n: int, n_draws: int) -> tuple[float, float]:
    from steelyard.resampling.torch_sampler import PlanSampler

    weights = np.random.default_rng(0).random(n)
    return timed(lambda: count(PlanSampler(weights, replacement=True, n_draws=n_draws)))


def expected_uses(n: int, n_draws: int) -> tuple[float, float]:
    from steelyard.resampling.torch_sampler import PlanSampler, _Uses

    random = np.random.default_rng(0)
    weights = random.random(n)
    weights *= n_draws / weights.sum()
    sampler = PlanSampler(weights)
    sampler._uses = _Uses(weights, random.integers(0, 1000, n).astype(np.int16))
    return timed(lambda: count(sampler))


def torchs(n: int, n_draws: int) -> tuple[float, float]:
    import torch
    from torch.utils.data import WeightedRandomSampler

    torch.set_num_threads(1)
    weights = torch.from_numpy(np.random.default_rng(0).random(n))
    return timed(lambda: count(WeightedRandomSampler(weights, n_draws)))


def half_light() -> np.ndarray:
    weights = np.ones(2**24 + 2**20, np.float32)
    weights[: len(weights) // 2] = 0.5
    return weights


def upper_half_of_ours() -> str:
    from steelyard.resampling.torch_sampler import PlanSampler

    weights = half_light()
    rows = np.fromiter(PlanSampler(weights, replacement=True, n_draws=100_000), np.int64)
    return f"{(rows >= len(weights) // 2).mean():.4f}"


def upper_half_of_torchs() -> str:
    import torch
    from torch.utils.data import WeightedRandomSampler

    weights = half_light()
    try:
        rows = np.fromiter(WeightedRandomSampler(torch.from_numpy(weights), 100_000), np.int64)
    except RuntimeError as error:
        return f"refused: {error}"
    return f"{(rows >= len(weights) // 2).mean():.4f}"


def labels() -> np.ndarray:
    counts = 0.5 ** np.arange(CLASSES)
    return np.random.default_rng(0).choice(CLASSES, ROWS, p=counts / counts.sum())


def our_rows(with_x: bool) -> tuple[float, float]:
    from steelyard.workflow.resampler import Resampler

    y = labels()
    x = np.random.default_rng(1).random((ROWS, COLUMNS)) if with_x else np.zeros((ROWS, 1))
    resampler = Resampler(size="grow", random_state=0)
    return timed(lambda: resampler.fit_resample(x, y) if with_x else resampler.fit(x, y))


def their_rows(with_x: bool) -> tuple[float, float]:
    from imblearn.over_sampling import RandomOverSampler

    y = labels()
    # it gives indices only with rows: one narrow column stands for them
    x = np.random.default_rng(1).random((ROWS, COLUMNS)) if with_x else np.zeros((ROWS, 1))
    sampler = RandomOverSampler(random_state=0)
    return timed(lambda: sampler.fit_resample(x, y))


if __name__ == "__main__":
    main()
