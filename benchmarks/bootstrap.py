"""Recall by class with its bootstrap, beside fairlearn's MetricFrame.

    python benchmarks/bootstrap.py [--rounds 5] [--rows 10_000] [--classes 100]

One process, contestants in turns; seconds are medians of the rounds, and ratios, a resample, are
paired by round. Classes are the groups of fairlearn's frame, whose metric is the accuracy: of a
class, that is its recall.

* ours: ``bootstrap_recall``, 1,000 resamples, by patterns: binomials, where one model is judged.
* ours, sample by sample: ``resamples`` and ``count``: what any metric and any weights take.
* fairlearn: ``MetricFrame`` with ``n_boot=100``.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from side_by_side import Rows, machine, ratio, spread, take_turns

N_OURS, N_THEIRS = 1_000, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--classes", type=int, default=100)
    options = parser.parse_args()
    print(machine())
    truth, predicted = decisions(options.rows, options.classes)
    widths: dict[str, np.ndarray] = {}
    rows = take_turns(
        {
            "ours": lambda: ours(truth, predicted, options.classes, widths),
            "plain": lambda: sample_by_sample(truth, predicted, options.classes, widths),
            "fairlearn": lambda: fairlearns(truth, predicted, widths),
        },
        options.rounds,
    )
    shown(rows, options.rows, options.classes)
    for name in ("ours", "ours, sample by sample"):
        print(f"width of the 95 % percentile interval, {name} by fairlearn's, mean of classes: "
              f"{(widths[name] / widths['fairlearn']).mean():.3f}")  # fmt: skip


def decisions(n_rows: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    truth = np.arange(n_rows) % n_classes
    wrong = random.random(n_rows) < np.linspace(0.05, 0.5, n_classes)[truth]
    return truth, np.where(wrong, random.integers(0, n_classes, n_rows), truth)


def ours(
    truth: np.ndarray, predicted: np.ndarray, n_classes: int, widths: dict[str, np.ndarray]
) -> dict[str, float]:
    from steelyard.evaluation.resamples import bootstrap_recall

    began = time.perf_counter()
    recalls = bootstrap_recall(truth == predicted, truth, n_classes, N_OURS)[0]
    took = time.perf_counter() - began
    widths["ours"] = np.subtract(*np.quantile(recalls, (0.975, 0.025), axis=0))
    return {"ours": took}


def sample_by_sample(
    truth: np.ndarray, predicted: np.ndarray, n_classes: int, widths: dict[str, np.ndarray]
) -> dict[str, float]:
    from steelyard.evaluation.count_metrics import recall
    from steelyard.evaluation.counts import count
    from steelyard.evaluation.resamples import resamples

    began = time.perf_counter()
    recalls = np.concatenate(
        [recall(count(truth, predicted, n_classes, one)) for one in resamples(truth, N_OURS)]
    )
    took = time.perf_counter() - began
    widths["ours, sample by sample"] = np.subtract(*np.quantile(recalls, (0.975, 0.025), axis=0))
    return {"ours, sample by sample": took}


def fairlearns(
    truth: np.ndarray, predicted: np.ndarray, widths: dict[str, np.ndarray]
) -> dict[str, float]:
    from fairlearn.metrics import MetricFrame
    from sklearn.metrics import accuracy_score

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = time.perf_counter()
        frame = MetricFrame(
            metrics=accuracy_score,
            y_true=truth,
            y_pred=predicted,
            sensitive_features=truth,
            n_boot=N_THEIRS,
            ci_quantiles=[0.025, 0.975],
            random_state=0,
        )
        low, high = frame.by_group_ci
        took = time.perf_counter() - began
    widths["fairlearn"] = np.asarray(high, float) - np.asarray(low, float)
    return {"fairlearn": took}


def shown(rows: Rows, n_rows: int, n_classes: int) -> None:
    print(f"{n_rows:,} rows x {n_classes} classes")
    for name, seconds in rows.items():
        times, n = spread(seconds), N_THEIRS if name == "fairlearn" else N_OURS
        print(f"{name:24s} {n:5,} resamples  {times['median']:7.3f} s ({times['min']:.3f} to "
              f"{times['max']:.3f})  {times['median'] / n * 1e3:8.3f} ms each")  # fmt: skip
    theirs = [one / N_THEIRS for one in rows["fairlearn"]]
    for name in ("ours", "ours, sample by sample"):
        times = ratio(theirs, [one / N_OURS for one in rows[name]])
        print(f"fairlearn by {name}, a resample: {times['median']:,.0f} times "
              f"({times['min']:,.0f} to {times['max']:,.0f})")  # fmt: skip


if __name__ == "__main__":
    main()
