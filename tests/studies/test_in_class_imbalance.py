import math
import re
from collections import Counter

import pytest

from steelyard.records import Recipe
from steelyard.studies import STUDIES
from steelyard.studies.in_class_published import FIGURE_7, FIGURE_8_KMNIST

STUDY = STUDIES["in-class"]
CLAIMS = {claim.key: claim for claim in STUDY.claims}
# what the measuring writes; `docs/claims.md` lists it
FIGURES = [
    r"{data}/{protocol}/{identifier}/{kept}/(hard|easy)/(accuracy|recall|precision|f1)",
    r"{data}/{protocol}/{identifier}/(gap|transfer)",
    r"{data}/{protocol}/gap/{identifier}-minus-{identifier}",
    r"{data}/{protocol}/{identifier}/change/(keep-easy|keep-hard|ratio)/(hard|easy)",
    r"{data}/{protocol}/{identifier}/count/class=\d",
    r"{data}/{protocol}/(count/total|easy-per-hard|correlation/count~published-count)",
    r"{data}/{protocol}/overlap/(energy~max-logit|straggler~(energy|max-logit|other-straggler))",
    r"{data}/{protocol}/{identifier}/correlation/count~error",
    r"{data}/error/class=\d",
    r"{data}/radius/class=\d/(start|minimum|minimum-epoch|end)",
    r"{data}/(inversion/share-missing|agreement/figure-7)",
]
WORDS = {
    "{data}": "(mnist|fashion-mnist|kmnist|mnist-70000|kmnist-70000)",
    "{protocol}": "(shared|snapshot)",
    "{identifier}": "(straggler|max-logit|energy)",
    "{kept}": (
        r"(keep-easy=(0|0\.05|0\.1|0\.15|0\.2|0\.25|0\.5|0\.75|1)"
        r"|keep-hard=(0|0\.25|0\.5|0\.75|1))"
    ),
}
UNITS = {
    "accuracy": "%", "recall": "%", "precision": "%", "f1": "%", "gap": "points",
    "transfer": "points", "change": "points", "count": "samples", "overlap": "%", "error": "share",
    "easy-per-hard": "", "correlation": "", "minimum-epoch": "epochs", "radius": "",
    "share-missing": "share", "agreement": "%",
}  # fmt: skip


def test_every_claim_speaks_of_a_figure_that_can_be_measured():
    patterns = []
    for pattern in FIGURES:
        for word, meaning in WORDS.items():
            pattern = pattern.replace(word, meaning)
        patterns.append(re.compile(pattern))
    for claim in STUDY.claims:
        assert any(pattern.fullmatch(claim.figure) for pattern in patterns), claim.figure


def test_figures_have_one_unit_each():
    for claim in STUDY.claims:
        parts = claim.figure.split("/")
        last = [part for part in reversed(parts) if part in UNITS]
        kind = "correlation" if "correlation" in parts else last[0]
        assert claim.unit == UNITS[kind], claim.key


def test_the_protocol_of_a_claim_is_that_of_its_figure():
    for claim in STUDY.claims:
        named = {"shared", "snapshot"} & set(claim.figure.split("/"))
        if claim.figure != "mnist/agreement/figure-7":
            assert claim.protocol == (named.pop() if named else ""), claim.key


def test_what_is_claimed_of_hard_sets_is_claimed_of_both_protocols():
    sets = {
        protocol: {
            (claim.where, claim.figure.replace(f"/{protocol}/", "/"))
            for claim in STUDY.claims
            if claim.protocol == protocol and not claim.figure.startswith("mnist-70000")
        }
        for protocol in ("shared", "snapshot")
    }
    assert sets["shared"] - sets["snapshot"] == {("figure 7", "mnist/agreement/figure-7")}
    assert sets["snapshot"] <= sets["shared"]


def test_every_number_of_the_figures_is_claimed():
    counts = Counter((claim.where, claim.protocol) for claim in STUDY.claims)
    assert counts["figure 7", "snapshot"] == 14 * 6 * 4 + 1  # and an order of gaps
    assert counts["figure 5", "shared"] == 10 * 6
    assert counts["figure 2", ""] == 10 * 4
    assert counts["figure 6", ""] == 20 * 4
    assert counts["figure 8", ""] == 30
    assert counts["figure 8", "shared"] == 50 + 3 * 3


def test_a_point_is_claimed_within_two_published_deviations():
    claim = CLAIMS["figure-7/mnist/shared/max-logit/keep-hard=0.25/easy/accuracy"]
    assert (claim.published, claim.spread, claim.tolerance) == (95.49, 0.58, 1.16)
    assert claim.sentence == "MNIST, max logit, 25 % of hard kept: accuracy on easy"
    claim = CLAIMS["figure-7/mnist/snapshot/energy/keep-easy=0.05/hard/precision"]
    assert (claim.published, claim.spread, claim.tolerance) == (51.82, None, 8.0)
    claim = CLAIMS["figure-5/mnist-70000/shared/straggler/keep-hard=0.75/hard/accuracy"]
    assert (claim.published, claim.spread, claim.tolerance) == (21.36, 1.96, 3.92)


def test_half_of_kmnist_is_held_against_half_of_its_counts():
    for name, (count, spread, *_) in FIGURE_8_KMNIST.items():
        claim = CLAIMS[f"figure-8/kmnist/shared/straggler/count/class={name}"]
        assert (claim.published, claim.spread, claim.tolerance) == (count / 2, spread / 2, spread)
        assert f"half of the published {count:g}" in claim.sentence
    assert CLAIMS["figure-8/kmnist/shared/count/total"].published == pytest.approx(1710.2, abs=0.02)
    claim = CLAIMS["figure-8/mnist/shared/straggler/count/class=3"]
    assert (claim.published, claim.tolerance) == (200.23, 37.2)


def test_the_slip_is_told_with_the_corrected_number():
    claim = CLAIMS["appendix-E/kmnist/shared/straggler/correlation/count~error"]
    assert claim.published == 0.9784
    for number in ("0.9577", "78.3", "178.30", "0.9784"):
        assert number in claim.sentence


def test_ratios_follow_from_counts():
    for data, n in (("mnist", 20_000), ("fashion-mnist", 20_000), ("kmnist", 10_000)):
        total = CLAIMS[f"figure-8/{data}/shared/count/total"].published
        ratio = CLAIMS[f"figure-8/{data}/shared/easy-per-hard"].published
        assert ratio == pytest.approx((n - total) / total, abs=0.006)


def test_published_differences_are_those_of_figure_7():
    found = {
        "section-5/mnist/shared/straggler/gap": 97.19 - 25.28,
        "section-5/mnist/shared/max-logit/gap": 95.65 - 45.39,
        "section-5/mnist/shared/gap/straggler-minus-max-logit": 71.91 - 50.26,
        "figure-7/mnist/shared/gap/max-logit-minus-energy": 50.26 - 45.81,
        "section-4/mnist/shared/straggler/transfer": 47.11 - 17.03,
        "section-4/mnist/shared/straggler/change/keep-hard/easy": 97.20 - 96.67,
        "section-4/mnist/shared/straggler/change/keep-easy/hard": 25.28 - 44.41,
        "section-5/mnist/shared/energy/change/keep-easy/hard": 49.62 - 52.38,
        "section-5/mnist/shared/energy/keep-easy=0/easy/accuracy": 64.91,
    }
    assert {key: CLAIMS[key].published for key in found} == pytest.approx(found, abs=1e-9)
    assert CLAIMS["section-4/kmnist/shared/straggler/transfer"].published is None


def test_hard_samples_are_claimed_to_help_on_easy_ones_but_for_fashion():
    end = "shared/straggler/change/keep-hard/easy"
    relations = {
        data: CLAIMS[f"section-4/{data}/{end}"].relation
        for data in ("mnist", "kmnist", "fashion-mnist")
    }
    assert relations == {"mnist": ">", "kmnist": ">", "fashion-mnist": "<"}


def test_what_cannot_be_run_says_why():
    for claim in STUDY.claims:
        dear = claim.figure.startswith(("mnist-70000/", "kmnist-70000/"))
        untested = "/snapshot/" in claim.figure  # in a run of the mode "shared"
        told = any(claim.figure.startswith(start) for start in STUDY.not_run)
        assert told == (dear or untested)


def test_the_scales_are_those_of_the_paper():
    smoke, small, paper = (STUDY.scales[name] for name in ("smoke", "small", "paper"))
    assert [one.name for one in (smoke, small, paper)] == ["smoke", "small", "paper"]
    assert (small.n_runs, paper.n_runs) == (15, 75)
    assert (small.n_networks, paper.n_networks) == (630, 3150)
    assert small.recipe == paper.recipe == STUDY.recipes["stragglers-code"]
    assert (small.n_samples, small.mode) == (20_000, "shared")
    kept = [*small.keep_easy, *small.keep_hard]
    assert [float(row.split("=")[1]) for row in FIGURE_7] == kept
    seconds = smoke.n_networks * smoke.n_samples * smoke.recipe.epochs
    assert seconds < small.n_networks * small.n_samples * small.recipe.epochs / 500


def test_the_recipes_are_the_code_and_the_text():
    code, text = (STUDY.recipes[f"stragglers-{name}"] for name in ("code", "text"))
    shared = {
        "widths": (20, 20), "initialisation": "uniform", "schedule": "constant",
        "batch_size": None, "epochs": 500,
    }  # fmt: skip
    assert code == Recipe(
        activation="tanh", optimiser="sgd", momentum=0, learning_rate=0.1, **shared
    )
    assert set(text.in_use) == set(code.in_use) - {"momentum", "nesterov"}
    assert (text.activation, text.optimiser, text.learning_rate, text.weight_decay) == (
        "relu", "adam", 1e-3, 0.01,
    )  # fmt: skip
    assert all(getattr(text, name) == value for name, value in shared.items())


def test_sentences_are_one_line_without_their_full_stop():
    for claim in STUDY.claims:
        assert "\n" not in claim.sentence
        assert not claim.sentence.endswith(".")
        assert math.isfinite(claim.tolerance)
