"""Codes are permanent, documented and never given twice; a finding keeps to its code."""

import re
from pathlib import Path

import pytest

from steelyard._support.errors import DataError, ParameterError
from steelyard.records import CODES, Audit, Finding
from steelyard.records.finding import PAGE, RETIRED, SEVERITIES

ROOT = Path(__file__).parents[2]
# what was published: add to it, and change nothing
PUBLISHED = {
    "G101": "Held-out rows are copies of training rows",
    "G102": "The same ids in training and held out",
    "G103": "Held-out rows nearly equal to training rows",
    "G104": "Training rows made from held-out rows",
    "G105": "Made-up rows in a held-out part",
    "G106": "Validation and evaluation share samples",
    "G201": "The class shares are not those of the raw data",
    "G202": "A held-out part is balanced exactly",
    "G203": "Copies within a held-out part",
    "G301": "Thresholds chosen on the samples they are judged on",
    "G302": "The best of several arms chosen on the part that judges",
    "G401": "Samples without a prediction",
    "G402": "Predictions of unknown samples",
    "G403": "A sample predicted more than once by one model",
    "G404": "The truth beside predictions is not that of the data",
    "G405": "Numbers that are no probabilities",
    "G406": "Probabilities that do not sum to one",
    "G407": "Decisions in place of probabilities",
    "G408": "Every sample has the same prediction",
    "G409": "Classes that training never saw",
    "G410": "Classes of the data without a column",
}


def finding(**changes):
    values = {
        "code": "G103", "severity": "warning", "message": "m", "count": 1, "n": 2,
        "examples": ("a",), "hint": "h",
    }  # fmt: skip
    return Finding(**{**values, **changes})


def test_no_code_is_changed_or_given_again():
    assert {code: one.title for code, one in CODES.items()} == PUBLISHED
    assert not set(RETIRED) & set(CODES)
    registered = re.findall(
        r'Code\("(G\d+)"', (ROOT / "src/steelyard/records/finding.py").read_text()
    )
    assert len(registered) == len(set(registered)) == len(CODES)


def test_every_code_has_its_section_in_the_docs():
    page = (ROOT / PAGE).read_text()
    sections = dict(re.findall(r"^### (G\d+)\n\n\*\*(.*?)\.\*\*", page, re.MULTILINE))
    assert sections == PUBLISHED
    for code, text in zip(
        sections, re.split(r"^### G\d+$", page, flags=re.MULTILINE)[1:], strict=True
    ):
        worst = re.search(r"At worst: (\w+)", text).group(1)
        assert worst == CODES[code].severity, code
        assert CODES[code].anchor == f"docs/guards.md#{code.lower()}"
        for part in ("*How it is found.*", "*How it misleads.*", "*What to do.*"):
            assert part in text, (code, part)


def test_a_finding_survives_its_document():
    one = finding()
    assert Finding.from_dict(one.to_dict()) == one
    assert one.to_dict()["title"] == PUBLISHED["G103"]


@pytest.mark.parametrize(
    "changes",
    [{"code": "G999"}, {"severity": "error"}, {"severity": "bad"}],
)
def test_codes_and_severities_are_checked(changes):
    with pytest.raises(ParameterError):
        finding(**changes)


@pytest.mark.parametrize("changes", [{"count": 0}, {"count": 3}, {"n": "2"}, {"count": 1.0}])
def test_counts_are_checked(changes):
    with pytest.raises(DataError):
        finding(**changes)


@pytest.mark.parametrize("changes", [{"message": 3}, {"hint": None}])
def test_documents_of_something_else_are_refused(changes):
    with pytest.raises(DataError, match="must be text"):
        Finding.from_dict({**finding().to_dict(), **changes})


def test_an_audit_puts_the_worst_first():
    findings = (
        finding(code="G408", severity="note"),
        finding(code="G401", severity="error"),
        finding(),
        finding(code="G101", severity="error"),
    )
    audit = Audit(findings, ("G101",), (("G302 Title", "why"), ("G401 Other", "why")))
    assert audit.codes == ("G101", "G401", "G103", "G408")
    assert audit.worst == "error"
    assert audit.silent == (("why", "G302, G401"),)
    assert str(audit).splitlines()[0] == ("2 errors, 1 warning, 1 note; 1 guards ran, 2 could not")
    assert [SEVERITIES.index(one["severity"]) for one in audit.to_dict()["findings"]] == [
        0,
        0,
        1,
        2,
    ]
