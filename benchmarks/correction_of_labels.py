"""Weights for rare labels, undone: a multi-label set by linear models with pos_weight.

    python benchmarks/correction_of_labels.py scene.arff.gz 6

The file is one of Mulan's, its last columns the labels; 60 % of the rows are trained on.
"""

import gzip
import io
import sys

import numpy as np
from scipy.io import arff
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from steelyard.evaluation import calibration
from steelyard.records import Predictions
from steelyard.workflow.correct import correction, told


def main(path: str, n_labels: int) -> None:
    with gzip.open(path, "rt") as text:
        rows, described = arff.loadarff(io.StringIO(text.read()))
    columns = described.names()
    names = tuple(columns[-n_labels:])
    hot = np.stack([rows[name] == b"1" for name in names], axis=1)
    X = np.stack([rows[name] for name in columns[:-n_labels]], axis=1).astype(float)
    test = np.random.default_rng(0).random(len(X)) < 0.4
    X = StandardScaler().fit(X[~test]).transform(X)
    seen = hot[~test].mean(axis=0)
    pos_weight = (1 - seen) / seen

    def predicted(weights: np.ndarray) -> Predictions:
        logits = [
            LogisticRegression(C=0.001, max_iter=500, class_weight={False: 1.0, True: weight})
            .fit(X[~test], hot[~test, label])
            .decision_function(X[test])
            for label, weight in enumerate(weights)
        ]
        ids = np.flatnonzero(test)
        return Predictions(ids, hot[test], np.stack(logits, axis=1), names, arm="weighted")

    done = correction(predicted(pos_weight), "train", class_weights=pos_weight, train_prior=seen)
    report = done.report("test")
    print(*told(report, "train"), report.to_string(), sep="\n")
    print("Without weights:", calibration(predicted(np.ones(n_labels)), seen).to_string(), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
