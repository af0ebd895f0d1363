"""Hand-made records that hang together, for tests of the rooms that only read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from steelyard.hardness import rare_classes
from steelyard.records.evaluation import AS_TRAINED, COLUMNS, CORRECTED, Evaluation
from steelyard.records.hardness import Hardness
from steelyard.records.interval import Interval
from steelyard.records.labelled import Labelled
from steelyard.records.plan import Plan
from steelyard.records.predictions import Predictions
from steelyard.records.recipe import Recipe
from steelyard.records.study import Arm, Study
from steelyard.records.verdict import ClassVerdict, PriorVerdict, Verdict
from steelyard.records.weighing import Weighing

FASHION = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
)  # fmt: skip
# ten names that somebody's data may well hold
HOSTILE = (
    "<script>alert(1)</script>",
    "<b>bold</b> & \"quotes\" 'too'",
    "line\nbreak",
    "😀 👩‍👩‍👧",
    "</script><img src=x onerror=alert(2)>",
    '<a href="javascript:alert(3)">click</a>',
    "a very long class name that goes on and on " * 6,
    "\u202eright to left",
    "",
    "%{x} {{ 7*7 }} $x^2$ ]]> -->",
)
DEGREES = (0.0, 0.25, 0.5, 0.75, 1.0)
FINGERPRINT = "0123456789abcdef"
CHANNELS = {"aum": 1.0, "el2n": 0.3, "forgetting": 1.5, "confidence": 0.2}  # score: its scale


def make_weighing(
    modality: str = "image",
    n_classes: int | None = None,
    class_names: Sequence[str] | None = None,
    priors: Mapping[str, Sequence[float]] | None = None,
    *,
    degrees: Sequence[float] = DEGREES,
    n_seeds: int = 5,
    n_largest: int = 1000,
    ratio: float = 0.01,
    n_test_per_class: int = 100,
    without_test: Sequence[str] = (),
    columns: Mapping[str, Sequence] | None = None,
    name: str | None = None,
    manifest: Mapping | None = None,
    seed: int = 0,
) -> Weighing:
    """Return a weighing whose records agree with one another, made without any training.

    Parameters
    ----------
    modality : {"image", "table"}
        What the gallery holds. A table has two classes unless the caller says otherwise.
    n_classes, class_names : optional
        Either may be given; images have the ten classes of Fashion-MNIST otherwise.
    priors : mapping of str to sequence, optional
        Deployment priors beside "train" and "uniform"; "field" otherwise.
    degrees, n_seeds : optional
        The arms and repetitions.
    n_largest, ratio : optional
        Samples of the first class, and the last class's count as a share of it.
    n_test_per_class : int
        Validation and test samples a class.
    without_test : sequence of str
        Classes that have no validation and test samples.
    columns : mapping, optional
        Columns of the table, each repeated to the length needed.
    name, manifest, seed : optional
        The data's name; manifest keys that replace the usual ones; what to draw from.
    """
    random = np.random.default_rng(seed)
    names = _class_names(modality, n_classes, class_names)
    k = len(names)
    counts = np.floor(n_largest * ratio ** (np.arange(k) / max(k - 1, 1)) + 1e-9).astype(int)
    train = counts / counts.sum()
    deployed = {"train": train, "uniform": np.full(k, 1 / k)}
    extra = {"field": np.arange(k, 0, -1.0)} if priors is None else priors
    deployed |= {one: np.asarray(prior, float) / np.sum(prior) for one, prior in extra.items()}
    recipe = Recipe(model="cnn", widths=(16, 32)) if modality == "image" else Recipe(model="trees")
    study = Study("weigh", tuple(Arm(f"degree={d:g}", recipe, d) for d in degrees), n_seeds, seed)

    hardness, kinds = _hardness(random, names, counts)
    tested = np.repeat([c for c in range(k) if names[c] not in without_test], n_test_per_class)
    predictions = _predictions(random, study, names, counts, tested)
    validation, test = (
        _evaluate([one for one in predictions if one.split == part], part, names, deployed, study)
        for part in ("validation", "test")
    )
    answers = tuple(_answer(one, deployed[one], train, validation, test) for one in deployed)
    classes = _classes(names, counts, hardness["aum"], kinds, test, n_test_per_class)
    n = int(counts.sum())
    data_name = name or ("fashion-mnist-long-tail" if modality == "image" else "adult")
    verdict = Verdict(
        data_name,
        FINGERPRINT,
        answers[0].sentence,
        answers,
        classes,
        int((kinds == "suspect").sum()),
        int(np.isin(kinds, ("rare", "hard")).sum()),
        seed,
    )
    gallery = _gallery(random, modality, names, hardness["aum"], kinds, columns)
    usual = {
        "name": data_name,
        "modality": modality,
        "n": n + 2 * len(tested),
        "n_train": n,
        "n_validation": len(tested),
        "n_test": len(tested),
        "classes": list(names),
        "fingerprint": FINGERPRINT,
        "seed": seed,
        "probe": recipe.to_dict(),
        "split": {"given": [], "drawn": {"validation": 0.2, "test": 0.2}},
        "versions": {"steelyard": "0.1.0", "numpy": "2.4.0", "python": "3.11.2"},
        "started": "2026-01-02T03:04:05+00:00",
        "wall_seconds": 48.3,
        "warnings": [],
        "command": "steelyard weigh DATA",
        "findings": [],
    }
    return Weighing(
        study,
        hardness,
        kinds,
        _plan(names, counts, hardness["aum"], answers[0]),
        predictions,
        validation,
        test,
        verdict,
        gallery,
        {**usual, **(manifest or {})},
    )


def _class_names(modality, n_classes, class_names):
    if class_names is not None:
        return tuple(class_names)
    if n_classes is None:
        return FASHION if modality == "image" else ("<=50K", ">50K")
    return tuple(f"class {code}" for code in range(n_classes))


def _difficulty(k):
    # fixed, so that some classes are hard whatever their number: 0 easy, 1 hard
    return (np.arange(k) * 7 % 10) / 10


def _hardness(random, names, counts):
    labels = np.repeat(np.arange(len(names)), counts)
    order = random.permutation(len(labels))
    labels = labels[order]
    centre = 1.5 * _difficulty(len(names))[labels] - 3
    latent = centre + random.normal(0, 1, len(labels))
    flipped = random.random(len(labels)) < 0.01
    latent[flipped] += 6
    spread = np.abs(random.normal(0.25, 0.05, len(labels)))
    ids = np.arange(len(labels)) * 3 + 100
    scores = {
        score: Hardness(score, ids, labels, names, latent * scale, spread * scale, 5, FINGERPRINT)
        for score, scale in CHANNELS.items()
    }
    nothing = np.full(len(labels), np.nan)
    doubt = (scores["el2n"].ranks + scores["aum"].ranks) / 2
    scores["label_doubt"] = Hardness(
        "label_doubt", ids, labels, names, doubt, nothing, 1, FINGERPRINT
    )
    kinds = np.full(len(labels), "ordinary", dtype="<U8")
    hardest = scores["aum"].hardest(len(labels) // 10)
    rare = rare_classes(counts)
    kinds[hardest] = np.where(rare[labels[hardest]], "rare", "hard")
    kinds[flipped & (latent > 0)] = "suspect"
    return scores, kinds


def _predictions(random, study, names, counts, tested):
    """Draw logits around the truth; few samples weaken a class, the plan shifts the prior."""
    k = len(names)
    easiest = 4.3 if k > 2 else 2.0
    strength = easiest * (1 - 0.4 * _difficulty(k)) - 0.12 * np.log(counts.max() / counts)
    predictions = []
    for part in ("validation", "test"):
        ids = np.arange(len(tested)) * 3 + (101 if part == "validation" else 102)
        clean = random.normal(0, 1, (len(tested), k))
        clean[np.arange(len(tested)), tested] += strength[tested]
        for arm, repetition in study.cells():
            planned = _rebalanced(counts, arm.degree)
            prior = planned / planned.sum()
            repeated = 0.15 * arm.degree * np.log(counts.max() / counts) / np.log(100)
            noise = random.normal(0, 0.3 + repeated, clean.shape)
            logits = strength * (clean + noise) - strength**2 / 2 + np.log(prior)
            predictions.append(
                Predictions(
                    ids, tested, logits, names, prior, arm=arm.name, seed=repetition, split=part
                )
            )
    return tuple(predictions)


def _rebalanced(counts, degree):
    target = counts ** (1 - degree)
    return target / target.sum() * counts.sum()


def _evaluate(predictions, part, names, priors, study):
    """Weigh the classes' own figures by each prior; intervals join seeds and test samples."""
    overall, by_seed, by_class, differences = [], [], [], []
    have = np.bincount(predictions[0].truth, minlength=len(names)) > 0
    for prior_name, prior in priors.items():
        weights = np.where(have, prior, 0) / prior[have].sum()
        samples = {}  # (arm, decision): per-sample correctness and loss, shape (seeds, n)
        for arm in study.arms:
            runs = [one for one in predictions if one.arm == arm.name]
            for decision in (AS_TRAINED, CORRECTED):
                if decision == CORRECTED:
                    runs = [one.corrected(prior) for one in runs]
                samples[arm.name, decision] = {
                    "accuracy": np.stack([one.predicted == one.truth for one in runs]) * 1.0,
                    "log_loss": np.stack(
                        [-one.log_probabilities[np.arange(len(one)), one.truth] for one in runs]
                    ),
                }
                by_class += _by_class(runs, arm.name, decision, prior_name, names)
        truth = predictions[0].truth
        for (arm_name, decision), metrics in samples.items():
            for metric, values in metrics.items():
                cell = [arm_name, decision, prior_name, metric]
                interval, per_seed = _weighted(values, truth, weights)
                overall.append([*cell, *interval, len(values), int(have.sum())])
                by_seed += [[*cell, s, value] for s, value in enumerate(per_seed)]
                for base in ((study.arms[0].name, AS_TRAINED), (study.arms[0].name, CORRECTED)):
                    if base == (arm_name, decision):
                        continue
                    paired, _ = _weighted(values - samples[base][metric], truth, weights)
                    differences.append(
                        [
                            *(prior_name, metric, arm_name, decision, *base, *paired),
                            *(0.5, 1.0, np.ptp(paired[1:]), len(values)),  # p, by Holm, detectable
                        ]
                    )
    tables = {"overall": overall, "by_seed": by_seed, "by_class": by_class}
    tables["differences"] = differences
    frames = {name: pd.DataFrame(rows, columns=COLUMNS[name]) for name, rows in tables.items()}
    absent = tuple(name for name, there in zip(names, have, strict=True) if not there)
    return Evaluation(part, names, priors, **frames, no_data=absent)


def _weighted(values, truth, weights):
    """Return (mean, low, high) of a prior-weighted mean, and its value a seed."""
    seeds, variance = np.zeros(len(values)), 0.0
    for code in np.flatnonzero(weights):
        mine = values[:, truth == code]
        seeds += weights[code] * mine.mean(axis=1)
        variance += weights[code] ** 2 * mine.mean(axis=0).var() / mine.shape[1]
    if len(values) > 1:
        variance += seeds.var(ddof=1) / len(values)
    half = 1.96 * np.sqrt(variance)
    mean = float(seeds.mean())
    return (mean, mean - half, mean + half), seeds


def _by_class(runs, arm, decision, prior_name, names):
    k, truth = len(names), runs[0].truth
    n = np.bincount(truth, minlength=k)
    with np.errstate(invalid="ignore"):  # a class without samples has the recall 0 / 0
        called = sum(
            np.bincount(k * truth + one.predicted, minlength=k * k).reshape(k, k) / n[:, None]
            for one in runs
        ) / len(runs)
        recall = np.diag(called)
        half = 1.96 * np.sqrt(np.maximum(recall * (1 - recall), 0.01) / n)
    low, high = np.maximum(recall - half, 0), np.minimum(recall + half, 1)
    cells = zip(names, n.tolist(), recall, low, high, strict=True)
    return [[arm, decision, prior_name, "recall", *cell] for cell in cells]


def _answer(name, prior, train, validation, test):
    arms = list(dict.fromkeys(test.overall["arm"]))
    best = max(arms[1:], key=lambda arm: validation.figure(arm, name).mean)
    natural = arms[0]
    seen = np.allclose(prior, train)
    rebalanced = test.difference(best, natural, name)
    corrected = (
        Interval(0, 0, 0) if seen else test.difference(natural, natural, name, decision=CORRECTED)
    )
    over = test.difference(best, natural, name, base_decision=CORRECTED)
    full = test.difference(arms[-1], natural, name)
    if over.above_zero:
        outcome = "rebalance"
    elif corrected.above_zero:
        outcome = "correct"
    elif full.below_zero:
        outcome = "leave"
    else:
        outcome = "no evidence"
    degree = float(best.removeprefix("degree="))
    as_is = test.figure(natural, name)
    sentence = _sentence(name, outcome, degree, as_is, rebalanced, corrected, over, full)
    return PriorVerdict(
        name, tuple(map(float, prior)), outcome, degree, sentence, as_is, rebalanced, corrected,
        over, full,
    )  # fmt: skip


def _sentence(name, outcome, degree, as_is, rebalanced, corrected, over, full):
    def points(one):
        return f"{100 * one.mean:+.1f} points [{100 * one.low:+.1f}, {100 * one.high:+.1f}]"

    return {
        "rebalance": f"Under the {name} prior, rebalance to degree {degree:g}: accuracy changes "
        f"by {points(rebalanced)}, {points(over)} more than correcting the prior.",
        "correct": f"Under the {name} prior, leave the data as they are and correct the prior "
        f"after training: accuracy changes by {points(corrected)}; rebalancing adds nothing "
        f"that could be shown.",
        "leave": f"Under the {name} prior, leave the data as they are: full balancing changes "
        f"accuracy by {points(full)}.",
        "no evidence": f"Under the {name} prior, neither help nor harm could be shown: the best "
        f"degree changes accuracy by {points(rebalanced)}.",
    }[outcome]


def _classes(names, counts, aum, kinds, test, n_test):
    ranks = {row["class"]: row["mean_rank"] for _, row in aum.by_class().iterrows()}
    natural = test.by_class["arm"].iloc[0]
    recall = {
        (row["decision"], row["prior"], row["class"]): (row["mean"], row["low"], row["high"])
        for _, row in test.by_class[test.by_class["arm"] == natural].iterrows()
    }
    even = {name: recall[CORRECTED, "uniform", name] for name in names}
    average = np.nanmean([low_mean_high[0] for low_mean_high in even.values()])
    classes = []
    for code, name in enumerate(names):
        absent = name in test.no_data
        classes.append(
            ClassVerdict(
                name,
                int(counts[code]),
                float(counts[code] / counts.sum()),
                0 if absent else n_test,
                None if absent else Interval(*recall[AS_TRAINED, "train", name]),
                None if absent else Interval(*even[name]),
                float(ranks.get(name, 0.5)),
                bool(counts[code] < counts.sum() / len(names) / 2),
                None if absent else bool(even[name][2] < average),
                int(((aum.labels == code) & (kinds == "suspect")).sum()),
            )
        )
    return tuple(classes)


def _plan(names, counts, aum, answer):
    degree = answer.degree if answer.outcome == "rebalance" else 0.0
    requested = _rebalanced(counts, degree)
    uses = np.ones(len(aum.ids), dtype=int)
    for code, wanted in enumerate(np.rint(requested).astype(int)):
        mine = np.flatnonzero(aum.labels == code)
        if len(mine):
            uses[mine] = wanted // len(mine)
            uses[mine[: wanted % len(mine)]] += 1
    achieved = np.bincount(aum.labels, weights=uses, minlength=len(names)).astype(int)
    scheme = f"by count, degree {degree:g}" if degree else "as is"
    return Plan(aum.ids, uses, names, counts, requested, achieved, scheme, FINGERPRINT)


def _gallery(random, modality, names, aum, kinds, columns):
    order = aum.hardest(len(aum.ids))
    chosen = np.concatenate([order[kinds[order] == kind][:24] for kind in ("hard", "suspect")])
    n = len(chosen)
    if modality == "image":
        y, x = np.mgrid[:28, :28] / 27
        waves = [np.sin(9 * (x * (c % 3 + 1) + y * (c % 4))) for c in aum.labels[chosen]]
        noise = random.normal(0, 0.3, (n, 28, 28))
        inputs = np.clip(128 + 90 * (np.array(waves) + noise), 0, 255).astype(np.uint8)[..., None]
    else:
        usual = {
            "age": [39.0, 50.0, np.nan, 28.0],
            "workclass": ["State-gov", "Self-emp-not-inc", "Private", None],
            "fnlwgt": [77516.0, 83311.0, 215646.0],
            "education": ["Bachelors", "HS-grad", "11th", "Masters"],
            "education-num": [13.0, 9.0, 7.0, 14.0],
            "marital-status": ["Never-married", "Married-civ-spouse", "Divorced"],
            "occupation": ["Adm-clerical", "Exec-managerial", "Handlers-cleaners"],
            "relationship": ["Not-in-family", "Husband", "Wife"],
            "capital-gain": [2174.0, 0.0, 0.0],
            "hours-per-week": [40.0, 13.0, 40.5],
            "native-country": ["United-States", "Cuba", "Jamaica"],
        }
        inputs = pd.DataFrame(
            {
                column: [values[row % len(values)] for row in range(n)]
                for column, values in (usual if columns is None else columns).items()
            }
        )
        for column in inputs:
            if inputs[column].dtype.kind not in "fiu":
                inputs[column] = inputs[column].astype("category")
    labels = aum.labels[chosen]
    return Labelled(inputs, labels, names, aum.ids[chosen], np.full(n, "train"), name="gallery")
