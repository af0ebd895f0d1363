import dataclasses

from cases import make_weighing

from steelyard.records.finding import Finding
from steelyard.records.study import Study
from steelyard.report import methods


def words(weighing):
    return {step.title: " ".join(step.sentences) for step in methods.steps(weighing)}


def with_manifest(weighing, **changes):
    return dataclasses.replace(weighing, manifest={**weighing.manifest, **changes})


def test_a_referee_finds_every_step(images):
    said = words(images)
    assert "5 ways to treat the training part, of degree 0, 0.25, 0.5, 0.75 and 1." in said["Arms"]
    assert "5 repetitions of 5 arms: 25 models." in said["Repetitions and seeds"]
    assert "20\N{NARROW NO-BREAK SPACE}% validation and 20" in said["Parts"]
    assert "2,478 for training, 1,000 for validation and 1,000 for test" in said["Parts"]
    assert "t-intervals" in said["Intervals"]
    assert "both the variation from seed to seed" in said["Intervals"]
    assert "aum (area under the margin); el2n (error norm (EL2N)" in said["Hardness"]
    assert "the mean over 5 runs" in said["Hardness"]


def test_given_parts_are_said(images):
    whole = {"given": ["train", "validation", "test"], "drawn": {}}
    assert "came with their parts" in words(with_manifest(images, split=whole))["Parts"]
    half = {"given": ["train", "test"], "drawn": {"validation": 0.2}}
    said = words(with_manifest(images, split=half))["Parts"]
    assert "came with train and test, which were kept" in said
    assert "validation of train" in said
    assert "not recorded" in words(with_manifest(images, split=None))["Parts"]


def test_recipes_show_the_values_that_their_model_uses(images, table):
    ((arms, facts),) = methods.recipes(images)
    values = {fact.title: fact.value for fact in facts}
    assert arms == "all arms"
    assert values["widths"] == "16, 32"
    assert values["learning rate"] == "0.002"
    assert "leaves" not in values
    ((_, facts),) = methods.recipes(table)
    assert {fact.title for fact in facts} == {
        "model", "learning rate", "weight decay", "epochs", "leaves", "library",
    }  # fmt: skip


def test_nothing_is_missing_from_a_whole_run(images):
    assert methods.gaps(images) == ()


def test_every_gap_is_named_with_its_reason(images):
    single = make_weighing(n_classes=3, n_seeds=1, n_test_per_class=20, without_test=("class 1",))
    found = " ".join(methods.gaps(single))
    assert "No validation samples: class 1." in found
    assert "No test samples: class 1." in found
    assert "One repetition" in found

    copies = Finding("G101", "warning", "3 of 9 test rows\nare copies.", 3, 9, ("1 = 2",), "look.")
    found = methods.gaps(with_manifest(images, findings=[copies.to_dict()]))
    assert found == ("3 of 9 test rows are copies. Hint: look. (G101, warning)",)

    assert methods.gaps(with_manifest(images, warnings=["look\nout"])) == ("look out",)

    more = Study(images.study.name, images.study.arms, 7)
    found = methods.gaps(dataclasses.replace(images, study=more))
    assert "Arm degree=0: 5 of 7 repetitions ran." in found

    first, *rest = images.verdict.classes
    empty = dataclasses.replace(first, count=0)
    verdict = dataclasses.replace(images.verdict, classes=(empty, *rest))
    found = methods.gaps(dataclasses.replace(images, verdict=verdict))
    assert found == ("No training samples, so nothing learnt: T-shirt.",)


def test_the_record_names_command_fingerprint_and_time(images):
    facts = {fact.title: fact.value for fact in methods.facts(images)}
    assert facts["Command"] == "steelyard weigh DATA"
    assert facts["Data fingerprint"] == "0123456789abcdef"
    assert facts["Wall time"] == "48 s"
    assert facts["Versions"] == "numpy 2.4.0, python 3.11.2, steelyard 0.1.0"
    facts = {fact.title: fact.value for fact in methods.facts(with_manifest(images, command=None))}
    assert facts["Command"] == "called from Python"


def test_the_data_in_one_line(images):
    assert methods.data_facts(images) == (
        "4,478 images, 10 classes; 2,478 for training, 1,000 for validation and 1,000 for test"
    )
    bare = dataclasses.replace(images, manifest={})
    assert methods.data_facts(bare) == "images, 10 classes"
