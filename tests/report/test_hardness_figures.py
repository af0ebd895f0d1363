"""The figures of the hardness studies' pages: points, rows and sentences, from made-up results."""

from dataclasses import replace

import pytest
from hardness_cases import CIFAR, make_hardness

from steelyard.report import pruning_findings, resampling_findings
from steelyard.report.allocations import allocations
from steelyard.report.arm_words import arm_of, by_family
from steelyard.report.class_changes import class_changes
from steelyard.report.gap_evidence import findings
from steelyard.report.gap_tables import gaps
from steelyard.report.hardness_classes import hardness_classes
from steelyard.report.hardness_quantities import HardnessQuantities
from steelyard.report.noise_shares import noise_shares
from steelyard.report.pruning_curves import pruning_curves
from steelyard.report.refill_curves import refill_curves
from steelyard.report.robustness import robustness
from steelyard.report.series import style_at

DATA = "cifar10-jpeg"
ORDER = ("cat", "dog", "bird", "deer", "plane", "horse", "frog", "truck", "ship", "car")
REFERENCE, CONTROL = resampling_findings.REFERENCE, resampling_findings.CONTROL


@pytest.fixture(scope="module")
def study():
    return make_hardness(data=(DATA,), hardest=None)


@pytest.fixture(scope="module")
def found(study):
    return HardnessQuantities(study)


@pytest.fixture(scope="module")
def pruned():
    return make_hardness("hardness-pruning", data=(DATA,), hardest=None)


def value(study, tail):
    return study.figures.row(f"{DATA}/{tail}")["value"]


def test_names_of_arms_are_read():
    families = {
        "v1/alpha=2/hard+easiest": ("v1", "alpha 2: hard copies, easiest left out"),
        "v1/alpha=1/none+easiest": ("v1", "alpha 1: easiest left out, nothing added"),
        "v1/el2n_early/alpha=1/random+easiest": (
            "v1-estimators", "alpha 1: random copies, easiest left out, by el2n_early",
        ),
        "v1/without-noise": ("v1-noise", "nothing else done"),
        "v1/without-noise/alpha=1/random+easiest": (
            "v1-noise", "alpha 1: random copies, easiest left out",
        ),
        "safe/degree=0.5/logits": ("safe", "degree 0.5: logits moved, no training"),
        "pruned/rate=0.5/smote+easiest": ("refilled", "rate 0.5: SMOTE, easiest left out"),
        "dlp/rate=0.5": ("dlp", "rate 0.5: pruned over the data set"),
        "mine": ("other", "mine"),
    }  # fmt: skip
    for name, (family, words) in families.items():
        assert (arm_of(name).family, arm_of(name).words) == (family, words)
    assert list(by_family(["mine", "safe/degree=1/logits", "v1/without-noise"])) == [
        "v1-noise", "safe", "other",
    ]  # fmt: skip


def test_classes_come_hardest_first_with_recall_and_ranks(study, found):
    (section,) = hardness_classes(found)
    assert [panel.title for panel in section.panels[:2]] == ["Recall, as trained", "By aum"]
    recall, ranks = section.panels[0].chart, section.panels[1].chart
    assert tuple(recall.layout["yaxis"]["ticktext"]) == ORDER
    codes = [CIFAR.index(name) for name in ORDER]
    assert recall.data[0]["x"] == pytest.approx(
        [value(study, f"arm/baseline/class={code}/recall") for code in codes], abs=0.01
    )
    assert recall.data[0]["error_x"]["array"][0] == pytest.approx(0.9)
    assert ranks.data[0]["x"] == list(range(1, 11))
    assert [row[0].text for row in section.table.rows] == list(ORDER)
    assert "Called hard: plane, bird and cat." in section.words


def test_allocations_are_drawn_by_mode_and_degree(study, found):
    (section,) = allocations(found)
    assert len(section.panels) == 3
    chart = section.panels[1].chart
    names = chart.layout["yaxis"]["ticktext"]
    assert [trace["name"] for trace in chart.data] == [
        "degree 1, samples", "degree 2, samples", "degree 3, samples",
    ]  # fmt: skip
    assert chart.data[2]["x"] == pytest.approx(
        [value(study, f"allocation/paper-v2/degree=3/class={CIFAR.index(n)}") for n in names],
        abs=2,
    )
    assert chart.data[0]["x"] == sorted(chart.data[0]["x"], reverse=True)
    assert {row[0].text for row in section.not_run.rows} == {
        "Version 1, alpha 3: random copies, easiest left out",
        "Version 2, alpha 5: SMOTE, easiest left out",
    }
    assert section.table.rows[-1][0].text == "Largest feasible degree"


def test_changes_of_each_class_stand_in_their_family_and_scheme(study, found):
    (section,) = class_changes(found)
    assert [family.title for family in section.families] == [
        "Version 1 of the paper", "Version 1, by other estimators", "Version 1, noise left out",
        "Version 2 of the paper", "Safe allocation (ours)",
    ]  # fmt: skip
    v2 = section.families[3]
    smote = next(panel for panel in v2.panels if panel.title.startswith("SMOTE"))
    assert [trace["name"] for trace in smote.chart.data] == [
        "alpha 1, points", "alpha 1.25, points", "alpha 1.5, points", "alpha 3, points",
    ]  # fmt: skip
    codes = [CIFAR.index(name) for name in ORDER]
    assert smote.chart.data[3]["x"] == pytest.approx(
        [value(study, f"change/v2/alpha=3/smote+easiest/class={c}/recall") for c in codes], abs=0.05
    )
    heights = {panel.chart.layout["height"] for panel in v2.panels}
    assert len(heights) == 1
    row = next(r for r in v2.table.rows if r[0].text.startswith("SMOTE") and r[1].text == "car")
    p = value(study, "change/v2/alpha=3/smote+easiest/class=1/recall/p-holm")
    assert row[5].note.endswith("p <0.001" if p < 0.001 else f"p {p:.3f}")
    assert row[6].mark == "absent"
    assert "10 networks an arm" in v2.table.caption


def test_gaps_tell_each_arm_and_hold_holms_correction(study, found):
    (section,) = gaps(found)
    levels, recall, precision, f1 = (one.table for one in section.tables)
    assert len(levels.rows) == len(recall.rows) + 1 == len(f1.rows) + 1
    assert levels.rows[0][0].text == "Baseline"
    row = next(r for r in recall.rows if r[0].text.startswith("Version 1, alpha 1: SMOTE, easi"))
    key = "change/v1/alpha=1/smote+easiest/recall/easy_hard"
    change, p = value(study, key), value(study, f"{key}/p-holm")
    assert row[3].text == f"{change:+.1f}".replace("-", "\N{MINUS SIGN}")
    assert row[3].note.endswith(f"p {p:.3f}, 0.84")
    assert row[3].mark == ("clear" if p < 0.05 else "")
    panel = section.families[0].panels[0]
    assert panel.chart.data[0]["x"][0] == pytest.approx(
        value(study, "change/v1/alpha=1/none+easiest/recall/easy_hard"), abs=0.01
    )
    assert precision.rows[0][1].note
    assert len(section.best.rows) == 2


def test_heat_maps_and_class_counts_by_ensemble_size(study, found):
    (section,) = robustness(found)
    aum = section.estimators[0]
    assert aum.estimator == "aum"
    assert [panel.title for panel in aum.panels] == [
        "One model more: change, %", "Other models: change, %",
        "One model more: change, 1 is that of random sets",
    ]  # fmt: skip
    nested, disjoint = (panel.chart.data[0] for panel in aum.panels[:2])
    assert (len(nested["x"]), len(nested["y"]), len(disjoint["x"])) == (19, 9, 10)
    assert nested["z"][2][4] == pytest.approx(
        value(study, "stability/aum/nested/runs=5/pruned=0.3/change"), rel=0.01
    )
    assert nested["zmax"] == disjoint["zmax"] > max(map(max, disjoint["z"]))
    largest = section.allocation.panels[0].chart.data[0]
    assert largest["y"][:2] == [9.0, 4.5]
    assert len(section.compared.rows) == 7


def test_noise_is_told_by_class(study, found):
    (section,) = noise_shares(found)
    assert section.chart.data[0]["x"][0] == pytest.approx(value(study, "noise/class=3"), abs=0.02)
    assert section.table.rows[-1][0].text == "car"


def test_pruning_curves_and_their_paired_differences(pruned):
    found = HardnessQuantities(pruned)
    (section,) = pruning_curves(found)
    assert [one.name for one in section.shares] == list(ORDER)
    car = section.shares[-1].chart
    over = car.data[0]
    assert over["y"] == pytest.approx(
        [value(pruned, f"arm/dlp/rate={r / 10:g}/class=1/share") for r in range(1, 9)]
    )
    recall = section.recalls[0].chart.data[1]
    assert recall["y"][0] == value(pruned, "arm/baseline/class=3/recall")
    assert recall["y"][1] == value(pruned, "arm/clp/rate=0.1/class=3/recall")
    paired = section.overall[4].chart.data[0]
    assert paired["y"][3] == value(pruned, "change/dlp/rate=0.4/recall/easy_hard")
    (refills,) = refill_curves(found)
    lines = refills.panels[0].chart.data
    assert len(lines) == 4
    assert lines[3]["y"][2] == value(pruned, "arm/pruned/rate=0.5/held-out+easiest/accuracy")


MAIN, CHANGE = "recall/easy_hard", "change/v1/alpha=1/random+easiest/recall/easy_hard"


@pytest.mark.parametrize(
    ("change", "p", "after", "said"),
    [
        ((-3.0, 0.5), 0.01, (9.0, 0.7), "narrowed the recall gap"),
        ((-3.0, 0.5), 0.20, (9.0, 0.7), "was not shown to change the recall gap"),
        ((-3.0, 4.0), 0.01, (9.0, 0.7), "was not shown to change the recall gap"),
        ((3.0, 0.5), 0.01, (15.0, 0.7), "widened the recall gap"),
        ((-15.0, 0.5), 0.01, (-3.0, 0.7), "turned over the recall gap"),
    ],
)
def test_the_verdict_follows_interval_and_holm(change, p, after, said):
    study = make_hardness(
        data=(DATA,), hardest=None, arms=(REFERENCE, CONTROL), not_run={},
        shift={CHANGE: change, f"{CHANGE}/p-holm": (p, 0.0),
               f"arm/{REFERENCE}/{MAIN}": after},
    )  # fmt: skip
    words = resampling_findings.reference_words(HardnessQuantities(study), DATA)
    assert said in words
    assert ("would have been seen" in words.split(").")[0]) == ("not shown" in said)
    assert said.partition(" the recall")[0] in resampling_findings.headline(
        HardnessQuantities(study)
    )


@pytest.mark.parametrize(
    ("control", "said"),
    [
        (-3.0, "narrowed it too"),
        (-1.0, "narrowed it less"),
        (-6.0, "narrowed it more"),
        (0.1, "was not shown to change the gap"),
    ],
)
def test_the_control_is_held_against_resampling(control, said):
    key = f"change/{CONTROL}/{MAIN}"
    study = make_hardness(
        data=(DATA,), hardest=None, arms=(REFERENCE, CONTROL), not_run={},
        shift={CHANGE: (-3.0, 0.5), f"{CHANGE}/p-holm": (0.01, 0.0), key: (control, 0.5),
               f"{key}/p-holm": (0.01, 0.0)},
    )  # fmt: skip
    assert said in resampling_findings.control_words(HardnessQuantities(study), DATA)


def test_the_best_other_arm_leaves_the_smallest_gap_and_trains(study, found):
    best = resampling_findings.best_other(found, DATA)
    left = {
        arm: abs(value(study, f"arm/{arm}/{MAIN}"))
        for arm in found.arms(DATA)
        if arm.startswith(("v1/alpha", "v2/", "safe/")) and not arm.endswith("logits")
        and arm != REFERENCE
    }  # fmt: skip
    assert best.name == min(left, key=left.get)
    words = resampling_findings.best_words(found, DATA, best)
    assert f"Of {len(left)} other ways" in words
    assert "which flatters it" in words
    assert "\N{MINUS SIGN}6 [\N{MINUS SIGN}10, \N{MINUS SIGN}2] % in version 1" in words


def test_an_arm_that_could_not_run_is_said_with_its_reason():
    study = make_hardness(data=(DATA,), not_run={REFERENCE: "No sample is left."}, hardest=None)
    words = resampling_findings.reference_words(HardnessQuantities(study), DATA)
    assert words == "Resampling as version 1 has it at alpha 1 was not run: No sample is left."


def test_pruning_is_counted_by_rate():
    gap = {f"change/dlp/rate=0.{r}/recall/easy_hard": (-2.0, 0.5) for r in (1, 2, 3)}
    tests = {f"{key}/p-holm": (0.01, 0.0) for key in gap}
    study = make_hardness("hardness-pruning", data=(DATA,), hardest=None, shift=gap | tests)
    quantities = HardnessQuantities(study)
    assert pruning_findings.outcomes(quantities, DATA, MAIN)["narrower"] == 3
    assert "narrower at 3 of 8 rates" in pruning_findings.levels_words(quantities, DATA)
    (told,) = pruning_findings.told(quantities, claimed=True)
    (shown,), ends = findings([told])
    assert shown.evidence[0].title == "Accuracy, 50 % pruned"
    assert ends[0] <= 0 <= ends[1]


def test_series_are_told_apart_beyond_the_sixth():
    styles = [style_at(place) for place in range(18)]
    assert len({(one.colour, one.symbol) for one in styles}) == 18
    assert [one.colour for one in styles[:6]] == [one.colour for one in styles[6:12]]


def test_arms_that_lack_the_same_stand_in_one_row():
    why = "The published allocation asks for -4 samples of class 'car'."
    arms = [f"v1/alpha=2/{over}+easiest" for over in ("random", "smote", "hard")]
    results = make_hardness(data=("m",), arms=("v1/alpha=1/random+easiest",), hardest=None)
    facts = {
        **results.figures.facts["m"],
        "not_run": {**dict.fromkeys(arms, why), "v1/without-noise": "No."},
    }
    figures = replace(results.figures, facts={**results.figures.facts, "m": facts})
    (section,) = allocations(HardnessQuantities(replace(results, figures=figures)))
    assert [[cell.text for cell in row] for row in section.not_run.rows] == [
        ["Version 1 of the paper, alpha 2: 3 arms", why],
        [arm_of("v1/without-noise").full, "No."],
    ]
