"""Results of the hardness studies, made up but shaped as real ones: nothing was trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from study_cases import Measured

from steelyard.records import Labelled
from steelyard.records.claim import Claim, Outcome
from steelyard.records.figures import COLUMNS, Figures
from steelyard.records.study_results import StudyResults
from steelyard.studies.hardness_pruning import HARDNESS_PRUNING
from steelyard.studies.hardness_resampling import HARDNESS_RESAMPLING

CIFAR = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
GAPS = ("max_min", "top_bottom", "easy_hard", "standard_deviation", "mad")
STUDIES = {one.name: one for one in (HARDNESS_RESAMPLING, HARDNESS_PRUNING)}
LEVELS = {"max_min": 25.0, "top_bottom": 20.0, "easy_hard": 12.0, "standard_deviation": 8.0,
          "mad": 5.0}  # fmt: skip
NOT_RUN = {
    "v1/alpha=3/random+easiest": "The class 'car' would have -120 samples: alpha is at most 2.4.",
    "v2/alpha=5/smote+easiest": "The class 'car' would have no sample.",
}
FACTS = {
    "command": "steelyard study hardness-resampling --scale small",
    "seed": 0,
    "seconds": 5123.0,
    "versions": {"numpy": "2.1.0", "torch": "2.7.1"},
}


class Collected(Measured):
    """Collects quantities whose interval need not lie even."""

    def changed(self, key, value, half, unit="points"):
        """Add a change with Holm's p and the least change that would have been seen."""
        self.add(key, value, half, unit, n_runs=10)
        p = min(1.0, 2.4 * float(np.exp(-2 * abs(value) / half)))
        self.add(f"{key}/p-holm", p, None, "", n_runs=10)
        self.add(f"{key}/detectable", 1.4 * half, None, "points", n_runs=10)


def make_hardness(
    study="hardness-resampling",
    data=("cifar10-jpeg", "fashion-mnist"),
    class_names=CIFAR,
    claimed=True,
    leave_out="",
    title=None,
    paper=None,
    facts=None,
    hardest="image",
    not_run=None,
    arms=None,
    shift=None,
) -> StudyResults:
    """Return results with every quantity; keys that hold ``leave_out`` were not run.

    ``shift`` maps pieces of keys to (value, half width): those quantities are set to them.
    """
    declared = STUDIES[study]
    protocol = declared.scales["small"]
    if arms is not None:
        protocol = replace(protocol, arms=tuple(one for one in protocol.arms if one.name in arms))
    not_run = (NOT_RUN if study == "hardness-resampling" else {}) if not_run is None else not_run
    made = Collected()
    for name in data:
        _data(made, name, len(class_names), protocol, not_run, study)
    if leave_out:
        made.rows = [row for row in made.rows if leave_out not in row[0]]
    for piece, (value, half) in (shift or {}).items():
        for row in made.rows:
            if row[0].endswith(piece):
                row[1], row[3], row[4] = float(value), value - half, value + half
    if claimed:
        _claims(made, data)
    table = pd.DataFrame(made.rows, columns=list(COLUMNS))
    all_facts = {**FACTS, **(facts or {})}
    for name in data:
        all_facts[name] = {
            "name": name, "n_train": 10_000, "n_test": 10_000, "n_pool": 10_000,
            "class_names": list(class_names), "easy": [1, 8], "hard": [0, 2, 3],
            "protocol": protocol.to_dict(), "not_run": dict(not_run), "seconds": 2500.0,
            "arms": {arm.name: f"what {arm.name} is" for arm in protocol.arms},
        }  # fmt: skip
    figures = Figures(study, "small", table, all_facts)
    samples = {}
    for at, name in enumerate(data if hardest else ()):
        samples[name] = _hardest("grey" if at and hardest == "image" else hardest, class_names)
    return StudyResults(
        declared.title if title is None else title,
        declared.paper if paper is None else paper,
        figures,
        tuple(made.outcomes),
        hardest=samples,
    )


def class_hardness(n):
    """The share that is hard of each class: the fourth ("cat") hardest, the second easiest."""
    order = np.array([0.55, 0.05, 0.8, 0.95, 0.6, 0.85, 0.3, 0.35, 0.15, 0.2])
    return np.concatenate([order[:n], np.linspace(0.1, 0.9, max(n - 10, 0))])


def _data(made, name, n, protocol, not_run, study):
    hard = class_hardness(n)
    estimators = protocol.estimators
    for at, estimator in enumerate(estimators):
        noisy = hard + made.rng.normal(0, 0.02 * (at + 1), n)
        ranks = np.argsort(np.argsort(-noisy)) + 1
        for code in range(n):
            made.add(f"{name}/score/{estimator}/class={code}", noisy[code], 0.01, "", n_runs=20)
            made.add(f"{name}/score/{estimator}/rank/class={code}", ranks[code], 0.8, "", n_runs=20)
    for code in range(n):
        made.add(
            f"{name}/arm/baseline/class={code}/recall", 96 - 25 * hard[code], 0.9, "%", n_runs=10
        )
    _levels(made, f"{name}/arm/baseline", 83.0, 0.0)
    if study == "hardness-resampling":
        _robustness(made, name, protocol)
        for code in range(n):
            share = 100 * hard[code] / hard.sum()
            made.add(f"{name}/noise/class={code}", share, 1.2, "%", n_runs=10)
    _allocations(made, name, n, hard, protocol)
    for arm in protocol.arms:
        if arm.name not in not_run:
            _arm(made, name, n, hard, arm)
    for family in ("v1", "v2"):
        made.add(f"{name}/best/{family}/recall/max_min", -6.0, 4.1, "%", n_runs=10)
    for which in ("hardest", "average"):
        for alpha in (1, 3):
            key = f"{name}/pool/{which}-minus-random/alpha={alpha}/recall/max_min"
            made.changed(key, -0.4, 0.9)
    if name.startswith("cifar10"):
        made.add(f"{name}/agreement/published/classes", 0.91, 0.05, "", n_runs=20)


def _levels(made, start, recall, change):
    """Add accuracy, means and gaps of an arm; ``change`` is that of the easy-hard gap."""
    made.add(f"{start}/accuracy", recall, 0.4, "%", n_runs=10)
    for metric, less in (("recall", 0.0), ("precision", 0.3), ("f1", 0.1)):
        made.add(f"{start}/{metric}", recall - less, 0.4, "%", n_runs=10)
        for gap, level in LEVELS.items():
            made.add(f"{start}/{metric}/{gap}", level + change - less, 0.7, "points", n_runs=10)


def _arm(made, name, n, hard, arm):
    strength = arm.degree if arm.mode != "none" else arm.rate
    change = -1.1 * strength * (0.6 if arm.logits_alone else 1.0) + made.rng.normal(0, 0.1)
    cost = -0.2 * strength
    start, changed = f"{name}/arm/{arm.name}", f"{name}/change/{arm.name}"
    _levels(made, start, 83.0 + cost, change)
    made.add(f"{start}/draws", 10_000, None, "samples", n_runs=10)
    made.changed(f"{changed}/accuracy", cost, 0.3)
    for metric in ("recall", "precision", "f1"):
        made.changed(f"{changed}/{metric}", cost, 0.3)
        for gap in GAPS:
            made.changed(f"{changed}/{metric}/{gap}", change, 0.6)
            if metric == "recall":
                key = f"{name}/relative/{arm.name}/recall/{gap}"
                made.add(key, 100 * change / LEVELS[gap], 5.0, "%", n_runs=10)
    for code in range(n):
        gain = 3 * strength * (hard[code] - 0.5) + made.rng.normal(0, 0.3)
        recall = 96 - 25 * hard[code] + gain
        made.add(f"{start}/class={code}/recall", recall, 0.9, "%", n_runs=10)
        made.changed(f"{changed}/class={code}/recall", gain, 0.9)
        if arm.pruning in ("dataset", "class"):
            share = 100 * arm.rate
            if arm.pruning == "dataset":
                share = 100 * arm.rate ** (0.5 + hard[code])
            made.add(f"{start}/class={code}/share", share, 0.4, "%", n_runs=10)
    made.add(f"{changed}/systematic", 0.72, 0.11, "", n_runs=10)


def _allocations(made, name, n, hard, protocol):
    for mode, push in (("paper-v1", 0.9), ("paper-v2", 0.8), ("safe", 0.4)):
        for degree in protocol.degrees:
            asked = 10_000 / n * (1 + push * degree * (hard - hard.mean()))
            for code in range(n):
                key = f"{name}/allocation/{mode}/degree={degree:g}/class={code}"
                made.add(key, asked[code], 30 * degree, "samples", n_runs=10)
            made.add(f"{name}/allocation/{mode}/degree={degree:g}/total", asked.sum(), None,
                     "samples", n_runs=10)  # fmt: skip
        made.add(f"{name}/allocation/{mode}/most-degree", 2.4, 0.2, "", n_runs=10)
        for runs in range(1, 20):
            for which, most in (("largest", 9.0), ("mean", 3.0)):
                key = f"{name}/allocation-change/{mode}/runs={runs}/{which}"
                made.add(key, most / runs, 0.4 / runs, "%", n_runs=20)


def _robustness(made, name, protocol):
    estimators = protocol.estimators
    for at, one in enumerate(estimators):
        for other in estimators[at + 1 :]:
            value = 0.95 - 0.07 * (estimators.index(other) - at)
            made.add(f"{name}/agreement/{one}~{other}/samples", value - 0.1, 0.01, "", n_runs=20)
            made.add(f"{name}/agreement/{one}~{other}/classes", value, 0.02, "", n_runs=20)
            for share in (0.1, 0.5, 0.9):
                key = f"{name}/overlap/{one}~{other}/pruned={share:g}"
                made.add(key, 40 + 50 * share, 1.0, "%", n_runs=20)
        for kind, sizes, worse in (("nested", range(1, 20), 1.0), ("disjoint", range(1, 11), 2.5)):
            for runs in sizes:
                start = f"{name}/stability/{one}/{kind}/runs={runs}"
                for share in protocol.thresholds:
                    change = (12 + 2 * at) * worse * (1 - share) / runs**0.6
                    key = f"{start}/pruned={share:g}"
                    made.add(f"{key}/change", change, 0.05 * change, "%", n_runs=20)
                    chance = 100 * (1 - share)
                    made.add(f"{key}/by-chance", change / chance, 0.05 * change / chance, "",
                             n_runs=20)  # fmt: skip
                for level in ("samples", "classes"):
                    made.add(f"{start}/{level}", 1 - 0.1 / runs, 0.01, "", n_runs=20)
        if at:
            key = f"{name}/stability/{estimators[0]}-minus-{one}/change"
            made.add(key, -0.8 * at, 0.3, "points", n_runs=20)


def _claims(made, data):
    """Claims of both versions: one each of every outcome, and one of data that were not run."""
    for version, outcomes in (
        ("paper-v1", ("reproduced", "reproduced", "contradicted")),
        ("paper-v2", ("contradicted", "inconclusive")),
        ("both", ("reproduced",)),
    ):
        for at, outcome in enumerate(outcomes):
            claim = Claim(
                f"{version}-{at}", f"Sentence {at} of {version}.", f"figure {at + 4}",
                f"{data[0]}/change/v1/alpha=1/random+easiest/recall/max_min", "<", None, None,
                -1.0, "points", version,
            )  # fmt: skip
            made.outcomes.append(
                Outcome(claim, outcome, f"Why {version} {at}.", -1.1, -1.7, -0.5, 10, "small")
            )
    claim = Claim(
        "resnet", "Mean recall is near 95 %.", "figure 1",
        "cifar10-jpeg-resnet18/arm/baseline/recall", "=", 95.2, 0.2, 1.0, "%", "both",
    )  # fmt: skip
    made.outcomes.append(Outcome(claim, "not run", "It needs a GPU."))


def _hardest(modality, class_names, n=30):
    rng = np.random.default_rng(3)
    labels = np.arange(n) % len(class_names)
    ids = np.array([f"sample-{at}" for at in range(n)])
    if modality == "table":
        ages = rng.integers(18, 80, n).astype(float)
        table = pd.DataFrame({"age": ages, "height": rng.random(n)})
        return Labelled(table, labels, class_names, ids)
    size = (n, 28, 28, 1) if modality == "grey" else (n, 32, 32, 3)
    images = rng.integers(0, 256, size).astype(np.uint8)
    return Labelled(images, labels, class_names, ids)
