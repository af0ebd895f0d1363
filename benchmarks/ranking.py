"""Claim: mAP and d' of 20,000 x 527 scores at least five times faster than scikit-learn's loop.

    python benchmarks/ranking.py [--rounds 3] [--rows 20_000] [--labels 527]

Multi-label scores with ties (three decimals) and labels from 3 % down to 60 positives, one label
always absent. Contestants take turns in one run, with one thread each:

* ours: ``ranking`` (AUROC and average precision of every label), mAP and d' of the mean AUROC.
* scikit-learn's: a loop of ``roc_auc_score`` and ``average_precision_score``.
* ours, weighted: the same, each sample with a weight of its own; and the loop with them.
* ours, with errors: ``rank_estimates``: five metrics with intervals, by label and overall.

Equal means that no label's AUROC, AP and d' differs by more than 1e-9.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.stats import norm
from side_by_side import in_words, machine, ratio, spread, take_turns
from sklearn.metrics import average_precision_score, roc_auc_score
from threadpoolctl import threadpool_limits

from steelyard.evaluation.d_prime import d_prime, d_prime_of_mean_auroc
from steelyard.evaluation.rank_estimates import rank_estimates
from steelyard.evaluation.ranking import ranking
from steelyard.records import Predictions

FEWEST = 60
OURS, THEIRS = "ours", "scikit-learn's loop"
WEIGHTED, THEIRS_WEIGHTED = "ours, weighted", "scikit-learn's loop, weighted"
ESTIMATES = "ours, five metrics with errors"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--labels", type=int, default=527)
    options = parser.parse_args()
    print(in_words(compared(options.rounds, options.rows, options.labels)))


def compared(rounds: int, n: int, n_labels: int) -> dict:
    random = np.random.default_rng(0)
    shares = np.geomspace(FEWEST / n, 0.03, n_labels)
    truth = random.random((n, n_labels)) < shares
    truth[:, 0] = False
    scores = np.round(random.normal(size=truth.shape) + 2 * truth, 3)
    weights = random.random(n)
    predictions = Predictions(np.arange(n), truth, scores, tuple(map(str, range(n_labels))))
    found: dict[str, np.ndarray] = {}

    def ours(name, mine):
        def run():
            started = time.perf_counter()
            one = ranking(scores, truth, mine)
            sizes = one.n_positive, one.n_negative
            overall = one.macro_average_precision, d_prime_of_mean_auroc(one.auroc, *sizes)
            took = time.perf_counter() - started
            apart = d_prime(one.auroc, *sizes)
            found[name] = np.stack([one.auroc, one.average_precision, apart])
            found[f"{name}, overall"] = np.array(overall)
            return {name: took}

        return run

    def theirs(name, mine):
        def run():
            started = time.perf_counter()
            rows = np.full((2, n_labels), np.nan)
            for k in range(1, n_labels):
                for row, metric in enumerate((roc_auc_score, average_precision_score)):
                    rows[row, k] = metric(truth[:, k], scores[:, k], sample_weight=mine)
            means = np.nanmean(rows, axis=1)
            overall = means[1], np.sqrt(2) * norm.ppf(means[0])
            took = time.perf_counter() - started
            found[name] = np.stack([*rows, np.sqrt(2) * norm.ppf(rows[0])])
            found[f"{name}, overall"] = np.array(overall)
            return {name: took}

        return run

    def estimates():
        started = time.perf_counter()
        rank_estimates(predictions)
        return {ESTIMATES: time.perf_counter() - started}

    contestants = {
        OURS: ours(OURS, None),
        THEIRS: theirs(THEIRS, None),
        WEIGHTED: ours(WEIGHTED, weights),
        THEIRS_WEIGHTED: theirs(THEIRS_WEIGHTED, weights),
        ESTIMATES: estimates,
    }
    with threadpool_limits(1):
        rows = take_turns(contestants, rounds)
    faster = ratio(rows[THEIRS], rows[OURS])
    weighted = ratio(rows[THEIRS_WEIGHTED], rows[WEIGHTED])
    apart = max(
        float(np.nanmax(np.abs(found[mine + end] - found[other + end])))
        for mine, other in ((OURS, THEIRS), (WEIGHTED, THEIRS_WEIGHTED))
        for end in ("", ", overall")
    )
    positives = truth.sum(axis=0)[1:]
    return {
        "ranking": {
            "what": f"{n:,} samples x {n_labels} labels, {positives.min()} to "
            f"{positives.max()} positives; seconds",
            "seconds": {name: spread(values) for name, values in rows.items()},
            "times_faster": {"unweighted": faster, "weighted": weighted},
            "largest difference of any AUROC, AP, d' or mean": f"{apart:.1e}",
            "claims": {
                "mAP and d' at least 5 times faster than the loop": faster["min"] >= 5,
                "equal to 1e-9": apart <= 1e-9,
                "labels without data are NaN in both": bool(
                    (np.isnan(found[OURS]) == np.isnan(found[THEIRS])).all()
                ),
            },
        },
        "machine": machine(),
    }


if __name__ == "__main__":
    main()
