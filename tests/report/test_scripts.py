"""No text from the data runs as a script: it is escaped, and the policy would not let it.

Each of the two holds by itself, which only a browser can tell.
"""

import base64
import hashlib
import html
import json
import re

import pytest
from browser import browsed
from cases import make_weighing
from html_pages import Page
from report.attacks import PAYLOADS, attacked

from steelyard._support.errors import DataError
from steelyard._support.storage import write_text
from steelyard.records import Weighing
from steelyard.records.run_folder import MANIFEST, REPORT
from steelyard.report import document as document_module
from steelyard.report import render, write_report

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">\n')
# what the template itself makes; none of it takes an address, a handler or a style from the data
ATTRIBUTES = {
    "alt", "aria-hidden", "aria-label", "aria-labelledby", "charset", "class", "content", "cx",
    "cy", "d", "data-charts", "data-height", "data-spec", "height", "href", "http-equiv", "id",
    "lang", "name", "r", "role", "scope", "src", "tabindex", "title", "type", "width", "x", "x1",
    "x2", "y", "y1", "y2",
}  # fmt: skip
# draws the label of the last point of every curve, as a pointer over it would
HOVER = """<script>
for (const one of document.querySelectorAll("[data-spec]"))
  one.data.forEach((trace, at) => {
    if (trace.text)
      trace.text.forEach((_, point) =>
        Plotly.Fx.hover(one, trace.type === "heatmap"
          ? { xval: trace.x[point], yval: trace.y[point] }
          : [{ curveNumber: at, pointNumber: point }]));
  });
</script>"""


@pytest.fixture(scope="module", params=["table", "image"])
def weighing(request):
    return attacked(request.param)


@pytest.fixture(scope="module")
def page(weighing):
    return render(weighing)


def data_of(text):
    """Everything but our two scripts and the style, which hold no data."""
    return re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL)


def title_of(text):
    """What a script of ours would have changed."""
    return re.search("<title>(.*?)</title>", text, flags=re.DOTALL).group(1).replace("&#39;", "'")


def unprotected(text):
    """A page without its policy, under whose charts a pointer lies."""
    return POLICY.sub("", text).replace("</body>", f"{HOVER}</body>")


def test_payloads_add_no_element_and_no_attribute(page):
    parsed = Page(page)
    for tag, attributes in parsed.elements:
        assert tag not in {"iframe", "object", "embed", "base", "form", "link", "input"}
        assert set(attributes) <= ATTRIBUTES, (tag, attributes)
        if tag == "img":
            assert attributes["src"].startswith("data:image/png;base64,")
            assert attributes["alt"].startswith("Training sample ")
    assert [link["href"] for link in parsed.all("a")] == [
        "#degrees", "#classes", "#samples", "#agreement", "#plan", "#method",
    ]  # fmt: skip
    charts = [one for one in parsed.all("div") if "data-spec" in one]
    data = [{"type": "application/json", "id": one["data-spec"]} for one in charts]
    assert parsed.all("script") == [*data, {}, {}]
    assert len(parsed.all("style")) == len(parsed.all("title")) == 1
    assert len(parsed.all("meta")) == 5


def test_payloads_are_shown_as_the_text_they_are(page):
    shown = Page(page)
    for payload in PAYLOADS:
        assert " ".join(payload.split()) in shown.text
    named = re.compile("Recipe, |The recommended plan|No test samples|draws in an epoch")
    assert len(set(named.findall(shown.text))) == 4  # what only some pages say, and with names
    assert "<" not in title_of(page)


def test_no_payload_stands_as_it_is_anywhere(page):
    content = data_of(page)
    for payload in PAYLOADS:
        if set(payload) & set("<>&\"'\u2028"):
            assert payload not in content
    for raw in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', content):
        assert not set(raw) & set("<>&'\u2028\u2029")


def test_what_plotly_is_given_is_neither_tag_entity_formula_nor_colour(page):
    for spec in Page(page).specs.values():
        texts = [label["text"] for label in spec["labels"]]
        texts += [text for trace in spec["data"] for text in trace.get("text", [])]
        assert texts
        for text in texts:
            assert "<" not in text.replace("<br>", "")
            assert not re.search(r"&(?!(amp|lt|gt|#36|#64);)", text)
            assert "$" not in text
            assert not re.fullmatch("@[a-z-]+", text)


def test_the_policy_names_the_scripts_and_nothing_else(page):
    (policy,) = (one["content"] for one in Page(page).all("meta") if "http-equiv" in one)
    directives = dict(one.split(" ", 1) for one in policy.split("; "))
    ours = [text for attributes, text in Page(page).scripts if not attributes]
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in ours]
    assert len(ours) == 2
    assert directives == {
        "default-src": "'none'",
        "script-src": " ".join(f"'sha256-{one}'" for one in hashes),
        "style-src": "'unsafe-inline'",  # Plotly and the page's own
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # a policy binds what follows it
    assert page.index("Content-Security-Policy") < min(map(page.index, ("<title", "<style", "<sc")))
    assert "\r" not in "".join(ours)  # a browser reads it as a line feed, and hashes that


def test_the_same_hostile_records_give_the_same_page(weighing, page, tmp_path):
    weighing.save(tmp_path)
    assert write_report(tmp_path).read_text("utf-8") == page
    Weighing.load(tmp_path).save(tmp_path / "again")
    assert write_report(tmp_path / "again").read_text("utf-8") == page


@pytest.mark.parametrize(
    "changes",
    [
        {"n": PAYLOADS[0]},
        {"n_train": [PAYLOADS[0]]},
        {"wall_seconds": PAYLOADS[0]},
        {"versions": [PAYLOADS[0]]},
        {"split": PAYLOADS[0]},
        {"split": {"given": [], "drawn": {"test": PAYLOADS[0]}}},
        {"probe": PAYLOADS[0]},
        {"findings": [PAYLOADS[0]]},
        {"findings": [{"code": PAYLOADS[0]}]},
        {"warnings": 3},
    ],
)
def test_values_that_no_page_can_show_are_refused(changes, tmp_path):
    make_weighing(n_classes=2, n_seeds=2, n_test_per_class=5).save(tmp_path)
    write_text("the page of before", tmp_path / REPORT)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, **changes}))
    with pytest.raises(DataError, match=r"is no readable run folder: .*Hint: ") as it:
        write_report(tmp_path)
    assert "\n" not in str(it.value)
    assert (tmp_path / REPORT).read_text() == "the page of before"


def test_a_link_in_the_place_of_the_page_is_replaced(tmp_path):
    weighing = make_weighing(n_classes=2, n_seeds=2, n_test_per_class=5)
    weighing.save(tmp_path / "run")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "run" / REPORT).symlink_to(tmp_path / "mine")
    assert write_report(tmp_path / "run").read_text("utf-8") == render(weighing)
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.slow
def test_a_browser_draws_every_chart_and_has_no_complaint(page, tmp_path):
    document, console = browsed(page, tmp_path)
    assert console == []
    assert title_of(document) == title_of(page)
    drawn = data_of(document)
    assert len(Page(page).specs) >= 7
    assert drawn.count("js-plotly-plot") == len(Page(page).specs)
    assert drawn.count('class="cartesianlayer"') == len(Page(page).specs)
    assert document.count("<script") == page.count("<script")


@pytest.mark.slow
def test_escaping_alone_runs_no_payload_not_even_in_a_label_under_the_pointer(page, tmp_path):
    document, console = browsed(unprotected(page), tmp_path)
    assert console == []
    assert document.count('class="hovertext"') == len(Page(page).specs)
    assert title_of(document) == title_of(page)
    assert not re.search("<a [^>]*href=.(?!#)", data_of(document))


@pytest.mark.slow
def test_a_label_shows_a_name_letter_by_letter(tmp_path):
    names = ("<svg onload=title=7>", "<a href=//x>y</a>", "$x^2$", "@ink", "&lt;b&gt;", "%{x}")
    page = render(make_weighing(class_names=names, n_seeds=2, n_test_per_class=60))
    document, console = browsed(unprotected(page), tmp_path)
    assert console == []
    assert title_of(document) == title_of(page)
    labels = re.findall('class="annotation-text"[^>]*>([^<]*)</text>', document)
    assert sorted(map(html.unescape, labels)) == sorted(names)


@pytest.mark.slow
def test_the_policy_alone_runs_no_payload(weighing, tmp_path, monkeypatch):
    environment = document_module.Environment
    monkeypatch.setattr(
        document_module,
        "Environment",
        lambda **options: environment(**{**options, "autoescape": False}),
    )
    unescaped = render(weighing)
    assert PAYLOADS[2] in data_of(unescaped)
    document, console = browsed(unescaped, tmp_path)
    assert title_of(document) != "hit"
    assert any("violates the following Content Security Policy" in line for line in console)
    # and they do run where nothing stops them, or these tests could tell nothing
    document, _ = browsed(POLICY.sub("", unescaped), tmp_path)
    assert title_of(document) == "hit"
