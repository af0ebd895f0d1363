"""How it was done, in words that let a referee do it again, and what was not done and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.hardness import SCORES
from steelyard.records.finding import Finding
from steelyard.records.recipe import Recipe
from steelyard.records.study import Study
from steelyard.records.weighing import Weighing
from steelyard.report import costs
from steelyard.report.digits import THIN_SPACE, count, duration, plain
from steelyard.report.names import listed, one_line, shortened

NOT_RECORDED = "not recorded"
_TITLES = {score.name: score.title for score in SCORES}
_JUDGED = {  # made once of all runs
    "label_odds": "Log odds against the label",
    "label_doubt": "Doubt in the label, by two ranks",
}
_TITLES |= _JUDGED


@dataclass(frozen=True)
class Step:
    """One part of the method: what it is about, and its sentences."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """A value to set the run apart by; ``code`` values are set in a fixed-width face."""

    title: str
    value: str
    code: bool = False


def score_words(name: str) -> str:
    """Return a score's name with what it stands for, where that is known."""
    short = shortened(name, 40)
    title = _TITLES.get(name)
    return f"{short} ({title[0].lower()}{title[1:]})" if title else short


def data_facts(weighing: Weighing) -> str:
    """Return the data in one line."""
    manifest = weighing.manifest
    noun = {"image": "images", "table": "rows"}.get(weighing.gallery.modality, "samples")
    n = manifest.get("n")
    pieces = [
        f"{count(n)} {noun}" if n is not None else noun,
        f"{count(len(weighing.verdict.classes))} classes",
    ]
    parts = _parts(manifest)
    return ", ".join(pieces) + (f"; {parts}" if parts else "")


def steps(weighing: Weighing) -> tuple[Step, ...]:
    """Return the method, in the order in which it was carried out."""
    return (
        Step("Parts", _split(weighing.manifest)),
        Step("Arms", _arms(weighing)),
        Step("Model", (_recipe(weighing.manifest.get("probe")),)),
        Step("Repetitions and seeds", _repetitions(weighing)),
        Step(
            "Deployment priors",
            (
                "Each metric is weighed by the class shares of the prior: accuracy under a prior "
                "is the sum over classes of the prior's share times the class's recall. The "
                "predictions are the same under every prior; only the weights differ.",
            ),
        ),
        Step(
            "The control",
            (
                "Prior corrected means: to each logit was added log(deployment share / share that "
                "training saw) of its class, and nothing was trained again. Under label shift this "
                "is Bayes\N{RIGHT SINGLE QUOTATION MARK} rule (Saerens, Latinne and Decaestecker "
                "2002). Rebalancing has to beat this control on the data as they are, not only "
                "doing nothing.",
            ),
        ),
        Step(
            "Choice",
            (
                f"The {_what_was_chosen(weighing)} chosen on the validation part, for each prior "
                "by itself. The test part was opened once, for the figures on this page.",
            ),
        ),
        *([Step("Costs", in_cost)] if (in_cost := costs.facts(weighing.verdict)) else []),
        Step("Intervals", _intervals(weighing)),
        Step("Hardness", _hardness(weighing)),
        Step(
            "Rare, hard, suspect",
            (
                "A class is rare if it has fewer training samples than half an even share.",
                "It is hard if its recall at equal shares is shown to lie below the average "
                "class and its training samples rank harder than the middle one; equal shares "
                "take the effect of rarity on the decision out.",
                "A training sample is suspect if models that did not train on it and its 25 "
                "nearest neighbours, joined to one probability of each class, are at least three "
                "to one for another class, at the class shares of the data and at equal shares, "
                "and if the models that trained on it withheld at least three tenths of the "
                "probability from its label, on average over epochs. Of the others the hardest "
                "tenth is called rare where the class is, and hard where it is not.",
            ),
        ),
    )


def facts(weighing: Weighing) -> tuple[Fact, ...]:
    """Return versions, fingerprints, command and times."""
    manifest = weighing.manifest
    versions = manifest.get("versions") or {}
    wall = manifest.get("wall_seconds")
    return (
        Fact("Command", one_line(manifest.get("command") or "called from Python"), code=True),
        Fact("Data fingerprint", one_line(weighing.verdict.data_fingerprint), code=True),
        Fact("Training part fingerprint", one_line(weighing.plan.data_fingerprint), code=True),
        Fact("Seed", str(weighing.verdict.seed), code=True),
        Fact(
            "Versions",
            ", ".join(f"{one_line(key)} {one_line(versions[key])}" for key in sorted(versions))
            or NOT_RECORDED,
        ),
        Fact("Started", one_line(manifest.get("started") or NOT_RECORDED)),
        Fact("Wall time", duration(wall) if wall is not None else NOT_RECORDED),
    )


def recipes(weighing: Weighing) -> tuple[tuple[str, tuple[Fact, ...]], ...]:
    """Return every distinct recipe of the study: the arms that use it, and its values."""
    groups: dict[Recipe, list[str]] = {}
    for arm in weighing.study.arms:
        groups.setdefault(arm.recipe, []).append(arm.name)
    return tuple(
        (
            "all arms" if len(groups) == 1 else listed(arms, 12),
            tuple(
                Fact(name.replace("_", " "), _value(recipe.to_dict()[name]))
                for name in recipe.in_use
            ),
        )
        for recipe, arms in groups.items()
    )


def gaps(weighing: Weighing) -> tuple[str, ...]:
    """Return what did not run or has no data, each with its reason."""
    found = []
    for evaluation in (weighing.validation, weighing.test):
        if evaluation.no_data:
            found.append(
                f"No {evaluation.split} samples: {listed(evaluation.no_data, 12)}. Left out of "
                f"every figure on the {evaluation.split} part; a class without data is not "
                f"counted as 0."
            )
    untrained = [one.name for one in weighing.verdict.classes if one.count == 0]
    if untrained:
        found.append(f"No training samples, so nothing learnt: {listed(untrained, 12)}.")
    if weighing.study.repetitions == 1:
        found.append(
            "One repetition: how much results vary from seed to seed was not measured, so "
            "intervals count the test sample alone and are narrower than they should be. "
            "Run more seeds."
        )
    single = [
        name
        for name, score in weighing.hardness.items()
        if score.n_runs == 1 and name not in _JUDGED
    ]
    if single:
        found.append(f"One run of {listed(single)}: no spread over runs can be shown.")
    found += _unfinished(weighing)
    found += _findings(weighing.manifest.get("findings"))
    absent = [key for key in ("probe", "split", "versions") if not weighing.manifest.get(key)]
    if absent:
        found.append(f"Not recorded by the run: {listed(absent)}.")
    found += [one_line(warning) for warning in weighing.manifest.get("warnings") or ()]
    return tuple(found)


def _parts(manifest: Mapping[str, Any]) -> str:
    keys = {"n_train": "training", "n_validation": "validation", "n_test": "test"}
    known = [
        f"{count(manifest[key])} for {word}"
        for key, word in keys.items()
        if manifest.get(key) is not None
    ]
    return listed(known) if known else ""


def _split(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    split = manifest.get("split")
    if split is None:
        how = f"How the data were split: {NOT_RECORDED}."
    elif not split["drawn"]:
        how = "The data came with their parts, which were kept."
    else:
        shares = " and ".join(
            f"{100 * split['drawn'][part]:.3g}{THIN_SPACE}% {part}"
            for part in ("validation", "test")
            if part in split["drawn"]
        )
        drawn = f"Split once, at random within each class: {shares}"
        if split["given"]:
            how = f"The data came with {listed(split['given'])}, which were kept. {drawn} of train."
        else:
            how = f"{drawn}, the rest for training."
    parts = _parts(manifest)
    return (how, f"Samples: {parts}.") if parts else (how,)


def _arms(weighing: Weighing) -> tuple[str, ...]:
    study = weighing.study
    degrees = sorted(arm.degree for arm in study.by_degree)
    weighted = [shortened(arm.name, 40) for arm in study.arms if arm.recipe.class_weighting]
    return (
        f"{len(degrees)} ways to treat the training part, of degree "
        f"{listed([plain(degree) for degree in degrees], 12)}.",
        "A plan of degree d asks for class counts in proportion to count^(1 \N{MINUS SIGN} d), "
        "with the total kept: 0 leaves the data as they are, 1 gives every class as many. Samples "
        "are repeated or left out; the validation and test parts are never resampled.",
        *_resampled(study),
        *(
            f"Beside them, {one}: the data as they are, each sample weighed in the loss in inverse "
            "proportion to the count of its class; else its recipe is that of the others."
            for one in weighted
        ),
    )


def _resampled(study: Study) -> tuple[str, ...]:
    hard = [plain(arm.degree) for arm in study.by_hardness]
    if not hard:
        return ()
    return (
        f"{len(hard)} more resample by hardness, of degree {listed(hard, 12)}. A plan of degree d "
        "moves class counts a share d of the way to counts in proportion to the mean rank of the "
        "class by the area under the margin, which natural training recorded in all repetitions; "
        "the total is kept. Of a class that shrinks the easiest samples are left out. These arms "
        "were trained after the others.",
    )


def _what_was_chosen(weighing: Weighing) -> str:
    return "way and its degree were" if weighing.study.by_hardness else "degree was"


def _recipe(probe: Mapping[str, Any] | None) -> str:
    if not probe:
        return f"The recipe: {NOT_RECORDED}."
    model = {
        "mlp": "a multi-layer perceptron",
        "cnn": "a small convolutional network",
        "resnet": "a small residual network",
        "trees": "gradient-boosted trees",
    }.get(str(probe.get("model")), shortened(probe.get("model"), 40))
    return (
        f"Every arm trained {model} from scratch by one recipe, whose values are in the table "
        f"below. The answer is about this model; a much larger one may differ."
    )


def _repetitions(weighing: Weighing) -> tuple[str, ...]:
    study = weighing.study
    n, arms = study.repetitions, len(study.arms)
    return (
        f"{n} {'repetition' if n == 1 else 'repetitions'} of {arms} arms: {n * arms} models.",
        f"Every random draw derives from the seed {weighing.verdict.seed} by named purposes "
        f"(split, arm, repetition). All arms share the split; arms of one repetition share their "
        f"seeds, and so their initial weights, to be compared in pairs.",
    )


def _intervals(weighing: Weighing) -> tuple[str, ...]:
    sources = (
        "the variation between test samples alone (one seed was run)"
        if weighing.study.repetitions == 1
        else "both the variation from seed to seed and the variation of the test sample"
    )
    return (
        f"Brackets hold 95{THIN_SPACE}% t-intervals that count {sources}. Differences are paired: "
        f"taken within each seed and on the same test samples, then averaged.",
        "An interval that excludes zero is called a difference; one that does not shows neither "
        "presence nor absence. No correction was made for looking at several priors and classes.",
    )


def _hardness(weighing: Weighing) -> tuple[str, ...]:
    first = next(iter(weighing.hardness.values()))
    scores = "; ".join(score_words(name) for name in weighing.hardness)
    return (
        f"Scores of the training samples: {scores}. Every score is turned so that higher is "
        f"harder, and is the mean over {first.n_runs} {'run' if first.n_runs == 1 else 'runs'}; "
        "\N{PLUS-MINUS SIGN} is the standard deviation over runs.",
        "A class's hardness is the mean rank of its training samples by the first score: 0 is the "
        "easiest sample of all, 1 the hardest.",
    )


def _unfinished(weighing: Weighing) -> list[str]:
    wanted = weighing.study.repetitions
    seeds = weighing.test.overall.groupby("arm")["n_seeds"].min()
    return [
        f"Arm {shortened(arm.name, 40)}: {int(seeds.get(arm.name, 0))} of {wanted} repetitions ran."
        for arm in weighing.study.arms
        if seeds.get(arm.name, 0) < wanted
    ]


def _findings(findings: Sequence[Mapping[str, Any]] | None) -> list[str]:
    guarded = [Finding.from_dict(one) for one in findings or ()]
    return [
        one_line(f"{one.message} Hint: {one.hint} ({one.code}, {one.severity})") for one in guarded
    ]


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_value, value)) or "none"
    return plain(value) if isinstance(value, float) else one_line(value)
