import base64
import hashlib
import itertools
import json
import re

import plotly.graph_objects as go
import pytest
from browser import browsed
from html_pages import Page
from report.attacks import PAYLOADS
from study_cases import make_study

from steelyard._support.errors import DataError, DataNotFoundError
from steelyard.records.study_results import FIGURES, OUTCOMES, StudyResults
from steelyard.report import render_study, write_study_report

SECTIONS = ["verdict", "kept", "counts", "radii", "controls", "protocols", "claims", "method"]
ABSENT = {  # a piece of a key that was not run: what the page says in its place
    "/keep-": "Not run: training on shares of the easy and of the hard samples.",
    "count/class": "Hard samples of each class Not run.",
    "radius/": "Not run: radii while networks train.",
    "/family/": "Other kinds of model, which did not train on the samples they judge: not run.",
    "/shared/early-stopped": "the control for a gap that is there by construction, were not run.",
    "/snapshot/": "As the code (shared) At the lowest radius (argmin)",
}


@pytest.fixture(scope="module")
def study():
    return make_study()


@pytest.fixture(scope="module")
def own():
    """A user's own data, about which nothing was published, with names of every kind."""
    return make_study(
        data=("<b>mine</b>", *PAYLOADS[:3], "a/b"),
        claimed=(),
        not_run=(),
        class_names=PAYLOADS,
        title=PAYLOADS[0],
        paper="",
        facts={payload: [payload, {payload: 1.5}] for payload in PAYLOADS},
        epochs=60,
    )


@pytest.fixture(scope="module")
def pages(study, own):
    return {"study": render_study(study), "own": render_study(own)}


@pytest.fixture(params=["study", "own"])
def page(request, pages):
    return pages[request.param]


def ours(text):
    """The page without scripts and style."""
    return re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL)


def section(text, name):
    """The words of one section."""
    start = text.index(f'<section id="{name}"')
    return Page(text[start : text.index("</section>", start) + len("</section>")]).text


def test_the_same_records_give_the_same_page(study, pages, tmp_path):
    assert render_study(study) == pages["study"]
    study.save(tmp_path)
    path = write_study_report(tmp_path)
    assert path == tmp_path / "report.html"
    first = path.read_bytes()
    StudyResults.load(tmp_path).save(tmp_path / "again")
    assert write_study_report(tmp_path / "again").read_bytes() == first


def test_three_data_sets_with_all_their_claims_stay_under_six_megabytes():
    names = ("mnist", "fashion-mnist", "kmnist")
    page = render_study(make_study(data=names, claimed=names, not_run=()))
    assert len(page.encode()) < 6_000_000
    for shown in ("MNIST", "Fashion-MNIST", "KMNIST, test part"):
        assert f"<h3><bdi>{shown}</bdi></h3>" in page


def test_the_verdict_comes_first_and_every_section_stands(page):
    assert [one["id"] for one in Page(page).all("section")] == SECTIONS
    assert page.index('<p class="headline">') < page.index("<figure") < page.index("data-spec")
    anchors = {one["href"][1:] for one in Page(page).all("a")}
    assert anchors == set(SECTIONS) - {"verdict"}


def test_the_headline_counts_the_outcomes(study, pages):
    words = section(pages["study"], "verdict")
    n = len(study.outcomes)
    reproduced = sum(one.outcome == "reproduced" for one in study.outcomes)
    assert f"Of {n} published claims, {reproduced} were reproduced" in words
    assert "Not run: KMNIST, test part." in words
    assert "No claims were published for these data" in section(pages["own"], "verdict")


def test_every_section_draws_and_tells_what_it_is_about(pages):
    text = pages["study"]
    specs = Page(text).specs
    for kind, n in (("kept", 8), ("hard-counts", 2), ("class-errors", 2), ("radius", 20),
                    ("gaps", 2)):  # fmt: skip
        assert len([key for key in specs if key.startswith(kind)]) == n
    assert "+71.3 [+69.6, +73.0]" in section(text, "controls")
    assert "1,522 [1,461, 1,583]" in section(text, "protocols")
    assert "steelyard study in-class-imbalance --scale small" in section(text, "method")
    assert "12 min 34 s" in section(text, "method")


def test_every_claim_stands_in_the_ledger(study, pages):
    words = section(pages["study"], "claims")
    for outcome in study.outcomes:
        assert outcome.claim.sentence in words
        assert outcome.why in words


@pytest.mark.parametrize("piece", ABSENT)
def test_what_was_not_run_is_named(piece):
    study = make_study(data=("mnist",), claimed=(), not_run=(), leave_out=piece)
    page = render_study(study)
    assert ABSENT[piece] in Page(page).text
    assert [one["id"] for one in Page(page).all("section")] == SECTIONS


def test_a_study_of_nothing_is_a_page_that_says_so():
    page = render_study(make_study(data=(), claimed=(), not_run=()))
    assert Page(page).text.count("Not run") >= 5
    assert "Nothing was measured." in Page(page).text


def test_published_points_that_were_not_run_are_shown_as_such():
    study = make_study(data=("mnist",), claimed=("mnist",), not_run=(), leave_out="keep-hard=0.5/")
    words = section(render_study(study), "kept")
    assert "hard 50 not run" in words


def test_without_claims_no_column_speaks_of_published_ones(pages):
    shown = section(pages["own"], "kept") + section(pages["own"], "protocols")
    assert "ublished" not in shown
    assert "utcome" not in shown


def test_names_are_text_and_nothing_else(pages):
    text = pages["own"]
    content = ours(text)
    parsed = Page(text)
    assert "<b>mine</b>" in parsed.text
    for payload in PAYLOADS:
        assert " ".join(payload.split())[:20] in parsed.text
        if set(payload) & set("<>&\"'\u2028"):
            assert payload not in content
    assert len([one for one in parsed.all("script") if "type" not in one]) == 2
    assert not {"img", "iframe", "base", "link", "object"} & {tag for tag, _ in parsed.elements}
    assert not any(name.startswith("on") for _, one in parsed.elements for name in one)
    assert len(parsed.all("title")) == 1


def test_names_are_escaped_for_the_charts_too(pages):
    for spec in Page(pages["own"]).specs.values():
        texts = [text for trace in spec["data"] for text in trace.get("text", [])]
        texts += [trace.get("hovertemplate", "") for trace in spec["data"]]
        texts += spec["layout"]["xaxis"].get("ticktext", [])
        assert texts
        for text in texts:
            assert "<" not in text.replace("<br>", "").replace("<extra></extra>", "")
            assert "$" not in text
            assert not re.fullmatch("@[a-z-]+", text)


def test_nothing_is_loaded_and_the_policy_names_the_two_scripts(page):
    parsed = Page(page)
    for tag, attributes in parsed.elements:
        for name in ("src", "href", "data", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith("#"), (tag, value)
    (policy,) = (one["content"] for one in parsed.all("meta") if "http-equiv" in one)
    for attributes, script in parsed.scripts:
        if "type" not in attributes:
            digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")


def test_every_chart_is_plotly_in_named_colours(page):
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

    for spec in Page(page).specs.values():
        figure = go.Figure(painted(spec["data"]), painted(spec["layout"]))  # refuses what is wrong
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text


def test_headings_captions_and_ids_are_in_order(page):
    parsed = Page(page)
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    tags = [tag for tag, _ in parsed.elements]
    assert tags.count("table") == tags.count("caption") > 5
    for one in parsed.all("div"):
        if one.get("role") == "img":
            assert len(one["aria-label"]) > 30


def test_folders_that_hold_no_study_are_refused(study, tmp_path):
    with pytest.raises(DataNotFoundError, match=OUTCOMES):
        write_study_report(tmp_path)
    study.save(tmp_path)
    document = json.loads((tmp_path / FIGURES).read_text())
    document["facts"]["seconds"] = 1e300
    document["rows"][0][3] = 1e6  # an interval that does not hold its mean
    (tmp_path / FIGURES).write_text(json.dumps(document))
    with pytest.raises(DataError, match="must enclose its mean"):
        write_study_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["study", "own"])
def test_a_browser_draws_every_chart_and_has_no_complaint(name, pages, tmp_path):
    document, console = browsed(pages[name], tmp_path)
    assert console == []
    assert ours(document).count('class="cartesianlayer"') == len(Page(pages[name]).specs)
    assert "<title>hit" not in document
