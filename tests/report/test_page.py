import base64
import dataclasses
import hashlib
import itertools
import re

import plotly.graph_objects as go
import pytest
from cases import HOSTILE, make_weighing
from html_pages import Page

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard.records.run_folder import SCORES
from steelyard.report import digits, render, write_report

CASES = ("images", "table", "hostile")


@pytest.fixture(scope="module")
def pages(images, table, hostile):
    return {name: render(w) for name, w in zip(CASES, (images, table, hostile), strict=True)}


@pytest.fixture(params=CASES)
def page(request, pages):
    return pages[request.param]


def ours(text):
    """The page without the drawing library."""
    return re.sub(r"<script>/\*\*.*?</script>", "", text, count=1, flags=re.DOTALL)


def test_the_same_records_give_the_same_page(images, pages):
    assert render(images) == pages["images"]


def test_a_page_stays_under_six_megabytes(page):
    assert len(page.encode()) < 6_000_000


def test_the_verdict_comes_before_any_figure(images, pages):
    text = pages["images"]
    headline = text.index('<p class="headline">')
    assert images.verdict.headline in text[headline : headline + 500]
    assert headline < text.index("<figure") < text.index("data-spec")
    order = ["verdict", "degrees", "classes", "samples", "agreement", "plan", "method"]
    found = [attributes["id"] for attributes in Page(text).all("section")]
    assert found == order


def test_every_number_of_the_verdict_appears(images, table, pages):
    for name, weighing in (("images", images), ("table", table)):
        text = Page(pages[name]).text
        for answer in weighing.verdict.priors:
            assert answer.sentence in text
            assert f"degree {answer.degree:g}" in text
            assert str(digits.percent(answer.as_is)) in text
            for difference in (
                answer.rebalanced,
                answer.corrected,
                answer.rebalanced_over_corrected,
                answer.fully_balanced,
            ):
                assert str(digits.points(difference)) in text
        for one in weighing.verdict.classes:
            for interval in (one.recall, one.recall_even):
                assert str(digits.percent(interval)) in text
            assert f"{one.count:,}" in text


def test_every_point_of_the_curves_stands_in_a_table(images, pages):
    text = Page(pages["images"]).text
    accuracy = images.test.overall[images.test.overall["metric"] == "accuracy"]
    assert len(accuracy) == 5 * 2 * 3
    for _, row in accuracy.iterrows():
        figure = images.test.figure(row["arm"], row["prior"], decision=row["decision"])
        assert str(digits.percent(figure)) in text


def test_names_from_the_data_are_text_and_nothing_else(hostile, pages):
    text = pages["hostile"]
    for raw in ("<script>alert", "<img src=x", "<b>bold", '<a href="java', "<i>fie", "<u>", "<s>"):
        assert raw not in text
    page = Page(text)
    assert len(page.all("img")) == 0
    assert {link["href"][0] for link in page.all("a")} == {"#"}
    assert len([a for a in page.all("script") if "type" not in a]) == 2
    for shown in (HOSTILE[0], HOSTILE[4], HOSTILE[5], "<script>alert('data')</script>.csv"):
        assert shown in page.text
    assert "<script>alert(4)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "\u202e" not in text


def test_names_are_escaped_for_the_charts_too(pages):
    for spec in Page(pages["hostile"]).specs.values():
        shown = [label["text"] for label in spec["labels"]]
        shown += [text for trace in spec["data"] for text in trace.get("text", [])]
        assert shown
        for text in shown:
            assert "<" not in text.replace("<br>", "")
            assert "$" not in text


def test_long_names_are_cut_and_whole_in_the_title(pages):
    whole = " ".join(HOSTILE[6].split())
    page = Page(pages["hostile"])
    assert any(attributes.get("title") == whole for attributes in page.all("th"))
    assert whole not in page.text


def test_nothing_is_loaded_from_anywhere(page):
    parsed = Page(page)
    for tag, attributes in parsed.elements:
        for name in ("src", "srcset", "href", "data", "poster", "action", "background"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/png;base64,", "#")), (tag, value)
        assert tag not in {"link", "iframe", "object", "embed", "base", "form"}
        assert not any(name.startswith("on") for name in attributes)
    rest = ours(page)
    assert "@import" not in rest
    assert "url(" not in rest
    assert "http://" not in rest
    assert "https://" not in rest


def test_the_policy_allows_the_two_scripts_by_hash_and_no_other(page):
    parsed = Page(page)
    (policy,) = [
        attributes["content"]
        for attributes in parsed.all("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    scripts = [text for attributes, text in parsed.scripts if "type" not in attributes]
    assert len(scripts) == 2
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert policy.count("unsafe-inline") == 1  # styles, which the charts set on their elements


def test_every_chart_is_plotly_in_named_colours(page):
    style = page[page.index("<style>") : page.index("</style>")]
    specs = Page(page).specs
    assert len(specs) == 8  # two metrics under three priors, the classes, and the scores

    def painted(value):
        if isinstance(value, dict):
            return {key: painted(part) for key, part in value.items()}
        if isinstance(value, list):
            return [painted(part) for part in value]
        if isinstance(value, str) and value.startswith("@"):
            assert f"--{value[1:]}:" in style
            return "#000000"
        return value

    for spec in specs.values():
        figure = go.Figure(painted(spec["data"]), painted(spec["layout"]))  # refuses what is wrong
        for axis in (figure.layout.xaxis, figure.layout.yaxis):
            assert axis.title.text
        assert ", " in figure.layout.yaxis.title.text  # the unit


def test_every_chart_and_picture_has_words(page):
    parsed = Page(page)
    for attributes in parsed.all("div"):
        if attributes.get("role") == "img":
            assert len(attributes["aria-label"]) > 30
    assert all(attributes["alt"] for attributes in parsed.all("img"))
    assert parsed.all("html")[0]["lang"] == "en"


def test_headings_go_down_one_step_at_a_time_and_ids_are_unique(page):
    parsed = Page(page)
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    anchors = {link["href"][1:] for link in parsed.all("a")}
    assert anchors <= set(ids)


def test_every_table_has_a_caption_and_headings(page):
    parsed = Page(page)
    tags = [tag for tag, _ in parsed.elements]
    assert tags.count("table") == tags.count("caption") > 5
    assert {attributes["scope"] for attributes in parsed.all("th")} == {"col", "row"}


def test_pictures_are_small_pngs(images, pages):
    parsed = Page(pages["images"])
    pictures = parsed.all("img")
    suspect = min(images.verdict.n_suspect, 24)
    assert len(pictures) == 24 + suspect
    content = base64.b64decode(pictures[0]["src"].removeprefix("data:image/png;base64,"))
    assert content.startswith(b"\x89PNG")


def test_rows_of_a_table_are_shown_with_their_columns(pages):
    text = Page(pages["table"]).text
    for shown in ("workclass", "State-gov", "missing", "77516"):
        assert shown in text


def test_the_first_sentence_is_not_said_twice(images, pages):
    assert Page(pages["images"]).text.count(images.verdict.headline) == 1


def test_many_classes_keep_the_first_in_sight_and_fold_the_rest():
    weighing = make_weighing(n_classes=100, n_seeds=2, degrees=(0.0, 1.0), n_test_per_class=10)
    page = render(weighing)
    assert len(page.encode()) < 6_000_000
    text = Page(page).text
    assert "The first 30 of 100 classes" in text
    assert "The other 70 classes" in text
    assert all(one.name in text for one in weighing.verdict.classes)


def test_one_seed_and_one_run_are_said():
    text = Page(render(make_weighing(n_classes=3, n_seeds=1, n_test_per_class=20))).text
    assert "One repetition" in text
    assert "test samples alone" in text


def test_a_class_without_data_is_named_and_never_zero():
    weighing = make_weighing(without_test=("Shirt",), n_seeds=2, n_test_per_class=20)
    text = Page(render(weighing)).text
    assert "No test samples: Shirt." in text
    assert "Not drawn, for want of training or test samples: Shirt." in text
    assert "no data" in text


def test_what_the_manifest_lacks_is_not_recorded():
    weighing = make_weighing(n_classes=3, n_seeds=2, n_test_per_class=20)
    text = Page(render(dataclasses.replace(weighing, manifest={}))).text
    assert text.count("not recorded") >= 4
    assert "Not recorded by the run: probe, split and versions." in text


def test_the_report_of_a_run_folder(images, tmp_path, pages):
    images.save(tmp_path / "run")
    path = write_report(tmp_path / "run")
    assert path == tmp_path / "run" / "report.html"
    first = path.read_bytes()
    assert first.decode() == pages["images"]
    assert write_report(tmp_path / "run").read_bytes() == first


def test_a_missing_or_changed_run_is_refused(images, tmp_path):
    with pytest.raises(DataNotFoundError, match=r"manifest\.json"):
        write_report(tmp_path / "nothing")
    images.save(tmp_path / "run")
    (tmp_path / "run" / SCORES).write_bytes(b"")
    with pytest.raises(DataError, match="changed since the run wrote it"):
        write_report(tmp_path / "run")
    assert not (tmp_path / "run" / "report.html").exists()
