"""The claims of both hardness studies: all that is claimed, and nothing that is not measured."""

import math
import re
from collections import Counter
from pathlib import Path

import pytest

from steelyard.evaluation import outcomes
from steelyard.studies import STUDIES
from steelyard.studies.hardness_arms import V1_SCHEMES, V2_OVER, V2_REFILLS

RESAMPLING, PRUNING = STUDIES["hardness-resampling"], STUDIES["hardness-pruning"]
BOTH = pytest.mark.parametrize("study", [RESAMPLING, PRUNING], ids=lambda study: study.name)
CLAIMS = {claim.key: claim for study in (RESAMPLING, PRUNING) for claim in study.claims}
RESNET = "cifar10-jpeg-resnet18"
FAST = f"{RESNET}-fast"

# what the measuring writes; `docs/claims.md` lists it. {arm} is an arm of the study at its scale.
FIGURES = {
    r"{data}/score/{estimator}/class=\d": "",
    r"{data}/score/{estimator}/rank/class=\d": "",
    r"{data}/agreement/({estimator}~{estimator}/(samples|classes)|published/classes)": "",
    r"{data}/overlap/{estimator}~{estimator}/pruned={share}": "%",
    r"{data}/stability/{estimator}/(nested|disjoint)/runs=\d+/pruned={share}/change": "%",
    r"{data}/stability/{estimator}/(nested|disjoint)/runs=\d+/pruned={share}/by-chance": "",
    r"{data}/stability/{estimator}/(nested|disjoint)/runs=\d+/(samples|classes)": "",
    r"{data}/stability/{estimator}-minus-{estimator}/change": "points",
    r"{data}/allocation/{mode}/degree={number}/(class=\d|total)": "samples",
    r"{data}/allocation/{mode}/most-degree": "",
    r"{data}/allocation-change/{mode}/runs=\d+/(largest|mean)": "%",
    r"{data}/noise/class=\d": "%",
    r"{data}/arm/(baseline|{arm})/(accuracy|{metric}|class=\d/{metric})": "%",
    r"{data}/arm/(baseline|{arm})/{metric}/{gap}": "points",
    r"{data}/arm/(baseline|{arm})/draws": "samples",
    r"{data}/arm/(baseline|{arm})/class=\d/share": "%",
    r"{data}/change/{arm}/(accuracy|{metric}|{metric}/{gap}|class=\d/{metric})": "points",
    r"{data}/change/{arm}/systematic": "",
    r"{data}/relative/{arm}/recall/{gap}": "%",
    r"{data}/best/(v1|v2)/recall/max_min": "%",
    r"{data}/(edm-)?pool/(hardest|average)-minus-random/alpha={number}/recall/{gap}": "points",
    r"{data}/refill/held-out-minus-random/rate={share}/(recall|recall/{gap})": "points",
}
WORDS = {
    "{data}": "(cifar10-jpeg|fashion-mnist|cifar10-jpeg-resnet18(-fast)?|cifar100-resnet18)",
    "{estimator}": "(aum|el2n_early|forgetting_events)",
    "{mode}": "(paper-v1|paper-v2|safe)",
    "{metric}": "(recall|precision|f1)",
    "{gap}": "(max_min|top_bottom|easy_hard|standard_deviation|mad)",
    "{share}": r"0\.\d+",
    "{number}": r"\d+(\.\d+)?",
}


def arms_of(study, data):
    return study.scales["paper" if "resnet18" in data else "small"].arms


def kind_of(claim, study):
    """Return the pattern that the figure of a claim follows, or None."""
    arms = arms_of(study, claim.figure.split("/")[0])
    words = {**WORDS, "{arm}": "|".join(re.escape(arm.name) for arm in arms).join("()")}
    for pattern in FIGURES:
        written = pattern
        for word, meaning in words.items():
            written = written.replace(word, meaning)
        if re.fullmatch(written, claim.figure):
            return pattern
    return None


@BOTH
def test_every_claim_speaks_of_a_figure_that_can_be_measured_in_its_unit(study):
    for claim in study.claims:
        kind = kind_of(claim, study)
        assert kind, claim.figure
        assert claim.unit == FIGURES[kind], claim.key


@BOTH
def test_a_claim_of_an_arm_is_of_one_that_its_scale_trains(study):
    for claim in study.claims:
        data, kind, *rest = claim.figure.split("/")
        if kind != "change":
            continue
        arms = {arm.name: arm for arm in arms_of(study, data)}
        tail = f"{'/'.join(rest)}/"
        named = max((name for name in arms if tail.startswith(f"{name}/")), key=len)
        arm = arms[named]
        family = {"v1": "paper-v1", "v2": "paper-v2", "dlp": "paper-v1", "refilled": "paper-v2"}
        assert claim.protocol == family[arm.family], claim.key
        assert not arm.logits_alone
        assert not (data in (RESNET, FAST) and arm.needs_pool)


def test_each_scheme_of_version_1_is_held_to_no_effect():
    alphas = {"cifar10-jpeg": (1, 2, 3), "fashion-mnist": (1, 2, 3), RESNET: (1,)}
    tails = {
        "recall": 1.0, "recall/easy_hard": 1.0, "recall/max_min": 1.0, "recall/top_bottom": 1.0,
        "recall/standard_deviation": 0.3, "recall/mad": 0.3, "systematic": 0.5,
    }  # fmt: skip
    expected = {
        f"{data}/change/v1/alpha={alpha}/{over}+{under}/{tail}": tolerance
        for data, mine in alphas.items()
        for alpha in mine
        for over, under in V1_SCHEMES
        for tail, tolerance in tails.items()
    }
    for tail, tolerance in tails.items():
        expected[f"{FAST}/change/v1/alpha=1/random+easiest/{tail}"] = tolerance
    found = {
        claim.figure: claim.tolerance for claim in RESAMPLING.claims
        if "/change/v1/" in claim.figure and not claim.figure.startswith("cifar100")
    }  # fmt: skip
    assert found == expected
    for figure in found:
        (claim,) = [one for one in RESAMPLING.claims if one.figure == figure]
        assert (claim.relation, claim.published, claim.protocol) == ("=", 0.0, "paper-v1")


def test_each_arm_of_version_2_is_held_to_narrower_gaps():
    gaps = ("easy_hard", "max_min", "top_bottom", "standard_deviation", "mad")
    small = (1, 1.25, 1.5, 3, 5)
    grid = {
        "cifar10-jpeg": (small, V2_OVER), "fashion-mnist": (small, V2_OVER),
        RESNET: ((1, 3, 5), ("random", "smote")),
    }  # fmt: skip
    expected = {
        f"{data}/change/v2/alpha={alpha}/{over}+easiest/recall/{gap}"
        for data, (alphas, sources) in grid.items()
        for alpha in alphas
        for over in sources
        for gap in gaps
    } | {f"{FAST}/change/v2/alpha=1/random+easiest/recall/{gap}" for gap in gaps}
    narrower = [claim for claim in RESAMPLING.claims if "/change/v2/" in claim.figure]
    assert {claim.figure for claim in narrower} == expected
    assert {(one.relation, one.tolerance, one.protocol) for one in narrower} == {
        ("<", 0, "paper-v2")
    }
    assert all(("alpha ours" in one.sentence) == ("alpha=1." in one.figure) for one in narrower)
    assert all(("real images" in one.sentence) == ("/pool-" in one.figure) for one in narrower)
    picked = {
        f"{data}/{'edm-pool' if data == RESNET else 'pool'}/hardest-minus-random/alpha={alpha}"
        f"/recall/{gap}"
        for data, (alphas, _) in grid.items()
        for alpha in alphas
        for gap in gaps
    }
    found = {one.figure: one for one in RESAMPLING.claims if "hardest-minus-random" in one.figure}
    assert set(found) == picked
    assert {(one.relation, one.tolerance) for one in found.values()} == {("<", 0)}


def test_each_rate_of_pruning_is_asked():
    gaps = ("easy_hard", "max_min", "top_bottom", "standard_deviation", "mad")
    data = ("cifar10-jpeg", "fashion-mnist", RESNET)
    levels = {f"{one}/change/dlp/rate={rate / 10:g}" for one in data for rate in range(1, 9)}
    more = {f"cifar100-resnet18/change/dlp/rate={rate / 10:g}/accuracy" for rate in range(1, 8)}
    of_v1 = {one.figure: one for one in PRUNING.claims if one.protocol == "paper-v1"}
    more |= {f"{FAST}/change/dlp/rate=0.5/{tail}" for tail in ("accuracy", "recall/max_min")}
    assert set(of_v1) == more | {
        f"{start}/{tail}"
        for start in levels
        for tail in ("accuracy", *(f"recall/{g}" for g in gaps))
    }
    for figure, claim in of_v1.items():
        assert claim.relation == (">" if figure.endswith("/accuracy") else "<")
        assert "of some rates" in claim.sentence
    rates = (0.33, 0.42, 0.5, 0.58, 0.66, 0.75)
    of_v2 = {one.figure: one for one in PRUNING.claims if one.protocol == "paper-v2"}
    refilled = {
        f"{one}/change/pruned/rate={rate:g}/{over}+easiest/recall/{gap}"
        for one in data
        for rate in rates
        for over in V2_REFILLS
        for gap in gaps
    }
    differences = {
        f"{one}/refill/held-out-minus-random/rate={rate:g}/recall" for one in data for rate in rates
    }
    refilled.add(f"{FAST}/change/pruned/rate=0.5/random+easiest/recall/max_min")
    assert set(of_v2) == refilled | differences
    for figure, claim in of_v2.items():
        falls_behind = (">", -1) if "/refill/" in figure else ("<", 0)
        assert (claim.relation, claim.tolerance) == falls_behind


@BOTH
def test_keys_are_their_places_and_there_are_hundreds(study):
    assert 100 < len(study.claims) < 1000
    for claim in study.claims:
        place = claim.where.replace(", ", "-").replace(" ", "-")
        assert claim.key.startswith(f"{place}/{claim.figure}"), claim.key
        assert " " not in claim.key
        assert claim.where[:2] in ("v1", "v2")
        if claim.protocol != "both":
            assert claim.protocol == f"paper-{claim.where[:2]}"


@BOTH
def test_a_sentence_is_one_line_that_says_which_network_it_is_of(study):
    for claim in study.claims:
        data = claim.figure.split("/")[0]
        assert "\n" not in claim.sentence
        assert not claim.sentence.endswith(".")
        assert math.isfinite(claim.tolerance)
        assert ("smaller than" in claim.sentence.split(";")[0]) == (data not in (
            RESNET, FAST, "cifar100-resnet18",
        )), claim.sentence  # fmt: skip
        assert ("not in the paper" in claim.sentence) == (data == "fashion-mnist")
        assert "ResNet-18" in claim.sentence
        assert ("fast recipe (ours)" in claim.sentence) == (data == FAST)


@BOTH
def test_a_number_that_the_paper_does_not_state_is_called_ours(study):
    stated_by_it = ("v2, figure 1", "v1, code")  # bounds of whole ranks, and a break in a figure
    for claim in study.claims:
        if claim.tolerance and not (claim.where in stated_by_it and claim.relation != "="):
            assert "ours" in claim.sentence, claim.key


@BOTH
def test_what_cannot_be_run_says_why(study):
    for claim in study.claims:
        told = [start for start in study.not_run if claim.figure.startswith(start)]
        assert bool(told) == ("resnet18" in claim.figure), claim.key
    for data, scale in ((RESNET, "paper"), (FAST, "main")):
        mine = [one for one in study.claims if one.figure.startswith(f"{data}/change/")]
        assert {one.why for one in outcomes(mine, [], not_run=study.not_run)} == {
            f"needs a GPU: steelyard study {study.name} --data cifar10 --scale {scale} "
            "--device cuda"
        }
    reasons = Counter(one.why for one in outcomes(study.claims, [], not_run=study.not_run))
    assert reasons["CIFAR-100 is not at hand."] == (10 if study is RESAMPLING else 7)
    assert reasons["The generated images (EDM) are not at hand."] == (
        15 if study is RESAMPLING else 0
    )


def test_the_published_numbers_are_claimed_of_a_resnet_alone():
    start = f"v2-figure-1/{RESNET}/arm/baseline"
    found = {
        f"{start}/recall": 95.2, f"{start}/recall/max_min": 8.8, f"{start}/recall/top_bottom": 6.8,
        f"{start}/class=3/recall": 89.1, f"{start}/class=1/recall": 97.8,
        f"v2-abstract/{RESNET}/best/v2/recall/max_min/up-to": -32,
        "v2-abstract/cifar100-resnet18/best/v2/recall/max_min": -16,
        f"v2-figure-1/{FAST}/arm/baseline/recall": 95.2,
        f"v2-figure-1/{FAST}/arm/baseline/recall/max_min": 8.8,
        f"v2-figure-1/{FAST}/arm/baseline/recall/top_bottom": 6.8,
        "v2-figure-1/cifar100-resnet18/arm/baseline/recall": 78,
        "v2-figure-1/cifar100-resnet18/arm/baseline/recall/max_min": 44,
    }  # fmt: skip
    numbers = {key: one.published for key, one in CLAIMS.items() if one.published}
    assert numbers == found
    assert {CLAIMS[key].relation for key in found} == {"="}
    assert CLAIMS[f"v2-abstract/{RESNET}/best/v2/recall/max_min/up-to"].tolerance == 8
    breaks = {key: one for key, one in CLAIMS.items() if key.endswith("/break")}
    assert {key.split("class=")[1][0] for key, one in breaks.items() if one.relation == "<"} == set(
        "235"
    )
    assert len(breaks) == 10
    tolerances = {key.split(RESNET)[-1]: CLAIMS[key].tolerance for key in found if RESNET in key}
    assert tolerances["/arm/baseline/recall"] == tolerances["/arm/baseline/class=3/recall"] == 1
    assert tolerances["/arm/baseline/recall/max_min"] == 2
    assert {one.tolerance for one in breaks.values()} == {94.7}


@pytest.mark.parametrize(
    ("data", "bounds"),
    [
        ("cifar10-jpeg", {3: "< 3.5", 2: "< 3.5", 5: "< 3.5", 1: "> 7.5"}),
        (RESNET, {3: "< 1.5", 2: "< 3.5", 5: "< 3.5", 1: "> 9.5"}),
        (FAST, {3: "< 1.5", 2: "< 3.5", 5: "< 3.5", 1: "> 9.5"}),
        ("fashion-mnist", {}),
    ],
)
def test_cat_bird_and_dog_are_hard_and_cars_easy(data, bounds):
    found = {
        int(one.figure[-1]): f"{one.relation} {one.tolerance:g}"
        for one in RESAMPLING.claims
        if one.figure.startswith(f"{data}/score/aum/rank/class=")
    }
    assert found == bounds
    published = [one for one in RESAMPLING.claims
                 if one.figure == f"{data}/agreement/published/classes"]  # fmt: skip
    # what ten unrelated ranks reach by chance is tabulated: 5 %, two-sided
    tolerances = {"cifar10-jpeg": [0.648], RESNET: [0.648, 0.8], FAST: [0.648]}
    assert [one.tolerance for one in published] == tolerances.get(data, [])
    assert all("above 0.648, which unrelated" in one.sentence for one in published[:1])
    assert {one.relation for one in published} <= {">"}


def test_halfway_between_random_and_equal_sets():
    for share in (0.1, 0.3, 0.5):
        random = share / (2 - share)
        claim = CLAIMS[f"v1-figure-10/fashion-mnist/overlap/aum~el2n_early/pruned={share}"]
        assert claim.relation == "<"
        assert claim.tolerance == pytest.approx(100 * (random + 1) / 2, abs=0.05)


@pytest.mark.parametrize(
    ("figure", "relation", "tolerance"),
    [
        ("agreement/aum~el2n_early/samples", "<", 0.8),
        ("agreement/el2n_early~forgetting_events/classes", "<", 0.8),
        ("stability/el2n_early/disjoint/runs=1/pruned=0.1/change", ">", 9),
        ("stability/aum/disjoint/runs=1/pruned=0.5/change", ">", 5),
        ("stability/aum-minus-el2n_early/change", "<", 0),
        ("stability/aum-minus-forgetting_events/change", "<", 0),
        ("allocation-change/paper-v1/runs=8/largest", "<", 1),
        ("best/v1/recall/max_min", ">", -10),
        ("arm/baseline/recall/easy_hard", ">", 0),
    ],
)
def test_bounds_are_the_same_of_all_data(figure, relation, tolerance):
    found = [one for one in RESAMPLING.claims if one.figure.split("/", 1)[1] == figure]
    # a fast run is asked what its few arms and networks can answer
    data = [one for one in RESAMPLING.data if one != FAST or figure.startswith("arm/")]
    assert [one.figure.split("/")[0] for one in found] == data
    assert {(one.relation, one.tolerance) for one in found} == {(relation, tolerance)}


def test_of_best_arms_it_is_claimed_what_one_would_get_and_no_figure_counts_thrice():
    for data in RESAMPLING.data:
        of_v1, of_v2 = (
            [
                one
                for one in RESAMPLING.claims
                if one.figure == f"{data}/best/{version}/recall/max_min"
            ]
            for version in ("v1", "v2")
        )
        narrower = [("<", None)] * (data != FAST)
        up_to = [("=", -32)] * (data == RESNET)
        assert [(one.relation, one.published) for one in of_v2] == [*up_to, *narrower]
        assert len(of_v1) == (data != FAST)
        for one in (*of_v1, *of_v2):
            assert "the arm that one would choose by the other half" in one.sentence
        assert ["frequency" in one.sentence for one in of_v2][-1:] == [True] * (data != FAST)


def test_a_verdict_rests_on_few_claims_of_each_data_set():
    v1, v2 = (f"change/{version}/alpha=1/random+easiest" for version in ("v1", "v2"))
    expected = {
        ("paper-v1", "="): {f"{v1}/recall", f"{v1}/recall/easy_hard", f"{v1}/recall/max_min"},
        ("paper-v2", "<"): {
            f"{v2}/recall/easy_hard", f"{v2}/recall/max_min",
            "change/pruned/rate=0.5/random+easiest/recall/max_min",
        },
        ("paper-v1", ">"): {"change/dlp/rate=0.5/accuracy"},
        ("paper-v1", "<"): {"change/dlp/rate=0.5/recall/max_min"},
    }  # fmt: skip
    primary = [one for one in CLAIMS.values() if one.primary]
    for data in RESAMPLING.data:
        mine = [one for one in primary if one.figure.split("/")[0] == data]
        assert len(mine) == 8
        for (protocol, relation), tails in expected.items():
            assert {
                one.figure.split("/", 1)[1] for one in mine
                if (one.protocol, one.relation) == (protocol, relation)
            } == tails  # fmt: skip
    # and of CIFAR-100 those that are claimed at all
    assert len(primary) == 8 * len(RESAMPLING.data) + 4


def test_the_page_counts_them_right():
    page = (Path(__file__).parents[2] / "docs" / "hardness-resampling.md").read_text()
    for study in (RESAMPLING, PRUNING):
        counts = Counter(claim.protocol for claim in study.claims)
        cells = [
            f"{counts[one]:,}" if counts[one] else "" for one in ("paper-v1", "paper-v2", "both")
        ]
        row = f"| {study.name.removeprefix('hardness-')} | {' | '.join(cells)} |"
        assert row.replace("|  |", "| |") in page
