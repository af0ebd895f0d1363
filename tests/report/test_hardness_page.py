import re

import plotly.graph_objects as go
import pytest
from hardness_cases import CIFAR, make_hardness
from html_pages import Page
from report.attacks import PAYLOADS

from steelyard.records.study_results import StudyResults
from steelyard.report import render_study

RESAMPLING = ["verdict", "classes", "allocation", "changes", "gaps", "robustness", "agreement",
              "noise", "samples", "claims", "method"]  # fmt: skip
PRUNING = ["verdict", "classes", "allocation", "pruning", "refill", "samples", "claims", "method"]
FEW = ("v1/alpha=1/random+easiest", "v1/alpha=1/logits", "v2/alpha=3/smote+easiest")
ABSENT = {  # a piece of a key that was not run: what the page says in its place
    "/recall": "Not run: arms that resample.",
    "/allocation/": "The largest degree",
    "/change/": "Not run: arms that resample.",
    "/stability/": "Class counts when a model is added",
    "/noise/": "Not run: leaving the hardest samples out as noise.",
}


@pytest.fixture(scope="module")
def resampling():
    return make_hardness()


@pytest.fixture(scope="module")
def pages(resampling):
    own = {"claimed": False, "paper": "", "title": PAYLOADS[0], "hardest": "table"}
    payload_facts = {payload: [payload, {payload: 1.5}] for payload in PAYLOADS}
    return {
        "resampling": render_study(resampling),
        "pruning": render_study(make_hardness("hardness-pruning")),
        "own": render_study(
            make_hardness(
                data=("<b>mine</b>/a", PAYLOADS[2]), class_names=PAYLOADS, arms=FEW,
                not_run={"v1/alpha=2/random+easiest": PAYLOADS[0], PAYLOADS[3]: "why"},
                facts=payload_facts, **own,
            )
        ),
        "own-pruning": render_study(
            make_hardness("hardness-pruning", data=("<b>mine</b>/a",), class_names=PAYLOADS, **own)
        ),
    }  # fmt: skip


@pytest.fixture(params=["resampling", "pruning", "own", "own-pruning"])
def page(request, pages):
    return pages[request.param]


def section(text, name):
    start = text.index(f'<section id="{name}"')
    return Page(text[start : text.index("</section>", start) + len("</section>")]).text


def test_two_data_sets_stay_under_six_megabytes_and_repeat(resampling, pages, tmp_path):
    assert len(pages["resampling"].encode()) < 6_000_000
    resampling.save(tmp_path)
    StudyResults.load(tmp_path).save(tmp_path / "again")
    first = render_study(StudyResults.load(tmp_path))
    assert render_study(StudyResults.load(tmp_path / "again")) == first


def test_each_study_has_its_page_and_its_sections(pages):
    assert [one["id"] for one in Page(pages["resampling"]).all("section")] == RESAMPLING
    assert [one["id"] for one in Page(pages["pruning"]).all("section")] == PRUNING
    for text in pages.values():
        parsed = Page(text)
        anchors = {one["href"][1:] for one in parsed.all("a")}
        assert anchors == {one["id"] for one in parsed.all("section")} - {"verdict"}


def test_the_verdict_tells_versions_what_was_not_run_and_what_is_not_the_papers(pages):
    words = section(pages["resampling"], "verdict")
    assert "finds no meaningful effect: of 3 claims, 2 reproduced, 1 contradicted." in words
    assert "by up to a third: of 2 claims, 1 contradicted, 1 inconclusive." in words
    assert "Not run: CIFAR-10 (JPEG copy) with ResNet-18. It needs a GPU." in words
    assert "the network (perceptron, widths 128; the paper has ResNet-18)" in words
    own = section(pages["own"], "verdict")
    assert "No claims were published for these data" in own
    assert "the paper has" not in own


def test_numbers_of_the_records_stand_in_the_sections(resampling, pages):
    text = pages["resampling"]
    assert "The class 'car' would have -120 samples" in section(text, "allocation")
    # 12 * 0.9 and 12 * 2.5 * 0.9 points of change of the smallest ensembles
    assert "10.8 [10.3, 11.3] 0.12" in section(text, "robustness")
    assert re.search(r"27\.0 \[25\.[67], 28\.[34]\] 0\.30", section(text, "robustness"))
    assert "correlation of 0.91 [0.86, 0.96]." in section(text, "agreement")
    assert "12.0 [11.3, 12.7]" in section(text, "gaps")
    assert len(Page(text).all("img")) == 32
    assert "Why paper-v1 0." in section(text, "claims")


@pytest.mark.parametrize("piece", ABSENT)
def test_what_was_not_run_is_named_or_absent(piece):
    text = render_study(make_hardness(data=("m",), leave_out=piece, arms=FEW, hardest=None))
    said = ABSENT[piece] in Page(text).text
    assert said == (piece not in ("/allocation/",))
    assert [one["id"] for one in Page(text).all("section")] == RESAMPLING
    assert "Not kept: the hardest samples." in Page(text).text


@pytest.mark.parametrize("study", ["hardness-resampling", "hardness-pruning"])
def test_a_study_of_nothing_is_a_page_that_says_so(study):
    text = render_study(make_hardness(study, data=(), claimed=False))
    assert "Nothing was measured." in Page(text).text
    assert Page(text).text.count("Not run") >= 3


@pytest.mark.parametrize("n", [2, 60, 80])
def test_few_and_many_classes_with_long_names_give_a_page_of_bounded_size(n):
    names = tuple(f"<b>class {at}</b> {'x' * 200}" for at in range(n))
    text = render_study(
        make_hardness(data=("m",), class_names=names, claimed=False, paper="", hardest="table")
    )
    assert len(text.encode()) < (6_200_000 if n > 60 else 6_000_000)
    said = f"Drawn are the 25 hardest and the 25 easiest of {n} classes" in Page(text).text
    assert said == (n > 50)


def test_names_are_text_and_nothing_else(pages):
    for name in ("own", "own-pruning"):
        text = pages[name]
        content = re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL)
        parsed = Page(text)
        assert "<b>mine</b>" in parsed.text
        for payload in PAYLOADS:
            assert " ".join(payload.split())[:20] in parsed.text
            if set(payload) & set("<>&\"'\u2028"):
                assert payload not in content
        assert len([one for one in parsed.all("script") if "type" not in one]) == 2
        assert not {"img", "iframe", "base", "link"} & {tag for tag, _ in parsed.elements}
        assert not any(word.startswith("on") for _, one in parsed.elements for word in one)


def test_names_are_escaped_for_the_charts_too(pages):
    for name in ("own", "own-pruning"):
        for spec in Page(pages[name]).specs.values():
            texts = [text for trace in spec["data"] for text in trace.get("text", [])]
            texts += [trace.get(key, "") for trace in spec["data"] for key in
                      ("hovertemplate", "name")]  # fmt: skip
            for axis in ("xaxis", "yaxis"):
                texts += spec["layout"][axis].get("ticktext", [])
            for text in texts:
                assert "<" not in text.replace("<br>", "").replace("<extra></extra>", "")
                assert "$" not in text
                assert not re.fullmatch("@[a-z-]+", text)


def test_every_chart_is_plotly_in_named_colours_with_titles(page):
    style = page[page.index("<style>") : page.index("</style>")]

    def painted(value):
        if isinstance(value, dict):
            return {key: painted(part) for key, part in value.items()}
        if isinstance(value, list):
            return [painted(part) for part in value]
        if isinstance(value, str) and value.startswith("@"):
            assert f"--{value[1:]}:" in style
            return "#000000"
        return value

    specs = Page(page).specs
    assert len(specs) > 20
    for spec in list(specs.values())[::3]:
        figure = go.Figure(painted(spec["data"]), painted(spec["layout"]))  # refuses what is wrong
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text


def test_ids_are_unique_and_every_table_has_a_caption(page):
    parsed = Page(page)
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    tags = [tag for tag, _ in parsed.elements]
    assert tags.count("table") == tags.count("caption") > 5


def test_a_class_name_stands_beside_its_own_numbers(pages):
    words = section(pages["resampling"], "classes")
    # recall is 96 - 25 * hardness: cat 72.2, car 94.8
    assert re.search(r"cat 72\.2 \[71\.3, 73\.2\]|cat 72\.3 \[71\.4, 73\.2\]", words)
    assert re.search(r"car 94\.8 \[93\.8, 95\.7\]|car 94\.7 \[93\.8, 95\.7\]", words)
    assert words.index("cat") < words.index("car")
    assert CIFAR[3] == "cat"
