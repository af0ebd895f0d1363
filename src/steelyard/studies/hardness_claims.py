"""The claims of arXiv 2504.07031 about resampling by hardness, of both of its versions.

The text of neither version was at hand. What an abstract, or the summary over that of version 1,
says of resampling as a whole is asked here of each arm and each gap by itself, which is our
reading, and "negligible" gets a number, which is ours; the sentences say so. Hundreds of claims
that go together are no verdict; the few of `PRIMARY` are to be one. `docs/claims.md` says what a
network that is smaller than the paper's can and cannot show.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from steelyard.records.claim import Claim
from steelyard.records.hardness_arm import HardnessArm
from steelyard.records.hardness_protocol import HardnessProtocol
from steelyard.studies import hardness_published as published
from steelyard.studies.hardness_arms import OTHER_ESTIMATORS

V1, V2, BOTH = "paper-v1", "paper-v2", "both"
RESNET_KEY, CIFAR100_KEY = "cifar10-jpeg-resnet18", "cifar100-resnet18"
FAST_KEY = f"{RESNET_KEY}-fast"
RESNETS = (RESNET_KEY, FAST_KEY)
SMALL = {
    "cifar10-jpeg": "CIFAR-10 (JPEG), network smaller than the paper's ResNet-18",
    "fashion-mnist": "Fashion-MNIST (not in the paper), network smaller than its ResNet-18",
}
DATA = {
    **SMALL,
    RESNET_KEY: "CIFAR-10 (JPEG), ResNet-18",
    FAST_KEY: "CIFAR-10 (JPEG), ResNet-18 by the fast recipe (ours)",
}
# the arm of each version that an abstract speaks of, if of any one; a fast run trains these
_MAIN = ("v1/alpha=1/random+easiest", "v2/alpha=1/random+easiest")
PRIMARY = {  # of each data set, as its keys go on; of both studies
    *(f"change/{_MAIN[0]}/{tail}" for tail in ("recall", "recall/easy_hard", "recall/max_min")),
    *(f"change/{_MAIN[1]}/{tail}" for tail in ("recall/easy_hard", "recall/max_min")),
    *(f"change/dlp/rate=0.5/{tail}" for tail in ("accuracy", "recall/max_min")),
    "change/pruned/rate=0.5/random+easiest/recall/max_min",
}
GAPS = {
    "easy_hard": "recall gap between easy and hard classes",
    "max_min": "recall gap between the best and the worst class",
    "top_bottom": "recall gap between the best and the worst few classes (two of ten)",
    "standard_deviation": "standard deviation of recall over classes",
    "mad": "median absolute deviation of recall over classes",
}
_OVER = {
    "none": "hard classes as they are",
    "random": "hard classes grown at random",
    "smote": "hard classes grown by SMOTE",
    "easy": "hard classes grown by easy samples",
    "hard": "hard classes grown by hard samples",
    "pool-random": "hard classes grown from a pool at random",
    "pool-hardest": "hard classes grown by the hardest of a pool",
    "pool-average": "hard classes grown by the average of a pool",
}
_UNDER = {"none": "easy classes whole", "easiest": "easy classes without their easiest"}
_REAL = "of real images, where the paper has generated ones"

# all ours
NEGLIGIBLE = {  # points; of ten values a standard deviation is about a third of their range
    "recall": 1.0, "easy_hard": 1.0, "max_min": 1.0, "top_bottom": 1.0,
    "standard_deviation": 0.3, "mad": 0.3,
}  # fmt: skip
SYSTEMATIC = 0.5  # Spearman of class hardness and change of recall
NO_CUT = -10.0  # % of the gap
SHARE_OF_CUTS = 0.25  # by which a largest cut may differ from the published
OF_RECALLS, OF_GAPS = 1.0, 2.0  # points: five models, read by eye, and a JPEG copy
ALIKE = 0.8  # Spearman of two estimators
UNSETTLED = 0.1  # of what changes between two random sets
COUNTS_SETTLED = 1.0  # % of a class's samples
RANKS_ALIKE = 0.8  # Spearman of ten classes with the published
NO_CHANCE = 0.648  # the same: two-sided 5 % bound of ten unrelated ranks; not ours, but tabulated

_ESTIMATORS = ("aum", *OTHER_ESTIMATORS)
_CODES = {name: code for code, name in enumerate(published.SAFE_SHARES)}
_CALLED = {"aum": "AUM", "el2n_early": "EL2N", "forgetting_events": "forgetting"}


def claims(small: HardnessProtocol, paper: HardnessProtocol) -> tuple[Claim, ...]:
    """Return every claim.

    Parameters
    ----------
    small, paper : HardnessProtocol
        Of small networks and of a ResNet-18: what their arms are is claimed of.
    """
    found = [*_figure_1(RESNET_KEY), *_by_class(), *_figure_1(FAST_KEY), *_of_cifar100(paper)]
    for data in DATA:
        protocol = small if data in SMALL else paper
        found += [
            *_no_effect(data, protocol),
            *_narrower(data, protocol),
            *_class_order(data),
        ]
        if data != FAST_KEY:  # it answers the main questions, with few arms
            found += [*_picked(data, protocol), *_best(data), *_estimators(data)]
    return tuple(found)


def not_run(study: str) -> dict[str, str]:
    """Return why figures of a study may not be there, by how their keys begin."""
    command = f"needs a GPU: steelyard study {study} --data cifar10 --scale"
    return {
        f"{RESNET_KEY}/": f"{command} paper --device cuda",
        f"{FAST_KEY}/": f"{command} main --device cuda",
        f"{RESNET_KEY}/edm-pool/": "The generated images (EDM) are not at hand.",
        f"{CIFAR100_KEY}/": "CIFAR-100 is not at hand.",
    }


def stated(
    where: str,
    figure: str,
    sentence: str,
    relation: str,
    value: float | None = None,
    *,
    tolerance: float,
    unit: str,
    protocol: str,
    of: str = "",
) -> Claim:
    """Return a claim; its key is its place and its figure, and which it is of several there."""
    place = where.replace(", ", "-").replace(" ", "-")
    key = "/".join([place, figure, *([of] if of else [])])
    return Claim(
        key, sentence, where, figure, relation, value, None, tolerance, unit, protocol,
        primary=figure.partition("/")[2] in PRIMARY,
    )  # fmt: skip


def _words(arm: HardnessArm) -> str:
    return f"alpha {arm.degree:g}, {_OVER[arm.over]}, {_UNDER[arm.under]}"


def _trained(data: str, protocol: HardnessProtocol, family: str) -> list[HardnessArm]:
    """Return the arms of a version; those without a training are controls of ours."""
    return [
        arm
        for arm in protocol.arms
        if arm.family == family and not arm.logits_alone and (data != FAST_KEY or arm.name in _MAIN)
    ]


def _no_effect(data: str, protocol: HardnessProtocol) -> Iterator[Claim]:
    """Version 1: changes are negligible, and unsystematic."""
    for arm in _trained(data, protocol, "v1"):
        if data not in RESNETS or arm.degree == 1:
            yield from _changes_nothing(data, DATA[data], arm)


def _changes_nothing(data: str, called: str, arm: HardnessArm) -> Iterator[Claim]:
    start, figure = f"{called}; {_words(arm)}", f"{data}/change/{arm.name}"
    for where, tail, what in (
        ("v1, summary", "recall", "mean recall"),
        *(("v1, abstract", f"recall/{gap}", words) for gap, words in GAPS.items()),
    ):
        bound = NEGLIGIBLE[tail.rpartition("/")[2]]
        yield stated(
            where, f"{figure}/{tail}",
            f"{start}: the {what} does not change by more than {bound:g} point (bound ours)",
            "=", 0.0, tolerance=bound, unit="points", protocol=V1,
        )  # fmt: skip
    yield stated(
        "v1, summary", f"{figure}/systematic",
        f"{start}: who gains recall has little to do with class hardness "
        f"(rank correlation within {SYSTEMATIC:g} of 0, ours)",
        "=", 0.0, tolerance=SYSTEMATIC, unit="", protocol=V1,
    )  # fmt: skip


def _narrower(data: str, protocol: HardnessProtocol) -> Iterator[Claim]:
    """Version 2: recall gaps shrink."""
    for arm in _trained(data, protocol, "v2"):
        if data in RESNETS and arm.needs_pool:  # no samples are left over for one
            continue
        ours = "" if arm.degree in published.V2_ALPHAS else " (alpha ours)"
        pool = f" (pool {_REAL})" if arm.needs_pool else ""
        for gap, what in GAPS.items():
            yield stated(
                "v2, abstract", f"{data}/change/{arm.name}/recall/{gap}",
                f"{DATA[data]}; {_words(arm)}{pool}{ours}: the {what} shrinks",
                "<", tolerance=0, unit="points", protocol=V2,
            )  # fmt: skip


def _picked(data: str, protocol: HardnessProtocol) -> Iterator[Claim]:
    """Version 2: the hardest of a pool do more than a random part of it."""
    pool, words = "pool", f"of a pool {_REAL}"
    # it trains on all images: what is left for a pool are the generated ones, not at hand
    if data == RESNET_KEY:
        pool, words = "edm-pool", "of the generated images"
    for arm in _trained(data, protocol, "v2"):
        if arm.over != "pool-hardest":
            continue
        ours = "" if arm.degree in published.V2_ALPHAS else " (ours)"
        for gap, what in GAPS.items():
            yield stated(
                "v2, abstract",
                f"{data}/{pool}/hardest-minus-random/alpha={arm.degree:g}/recall/{gap}",
                f"{DATA[data]}; alpha {arm.degree:g}{ours}: the {what} is smaller with the hardest "
                f"than with random ones {words}",
                "<", tolerance=0, unit="points", protocol=V2,
            )  # fmt: skip


def _best(data: str) -> Iterator[Claim]:
    """Both versions: how much of the gap of best and worst class is to be had.

    The cut is told on samples and models that did not choose the arm. That is what one gets who
    chooses, and no more than the best arm has: a luckier choice would have cut more.
    """
    called, gap = DATA[data], f"the {GAPS['max_min']}"
    chosen = "on half of the tests, the arm that one would choose by the other half"
    yield stated(
        "v1, abstract", f"{data}/best/v1/recall/max_min",
        f"{called}: {chosen} cuts {gap} by no more than {-NO_CUT:g} % (bound ours)",
        ">", tolerance=NO_CUT, unit="%", protocol=V1,
    )  # fmt: skip
    figure = f"{data}/best/v2/recall/max_min"
    cut = published.LARGEST_CUTS["cifar10"]
    if data == RESNET_KEY:
        yield stated(
            "v2, abstract", figure,
            f"{called}: {chosen} cuts {gap} by {cut:g} % (a quarter of it either "
            "way, ours; the abstract says up to, not of which gap, and its arms of generated "
            "images are not here)",
            "=", -cut, tolerance=SHARE_OF_CUTS * cut, unit="%", protocol=V2, of="up-to",
        )  # fmt: skip
    yield stated(
        "v2, abstract", figure,
        f"{called}: {chosen} narrows {gap}, and so resampling by hardness beats that "
        "by frequency, which leaves balanced data as they are",
        "<", tolerance=0, unit="%", protocol=V2,
    )  # fmt: skip


def _estimators(data: str) -> Iterator[Claim]:
    """Version 1: hardness is not what one estimator, or one network, says it is."""
    start = DATA[data]
    for one, other in combinations(_ESTIMATORS, 2):
        pair, called = f"{one}~{other}", f"{_CALLED[one]} and {_CALLED[other]}"
        for level in ("samples", "classes"):
            yield stated(
                "v1, summary", f"{data}/agreement/{pair}/{level}",
                f"{start}: {called} rank {level} differently (rank correlation below {ALIKE:g}, "
                "bound ours; the summary does not say samples or classes)",
                "<", tolerance=ALIKE, unit="", protocol=V1,
            )  # fmt: skip
        for share in (0.1, 0.3, 0.5):
            # Jaccard's index of two random sets is share / (2 - share)
            halfway = round(100 / (2 - share), 1)
            yield stated(
                "v1, figure 10", f"{data}/overlap/{pair}/pruned={share:g}",
                f"{start}: the easiest {100 * share:g} % by {called} are less alike than halfway "
                "between random and equal sets (bound ours)",
                "<", tolerance=halfway, unit="%", protocol=V1,
            )  # fmt: skip
    for name in _ESTIMATORS:
        for share in (0.1, 0.5):
            bound = round(100 * UNSETTLED * (1 - share), 1)  # of two random sets 1 - share differs
            yield stated(
                "v1, figure 7", f"{data}/stability/{name}/disjoint/runs=1/pruned={share:g}/change",
                f"{start}: two networks differ on the easiest {100 * share:g} % by "
                f"{_CALLED[name]}, by more than {UNSETTLED:g} of what random sets do (bound ours; "
                "the paper compares one network with two)",
                ">", tolerance=bound, unit="%", protocol=V1,
            )  # fmt: skip
    for name in OTHER_ESTIMATORS:
        yield stated(
            "v1, figure 7", f"{data}/stability/aum-minus-{name}/change",
            f"{start}: with one network more AUM changes its easiest less than {_CALLED[name]}",
            "<", tolerance=0, unit="points", protocol=V1,
        )  # fmt: skip
    yield stated(
        "v1, figure 8", f"{data}/allocation-change/paper-v1/runs=8/largest",
        f"{start}: eight networks are enough: a ninth moves no class count by "
        f"{COUNTS_SETTLED:g} % (bound ours)",
        "<", tolerance=COUNTS_SETTLED, unit="%", protocol=V1,
    )  # fmt: skip


def _class_order(data: str) -> Iterator[Claim]:
    """Which classes are hard: the premise of both versions."""
    called = DATA[data]
    yield stated(
        "v1, figure 9", f"{data}/arm/baseline/recall/easy_hard",
        f"{called}: without resampling, hard classes are recalled worse than easy ones",
        ">", tolerance=0, unit="points", protocol=BOTH,
    )  # fmt: skip
    if data == "fashion-mnist":
        return
    for name, relation, bound, what in _ranks(data in RESNETS):
        yield stated(
            "v1, code", f"{data}/score/aum/rank/class={_CODES[name]}",
            f"{called}: {name} is {what} by AUM, as by the safe pruning shares",
            relation, tolerance=bound, unit="", protocol=BOTH,
        )  # fmt: skip
    figure = f"{data}/agreement/published/classes"
    yield stated(
        "v1, code", figure,
        f"{called}: class hardness rises as the published safe pruning shares fall (rank "
        f"correlation above {NO_CHANCE:g}, which unrelated ranks of ten classes pass by chance in "
        "2.5 of 100 cases; the paper names no bound)",
        ">", tolerance=NO_CHANCE, unit="", protocol=BOTH,
    )  # fmt: skip
    if data == RESNET_KEY:
        yield stated(
            "v1, code", figure,
            f"{called}: class hardness ranks classes as the safe pruning shares do (bound, "
            f"{RANKS_ALIKE:g}, ours)",
            ">", tolerance=RANKS_ALIKE, unit="", protocol=BOTH, of="alike",
        )  # fmt: skip


def _ranks(exact: bool) -> Iterator[tuple[str, str, float, str]]:
    """Yield class, relation, bound and words; of ten ranks 1 is the hardest."""
    first, second, third, *_, last = published.HARDEST_FIRST
    for name in (second, third):
        yield name, "<", 3.5, "among the three hardest classes"
    if exact:
        yield first, "<", 1.5, "the hardest class"
        yield last, ">", 9.5, "the easiest class"
    else:
        yield first, "<", 3.5, "among the three hardest classes"
        yield last, ">", 7.5, "among the three easiest classes"


def _figure_1(data: str) -> Iterator[Claim]:
    """Version 2: recalls before anything is resampled; the only absolute numbers there are."""
    called, start = DATA[data], f"{data}/arm/baseline"
    for tail, value in published.CIFAR10.items():
        gap = tail.partition("/")[2]
        what, tolerance = (GAPS[gap], OF_GAPS) if gap else ("mean recall", OF_RECALLS)
        yield stated(
            "v2, figure 1", f"{start}/{tail}",
            f"{called}, balanced data: {what} (tolerance ours)",
            "=", value, tolerance=tolerance, unit="points" if gap else "%",
            protocol=V2,
        )  # fmt: skip


def _by_class() -> Iterator[Claim]:
    """Version 2: which class is which in figure 1, of the published training alone."""
    called, start = DATA[RESNET_KEY], f"{RESNET_KEY}/arm/baseline"
    for place, end in ((0, "lowest"), (-1, "highest")):
        name = published.HARDEST_FIRST[place]
        yield stated(
            "v2, figure 1", f"{start}/class={_CODES[name]}/recall",
            f"{called}, balanced data: recall of {name}, taken for the {end} of figure 1, which "
            "names no class (tolerance ours)",
            "=", published.FIGURE_1[place], tolerance=OF_RECALLS, unit="%", protocol=V2,
        )  # fmt: skip
    between = round((published.FIGURE_1[2] + published.FIGURE_1[3]) / 2, 1)
    for name, code in _CODES.items():
        low = name in published.HARDEST_FIRST[:3]
        yield stated(
            "v2, figure 1", f"{start}/class={code}/recall",
            f"{called}, balanced data: {name} lies {'below' if low else 'above'} the break between "
            "the three lowest recalls and the others (which class is which is our reading)",
            "<" if low else ">", tolerance=between, unit="%", protocol=V2, of="break",
        )  # fmt: skip


def _of_cifar100(paper: HardnessProtocol) -> Iterator[Claim]:
    """Those that the abstracts and figure 1 have of CIFAR-100, which is not at hand."""
    called = "CIFAR-100, ResNet-18"
    for tail, tolerance, unit in (
        ("recall", OF_RECALLS, "%"), ("recall/max_min", OF_GAPS, "points"),
    ):  # fmt: skip
        what = "mean recall" if tail == "recall" else GAPS["max_min"]
        yield stated(
            "v2, figure 1", f"{CIFAR100_KEY}/arm/baseline/{tail}",
            f"{called}, balanced data: {what} (tolerance ours)",
            "=", published.CIFAR100[tail], tolerance=tolerance, unit=unit, protocol=V2,
        )  # fmt: skip
    cut = published.LARGEST_CUTS["cifar100"]
    yield stated(
        "v2, abstract", f"{CIFAR100_KEY}/best/v2/recall/max_min",
        f"{called}: the arm that one would choose cuts the gap of best and worst class by {cut:g} "
        "% (a quarter of it either way, ours; the abstract says up to, and not of which gap)",
        "=", -cut, tolerance=SHARE_OF_CUTS * cut, unit="%", protocol=V2,
    )  # fmt: skip
    (arm,) = [one for one in paper.arms if one.name == "v1/alpha=1/random+easiest"]
    yield from _changes_nothing(CIFAR100_KEY, called, arm)
