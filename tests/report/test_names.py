import pytest

from steelyard.report.names import chart_text, listed, one_line, shortened


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("line\nbreak\ttab\r\n", "line break tab"),
        ("a\x00b\x1bc", "a b c"),
        ("\u202eright to left\u2066", "right to left"),
        ("half \ud83d emoji", "half \ufffd emoji"),
        ("", "(empty)"),
        (" \n ", "(empty)"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
    ],
)
def test_names_become_one_harmless_line(raw, shown):
    assert one_line(raw) == shown


def test_long_names_are_cut_with_an_ellipsis():
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
    assert shortened("abcd efg", 6) == "abcd…"


def test_chart_text_holds_no_tag_no_entity_no_formula_and_no_colour():
    assert chart_text("<b>&amp;</b>", 40) == "&lt;b&gt;&amp;amp;&lt;/b&gt;"
    assert chart_text("$x^2$", 40) == "&#36;x^2&#36;"
    assert chart_text('"q"', 40) == '"q"'
    assert chart_text("@ink", 40) == "&#64;ink"  # page.js would put a colour there


def test_phrases():
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c", "d", "e"], limit=4) == "a, b, c and 2 more"
